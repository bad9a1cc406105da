"""Owns the item response functions: probabilities and their derivatives, compiled.

An item's parameters are one row of a padded array:

========  =====================================  ==========================================
kind      row                                    P(k | θ)
========  =====================================  ==========================================
GPCM      a, d₁ … d_m                            ∝ exp(k·a·θ + d_k), d₀ = 0 (m = 1: 2PL)
GRADED    a, d₁ > … > d_m                        σ(aθ + d_k) − σ(aθ + d_{k+1})
GUESSING  a, d₁, γ                               c + (1 − c)·σ(aθ + d₁), c = σ(γ)   (3PL)
========  =====================================  ==========================================

Sources: Muraki (1992) Appl. Psychol. Meas. 16, 159; Samejima (1969) Psychometrika Monograph 17;
Birnbaum (1968) in Lord & Novick, ch. 17–20.
"""

from __future__ import annotations

import numba
import numpy as np

GPCM, GRADED, GUESSING = 0, 1, 2
TINY = 1e-12  # a probability is never taken below this: its logarithm stays finite


@numba.njit(cache=True, nogil=True)
def _sigmoid(z):  # type: ignore[no-untyped-def]
    if z >= 0:
        return 1.0 / (1.0 + np.exp(-z))
    e = np.exp(z)
    return e / (1.0 + e)


@numba.njit(cache=True, nogil=True)
def item_probabilities(kind, par, m, theta, P):  # type: ignore[no-untyped-def]
    """Write P(k | θ_q) into ``P`` (m + 1, Q); ``m`` is the highest category."""
    for q in range(len(theta)):
        t = theta[q]
        if kind == GPCM:
            top = 0.0
            for k in range(1, m + 1):
                P[k, q] = k * par[0] * t + par[k]
                top = max(top, P[k, q])
            P[0, q] = np.exp(-top)
            total = P[0, q]
            for k in range(1, m + 1):
                P[k, q] = np.exp(P[k, q] - top)
                total += P[k, q]
            for k in range(m + 1):
                P[k, q] = max(P[k, q] / total, TINY)
        elif kind == GRADED:
            above = 1.0
            for k in range(m):
                nxt = _sigmoid(par[0] * t + par[k + 1])
                P[k, q] = max(above - nxt, TINY)
                above = nxt
            P[m, q] = max(above, TINY)
        else:
            c = _sigmoid(par[2])
            s = _sigmoid(par[0] * t + par[1])
            P[1, q] = max(c + (1.0 - c) * s, TINY)
            P[0, q] = max((1.0 - c) * (1.0 - s), TINY)


@numba.njit(cache=True, nogil=True)
def item_derivatives(kind, par, m, t, p, dp):  # type: ignore[no-untyped-def]
    """Derivatives of P(k | t) by the parameters, ``dp`` (m + 1, n_par), given ``p`` (m + 1,)."""
    if kind == GPCM:
        mean = 0.0
        for k in range(1, m + 1):
            mean += k * p[k]
        for k in range(m + 1):
            dp[k, 0] = p[k] * t * (k - mean)
            for h in range(1, m + 1):
                dp[k, h] = -p[k] * p[h]
            if k > 0:
                dp[k, k] += p[k]
    elif kind == GRADED:
        for k in range(m + 1):
            for h in range(m + 1):
                dp[k, h] = 0.0
        for k in range(1, m + 1):
            s = _sigmoid(par[0] * t + par[k])
            w = s * (1.0 - s)
            dp[k, k] += w
            dp[k - 1, k] -= w
            dp[k, 0] += w * t
            dp[k - 1, 0] -= w * t
    else:
        c = _sigmoid(par[2])
        s = _sigmoid(par[0] * t + par[1])
        w = (1.0 - c) * s * (1.0 - s)
        dp[1, 0] = w * t
        dp[1, 1] = w
        dp[1, 2] = c * (1.0 - c) * (1.0 - s)
        for h in range(3):
            dp[0, h] = -dp[1, h]


@numba.njit(cache=True, nogil=True)
def all_probabilities(kind, par, n_categories, theta, logs, out):  # type: ignore[no-untyped-def]
    """Probabilities of all items at all nodes, or their logs, into ``out`` (J, M, Q); zero where unused."""
    work = np.empty((out.shape[1], len(theta)))
    for j in range(len(kind)):
        m = n_categories[j] - 1
        item_probabilities(kind[j], par[j], m, theta, work)
        for k in range(out.shape[1]):
            for q in range(len(theta)):
                if k > m:
                    out[j, k, q] = 0.0
                else:
                    out[j, k, q] = np.log(work[k, q]) if logs else work[k, q]


@numba.njit(cache=True, nogil=True)
def n_parameters(kind, m):  # type: ignore[no-untyped-def]
    """Length of the used part of a parameter row."""
    return 3 if kind == GUESSING else m + 1
