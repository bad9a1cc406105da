"""Owns the M-step of an additive item (ACDM): P = δ₀ + Σ δ_k·α_k with δ ≥ 0.

Source: de la Torre (2011) Psychometrika 76, 179–199, identity link.
"""

from __future__ import annotations

import numba
import numpy as np

_EDGE = 1e-6  # the weights 1 / p(1 − p) need room on both sides
_PASSES = 4


@numba.njit(cache=True, nogil=True)
def additive_step(design, counts, old, probability):  # type: ignore[no-untyped-def]
    """Write probabilities (G, 2) that improve the binomial likelihood under the additive design.

    Parameters
    ----------
    design : (G, 1 + K) float
        Ones, then 0/1 per point.
    counts : (G, 2) float
        Expected pupils wrong and right.
    old : (G,) float
        Current probabilities of a right answer.
    """
    n = len(design)
    size, rate = np.empty(n), np.empty(n)
    for g in range(n):
        size[g] = counts[g, 0] + counts[g, 1]
        rate[g] = counts[g, 1] / size[g] if size[g] > 1e-9 else old[g]
    current = np.minimum(np.maximum(_least_squares(design, np.ones(n), old), _EDGE), 1.0 - _EDGE)
    best = _value(counts, current)
    for _ in range(_PASSES):
        wanted = _least_squares(design, size / (current * (1.0 - current)), rate)
        scale, improved = 1.0, False
        trial = current
        for _ in range(20):
            trial = current + scale * (wanted - current)
            if trial.max() <= 1.0 - _EDGE and trial.min() >= _EDGE and _value(counts, trial) >= best:
                improved = True
                break
            scale *= 0.5
        if not improved or np.abs(trial - current).max() < 1e-9:
            break
        current, best = trial, _value(counts, trial)
    for g in range(n):
        probability[g, 1] = current[g]
        probability[g, 0] = 1.0 - current[g]


@numba.njit(cache=True, nogil=True)
def nearest_additive(design, probability):  # type: ignore[no-untyped-def]
    """Replace probabilities (G, 2) by the nearest ones that the additive design allows."""
    n = len(design)
    near = _least_squares(design, np.ones(n), probability[:n, 1].copy())
    for g in range(n):
        probability[g, 1] = min(max(near[g], _EDGE), 1.0 - _EDGE)
        probability[g, 0] = 1.0 - probability[g, 1]


@numba.njit(cache=True, nogil=True)
def _value(counts, p):  # type: ignore[no-untyped-def]
    total = 0.0
    for g in range(len(p)):
        total += counts[g, 1] * np.log(p[g]) + counts[g, 0] * np.log(1.0 - p[g])
    return total


@numba.njit(cache=True, nogil=True)
def _least_squares(design, weight, wanted):  # type: ignore[no-untyped-def]
    """``design @ δ`` (G,) nearest to ``wanted`` with δ ≥ 0: coordinate descent on seven unknowns at most."""
    n, k = design.shape
    gram, right, delta = np.zeros((k, k)), np.zeros(k), np.zeros(k)
    for g in range(n):
        for a in range(k):
            right[a] += weight[g] * design[g, a] * wanted[g]
            for b in range(k):
                gram[a, b] += weight[g] * design[g, a] * design[g, b]
    for _ in range(1000):
        moved = 0.0
        for a in range(k):
            if gram[a, a] <= 1e-12:
                continue
            slope = right[a]
            for b in range(k):
                slope -= gram[a, b] * delta[b]
            new = max(delta[a] + slope / gram[a, a], 0.0)
            moved = max(moved, abs(new - delta[a]))
            delta[a] = new
        if moved < 1e-11:
            break
    out = np.zeros(n)
    for g in range(n):
        for a in range(k):
            out[g] += design[g, a] * delta[a]
    return out
