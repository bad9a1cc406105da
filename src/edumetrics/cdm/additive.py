"""Owns the M-step of an additive item (ACDM): P = δ₀ + Σ δ_k·α_k with δ ≥ 0.

Source: de la Torre (2011) Psychometrika 76, 179–199, identity link.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from edumetrics.results import FloatArray

_EDGE = 1e-6  # the weights 1 / p(1 − p) need room on both sides


def additive_step(design: FloatArray, counts: FloatArray, old: FloatArray, passes: int = 4) -> FloatArray:
    """Probabilities (G,) that improve the binomial likelihood under the additive design.

    Parameters
    ----------
    design : (G, 1 + K) float
        Ones, then 0/1 per point.
    counts : (G, 2) float
        Expected pupils wrong and right.
    old : (G,) float
        Current probabilities.
    """
    size = counts.sum(axis=1)
    seen = size > 1e-9
    rate = np.where(seen, counts[:, 1] / np.maximum(size, 1e-9), old)

    def value(p: FloatArray) -> float:
        return float((counts[:, 1] * np.log(p) + counts[:, 0] * np.log(1.0 - p)).sum())

    current = np.clip(design @ nnls(design, old)[0], _EDGE, 1.0 - _EDGE)
    best = value(current)
    for _ in range(passes):
        root = np.sqrt(size / (current * (1.0 - current)))
        wanted = design @ nnls(design * root[:, None], rate * root)[0]
        scale, improved = 1.0, False
        for _ in range(20):
            trial = current + scale * (wanted - current)
            if trial.max() <= 1.0 - _EDGE and trial.min() >= _EDGE and value(trial) >= best:
                improved = True
                break
            scale *= 0.5
        if not improved or np.abs(trial - current).max() < 1e-9:
            break
        current, best = trial, value(trial)
    return np.asarray(current, dtype=np.float64)
