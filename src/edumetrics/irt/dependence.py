r"""Owns how much surer abilities look than they are, where items share more than ability.

Items on one text, a second ability, a habit of careless answers: residuals of two items then go together,
and the sum of all answers varies more than independent answers would. With residuals r, slopes a and
variances V the score of ability has the variance :math:`\varphi I`, :math:`\varphi = 1 + 2\sum_{j<l}
a_j a_l\operatorname{cov}(r_j, r_l) / \sum_j a_j^2 V_j`, where the model says I; the error variance of a
posterior mean is then :math:`(\varphi I + 1)/(I + 1)^2` (sandwich: White 1982, Econometrica 50, 1). Nobody
needs to know which items belong together: each residual correlation above the mean of all (Yen's Q3) is
drawn to it by the chance it carries, as James & Stein (1961) do, and those that go down are only the
counterpart of those that go up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edumetrics.irt.residuals import q3, residuals
from edumetrics.irt.results import Calibration
from edumetrics.results import FloatArray

FEWEST = 100  # pupils below which correlations of residuals are chance
SAMPLE = 2000  # pupils, evenly spread, from whom dependence is known well enough
BEYOND_CHANCE = 5.0  # standard errors of the mean squared correlation of residuals
# What chance adds to φ is known: ∫₁^∞ (t − 1/t) φ(t) dt per pair and √n. A misfit that adds less than
# this much to it (few items whose residuals must sum to nothing) is no dependence.
BY_CHANCE, LEAST = 0.1303, 0.08


def score_inflation(
    calibration: Calibration, cats: NDArray[np.int16], ability: FloatArray, error: FloatArray
) -> float:
    """φ: how many times larger the variance of the score of ability is than the model says.

    Parameters
    ----------
    cats : (N, J) int
        Categories of the pupils, −1 where missing.
    ability, error : (N,) float
        Posterior means and standard deviations.

    Returns
    -------
    float
        1 where there are too few pupils or no more dependence than chance brings.
    """
    rows = np.flatnonzero((cats >= 0).any(axis=1))
    if len(rows) < FEWEST:
        return 1.0
    rows = rows[:: -(-len(rows) // SAMPLE)]
    found = residuals(calibration, cats[rows], ability[rows], error[rows])
    correlation, shared = q3(found, FEWEST)
    first, second = np.triu_indices(len(correlation), 1)
    value, n = correlation[first, second], shared[first, second]
    known = np.isfinite(value)
    if known.sum() < 2:
        return 1.0
    first, second, value, n = first[known], second[known], value[known], n[known]
    above = value - value.mean()
    if (np.mean(n * above**2) - 1.0) * np.sqrt(len(n) / 2.0) < BEYOND_CHANCE:
        return 1.0
    drawn = np.maximum(above - 1.0 / (n * np.maximum(above, 1e-12)), 0.0)
    squares = np.nanmean(np.square(found.values), axis=1, where=np.isfinite(found.values))
    weight = np.abs(calibration.parameters.par[:, 0]) * np.sqrt(squares)
    # Pupils count for the pairs and items that they had.
    pairs = 2.0 * weight[first] * weight[second] * n / float(np.sum(weight**2 * found.n))
    added, by_chance = float(pairs @ drawn), float(pairs @ (BY_CHANCE / np.sqrt(n)))
    return 1.0 + added if added > by_chance + LEAST else 1.0


def stretch_of(inflation: float, error: FloatArray, spread: FloatArray) -> FloatArray:
    """Factor of the error of a posterior whose answers vary ``inflation`` times as much as they should."""
    share = np.clip(1.0 - (error / spread) ** 2, 0.0, 1.0)  # of the information that comes from answers
    return np.asarray(np.sqrt(1.0 + (inflation - 1.0) * share))
