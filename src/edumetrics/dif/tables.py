"""Owns the counts that DIF needs of the answers: pupils and their marks by item, attainment and group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.arrays import ResponseMatrix
from edumetrics.ctt.cells import sums_by
from edumetrics.errors import ShapeMismatch, UnknownName
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
        if len(items) == 1:
            column = self.shares[:, items[0]]
            seen = np.isfinite(column)
            place, column = cell[seen], column[seen]
            powers = (np.ones_like(column), column, column * column)
            n, total, squares = (sums_by(place, values, cells)[:, None] for values in powers)
            return n, total, squares
        order = np.argsort(cell, kind="stable")
        first = np.flatnonzero(np.diff(cell[order], prepend=-1))
        shares = self.shares[order] if len(items) == len(self.full) else self.shares[order[:, None], items]
        out = np.zeros((3, cells, len(items)))
        used, whole = cell[order[first]], bool((self.n.sum(axis=0)[items] == len(self.focal)).all())
        if whole:
            out[0] = np.bincount(cell, minlength=cells)[:, None]
        else:
            seen = np.isfinite(shares)
            shares = np.where(seen, shares, 0.0)
            out[0, used] = np.add.reduceat(seen.astype(np.float64), first, axis=0)
        out[1, used] = np.add.reduceat(shares, first, axis=0)
        if self.right_or_wrong[items].all():
            out[2] = out[1]
        else:
            out[2, used] = np.add.reduceat(shares * shares, first, axis=0)
        return out[0], out[1], out[2]


def answers(matrix: ResponseMatrix, groups: ArrayLike, reference: str, focal: str) -> Answers:
    """The two groups' answers.

    Raises
    ------
    ShapeMismatch
        If there is not one group per pupil.
    UnknownName
        If the reference group has no pupils: a slip of its name. A focal group without any is only too small.
    """
    text = isinstance(groups, np.ndarray) and groups.dtype.kind == "U"
    label = np.asarray(groups, dtype=None if text else object)
    if label.shape != (matrix.n_pupils,):
        raise ShapeMismatch(value=f"groups: {label.shape}, pupils: {matrix.n_pupils}")
    is_focal, is_reference = label == focal, label == reference
    if not np.any(is_reference):
        raise UnknownName(value=f"no pupil of the reference group {reference!r}")
    rows = np.flatnonzero((is_focal | is_reference) & matrix.present)
    marks = matrix.marks if len(rows) == matrix.n_pupils else matrix.marks[rows]
    shares, chosen = marks / matrix.full, is_focal[rows].astype(np.bool_)
    seen = np.isfinite(shares)
    n = np.stack([np.count_nonzero(seen[group], axis=0) for group in (~chosen, chosen)]).astype(np.int64)
    lowest = np.fmin.reduce(shares, axis=0, initial=np.inf)
    highest = np.fmax.reduce(shares, axis=0, initial=-np.inf)
    whole = ((shares == 0.0) | (shares == 1.0) | ~seen).all(axis=0)
    return Answers(shares, chosen, matrix.full, n, ~(lowest < highest), whole)
