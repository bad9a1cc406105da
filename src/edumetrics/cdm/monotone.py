"""Owns the constraint that mastering more never lowers the chances on an item.

Weighted isotonic regression on the groups of an item (Dykstra's projections), which for Bernoulli
and, category by category from the top, for ordered answers is the constrained maximum of the
M-step (Robertson, Wright & Dykstra 1988, theorem 1.5.2).
"""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.results import IntArray


@numba.njit(cache=True, nogil=True)
def monotone_item(probability, size, links, n_categories):  # type: ignore[no-untyped-def]
    """Project ``probability`` (G, M) of one item in place so that P(≥ k) rises along ``links``.

    Parameters
    ----------
    size : (G,) float
        Expected and pseudo pupils behind each group.
    links : (L, 2) int
        Neighbouring groups (less, more), see `neighbours`.
    """
    m = n_categories - 1
    if not breaks(probability, links, m):
        return
    groups = links.max() + 1
    above, weight = np.zeros((groups, m)), np.empty(groups)
    for g in range(groups):
        weight[g] = max(size[g], 1e-6)
        rest = 0.0
        for k in range(m, 0, -1):
            rest += probability[g, k]
            above[g, k - 1] = rest
    for k in range(m):
        column = above[:, k].copy()
        _isotonic(column, weight, links)
        above[:, k] = column
    for g in range(groups):
        last = 1.0
        for k in range(m):
            here = min(max(above[g, k], 0.0), last)
            probability[g, k] = last - here
            last = here
        probability[g, m] = last


@numba.njit(cache=True, nogil=True)
def breaks(probability, links, m):  # type: ignore[no-untyped-def]
    """Whether any P(≥ k), k from 1 to ``m``, of one item (G, M) falls along ``links``."""
    for e in range(len(links)):
        low, high = 0.0, 0.0
        for k in range(m, 0, -1):
            low += probability[links[e, 0], k]
            high += probability[links[e, 1], k]
            if low > high + 1e-12:
                return True
    return False


def neighbours(mastered: NDArray[np.bool_]) -> IntArray:
    """Pairs (L, 2) of groups (less, more) where one masters strictly more and none lies between.

    ``mastered`` (G, K) bool.
    """
    return np.frombuffer(_neighbours(mastered.tobytes(), *mastered.shape), dtype=np.int64).reshape(-1, 2)


@lru_cache(maxsize=256)  # an exam has few kinds of items
def _neighbours(mastered: bytes, groups: int, points: int) -> bytes:
    has = np.frombuffer(mastered, dtype=np.bool_).reshape(groups, points)
    below = (has[:, None, :] <= has[None, :, :]).all(axis=2) & ~np.eye(groups, dtype=np.bool_)
    between = (below.astype(np.int64) @ below.astype(np.int64)) > 0
    return np.argwhere(below & ~between).astype(np.int64).tobytes()


@numba.njit(cache=True, nogil=True)
def _isotonic(x, weight, edges):  # type: ignore[no-untyped-def]
    """Weighted least-squares projection onto x[low] ≤ x[high] for all edges, in place."""
    n = len(edges)
    if n == 1:
        a, b = edges[0, 0], edges[0, 1]
        if x[a] > x[b]:
            mean = (weight[a] * x[a] + weight[b] * x[b]) / (weight[a] + weight[b])
            x[a] = mean
            x[b] = mean
        return
    correction = np.zeros((n, 2))
    for _ in range(500):
        moved = 0.0
        for e in range(n):
            a, b = edges[e, 0], edges[e, 1]
            ya, yb = x[a] + correction[e, 0], x[b] + correction[e, 1]
            na, nb = ya, yb
            if ya > yb:
                na = (weight[a] * ya + weight[b] * yb) / (weight[a] + weight[b])
                nb = na
            correction[e, 0] = ya - na
            correction[e, 1] = yb - nb
            moved = max(moved, abs(na - x[a]), abs(nb - x[b]))
            x[a] = na
            x[b] = nb
        if moved < 1e-12:
            break
