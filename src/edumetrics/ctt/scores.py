"""Person scores that stay comparable with missing marks, and ability groups with ties split fairly."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics.arrays import ResponseMatrix, Scalar
from edumetrics.order import by_answers
from edumetrics.results import BoolArray, FloatArray, IntArray

# Two scores closer than this are a tie: sums of marks such as 0.1 + 0.2 must not order people.
TIE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Centred:
    """Marks minus the item's mean, 0 where missing, and what the classical statistics need from them.

    Attributes
    ----------
    valid : bool array, pupils × items
    marks : float array, pupils × items
        Marks, 0 where missing.
    deviations : float array, pupils × items
        Marks minus the item's mean over the pupils who have one, 0 where missing.
    mean : float array, items
        Mean marks (0 for an item without any).
    n : int array, items
        Pupils with a mark.
    total : float array, pupils
        Sum of deviations.
    offered : float array, pupils
        Sum of the full marks of the items with a mark.
    present : bool array, pupils
        Pupils with a mark.
    complete : bool
        Whether every pupil who took part has a mark at every item.
    score : float array, pupils
        Sum of the marks.
    own, squares : float array, pupils; items
        Sums of squared deviations of each pupil and of each item.
    """

    valid: BoolArray
    marks: FloatArray
    deviations: FloatArray
    mean: FloatArray
    n: IntArray
    full: FloatArray
    total: FloatArray
    offered: FloatArray
    present: BoolArray
    complete: bool
    score: FloatArray
    own: FloatArray
    squares: FloatArray

    def of_present(self, table: NDArray[Scalar]) -> NDArray[Scalar]:
        """Rows of the pupils who took part."""
        return table if self.present.all() else table[self.present]

    def with_marks(self) -> Centred:
        """Without the items of which nobody has a mark: they are no part of anybody's paper."""
        kept = self.n > 0
        if kept.all() or not kept.any():
            return self
        valid = self.valid[:, kept]
        return replace(
            self,
            valid=valid,
            marks=self.marks[:, kept],
            deviations=self.deviations[:, kept],
            mean=self.mean[kept],
            n=self.n[kept],
            full=self.full[kept],
            complete=bool(valid[self.present].all()),
            squares=self.squares[kept],
        )

    def present_by_answers(self) -> IntArray:
        """Rows of the pupils who took part, in an order that no sorting of the file changes."""
        rows = np.flatnonzero(self.present)
        if self.complete:
            return rows[by_answers(self.of_present(self.marks))]
        return rows[by_answers(np.where(self.valid[rows], self.marks[rows], np.nan))]

    def rest(self) -> FloatArray:
        r"""Rest score of each pupil for each item: :math:`\sum_{l\ne j}(x_l-\bar x_l)/\sum_{l\ne j} f_l`.

        With complete data it is a linear function of the usual total without the item, so correlations
        and groups are the usual ones. With rotated booklets a pupil is not punished for a harder
        booklet. NaN where the pupil has no mark at the item or at no other one.
        """
        others = self.offered[:, None] - self.valid * self.full
        deviation = self.total[:, None] - self.deviations
        usable = self.valid & (others > TIE)
        return np.asarray(np.divide(deviation, others, out=np.full(others.shape, np.nan), where=usable))

    def ability(self) -> FloatArray:
        """Score of each pupil over all items, as `rest` but without leaving one out; NaN without a mark."""
        nothing = np.full(len(self.total), np.nan)
        return np.asarray(np.divide(self.total, self.offered, out=nothing, where=self.offered > 0))


def centre(matrix: ResponseMatrix) -> Centred:
    """Prepare a matrix for the classical statistics."""
    valid, full = matrix.valid, matrix.full
    if valid.all():
        n, marks, offered = np.full(len(full), len(valid)), matrix.marks, np.full(len(valid), full.sum())
        mean = np.ones(len(valid)) @ marks / len(valid)
        deviations, present, complete = marks - mean, np.ones(len(valid), dtype=np.bool_), True
    else:
        answered, n = np.count_nonzero(valid, axis=1), np.count_nonzero(valid, axis=0)
        marks, offered = np.where(valid, matrix.marks, 0.0), valid @ full
        mean = marks.sum(axis=0) / np.maximum(n, 1)
        deviations, present = np.where(valid, marks - mean, 0.0), answered > 0
        complete = bool((answered[present] == len(full)).all())
    return Centred(
        valid,
        marks,
        deviations,
        mean,
        n.astype(np.int64),
        full,
        deviations @ np.ones(len(full)),
        offered,
        present,
        complete,
        marks.sum(axis=1),
        np.einsum("ij,ij->i", deviations, deviations),
        np.einsum("ij,ij->j", deviations, deviations),
    )


def group_weights(scores: ArrayLike, edges: ArrayLike) -> FloatArray:
    """Share of each pupil that belongs to each group between two quantiles of `scores`.

    Pupils with the same score take equal parts of the place they fill together, so nobody's group
    depends on the order of rows: with 10 pupils and a cut at 27 %, three pupils tied on places 2–4
    weigh (2.7 − 1)/3 each.

    Parameters
    ----------
    scores : array_like, pupils
        NaN for pupils who belong to no group.
    edges : array_like, groups × 2
        Lower and upper quantile of each group, e.g. ``[[0, .27], [.73, 1]]``. Groups may overlap or
        leave gaps.

    Returns
    -------
    float array, pupils × groups
        Sums over pupils are (upper − lower) · n.

    Examples
    --------
    >>> group_weights([1, 2, 2, 3], [[0, .5], [.5, 1]]).tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [0.0, 1.0]]
    """
    values = np.asarray(scores, dtype=np.float64)
    bounds = np.asarray(edges, dtype=np.float64)
    known = np.isfinite(values)
    weights = np.zeros((len(values), len(bounds)))
    if not known.any():
        return weights
    ordered = values[known]
    cuts, place = np.unique(bounds, return_inverse=True)
    below = _below(ordered, cuts)[:, place.reshape(bounds.shape)]
    weights[known] = below[:, :, 1] - below[:, :, 0]
    return weights


def _below(scores: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Share of each pupil that lies below each quantile: 1, 0, or a part for those tied with the cut.

    Needs only the scores at the cuts, so it partitions and does not sort.
    """
    n = len(scores)
    position = quantiles * n
    at = np.minimum(np.floor(position + TIE).astype(np.int64), n - 1)
    cut = np.partition(scores, np.unique(at))[at]
    out = np.empty((n, len(quantiles)))
    for k, value in enumerate(cut):
        if position[k] <= TIE or position[k] >= n - TIE:
            out[:, k] = 0.0 if position[k] <= TIE else 1.0
            continue
        under = scores < value - TIE
        tied = np.abs(scores - value) <= TIE
        first, size = np.count_nonzero(under), np.count_nonzero(tied)
        out[:, k] = under
        out[tied, k] = min(max((position[k] - first) / size, 0.0), 1.0)
    return out
