"""Owns what is left of the answers once ability is taken out: residual categories and their mean squares."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.irt.models import GPCM, GRADED, GUESSING, _sigmoid, item_probabilities
from edumetrics.irt.results import Calibration
from edumetrics.results import FloatArray

LEAST_SHARE = 0.1  # of the model's variance that the correction below leaves
LEAST_VARIANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Observed − expected categories at estimated abilities.

    The ability was estimated with the item's help, which draws the residual in: with E′ the slope of the
    expected category and e the posterior sd, E[r²] = V − (E′·e)² to first order.

    Attributes
    ----------
    values : float array, items × pupils
        NaN where there is no answer.
    n : int array, items
    infit, infit_se, outfit, outfit_se : float array, items
        Mean squares with and without weights V, and their standard errors under the model.
    """

    values: FloatArray
    n: NDArray[np.int64]
    infit: FloatArray
    infit_se: FloatArray
    outfit: FloatArray
    outfit_se: FloatArray


def residuals(
    calibration: Calibration, cats: NDArray[np.int16], ability: FloatArray, error: FloatArray
) -> Residuals:
    """Residuals of the categories (N, J), −1 where missing, at abilities with their posterior sd (N,)."""
    problem, par = calibration.problem, calibration.parameters.par
    values, sums = np.empty(cats.shape[::-1]), np.zeros((cats.shape[1], 6))
    by_item = np.ascontiguousarray(cats.T)
    one_step = (problem.n_categories == 2) & (problem.kind != GRADED)
    guess = np.where(problem.kind == GUESSING, 1.0 / (1.0 + np.exp(-par[:, 2])), 0.0)
    for j in np.flatnonzero(one_step).tolist():
        # Exponentials of a whole item at once: the library has them in vectors, compiled code one by one.
        odds = np.exp(-par[j, 0] * ability - par[j, 1])
        _walk_one_step(by_item[j], odds, par[j, 0], guess[j], error, values[j], sums[j])
    if not one_step.all():
        _walk(
            by_item, np.flatnonzero(~one_step), problem.kind, par, problem.n_categories, ability, error,
            values, sums,
        )  # fmt: skip
    n, squares, variance, ratio, excess, relative = sums.T
    safe, v = np.maximum(n, 1.0), np.maximum(variance, LEAST_VARIANCE)
    return Residuals(
        values,
        n.astype(np.int64),
        squares / v,
        np.sqrt(excess) / v,
        ratio / safe,
        np.sqrt(np.maximum(relative, 0.0)) / safe,
    )


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"}, error_model="numpy")
def _walk_one_step(cats, odds, a, c, error, values, sums):  # type: ignore[no-untyped-def]
    """Fill the residuals of a right/wrong item and n, Σr², ΣV, Σr²/V, Σ(μ₄ − V²), Σ(μ₄/V² − 1).

    ``odds`` (N,) are those of a wrong answer without guessing, ``c`` is the chance to guess. No branch and
    no order of the sums stand in the way of vectors.
    """
    answers = squares = variances = ratios = excess = relative = 0.0
    for n in range(len(cats)):
        s = 1.0 / (1.0 + odds[n])
        rise = a * s * (1.0 - s) * (1.0 - c)
        s = c + (1.0 - c) * s
        variance = s * (1.0 - s)
        fourth = variance * (1.0 - 3.0 * variance)
        lost = rise * error[n]
        v, least = variance - lost * lost, LEAST_SHARE * variance
        v = v if v > least else least
        v = v if v > LEAST_VARIANCE else LEAST_VARIANCE
        seen = 1.0 if cats[n] >= 0 else 0.0
        r = (cats[n] - s) * seen
        values[n] = r if cats[n] >= 0 else np.nan
        over = fourth - v * v
        answers += seen
        squares += r * r
        variances += v * seen
        ratios += r * r / v
        excess += (over if over > 0.0 else 0.0) * seen
        relative += (fourth / (v * v) - 1.0) * seen
    sums[0], sums[1], sums[2] = answers, squares, variances
    sums[3], sums[4], sums[5] = ratios, excess, relative


@numba.njit(cache=True, nogil=True)
def _walk(cats, items, kind, par, n_categories, theta, error, values, sums):  # type: ignore[no-untyped-def]
    """The same for ``items`` of several steps, and graded ones."""
    chance, at = np.empty((par.shape[1] + 1, 1)), np.empty(1)
    for j in items:
        m, a = n_categories[j] - 1, par[j, 0]
        for n in range(cats.shape[1]):
            x = cats[j, n]
            if x < 0:
                values[j, n] = np.nan
                continue
            at[0] = theta[n]
            item_probabilities(kind[j], par[j], m, at, chance)
            mean = variance = fourth = rise = 0.0
            for k in range(1, m + 1):
                mean += k * chance[k, 0]
            for k in range(m + 1):
                square = (k - mean) * (k - mean)
                variance += square * chance[k, 0]
                fourth += square * square * chance[k, 0]
            if kind[j] == GPCM:
                rise = a * variance
            else:
                for k in range(1, m + 1):
                    s = _sigmoid(a * theta[n] + par[j, k])
                    rise += a * s * (1.0 - s)
            r = x - mean
            v = max(variance - (rise * error[n]) ** 2, LEAST_SHARE * variance)
            v = max(v, LEAST_VARIANCE)
            values[j, n] = r
            sums[j, 0] += 1.0
            sums[j, 1] += r * r
            sums[j, 2] += v
            sums[j, 3] += r * r / v
            sums[j, 4] += max(fourth - v * v, 0.0)
            sums[j, 5] += fourth / (v * v) - 1.0


def q3(found: Residuals, fewest: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Correlations of residuals (J, J) and the pupils behind each; NaN below ``fewest`` pupils."""
    r = found.values
    pupils = r.shape[1]
    if (found.n == pupils).all():
        n = np.full((len(r), len(r)), float(pupils))
        size = max(pupils, 1)
        mean = np.broadcast_to(r.sum(axis=1)[:, None] / size, n.shape)
        square = np.broadcast_to(np.einsum("jn,jn->j", r, r)[:, None] / size, n.shape)
    else:
        seen = np.isfinite(r).astype(np.float64)
        r = np.where(seen > 0, r, 0.0)
        n = seen @ seen.T
        size = np.maximum(n, 1.0)
        mean, square = r @ seen.T / size, (r * r) @ seen.T / size
    known = n >= fewest
    covariance = r @ r.T / size - mean * mean.T
    variance = square - mean**2
    spread = np.sqrt(np.where(known, np.maximum(variance * variance.T, 1e-24), 1.0))
    return np.where(known, covariance / spread, np.nan), n.astype(np.int64)
