"""Owns the acceleration of fixed-point maps that climb an objective (SQUAREM, scheme S3).

Source: Varadhan & Roland (2008) Scandinavian Journal of Statistics 35, 335–353.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edumetrics.runners.packing import Floats

Map = Callable[[Floats], tuple[Floats, float]]


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """Where the map came to rest.

    Attributes
    ----------
    x : (P,) float
    objective : float
        At ``x`` or at a point at most one accepted step before it (never above the objective at ``x``).
    evaluations : int
        Calls of the map.
    converged : bool
    """

    x: Floats
    objective: float
    evaluations: int
    converged: bool


def climb(
    step: Map,
    x: Floats,
    *,
    feasible: Callable[[Floats], bool],
    tolerance: float,
    max_evaluations: int,
) -> FixedPoint:
    """Iterate ``step`` (x → next x, objective at x) with squared extrapolation.

    Stops when the distance still to go, estimated from the contraction of the last two steps, is
    below ``tolerance`` in every coordinate: a small step alone means little where a map is slow.
    """
    evaluations, longest = 0, 4.0
    best = -np.inf
    while evaluations < max_evaluations:
        x1, value0 = step(x)
        x2, value1 = step(x1)
        evaluations += 2
        best = max(value0, value1)
        r = x1 - x
        v = (x2 - x1) - r
        size_r, size_v = float(np.linalg.norm(r)), float(np.linalg.norm(v))
        size_last = float(np.linalg.norm(x2 - x1))
        rate = min(size_last / size_r, 0.999) if size_r > 0 else 0.0
        if float(np.max(np.abs(x2 - x1), initial=0.0)) * rate / (1.0 - rate) < tolerance:
            return FixedPoint(x2, best, evaluations, True)
        length = min(max(size_r / size_v if size_v > 0 else 1.0, 1.0), longest)
        if length == longest:
            longest *= 4.0
        trial = x + 2.0 * length * r + length * length * v
        if length > 1.0 and feasible(trial):
            x3, value = step(trial)
            evaluations += 1
            if np.isfinite(value) and value >= value1 - 1e-9 * abs(value1) * (value1 != -np.inf):
                x, best = x3, max(best, value)
                continue
            longest = max(longest / 4.0, 1.5)
        x = x2
    return FixedPoint(x, best, evaluations, False)
