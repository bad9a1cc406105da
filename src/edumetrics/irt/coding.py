"""Owns the way from marks to categories: what a partial mark counts as, and which items say nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.compiler import start_compiler
from edumetrics.results import Caution, FloatArray, Insufficient, IntArray, Reason

MAX_CATEGORIES = 10  # an essay of 60 marks has more values than a step model can carry
MIN_COUNT = 3  # a category seen less often is merged: its step could not be estimated
_QUARTERS = 4  # marks are nearly always whole, half or quarter marks: counted without sorting
MOST_QUARTERS = 4096  # of a mark that is counted so


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """How marks of the kept items become categories 0 … m.

    Attributes
    ----------
    items : tuple of str, J
    edges : tuple of (m,) float
        A mark at or above ``edges[k − 1]`` belongs to category k or higher.
    marks : tuple of (m + 1,) float
        Mean mark of the pupils in each category.
    counts : tuple of (m + 1,) int
    """

    items: tuple[str, ...]
    edges: tuple[FloatArray, ...]
    marks: tuple[FloatArray, ...]
    counts: tuple[IntArray, ...]

    @property
    def n_categories(self) -> IntArray:
        """Categories per item (J,)."""
        return np.array([len(m) for m in self.marks], dtype=np.int64)

    def encode(self, matrix: ResponseMatrix) -> NDArray[np.int16]:
        """Categories (N, J) of any pupils, −1 where there is no mark or no such item in the matrix."""
        place = {item: index for index, item in enumerate(matrix.items)}
        column = np.array([place.get(item, 0) for item in self.items], dtype=np.int64)
        first = np.cumsum([0, *(len(edges) for edges in self.edges)])
        edges = np.concatenate([*self.edges, np.empty(0)])
        several = np.flatnonzero(np.diff(first) > 1)
        out = np.empty((matrix.n_pupils, len(column)), dtype=np.int16)
        start_compiler()
        _encode(matrix.marks, column, edges, first, edges[first[:-1]], several, out)
        out[:, [item not in place for item in self.items]] = -1
        return out

    def encode_columns(self, columns: Sequence[FloatArray]) -> NDArray[np.int16]:
        """Categories (N, J) from one column of marks per item, NaN where there is none."""
        out = np.empty((len(columns), len(columns[0]) if columns else 0), dtype=np.int16)
        for cats, column, edges in zip(out, columns, self.edges, strict=True):
            np.greater_equal(column, edges[0], out=cats, casting="unsafe")
            for edge in edges[1:]:
                cats += column >= edge
            cats[np.isnan(column)] = -1
        return np.ascontiguousarray(out.T)

    def take(self, keep: NDArray[np.bool_]) -> Coding:
        """Only the items where ``keep`` holds."""
        chosen = np.flatnonzero(keep)
        return Coding(
            tuple(self.items[j] for j in chosen),
            tuple(self.edges[j] for j in chosen),
            tuple(self.marks[j] for j in chosen),
            tuple(self.counts[j] for j in chosen),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A coding learnt from a matrix, and what had to be left out."""

    coding: Coding
    categories: NDArray[np.int16]
    excluded: MappingProxyType[str, Insufficient]
    cautions: tuple[Caution, ...]


def learn_coding(
    matrix: ResponseMatrix,
    max_categories: int = MAX_CATEGORIES,
    min_count: int = MIN_COUNT,
    first: Callable[[str], tuple[int, ...]] | None = None,
) -> Coded:
    """Derive categories from the marks that occur.

    Marks that nobody got make no category. Neighbouring values are merged where there are more
    than ``max_categories`` or fewer than ``min_count`` pupils; each merge is reported. Left out,
    with a reason: items without marks, items on which all have the same mark, and of items whose
    columns are the same all but one: the first in the matrix, or that with the least ``first(item)``.
    """
    found = coding_from_tallies(matrix.items, tallies(matrix), max_categories, min_count)
    coding, excluded, cautions = found
    categories = coding.encode(matrix)
    order = list(range(len(coding.items)))
    if first is not None:
        order.sort(key=lambda j: first(coding.items[j]))
    repeats = _repeats(categories, coding.counts, order)
    for j, twin in repeats.items():
        item = coding.items[j]
        excluded[item] = Insufficient(Reason.NOT_IDENTIFIED, int(coding.counts[j].sum()))
        cautions.append(Caution("item_repeats_another", (item, coding.items[twin])))
    if repeats:
        keep = ~np.isin(np.arange(len(coding.items)), list(repeats))
        coding, categories = coding.take(keep), np.ascontiguousarray(categories[:, keep])
    return Coded(coding, categories, MappingProxyType(excluded), tuple(cautions))


def tallies(matrix: ResponseMatrix) -> list[tuple[FloatArray, IntArray]]:
    """Values that occur on each item, ascending, and how often."""
    width = int(min(_QUARTERS * float(matrix.full.max(initial=0.0)), MOST_QUARTERS)) + 1
    counts, other = np.zeros((matrix.n_items, width), np.int64), np.zeros(matrix.n_items, np.bool_)
    start_compiler()
    _count_quarters(matrix.marks, counts, other)
    out = []
    for j, freq in enumerate(counts):
        seen = np.flatnonzero(freq)
        values, times = seen / _QUARTERS, freq[seen]
        if other[j]:
            column = matrix.marks[:, j]
            values, times = np.unique(column[~np.isnan(column)], return_counts=True)
        out.append((values, times.astype(np.int64, copy=False)))
    return out


def coding_from_tallies(
    items: Sequence[str],
    counted: Sequence[tuple[FloatArray, IntArray]],
    max_categories: int = MAX_CATEGORIES,
    min_count: int = MIN_COUNT,
) -> tuple[Coding, dict[str, Insufficient], list[Caution]]:
    """Coding from the values that occur on each item and how often; items that say nothing; merges."""
    kept: list[str] = []
    edges: list[FloatArray] = []
    means: list[FloatArray] = []
    counts: list[IntArray] = []
    excluded: dict[str, Insufficient] = {}
    cautions: list[Caution] = []
    for item, (values, freq) in zip(items, counted, strict=True):
        n = int(freq.sum())
        if n == 0:
            excluded[item] = Insufficient(Reason.NO_RESPONSES, 0)
            continue
        if len(values) == 1:
            excluded[item] = Insufficient(Reason.CONSTANT_MARKS, n)
            continue
        bins = _bins(freq, max_categories, min_count)
        if bins[-1] + 1 < len(values):
            data = {"values": len(values), "categories": int(bins[-1]) + 1}
            cautions.append(Caution("categories_merged", (item,), MappingProxyType(data)))
        size = np.bincount(bins, weights=freq)
        kept.append(item)
        counts.append(size.astype(np.int64))
        means.append(np.bincount(bins, weights=freq * values) / size)
        first = np.flatnonzero(np.diff(bins))
        edges.append((values[first] + values[first + 1]) / 2.0)
    return Coding(tuple(kept), tuple(edges), tuple(means), tuple(counts)), excluded, cautions


@numba.njit(cache=True, nogil=True)
def _count_quarters(marks, counts, other):  # type: ignore[no-untyped-def]
    """Count quarter marks (J, W); ``other`` (J,) tells items that have a mark in between or a higher one."""
    top = counts.shape[1]
    for n in range(marks.shape[0]):
        for j in range(marks.shape[1]):
            quarters = marks[n, j] * _QUARTERS
            if 0.0 <= quarters < top:
                whole = int(quarters)
                counts[j, whole] += 1
                other[j] |= whole != quarters
            elif not np.isnan(quarters):
                other[j] = True


@numba.njit(cache=True, nogil=True)
def _encode(marks, column, edges, first, lowest, several, out):  # type: ignore[no-untyped-def]
    """Fill categories ``out`` (N, J) from marks (N, I); item j stands in ``column[j]`` of them.

    ``lowest`` (J,) are the first edges, ``several`` the items that have more.
    """
    for n in range(out.shape[0]):
        for j in range(out.shape[1]):  # most items have one edge: a straight loop, vectors of them at once
            mark = marks[n, column[j]]
            out[n, j] = mark >= lowest[j]
            if np.isnan(mark):
                out[n, j] = -1
        for i in several:
            mark = marks[n, column[i]]
            for place in range(first[i] + 1, first[i + 1]):
                out[n, i] += mark >= edges[place]


def _bins(freq: IntArray, max_categories: int, min_count: int) -> IntArray:
    """Category of each value: equal shares where there are too many, then no rare category."""
    bins = np.arange(len(freq))
    if len(freq) > max_categories:
        middle = (np.cumsum(freq) - freq / 2.0) / freq.sum()
        bins = np.unique(np.floor(middle * max_categories).astype(np.int64), return_inverse=True)[1]
    while bins[-1] > 1:
        size = np.bincount(bins, weights=freq)
        rare = int(np.argmin(size))
        if size[rare] >= min_count:
            break
        left = rare > 0 and (rare == bins[-1] or size[rare - 1] <= size[rare + 1])
        bins = bins - (bins >= rare if left else bins > rare)
    return bins


def _repeats(
    categories: NDArray[np.int16], counts: Sequence[IntArray], order: Sequence[int]
) -> dict[int, int]:
    """Columns that equal one before them in ``order`` in every cell: index → index of the first.

    ``counts`` of the categories differ in most columns, which then need no look at the cells.
    """
    alike: dict[tuple[int, ...], list[int]] = {}
    out: dict[int, int] = {}
    for j in order:
        earlier = alike.setdefault(tuple(counts[j].tolist()), [])
        twin = next((i for i in earlier if (categories[:, i] == categories[:, j]).all()), None)
        if twin is None:
            earlier.append(j)
        else:
            out[j] = twin
    return out
