"""Covariances of items with missing marks, whole and with pupils left out, and jackknife intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from edumetrics.ctt.scores import Centred
from edumetrics.results import Estimate, FloatArray, Insufficient, IntArray, Outcome, Reason


@dataclass(frozen=True, slots=True, eq=False)
class Covariances:
    """Covariances of items over the pupils that two items share.

    Attributes
    ----------
    matrix : float array, items × items
        NaN where fewer than two pupils have both marks.
    common : int array, items × items
    n : int
        Pupils with a mark.
    answered : float
        Mean share of items with a mark among them.
    """

    matrix: FloatArray
    common: IntArray
    n: int
    answered: float


def covariances(centred: Centred) -> Covariances:
    """Pairwise covariances (n − 1 in the denominator); the ordinary ones when nothing is missing."""
    present = centred.valid.any(axis=1)
    mask = centred.valid[present].astype(np.float64)
    x = centred.deviations[present]
    common = mask.T @ mask
    sums = x.T @ mask  # sum of item j over the pupils who also have item l
    products = x.T @ x
    safe = np.maximum(common, 1.0)
    matrix = (products - sums * sums.T / safe) / np.maximum(common - 1.0, 1.0)
    matrix[common < 2] = np.nan
    n = int(present.sum())
    answered = float(mask.mean()) if n else 0.0
    return Covariances(matrix, np.rint(common).astype(np.int64), n, answered)


def leave_out(centred: Centred, dealt: IntArray, count: int) -> FloatArray:
    """Covariance matrices (count × items × items) without each block of pupils."""
    items = centred.valid.shape[1]
    products, sums, common = (np.empty((count, items, items)) for _ in range(3))
    # As np.array_split deals: the first blocks have one pupil more. Blocks of one size go together.
    size, longer = divmod(len(dealt), count)
    cut = longer * (size + 1)
    for part, rows in (
        (slice(longer), dealt[:cut].reshape(longer, size + 1)),
        (slice(longer, count), dealt[cut:].reshape(count - longer, size)),
    ):
        x, mask = centred.deviations[rows], centred.valid[rows].astype(np.float64)
        turned = np.swapaxes(x, 1, 2)
        np.matmul(turned, x, out=products[part])
        np.matmul(turned, mask, out=sums[part])
        np.matmul(np.swapaxes(mask, 1, 2), mask, out=common[part])
    products = products.sum(axis=0) - products
    sums = sums.sum(axis=0) - sums
    common = common.sum(axis=0) - common
    out = products - sums * np.swapaxes(sums, 1, 2) / np.maximum(common, 1.0)
    out /= np.maximum(common - 1.0, 1.0)
    out[common < 2] = np.nan
    return np.asarray(out)


def jackknife(value: float, logs: FloatArray, n: int, level: float, method: str) -> Outcome:
    """Interval from leave-one-out values of log(1 − reliability)."""
    if value >= 1.0 or not np.isfinite(logs).all():
        return Insufficient(Reason.BOUNDARY, n)
    count = len(logs)
    spread = float(np.sqrt((count - 1) / count * np.sum((logs - logs.mean()) ** 2)))
    half = float(special.stdtrit(count - 1, 0.5 + level / 2.0)) * spread
    gap = 1.0 - value
    return Estimate(
        value,
        spread * gap,
        1.0 - gap * float(np.exp(half)),
        1.0 - gap * float(np.exp(-half)),
        n,
        method,
        level,
    )
