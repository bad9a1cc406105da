"""Abilities against published values and slow twins; reliability; plausible values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from edumetrics.arrays import response_matrix
from edumetrics.errors import ShapeMismatch
from edumetrics.irt import calibrate, exam_information, item_information, plausible_values, score
from edumetrics.irt.models import GRADED, item_probabilities
from edumetrics.irt.tests.data import lsat7
from edumetrics.results import Insufficient, Reason


def exam(seed, model, n=1500, n_items=12, top=1):
    """Marks drawn from the model, calibrated, and the true abilities."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    z = 1.3 * theta[:, None, None] + np.linspace(1.5, -1.5, n_items * top).reshape(top, n_items).T[None]
    marks = (rng.random((n, n_items, 1)) < 1 / (1 + np.exp(-z))).sum(axis=2).astype(float)
    matrix = response_matrix(marks, float(top))
    return calibrate(matrix, model), matrix, theta


def log_likelihood(calibration, cats, theta):
    value = 0.0
    for j, k in enumerate(cats):
        if k >= 0:
            m = calibration.problem.n_categories[j] - 1
            p = np.empty((m + 1, 1))
            item_probabilities(
                calibration.problem.kind[j], calibration.parameters.par[j], m, np.array([theta]), p
            )
            value += np.log(p[k, 0])
    return value


def test_lsat7_posterior_means():
    matrix = response_matrix(lsat7(), 1.0)
    calibration = calibrate(matrix)
    patterns = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1]])
    got = score(calibration, response_matrix(patterns, 1.0)).ability
    np.testing.assert_allclose(got.value, [-1.8698, 0.1411, 0.7272], atol=2e-4)
    np.testing.assert_allclose(got.se, [0.6927, 0.7410, 0.8009], atol=2e-4)


@pytest.mark.parametrize(("model", "top"), [("2pl", 1), ("3pl", 1), ("graded", 3), ("gpcm", 3)])
def test_posterior_mean_and_mode_equal_slow_twins(model, top):
    calibration, matrix, _ = exam(1, model, top=top)
    rows = [0, 7, 20]
    cats = calibration.coding.encode(matrix)[rows]
    few = matrix.take_pupils(np.array(rows))
    eap, mode = score(calibration, few, "eap").ability, score(calibration, few, "map").ability
    for i, row in enumerate(cats):
        log_post = lambda t, row=row: log_likelihood(calibration, row, t) - 0.5 * t * t  # noqa: E731
        top_value = max(log_post(t) for t in np.linspace(-4, 4, 17))
        weight = lambda t, p=0, f=log_post, c=top_value: t**p * np.exp(f(t) - c)  # noqa: E731
        total, first, second = (quad(weight, -7, 7, args=(p,))[0] for p in (0, 1, 2))
        assert eap.value[i] == pytest.approx(first / total, abs=1e-5)
        assert eap.se[i] == pytest.approx(np.sqrt(second / total - (first / total) ** 2), abs=1e-5)
        best = minimize_scalar(lambda t, f=log_post: -f(t), bounds=(-5, 5), method="bounded")
        assert mode.value[i] == pytest.approx(best.x, abs=1e-4)


@pytest.mark.parametrize(("model", "top"), [("2pl", 1), ("gpcm", 3)])
def test_weighted_likelihood_maximises_likelihood_times_root_information(model, top):
    """True where parameters are natural (Warm 1989, eq. 10)."""
    calibration, matrix, _ = exam(2, model, top=top)
    cats = calibration.coding.encode(matrix)
    extreme = int(np.argmax(cats.sum(axis=1)))
    rows = np.array([0, 5, extreme])
    got = score(calibration, matrix.take_pupils(rows), "wle").ability
    for i, n in enumerate(rows):

        def negative(t, row=cats[n]):
            information = exam_information(calibration.problem, calibration.parameters, np.array([t]))[0]
            return -log_likelihood(calibration, row, t) - 0.5 * np.log(information)

        best = minimize_scalar(negative, bounds=(-7, 7), method="bounded", options={"xatol": 1e-8})
        assert got.value[i] == pytest.approx(best.x, abs=1e-4)


def test_weighted_likelihood_is_nearly_unbiased_for_graded_items():
    calibration, _, _ = exam(3, "graded", n=3000, n_items=20, top=2)
    rng = np.random.default_rng(3)
    for truth in (-1.5, 1.5):
        marks = np.empty((2000, 20))
        for j in range(20):
            p = np.empty((3, 1))
            item_probabilities(GRADED, calibration.parameters.par[j], 2, np.array([truth]), p)
            marks[:, j] = rng.choice(3, size=2000, p=p[:, 0] / p.sum())
        at = score(calibration, response_matrix(marks, 2.0), "wle").ability
        assert at.value[at.known].mean() == pytest.approx(truth, abs=0.04)
        assert at.value[at.known].std() == pytest.approx(at.se[at.known].mean(), rel=0.08)


def test_information_is_the_variance_of_the_score():
    calibration, _, _ = exam(4, "3pl", top=1)
    theta = np.array([-1.0, 0.5])
    got = item_information(calibration.problem, calibration.parameters, theta)
    p, up, down = (np.empty((2, 2)) for _ in range(3))
    for j in range(12):
        row = calibration.parameters.par[j]
        item_probabilities(calibration.problem.kind[j], row, 1, theta, p)
        item_probabilities(calibration.problem.kind[j], row, 1, theta + 1e-6, up)
        item_probabilities(calibration.problem.kind[j], row, 1, theta - 1e-6, down)
        np.testing.assert_allclose(got[j], ((((up - down) / 2e-6) ** 2) / p).sum(axis=0), rtol=1e-5)


@pytest.mark.parametrize("method", ["eap", "map", "wle"])
def test_reliability_is_the_squared_correlation_with_the_truth(method):
    calibration, matrix, theta = exam(5, "2pl", n=4000)
    got = score(calibration, matrix, method)
    known = got.ability.known
    truth = np.corrcoef(got.ability.value[known], theta[known])[0, 1] ** 2
    assert got.reliability.value == pytest.approx(truth, abs=0.025)
    assert got.reliability.low <= truth <= got.reliability.high


def test_nothing_is_said_of_a_pupil_without_marks():
    calibration, matrix, _ = exam(6, "2pl")
    marks = matrix.marks[:3].copy()
    marks[1] = np.nan
    for method in ("eap", "map", "wle"):
        got = score(calibration, response_matrix(marks, 1.0), method)
        assert got.ability.at(1) == Insufficient(Reason.NO_RESPONSES, 0)
        assert got.provenance.warnings[0].subjects == ("2",)
        assert np.isfinite(got.ability.value[[0, 2]]).all()


def test_all_right_and_all_wrong_have_finite_abilities():
    calibration, _, _ = exam(7, "2pl")
    for method in ("eap", "map", "wle"):
        at = score(calibration, response_matrix([[0.0] * 12, [1.0] * 12], 1.0), method).ability
        assert at.value[0] < -1
        assert at.value[1] > 1


def test_one_answered_item_is_too_little_for_an_ability_without_prior():
    calibration, _, _ = exam(8, "2pl")
    marks = np.full((1, 12), np.nan)
    marks[0, 3] = 1.0
    assert isinstance(score(calibration, response_matrix(marks, 1.0), "wle").ability.at(0), Insufficient)


def test_plausible_values_have_the_distribution_of_ability():
    calibration, matrix, _ = exam(9, "2pl", n=4000)
    got = plausible_values(calibration, matrix, np.random.default_rng(1), draws=10)
    assert got.values.shape == (10, 4000)
    np.testing.assert_allclose(got.values.mean(axis=1), 0.0, atol=0.06)
    np.testing.assert_allclose(got.values.std(axis=1), 1.0, atol=0.05)
    posterior_mean = score(calibration, matrix).ability
    one = plausible_values(calibration, matrix.take_pupils([0]), np.random.default_rng(2), draws=4000)
    assert one.values.mean() == pytest.approx(posterior_mean.value[0], abs=0.04)
    assert one.values.std() == pytest.approx(posterior_mean.se[0], rel=0.05)
    again = plausible_values(calibration, matrix, np.random.default_rng(1), draws=10)
    np.testing.assert_array_equal(got.values, again.values)


def test_wrong_arguments_are_refused():
    calibration, matrix, _ = exam(10, "2pl")
    with pytest.raises(ValueError, match="unknown method"):
        score(calibration, matrix, "sum")
    with pytest.raises(ShapeMismatch):
        score(calibration, matrix, groups=["all"])
    with pytest.raises(ValueError, match="no population 'x'"):
        score(calibration, matrix, groups=["x"] * matrix.n_pupils)
    with pytest.raises(ValueError, match="at least one draw"):
        plausible_values(calibration, matrix, np.random.default_rng(1), draws=0)


def test_no_reliability_where_half_the_items_undo_the_other_half():
    # Every slope is about zero: scores differ by rounding alone, and say nothing.
    marks = (np.random.default_rng(4).random((300, 6)) < 0.5) * 1.0
    matrix = response_matrix(np.hstack([marks, 1.0 - marks]), 1.0)
    calibration = calibrate(matrix)
    for method in ("eap", "map"):
        assert score(calibration, matrix, method).reliability == Insufficient(Reason.CONSTANT_MARKS, 300)
