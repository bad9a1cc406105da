"""Item and paper statistics exactly as Moodle's quiz report defines them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edumetrics.ctt.cells import Cells, cells, sums_by
from edumetrics.ctt.scores import TIE, Centred
from edumetrics.options import COMPILED_FROM
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


def moodle_statistics(centred: Centred, found: Cells | None = None) -> MoodleStatistics:
    r"""Compute Moodle's statistics.

    Parameters
    ----------
    centred : Centred
    found : Cells, optional
        The cells of `centred`, if they were formed already.

    Notes
    -----
    Following Moodle's *Quiz statistics calculations*: with :math:`x` the marks of an item, :math:`y`
    the sums of the same pupils' other marks and sums over the pupils who have a mark at the item,
    :math:`DE = \sum (x-\bar x)(y-\bar y) / \sum (x_{(i)}-\bar x)(y_{(i)}-\bar y)` with both sorted in
    the second sum; :math:`CIC = \frac{J}{J-1}(1 - \sum s_j^2 / s^2)`. Where marks are missing,
    :math:`y` is the plain sum of what is there, as in Moodle.
    """
    n = centred.n
    var_x = centred.squares
    if centred.complete:
        # The sum of the other marks is the total less the mark: products of items and totals say it all.
        with_total = centred.total @ centred.deviations
        cov = with_total - var_x
        var_y = np.maximum(float(centred.total @ centred.total) - 2.0 * with_total + var_x, 0.0)
        pupils = cells(centred) if found is None else found
        most = _most(pupils, centred.mean) * (centred.full.sum() - centred.full)
    else:
        with_total, cov, var_y, most = _with_holes(centred)
    nothing = np.full(len(n), np.nan)
    spread = (var_x > TIE) & (var_y > TIE) & (n > 1)
    index = np.divide(cov, np.sqrt(var_x * var_y), out=nothing.copy(), where=spread)
    efficiency = np.divide(cov, most, out=nothing.copy(), where=(most > TIE) & (n > 1))
    with_total = with_total / np.maximum(n - 1, 1)
    root = np.sqrt(np.maximum(with_total, 0.0))
    weight = np.where(with_total >= 0, root / root.sum() if root.sum() > 0 else np.nan, np.nan)
    facility = np.where(n > 0, centred.mean / centred.full, np.nan)
    return MoodleStatistics(facility, index, efficiency, weight, _consistency(centred))


def _with_holes(centred: Centred) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Sums of products with the totals and with the other marks, of squares, and the greatest product."""
    valid, marks, n, x = centred.valid, centred.marks, centred.n, centred.deviations
    safe = np.maximum(n, 1)
    totals = marks.sum(axis=1)
    other = np.where(valid, totals[:, None] - marks, 0.0)
    y = np.where(valid, other - other.sum(axis=0) / safe, 0.0)
    # Missing entries sort to the end as infinities and are cut off by the mask of the same height.
    rank_mask = np.arange(len(marks))[:, None] < n
    sorted_x = np.where(rank_mask, np.sort(np.where(valid, x, np.inf), axis=0), 0.0)
    sorted_y = np.where(rank_mask, np.sort(np.where(valid, y, np.inf), axis=0), 0.0)
    overall = np.where(valid, totals[:, None] - (totals @ valid) / safe, 0.0)
    return (
        (x * overall).sum(axis=0),
        (x * y).sum(axis=0),
        (y * y).sum(axis=0),
        (sorted_x * sorted_y).sum(axis=0),
    )


def _most(found: Cells, mean: FloatArray) -> FloatArray:
    """Sum of products of marks and rest scores, both sorted, of each item."""
    # Items do not overlap; marks that are equal may stand in any order.
    by_mark = np.argsort(found.mark + found.item * (2.0 * found.mark.max(initial=0.0) + 1.0))
    marks = found.mark - mean[found.item]
    if found.count.sum() >= COMPILED_FROM:
        from edumetrics.ctt.loops import products

        out = np.zeros(len(mean))
        products(found.item, found.count, found.rest, by_mark, marks, out)
        return out
    # Pupils stand in a row, item after item, once by rest score and once by mark; between two ends of cells
    # of either row both stay the same.
    one, other = np.cumsum(found.count), np.cumsum(found.count[by_mark])
    ends = np.union1d(one, other)
    width = np.diff(ends, prepend=0.0)
    rest, mark = np.searchsorted(one, ends), np.searchsorted(other, ends)
    return sums_by(found.item[rest], width * found.rest[rest] * marks[by_mark][mark], len(mean))


def _consistency(centred: Centred) -> float | Insufficient:
    n, items = int(centred.present.sum()), centred.valid.shape[1]
    if items < 2:
        return Insufficient(Reason.TOO_FEW_ITEMS, items)
    if n < 2:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    if not centred.complete:
        return Insufficient(Reason.NO_COMMON_PUPILS, n)
    total = float(centred.total @ centred.total) / (n - 1)
    if total <= TIE:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    parts = float(centred.squares.sum()) / (n - 1)
    return float(items / (items - 1) * (1.0 - parts / total))
