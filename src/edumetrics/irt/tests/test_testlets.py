"""Testlets: the likelihood against integration in three dimensions, its gradient, recovery, refusals."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.irt import Calibration, TestletCalibration, calibrate, calibrate_testlets
from edumetrics.irt import testlet_em as em
from edumetrics.results import Estimate, Insufficient, Reason


def draw(
    rng: np.random.Generator, n: int, spreads: tuple[float, ...], per: int = 4, alone: int = 8
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Right and wrong answers, slopes, difficulties, abilities; testlets stand after the single items."""
    n_items = alone + per * len(spreads)
    slope, hard = np.exp(rng.normal(0, 0.25, n_items)), rng.normal(size=n_items)
    ability = rng.normal(size=n)
    effect = np.zeros((n, n_items))
    for s, spread in enumerate(spreads):
        effect[:, alone + s * per : alone + (s + 1) * per] = spread * rng.normal(size=(n, 1))
    chance = 1 / (1 + np.exp(-slope * (ability[:, None] + effect - hard)))
    return (rng.random((n, n_items)) < chance).astype(float), slope, hard, ability


def testlets_of(matrix: ResponseMatrix, alone: int, per: int) -> list[tuple[str, ...]]:
    edges = range(alone, matrix.n_items + 1, per)
    return [matrix.items[a:b] for a, b in pairwise(edges)]


testlets_of.__test__ = False  # type: ignore[attr-defined]


def small() -> tuple[Calibration, np.ndarray]:
    """Five items, one with three categories, some cells empty; the last four are two testlets."""
    rng = np.random.default_rng(8)
    marks, _, _, ability = draw(rng, 400, (0.9, 0.6), per=2, alone=1)
    marks[:, 0] += rng.random(400) < 1 / (1 + np.exp(-ability))
    marks[rng.random(marks.shape) < 0.1] = np.nan
    found = calibrate(response_matrix(marks, [2.0, 1.0, 1.0, 1.0, 1.0]))
    assert isinstance(found, Calibration)
    return found, found.coding.encode(response_matrix(marks, [2.0, 1.0, 1.0, 1.0, 1.0]))


def brute(calibration: Calibration, cats: np.ndarray, par: np.ndarray, spread: np.ndarray) -> float:
    """Marginal log-likelihood by a sum over ability and both intercepts at once."""
    theta, z = np.linspace(-6, 6, 81), np.linspace(-6, 6, 61)
    w, v = np.exp(-(theta**2) / 2), np.exp(-(z**2) / 2)
    w, v = w / w.sum(), v / v.sum()
    t = theta[:, None, None]
    where = [t + 0 * z[:, None] + 0 * z]
    where += [t + spread[0] * z[:, None] + 0 * z] * 2 + [t + spread[1] * z + 0 * z[:, None]] * 2
    logs = []
    for j, at in enumerate(where):
        m = int(calibration.problem.n_categories[j]) - 1
        steps = [np.zeros_like(at)] + [(k + 1) * par[j, 0] * at + par[j, k + 1] for k in range(m)]
        total = np.log(sum(np.exp(step) for step in steps))
        logs.append([step - total for step in steps])
    weight = w[:, None, None] * v[:, None] * v
    patterns, counts = np.unique(cats, axis=0, return_counts=True)
    loglik = 0.0
    for pattern, count in zip(patterns, counts, strict=True):
        log = sum((logs[j][k] for j, k in enumerate(pattern) if k >= 0), np.zeros_like(weight))
        loglik += count * float(np.log((weight * np.exp(log)).sum()))
    return loglik


def test_likelihood_equals_integration_in_three_dimensions() -> None:
    found, cats = small()
    groups = em.group_items(cats[(cats >= 0).any(axis=1)], [np.array([1, 2]), np.array([3, 4])])
    for spread in (np.array([0.9, 0.6]), np.array([0.3, 1.5])):
        state = em.State(found.parameters.par, spread)
        here = em.expect(found.problem, groups, state).loglik
        assert here == pytest.approx(brute(found, cats[(cats >= 0).any(axis=1)], state.par, spread), abs=2e-4)


def test_gradient_equals_finite_differences() -> None:
    found, cats = small()
    problem = found.problem
    groups = em.group_items(cats[(cats >= 0).any(axis=1)], [np.array([1, 2]), np.array([3, 4])])
    state = em.State(found.parameters.par, np.array([0.8, 0.5]))
    got = em.gradient(problem, groups, state, em.expect(problem, groups, state))

    def value(par: np.ndarray, spread: np.ndarray) -> float:
        moved = em.State(par, spread)
        return em.objective(problem, moved, em.expect(problem, groups, moved).loglik)

    h = 1e-4
    expected = []
    for j, k in np.argwhere(problem.used):
        up, down = state.par.copy(), state.par.copy()
        up[j, k] += h
        down[j, k] -= h
        expected.append((value(up, state.spread) - value(down, state.spread)) / (2 * h))
    for s in range(2):
        move = np.eye(2)[s] * h
        expected.append(
            (value(state.par, state.spread + move) - value(state.par, state.spread - move)) / (2 * h)
        )
    np.testing.assert_allclose(got, expected, atol=5e-4)


def test_intervals_cover_the_truth_and_reliability_is_honest() -> None:
    hits, spreads, gaps, claimed = [], [], [], []
    for seed in range(12):
        marks, slope, hard, ability = draw(np.random.default_rng(seed), 1000, (0.8, 0.5, 1.0))
        matrix = response_matrix(marks, 1.0)
        base = calibrate(matrix)
        assert isinstance(base, Calibration)
        found = calibrate_testlets(base, matrix, testlets_of(matrix, 8, 4))
        assert isinstance(found, TestletCalibration)
        assert found.loglik > found.independent_loglik
        for item, a, b in zip(found.items, slope, hard, strict=True):
            for got, truth in ((item.slope, a), (item.difficulties[0], b)):
                if isinstance(got, Estimate):
                    hits.append(got.low <= truth <= got.high)
        for testlet, truth in zip(found.testlets, (0.8, 0.5, 1.0), strict=True):
            assert isinstance(testlet.spread, Estimate)
            spreads.append(testlet.spread.low <= truth <= testlet.spread.high)
        true = np.corrcoef(found.ability.value, ability)[0, 1] ** 2
        assert isinstance(found.reliability, Estimate)
        assert isinstance(found.independent_reliability, Estimate)
        gaps.append(found.reliability.value - true)
        claimed.append(found.independent_reliability.value - true)
    assert 0.92 <= np.mean(hits) <= 0.98
    assert np.mean(spreads) >= 32 / 36
    assert abs(np.mean(gaps)) < 0.012
    assert np.mean(claimed) > 0.02, "who ignores the texts claims too much"


def test_items_without_a_common_text_show_no_effect() -> None:
    marks, *_ = draw(np.random.default_rng(5), 1500, (0.0, 0.0))
    matrix = response_matrix(marks, 1.0)
    base = calibrate(matrix)
    assert isinstance(base, Calibration)
    found = calibrate_testlets(base, matrix, testlets_of(matrix, 8, 4))
    assert isinstance(found, TestletCalibration)
    assert not any(testlet.matters for testlet in found.testlets)
    assert found.loglik >= found.independent_loglik - 0.05
    assert found.loglik - found.independent_loglik < 6


def test_order_of_pupils_items_and_testlets_changes_nothing() -> None:
    marks, *_ = draw(np.random.default_rng(9), 600, (1.0, 0.7))
    matrix = response_matrix(marks, 1.0)
    one, two = testlets_of(matrix, 8, 4)
    base = calibrate(matrix)
    assert isinstance(base, Calibration)
    first = calibrate_testlets(base, matrix, [one, two])
    rng = np.random.default_rng(1)
    pupils, items = rng.permutation(600), rng.permutation(matrix.n_items)
    shuffled = response_matrix(marks[pupils][:, items], 1.0, items=[matrix.items[j] for j in items])
    again = calibrate(shuffled)
    assert isinstance(again, Calibration)
    second = calibrate_testlets(again, shuffled, [two[::-1], one])
    assert isinstance(first, TestletCalibration)
    assert isinstance(second, TestletCalibration)
    assert second.loglik == pytest.approx(first.loglik, abs=1e-3)
    values = [t.spread.value for t in first.testlets if isinstance(t.spread, Estimate)]
    others = [t.spread.value for t in second.testlets[::-1] if isinstance(t.spread, Estimate)]
    np.testing.assert_allclose(others, values, atol=2e-3)


def test_what_cannot_be_known_is_refused() -> None:
    marks, *_ = draw(np.random.default_rng(2), 150, (1.0,))
    few = response_matrix(marks, 1.0)
    base = calibrate(few)
    assert isinstance(base, Calibration)
    assert calibrate_testlets(base, few, testlets_of(few, 8, 4)) == Insufficient(Reason.TOO_FEW_PUPILS, 150)
    marks, *_ = draw(np.random.default_rng(2), 400, (1.0,))
    marks[:, 11] = 1.0
    matrix = response_matrix(marks, 1.0)
    base = calibrate(matrix)
    assert isinstance(base, Calibration)
    names = matrix.items
    assert calibrate_testlets(base, matrix, [names[10:12]]) == Insufficient(Reason.TOO_FEW_ITEMS, 0)
    found = calibrate_testlets(base, matrix, [names[8:12], names[:1]])
    assert isinstance(found, TestletCalibration)
    assert [t.items for t in found.testlets] == [names[8:11]]
    assert [c.code for c in found.provenance.warnings] == ["testlet_left_out"]
    rasch = calibrate(matrix, "rasch")
    assert isinstance(rasch, Calibration)
    with pytest.raises(ValueError, match="one common slope"):
        calibrate_testlets(rasch, matrix, [names[8:11]])
    with pytest.raises(ValueError, match="two testlets"):
        calibrate_testlets(base, matrix, [names[8:10], names[9:11]])
    with pytest.raises(ValueError, match="no item"):
        calibrate_testlets(base, matrix, [("x", "y")])
