"""Owns the network of one exam: which points each item and each prerequisite joins, clique by clique."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.classes import CANNOT_TELL, MAX_POINTS_PER_ITEM, ClassSpace, demands
from edumetrics.cdm.network.tree import TooWide, Tree, clique_tree
from edumetrics.results import IntArray

# A statement: a variable that is true in exactly those states of its scope (the variable itself first).
Statement = tuple[tuple[int, ...], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True, eq=False)
class PointsHere:
    """Points whose chance is multiplied in at one clique.

    Attributes
    ----------
    points : (P,) int
    has, free : (P, S) bool
        In which states the point is had, and in which all that it presupposes is.
    truth : (S,) float
        0 in states that no pupil can be in.
    """

    points: IntArray
    has: NDArray[np.bool_]
    free: NDArray[np.bool_]
    truth: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ItemsHere:
    """Items whose chances are multiplied in at one clique: ``items`` (m,), ``group`` (m, S)."""

    items: IntArray
    group: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Points, items and the cliques that they make; entries of the tuples are per clique."""

    tree: Tree
    points: tuple[PointsHere, ...]
    items: tuple[ItemsHere, ...]
    n_points: int

    @property
    def cells(self) -> int:
        """States of all cliques: what one pupil costs at one ability."""
        return sum(one.n_states for one in self.tree.cliques)


def merged_space(
    q: NDArray[np.bool_], model: str, prerequisites: Sequence[tuple[int, int]] = ()
) -> ClassSpace:
    """The groups of every item; all states are one class, about which nothing is known.

    Raises
    ------
    TooWide, CircularPrerequisites, BadSetting, BadWeights, UnknownName
    """
    needs, below = demands(q, model, prerequisites)
    mastered = []
    for row in needs:
        if model in ("dina", "dino"):
            mastered.append(np.array([[False] * len(row), [True] * len(row)]))
            continue
        if len(row) > MAX_POINTS_PER_ITEM:
            raise TooWide(row)
        state = np.arange(1 << len(row))
        had = (state[:, None] >> np.arange(len(row)) & 1).astype(bool)
        for i, k in enumerate(row):
            for h, before in enumerate(row):
                if before != k and below[k] >> before & 1:
                    had = had[~had[:, i] | had[:, h]]
        mastered.append(had[np.argsort(had.sum(axis=1), kind="stable")])
    return ClassSpace(
        known=np.full((1, q.shape[1]), CANNOT_TELL, dtype=np.int8),
        group=np.zeros((len(needs), 1), dtype=np.int64),
        n_groups=np.array([len(one) for one in mastered]),
        mastered=tuple(mastered),
        needs=needs,
    )


def network(
    space: ClassSpace,
    model: str,
    prerequisites: Sequence[tuple[int, int]] = (),
    statements: Sequence[Statement] = (),
) -> Network:
    """The network of the items of ``space``; ``statements`` number their variables from K on.

    Raises
    ------
    TooWide
        If items, prerequisites and statements join too many variables.
    """
    n_items, n_points = len(space.needs), space.known.shape[1]
    chains = [
        (k, *sorted({before for before, after in prerequisites if after == k})) for k in range(n_points)
    ]
    scopes = [*space.needs, *chains, *(scope for scope, _ in statements)]
    tree = clique_tree(n_points + len(statements), scopes)
    points, items = [], []
    for clique in tree.cliques:
        here = [f for f in clique.factors if f < n_items]
        group = [_groups(space, model, j, clique.index_in(space.needs[j])) for j in here]
        items.append(
            ItemsHere(np.array(here, np.int64), np.array(group, np.int64).reshape(len(here), clique.n_states))
        )
        own = [chains[f - n_items] for f in clique.factors if n_items <= f < n_items + n_points]
        has = [clique.has(k) for k, *_ in own]
        free = [
            np.logical_and.reduce([clique.has(b) for b in before], axis=0) | (not before)
            for _, *before in own
        ]
        truth = np.ones(clique.n_states)
        for f in clique.factors:
            if f >= n_items + n_points:
                scope, true_in = statements[f - n_items - n_points]
                truth *= true_in[clique.index_in(scope[1:])] == clique.has(scope[0])
        shape = (len(own), clique.n_states)
        points.append(
            PointsHere(
                np.array([k for k, *_ in own], dtype=np.int64),
                np.array(has, dtype=np.bool_).reshape(shape),
                np.array([np.broadcast_to(one, shape[1:]) for one in free], dtype=np.bool_).reshape(shape),
                truth,
            )
        )
    return Network(tree, tuple(points), tuple(items), n_points)


def _groups(space: ClassSpace, model: str, item: int, state: IntArray) -> IntArray:
    """Group on the item of states (S,) of its points; states that nobody is in are of group 0."""
    everything = (1 << len(space.needs[item])) - 1
    if model == "dina":
        return np.asarray((state == everything).astype(np.int64))
    if model == "dino":
        return np.asarray((state != 0).astype(np.int64))
    code = space.mastered[item].astype(np.int64) @ (1 << np.arange(len(space.needs[item])))
    place = np.zeros(everything + 1, dtype=np.int64)
    place[code] = np.arange(len(code))
    return place[state]
