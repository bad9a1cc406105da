"""Owns the packed form of answers: groups of neighbouring items become one byte per person.

A byte is a mixed-radix number: the digit of item *j* is the person's category, and one digit more
means "missing". Packing turns the inner loop of every EM step from items into bytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt

from edumetrics.compiler import start_compiler
from edumetrics.errors import BadAnswer, BadSetting, ShapeMismatch

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MISSING = -1
CELLS_PER_THREAD = 1_000_000  # packing fewer is done before a second thread has begun
MAX_ROWS = 256  # one byte; 256 rows of 48 nodes stay inside a core's second-level cache


@dataclass(frozen=True, eq=False)
class Layout:
    """How categories become bytes. Equal for all shards of one analysis.

    Attributes
    ----------
    n_categories : (J,) int
        Categories of each item, 0 … n−1, without the missing one.
    base : (J,) int
        Radix of the item: ``n_categories`` plus one where answers may be missing.
    first_item : (G + 1,) int
        Byte *g* holds items ``first_item[g] … first_item[g + 1] − 1``.
    first_row : (G + 1,) int
        Row of the stacked tables at which byte *g* starts.
    """

    n_categories: Ints
    base: Ints
    first_item: Ints
    first_row: Ints

    @property
    def n_items(self) -> int:
        """Number of items J."""
        return len(self.base)

    @property
    def n_bytes(self) -> int:
        """Bytes per person G."""
        return len(self.first_item) - 1

    @property
    def n_rows(self) -> int:
        """Rows of all stacked tables."""
        return int(self.first_row[-1])


@dataclass(frozen=True, eq=False)
class Shard:
    """Packed answers of some persons.

    Attributes
    ----------
    codes : (N, G) uint8
    population : (N,) uint8
        Index of the population (group) whose ability distribution the person belongs to.
    layout : Layout
    """

    codes: npt.NDArray[np.uint8]
    population: npt.NDArray[np.uint8]
    layout: Layout

    @property
    def n(self) -> int:
        """Number of persons."""
        return len(self.codes)

    def split(self, parts: int) -> list[Shard]:
        """Cut into ``parts`` runs of persons (views, nothing is copied)."""
        edges = np.linspace(0, self.n, parts + 1).astype(int)
        return [Shard(self.codes[lo:hi], self.population[lo:hi], self.layout) for lo, hi in pairwise(edges)]

    def take(self, rows: npt.NDArray[np.int64] | slice) -> Shard:
        """Only the persons ``rows``; a slice copies nothing."""
        return Shard(self.codes[rows], self.population[rows], self.layout)


def make_layout(
    n_categories: Sequence[int] | Ints,
    may_be_missing: Sequence[bool] | npt.NDArray[np.bool_],
    max_rows: int = MAX_ROWS,
) -> Layout:
    """Group neighbouring items greedily so that no byte needs more than ``max_rows`` values.

    Parameters
    ----------
    n_categories : (J,) int, each ≥ 1
    may_be_missing : (J,) bool
    max_rows : int, ≤ 256
        Smaller values give smaller tables: right where the nodes are many (class models).

    Raises
    ------
    BadSetting
        If an item alone does not fit into a byte.
    """
    cats = np.asarray(n_categories, dtype=np.int64)
    base = cats + np.asarray(may_be_missing, dtype=np.int64)
    if (base > MAX_ROWS).any():
        raise BadSetting(value=f"item {int(np.argmax(base))} has more than {MAX_ROWS - 1} categories")
    first_item, first_row = cut_into_bytes(base.tolist(), max_rows)
    return Layout(cats, base, np.array(first_item, dtype=np.int64), np.array(first_row, dtype=np.int64))


def cut_into_bytes(base: Sequence[int], max_rows: int) -> tuple[list[int], list[int]]:
    """First items and first rows of the bytes, as `Layout` holds them, for items of these radices."""
    first_item, first_row, size = [0], [0], 1
    for j, b in enumerate(base):
        if j > first_item[-1] and size * b > max_rows:
            first_item.append(j)
            first_row.append(first_row[-1] + size)
            size = 1
        size *= b
    first_item.append(len(base))
    first_row.append(first_row[-1] + size)
    return first_item, first_row


def pack(
    categories: npt.NDArray[np.integer],
    layout: Layout,
    population: npt.NDArray[np.integer] | None = None,
) -> Shard:
    """Pack an ``(N, J)`` matrix of categories (negative = missing) by ``layout``.

    Raises
    ------
    ShapeMismatch, BadAnswer
        If there are other items; if a category is not below the item's number, or missing where the layout
        forbids it.
    """
    cats = np.ascontiguousarray(categories)
    if cats.dtype.kind not in "iu":
        cats = cats.astype(np.int16)
    if cats.ndim != 2 or cats.shape[1] != layout.n_items:
        raise ShapeMismatch(value=f"expected {layout.n_items} items, got an array of shape {cats.shape}")
    codes = np.empty((cats.shape[0], layout.n_bytes), dtype=np.uint8)
    start_compiler()
    fits = _pack_in_parts(cats, layout, codes)
    if not fits:
        n, j = np.argwhere(
            (cats >= layout.n_categories) | ((cats < 0) & (layout.base == layout.n_categories))
        )[0]
        raise BadAnswer(value=f"person {n}, item {j}: category {int(cats[n, j])} is outside the layout")
    pop = np.zeros(len(cats), np.uint8) if population is None else np.asarray(population).astype(np.uint8)
    return Shard(codes, pop, layout)


def _pack_in_parts(cats: npt.NDArray[np.integer], layout: Layout, codes: npt.NDArray[np.uint8]) -> bool:
    """Pack runs of persons in threads; whether all fitted."""

    def one(low: int, high: int) -> bool:
        return bool(
            _pack(cats[low:high], layout.n_categories, layout.base, layout.first_item, codes[low:high])
        )

    threads = min(cats.size // CELLS_PER_THREAD, os.cpu_count() or 1)
    if threads < 2:
        return one(0, len(cats))
    parts = list(pairwise(np.linspace(0, len(cats), threads + 1).astype(int).tolist()))
    with ThreadPoolExecutor(threads) as pool:
        return all(pool.map(lambda part: one(*part), parts))


def unpack(shard: Shard) -> npt.NDArray[np.int16]:
    """Give back the ``(N, J)`` categories, −1 where missing."""
    out = np.empty((shard.n, shard.layout.n_items), dtype=np.int16)
    lay = shard.layout
    _unpack(shard.codes, lay.n_categories, lay.base, lay.first_item, out)
    return out


@numba.njit(cache=True, nogil=True)
def _pack(cats, n_categories, base, first_item, codes):  # type: ignore[no-untyped-def]
    """Fill ``codes``; whether every category is inside the layout."""
    n_items = len(base)
    stride, top = np.empty(n_items, np.int32), np.empty(n_items, np.int32)
    absent = np.empty(n_items, np.int32)
    for g in range(len(first_item) - 1):
        size = 1
        for j in range(first_item[g], first_item[g + 1]):
            stride[j] = size
            size *= base[j]
            top[j] = n_categories[j]
            absent[j] = base[j] == n_categories[j]
    outside = np.int32(0)
    digit = np.empty(n_items, np.int32)
    for n in range(cats.shape[0]):
        for j in range(n_items):  # one straight loop over all items: vectors of them at a time
            k = np.int32(cats[n, j])
            outside |= np.int32(k >= top[j]) | (np.int32(k < 0) & absent[j])
            digit[j] = (top[j] if k < 0 else k) * stride[j]
        for g in range(len(first_item) - 1):
            code = np.int32(0)
            for j in range(first_item[g], first_item[g + 1]):
                code += digit[j]
            codes[n, g] = code
    return outside == 0


@numba.njit(cache=True, nogil=True)
def _unpack(codes, n_categories, base, first_item, out):  # type: ignore[no-untyped-def]
    digits = np.empty((MAX_ROWS, 8), np.int16)  # of each value of a byte
    for g in range(len(first_item) - 1):
        low, high = first_item[g], first_item[g + 1]
        if high - low > digits.shape[1]:
            digits = np.empty((MAX_ROWS, high - low), np.int16)
        size = 1
        for j in range(low, high):
            size *= base[j]
        for row in range(size):
            rest = row
            for j in range(low, high):
                k = rest % base[j]
                rest //= base[j]
                digits[row, j - low] = k if k < n_categories[j] else MISSING
        for n in range(codes.shape[0]):
            for j in range(low, high):
                out[n, j] = digits[codes[n, g], j - low]
