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
    for s in range(top + m, -1, -1):
        for q in range(dist.shape[1]):
            total = 0.0
            for k in range(max(0, s - top), min(m, s) + 1):
                total += dist[s - k, q] * p[k, q]
            dist[s, q] = total


@numba.njit(cache=True, nogil=True)
def _expected(probability, n_categories, weight, top, out):  # type: ignore[no-untyped-def]
    n_items, n_nodes = probability.shape[0], probability.shape[2]
    dist = np.empty((top + 1, n_nodes))
    for j in range(n_items):
        dist[:] = 0.0
        dist[0] = 1.0
        reach = 0
        for i in range(n_items):
            if i != j:
                _convolve(dist, reach, probability[i], n_categories[i] - 1)
                reach += n_categories[i] - 1
        for s in range(top + 1):
            total = 0.0
            for k in range(n_categories[j]):
                value = 0.0
                if 0 <= s - k <= reach:
                    for q in range(n_nodes):
                        value += weight[q] * dist[s - k, q] * probability[j, k, q]
                out[j, s, k] = value
                total += value
            if total > 0.0:
                for k in range(n_categories[j]):
                    out[j, s, k] /= total


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
    _expected(probability, n_categories, weight, top, out)
    return out
