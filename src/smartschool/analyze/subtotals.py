"""Columns that add up other columns (选择题得分 beside 1–10): by name and by value, never by chance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edumetrics.results import BoolArray, FloatArray, IntArray
from smartschool.analyze.columns import has_parts, names_a_part, says_sum

# A named subtotal may be wrong in a tenth of the rows (somebody corrected a mark), one without a name in 2 %.
_NAMED, _UNNAMED = 0.9, 0.98
# Decimal logarithm of the chance that shuffled marks agree as well, times the sums tried. Marks of able
# pupils agree more often than shuffled ones, hence so small; eight pupils do not reach it without a name.
_CHANCE_NAMED, _CHANCE, _WORTH_TELLING = -3.0, -6.0, -1.0
_FEWEST = 3  # pupils who must agree, even under a title that says 得分 of a part
_EQUAL = 0.005
_FIRST, _FIRST_LOOSE = 8, 0.5
_SAMPLE = 32  # rows looked at first
_LOOSE = 0.75  # of the sample must agree, or no more rows are looked at
_SOLVED = 400  # rows that decide which columns add up, where these do not stand together


@dataclass(frozen=True, slots=True)
class Subtotal:
    """A column that adds up others.

    Attributes
    ----------
    at : int
        Which column.
    parts : list of int
        The columns that it adds up.
    differing : list of int
        Rows in which it says something else.
    sure : bool
        False: so few pupils or marks that an item could agree by chance.
    """

    at: int
    parts: list[int]
    differing: list[int]
    sure: bool


def find_subtotals(titles: Sequence[str], marks: FloatArray, stated: FloatArray | None) -> list[Subtotal]:
    """Columns of `marks` (NaN: none) that add up others.

    `stated` is the column 总分: where it adds up all columns, all are items; where it adds up those that are
    left without the found ones, these are subtotals however few pupils there are.
    """
    active = [j for j in range(marks.shape[1]) if np.nan_to_num(marks[:, j]).max(initial=0.0) > 0]
    if stated is not None and _adds_up(stated, marks):
        return []
    found: list[Subtotal] = []
    # The parts of a question are added up first, then the questions of a section.
    while (one := _shortest(titles, marks, active)) is not None:
        found.append(one)
        active.remove(one.at)
    left = [j for j in range(marks.shape[1]) if j not in {one.at for one in found}]
    if found and stated is not None and left and _adds_up(stated, marks[:, left]):
        return [replace(one, sure=True) for one in found]
    if stated is not None:
        found += _beyond_total(titles, marks, left, stated)
    return found


def _beyond_total(
    titles: Sequence[str], marks: FloatArray, left: list[int], stated: FloatArray
) -> list[Subtotal]:
    """The column that the total lacks, if it adds up others: then no chance is needed to believe it."""
    for at in left:
        others = [j for j in left if j != at]
        if not others or not np.nan_to_num(marks[:, at]).any() or not _adds_up(stated, marks[:, others]):
            continue
        for parts in _neighbours(titles, marks, others, at):
            if (one := _judged(titles, marks, at, parts, len(left), believed=True)) is not None:
                return [one]
    return []


def completes_total(marks: FloatArray, part: FloatArray, stated: FloatArray) -> bool:
    """Whether the stated total holds `part` beside the items: then it is an item of its own."""
    return not _adds_up(stated, marks) and _adds_up(stated, np.column_stack([marks, part]))


def _adds_up(stated: FloatArray, marks: FloatArray) -> bool:
    known = np.isfinite(stated) & np.isfinite(marks).any(axis=1)
    if known.sum() < 2:
        return False
    return bool(np.mean(_equal(np.nansum(marks[known], axis=1), stated[known])) >= _NAMED)


def _equal(one: FloatArray, other: FloatArray) -> BoolArray:
    return np.asarray(np.abs(one - other) < _EQUAL)


def _shortest(titles: Sequence[str], marks: FloatArray, active: list[int]) -> Subtotal | None:
    """The column that adds up the fewest others; a sure one before one that may be chance."""
    for sets in (_by_place, _by_equations):
        found = [
            one
            for at, parts in sets(titles, marks, active)
            if (one := _judged(titles, marks, at, parts, len(active))) is not None
        ]
        if found:
            certain = [one for one in found if one.sure] or found
            return min(certain, key=lambda one: (len(one.parts), one.at))
    return None


def _by_place(titles: Sequence[str], marks: FloatArray, active: list[int]) -> Iterator[tuple[int, list[int]]]:
    """Columns, each with what it may add up: its own parts by name, and columns that stand together."""
    highest = np.nan_to_num(marks).max(axis=0, initial=0.0)
    lowest_top = min(highest[active], default=0.0)
    for at in active:
        # A sum goes higher than its parts do.
        if highest[at] <= lowest_top and not names_a_part(titles[at]):
            continue
        others = [j for j in active if j != at]
        yield from ((at, parts) for parts in _neighbours(titles, marks, others, at))


def _neighbours(titles: Sequence[str], marks: FloatArray, others: list[int], at: int) -> list[list[int]]:
    own = [j for j in others if has_parts(titles[at], titles[j])]
    known = np.flatnonzero(np.isfinite(marks[:, at]))
    agree = _agreement(marks, others, known[_spread(len(known), _FIRST)], at) >= _FIRST_LOOSE
    if agree.any():
        agree &= _agreement(marks, others, known[_spread(len(known), _SAMPLE)], at) >= _LOOSE
    least = 1 if names_a_part(titles[at]) else 2
    runs = [others[i:j] for i, j in np.argwhere(agree) if j - i >= least]
    return ([own] if len(own) > 1 else []) + runs


def _agreement(marks: FloatArray, others: list[int], rows: IntArray, at: int) -> FloatArray:
    """Share of the rows in which columns i to j − 1 of `others` add up to the column, by i and j."""
    some = np.nan_to_num(marks[rows][:, others])
    ends = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(some, axis=1)], axis=1)
    equal = _equal(ends[:, None, :] - ends[:, :, None], marks[rows, at][:, None, None])
    return np.asarray(equal.mean(axis=0) if len(rows) else np.zeros(equal.shape[1:]))


def _by_equations(
    titles: Sequence[str], marks: FloatArray, active: list[int]
) -> Iterator[tuple[int, list[int]]]:
    """Columns, each with the one set that adds up to it, wherever these stand; none without pupils enough."""
    rows = _spread(len(marks), _SOLVED)
    table = np.nan_to_num(marks[rows][:, active])
    if len(active) < 3 or len(rows) < 2 * len(active) + 10:
        return
    _, sizes, directions = np.linalg.svd(table, full_matrices=False)
    # A sum of columns is a direction in which the table has no width; it leads through the columns it joins.
    flat = directions[sizes < 1e-8 * sizes[0]]
    for at in [
        j for j, joined in zip(active, np.abs(flat).max(axis=0, initial=0.0) > 1e-6, strict=True) if joined
    ]:
        others = [place for place, j in enumerate(active) if j != at and not names_a_part(titles[j])]
        weights, _, rank, _ = np.linalg.lstsq(table[:, others], table[:, active.index(at)], rcond=None)
        parts = [active[place] for place, weight in zip(others, weights, strict=True) if weight > 0.5]
        none_or_whole = np.minimum(np.abs(weights), np.abs(weights - 1.0))
        if rank == len(others) and none_or_whole.max(initial=0.0) < 1e-6 and len(parts) > 1:
            yield at, parts


def _spread(n: int, most: int) -> IntArray:
    """Up to so many of `n` rows, from first to last."""
    return np.linspace(0, max(n - 1, 0), min(n, most)).astype(np.int64)


def _judged(
    titles: Sequence[str],
    marks: FloatArray,
    at: int,
    parts: list[int],
    n_columns: int,
    *,
    believed: bool = False,
) -> Subtotal | None:
    column = marks[:, at]
    known = np.flatnonzero(np.isfinite(column) & np.isfinite(marks[:, parts]).any(axis=1))
    same = _equal(np.nansum(marks[known][:, parts], axis=1), column[known])
    own = all(has_parts(titles[at], titles[j]) for j in parts)
    named = own or names_a_part(titles[at])
    if len(known) < 2 or np.mean(same) < (_NAMED if named else _UNNAMED):
        return None
    if believed:
        return Subtotal(at, parts, known[~same].tolist(), True)
    values = column[known][same]
    if (own or says_sum(titles[at])) and len(parts) > 1 and not any(names_a_part(titles[j]) for j in parts):
        sure = len(values) >= _FEWEST and bool(np.ptp(values) > 0)
        return Subtotal(at, parts, known[~same].tolist(), sure)
    tried = n_columns**2 / 2 if named else n_columns**3 / 2
    chance = _log_chance(values, len(known)) + math.log10(tried)
    if chance > _WORTH_TELLING:
        return None
    return Subtotal(at, parts, known[~same].tolist(), chance < (_CHANCE_NAMED if named else _CHANCE))


def _log_chance(values: FloatArray, n: int) -> float:
    """Decimal logarithm of the chance that a shuffled column agrees with a sum in these of its `n` values."""
    _, counts = np.unique(np.round(values, 6), return_counts=True)
    shuffled = sum(math.lgamma(count + 1) for count in counts) - math.lgamma(len(values) + 1)
    chosen = math.lgamma(n + 1) - math.lgamma(len(values) + 1) - math.lgamma(n - len(values) + 1)
    return (shuffled + chosen) / math.log(10)
