"""Owns the knowledge states that a Q-matrix can tell apart, and what it leaves open.

Two states that give the same chances on every item are one class: probabilities inside a class are
not knowledge. Under DINA a class is a union of item requirements, so classes are built by closure
and a Q-matrix with twenty and more points costs what its distinguishable classes cost, not 2^K.
Source: Zhang, DeCarlo & Ying (2013); Köhn & Chiu (2017) Psychometrika 82, 112.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.errors import BadSetting, BadWeights, UnknownName
from edumetrics.results import IntArray

MAX_CLASSES = 65_536  # one pass over 5,000 pupils and 40 items takes a second, 300 MB
MAX_POINTS = 62  # a state is one machine word
MAX_POINTS_PER_ITEM = 6  # 64 groups of pupils on one item: more has never been estimable

MODELS = ("dina", "dino", "gdina", "acdm")

CANNOT_TELL = -1


class TooManyClasses(ValueError):
    """More states can be told apart than can be computed; ``points`` names those joined too closely."""

    def __init__(self, message: str, points: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.points = points


class CircularPrerequisites(ValueError):
    """A point is, through others, its own prerequisite."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassSpace:
    """Distinguishable classes.

    Attributes
    ----------
    known : (C, K) int8
        1: all states of the class master the point; 0: none does; −1: cannot tell.
    group : (J, C) int
        To which group of item j the class belongs; group 0 lacks all that helps.
    n_groups : (J,) int
    mastered : tuple of (G_j, K_j) bool
        Which of the item's points each group masters (for "dina" and "dino": none or all).
    needs : tuple of tuple of int
        Points of each item.
    """

    known: NDArray[np.int8]
    group: IntArray
    n_groups: IntArray
    mastered: tuple[NDArray[np.bool_], ...]
    needs: tuple[tuple[int, ...], ...]

    @property
    def n_classes(self) -> int:
        """Number of distinguishable classes."""
        return int(self.known.shape[0])

    @property
    def never_known(self) -> NDArray[np.bool_]:
        """Points (K,) about which no class says anything."""
        return np.asarray((self.known == CANNOT_TELL).all(axis=0))


def class_space(
    q: NDArray[np.bool_], model: str = "dina", prerequisites: Sequence[tuple[int, int]] = ()
) -> ClassSpace:
    """Distinguishable classes of a Q-matrix under a model.

    Parameters
    ----------
    q : (J, K) bool
        Points that each item needs; no row may be empty.
    model : {"dina", "dino", "gdina", "acdm"}
    prerequisites : sequence of (before, after)
        Nobody masters ``after`` without ``before``.

    Raises
    ------
    TooManyClasses, CircularPrerequisites, BadSetting, BadWeights, UnknownName
    """
    n_points = q.shape[1]
    if n_points > MAX_POINTS:
        raise TooManyClasses(f"{n_points} points; at most {MAX_POINTS}")
    needs, below = demands(q, model, prerequisites)
    masks = (q @ (1 << np.arange(n_points, dtype=np.int64))).tolist()
    if model == "dina":
        return _conjunctive(masks, needs, below, flip=False)
    if model == "dino":
        above = closures(n_points, [(after, before) for before, after in prerequisites])
        return _conjunctive(masks, needs, above, flip=True)
    return _saturated(needs, below, n_points)


def demands(
    q: NDArray[np.bool_], model: str, prerequisites: Sequence[tuple[int, int]]
) -> tuple[tuple[tuple[int, ...], ...], list[int]]:
    """Points of each item, and for each point the mask of itself and all that it presupposes.

    Raises
    ------
    CircularPrerequisites, BadSetting, BadWeights, UnknownName
    """
    if model not in MODELS:
        raise BadSetting(value=f"unknown model {model!r}; known are {', '.join(MODELS)}")
    points = range(q.shape[1])
    needs = tuple(tuple(compress(points, row)) for row in q.tolist())
    if not all(needs):
        raise BadWeights(value=f"item {needs.index(())} needs no point")
    return needs, closures(q.shape[1], prerequisites)


def closures(n_points: int, prerequisites: Sequence[tuple[int, int]]) -> list[int]:
    """For each point the mask of itself and all that it presupposes."""
    if not prerequisites:
        return [1 << k for k in range(n_points)]
    before: list[set[int]] = [set() for _ in range(n_points)]
    for first, second in prerequisites:
        if not (0 <= first < n_points and 0 <= second < n_points):
            raise UnknownName(value=f"prerequisite {(first, second)} names no point")
        before[second].add(first)
    out = []
    for k in range(n_points):
        seen, waiting = {k}, [k]
        while waiting:
            for one in before[waiting.pop()]:
                if one == k:
                    raise CircularPrerequisites(f"point {k} presupposes itself")
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        out.append(sum(1 << one for one in seen))
    return out


def _unions(masks: NDArray[np.int64]) -> NDArray[np.int64]:
    """All unions of the masks, the empty one included, by size and then by value."""
    states = _all_unions(masks, MAX_CLASSES)
    if len(states) > MAX_CLASSES:
        raise TooManyClasses(f"more than {MAX_CLASSES} states of knowledge can be told apart")
    return np.asarray(states[np.lexsort((states, np.bitwise_count(states)))])


@numba.njit(cache=True, nogil=True)
def _all_unions(masks, at_most):  # type: ignore[no-untyped-def]
    """Unions of the masks in the order they are met; stops beyond ``at_most``."""
    states = np.zeros(256, np.int64)
    seen = {states[0]}
    n = 1
    for mask in masks:
        for c in range(n):
            both = states[c] | mask
            if both not in seen:
                seen.add(both)
                if n == len(states):
                    states = np.concatenate((states, np.zeros(n, np.int64)))
                states[n] = both
                n += 1
                if n > at_most:
                    return states[:n]
    return states[:n]


def _conjunctive(
    masks: Sequence[int], needs: tuple[tuple[int, ...], ...], closure: list[int], *, flip: bool
) -> ClassSpace:
    """Classes where an item asks for all of its points; ``flip`` exchanges having and lacking (DINO)."""
    alone = [1 << k for k in range(len(closure))]
    closed = np.array(
        masks if closure == alone else [_close(mask, closure) for mask in masks], dtype=np.int64
    )
    states = _unions(closed)
    complete, known = _tell_apart(states, closed, np.array(closure, dtype=np.int64))
    if flip:
        known = np.where(known == CANNOT_TELL, known, 1 - known).astype(np.int8)
        complete = 1 - complete
    steps = tuple(_none_or_all(len(row)) for row in needs)
    return ClassSpace(known, complete, np.full(len(masks), 2), steps, needs)


@lru_cache
def _none_or_all(points: int) -> NDArray[np.bool_]:
    both = np.repeat([[False], [True]], points, axis=1)
    both.flags.writeable = False  # items share it
    return both


@numba.njit(cache=True, nogil=True)
def _tell_apart(states, closed, closure):  # type: ignore[no-untyped-def]
    """Which items (J, C) each state completes (0 or 1), and what each state (C, K) says of the points.

    Nothing is known of a point that the state lacks where having it, with all that it presupposes, would
    complete no further item.
    """
    complete = np.empty((len(closed), len(states)), np.int64)
    known = np.empty((len(states), len(closure)), np.int8)
    for j in range(len(closed)):
        for c in range(len(states)):
            complete[j, c] = states[c] & closed[j] == closed[j]
    for c in range(len(states)):
        for k in range(len(closure)):
            known[c, k] = states[c] >> k & 1
            if known[c, k] == 0:
                more = states[c] | closure[k]
                known[c, k] = CANNOT_TELL
                for j in range(len(closed)):
                    if more & closed[j] == closed[j] and complete[j, c] == 0:
                        known[c, k] = 0
                        break
    return complete, known


def _saturated(needs: tuple[tuple[int, ...], ...], closure: list[int], n_points: int) -> ClassSpace:
    """Classes where an item answers to each of its points."""
    widest = max(len(row) for row in needs)
    if widest > MAX_POINTS_PER_ITEM:
        raise TooManyClasses(f"an item with {widest} points; at most {MAX_POINTS_PER_ITEM} under this model")
    asked = sorted({k for row in needs for k in row})
    reach = sorted({bit for k in asked for bit in range(n_points) if closure[k] >> bit & 1})
    states = _unions(np.array([closure[k] for k in reach], dtype=np.int64))
    known = ((states[:, None] >> np.arange(n_points)) & 1).astype(np.int8)
    for k in set(range(n_points)) - set(reach):  # no item asks: known to lack only where a prerequisite lacks
        needed = closure[k] & sum(1 << bit for bit in reach)
        known[:, k] = np.where(states & needed == needed, CANNOT_TELL, 0)
    group = np.empty((len(needs), len(states)), dtype=np.int64)
    mastered = []
    for j, row in enumerate(needs):
        pattern = sum(((states >> k) & 1) << i for i, k in enumerate(row))
        seen, group[j] = np.unique(pattern, return_inverse=True)
        order = np.argsort(np.bitwise_count(seen), kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        group[j] = place[group[j]]
        mastered.append((seen[order, None] >> np.arange(len(row)) & 1).astype(bool))
    # states that only differ in points that no item of theirs can see are one class
    _, first, inverse = np.unique(group, axis=1, return_index=True, return_inverse=True)
    if len(first) < len(states):
        merged = known[first].copy()
        for c in range(len(first)):
            inside = known[inverse.ravel() == c]
            merged[c] = np.where((inside == inside[0]).all(axis=0), inside[0], CANNOT_TELL)
        known, group = merged, group[:, first]
    return ClassSpace(known, group, np.array([len(m) for m in mastered]), tuple(mastered), needs)


def _close(mask: int, closure: list[int]) -> int:
    out = mask
    for k, needed in enumerate(closure):
        if mask >> k & 1:
            out |= needed
    return out
