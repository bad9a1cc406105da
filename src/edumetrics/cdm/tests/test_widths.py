"""How wide intervals of class models are: against derivatives, and against what is true in drawn exams."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, diagnose, em, opinions
from edumetrics.cdm.preparation import make_problem, pack_for
from edumetrics.cdm.pull import Shares, mended
from edumetrics.cdm.report import holding
from edumetrics.cdm.rival import reaching, tail_of_whole
from edumetrics.cdm.uncertainty import LARGEST_LOGIT_SD, places, single_tilts, what_is_known
from edumetrics.irt.coding import learn_coding
from edumetrics.runners.stats import posterior

QUICK = Settings(check_ridge=False, starts=3)
Q = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]] * 4 + [[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
STATES = np.array(list(product([0, 1], repeat=3)))


def pupils(rng, n):
    """Mastery (n, 3) of points that hang together."""
    return (rng.normal(size=(n, 1)) + rng.normal(size=(n, 3)) > [-0.5, 0.0, 0.4]).astype(int)


def test_information_is_the_curvature_of_the_posterior():
    """Second differences of the log-likelihood and the priors, class weights along their tilts included."""
    rng = np.random.default_rng(3)
    has, q = pupils(rng, 70), Q[[0, 1, 2, 12, 13]]
    able = (has[:, None, :] >= q).all(axis=2)
    coded = learn_coding(response_matrix((rng.random(able.shape) < 0.2 + 0.6 * able).astype(float), 1.0))
    problem = make_problem(class_space(q.astype(bool)), coded.coding, "dina", QUICK, 70)
    n_classes = problem.group.shape[1]
    problem = replace(problem, class_pseudo=np.zeros(n_classes))
    shard, at = pack_for(n_classes, coded.coding, coded.categories), em.start(problem, np.full((5, 2), 0.5))
    for _ in range(
        4000
    ):  # weights that are the mean posterior: there the tilts have no curvature of their own
        at = em.Parameters(at.probability, posterior(shard, em.node_model(problem, at))[0].mean(axis=0))
    post = posterior(shard, em.node_model(problem, at))[0]
    known = what_is_known(problem, at, coded.categories, post, single_tilts(post.sum(axis=0)))
    place = places(problem)
    n_free = int(place.max()) + 1

    def height(x):
        p = np.where(place >= 0, x[place], 0.0)
        p[:, :, 0] = 1.0 - p[:, :, 1]
        weight = known.weights(at.weight, x[n_free:])
        chance = p[np.arange(5)[:, None], problem.group]  # (5, C, 2)
        each = np.prod(chance[np.arange(5)[None], :, coded.categories], axis=1) @ weight
        prior = (
            float(np.sum(problem.pseudo * np.log(p))) - 0.5 * np.sum(x[n_free:] ** 2) / LARGEST_LOGIT_SD**2
        )
        return float(np.log(each).sum()) + prior

    x = np.zeros(len(known.cov))
    x[place[place >= 0]] = at.probability[place >= 0]
    step = 1e-4 * np.eye(len(x))
    second = np.array(
        [
            [
                (height(x + a + b) - height(x + a - b) - height(x - a + b) + height(x - a - b)) / 4e-8
                for b in step
            ]
            for a in step
        ]
    )
    assert np.linalg.eigvalsh(-second).min() > 0.0
    np.testing.assert_allclose(known.cov, np.linalg.inv(-second), rtol=2e-3, atol=1e-5)


def test_an_interval_that_must_reach_a_figure_ends_sooner_on_the_other_side():
    assert holding(0.4, 0.5, 0.3, 0.7) == (0.3, 0.7)
    for value in (0.1, 0.29, 0.9, 0.71):
        low, high = holding(value, 0.5, 0.3, 0.7)
        assert low <= value <= high
        error = 0.2 / 1.959964
        assert ndtr((high - 0.5) / error) - ndtr((low - 0.5) / error) == pytest.approx(0.95, abs=1e-6)


@pytest.mark.parametrize(("true", "spread"), [(-1.5, 0.4), (0.0, 0.1), (0.8, 0.6)])
def test_what_a_prior_did_is_seen_in_all_items_together(true, spread):
    """Binomial shares drawn to a half by eight pseudo-pupils, whatever level the items truly have."""
    rng, inside, plain = np.random.default_rng(4), [], []
    for _ in range(150):
        level = 1.0 / (1.0 + np.exp(-rng.normal(true, spread, 24)))
        right = rng.binomial(12, level)
        value = (right + 4.0) / 20.0
        se = np.sqrt(value * (1.0 - value) / 20.0)
        shares = Shares(value, se, np.full(24, 0.5), np.full(24, 8.0), np.ones(24, int))
        centre, error = mended(shares)
        odds = np.log(level / (1.0 - level))
        inside.append(np.abs(centre - odds) <= 1.96 * error)
        at = np.log(value / (1.0 - value))
        plain.append(np.abs(at - odds) <= 1.96 * se / (value * (1.0 - value)))
    assert 0.92 <= np.mean(inside) <= 0.985
    assert not 0.92 <= np.mean(plain) <= 0.985  # the posterior alone: far too few, or nearly all


def drawn(rng, n, chance, full):
    """Marks (n, 16) and mastery where each mark of an item is got with ``chance`` (8, 16)."""
    has = pupils(rng, n)
    state = has @ (4, 2, 1)
    return rng.binomial(full, chance[state]).astype(float), has, state


def held(model, n, rounds, full, seed, q=Q):
    """Shares of intervals of groups, points and open pupils that hold the truth, rule: a sum over points."""
    rng = np.random.default_rng(seed)
    low, high = rng.uniform(0.05, 0.3, 16), rng.uniform(0.7, 0.95, 16)
    chance = low + (high - low) * (
        STATES @ q.T / q.sum(axis=1) if model == "gdina" else (STATES[:, None] >= q).all(2)
    )
    weight = np.bincount(pupils(rng, 200_000) @ (4, 2, 1), minlength=8) / 200_000
    out = {"group": [], "point": [], "pupil": []}
    for _ in range(rounds):
        marks, _, _ = drawn(rng, n, chance, full)
        got = diagnose(response_matrix(marks, float(full)), q, model, settings=QUICK)
        for k, point in enumerate(got.points):
            out["point"].append(point.prevalence.low <= weight @ STATES[:, k] <= point.prevalence.high)
        for j, item in enumerate(got.items):
            needs = np.flatnonzero(q[j])
            for g, group in enumerate(item.groups):
                if model == "dina":
                    who = STATES[:, needs].all(axis=1) == (g == 1)
                else:
                    who = (STATES[:, needs] == np.isin(needs + 1, [int(k) for k in group.mastered])).all(
                        axis=1
                    )
                true = weight[who] @ chance[who, j] / weight[who].sum()
                out["group"].append(group.share.low <= true <= group.share.high)
        each = weight * np.prod(binom.pmf(marks[:, None, :], full, chance[None]), axis=2)
        true = each @ STATES / each.sum(axis=1, keepdims=True)
        vague = (true > 0.05) & (true < 0.95)
        out["pupil"].extend(((got.mastery.low <= true) & (true <= got.mastery.high))[vague])
    return {name: float(np.mean(hits)) for name, hits in out.items() if hits}


def test_mastery_knows_that_class_weights_are_estimates():
    """What answers leave open is read off the other pupils: with weights taken as known 77 % held."""
    joined = np.vstack([Q[:6], Q[12:], Q[12:], Q[12:14]])
    found = [held("dina", 2000, 10, 1, seed, joined)["pupil"] for seed in range(5, 13)]
    assert 0.89 <= found[0] <= 0.98
    assert 0.89 <= np.mean(found) <= 0.98


def test_partial_marks_of_few_pupils_are_no_wider_than_needed():
    """More chances than pupils: sums of squared scores made errors twice too large (99.8 %)."""
    found = held("dina", 60, 12, 3, 6)
    assert 0.9 <= found["group"] <= 0.98
    assert found["point"] >= 0.9


def test_marks_taken_together_are_worth_more_to_those_with_the_points():
    """Seven marks in five categories; errors are small enough to show a mean over all pupils."""
    assert 0.9 <= held("dina", 2000, 6, 7, 7)["group"] <= 0.985


def test_shares_of_points_by_a_rule_are_about_as_wide_as_without_one():
    """Each point helps, all are asked for; 100 pupils: a tenth wider 99 of 100 shares were held, not 95."""
    rng, by_rule, freely = np.random.default_rng(14), 0.0, 0.0
    for _ in range(8):
        low, high = rng.uniform(0.05, 0.3, 16), rng.uniform(0.7, 0.95, 16)
        marks, _, _ = drawn(rng, 100, low + (high - low) * (STATES @ Q.T / Q.sum(axis=1)), 1)
        widths = [
            sum(point.prevalence.high - point.prevalence.low for point in got.points)
            for got in (
                diagnose(response_matrix(marks, 1.0), Q, model, settings=QUICK) for model in ("dina", "gdina")
            )
        ]
        by_rule, freely = by_rule + widths[0], freely + widths[1]
    assert 0.9 <= by_rule / freely <= 1.05


def test_the_whole_posterior_counts_less_of_few_pupils_where_no_rule_holds():
    """Where points are hardly told by many pupils nothing else reaches as far."""
    rng = np.random.default_rng(15)
    marks, _, _ = drawn(rng, 40, 0.2 + 0.6 * (STATES[:, None] >= Q).all(2), 1)
    got = diagnose(response_matrix(marks, 1.0), Q, "dina", settings=QUICK)
    few, some, many = (replace(got, n=n) for n in (100, 200, 300))
    assert tail_of_whole(many, 1.0) == tail_of_whole(few, 0.0) == 1.0
    assert tail_of_whole(few, 1.0) == pytest.approx(1.644854 / 1.959964)  # 95 of 100 on one side
    assert tail_of_whole(few, 1.0) < tail_of_whole(some, 1.0) < tail_of_whole(few, 0.2) < 1.0


def test_limits_of_shares_reach_to_what_others_say_on_one_side_of_few_pupils():
    """100 pupils, no rule asked for: with all of the others' limits 99 of 100 shares were held."""
    rng = np.random.default_rng(16)
    marks, _, _ = drawn(rng, 40, 0.2 + 0.6 * (STATES[:, None] >= Q).all(2), 1)
    got = diagnose(response_matrix(marks, 1.0), Q, "gdina", settings=QUICK)
    farther = replace(
        got,
        points=tuple(
            replace(
                point,
                prevalence=replace(
                    point.prevalence, low=point.prevalence.value - 0.5, high=point.prevalence.value + 0.5
                ),
            )
            for point in got.points
        ),
    )
    reach = {}
    for n in (60, 100, 300):
        here = reaching(replace(got, n=n), farther, 1.0).points
        reach[n] = [side for one in here for side in (one.prevalence.low, one.prevalence.high)]
        reach[n] = np.abs(np.array(reach[n]) - np.repeat([one.prevalence.value for one in here], 2))
    assert reach[60] == pytest.approx(0.5 * 1.644854 / 1.959964)
    assert reach[100] == pytest.approx(reach[60])
    assert reach[300] == pytest.approx(0.5)


@pytest.mark.parametrize(("model", "doubts"), [("gdina", True), ("dina", False)])
def test_where_no_rule_is_asked_for_the_whole_posterior_counts_as_beside_a_doubted_one(
    monkeypatch, model, doubts
):
    """Answers here follow the rule asked for, of which there is hardly a doubt."""
    rng, heard = np.random.default_rng(17), []
    marks, _, _ = drawn(rng, 100, 0.2 + 0.6 * (STATES[:, None] >= Q).all(2), 1)

    def listen(result, doubt):
        heard.append(doubt)
        return tail_of_whole(result, doubt)

    monkeypatch.setattr(opinions, "tail_of_whole", listen)
    diagnose(response_matrix(marks, 1.0), Q, model, settings=QUICK)
    assert (heard == [1.0]) if doubts else (heard[0] < 0.5)
