"""Owns how well a calibration describes the answers: item fit and dependence between items.

Sources: S-X² see `edumetrics.irt.sum_score_fit`; infit and outfit Wright & Masters (1982); Q3 Yen (1984)
Appl. Psychol. Meas. 8, 125, read against its mean as Christensen, Makransky & Horton (2017) ibid. 41, 178.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from edumetrics.arrays import ResponseMatrix
from edumetrics.irt.posteriors import posterior_moments
from edumetrics.irt.residuals import q3, residuals
from edumetrics.irt.results import Calibration
from edumetrics.irt.sum_score_fit import SumScoreFit, sum_score_fit
from edumetrics.results import Estimate, FloatArray, Insufficient, Outcome, Reason

Z95 = 1.959963984540054
FEWEST = 100  # pupils below which a fit statistic says more about chance than about the item
MISFIT_RMSEA = 0.05  # effect size above which a significant S-X² is worth a teacher's look
MEAN_SQUARE_RANGE = (0.7, 1.3)  # usual bounds for infit and outfit of school tests
CHANCE = 0.05  # that any pair of an exam without dependence is named
DEPENDENT_ABOVE_MEAN = 0.2  # Q3 this far above the mean of all pairs


@dataclass(frozen=True, slots=True)
class ItemFit:
    """Fit of one item. ``misfit`` needs a size *and* more than chance, never a p-value alone."""

    item: str
    s_x2: SumScoreFit | Insufficient
    infit: Outcome
    outfit: Outcome
    misfit: bool


@dataclass(frozen=True, slots=True)
class DependentPair:
    """Two items that share more than ability (a common text, a chain of steps: a testlet)."""

    first: str
    second: str
    q3: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class ExamFit:
    """Fit of a calibration.

    Attributes
    ----------
    items : tuple of ItemFit
    q3 : (J, J) float
        Residual correlations; NaN where fewer than `FEWEST` pupils answered both.
    dependent : tuple of DependentPair
    testlets : tuple of tuple of str
        Items joined by dependent pairs.
    """

    items: tuple[ItemFit, ...]
    q3: FloatArray
    dependent: tuple[DependentPair, ...]
    testlets: tuple[tuple[str, ...], ...]


def exam_fit(calibration: Calibration, matrix: ResponseMatrix) -> ExamFit:
    """Check every item of a calibration against the answers it was made from."""
    cats = calibration.coding.encode(matrix)
    seen = np.asarray((cats >= 0).any(axis=1))
    if not seen.all():
        cats = cats[seen]
    ability, error = posterior_moments(calibration, cats, np.zeros(len(cats), dtype=np.int64))
    found = residuals(calibration, cats, ability, error)
    s_x2 = sum_score_fit(calibration, cats, FEWEST)
    infit = _mean_squares(found.infit, found.infit_se, found.n, "infit")
    outfit = _mean_squares(found.outfit, found.outfit_se, found.n, "outfit")
    items = tuple(
        ItemFit(name, by_sum, inner, outer, _is_misfit(by_sum, inner))
        for name, by_sum, inner, outer in zip(calibration.coding.items, s_x2, infit, outfit, strict=True)
    )
    correlations, counts = q3(found, FEWEST)
    pairs = _dependent(calibration.coding.items, correlations, counts)
    return ExamFit(items, correlations, pairs, _join(pairs))


def _is_misfit(s_x2: SumScoreFit | Insufficient, infit: Outcome) -> bool:
    bad_sum = isinstance(s_x2, SumScoreFit) and s_x2.rmsea > MISFIT_RMSEA and s_x2.p < 0.01
    bad_square = isinstance(infit, Estimate) and (
        infit.low > MEAN_SQUARE_RANGE[1] or infit.high < MEAN_SQUARE_RANGE[0]
    )
    return bad_sum or bad_square


def _mean_squares(value: FloatArray, se: FloatArray, n: NDArray[np.int64], name: str) -> list[Outcome]:
    return [
        Estimate(x, e, x - Z95 * e, x + Z95 * e, pupils, f"{name} at EAP/model variance")
        if pupils >= FEWEST
        else Insufficient(Reason.TOO_FEW_PUPILS, pupils)
        for x, e, pupils in zip(value.tolist(), se.tolist(), n.tolist(), strict=True)
    ]


def _dependent(
    items: tuple[str, ...], correlations: FloatArray, counts: NDArray[np.int64]
) -> tuple[DependentPair, ...]:
    rows, cols = np.triu_indices(len(items), 1)
    values = correlations[rows, cols]
    known = np.isfinite(values)
    if not known.any():
        return ()
    mean = float(values[known].mean())
    # Among thousands of pairs some stand out by chance: the bound grows with their number (Bonferroni).
    chance = float(ndtri(1.0 - CHANCE / int(known.sum()))) / np.sqrt(np.maximum(counts[rows, cols], 1))
    far = known & (values - mean > np.maximum(DEPENDENT_ABOVE_MEAN, chance))
    return tuple(
        DependentPair(items[i], items[j], float(correlations[i, j]), int(counts[i, j]))
        for i, j in zip(rows[far].tolist(), cols[far].tolist(), strict=True)
    )


def _join(pairs: tuple[DependentPair, ...]) -> tuple[tuple[str, ...], ...]:
    """Connected components of the dependent pairs, items in order of first appearance."""
    group: dict[str, list[str]] = {}
    for pair in pairs:
        merged = list(
            dict.fromkeys([*group.get(pair.first, [pair.first]), *group.get(pair.second, [pair.second])])
        )
        for item in merged:
            group[item] = merged
    return tuple(tuple(g) for g in {id(g): g for g in group.values()}.values())
