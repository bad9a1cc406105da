"""Item and paper statistics exactly as Moodle's quiz report defines them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edumetrics.ctt.scores import TIE, Centred
from edumetrics.results import FloatArray, Insufficient, Reason


@dataclass(frozen=True, slots=True, eq=False)
class MoodleStatistics:
    """Moodle's figures, as shares (Moodle's pages show them times 100). NaN where Moodle shows none.

    Attributes
    ----------
    facility : float array, items
    discrimination_index : float array, items
        Correlation of the mark with the sum of the pupil's other marks.
    discriminative_efficiency : float array, items
        Covariance with the other marks over the greatest one that these two sets of marks allow.
    effective_weight : float array, items
        Share of the item in the spread of the totals; NaN where its covariance with them is negative.
    cic : float or Insufficient
        Coefficient of internal consistency (α); it needs complete marks.
    """

    facility: FloatArray
    discrimination_index: FloatArray
    discriminative_efficiency: FloatArray
    effective_weight: FloatArray
    cic: float | Insufficient


def moodle_statistics(centred: Centred) -> MoodleStatistics:
    r"""Compute Moodle's statistics.

    Notes
    -----
    Following Moodle's *Quiz statistics calculations*: with :math:`x` the marks of an item, :math:`y`
    the sums of the same pupils' other marks and sums over the pupils who have a mark at the item,
    :math:`DE = \sum (x-\bar x)(y-\bar y) / \sum (x_{(i)}-\bar x)(y_{(i)}-\bar y)` with both sorted in
    the second sum; :math:`CIC = \frac{J}{J-1}(1 - \sum s_j^2 / s^2)`. Where marks are missing,
    :math:`y` is the plain sum of what is there, as in Moodle.
    """
    valid, marks = centred.valid, centred.marks
    n = centred.n
    safe = np.maximum(n, 1)
    totals = marks.sum(axis=1)
    other = np.where(valid, totals[:, None] - marks, 0.0)
    x = centred.deviations
    y = np.where(valid, other - other.sum(axis=0) / safe, 0.0)
    cov = (x * y).sum(axis=0)
    var_x, var_y = (x * x).sum(axis=0), (y * y).sum(axis=0)
    # Missing entries sort to the end as infinities and are cut off by the mask of the same height.
    rank_mask = np.arange(len(marks))[:, None] < n
    sorted_x = np.where(rank_mask, np.sort(np.where(valid, x, np.inf), axis=0), 0.0)
    sorted_y = np.where(rank_mask, np.sort(np.where(valid, y, np.inf), axis=0), 0.0)
    most = (sorted_x * sorted_y).sum(axis=0)
    nothing = np.full(len(n), np.nan)
    spread = (var_x > TIE) & (var_y > TIE) & (n > 1)
    index = np.divide(cov, np.sqrt(var_x * var_y), out=nothing.copy(), where=spread)
    efficiency = np.divide(cov, most, out=nothing.copy(), where=(most > TIE) & (n > 1))
    overall = np.where(valid, totals[:, None] - np.where(valid, totals[:, None], 0.0).sum(axis=0) / safe, 0.0)
    with_total = (x * overall).sum(axis=0) / np.maximum(n - 1, 1)
    root = np.sqrt(np.maximum(with_total, 0.0))
    weight = np.where(with_total >= 0, root / root.sum() if root.sum() > 0 else np.nan, np.nan)
    facility = np.where(n > 0, centred.mean / centred.full, np.nan)
    return MoodleStatistics(facility, index, efficiency, weight, _consistency(centred))


def _consistency(centred: Centred) -> float | Insufficient:
    present = centred.valid.any(axis=1)
    n, items = int(present.sum()), centred.valid.shape[1]
    if items < 2:
        return Insufficient(Reason.TOO_FEW_ITEMS, items)
    if n < 2:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    if not centred.complete:
        return Insufficient(Reason.NO_COMMON_PUPILS, n)
    total = float(np.var(centred.marks[present].sum(axis=1), ddof=1))
    if total <= TIE:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    parts = float(np.var(centred.marks[present], axis=0, ddof=1).sum())
    return float(items / (items - 1) * (1.0 - parts / total))
