"""Owns the climb of an EM map over blocks of probabilities: Anderson's extrapolation of square roots.

Square roots of probabilities are the coordinates in which Fisher's information is even, so the last
few steps of EM combine well there, and whatever comes out is a probability again once squared.
Sources: Walker & Ni (2011) SIAM J. Numer. Anal. 49, 1715; Henderson & Varadhan (2019) J. Comput.
Graph. Stat. 28, 834 (why only points that climb are taken).

The caller owns the loop: it evaluates the map at a point, and `advance` says where to go next. So one
rule serves a climb that is compiled as a whole (`expectation.solve`) and one whose every step asks a
runner (`climb`).
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from edumetrics.results import FloatArray

MEMORY = 5  # steps that are combined; more gained nothing on any of the exams tried
CALM = 2  # points in a row that must rest: on a saddle one may
KEPT = 0.1  # an extrapolation takes at most nine tenths of a probability away
SETTLED = 1e-3  # rise of the log-likelihood in the last step that nobody would notice
_ROUNDING = 1e-12  # of the objective
_RIDGE = 1e-10  # of the mean square of the steps: where two say the same

FIRST, PLAIN, EXTRAPOLATED, DONE = 0, 1, 2, 3  # what the point is that `advance` asks for


@numba.njit(cache=True, nogil=True)
def new_memory(size):  # type: ignore[no-untyped-def]
    """What `advance` remembers between calls about a map over ``size`` coordinates.

    Moves and changes of residuals (ring buffers), the last point taken with its root, its residual and
    its image, the objective there, and counters: kind of the point asked for, ring entries, the next
    of them, points in a row that rested.
    """
    moves, changes = np.zeros((MEMORY, size)), np.zeros((MEMORY, size))
    last = np.zeros((4, size))
    return moves, changes, last, np.full(1, -np.inf), np.zeros(4, np.int64)


@numba.njit(cache=True, nogil=True)
def advance(memory, x, image, value, tolerance):  # type: ignore[no-untyped-def]
    """Take the map's ``image`` of ``x`` and the objective there; write the next point into ``x``.

    Returns what it is: `PLAIN` (an image of the map), `EXTRAPOLATED` (the caller makes it feasible) or
    `DONE`: extrapolations move no coordinate by ``tolerance``, the objective rests and ``x`` stays.
    """
    moves, changes, last, objective, counter = memory
    point, root, residual, following = last[0], last[1], last[2], last[3]
    kind, used, place = counter[0], counter[1], counter[2]
    if kind == EXTRAPOLATED and not value >= objective[0] - abs(objective[0]) * _ROUNDING:
        if used > 1:
            latest = (place - 1) % MEMORY
            moves[0] = moves[latest]
            changes[0] = changes[latest]
            counter[1], counter[2] = 1, 1
        x[:] = following
        counter[0] = PLAIN
        return PLAIN
    new_root = np.sqrt(x)
    new_residual = np.sqrt(image) - new_root
    if kind != FIRST:
        moves[place] = new_root - root
        changes[place] = new_residual - residual
        counter[1], counter[2] = min(used + 1, MEMORY), (place + 1) % MEMORY
    rests = value - objective[0] < SETTLED and np.abs(x - point).max() < tolerance
    counter[3] = counter[3] + 1 if kind == EXTRAPOLATED and rests else 0
    objective[0] = value
    point[:] = x
    root[:] = new_root
    residual[:] = new_residual
    following[:] = image
    if counter[3] == CALM:
        counter[0] = DONE
    elif kind == FIRST:
        x[:] = following
        counter[0] = PLAIN
    else:
        _extrapolate(root, residual, moves, changes, counter[1], following, x)
        counter[0] = EXTRAPOLATED
    return counter[0]


@numba.njit(cache=True, nogil=True)
def _extrapolate(root, residual, moves, changes, used, following, out):  # type: ignore[no-untyped-def]
    """Where the last steps together point to; squared, and not far below ``following``."""
    gram, right = np.empty((used, used)), np.empty(used)
    for a in range(used):
        right[a] = np.dot(changes[a], residual)
        for b in range(a + 1):
            gram[a, b] = np.dot(changes[a], changes[b])
            gram[b, a] = gram[a, b]
    ridge = np.trace(gram) * _RIDGE + 1e-300
    for a in range(used):
        gram[a, a] += ridge
    share = np.linalg.solve(gram, right)
    for p in range(len(out)):
        total = root[p] + residual[p]
        for a in range(used):
            total -= share[a] * (moves[a, p] + changes[a, p])
        out[p] = max(max(total, 0.0) ** 2, KEPT * following[p])


def climb(
    step: Callable[[FloatArray, FloatArray], float],
    mend: Callable[[FloatArray], None],
    x: FloatArray,
    tolerance: float,
    max_evaluations: int,
) -> tuple[FloatArray, int, bool]:
    """Climb from ``x`` to where the map rests.

    Parameters
    ----------
    step : callable
        Writes the map's image of its first argument into the second; returns the objective at the first.
    mend : callable
        Makes an extrapolated point feasible, in place.
    x : (P,) float, overwritten

    Returns
    -------
    point, evaluations, converged
    """
    memory, image = new_memory(len(x)), np.zeros(len(x))
    evaluations, kind = 0, FIRST
    while kind != DONE and evaluations < max_evaluations:
        value = step(x, image)
        evaluations += 1
        kind = advance(memory, x, image, value, tolerance)
        if kind == EXTRAPOLATED:
            mend(x)
    return x if kind == DONE else memory[2][3], evaluations, kind == DONE
