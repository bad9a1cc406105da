"""Owns the pupils of each item put together: equal mark, equal score on the other items, equal choice.

Item statistics need no more of a pupil than these three. A paper of right/wrong items that thousands took
has some hundreds of different ones an item, and every figure is a sum over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edumetrics.ctt.scores import TIE, Centred
from edumetrics.options import COMPILED_FROM, NO_CHOICE, OptionResponses
from edumetrics.results import FloatArray, IntArray

SCALES = (1, 2, 4, 10)  # marks are nearly always whole, half, quarter or tenth marks
ROOM = 4  # entries of the table of counts per answer, above which pupils are taken one by one
APART = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Pupils with a mark and a rest score, by item and then by rest score (see `Centred.rest`).

    Attributes
    ----------
    item, pattern : int array, cells
        `pattern` is −1 without a choice.
    rest, mark, count : float array, cells
    start : int array, items + 1
        Where each item begins.
    n : float array, items
        Pupils.
    """

    item: IntArray
    pattern: IntArray
    rest: FloatArray
    mark: FloatArray
    count: FloatArray
    start: IntArray
    n: FloatArray

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum over the pupils of each item of a value per cell."""
        return sums_by(self.item, values * self.count, len(self.n))


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """Where quantiles of the rest score cut the cells of each item; pupils tied with a cut are shared.

    Attributes
    ----------
    zone : int array, cells
        How many ends of ties lie before the cell, 0 … 2·Q.
    lower, upper : int array, items × Q
        Zones that end at the first and after the last cell tied with a cut.
    part : float array, items × Q
        Share of the tied pupils that lies below the cut.
    """

    zone: IntArray
    lower: IntArray
    upper: IntArray
    part: FloatArray

    def below(self, group: IntArray, weights: FloatArray, item: IntArray) -> tuple[FloatArray, FloatArray]:
        """Sums below each cut (G × Q), and whole (G,), of weights per cell.

        Parameters
        ----------
        group : int array, cells
            0 … G − 1, each within one item.
        item : int array, G
            Item of each group.
        """
        zones = 2 * self.part.shape[1] + 1
        flat = sums_by(group * zones + self.zone, weights, len(item) * zones)
        reached = np.cumsum(flat.reshape(len(item), zones), axis=1)
        under = np.take_along_axis(reached, self.lower[item], axis=1)
        over = np.take_along_axis(reached, self.upper[item], axis=1)
        return under + self.part[item] * (over - under), reached[:, -1]


def sums_by(group: IntArray, weights: FloatArray, size: int) -> FloatArray:
    """Sum of the weights in each of so many groups; floats also where there is nothing to add."""
    return np.bincount(group, weights=weights, minlength=size).astype(np.float64, copy=False)


def cells(centred: Centred, options: OptionResponses | None = None) -> Cells:
    """Put the pupils of each item together.

    With missing marks, and with marks of so many kinds that few pupils are equal, each pupil is a cell.
    """
    codes = None if options is None else options.codes
    together = _together(centred, codes) if centred.complete else None
    item, pattern, mark, count, total, offered = _one_by_one(centred, codes) if together is None else together
    others = offered - centred.full[item]
    known = others > TIE
    if not known.all():
        columns = (item, mark, count, total, others)
        item, mark, count, total, others = (column[known] for column in columns)  # type: ignore[assignment]
        pattern = pattern[known]
    rest = (total - (mark - centred.mean[item])) / others
    # Rest scores lie in −1 … 1: four apart, the items do not overlap.
    order = np.argsort(rest + APART * item)
    start = np.searchsorted(item, np.arange(len(centred.n) + 1))
    n = sums_by(item, count, len(centred.n))
    return Cells(item, pattern[order], rest[order], mark[order], count[order], start, n)


def cut(found: Cells, quantiles: FloatArray) -> Cuts:
    """Cut every item's pupils at quantiles strictly between 0 and 1 (as `scores.group_weights` does)."""
    items, q = len(found.n), len(quantiles)
    ends = np.concatenate([[0.0], np.cumsum(found.count)])
    position = found.n[:, None] * quantiles
    at = np.clip(np.floor(position + TIE), 0, np.maximum(found.n - 1, 0)[:, None])
    place = np.searchsorted(ends, ends[found.start[:-1], None] + at, side="right") - 1
    empty = found.n == 0
    value = found.rest[np.where(empty[:, None], 0, place)] if len(found.rest) else np.zeros((items, q))
    key, shift = found.rest + APART * found.item, APART * np.arange(items)[:, None]
    low = np.searchsorted(key, value + shift - TIE, side="left")
    high = np.searchsorted(key, value + shift + TIE, side="right")
    low, high = np.where(empty[:, None], found.start[:-1, None], (low, high))
    first, size = ends[low] - ends[found.start[:-1], None], ends[high] - ends[low]
    part = np.divide(position - first, size, out=np.zeros((items, q)), where=size > 0)
    bounds = np.concatenate([low, high], axis=1)
    order = np.argsort(bounds, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(2 * q)[None, :], axis=1)
    passed = np.cumsum(np.bincount(bounds.reshape(-1), minlength=len(found.rest) + 1))[: len(found.rest)]
    return Cuts(passed - 2 * q * found.item, rank[:, :q], rank[:, q:], np.clip(part, 0.0, 1.0))


_Columns = tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray, FloatArray]


def _together(centred: Centred, codes: NDArray[np.int16] | None) -> _Columns | None:
    """Item, pattern, mark, size, total and marks offered of each cell; None where too few are equal."""
    marks = centred.of_present(centred.marks)
    scale = next((k for k in SCALES if _whole(marks, k)), None)
    if scale is None or len(marks) == 0:
        return None
    # Totals of marks such as 0.1 + 0.2 and 0.3 are one total.
    totals, rank = np.unique(np.round(centred.of_present(centred.total), 9), return_inverse=True)
    kinds = np.rint(centred.full * scale).astype(np.int64) + 1
    choices = np.ones(len(kinds), dtype=np.int64)
    if codes is not None:
        codes = codes if len(codes) == len(marks) else codes[centred.present]
        choices += codes.max(axis=0) + 1
    base = np.concatenate([[0], np.cumsum(len(totals) * kinds * choices)])
    if base[-1] > ROOM * marks.size:
        return None
    table = np.zeros(base[-1], dtype=np.int64)
    if marks.size >= COMPILED_FROM:
        from edumetrics.ctt.loops import count

        chosen = np.empty((0, 0), dtype=np.int16) if codes is None else codes
        count(marks, float(scale), rank, kinds, choices, base, chosen, table)
    else:
        at = (rank[:, None] * kinds + (marks * scale + 0.5).astype(np.int64)) * choices + base[:-1]
        table += np.bincount((at if codes is None else at + codes + 1).reshape(-1), minlength=len(table))
    used = np.flatnonzero(table)
    item = np.repeat(np.arange(len(kinds)), np.diff(base))[used]
    place, pattern = np.divmod(used - base[item], choices[item])
    which, kind = np.divmod(place, kinds[item])
    offered = np.full(len(used), centred.full.sum())
    return item, pattern - 1, kind / scale, table[used].astype(np.float64), totals[which], offered


def _whole(marks: FloatArray, scale: int) -> bool:
    """Whether so many times each mark is a whole number."""
    if marks.size >= COMPILED_FROM:
        from edumetrics.ctt.loops import whole

        return bool(whole(marks, scale))
    part = marks * scale
    return bool((part == np.rint(part)).all())


def _one_by_one(centred: Centred, codes: NDArray[np.int16] | None) -> _Columns:
    item, pupil = np.nonzero(centred.valid.T)
    nothing = np.full(len(item), NO_CHOICE)
    pattern = nothing if codes is None else codes[pupil, item].astype(np.int64)
    mark, size = centred.marks[pupil, item], np.ones(len(item))
    return item, pattern, mark, size, centred.total[pupil], centred.offered[pupil]
