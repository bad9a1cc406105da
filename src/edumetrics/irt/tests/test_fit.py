"""Fit statistics: a twin by enumeration, error rates under the model, detection of planted faults."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import SumScoreFit, calibrate, exam_fit
from edumetrics.irt.posteriors import posterior_moments
from edumetrics.irt.sum_scores import expected_by_sum_score
from edumetrics.results import Insufficient


def two_parameter_marks(seed, n, n_items):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(n, 1))
    a, d = np.exp(rng.normal(0, 0.25, n_items)), rng.normal(0, 1, n_items)
    return (rng.random((n, n_items)) < 1 / (1 + np.exp(-theta * a - d))).astype(float), theta[:, 0], rng


def test_expected_categories_equal_enumeration():
    rng = np.random.default_rng(1)
    n_categories = np.array([2, 3, 2, 4])
    p = np.zeros((4, 4, 5))
    for j, c in enumerate(n_categories):
        raw = rng.random((c, 5))
        p[j, :c] = raw / raw.sum(axis=0)
    weight = rng.dirichlet(np.ones(5))
    top = int((n_categories - 1).sum())
    joint = np.zeros((4, top + 1, 4))
    for row in product(*[range(c) for c in n_categories]):
        probability = (weight * np.prod([p[j, k] for j, k in enumerate(row)], axis=0)).sum()
        for j, k in enumerate(row):
            joint[j, sum(row), k] += probability
    expected = joint / joint.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(expected_by_sum_score(p, n_categories, weight, top), expected, atol=1e-12)


def test_under_the_model_few_items_look_wrong():
    p_values, flags, dependent = [], 0, 0
    for seed in range(6):
        marks, _, _ = two_parameter_marks(seed, 1500, 25)
        matrix = response_matrix(marks, 1.0)
        got = exam_fit(calibrate(matrix), matrix)
        p_values += [i.s_x2.p for i in got.items]
        flags += sum(i.misfit for i in got.items)
        dependent += len(got.dependent)
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.12
    assert flags == 0
    assert dependent == 0


def test_an_item_that_the_best_get_wrong_is_found():
    marks, theta, rng = two_parameter_marks(2, 2000, 20)
    peak = np.exp(-((theta - 0.2) ** 2))  # right only around the middle: two keys, or a trap for experts
    marks[:, 4] = rng.random(2000) < 0.1 + 0.8 * peak
    matrix = response_matrix(marks, 1.0)
    got = exam_fit(calibrate(matrix), matrix)
    assert [i.item for i in got.items if i.misfit] == ["5"]


def test_items_on_one_text_are_joined_to_a_testlet():
    marks, theta, rng = two_parameter_marks(3, 2000, 15)
    shared = rng.normal(size=2000) * 1.8
    for j in (2, 7, 9):
        marks[:, j] = rng.random(2000) < 1 / (1 + np.exp(-(theta + shared)))
    matrix = response_matrix(marks, 1.0)
    got = exam_fit(calibrate(matrix), matrix)
    assert [set(t) for t in got.testlets] == [{"3", "8", "10"}]
    assert all(pair.q3 > 0.2 for pair in got.dependent)


def test_mean_squares_are_near_one_for_partial_credit():
    rng = np.random.default_rng(4)
    theta = rng.normal(size=(1500, 1, 1))
    steps = np.linspace(1.2, -1.2, 36).reshape(3, 12).T[None]
    marks = (rng.random((1500, 12, 1)) < 1 / (1 + np.exp(-theta - steps))).sum(axis=2).astype(float)
    matrix = response_matrix(marks, 3.0)
    for model in ("gpcm", "graded"):
        got = exam_fit(calibrate(matrix, model), matrix)
        assert all(0.8 < i.infit.value < 1.15 for i in got.items)
        assert all(isinstance(i.s_x2, SumScoreFit) for i in got.items)


def test_incomplete_booklets_give_no_sum_score_fit():
    marks, _, rng = two_parameter_marks(5, 600, 12)
    marks[np.arange(600), rng.integers(0, 12, 600)] = np.nan
    matrix = response_matrix(marks, 1.0)
    got = exam_fit(calibrate(matrix), matrix)
    assert all(isinstance(i.s_x2, Insufficient) for i in got.items)
    assert all(0.8 < i.infit.value < 1.2 for i in got.items)


@pytest.mark.parametrize("n", [60, 90])
def test_small_groups_get_no_fit_statistic(n):
    marks, _, _ = two_parameter_marks(6, n, 8)
    matrix = response_matrix(marks, 1.0)
    got = exam_fit(calibrate(matrix), matrix)
    assert all(isinstance(i.infit, Insufficient) and isinstance(i.s_x2, Insufficient) for i in got.items)
    assert got.dependent == ()
    assert got.testlets == ()


def test_figures_equal_a_slow_twin():
    marks, _, rng = two_parameter_marks(7, 700, 12)
    whole = exam_fit(calibrate(response_matrix(marks, 1.0)), response_matrix(marks, 1.0))
    marks[600:][rng.random((100, 12)) < 0.3] = np.nan
    matrix = response_matrix(marks, 1.0)
    calibration = calibrate(matrix)
    got = exam_fit(calibration, matrix)
    cats = calibration.coding.encode(matrix)
    # The spread of the posterior, not the error of `score`, which holds room for dependence as well.
    ability, spread = posterior_moments(calibration, cats, np.zeros(len(cats), dtype=np.int64))
    a, d = calibration.parameters.par[:, 0], calibration.parameters.par[:, 1]
    p = 1 / (1 + np.exp(-np.outer(ability, a) - d))
    v = p * (1 - p)
    drawn = np.maximum(v - (a * v * spread[:, None]) ** 2, 0.1 * v)
    residual = marks - p
    seen = np.isfinite(marks)
    for j, item in enumerate(got.items):
        rows = seen[:, j]
        infit = (residual[rows, j] ** 2).sum() / drawn[rows, j].sum()
        outfit = (residual[rows, j] ** 2 / drawn[rows, j]).mean()
        assert item.infit.value == pytest.approx(infit, rel=1e-9)
        assert item.outfit.value == pytest.approx(outfit, rel=1e-9)
        fourth = v * (1 - 3 * v)
        se = np.sqrt(np.maximum(fourth - drawn**2, 0)[rows, j].sum()) / drawn[rows, j].sum()
        assert item.infit.se == pytest.approx(se, rel=1e-9)
    both = seen[:, 1] & seen[:, 5]
    assert got.q3[1, 5] == pytest.approx(np.corrcoef(residual[both, 1], residual[both, 5])[0, 1], abs=1e-12)
    assert np.isfinite(whole.q3).all()


def test_sum_score_fit_equals_pooling_by_hand():
    marks, _, _ = two_parameter_marks(8, 500, 10)
    matrix = response_matrix(marks, 1.0)
    calibration = calibrate(matrix)
    problem, par = calibration.problem, calibration.parameters.par
    right = 1 / (1 + np.exp(-np.outer(par[:, 0], problem.theta) - par[:, 1:2]))
    weight = np.exp(-0.5 * problem.theta**2)
    chance = np.stack([1 - right, right], axis=1)
    expected = expected_by_sum_score(chance, problem.n_categories, weight / weight.sum(), 10)
    total = marks.sum(axis=1).astype(int)
    for j, item in enumerate(exam_fit(calibration, matrix).items):
        cells, o, e = [], np.zeros(2), np.zeros(2)
        for s in range(1, 10):
            rows = total == s
            o = o + [np.sum(rows & (marks[:, j] == k)) for k in (0, 1)]
            e = e + rows.sum() * expected[j, s]
            if e.min() >= 1.0:
                cells.append((o, e))
                o, e = np.zeros(2), np.zeros(2)
        cells[-1] = (cells[-1][0] + o, cells[-1][1] + e)
        assert item.s_x2.df == len(cells) - 2
        statistic = sum(((o - e) ** 2 / e).sum() for o, e in cells)
        assert item.s_x2.statistic == pytest.approx(statistic, rel=1e-9)


def test_thousands_of_pairs_name_none_by_chance():
    """Booklets of one ability: 4,950 pairs, each answered by 100 to 300 pupils."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        n, n_items = 1500, 100
        chance = 1 / (1 + np.exp(-(rng.normal(size=(n, 1)) - rng.normal(size=n_items))))
        marks = (rng.random((n, n_items)) < chance).astype(float)
        booklet = np.arange(n) % 10
        marks[(np.arange(n_items)[None, :] // 10 - booklet[:, None]) % 10 > 1] = np.nan
        matrix = response_matrix(marks, 1.0)
        assert exam_fit(calibrate(matrix), matrix).dependent == ()
