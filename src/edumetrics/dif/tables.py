"""Owns the counts that DIF needs of the answers: pupils and their marks by item, attainment and group."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
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
        if (self.n.sum(axis=0) == len(self.focal)).all():
            return np.asarray(self.shares @ weight / max(float(weight.sum()), 1e-12))
        valid = np.isfinite(self.shares)
        possible = valid @ weight
        return np.asarray(np.where(valid, self.shares, 0.0) @ weight / np.maximum(possible, 1e-12))

    def tally(self, cell: IntArray, cells: int, items: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Pupils, sums and sums of squares of their shares, each (cells, items)."""
        n, total, squares = np.zeros((3, cells, len(items)))
        _tally(self.shares, cell, items, n, total, squares)
        return n, total, squares


def answers(matrix: ResponseMatrix, groups: ArrayLike, reference: str, focal: str) -> Answers:
    """The two groups' answers.

    Raises
    ------
    ValueError
        If there is not one group per pupil.
    """
    text = isinstance(groups, np.ndarray) and groups.dtype.kind == "U"
    label = np.asarray(groups, dtype=None if text else object)
    if label.shape != (matrix.n_pupils,):
        raise ValueError(f"groups: {label.shape}, pupils: {matrix.n_pupils}")
    is_focal = label == focal
    rows = np.flatnonzero((is_focal | (label == reference)) & matrix.present)
    marks = matrix.marks if len(rows) == matrix.n_pupils else matrix.marks[rows]
    shares, chosen = np.empty_like(marks), is_focal[rows].astype(np.bool_)
    n = np.zeros((2, matrix.n_items), dtype=np.int64)
    lowest, highest = np.full((2, matrix.n_items), [[np.inf], [-np.inf]])
    between = np.zeros(matrix.n_items, dtype=np.bool_)
    _survey(marks, matrix.full, chosen.astype(np.int64), shares, n, lowest, highest, between)
    return Answers(shares, chosen, matrix.full, n, ~(lowest < highest), ~between)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _survey(marks, full, group, shares, n, lowest, highest, between):  # type: ignore[no-untyped-def]
    """Fill shares; count marks by group (2, J); take their range (J,) and find shares between 0 and 1."""
    for i in range(len(marks)):
        mine = n[group[i]]
        for j in range(len(full)):
            share = marks[i, j] / full[j]
            shares[i, j] = share
            mine[j] += not np.isnan(share)
            lowest[j] = share if share < lowest[j] else lowest[j]
            highest[j] = share if share > highest[j] else highest[j]
            between[j] |= (share > 0.0) & (share < 1.0)


@numba.njit(cache=True, nogil=True)
def _tally(shares, cell, items, n, total, squares):  # type: ignore[no-untyped-def]
    for i in range(len(cell)):
        own_n, own_total, own_squares = n[cell[i]], total[cell[i]], squares[cell[i]]
        for k in range(len(items)):
            share = shares[i, items[k]]
            seen = not np.isnan(share)
            share = share if seen else 0.0
            own_n[k] += seen
            own_total[k] += share
            own_squares[k] += share * share
