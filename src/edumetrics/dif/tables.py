"""Owns the counts that DIF needs of the answers: pupils and their marks by item, attainment and group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from edumetrics.arrays import ResponseMatrix
from edumetrics.results import BoolArray, FloatArray, IntArray

DECIMALS = 9  # shares that differ by rounding only are one attainment


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Shares of the full mark of the pupils of two groups.

    Attributes
    ----------
    shares : float array, pupils × items
        NaN where there is no mark.
    focal : bool array, pupils
    full : float array, items
    n : int array, 2 × items
        Pupils with a mark in the reference and in the focal group.
    constant, right_or_wrong : bool array, items
        All marks equal; all marks 0 or the full mark.
    """

    shares: FloatArray
    focal: BoolArray
    full: FloatArray
    n: IntArray
    constant: BoolArray
    right_or_wrong: BoolArray

    def attainment(self, keep: BoolArray) -> FloatArray:
        """Share of the marks of the items ``keep`` in each pupil's own booklet; 0 without any of them."""
        weight = np.where(keep, self.full, 0.0)
        valid = np.isfinite(self.shares)
        if valid.all():
            return np.asarray(self.shares @ weight / max(float(weight.sum()), 1e-12))
        possible = valid @ weight
        return np.asarray(np.where(valid, self.shares, 0.0) @ weight / np.maximum(possible, 1e-12))

    def tally(self, cell: IntArray, cells: int, items: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Pupils, sums and sums of squares of their shares, each (cells, items)."""
        out = np.zeros((3, cells, len(items)))
        _tally(self.shares, cell, items, out)
        return out[0], out[1], out[2]


def answers(matrix: ResponseMatrix, groups: ArrayLike, reference: str, focal: str) -> Answers:
    """The two groups' answers.

    Raises
    ------
    ValueError
        If there is not one group per pupil.
    """
    label = np.asarray(groups, dtype=object)
    if label.shape != (matrix.n_pupils,):
        raise ValueError(f"groups: {label.shape}, pupils: {matrix.n_pupils}")
    is_focal = label == focal
    rows = np.flatnonzero((is_focal | (label == reference)) & matrix.present)
    shares, chosen = matrix.marks[rows] / matrix.full, is_focal[rows].astype(np.bool_)
    n, ends, partial = _describe(shares, chosen)
    return Answers(shares, chosen, matrix.full, n, ends[0] >= ends[1], ~partial)


@njit(cache=True, nogil=True)
def _describe(shares, focal):  # type: ignore[no-untyped-def]
    """Counts by group, least and greatest share, and whether there are marks between nothing and full."""
    items = shares.shape[1]
    n, partial = np.zeros((2, items), np.int64), np.zeros(items, np.bool_)
    ends = np.empty((2, items))
    ends[0], ends[1] = np.inf, -np.inf
    for i in range(shares.shape[0]):
        g = 1 if focal[i] else 0
        for j in range(items):
            x = shares[i, j]
            if not np.isnan(x):
                n[g, j] += 1
                ends[0, j] = min(ends[0, j], x)
                ends[1, j] = max(ends[1, j], x)
                partial[j] |= x != 0.0 and x != 1.0
    return n, ends, partial


@njit(cache=True, nogil=True)
def _tally(shares, cell, items, out):  # type: ignore[no-untyped-def]
    for i in range(shares.shape[0]):
        c = cell[i]
        for k in range(len(items)):
            x = shares[i, items[k]]
            if not np.isnan(x):
                out[0, c, k] += 1.0
                out[1, c, k] += x
                out[2, c, k] += x * x
