"""Class models against published values, brute force and recovery; refusals and bad input."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, diagnose, em, q_advice, sparse
from edumetrics.cdm.additive import additive_step
from edumetrics.cdm.expectation import expect, fold
from edumetrics.cdm.monotone import monotone_item, neighbours
from edumetrics.cdm.preparation import make_problem, pack_for
from edumetrics.errors import BadWeights, ShapeMismatch
from edumetrics.irt.coding import learn_coding
from edumetrics.irt.tests.data import exam_full, exam_marks, exam_q
from edumetrics.results import Estimate, Insufficient, Reason
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import make_layout, pack

ML = Settings(prior=False, monotone=False, check_ridge=False, starts=4)
QUICK = Settings(starts=3, followed=1)
Q = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]] * 2 + [[1, 0, 0]])


def simulate(seed, n, q=Q, guess=0.15, slip=0.1, prevalence=(0.7, 0.5, 0.6)):
    """DINA answers of pupils whose points hang together through a common ability."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=(n, 1))
    cut = np.quantile(rng.normal(size=20_000) * np.sqrt(2), 1 - np.array(prevalence))
    mastered = ability + rng.normal(size=(n, q.shape[1])) > cut
    able = (mastered[:, None, :] >= q).all(axis=2)
    return (rng.random(able.shape) < np.where(able, 1 - slip, guess)).astype(float), mastered


def codes(result):
    return {w.code: w.subjects for w in result.provenance.warnings}


# ------------------------------------------------------------------ published values

GUESS = [0.0298, 0.0163, 0.0, 0.2236, 0.3006, 0.0951, 0.0251, 0.4438, 0.2883, 0.0290]
GUESS += [0.0656, 0.1274, 0.0130, 0.0615, 0.0313, 0.1086, 0.0383, 0.1194, 0.0224, 0.0125]
SLIP = [0.0892, 0.0415, 0.1339, 0.1099, 0.1720, 0.0436, 0.1965, 0.1816, 0.2474, 0.2136]
SLIP += [0.0819, 0.0406, 0.3348, 0.0605, 0.1051, 0.1107, 0.1379, 0.1379, 0.2404, 0.1570]


def test_fraction_subtraction():
    """R CDM stopped 0.003 below the maximum; its guess of item 9 differs by up to 0.01 there."""
    got = diagnose(response_matrix(exam_marks("frcsub"), 1.0), exam_q("frcsub"), settings=ML)
    assert got.n_classes == 58
    assert got.loglik >= -4402.2909
    assert got.loglik == pytest.approx(-4402.288, abs=0.002)
    np.testing.assert_allclose([i.guess.value for i in got.items], GUESS, atol=0.01)
    np.testing.assert_allclose([i.slip.value for i in got.items], SLIP, atol=0.003)


@pytest.mark.slow
def test_math1_reaches_the_reported_likelihood_and_its_ridge_is_reported():
    marks = exam_marks("math1")
    cut = response_matrix((marks / exam_full("math1") >= 0.5).astype(float), 1.0)
    got = diagnose(cut, exam_q("math1"), settings=ML)
    assert got.loglik >= -43349.5  # −43351.09 had been reported
    assert max(i.slip.value for i in got.items) > 0.95
    further = diagnose(cut, exam_q("math1"), settings=replace(ML, starts=40, followed=3))
    assert further.loglik >= -43347.8
    assert max(i.slip.value for i in further.items) > 0.9  # the highest place is no more usable
    usable = diagnose(cut, exam_q("math1"))
    assert "15" in usable.ridge
    assert "15" in codes(usable)["ridge_likelihood"]
    assert usable.item("15").slip.value < 0.5


# ------------------------------------------------------------------ twins


def test_likelihood_equals_a_sum_over_all_states():
    rng = np.random.default_rng(1)
    q = np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 1]], bool)
    cats = rng.integers(-1, 2, (40, 4))
    space = class_space(q)
    guess, slip = rng.uniform(0.1, 0.3, 4), rng.uniform(0.1, 0.3, 4)
    per_state = dict(zip(product([0, 1], repeat=3), rng.dirichlet(np.ones(8)), strict=True))
    weight = np.zeros(space.n_classes)
    expected = np.zeros(40)
    for state, w in per_state.items():
        eta = np.array([(np.array(state) >= row).all() for row in q])
        weight[(space.group == eta[:, None]).all(axis=0)] += w
        right = np.where(eta, 1 - slip, guess)
        p = np.where(cats == 1, right, np.where(cats == 0, 1 - right, 1.0))
        expected += w * p.prod(axis=1)
    chance = np.stack([np.column_stack([1 - guess, guess]), np.column_stack([slip, 1 - slip])], axis=1)
    problem = em.Problem(
        space.group, space.n_groups, np.full(4, 2), np.zeros((4, 2, 2)), np.zeros(space.n_classes), False,
        np.zeros((0, 2), np.int64), np.zeros(5, np.int64), np.zeros(4, bool), np.zeros((4, 0, 0)),
    )  # fmt: skip
    shard = pack(cats, make_layout([2] * 4, [True] * 4))
    with ThreadRunner([shard]) as runner:
        s = runner.total(em.node_model(problem, em.Parameters(chance, weight)))
    assert s.loglik == pytest.approx(np.log(expected).sum(), abs=1e-9)
    # the compiled climb starts from the same sum, on distinct patterns only
    patterns = fold(shard)
    assert len(patterns.codes) < patterns.copies.sum() == 40
    counts, class_counts = np.zeros((4, 2, 2)), np.zeros(space.n_classes)
    here = expect(patterns.arrays, space.group, space.n_groups, chance, weight, counts, class_counts)
    assert here == pytest.approx(s.loglik, abs=1e-9)
    np.testing.assert_allclose(class_counts, s.nodes[0], atol=1e-9)
    for j in range(4):
        for g in range(2):
            np.testing.assert_allclose(
                counts[j, g], s.counts[j][:, space.group[j] == g].sum(axis=1), atol=1e-9
            )


def test_monotone_projection_equals_pooling_and_leaves_ordered_groups_alone():
    p = np.zeros((2, 4, 2))
    p[0, :, 1] = [0.5, 0.2, 0.6, 0.4]
    p[1, :, 1] = [0.1, 0.3, 0.2, 0.9]
    p[:, :, 0] = 1 - p[:, :, 1]
    links = neighbours(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], bool))
    assert links.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    weight = np.array([10.0, 20.0, 5.0, 15.0])
    before = p[1].copy()
    for one in p:
        monotone_item(one, weight, links, 2)
    np.testing.assert_array_equal(p[1], before)
    pooled = (10 * 0.5 + 20 * 0.2) / 30  # groups 0, 1 violate; groups 2, 3 violate: two pools
    other = (5 * 0.6 + 15 * 0.4) / 20
    np.testing.assert_allclose(p[0, :, 1], [pooled, pooled, other, other], atol=1e-9)


def test_additive_step_equals_a_general_optimiser():
    """The constrained binomial maximum, found by SciPy without knowing the structure."""
    rng = np.random.default_rng(2)
    design = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]], float)
    for _ in range(5):
        right = rng.uniform(2, 40, 4)
        counts = np.column_stack([rng.uniform(2, 40, 4), right])

        def loss(delta, counts=counts):
            p = np.clip(design @ delta, 1e-6, 1 - 1e-6)
            return -(counts[:, 1] * np.log(p) + counts[:, 0] * np.log(1 - p)).sum()

        best = minimize(loss, [0.3, 0.1, 0.1], bounds=[(1e-6, 1), (0, 1), (0, 1)], tol=1e-12)
        p = np.tile([0.5, 0.5], (4, 1))
        for _ in range(30):
            additive_step(design, counts, p[:, 1].copy(), p)
        np.testing.assert_allclose(p[:, 1], design @ best.x, atol=1e-3)
        np.testing.assert_allclose(p.sum(axis=1), 1)


# ------------------------------------------------------------------ recovery


def test_recovery_and_coverage():
    """95 % intervals of guess and slip hold the truth; mastery agrees with the truth as often as it says."""
    inside = []
    for seed in range(6):
        marks, mastered = simulate(seed, 800)
        got = diagnose(response_matrix(marks, 1.0), Q, settings=QUICK)
        for item in got.items:
            inside += [item.guess.low <= 0.15 <= item.guess.high, item.slip.low <= 0.1 <= item.slip.high]
        value = got.mastery.value
        agreement = np.mean((value > 0.5) == mastered)
        assert agreement == pytest.approx(np.mean(np.maximum(value, 1 - value)), abs=0.025)
        for k, point in enumerate(got.points):
            assert point.prevalence.value == pytest.approx(mastered[:, k].mean(), abs=0.05)
    assert 0.90 < np.mean(inside) < 0.99


@pytest.mark.parametrize("model", ["dino", "gdina", "acdm"])
def test_other_models_recover_their_chances(model):
    rng = np.random.default_rng(3)
    mastered = rng.random((3000, 3)) < 0.55
    share = (mastered[:, None, :] & (Q > 0)).sum(axis=2) / Q.sum(axis=1)
    chance = 0.15 + 0.75 * ((share > 0) if model == "dino" else share)
    marks = (rng.random(share.shape) < chance).astype(float)
    got = diagnose(response_matrix(marks, 1.0), Q, model, settings=QUICK)
    for item in got.items:
        for group in item.groups:
            part = len(group.mastered) / len(item.points)
            assert group.share.value == pytest.approx(0.15 + 0.75 * part, abs=0.08)
    assert np.mean((got.mastery.value > 0.5) == mastered) > 0.9


def test_partial_marks_are_used_whole():
    """Pupils without the points get four marks of ten: a cut at a half would call many of them able."""
    rng = np.random.default_rng(4)
    mastered = rng.random((1500, 2)) < 0.5
    q = np.array([[1, 0], [0, 1]] * 4)
    able = (mastered[:, None, :] >= q).all(axis=2)
    marks = rng.binomial(3, np.where(able, 0.8, 0.4)).astype(float)
    got = diagnose(response_matrix(marks, 3.0), q, settings=QUICK)
    assert got.items[0].guess.value == pytest.approx(0.4, abs=0.04)
    assert got.items[0].slip.value == pytest.approx(0.2, abs=0.04)
    assert np.mean((got.mastery.value > 0.5) == mastered) > 0.93


def test_prerequisites_reduce_the_classes():
    marks, _ = simulate(5, 600)
    free = diagnose(response_matrix(marks, 1.0), Q, settings=QUICK)
    chained = diagnose(response_matrix(marks, 1.0), Q, settings=QUICK, prerequisites=[(0, 1), (1, 2)])
    assert (free.space.n_classes, chained.space.n_classes) == (8, 4)
    value = chained.mastery.value
    assert (value[:, 0] >= value[:, 1] - 1e-9).all()
    assert (value[:, 1] >= value[:, 2] - 1e-9).all()


# ------------------------------------------------------------------ what cannot be told


def test_points_that_the_paper_cannot_tell_apart_are_refused():
    q = np.array([[1, 1, 0, 0]] * 4 + [[0, 0, 1, 0]] * 4)
    marks, _ = simulate(6, 500, q[:, :3])
    got = diagnose(response_matrix(marks, 1.0), q, points=["a", "b", "c", "d"], settings=QUICK)
    assert codes(got)["point_cannot_be_told"] == ("d",)
    assert got.points[3].prevalence == Insufficient(Reason.NOT_IDENTIFIED, 500)
    without = np.flatnonzero((marks[:, :4] == 0).all(axis=1))
    assert all(got.mastery.at(int(i), 0) == Insufficient(Reason.NOT_IDENTIFIED, 4) for i in without[:5])
    able = np.flatnonzero((marks[:, :4] == 1).all(axis=1))
    assert got.mastery.at(int(able[0]), 0).value > 0.9
    # who lacks one of the two cannot be told which: that is more than half of these pupils
    assert got.points[0].untold > 0.5
    assert got.points[0].prevalence == Insufficient(Reason.NOT_IDENTIFIED, 500)
    assert isinstance(got.points[2].prevalence, Estimate)


def test_intervals_hold_what_is_left_open():
    got = diagnose(response_matrix(exam_marks("frcsub"), 1.0), exam_q("frcsub"), settings=QUICK)
    known = got.mastery.known
    assert (got.mastery.low[known] <= got.mastery.value[known]).all()
    assert (got.mastery.value[known] <= got.mastery.high[known]).all()
    assert got.points[2].untold > 0.5
    assert got.points[2].prevalence == Insufficient(Reason.NOT_IDENTIFIED, 536)
    open_point = got.points[5]
    assert open_point.prevalence.high - open_point.prevalence.low > open_point.untold


# ------------------------------------------------------------------ bad input


def test_few_pupils_get_a_reason():
    marks, _ = simulate(7, 20)
    assert diagnose(response_matrix(marks, 1.0), Q) == Insufficient(Reason.TOO_FEW_PUPILS, 20)
    nobody = response_matrix(np.full((2, len(Q)), np.nan), 1.0)
    assert diagnose(nobody, Q) == Insufficient(Reason.NO_RESPONSES, 0)


def test_items_that_say_nothing_are_named():
    marks, _ = simulate(8, 300)
    odd = np.column_stack([np.ones(300), np.full(300, np.nan), marks[:, 0], marks[:, 1]])
    q = np.vstack([Q, [1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]])
    marks = np.hstack([marks, odd])
    marks[0, -1] = 1 - marks[0, -1]
    names = [*map(str, range(15)), "right", "unreached", "copy", "pointless"]
    got = diagnose(response_matrix(marks, 1.0, items=names), q, settings=QUICK)
    assert got.excluded == {
        "right": Insufficient(Reason.CONSTANT_MARKS, 300),
        "unreached": Insufficient(Reason.NO_RESPONSES, 0),
        "copy": Insufficient(Reason.NOT_IDENTIFIED, 300),
        "pointless": Insufficient(Reason.NOT_IDENTIFIED, 300),
    }
    assert codes(got)["item_without_point"] == ("pointless",)
    assert len(got.items) == 15


def test_a_wrong_q_matrix_is_refused():
    marks, _ = simulate(9, 150)
    matrix = response_matrix(marks, 1.0)
    with pytest.raises(ShapeMismatch):
        diagnose(matrix, Q[:3])
    with pytest.raises(ShapeMismatch):
        diagnose(matrix, Q, points=["only one"])
    bad = Q.astype(float)
    bad[2, 1] = np.nan
    with pytest.raises(BadWeights, match="item '3'"):
        diagnose(matrix, bad)
    assert diagnose(matrix, np.zeros_like(Q)) == Insufficient(Reason.TOO_FEW_ITEMS, 0)


def test_all_right_all_wrong_and_absent_pupils():
    marks, _ = simulate(10, 300)
    marks = np.vstack([marks, np.ones(15), np.zeros(15), np.full(15, np.nan)])
    got = diagnose(response_matrix(marks, 1.0), Q, settings=QUICK)
    assert got.n == 302
    assert (got.mastery.low[300] > 0.8).all()
    assert (got.mastery.high[301] < 0.2).all()
    assert got.mastery.at(302, 0) == Insufficient(Reason.NO_RESPONSES, 0)


# ------------------------------------------------------------------ advice


def test_advice_finds_a_planted_fault_in_the_q_matrix():
    marks, _ = simulate(11, 3000, guess=0.1, slip=0.1)
    wrong = Q.copy()
    wrong[3] = [1, 0, 0]  # really needs 1 and 2
    wrong[2] = [1, 0, 1]  # really needs 3 alone
    matrix = response_matrix(marks, 1.0)
    advice = q_advice(diagnose(matrix, wrong, "gdina", settings=QUICK), matrix)
    changed = {a.item: a.suggested for a in advice if a.change}
    assert changed == {"4": ("1", "2"), "3": ("3",)}
    assert all(isinstance(i.guess, Estimate) for i in diagnose(matrix, wrong, settings=QUICK).items)


def test_advice_needs_a_model_that_tells_all_states_apart_and_enough_pupils():
    marks, _ = simulate(12, 300)
    matrix = response_matrix(marks, 1.0)
    assert isinstance(q_advice(diagnose(matrix, Q, settings=QUICK), matrix), Insufficient)
    few = q_advice(diagnose(matrix, Q, "gdina", settings=QUICK), matrix)
    assert few == Insufficient(Reason.TOO_FEW_PUPILS, 300)


# ------------------------------------------------------------------ invariance


def test_shards_and_order_do_not_matter():
    marks, _ = simulate(30, 400)
    space = class_space(Q.astype(bool))
    coded = learn_coding(response_matrix(marks, 1.0))
    problem = make_problem(space, coded.coding, "dina", QUICK, 400)
    shard = pack_for(space.n_classes, coded.coding, coded.categories)
    share = np.column_stack([1 - marks.mean(axis=0), marks.mean(axis=0)])
    first = em.start(problem, share, np.random.default_rng(1))
    found = []
    for parts in (1, 2, 7):
        order = np.random.default_rng(parts).permutation(400)
        with ThreadRunner(shard.take(order).split(parts)) as runner:
            found.append(em.fit(problem, runner, first, 1e-9))
        found.append(em.fit(problem, fold(shard.take(order)), first, 1e-9))
    for other in found[1:]:
        np.testing.assert_allclose(other.parameters.probability, found[0].parameters.probability, atol=1e-9)
        np.testing.assert_allclose(other.parameters.weight, found[0].parameters.weight, atol=1e-9)
        assert other.loglik == pytest.approx(found[0].loglik, abs=1e-8)


# ------------------------------------------------------------------ many classes


def many_points(seed, n=700, n_items=24, n_points=11):
    rng = np.random.default_rng(seed)
    q = np.zeros((n_items, n_points), int)
    q[np.arange(n_items), np.arange(n_items) % n_points] = 1
    q[np.arange(n_points, n_items), rng.integers(0, n_points, n_items - n_points)] = 1
    return simulate(seed, n, q, prevalence=tuple(rng.uniform(0.4, 0.7, n_points)))[0], q


def test_dropping_empty_classes_loses_no_likelihood():
    marks, q = many_points(20)
    space = class_space(q.astype(bool))
    assert space.n_classes > sparse.SPARSE_ABOVE
    coded = learn_coding(response_matrix(marks, 1.0))
    problem = make_problem(space, coded.coding, "dina", ML, len(marks))
    shard = pack_for(space.n_classes, coded.coding, coded.categories)
    share = np.column_stack([1 - marks.mean(axis=0), marks.mean(axis=0)])
    first = em.start(problem, share, np.random.default_rng(1))
    few = sparse.fit(problem, shard, first, 1e-5, 2000)
    with sparse.runner_for(shard, space.n_classes) as runner:
        every = em.fit(problem, runner, few.parameters, 1e-5, 400)
    assert few.converged
    assert every.loglik - few.loglik < 0.01
    assert (few.parameters.weight > 0).sum() < space.n_classes / 2


def test_a_paper_of_many_points_is_diagnosed_on_the_classes_that_anybody_is_in():
    marks, q = many_points(21)
    got = diagnose(response_matrix(marks, 1.0), q, settings=replace(QUICK, saturated_from=0))
    assert got.n_classes > sparse.SPARSE_ABOVE
    assert got.space.n_classes < got.n_classes
    assert got.parameters.weight.sum() == pytest.approx(1.0)
    known = got.mastery.known
    assert known.any()
    assert (got.mastery.low[known] <= got.mastery.high[known]).all()
