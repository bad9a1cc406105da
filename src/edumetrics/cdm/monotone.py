"""Owns the constraint that mastering more never lowers the chances on an item.

Weighted isotonic regression on the groups of an item (Dykstra's projections), which for Bernoulli
and, category by category from the top, for ordered answers is the constrained maximum of the
M-step (Robertson, Wright & Dykstra 1988, theorem 1.5.2).
"""

from __future__ import annotations

import numba
import numpy as np

from edumetrics.results import FloatArray, IntArray


def monotone_probabilities(
    probability: FloatArray,
    size: FloatArray,
    pairs: tuple[tuple[tuple[int, int], ...], ...],
    n_categories: IntArray,
) -> None:
    """Project ``probability`` (J, G, M) in place so that P(≥ k) rises along ``pairs``.

    ``size`` (J, G) are the (expected and pseudo) pupils behind each group.
    """
    for j, links in enumerate(pairs):
        if not links:
            continue
        groups = max(max(pair) for pair in links) + 1
        m = int(n_categories[j]) - 1
        above = np.cumsum(probability[j, :groups, m:0:-1], axis=1)[:, ::-1]
        if all((above[low] <= above[high] + 1e-12).all() for low, high in links):
            continue
        weight = np.maximum(size[j, :groups], 1e-6)
        edges = np.array(links, dtype=np.int64)
        for k in range(m):
            column = np.ascontiguousarray(above[:, k])
            _isotonic(column, weight, edges)
            above[:, k] = column
        bounds = np.concatenate([np.ones((groups, 1)), above, np.zeros((groups, 1))], axis=1)
        bounds = np.minimum.accumulate(np.clip(bounds, 0.0, 1.0), axis=1)
        probability[j, :groups, : m + 1] = bounds[:, :-1] - bounds[:, 1:]


def neighbours(mastered: np.ndarray) -> tuple[tuple[int, int], ...]:
    """Pairs (less, more) of groups where one masters strictly more and none lies between.

    ``mastered`` (G, K) bool.
    """
    n = len(mastered)
    below = [[a != b and bool((mastered[a] <= mastered[b]).all()) for b in range(n)] for a in range(n)]
    return tuple(
        (a, b)
        for a in range(n)
        for b in range(n)
        if below[a][b] and not any(below[a][c] and below[c][b] for c in range(n))
    )


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
