"""Owns the climb of a likelihood over blocks of probabilities: quasi-Newton steps on top of EM's own.

The M-step says which way is up, and its expected pupils how evenly the likelihood is bent; the memory of
the last moves corrects that for what the answers leave open (L-BFGS with EM's information as its first
guess). Coordinates are square roots of probabilities: there Fisher's information of a block is even, and
whatever comes out is a probability again once squared. Along the ridge of math1 under DINA it arrives
1.7 log-likelihood units higher in a third of the evaluations that Anderson's extrapolation took.
Sources: Jamshidian & Jennrich (1997) J. R. Stat. Soc. B 59, 569 (their QN2); Liu & Nocedal (1989) Math.
Program. 45, 503; Nocedal & Wright (2006) Numerical Optimization, algorithm 7.4.

The caller owns the loop: it evaluates a point, and `advance` says where to go next. So one rule serves
a climb that is compiled as a whole (`expectation.solve`) and one whose every step asks a runner (`climb`).
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from edumetrics.results import FloatArray

MEMORY = 10  # moves that are remembered
CALM = 2  # points in a row that must rest: on a saddle one may
KEPT = 0.5  # of what EM would leave of a probability: a step takes no more away
SETTLED = 1e-3  # rise of the log-likelihood, had and expected, that nobody would notice
TRIES = 3  # shorter steps in one direction before EM's own is taken
ASLEEP = 0.1  # expected pupils behind a probability whose slope by its root is too small to be seen
_RISING = 2e-3  # of itself that EM would add to a probability that should not sleep
_WAKINGS = 5  # of one climb
_ENOUGH = 1e-4  # of the rise that the slope promises (Armijo)
_SHORTEST, _LONGEST = 0.1, 0.5  # of a step that failed
_BENT = 1e-10  # least curvature along a move, of what EM's information says
_MOST_STRETCHED = 64.0  # steps where the likelihood bends upwards, as it does away from a saddle
_ROUNDING = 1e-12  # of the objective

FIRST, PLAIN, GUESSED, WOKEN, DONE = 0, 1, 2, 3, 4  # what the point is that `advance` asks for


@numba.njit(cache=True, nogil=True)
def new_memory(size):  # type: ignore[no-untyped-def]
    """What `advance` remembers between calls about a map over ``size`` coordinates.

    Moves and falls of the gradient (ring buffers); the last point taken with its root, gradient, EM image
    and the direction from it; the objective there, the rise expected, how much longer than it seems the next
    step should be; counters: kind of the point asked for, ring entries, the next of them, points in a row
    that rested, tries from this point, wakings.
    """
    moves, falls = np.zeros((MEMORY, size)), np.zeros((MEMORY, size))
    return moves, falls, np.zeros((5, size)), np.array([-np.inf, 0.0, 1.0]), np.zeros(6, np.int64)


@numba.njit(cache=True, nogil=True)
def advance(memory, x, image, gradient, curvature, value, tolerance):  # type: ignore[no-untyped-def]
    """Take what was seen at ``x`` and write the next point into it.

    Parameters
    ----------
    memory : see `new_memory`
    x : (P,) float, overwritten
    image : (P,) float
        Where EM would go from ``x``.
    gradient, curvature : (P,) float
        Slope of the objective by the roots, and EM's information about them.
    value : float
        The objective at ``x``.
    tolerance : float

    Returns
    -------
    What the next point is: `PLAIN` (EM's own), `GUESSED` or `WOKEN` (the caller makes it feasible) or `DONE`:
    steps move no coordinate by ``tolerance``, the objective rests, no rise is expected and ``x`` stays.
    """
    moves, falls, last, numbers, counter = memory
    point, root, slope, following, direction = last[0], last[1], last[2], last[3], last[4]
    kind = counter[0]
    new_root = np.sqrt(x)
    move = new_root - root
    if kind == GUESSED:
        promised = np.dot(slope, move)
        if not value >= numbers[0] + _ENOUGH * promised - abs(numbers[0]) * _ROUNDING:
            return _shorter(memory, x, move, promised, value)
    if kind != FIRST and kind != WOKEN:
        fall = slope - gradient
        bent = np.dot(move, fall)
        numbers[2] = min(2.0 * numbers[2], _MOST_STRETCHED)
        if bent > _BENT * np.dot(move * curvature, move):
            numbers[2] = 1.0
            place = counter[2]
            moves[place] = move
            falls[place] = fall
            counter[1], counter[2] = min(counter[1] + 1, MEMORY), (place + 1) % MEMORY
    rests = value - numbers[0] < SETTLED and np.abs(x - point).max() < tolerance
    numbers[0] = value
    point[:], root[:], slope[:], following[:] = x, new_root, gradient, image
    counter[4] = 0
    if kind == FIRST:
        x[:] = image
        counter[0] = PLAIN
        return PLAIN
    _newton(moves, falls, counter[1], counter[2], gradient, curvature, direction)
    direction *= numbers[2]
    numbers[1] = np.dot(gradient, direction)
    rests = rests and numbers[1] < 2.0 * SETTLED and not _rising(x, image, curvature)
    counter[3] = counter[3] + 1 if kind == GUESSED and rests else 0
    if counter[3] == CALM:
        counter[0] = DONE if counter[5] == _WAKINGS or not _wake(x, image, curvature) else WOKEN
        if counter[0] == WOKEN:
            counter[1], counter[2], counter[3] = 0, 0, 0
            counter[5] += 1
    elif numbers[1] > 0.0:
        _go(root, direction, following, x)
        counter[0] = GUESSED
    else:
        _plain(memory, x)
    return counter[0]


@numba.njit(cache=True, nogil=True)
def _shorter(memory, x, move, promised, value):  # type: ignore[no-untyped-def]
    """Write a point on the way to ``x`` where the slope and both values put the top, or EM's own."""
    _, _, last, numbers, counter = memory
    counter[4] += 1
    if counter[4] == TRIES or not promised > 0.0 or not np.isfinite(value):
        _plain(memory, x)
    else:
        top = promised / (2.0 * (promised - (value - numbers[0])))
        last[4][:] = move * min(max(top, _SHORTEST), _LONGEST)
        _go(last[1], last[4], last[3], x)
    return counter[0]


@numba.njit(cache=True, nogil=True)
def _plain(memory, x):  # type: ignore[no-untyped-def]
    """EM's own step, and a fresh memory: what it said was wrong."""
    _, _, last, numbers, counter = memory
    x[:] = last[3]
    numbers[2] = 1.0
    counter[0], counter[1], counter[2], counter[4] = PLAIN, 0, 0, 0


@numba.njit(cache=True, nogil=True)
def _rising(x, image, curvature):  # type: ignore[no-untyped-def]
    """Whether EM would still raise a probability that somebody is behind by more than `_RISING` of itself."""
    for p in range(len(x)):
        if x[p] * curvature[p] >= ASLEEP * 4.0 and image[p] > (1.0 + _RISING) * x[p]:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _wake(x, image, curvature):  # type: ignore[no-untyped-def]
    """Put a tenth of a pupil behind every probability that hardly anybody is behind though EM raises it.

    By its root the likelihood is flat there: a climb would rest, or take hundreds of steps away from it.
    Returns whether there was any.
    """
    any_woken = False
    for p in range(len(x)):
        least = ASLEEP * 4.0 / curvature[p]
        if x[p] < least < 0.5 and image[p] > (1.0 + _RISING) * x[p]:
            x[p] = least
            any_woken = True
    return any_woken


@numba.njit(cache=True, nogil=True)
def _go(root, direction, following, out):  # type: ignore[no-untyped-def]
    """Where the step leads; squared, and not far below ``following``."""
    for p in range(len(out)):
        out[p] = max(max(root[p] + direction[p], 0.0) ** 2, KEPT * following[p])


@numba.njit(cache=True, nogil=True)
def _newton(moves, falls, used, place, gradient, curvature, out):  # type: ignore[no-untyped-def]
    """Inverse information times ``gradient`` by the two loops over the moves, newest first."""
    share = np.empty(used)
    out[:] = gradient
    for back in range(used):
        at = (place - 1 - back) % MEMORY
        share[back] = np.dot(moves[at], out) / np.dot(moves[at], falls[at])
        out -= share[back] * falls[at]
    out /= curvature
    if used:
        newest = (place - 1) % MEMORY
        fall = falls[newest]
        out *= np.dot(moves[newest], fall) / np.dot(fall / curvature, fall)
    for back in range(used - 1, -1, -1):
        at = (place - 1 - back) % MEMORY
        out += moves[at] * (share[back] - np.dot(falls[at], out) / np.dot(moves[at], falls[at]))


def climb(
    step: Callable[[FloatArray, FloatArray, FloatArray, FloatArray], float],
    mend: Callable[[FloatArray], None],
    x: FloatArray,
    tolerance: float,
    max_evaluations: int,
) -> tuple[FloatArray, int, bool]:
    """Climb from ``x`` to where EM rests.

    Parameters
    ----------
    step : callable
        Writes EM's image of its first argument, the gradient and the curvature there into the others (see
        `advance`); returns the objective.
    mend : callable
        Makes a guessed point feasible, in place.
    x : (P,) float, overwritten

    Returns
    -------
    point, evaluations, converged
    """
    memory = new_memory(len(x))
    image, gradient, curvature = np.zeros(len(x)), np.zeros(len(x)), np.ones(len(x))
    evaluations, kind = 0, FIRST
    while kind != DONE and evaluations < max_evaluations:
        value = step(x, image, gradient, curvature)
        evaluations += 1
        kind = advance(memory, x, image, gradient, curvature, value, tolerance)
        if kind in (GUESSED, WOKEN):
            mend(x)
    return x if kind == DONE else memory[2][3], evaluations, kind == DONE
