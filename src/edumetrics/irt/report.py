"""Owns the translation of parameter arrays and their covariance into estimates with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edumetrics.irt.coding import Coding
from edumetrics.irt.em import Parameters, Problem
from edumetrics.irt.models import GRADED, GUESSING
from edumetrics.irt.mstep import MAX_GAMMA
from edumetrics.irt.results import ItemCalibration, Population
from edumetrics.results import Estimate, FloatArray, Insufficient, IntArray, Outcome, Reason

Z95 = 1.959963984540054
METHOD = "marginal maximum likelihood/observed information"
# A difficulty is −d/a: with a slope within two standard errors of zero its interval has no end.
SLOPE_PER_SE = 2.0
MAX_DIFFICULTY_SE = 3.0  # wider than the whole ability scale: not an estimate
# A bias of half a standard error leaves 92 of 95 % (Cochran 1977, Sampling Techniques, p. 14): what a prior
# moves by less stands. Answers count for no less than a quarter of what is known.
FAR, LEAST_TOLD = 0.5, 0.25
LEAST_GROUP = 2  # one pupil has no spread


def n_parameters(problem: Problem) -> int:
    """Number of free parameters."""
    return int(_index(problem).max()) + 1 + 2 * int(problem.free_populations.sum())


def _index(problem: Problem) -> IntArray:
    """Place (J, P) of each entry in the covariance matrix, −1 where fixed or unused."""
    used = problem.used
    out = np.full(used.shape, -1, dtype=np.int64)
    if problem.shared_slope:
        out[:, 0] = 0
        rest = used.copy()
        rest[:, 0] = False
        out[rest] = 1 + np.arange(int(rest.sum()))
        return out
    free = used & ~problem.fixed
    out[free] = np.arange(int(free.sum()))
    return out


def item_calibrations(
    problem: Problem,
    parameters: Parameters,
    coding: Coding,
    wanted: Sequence[str],
    covariance: FloatArray | None,
) -> tuple[ItemCalibration, ...]:
    """Items with estimates, standard errors and intervals."""
    index = _index(problem)
    out = []
    for j, item in enumerate(coding.items):
        n = int(coding.counts[j].sum())
        m = int(problem.n_categories[j]) - 1
        row = parameters.par[j]
        width = 3 if problem.kind[j] == GUESSING else m + 1
        cov = _block(covariance, index[j, :width])

        def outcome(value: float, gradient: FloatArray, cov: FloatArray | None = cov, n: int = n) -> Outcome:
            return _outcome(value, gradient, cov, n)

        unit = np.eye(width)
        slope = _beyond_prior(_by_factor(outcome(float(row[0]), unit[0])), problem.prior[j])
        if problem.shared_slope and row[0] >= 0.0:
            slope = _not_below_nothing(slope)
        intercepts = tuple(outcome(float(row[k]), unit[k]) for k in range(1, m + 1))
        difficulties = tuple(
            _difficulty(slope, *_step(problem.kind[j], row, k, width), cov, n) for k in range(1, m + 1)
        )
        guessing = None
        if problem.kind[j] == GUESSING:
            guessing = _guessing(float(row[2]), cov, n)
        out.append(
            ItemCalibration(
                item, wanted[j], slope, intercepts, difficulties, guessing,
                tuple(float(x) for x in coding.marks[j]), n,
            )
        )  # fmt: skip
    return tuple(out)


def population_reports(
    problem: Problem,
    parameters: Parameters,
    labels: Sequence[str],
    sizes: Sequence[int],
    covariance: FloatArray | None,
) -> tuple[Population, ...]:
    """Means and standard deviations of ability, with intervals for those that were estimated."""
    out, place = [], n_parameters(problem) - 2 * int(problem.free_populations.sum())
    n_free = int(problem.free_populations.sum())
    for h, label in enumerate(labels):
        mean, sd, n = float(parameters.mean[h]), float(parameters.sd[h]), int(sizes[h])
        if not problem.free_populations[h]:
            out.append(Population(label, _fixed(mean, n), _fixed(sd, n), n))
            continue
        if n < LEAST_GROUP:
            none = Insufficient(Reason.TOO_FEW_PUPILS, n)
            out.append(Population(label, none, none, n))
            place += 1
            continue
        one = np.ones(1)
        at_mean = None if covariance is None else covariance[place : place + 1, place : place + 1]
        at_sd = None if covariance is None else covariance[place + n_free :, place + n_free :][:1, :1]
        spread = _not_below_nothing(_by_factor(_outcome(sd, one, at_sd, n)))
        out.append(Population(label, _outcome(mean, one, at_mean, n), spread, n))
        place += 1
    return tuple(out)


def _block(covariance: FloatArray | None, index: IntArray) -> FloatArray | None:
    if covariance is None:
        return None
    free = index >= 0
    if free.all():
        return covariance[index[:, None], index]
    out = np.zeros((len(index), len(index)))
    out[np.ix_(free, free)] = covariance[np.ix_(index[free], index[free])]
    return out


def _fixed(value: float, n: int) -> Estimate:
    return Estimate(value, 0.0, value, value, n, "fixed: defines the scale")


def _outcome(value: float, gradient: FloatArray, cov: FloatArray | None, n: int) -> Outcome:
    if cov is None:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    se = float(np.sqrt(max(float(gradient @ cov @ gradient), 0.0)))
    return Estimate(value, se, value - Z95 * se, value + Z95 * se, n, METHOD)


def _by_factor(found: Outcome) -> Outcome:
    """A slope or a spread with its interval taken on the log scale, where it scatters nearly symmetrically.

    Slopes near zero or below it keep the plain interval: it must be able to cross zero.
    """
    if not isinstance(found, Estimate) or found.se is None:
        return found
    low, high = _limits_by_factor(found.value, found.se)
    return replace(found, low=low, high=high)


def _limits_by_factor(value: float, se: float) -> tuple[float, float]:
    if value <= SLOPE_PER_SE * se:
        return value - Z95 * se, value + Z95 * se
    factor = float(np.exp(Z95 * se / value))
    return value / factor, value * factor


def _not_below_nothing(spread: Outcome) -> Outcome:
    return replace(spread, low=max(spread.low, 0.0)) if isinstance(spread, Estimate) else spread


def _beyond_prior(found: Outcome, prior: FloatArray) -> Outcome:
    """A slope whose interval reaches over what the answers alone say, where its prior moved it far.

    Items that are unlike the others are drawn to them. Answers alone are taken for normal: the prior's parts
    of the curvature and of the slope of the posterior come off (one Newton step from its mode).
    """
    if prior[1] == 0.0 or not isinstance(found, Estimate) or not found.se or found.value <= 0.0:
        return found
    a, held = found.value, 1.0 / prior[1] ** 2
    pull = held * (np.log(a) - prior[0])
    # An item of which the answers say next to nothing is what the prior says.
    precision = max(1.0 / found.se**2 - max(held - pull, 0.0) / a**2, LEAST_TOLD / found.se**2)
    move, se = float(pull / a / precision), float(1.0 / np.sqrt(precision))
    if abs(move) <= FAR * se:
        return found
    low, high = _limits_by_factor(a + move, se)
    return replace(found, low=min(found.low, low), high=max(found.high, high))


def _step(kind: int, row: FloatArray, k: int, width: int) -> tuple[float, FloatArray]:
    """Ability at which step k lies, and its gradient by the item's parameters."""
    gradient = np.zeros(width)
    d = row[k]
    gradient[k] = -1.0 / row[0]
    if kind not in (GRADED, GUESSING) and k > 1:
        d = row[k] - row[k - 1]
        gradient[k - 1] = 1.0 / row[0]
    gradient[0] = d / row[0] ** 2
    return float(-d / row[0]), gradient


def _difficulty(
    slope: Outcome, value: float, gradient: FloatArray, cov: FloatArray | None, n: int
) -> Outcome:
    if not isinstance(slope, Estimate) or slope.se is None or abs(slope.value) < SLOPE_PER_SE * slope.se:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    found = _outcome(value, gradient, cov, n)
    if isinstance(found, Estimate) and (found.se or 0.0) > MAX_DIFFICULTY_SE:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    return found


def _guessing(gamma: float, cov: FloatArray | None, n: int) -> Outcome:
    """Lower asymptote; its upper limit from the logit scale, its lower one from its own.

    On the logit scale no limit comes near 0, but items without guessing lie there: of asymptotes below 0.1
    such intervals held 53 to 86 %, now 81 to 98.
    """
    on_logit = _outcome(gamma, np.array([0.0, 0.0, 1.0]), cov, n)
    if not isinstance(on_logit, Estimate) or on_logit.se is None:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    c, high = (float(1.0 / (1.0 + np.exp(-x))) for x in (gamma, on_logit.high))
    se = c * (1.0 - c) * on_logit.se
    least = min(c, float(1.0 / (1.0 + np.exp(MAX_GAMMA))))  # of all that a fit may find
    return Estimate(c, se, max(c - Z95 * se, least), high, n, METHOD)
