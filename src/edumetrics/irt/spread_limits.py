"""Owns the intervals of spreads that few pupils tell: the slope of all items, the spread of a second group.

A spread ends at nothing, where its likelihood is no parabola: limits are where the profile of the likelihood
has fallen by half the square of the quantile (Venzon & Moolgavkar 1988, Appl. Stat. 37, 87), and none lies
below nothing. A fall counts by the sandwich variance over the profile's own, because how exactly pupils tell
a spread hangs on its shape (Kent 1982, Biometrika 69, 19), with Student's t as in `edumetrics.irt.sandwich`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edumetrics.irt import em
from edumetrics.irt.models import all_probabilities
from edumetrics.irt.mstep import MAX_SLOPE
from edumetrics.irt.report import LEAST_GROUP, Z95
from edumetrics.irt.results import Calibration, Population
from edumetrics.irt.sandwich import variances_of, with_robust_shared_slope
from edumetrics.results import Estimate, FloatArray, IntArray, Outcome
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import make_layout, pack

METHOD = "marginal maximum likelihood/profile likelihood"
# From five standard errors on the profile is the parabola of the log scale.
NEAR_NOTHING = 5.0
FEW = 1000  # pupils of a group up to which the shape of its abilities and the bound of its spread matter
# What pupils' scores say of the likelihood's fall is believed between these factors.
LEAST_FALL, MOST_FALL = 1.0, 9.0
NODE = 0.06  # distance of nodes: a posterior of sd 0.05 and every wider one is summed exactly enough
REACH = 4.5  # standard deviations of ability on either side
STEPS, EXACT, LOG_STEP = 6, 1e-3, 0.1
PUPILS_PER_STEP, ROUGHENING = 4.0, (20, 100)


def with_limits_of_few(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray, robust: bool
) -> Calibration:
    """The same calibration with the intervals of its spreads; ``robust``: also of a slope that all share."""
    found = with_limits_of_groups(calibration, cats, population, np.arange(len(cats)))
    if robust:
        found = with_robust_shared_slope(found, cats, population)
        found = with_limits_of_slope(found, cats, population)
    return found


def with_limits_of_slope(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray
) -> Calibration:
    """The same calibration with the interval of a shared slope that may be nothing from its profile."""
    problem, cov, plain = calibration.problem, calibration.covariance, calibration.plain_covariance
    slope = calibration.items[0].slope
    if not problem.shared_slope or cov is None or plain is None or not isinstance(slope, Estimate):
        return calibration
    if slope.se is None or slope.value > NEAR_NOTHING * slope.se:
        return calibration
    fixed = problem.fixed.copy()
    fixed[:, 0] = True
    held = replace(problem, fixed=fixed)
    layout = make_layout(problem.n_categories, [True] * cats.shape[1])
    at = calibration.parameters
    with ThreadRunner([pack(cats, layout, population)]) as runner:

        def profile(value: float) -> float:
            par = at.par.copy()
            par[:, 0] = value
            return em.fit(held, runner, replace(at, par=par), EXACT, 200).objective

        fall = float(np.clip(cov[0, 0] / plain[0, 0], LEAST_FALL, MOST_FALL))
        low, high = limits(profile, slope.value, slope.value + Z95 * slope.se, MAX_SLOPE, 1e-3, Z95**2 * fall)
    found = replace(slope, value=max(slope.value, 0.0), se=None, low=low, high=high, method=METHOD)
    return replace(calibration, items=tuple(replace(item, slope=found) for item in calibration.items))


def with_limits_of_groups(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray, units: IntArray
) -> Calibration:
    """The same calibration with the interval of every small second population's spread from its profile.

    The items count as known in the profile; what their errors add is in the factor of its fall. Where the
    group's law is not normal its spread is another one: the interval reaches over that of a free law as well.
    Units (N,) are the pupils themselves or their classes. The first population, which is free on an old scale
    only, keeps its interval.
    """
    free = calibration.problem.free_populations
    sizes = [one.n for one in calibration.populations]
    small = [h for h in range(1, len(sizes)) if free[h] and LEAST_GROUP <= sizes[h] <= FEW]
    if not small or calibration.plain_covariance is None:
        return calibration
    robust = variances_of(calibration, cats, population, units, small)
    populations = list(calibration.populations)
    for h, (variance, quantile) in zip(small, robust, strict=True):
        one = populations[h]
        if isinstance(one.sd, Estimate):
            rows = np.ascontiguousarray(cats[population == h])
            found = _spread(calibration, rows, h, one.sd, variance, quantile)
            populations[h] = Population(one.label, one.mean, found, one.n)
    return replace(calibration, populations=tuple(populations))


def limits(
    profile: Callable[[float], float],
    best: float,
    guess: float,
    most: float,
    nothing: float,
    fall: float,
) -> tuple[float, float]:
    """Where twice the profile has fallen by ``fall`` from ``best``; 0 where it has not at ``nothing``."""
    from scipy.optimize import brentq  # slow to load, and a season of many pupils needs none

    best = max(best, nothing)
    top = profile(best)
    wanted = np.sqrt(fall)

    def short(value: float) -> float:
        """Signed: nearly linear in the value."""
        return float(np.sqrt(max(2.0 * (top - profile(value)), 0.0)) - wanted)

    low = 0.0
    if best > nothing and short(nothing) > 0.0:
        low = float(brentq(short, nothing, best, xtol=EXACT))
    high = max(min(max(guess, best + 0.01), most), best)
    while high < most and short(high) < 0.0:
        high = min(1.5 * high, most)
    if high < most:
        high = float(brentq(short, best, high, xtol=EXACT))
    return min(low, best), high


def _spread(
    calibration: Calibration,
    cats: NDArray[np.int16],
    h: int,
    found: Estimate,
    variance: float,
    quantile: float,
) -> Outcome:
    at = calibration.parameters
    mean, sd = float(at.mean[h]), float(at.sd[h])
    most = em.MAX_SD if len(cats) < FEW / 10 else float(min(em.MAX_SD, max(4.0 * sd, 4.0)))
    bound = abs(mean) + REACH * most
    theta = np.arange(-bound, bound + NODE, NODE)
    likelihood = _likelihoods(calibration, cats, theta)

    def profile(value: float) -> float:
        return _profile(likelihood, theta, mean, value)

    # At its bound a spread has no standard error, and the chance to fall short is already on one side only.
    se, fall = None, Z95**2
    if sd > 1.01 * em.MIN_SD:
        up, here, down = (profile(sd * np.exp(x)) for x in (LOG_STEP, 0.0, -LOG_STEP))
        curvature = max((2.0 * here - up - down) / (LOG_STEP * sd) ** 2, 1e-6)
        se = found.se
        fall = quantile**2 * float(np.clip(variance * curvature, LEAST_FALL, MOST_FALL))
    low, high = limits(profile, sd, found.high, most, em.MIN_SD, fall)
    free = _spread_of_any_shape(likelihood, theta, mean, sd) / sd
    low, high = min(low, low * free), max(high, min(high * free, most))
    return replace(found, se=se, low=low, high=high, method=METHOD)


def _likelihoods(calibration: Calibration, cats: NDArray[np.int16], theta: FloatArray) -> FloatArray:
    """Likelihood (N, Q) of every pupil's answers at the nodes, its largest value 1."""
    problem = calibration.problem
    width = int(problem.n_categories.max())
    logp = np.empty((len(problem.kind), width, len(theta)))
    all_probabilities(problem.kind, calibration.parameters.par, problem.n_categories, theta, True, logp)
    out = np.zeros((len(cats), len(theta)))
    for j in range(cats.shape[1]):
        for k in range(int(problem.n_categories[j])):
            out[cats[:, j] == k] += logp[j, k]
    return np.asarray(np.exp(out - out.max(axis=1, keepdims=True)))


def _spread_of_any_shape(likelihood: FloatArray, theta: FloatArray, mean: float, sd: float) -> float:
    """Standard deviation of the group where its law is free, smooth because the climb to it ends early.

    Free weights of the nodes by EM from the normal law (Bock & Aitkin 1981). At its end they are a handful of
    points; after `ROUGHENING` steps they follow the shape and not yet the noise (Shen & Louis 1999, J.
    Comput. Graph. Stat. 8, 800). More pupils tell more of the shape.
    """
    weight = np.exp(em.log_weights(theta, np.array([mean]), np.array([sd]))[0])
    for _ in range(int(np.clip(len(likelihood) / PUPILS_PER_STEP, *ROUGHENING))):
        weight = weight * (likelihood / (likelihood @ weight)[:, None]).mean(axis=0)
    centre = float(weight @ theta)
    return float(np.sqrt(weight @ (theta - centre) ** 2))


def _profile(likelihood: FloatArray, theta: FloatArray, mean: float, sd: float) -> float:
    """Log-likelihood of a group of this spread, at its best mean."""
    value = -np.inf
    for _ in range(STEPS):
        weight = np.exp(em.log_weights(theta, np.array([mean]), np.array([sd]))[0])
        total = likelihood @ weight
        value = float(np.log(np.maximum(total, 1e-300)).sum())
        first = likelihood @ (weight * theta) / total
        second = likelihood @ (weight * theta * theta) / total - first**2
        # Newton by the posterior means and variances (Louis 1982).
        gradient = float((first - mean).sum())
        curvature = float((1.0 - np.minimum(second / sd**2, 0.999)).sum())
        move = gradient / curvature
        mean += float(np.clip(move, -1.0, 1.0))
        if abs(move) < EXACT:
            break
    return value
