"""Owns the points given ability: P(has k | θ) is logistic, θ is standard normal.

A point is described by two chances, of pupils one standard deviation below and above the middle: the
logit is a straight line through both. Two chances are what the climb moves, and what a reader
can picture. Source: de la Torre & Douglas (2004) Psychometrika 69, 333–353, a slope for every point.
"""

from __future__ import annotations

import numba
import numpy as np

from edumetrics.results import FloatArray

NODES = np.linspace(-4.0, 4.0, 21)
WEIGHTS = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()
# The logit at θ is LINE[0] · logit(chance below) + LINE[1] · logit(chance above).
LINE = np.stack([(1.0 - NODES) / 2.0, (1.0 + NODES) / 2.0])
# Weak priors: log slope N(log 1.5, 0.5²), logit at the middle N(0, 2²): a point that all have stays finite.
_SLOPE_MEAN, _SLOPE_SD, _MIDDLE_SD = float(np.log(1.5)), 0.5, 2.0
EDGE = 1e-4
_LEAST_SLOPE = 0.05
_NEWTON_STEPS = 20
_STILL = 1e-9  # of a logit
_ROUNDING = 1e-13


def start(n_points: int) -> FloatArray:
    """Chances (2, K) with a slope of 1.5 and half of the pupils having each point."""
    below = 1.0 / (1.0 + np.exp(1.5))
    return np.repeat([[below], [1.0 - below]], n_points, axis=1)


def at_nodes(chance: FloatArray) -> FloatArray:
    """Chance (K, Q) of having each point at each ability."""
    logit = np.log(chance / (1.0 - chance))
    return np.asarray(1.0 / (1.0 + np.exp(-(logit.T @ LINE))))


@numba.njit(cache=True, nogil=True)
def feasible(chance):  # type: ignore[no-untyped-def]
    """Bring chances (2, K) into (0, 1), in place, so that ability helps."""
    for k in range(chance.shape[1]):
        ends = np.empty(2)
        for i in range(2):
            p = min(max(chance[i, k], EDGE), 1.0 - EDGE)
            ends[i] = np.log(p / (1.0 - p))
        middle, slope = (ends[0] + ends[1]) / 2.0, max((ends[1] - ends[0]) / 2.0, _LEAST_SLOPE)
        chance[0, k] = 1.0 / (1.0 + np.exp(slope - middle))
        chance[1, k] = 1.0 / (1.0 + np.exp(-slope - middle))


@numba.njit(cache=True, nogil=True)
def prior_of(below, above):  # type: ignore[no-untyped-def]
    """Log-density of the priors at the logits of one point, its gradient (2,) and curvature (2, 2) ≥ 0."""
    middle, slope = (below + above) / 2.0, (above - below) / 2.0
    gradient, curvature = np.zeros(2), np.zeros((2, 2))
    if slope < _LEAST_SLOPE * 0.999:
        return -np.inf, gradient, curvature
    away = (np.log(slope) - _SLOPE_MEAN) / _SLOPE_SD**2
    by_slope, by_middle = -away / slope, -middle / _MIDDLE_SD**2
    bent = max((1.0 / _SLOPE_SD**2 - away) / slope**2, 0.0)
    for i in range(2):
        sign = 2.0 * i - 1.0
        gradient[i] = (by_middle + sign * by_slope) / 2.0
        for h in range(2):
            curvature[i, h] = (1.0 / _MIDDLE_SD**2 + sign * (2.0 * h - 1.0) * bent) / 4.0
    value = -0.5 * (away * (np.log(slope) - _SLOPE_MEAN)) - 0.5 * (middle / _MIDDLE_SD) ** 2
    return value, gradient, curvature


@numba.njit(cache=True, nogil=True)
def log_prior(chance):  # type: ignore[no-untyped-def]
    """Log-density of the priors of all points, up to a constant."""
    total = 0.0
    for k in range(chance.shape[1]):
        below, above = (
            np.log(chance[0, k] / (1.0 - chance[0, k])),
            np.log(chance[1, k] / (1.0 - chance[1, k])),
        )
        total += prior_of(below, above)[0]
    return total


@numba.njit(cache=True, nogil=True)
def maximise(having, free, line, old, chance):  # type: ignore[no-untyped-def]
    """Write chances (2, K) that fit expected pupils better than the old ones: Newton on two logits.

    Parameters
    ----------
    having, free : (K, Q) float
        Expected pupils at each ability who have the point, and who have all that it presupposes.
    line : (2, Q) float
        `LINE`.
    """
    for k in range(old.shape[1]):
        x = np.log(old[:, k] / (1.0 - old[:, k]))
        best = _value(having[k], free[k], line, x)
        for _ in range(_NEWTON_STEPS):
            gradient, curvature = _slopes(having[k], free[k], line, x)
            det = curvature[0, 0] * curvature[1, 1] - curvature[0, 1] ** 2
            step = np.empty(2)
            step[0] = (curvature[1, 1] * gradient[0] - curvature[0, 1] * gradient[1]) / max(det, 1e-12)
            step[1] = (curvature[0, 0] * gradient[1] - curvature[0, 1] * gradient[0]) / max(det, 1e-12)
            scale, improved = 1.0, False
            for _ in range(20):
                value = _value(having[k], free[k], line, x + scale * step)
                if value >= best - _ROUNDING * abs(best):
                    improved = True
                    break
                scale *= 0.5
            if not improved:
                break
            x = x + scale * step
            best = value
            # to the end: stopping by what is gained would let rounding, and so the shards, decide
            if np.abs(step).max() < _STILL:
                break
        for i in range(2):
            chance[i, k] = min(max(1.0 / (1.0 + np.exp(-x[i])), EDGE), 1.0 - EDGE)
    feasible(chance)


@numba.njit(cache=True, nogil=True)
def uphill(having, free, line, chance, gradient, curvature):  # type: ignore[no-untyped-def]
    """Slope of the objective by the roots of the chances, and the information about each: (2K,), written."""
    slope, bent = gradient.reshape(chance.shape), curvature.reshape(chance.shape)
    for k in range(chance.shape[1]):
        by_logit, information = _slopes(having[k], free[k], line, np.log(chance[:, k] / (1.0 - chance[:, k])))
        for i in range(2):
            logit_by_root = 2.0 / (np.sqrt(chance[i, k]) * (1.0 - chance[i, k]))
            slope[i, k] = by_logit[i] * logit_by_root
            bent[i, k] = information[i, i] * logit_by_root**2


@numba.njit(cache=True, nogil=True)
def _slopes(having, free, line, x):  # type: ignore[no-untyped-def]
    """Gradient (2,) and information (2, 2) of one point's logits."""
    _, gradient, curvature = prior_of(x[0], x[1])
    for q in range(line.shape[1]):
        p = 1.0 / (1.0 + np.exp(-(x[0] * line[0, q] + x[1] * line[1, q])))
        for i in range(2):
            gradient[i] += line[i, q] * (having[q] - free[q] * p)
            for h in range(2):
                curvature[i, h] += line[i, q] * line[h, q] * free[q] * p * (1.0 - p)
    return gradient, curvature


@numba.njit(cache=True, nogil=True)
def _value(having, free, line, x):  # type: ignore[no-untyped-def]
    total = prior_of(x[0], x[1])[0]
    if total > -np.inf:
        for q in range(line.shape[1]):
            z = x[0] * line[0, q] + x[1] * line[1, q]
            total += having[q] * z - free[q] * (max(z, 0.0) + np.log1p(np.exp(-abs(z))))
    return total
