"""Covariances of items with missing marks, whole and with pupils left out, and jackknife intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edumetrics.ctt.edge import WIDER_SPREAD, room_of, wider
from edumetrics.ctt.limits import reach
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


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What ω needs of covariance matrices: a row each, up to one factor per row.

    Attributes
    ----------
    sums, squares : float array, matrices × items
        Sums of an item's covariances with the others, and of their squares.
    own : float array, matrices × items
        Variances.
    """

    sums: FloatArray
    squares: FloatArray
    own: FloatArray

    @classmethod
    def of(cls, matrices: FloatArray) -> Moments:
        """Moments of matrices (n × items × items)."""
        own = np.diagonal(matrices, axis1=-2, axis2=-1)
        squares = np.einsum("bij,bij->bi", matrices, matrices) - own**2
        return cls(matrices.sum(axis=-1) - own, squares, own)


def covariances(centred: Centred) -> Covariances:
    """Pairwise covariances (n − 1 in the denominator); the ordinary ones when nothing is missing."""
    present = centred.present
    n = int(present.sum())
    x = centred.of_present(centred.deviations)
    products = x.T @ x
    if centred.complete:
        common = np.full(products.shape, float(n))
        sums = np.broadcast_to(x.sum(axis=0)[:, None], products.shape)
    else:
        mask = centred.valid[present].astype(np.float64)
        common = mask.T @ mask
        sums = x.T @ mask  # sum of item j over the pupils who also have item l
    safe = np.maximum(common, 1.0)
    matrix = (products - sums * sums.T / safe) / np.maximum(common - 1.0, 1.0)
    matrix[common < 2] = np.nan
    answered = float(centred.valid[present].mean()) if n and not centred.complete else float(n > 0)
    return Covariances(matrix, np.rint(common).astype(np.int64), n, answered)


def leave_out_moments(centred: Centred, dealt: IntArray, count: int) -> Moments | None:
    """Moments of the covariances without each block of pupils; None where some pair has too few pupils.

    With complete marks no matrix of those who stay is formed: with P the products of all, p those of a block
    and s the sums of those who stay, it is K = P − p − s·s′/m, and the moments of K are sums of products.
    """
    if not centred.complete:
        kept = leave_out(centred, dealt, count)
        return None if np.isnan(kept).any() else Moments.of(kept)
    blocks = _blocks(len(dealt), count)
    if len(dealt) - blocks[0][2] < 2:
        return None
    x = centred.deviations[dealt]
    items = x.shape[1]
    products, stay = np.empty((count, items, items)), np.empty((count, items))
    everybody = x.sum(axis=0)
    for part, rows, size in blocks:
        block = x[rows].reshape(-1, size, items)
        np.matmul(np.swapaxes(block, 1, 2), block, out=products[part])
        stay[part] = everybody - block.sum(axis=1)
    m = np.concatenate([np.full(part.stop - part.start, len(dealt) - size) for part, _, size in blocks])
    m = m.astype(np.float64)[:, None]
    whole = products.sum(axis=0)
    total = stay.sum(axis=1, keepdims=True)
    own = np.diagonal(whole) - np.diagonal(products, axis1=1, axis2=2) - stay**2 / m
    sums = whole.sum(axis=1) - products.sum(axis=2) - stay * total / m
    squares = (
        (whole**2).sum(axis=1)
        - 2.0 * np.einsum("jl,bjl->bj", whole, products)
        + np.einsum("bjl,bjl->bj", products, products)
        - 2.0 / m * stay * (stay @ whole - np.matmul(products, stay[:, :, None])[:, :, 0])
        + (stay / m) ** 2 * (stay**2).sum(axis=1, keepdims=True)
    )
    return Moments(sums - own, squares - own**2, own)


def _blocks(pupils: int, count: int) -> list[tuple[slice, slice, int]]:
    """As np.array_split deals: the first blocks have one pupil more. Blocks of one size go together.

    Returns which blocks, their rows, and the size of each.
    """
    size, longer = divmod(pupils, count)
    cut = longer * (size + 1)
    both = [(slice(0, longer), slice(0, cut), size + 1), (slice(longer, count), slice(cut, pupils), size)]
    return [(part, rows, each) for part, rows, each in both if part.stop > part.start]


def leave_out(centred: Centred, dealt: IntArray, count: int) -> FloatArray:
    """Covariance matrices (count × items × items) without each block of pupils."""
    items = centred.valid.shape[1]
    products, sums, common = (np.empty((count, items, items)) for _ in range(3))
    for part, rows, size in _blocks(len(dealt), count):
        chosen = dealt[rows].reshape(-1, size)
        x, mask = centred.deviations[chosen], centred.valid[chosen].astype(np.float64)
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


def jackknife(centred: Centred, value: float, logs: FloatArray, n: int, level: float, method: str) -> Outcome:
    """Interval from leave-one-out values of log(1 − reliability), see `limits.reach`."""
    if value >= 1.0 or not np.isfinite(logs).all():
        return Insufficient(Reason.BOUNDARY, n)
    count = len(logs)
    away = logs - logs.mean()  # a block without which the error is larger pulls the reliability up
    spread = float(np.sqrt((count - 1) / count * np.sum(away**2)))
    down, up = reach(away, level)
    step = spread * float(wider(room_of(centred), WIDER_SPREAD))
    gap = 1.0 - value
    low, high = 1.0 - gap * float(np.exp(down * step)), 1.0 - gap * float(np.exp(-up * step))
    return Estimate(value, spread * gap, low, high, n, method, level)
