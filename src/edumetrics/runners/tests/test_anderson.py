"""The accelerated climb: fewer calls than the map alone, never down, and an honest end."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.runners.anderson import climb, combine


def slow_map(rates):
    """A linear map towards (1, …, 1) whose coordinates (turned) approach at the given rates."""
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.normal(size=(len(rates), len(rates))))[0]
    shrink = turn @ np.diag(rates) @ turn.T
    calls = []

    def step(x):
        calls.append(x)
        return 1.0 + shrink @ (x - 1.0), -float((x - 1.0) @ (x - 1.0))

    return step, calls


@pytest.mark.parametrize("slowest", [0.5, 0.95, 0.999])
def test_the_end_is_as_near_as_promised_and_comes_soon(slowest):
    step, calls = slow_map(np.array([slowest, 0.3, 0.2, 0.1, 0.05]))
    rest = climb(step, np.zeros(5), feasible=lambda _: True, tolerance=1e-6, max_evaluations=500)
    assert rest.converged
    assert np.abs(rest.x - 1.0).max() < 1e-6
    assert len(calls) == rest.evaluations < 12  # the map alone: 14,000 calls at a rate of 0.999
    np.testing.assert_array_equal(rest.x, calls[-1])


def test_more_slow_directions_than_memory_are_not_taken_for_the_end():
    """The distance is an estimate: right on the whole, and never wrong by more than a digit."""
    over = []
    for slowest in (0.9, 0.97, 0.99):
        for size in (20, 40, 60):
            for tolerance in (1e-3, 1e-4, 1e-5, 1e-6):
                step, _ = slow_map(np.linspace(0.2, slowest, size))
                rest = climb(
                    step, np.zeros(size), feasible=lambda _: True, tolerance=tolerance, max_evaluations=500
                )
                assert rest.converged
                over.append(np.abs(rest.x - 1.0).max() / tolerance)
    assert np.mean(over) < 1.2
    assert max(over) < 10.0


def test_a_combination_that_goes_down_is_not_taken():
    """Far out all steps are equal: their combination would jump beyond all numbers."""

    def step(x):
        return x + 0.5 * np.tanh(3.0 - x), -float(np.abs(x[0] - 3.0))

    rest = climb(step, np.array([-15.0]), feasible=lambda _: True, tolerance=1e-8, max_evaluations=200)
    assert rest.converged
    assert rest.x[0] == pytest.approx(3.0, abs=1e-8)


def test_a_combination_that_goes_down_or_out_of_bounds_is_not_taken():
    """Each coordinate saturates: a straight extrapolation goes far beyond the maximum."""
    seen = []

    def step(x):
        seen.append(float(x[0]))
        return x + 0.5 * np.tanh(3.0 - x), -float(np.log(np.cosh(x[0] - 3.0)))

    rest = climb(
        step, np.array([-40.0]), feasible=lambda x: bool(x[0] < 3.5), tolerance=1e-8, max_evaluations=500
    )
    assert rest.converged
    assert rest.x[0] == pytest.approx(3.0, abs=1e-8)
    assert max(seen) < 3.5


def test_a_limit_on_calls_is_kept_and_said():
    step, calls = slow_map(np.linspace(0.9, 0.999, 20))
    rest = climb(step, np.zeros(20), feasible=lambda _: True, tolerance=1e-12, max_evaluations=7)
    assert not rest.converged
    assert rest.evaluations == len(calls) == 7


def test_a_map_that_rests_at_once_needs_one_call():
    step, calls = slow_map(np.array([0.5, 0.1]))
    rest = climb(step, np.ones(2), feasible=lambda _: True, tolerance=1e-6, max_evaluations=50)
    assert rest.converged
    assert len(calls) == 1


def test_a_linear_map_is_solved_by_as_many_steps_as_it_has_rates():
    step, _ = slow_map(np.array([0.9, 0.5]))
    points = [np.zeros(2)]
    images = [step(points[0])[0]]
    for _ in range(2):
        points.append(combine(points, images))
        images.append(step(points[-1])[0])
    np.testing.assert_allclose(combine(points, images), 1.0, atol=1e-12)
