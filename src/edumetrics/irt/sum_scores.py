"""Owns the distribution of sum scores under a model, compiled.

Source: Lord & Wingersky (1984) Appl. Psychol. Meas. 8, 453; several categories: Thissen et al. (1995).
"""

from __future__ import annotations

import numba
import numpy as np

from edumetrics.results import FloatArray, IntArray


@numba.njit(cache=True, nogil=True)
def _convolve(dist, top, p, m):  # type: ignore[no-untyped-def]
    """Add one item with categories 0 … m to the distribution of sums 0 … top, in place."""
    if m == 1:  # the innermost loop runs along the nodes, where it is done in vectors
        for q in range(dist.shape[1]):
            dist[top + 1, q] = dist[top, q] * p[1, q]
        for s in range(top, 0, -1):
            for q in range(dist.shape[1]):
                dist[s, q] = dist[s, q] * p[0, q] + dist[s - 1, q] * p[1, q]
        for q in range(dist.shape[1]):
            dist[0, q] *= p[0, q]
        return
    for s in range(top + m, -1, -1):
        for q in range(dist.shape[1]):
            total = 0.0
            for k in range(max(0, s - top), min(m, s) + 1):
                total += dist[s - k, q] * p[k, q]
            dist[s, q] = total


@numba.njit(cache=True, nogil=True)
def _emit(rest, reach, p, m, weight, out):  # type: ignore[no-untyped-def]
    """Shares of the categories of one item at each sum score, given the sums of all others."""
    for s in range(out.shape[0]):
        total = 0.0
        for k in range(m + 1):
            value = 0.0
            if 0 <= s - k <= reach:
                for q in range(len(weight)):
                    value += weight[q] * rest[s - k, q] * p[k, q]
            out[s, k] = value
            total += value
        if total > 0.0:
            for k in range(m + 1):
                out[s, k] /= total


def expected_by_sum_score(
    probability: FloatArray, n_categories: IntArray, weight: FloatArray, top: int
) -> FloatArray:
    """P(category k of item j | sum score s), shape (J, top + 1, M).

    Parameters
    ----------
    probability : (J, M, Q) float
    n_categories : (J,) int
    weight : (Q,) float
        Distribution of ability over the nodes.
    top : int
        Highest sum score.
    """
    out = np.zeros((probability.shape[0], top + 1, probability.shape[1]))
    steps = (n_categories - 1).tolist()

    def leave_out(low: int, high: int, rest: FloatArray, reach: int) -> None:
        """``rest`` holds the sums of all items outside low … high − 1."""
        if high - low == 1:
            _emit(rest, reach, probability[low], steps[low], weight, out[low])
            return
        middle = (low + high) // 2
        for keep, add in (((low, middle), (middle, high)), ((middle, high), (low, middle))):
            more, top_now = rest.copy(), reach
            for i in range(*add):
                _convolve(more, top_now, probability[i], steps[i])
                top_now += steps[i]
            leave_out(*keep, more, top_now)

    nothing = np.zeros((top + 1, probability.shape[2]))
    nothing[0] = 1.0
    leave_out(0, len(steps), nothing, 0)
    return out
