"""Answers drawn from another model than the one that is fitted: found out, said, and covered."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, diagnose, em
from edumetrics.cdm.pairs import pair_fit
from edumetrics.cdm.preparation import make_problem
from edumetrics.irt.coding import learn_coding
from edumetrics.results import Estimate

QUICK = Settings(check_ridge=False, starts=3)


def q_matrix(rng):
    q = np.zeros((20, 4), int)
    q[np.arange(20), np.arange(20) % 4] = 1
    q[np.arange(8, 20), rng.integers(0, 4, 12)] = 1
    return q


def draw(seed, n, truth):
    """Answers (n, 20), Q-matrix and mastery of pupils whose points hang together."""
    rng = np.random.default_rng(seed)
    q = q_matrix(rng)
    mastered = rng.normal(size=(n, 1)) + rng.normal(size=(n, 4)) > rng.normal(0, 0.6, 4)
    low, high = rng.uniform(0.05, 0.3, 20), rng.uniform(0.7, 0.97, 20)
    share = mastered @ q.T / q.sum(axis=1)
    rise = {"dina": share == 1, "dino": share > 0, "sum": share}[truth]
    return (rng.random((n, 20)) < low + (high - low) * rise).astype(float), q, mastered


def misfit(got):
    return [w for w in got.provenance.warnings if w.code == "model_does_not_fit"]


def test_residuals_equal_a_loop_over_pairs():
    rng = np.random.default_rng(1)
    marks, q, _ = draw(1, 120, "sum")
    marks[rng.random(marks.shape) < 0.2] = np.nan
    coded = learn_coding(response_matrix(marks, 1.0))
    problem = make_problem(class_space(q.astype(bool)), coded.coding, "dina", QUICK, 120)
    p = em.start(problem, np.full((20, 2), 0.5), rng)
    got = pair_fit(problem, p, coded.categories, np.tile([0.0, 1.0], (20, 1)))
    right = p.probability[np.arange(20)[:, None], problem.group, 1]
    assert np.isnan(np.diag(got.z)).all()
    for i, j in ((0, 1), (3, 17), (9, 10)):
        mean = [float(p.weight @ right[k]) for k in (i, j)]
        expected = float(p.weight @ (right[i] * right[j])) - mean[0] * mean[1]
        a, b = (marks[:, k] - np.nanmean(marks[:, k]) for k in (i, j))
        product = (a * b)[~np.isnan(a * b)]
        z = (product.mean() - expected) / np.sqrt(product.var() / len(product))
        assert got.z[i, j] == pytest.approx(z, abs=1e-9) == got.z[j, i]


@pytest.mark.parametrize(
    ("truth", "model"), [("dina", "dina"), ("dino", "dino"), ("sum", "acdm"), ("sum", "gdina")]
)
def test_the_right_model_is_not_accused(truth, model):
    for seed, n in ((2, 60), (3, 300), (4, 1500)):
        marks, q, _ = draw(seed, n, truth)
        assert misfit(diagnose(response_matrix(marks, 1.0), q, model, settings=QUICK)) == []


@pytest.mark.parametrize("truth", ["dino", "sum"])
def test_a_wrong_rule_is_found_and_its_intervals_hold_what_is_true(truth):
    inside, stated, happened, narrow = [], [], [], []
    for seed in (5, 6, 7):
        marks, q, mastered = draw(seed, 900, truth)
        got = diagnose(response_matrix(marks, 1.0), q, "dina", settings=QUICK)
        assert misfit(got)
        assert got.model == "dina"
        for k, point in enumerate(got.points):
            assert isinstance(point.prevalence, Estimate)
            inside.append(point.prevalence.low <= mastered[:, k].mean() <= point.prevalence.high)
        mastery = got.mastery
        assert (mastery.low[mastery.known] <= mastery.value[mastery.known]).all()
        vague = mastery.known & (mastery.value > 0.1) & (mastery.value < 0.9)
        stated.append((mastery.low[vague].mean(), mastery.high[vague].mean()))
        happened.append(mastered[vague].mean())
        narrow.append(mastery.value[vague].mean())
    assert np.mean(inside) >= 0.9
    for (low, high), true, said in zip(stated, happened, narrow, strict=True):
        assert low <= true <= high
        assert abs(said - true) > 0.05  # the model's own figure alone would mislead


def test_stated_probabilities_come_true_under_a_model_that_is_wide_enough():
    """Of those given 70 to 80 per cent, 70 to 80 per cent master it, and so on (within chance)."""
    stated, true = [], []
    for seed in (8, 9, 10, 11):
        marks, q, mastered = draw(seed, 700, "sum")
        got = diagnose(response_matrix(marks, 1.0), q, "gdina", settings=QUICK)
        stated.append(got.mastery.value.ravel())
        true.append(mastered.ravel())
    value, has = np.concatenate(stated), np.concatenate(true)
    for low in np.arange(0, 1, 0.1):
        inside = (value >= low) & (value < low + 0.1)
        error = np.sqrt(0.25 / inside.sum())
        assert abs(value[inside].mean() - has[inside].mean()) < 0.03 + 2 * error


def members(model, group, points, has):
    """Pupils whom a group of an item stands for, by what they truly master of its points."""
    if model == "dina":
        return has.all(axis=1) == bool(group.mastered)
    if model == "dino":
        return has.any(axis=1) == bool(group.mastered)
    return (has == np.isin(points, group.mastered)).all(axis=1)


@pytest.mark.parametrize(
    ("truth", "model"),
    [("sum", "dina"), ("dino", "dina"), ("dina", "dino"), ("dino", "acdm"), ("sum", "acdm")],
)
def test_chances_of_items_hold_what_those_pupils_get(truth, model):
    """Whatever the rule: the share among pupils who truly have all, none or some of an item's points."""
    marks, q, mastered = draw(9, 40_000, truth)
    rng, inside = np.random.default_rng(9), []
    for _ in range(2):
        rows = rng.choice(40_000, 900, replace=False)
        got = diagnose(response_matrix(marks[rows], 1.0), q, model, settings=QUICK)
        assert bool(misfit(got)) == ((truth, model) != ("sum", "acdm"))
        for j, item in enumerate(got.items):
            needed = np.flatnonzero(q[j])
            for group in item.groups:
                who = members(model, group, [str(k + 1) for k in needed], mastered[:, needed])
                inside.append(group.share.low <= marks[who, j].mean() <= group.share.high)
    assert np.mean(inside) >= 0.9


def held(truth, model, n, rounds, seed):
    """Shares of intervals that hold the truth: of groups that master none, some, all; of points."""
    marks, q, mastered = draw(seed, 40_000, truth)
    rng, inside = np.random.default_rng(seed), {"none": [], "some": [], "all": [], "point": []}
    for _ in range(rounds):
        rows = rng.choice(40_000, n, replace=False)
        got = diagnose(response_matrix(marks[rows], 1.0), q, model, settings=QUICK)
        for k, point in enumerate(got.points):
            inside["point"].append(point.prevalence.low <= mastered[:, k].mean() <= point.prevalence.high)
        for j, item in enumerate(got.items):
            needed = np.flatnonzero(q[j])
            for g, group in enumerate(item.groups):
                who = members(model, group, [str(k + 1) for k in needed], mastered[:, needed])
                place = "none" if g == 0 else "all" if g == len(item.groups) - 1 else "some"
                inside[place].append(group.share.low <= marks[who, j].mean() <= group.share.high)
    return {place: float(np.mean(hits)) for place, hits in inside.items() if hits}


def test_few_pupils_and_many_parameters_do_not_make_intervals_too_wide():
    """The inverse of a sum of few squares is too large: guess and slip held 99 to 100 %."""
    found = held("dina", "dina", 80, 12, 18)
    assert 0.9 <= found["none"] <= 0.98
    assert 0.9 <= found["all"] <= 0.98


def test_pupils_with_some_points_where_these_help_nothing():
    """A prior draws them to the middle between none and all; under DINA they get what those with none get."""
    for truth in ("dina", "dino"):
        assert 0.9 <= held(truth, "gdina", 200, 12, 15)["some"] <= 0.98


@pytest.mark.parametrize("n", [60, 200])
def test_a_wrong_rule_that_few_pupils_cannot_show(n):
    found = held("sum", "dina", n, 12, 16)
    assert min(found.values()) >= 0.88


def test_an_additive_rule_counts_its_own_parameters():
    """Each item one chance and one gain a point, beside the shares of the classes."""
    marks, q, _ = draw(2, 400, "sum")
    got = diagnose(response_matrix(marks, 1.0), q, "acdm", settings=QUICK)
    assert got.n_parameters == 20 + int(q.sum()) + got.n_classes - 1
