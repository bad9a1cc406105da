"""Owns S-X²: do pupils of equal sum score answer an item as the model says?

Sources: Orlando & Thissen (2000) Appl. Psychol. Meas. 24, 50; several categories: Kang & Chen (2008) J. Educ.
Meas. 45, 391.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from edumetrics.irt.em import log_weights
from edumetrics.irt.models import GUESSING, all_probabilities
from edumetrics.irt.results import Calibration
from edumetrics.irt.sum_scores import expected_by_sum_score
from edumetrics.results import Insufficient, Reason

LEAST_EXPECTED = 1.0  # neighbouring sum scores are pooled until each cell expects so many pupils


@dataclass(frozen=True, slots=True)
class SumScoreFit:
    """S-X²: expected against observed categories per sum score.

    Attributes
    ----------
    statistic : float
    df : int
    p : float
    rmsea : float
        √(max(χ² − df, 0) / (df·n)): the size of the misfit, whatever the number of pupils.
    n : int
    """

    statistic: float
    df: int
    p: float
    rmsea: float
    n: int


def sum_score_fit(
    calibration: Calibration, cats: NDArray[np.int16], fewest: int
) -> list[SumScoreFit | Insufficient]:
    """S-X² of each item from the pupils with complete answers, if there are ``fewest`` of them."""
    problem = calibration.problem
    whole = np.asarray((cats >= 0).all(axis=1))
    n, n_items = int(whole.sum()), len(problem.kind)
    if n < fewest:
        return [Insufficient(Reason.TOO_FEW_PUPILS, n)] * n_items
    complete = cats if n == len(cats) else cats[whole]
    steps = problem.n_categories - 1
    width, top = int(problem.n_categories.max()), int(steps.sum())
    probability = np.empty((n_items, width, len(problem.theta)))
    all_probabilities(
        problem.kind, calibration.parameters.par, problem.n_categories, problem.theta, False, probability
    )
    weights = np.exp(log_weights(problem.theta, calibration.parameters.mean, calibration.parameters.sd))
    sizes = np.array([p.n for p in calibration.populations], dtype=np.float64)
    expected = expected_by_sum_score(probability, problem.n_categories, (sizes / sizes.sum()) @ weights, top)
    statistic, cells = np.zeros(n_items), np.zeros(n_items, dtype=np.int64)
    _pool_and_compare(complete, expected, problem.n_categories, statistic, cells)
    own = np.where(problem.kind == GUESSING, 3, steps + (0 if problem.shared_slope else 1))
    df = cells * steps - own
    p = chdtrc(np.maximum(df, 1), statistic)
    return [
        Insufficient(Reason.TOO_FEW_ITEMS, c)
        if d < 1
        else SumScoreFit(x, d, tail, float(np.sqrt(max(x - d, 0.0) / (d * n))), n)
        for x, d, tail, c in zip(statistic.tolist(), df.tolist(), p.tolist(), cells.tolist(), strict=True)
    ]


@numba.njit(cache=True, nogil=True)
def _pool_and_compare(cats, expected, n_categories, statistic, cells):  # type: ignore[no-untyped-def]
    """Pool scores upwards until every category expects enough; what remains joins the last cell."""
    n_items, scores, width = expected.shape
    observed = np.zeros(expected.shape)
    for n in range(cats.shape[0]):
        total = 0
        for j in range(cats.shape[1]):
            total += cats[n, j]
        for j in range(cats.shape[1]):
            observed[j, total, cats[n, j]] += 1.0
    pooled_o, pooled_e = np.empty((scores, width)), np.empty((scores, width))
    for j in range(n_items):
        m = n_categories[j]
        found = 0
        pooled_o[0], pooled_e[0] = 0.0, 0.0
        for s in range(1, scores - 1):  # at no and full marks every item is certain
            size = 0.0
            for k in range(m):
                size += observed[j, s, k]
            least = np.inf
            for k in range(m):
                pooled_o[found, k] += observed[j, s, k]
                pooled_e[found, k] += size * expected[j, s, k]
                least = min(least, pooled_e[found, k])
            if least >= LEAST_EXPECTED:
                found += 1
                pooled_o[found], pooled_e[found] = 0.0, 0.0
        if found > 0:
            for k in range(m):
                pooled_o[found - 1, k] += pooled_o[found, k]
                pooled_e[found - 1, k] += pooled_e[found, k]
        for c in range(found):
            for k in range(m):
                gap = pooled_o[c, k] - pooled_e[c, k]
                statistic[j] += gap * gap / pooled_e[c, k]
        cells[j] = found
