"""Owns the way from marks to categories: what a partial mark counts as, and which items say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.results import Caution, FloatArray, Insufficient, IntArray, Reason

MAX_CATEGORIES = 10  # an essay of 60 marks has more values than a step model can carry
MIN_COUNT = 3  # a category seen less often is merged: its step could not be estimated
_QUARTERS = 4  # marks are nearly always whole, half or quarter marks: counted without sorting


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
        nowhere, columns = np.full(matrix.n_pupils, np.nan), np.ascontiguousarray(matrix.marks.T)
        return self.encode_columns(
            [columns[place[item]] if item in place else nowhere for item in self.items]
        )

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
    matrix: ResponseMatrix, max_categories: int = MAX_CATEGORIES, min_count: int = MIN_COUNT
) -> Coded:
    """Derive categories from the marks that occur.

    Marks that nobody got make no category. Neighbouring values are merged where there are more
    than ``max_categories`` or fewer than ``min_count`` pupils; each merge is reported. Left out,
    with a reason: items without marks, items on which all have the same mark, and items whose
    column repeats an earlier one.
    """
    found = coding_from_tallies(matrix.items, tallies(matrix), max_categories, min_count)
    coding, excluded, cautions = found
    categories = coding.encode(matrix)
    repeats = _repeats(categories)
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
    return [_tally(column) for column in np.ascontiguousarray(matrix.marks.T)]


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


def _tally(column: FloatArray) -> tuple[FloatArray, IntArray]:
    """Values that occur, ascending, and how often."""
    missing = np.isnan(column)
    present = column[~missing] if missing.any() else column
    quarters = present * _QUARTERS
    whole = quarters.astype(np.int64)
    if len(whole) and (whole == quarters).all() and whole.max() < 4096:
        freq = np.bincount(whole)
        seen = np.flatnonzero(freq)
        return seen / _QUARTERS, freq[seen]
    values, count = np.unique(present, return_counts=True)
    return values, count.astype(np.int64)


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


def _repeats(categories: NDArray[np.int16]) -> dict[int, int]:
    """Columns that equal an earlier column in every cell: index → index of the first."""
    first: dict[bytes, int] = {}
    out: dict[int, int] = {}
    for j in range(categories.shape[1]):
        key = np.ascontiguousarray(categories[:, j]).tobytes()
        if key in first:
            out[j] = first[key]
        else:
            first[key] = j
    return out
