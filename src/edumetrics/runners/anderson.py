"""Owns the acceleration of fixed-point maps that climb an objective by a memory of their last steps.

Source: Anderson (1965) Journal of the ACM 12, 547–560; Walker & Ni (2011) SIAM J. Numer. Anal. 49, 1715.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edumetrics.runners.packing import Floats

Map = Callable[[Floats], tuple[Floats, float]]

MEMORY = 5  # an EM map has few slow directions; older steps describe a place long left
CONTRACTIONS, SLOWEST = 2, 0.999
ROUNDING = 1e-9  # of the objective: less is no fall
SMALLEST = 1e-12  # squared length, against the longest, of an independent direction: the rest is rounding


@dataclass(frozen=True, eq=False)
class Rest:
    """Where the map came to rest.

    Attributes
    ----------
    x : (P,) float
        The last point at which the map was evaluated.
    objective : float
        At ``x``.
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
) -> Rest:
    """Iterate ``step`` (x → next x, objective at x); each next point combines the last few.

    A combination that is infeasible or lowers the objective is dropped together with the memory:
    the map's own step, which always climbs, is taken instead.

    Stops where the distance to the maximum is below ``tolerance`` in every coordinate, estimated from the
    last move and the slowest of the last contractions, and returns the point where the map was last
    called, so that whatever the caller kept of that call belongs to the answer.
    """
    points: list[Floats] = []
    images: list[Floats] = []
    moves: list[float] = []
    before = -np.inf
    evaluations = 0
    while True:
        image, value = step(x)
        evaluations += 1
        fell = not np.isfinite(value) or value < before - ROUNDING * abs(before)
        if points and fell:
            x, points, images, moves, before = images[-1], [], [], [], -np.inf
            continue
        points, images, before = [*points[-MEMORY:], x], [*images[-MEMORY:], image], value
        following = combine(points, images)
        if len(points) > 1 and not feasible(following):
            following, points, images = image, points[-1:], images[-1:]
        moves = [*moves[-CONTRACTIONS:], float(np.max(np.abs(following - x), initial=0.0))]
        converged = moves[-1] == 0.0 or still_to_go(moves) < tolerance
        if converged or evaluations >= max_evaluations:
            return Rest(x, value, evaluations, converged)
        x = following


def still_to_go(moves: list[float]) -> float:
    """Distance that further moves would cover at the slowest of the contractions seen, two at least."""
    if len(moves) < 3:
        return np.inf
    rate = max(now / former for former, now in pairwise(moves))
    return moves[-1] / (1.0 - min(rate, SLOWEST))


def combine(points: list[Floats], images: list[Floats]) -> Floats:
    """The combination of the images whose step, were the map linear, would be shortest."""
    if len(points) == 1:
        return images[-1]
    steps = np.array(images) - np.array(points)
    change, moved = np.diff(steps, axis=0), np.diff(np.array(images), axis=0)
    length = np.maximum(np.linalg.norm(change, axis=1), np.finfo(float).tiny)[:, None]
    change /= length
    size, axes = np.linalg.eigh(change @ change.T)
    size, axes = size[size > SMALLEST * size[-1]], axes[:, size > SMALLEST * size[-1]]
    weight = axes @ ((axes.T @ (change @ steps[-1])) / size)
    return np.asarray(images[-1] - weight @ (moved / length))
