"""Item statistics of many groups of pupils at once, such as the classes of a paper: `items`, a group a row.

A class has few pupils, so one call a class and statistic costs more in calls than in arithmetic. Here the
pupils of all groups stand one under the other and each step is taken once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from edumetrics.arrays import ResponseMatrix
from edumetrics.ctt.items import (
    MIN_PUPILS_CORRELATION,
    MIN_PUPILS_GROUPS,
    degrees,
    fisher_interval,
    wilson,
)
from edumetrics.ctt.scores import TIE
from edumetrics.errors import EmptyMatrix
from edumetrics.results import BoolArray, Estimates, FloatArray, IntArray, Reason


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Groups of pupils one under the other; a pupil may stand in several groups.

    Attributes
    ----------
    rows : int array, stacked
        Row of the matrix of each stacked pupil.
    starts, sizes : int arrays, groups
        First place and number of pupils of each group; no group is empty.
    """

    rows: IntArray
    starts: IntArray
    sizes: IntArray

    @classmethod
    def of(cls, members: Sequence[ArrayLike]) -> Stack:
        """Stack groups given by the rows of their pupils."""
        groups = [np.asarray(group, dtype=np.int64) for group in members]
        sizes = np.array([len(group) for group in groups], dtype=np.int64)
        if not len(sizes) or not sizes.all():
            raise EmptyMatrix(value="a group without pupils")
        return cls(np.concatenate(groups), np.cumsum(sizes) - sizes, sizes)

    def sums(self, table: FloatArray) -> FloatArray:
        """Sums over the pupils of each group: stacked × columns → groups × columns."""
        return np.asarray(np.add.reduceat(table, self.starts, axis=0))

    def spread(self, table: NDArray[Any]) -> NDArray[Any]:
        """Give each pupil the row of its group: groups × columns → stacked × columns."""
        return np.repeat(table, self.sizes, axis=0)

    def weighted_sums(self, weights: FloatArray, table: FloatArray) -> FloatArray:
        """Weighted sums over the pupils of each group: groups × weights × columns."""
        found = np.empty((len(self.sizes), weights.shape[1], table.shape[1]))
        for group, (start, size) in enumerate(zip(self.starts.tolist(), self.sizes.tolist(), strict=True)):
            part = slice(start, start + size)
            np.matmul(weights[part].T, table[part], out=found[group])
        return found


@dataclass(frozen=True, slots=True, eq=False)
class GroupItems:
    """Statistics of G groups and I items, as `items` gives them for one group.

    Attributes
    ----------
    facility, discrimination, rest : Estimates, groups × items
    parts : float array, stacked × parts
        Share of each pupil that belongs to each part of its group (`edges`).
    part_means : float array, groups × parts × items
        Mean share of the full mark in each part; NaN where nobody of it has a mark.
    """

    facility: Estimates
    discrimination: Estimates
    rest: Estimates
    parts: FloatArray
    part_means: FloatArray


def item_statistics(
    matrix: ResponseMatrix,
    stack: Stack,
    edges: Sequence[tuple[float, float]],
    *,
    share: float = 0.27,
    level: float = 0.95,
) -> GroupItems:
    """Facility, upper–lower discrimination and item–rest correlation of each group by itself.

    Parameters
    ----------
    matrix : ResponseMatrix
        Marks of all pupils.
    stack : Stack
        The groups, by rows of the matrix.
    edges : sequence of pairs
        Lower and upper quantile of each part of a group for `part_means`, e.g. three thirds.
    """
    valid = matrix.valid[stack.rows]
    marks = np.where(valid, matrix.marks[stack.rows], 0.0)
    counted = valid.astype(np.float64)
    n = stack.sums(counted)
    mean = stack.sums(marks) / np.maximum(n, 1.0)
    deviations = marks - stack.spread(mean) * counted
    squares = stack.sums(deviations**2)
    total, offered = deviations.sum(axis=1), counted @ matrix.full
    facility = _facility(mean / matrix.full, squares / np.maximum(n, 1.0) / matrix.full**2, n, level)
    windows = [
        (0.0, share),
        (1.0 - share, 1.0),
        (max(share - 0.1, 0.0), share + 0.1),
        (1.0 - share - 0.1, min(1.0 - share + 0.1, 1.0)),
    ]
    ability = np.divide(total, offered, out=np.full(len(total), np.nan), where=offered > 0)
    weights = _parts(stack, ability, np.array([*windows, *edges]))
    low, high = weights[:, 0], weights[:, 1]
    shares = marks / matrix.full
    sums = stack.weighted_sums(
        np.column_stack([weights, low**2, high**2, low * high]), np.hstack([counted, shares, shares**2])
    )
    size, once, twice = np.split(sums, 3, axis=2)
    means = np.divide(once, size, out=np.full_like(size, np.nan), where=size > 0)
    parts = slice(4, 4 + len(edges))
    tail = slice(4 + len(edges), None)
    discrimination = _upper_lower(
        size[:, :2],
        np.nan_to_num(means[:, :4]),
        (twice[:, tail], once[:, tail], size[:, tail]),
        n,
        squares <= TIE**2,
        share,
        level,
    )
    rest = _rest_correlation(stack, valid, marks, deviations, total, offered, matrix.full, level)
    return GroupItems(facility, discrimination, rest, weights[:, parts], means[:, parts])


def _parts(stack: Stack, scores: FloatArray, edges: FloatArray) -> FloatArray:
    """As `scores.group_weights` in each group: share of each pupil between two quantiles, ties split."""
    cuts, place = np.unique(edges, return_inverse=True)
    known = np.isfinite(scores)
    n = stack.sums(known.astype(np.float64)[:, None])
    position = n * cuts
    group = np.repeat(np.arange(len(stack.sizes)), stack.sizes)
    ordered = scores[np.lexsort((scores, group))]  # in each group, those without a score last
    at = np.clip(np.floor(position + TIE), 0, np.maximum(n - 1, 0)).astype(np.int64)
    cut = stack.spread(ordered[stack.starts[:, None] + at])
    under = (scores[:, None] < cut - TIE).astype(np.float64)
    tied = (np.abs(scores[:, None] - cut) <= TIE).astype(np.float64)
    part = (position - stack.sums(under)) / np.maximum(stack.sums(tied), 1.0)
    below = under + tied * stack.spread(np.clip(part, 0.0, 1.0))
    below = np.where(stack.spread(position <= TIE), 0.0, below)
    below = np.where(stack.spread(position >= n - TIE), 1.0, below) * known[:, None]
    bounds = below[:, place.reshape(edges.shape)]
    return np.asarray(bounds[:, :, 1] - bounds[:, :, 0])


def _facility(p: FloatArray, variance: FloatArray, n: FloatArray, level: float) -> Estimates:
    low, high, se = wilson(p, variance, n.astype(np.int64), level=level)
    refuse = ((n == 0, Reason.NO_RESPONSES),)
    return Estimates.build(p, se, low, high, n.astype(np.int64), "mean/wilson", refuse=refuse, level=level)


def _upper_lower(
    size: FloatArray,
    means: FloatArray,
    products: tuple[FloatArray, FloatArray, FloatArray],
    n: FloatArray,
    flat: BoolArray,
    share: float,
    level: float,
) -> Estimates:
    """As `items.upper_lower`; `products` are Σ w²x², Σ w²x and Σ w² for the weights LL, HH and LH."""
    low_mean, high_mean, low_cut, high_cut = (means[:, k] for k in range(4))
    two, one, none = products
    safe = np.maximum(n, 1.0)
    h_low, h_high = np.maximum(size[:, 0] / safe, 1e-12), np.maximum(size[:, 1] / safe, 1e-12)
    low_part = (two[:, 0] - 2 * low_cut * one[:, 0] + low_cut**2 * none[:, 0]) / h_low**2
    high_part = (two[:, 1] - 2 * high_cut * one[:, 1] + high_cut**2 * none[:, 1]) / h_high**2
    both = (two[:, 2] - (low_cut + high_cut) * one[:, 2] + low_cut * high_cut * none[:, 2]) / (h_low * h_high)
    middle = (high_mean - high_cut) - (low_mean - low_cut)
    spread = (low_part + high_part - 2 * both) / safe - middle**2
    d = high_mean - low_mean
    se = np.sqrt(np.maximum(spread, 0.0) / safe + 0.25 / (share * safe**2) * 2.0)
    half = special.stdtrit(degrees(share, n), 0.5 + level / 2.0) * se
    return Estimates.build(
        d,
        se,
        np.clip(d - half, -1.0, 1.0),
        np.clip(d + half, -1.0, 1.0),
        n.astype(np.int64),
        "upper-lower/influence",
        refuse=(
            (n == 0, Reason.NO_RESPONSES),
            (n < MIN_PUPILS_GROUPS, Reason.TOO_FEW_PUPILS),
            ((size[:, 0] < 3.0) | (size[:, 1] < 3.0), Reason.TOO_FEW_PUPILS),
            (flat, Reason.CONSTANT_MARKS),
        ),
        level=level,
    )


def _rest_correlation(
    stack: Stack,
    valid: BoolArray,
    marks: FloatArray,
    deviations: FloatArray,
    total: FloatArray,
    offered: FloatArray,
    full: FloatArray,
    level: float,
) -> Estimates:
    """As `items.rest_correlation`, with the rest score of `Centred.rest`."""
    others = offered[:, None] - valid * full
    usable = valid & (others > TIE)
    counted = usable.astype(np.float64)
    n = stack.sums(counted)
    safe = np.maximum(n, 1.0)
    y = np.divide(total[:, None] - deviations, others, out=np.zeros_like(others), where=usable)
    y -= stack.spread(stack.sums(y) / safe) * counted
    x = deviations * counted
    x -= stack.spread(stack.sums(x) / safe) * counted
    xx, yy = stack.sums(x * x) / safe, stack.sums(y * y) / safe
    flat_x, flat_y = xx <= TIE**2, yy <= TIE**2
    x /= stack.spread(np.sqrt(np.where(flat_x, 1.0, xx)))
    y /= stack.spread(np.sqrt(np.where(flat_y, 1.0, yy)))
    product = x * y
    r = np.clip(stack.sums(product) / safe, -1.0, 1.0)
    influence = product - (x * x + y * y) * stack.spread(r / 2.0)
    at_end = [stack.sums((usable & end).astype(np.float64)) for end in (marks <= TIE, marks >= full - TIE)]
    elsewhere = (n - np.maximum(*at_end)).astype(np.int64)
    squared = influence * influence
    spread, fourth = stack.sums(squared) / safe, stack.sums(squared * squared) / safe
    tail = stack.sums((y * y) ** 2) / safe
    low, high, se = fisher_interval(r, spread, n, elsewhere, tail, level=level, fourth=fourth)
    return Estimates.build(
        r,
        se,
        low,
        high,
        n.astype(np.int64),
        "pearson/fisher-z",
        refuse=(
            (n == 0, Reason.NO_RESPONSES),
            (n < MIN_PUPILS_CORRELATION, Reason.TOO_FEW_PUPILS),
            (flat_x, Reason.CONSTANT_MARKS),
            (flat_y, Reason.CONSTANT_REST),
        ),
        level=level,
    )
