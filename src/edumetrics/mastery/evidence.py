"""Evidence on a point: how items count for it, how many right/wrong items a pupil's answers are worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.ctt.scores import TIE
from edumetrics.errors import BadWeights, ShapeMismatch
from edumetrics.results import BoolArray, FloatArray

# How many pupils the first guess of an item's facility and of its error variance is worth.
FACILITY_PUPILS, VARIANCE_PUPILS = 4.0, 9.0


def item_weights(q: ArrayLike, full: ArrayLike, items: Sequence[str] | None = None) -> FloatArray:
    """Weights of items (rows) for points (columns): an item's full mark is shared by its points.

    Parameters
    ----------
    q : array_like, items × points
        0/1, or any non-negative shares (they are normed within the item).
    full : array_like, items
    items : sequence of str, optional
        Their names in an error; numbered from 1 when left out.

    Raises
    ------
    BadWeights
        On a negative or non-finite entry, with its item. Items without any point simply count for none.
    ShapeMismatch
        Where q has other items than there are full marks.
    """
    table = np.asarray(q, dtype=np.float64)
    most = np.asarray(full, dtype=np.float64)
    if table.ndim != 2 or len(table) != most.size:
        raise ShapeMismatch(value=f"q is {table.shape} for {most.size} items")
    bad = ~np.isfinite(table) | (table < 0)
    if bad.any():
        j = int(np.argwhere(bad)[0, 0])
        raise BadWeights(
            item=items[j] if items is not None and j < len(items) else str(j + 1), value=float(table[bad][0])
        )
    total = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    return np.asarray(shares * most.reshape(-1, 1))


def item_facilities(shares: FloatArray, mask: FloatArray) -> FloatArray:
    """Facility of each item, drawn to that of all items with the weight of `FACILITY_PUPILS` pupils."""
    n = mask.sum(axis=0)
    overall = shares.sum() / max(float(n.sum()), 1.0)
    return np.asarray((shares.sum(axis=0) + FACILITY_PUPILS * overall) / (n + FACILITY_PUPILS))


def item_variances(shares: FloatArray, mask: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Degrees of freedom and variance of the share of marks of each item; whether it is marked in steps."""
    n = mask.sum(axis=0)
    mean = shares.sum(axis=0) / np.maximum(n, 1.0)
    squares = (shares**2).sum(axis=0)
    free = np.maximum(n - 1.0, 0.0)
    variance = np.maximum(squares - n * mean**2, 0.0) / np.maximum(free, 1.0)
    return free, variance, squares < shares.sum(axis=0) * (1.0 - TIE)


def effective_items(
    weights: FloatArray,
    mask: FloatArray,
    item_variance: tuple[FloatArray, FloatArray, BoolArray],
    mean: FloatArray,
    icc: FloatArray,
) -> FloatArray:
    """Effective number of right/wrong items of each pupil at each point.

    The error variance of an item is what its variance exceeds the variance between pupils by; relative
    to a coin it lies between a tenth and 1. A small class tells little about a variance: it is drawn to
    the mean of the items that are marked alike (in steps, or right and wrong), and that to 1, each with
    the weight of `VARIANCE_PUPILS` pupils.
    """
    free, variance, stepped = item_variance
    ratio = (variance[:, None] / (mean * (1.0 - mean)) - icc) / (1.0 - icc)
    counted = free[:, None] * (weights > 0)
    usual = np.empty(len(free))
    for alike in (stepped, ~stepped):
        seen = counted[alike]
        usual[alike] = (np.sum(seen * ratio[alike]) + VARIANCE_PUPILS) / (np.sum(seen) + VARIANCE_PUPILS)
    usual = np.clip(usual, 0.1, 1.0)
    own = free[:, None] * np.clip(ratio, 0.1, 1.0)
    relative = (own + VARIANCE_PUPILS * usual[:, None]) / (free[:, None] + VARIANCE_PUPILS)
    weight = mask @ weights
    squares = mask @ (weights**2 * relative)
    return np.asarray(np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0))
