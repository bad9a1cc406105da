"""Evidence on a point: how items count for it, how many right/wrong items a pupil's answers are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.errors import BadWeights, ShapeMismatch
from edumetrics.results import FloatArray

# How many pupils the first guess of an item's error variance is worth.
VARIANCE_PUPILS = 12.0


def item_weights(q: ArrayLike, full: ArrayLike) -> FloatArray:
    """Weights of items (rows) for points (columns): an item's full mark is shared by its points.

    Parameters
    ----------
    q : array_like, items × points
        0/1, or any non-negative shares (they are normed within the item).
    full : array_like, items

    Raises
    ------
    BadWeights
        On a negative or non-finite entry. Items without any point simply count for none.
    """
    table = np.asarray(q, dtype=np.float64)
    if table.ndim != 2:
        raise ShapeMismatch(value=f"q needs 2 dimensions, got {table.ndim}")
    bad = ~np.isfinite(table) | (table < 0)
    if bad.any():
        j = int(np.argwhere(bad)[0, 0])
        raise BadWeights(item=str(j + 1), value=float(table[bad][0]))
    total = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    return np.asarray(shares * np.asarray(full, dtype=np.float64)[:, None])


def item_variances(shares: FloatArray, mask: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Number of marks and variance of the share of marks of each item."""
    n = mask.sum(axis=0)
    safe = np.maximum(n, 1.0)
    mean = shares.sum(axis=0) / safe
    return n, np.maximum((shares**2).sum(axis=0) / safe - mean**2, 0.0)


def effective_items(
    weights: FloatArray,
    mask: FloatArray,
    item_variance: tuple[FloatArray, FloatArray],
    mean: FloatArray,
    icc: FloatArray,
) -> FloatArray:
    """Effective number of right/wrong items of each pupil at each point.

    The error variance of an item is what its variance exceeds the variance between pupils by; relative
    to a coin it lies between a tenth and 1 and is drawn to 1 with the weight of `VARIANCE_PUPILS`
    pupils: a small class tells little about a variance.
    """
    n, variance = item_variance
    ratio = np.clip((variance[:, None] / (mean * (1.0 - mean)) - icc) / (1.0 - icc), 0.1, 1.0)
    relative = (n[:, None] * ratio + VARIANCE_PUPILS) / (n[:, None] + VARIANCE_PUPILS)
    weight = mask @ weights
    squares = mask @ (weights**2 * relative)
    return np.asarray(np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0))
