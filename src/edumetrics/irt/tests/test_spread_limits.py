"""Owns the check of intervals of spreads that may be nothing: a shared slope, the spread of a small group."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from edumetrics.arrays import response_matrix
from edumetrics.irt import calibrate, em
from edumetrics.irt.spread_limits import _likelihoods, _profile, _spread_of_any_shape, limits
from edumetrics.results import Estimate


def answered(rng, theta, slope, place):
    chance = 1 / (1 + np.exp(-slope * (theta[:, None] - place)))
    return (rng.random(chance.shape) < chance) * 1.0


def test_a_slope_that_may_be_nothing_is_held():
    """Six items of slope 0.4, 60 pupils: one exam in seven ends at 0, and ±1.96 errors held 77 %."""
    rng = np.random.default_rng(11)
    held, at_nothing = [], 0
    for _ in range(80):
        marks = answered(rng, rng.normal(size=60), 0.4, rng.normal(size=6))
        slope = calibrate(response_matrix(marks, 1.0), "rasch").items[0].slope
        assert isinstance(slope, Estimate)
        assert 0.0 <= slope.low <= slope.value <= slope.high
        held.append(slope.low <= 0.4 <= slope.high)
        at_nothing += slope.value < 0.05
    assert at_nothing > 3
    assert np.mean(held) > 0.9


def test_a_small_group_of_little_spread_has_no_impossible_limit():
    """Twelve pupils of spread 0.4: three of five intervals reached below 0, and 83 % held."""
    rng = np.random.default_rng(12)
    slope, held, bounded = np.exp(rng.normal(0.1, 0.3, 20)), [], []
    for _ in range(40):
        theta = np.concatenate([rng.normal(size=250), rng.normal(0.3, 0.4, 12)])
        marks = answered(rng, theta, slope, rng.normal(size=20))
        groups = ["large"] * 250 + ["small"] * 12
        sd = calibrate(response_matrix(marks, 1.0), "2pl", groups=groups).populations[1].sd
        assert isinstance(sd, Estimate)
        assert 0.0 <= sd.low <= sd.value <= sd.high
        held.append(sd.low <= 0.4 <= sd.high)
        if sd.value <= 1.01 * em.MIN_SD:
            bounded.append(sd)
    assert np.mean(held) > 0.9
    assert bounded
    assert all(sd.se is None and sd.low == 0.0 and 0.2 < sd.high < 2.0 for sd in bounded)


def test_limits_of_a_known_profile():
    """The spread of a normal sample: log-likelihood −n·log σ − S/(2σ²)."""
    n, squares = 12, 12.0

    def profile(sd):
        return -n * np.log(sd) - squares / (2 * sd**2)

    low, high = limits(profile, 1.0, 1.1, 8.0, 0.01, 3.84)
    for end in (low, high):
        assert 2 * (profile(1.0) - profile(end)) == pytest.approx(3.84, abs=0.05)
    assert low < 1.0 < high
    # A guess beyond the bound is no limit.
    assert limits(lambda sd: 0.0, 1.0, 157.0, 8.0, 0.05, 3.84) == (0.0, 8.0)
    assert limits(lambda sd: -sd, 0.05, 0.1, 8.0, 0.05, 3.84)[0] == 0.0


def test_the_profile_of_a_group_is_that_of_plain_integrals():
    rng = np.random.default_rng(13)
    marks = answered(rng, rng.normal(size=220), np.full(5, 1.2), np.linspace(-1, 1, 5))
    exam = calibrate(response_matrix(marks, 1.0), "2pl")
    cats = exam.coding.encode(response_matrix(marks[:6], 1.0))
    theta = np.arange(-12, 12, 0.06)
    sharp = _likelihoods(exam, cats, theta)

    def slow(mean, sd):
        total = 0.0
        for row in cats:

            def joint(t, row=row):
                z = exam.parameters.par[:, 0] * t + exam.parameters.par[:, 1]
                p = 1 / (1 + np.exp(-z))
                return np.prod(np.where(row == 1, p, 1 - p)) * np.exp(-0.5 * ((t - mean) / sd) ** 2) / sd

            total += np.log(quad(joint, mean - 8 * sd, mean + 8 * sd, limit=100)[0])
        return total

    best = [
        minimize_scalar(lambda m, s=s: -slow(m, s), bounds=(-2, 2), method="bounded").fun for s in (0.5, 1.5)
    ]
    ours = [_profile(sharp, theta, 0.0, s) for s in (0.5, 1.5)]
    assert ours[1] - ours[0] == pytest.approx(best[0] - best[1], abs=1e-3)


def test_a_free_law_finds_the_spread_of_a_skewed_group():
    """Where each pupil's likelihood is normal with sd 0.3, their centres vary by 0.09 more."""
    rng = np.random.default_rng(14)
    ability = rng.gamma(2.0, 1.0, 200) / np.sqrt(2.0)
    theta = np.arange(-6, 12, 0.06)
    likelihood = np.exp(-0.5 * ((theta - ability[:, None]) / 0.3) ** 2)
    found = _spread_of_any_shape(likelihood, theta, float(ability.mean()), 0.9)
    assert found == pytest.approx(np.sqrt(ability.var() - 0.3**2), rel=0.01)
