"""Owns the clique tree of yes/no variables that share factors: what must be summed over together.

Variables are knowledge points (and, for reports, statements about them); a scope is a set of variables
that one factor (an item, a prerequisite) speaks of. Sums over all states then cost the states of the
cliques, not of all variables together. Source: Lauritzen & Spiegelhalter (1988) J. R. Stat. Soc. B 50,
157; order of elimination: the variable whose neighbours lack the fewest links (Kjærulff 1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edumetrics.results import IntArray

MOST_TOGETHER = 16  # 65,536 states of one clique


class TooWide(ValueError):
    """Factors join more ``variables`` than can be summed over."""

    def __init__(self, variables: tuple[int, ...]) -> None:
        super().__init__(f"{len(variables)} variables are joined too closely")
        self.variables = variables


@dataclass(frozen=True, slots=True, eq=False)
class Clique:
    """Variables that are summed over together.

    Attributes
    ----------
    variables : tuple of int
        Bit *i* of a state is ``variables[i]``.
    factors : tuple of int
        Scopes that are multiplied in here.
    children : tuple of int
        Cliques, earlier in the tree, whose sums are multiplied in here.
    shared : tuple of int
        Variables shared with the parent, none at a root.
    towards : (S,) int
        Index of each state among the states of what is shared.
    from_children : tuple of (S,) int
        The same for what is shared with each child.
    """

    variables: tuple[int, ...]
    factors: tuple[int, ...]
    children: tuple[int, ...]
    shared: tuple[int, ...]
    towards: IntArray
    from_children: tuple[IntArray, ...]

    @property
    def n_states(self) -> int:
        """Number of states S of the variables."""
        return int(1 << len(self.variables))

    def has(self, variable: int) -> NDArray[np.bool_]:
        """In which states (S,) the variable is true."""
        return self.index_in([variable]) == 1

    def index_in(self, some: Sequence[int]) -> IntArray:
        """Index (S,) of each state among the states of some of the variables."""
        return index_in(self.variables, some)


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Cliques, children before parents; several roots where variables are not connected."""

    cliques: tuple[Clique, ...]
    roots: tuple[int, ...]

    @property
    def components(self) -> list[int]:
        """The root above each clique."""
        out = list(range(len(self.cliques)))
        for c in range(len(self.cliques) - 1, -1, -1):
            for d in self.cliques[c].children:
                out[d] = out[c]
        return out

    def home(self, variable: int) -> int:
        """The smallest clique that holds the variable."""
        holding = [c for c, one in enumerate(self.cliques) if variable in one.variables]
        return min(holding, key=lambda c: self.cliques[c].n_states)


def clique_tree(n_variables: int, scopes: Sequence[Sequence[int]]) -> Tree:
    """Clique tree in which every scope lies in one clique.

    Raises
    ------
    TooWide
    """
    cliques = _maximal(_eliminated(n_variables, scopes))
    parent, order = _joined(cliques)
    place = {c: at for at, c in enumerate(order)}
    factors: list[list[int]] = [[] for _ in cliques]
    for f, scope in enumerate(scopes):
        inside = [c for c, one in enumerate(cliques) if one.issuperset(scope)]
        factors[min(inside, key=lambda c: len(cliques[c]))].append(f)
    shared = [
        () if parent[c] < 0 else tuple(sorted(cliques[c] & cliques[parent[c]])) for c in range(len(cliques))
    ]
    out = []
    for c in order:
        variables = tuple(sorted(cliques[c]))
        children = [d for d in order if parent[d] == c]
        out.append(
            Clique(
                variables,
                tuple(factors[c]),
                tuple(place[d] for d in children),
                shared[c],
                index_in(variables, shared[c]),
                tuple(index_in(variables, shared[d]) for d in children),
            )
        )
    return Tree(tuple(out), tuple(place[c] for c in order if parent[c] < 0))


def index_in(variables: Sequence[int], some: Sequence[int]) -> IntArray:
    """Index of each state of ``variables`` among the states of ``some`` of them."""
    state = np.arange(1 << len(variables))
    out = np.zeros(len(state), dtype=np.int64)
    for i, one in enumerate(some):
        out |= (state >> variables.index(one) & 1) << i
    return out


def _eliminated(n_variables: int, scopes: Sequence[Sequence[int]]) -> list[frozenset[int]]:
    near: list[set[int]] = [set() for _ in range(n_variables)]
    for scope in scopes:
        if len(scope) > MOST_TOGETHER:
            raise TooWide(tuple(scope))
        for a, b in combinations(scope, 2):
            near[a].add(b)
            near[b].add(a)
    left, out = set(range(n_variables)), []

    def missing(v: int) -> tuple[int, int, int]:
        return sum(b not in near[a] for a, b in combinations(near[v], 2)), len(near[v]), v

    while left:
        v = min(left, key=missing)
        if len(near[v]) >= MOST_TOGETHER:
            raise TooWide(tuple(sorted({v} | near[v])))
        out.append(frozenset({v} | near[v]))
        for a, b in combinations(near[v], 2):
            near[a].add(b)
            near[b].add(a)
        for a in near[v]:
            near[a].discard(v)
        left.discard(v)
    return out


def _maximal(cliques: list[frozenset[int]]) -> list[frozenset[int]]:
    out: list[frozenset[int]] = []
    for one in sorted(cliques, key=len, reverse=True):
        if not any(one <= other for other in out):
            out.append(one)
    return out


def _joined(cliques: list[frozenset[int]]) -> tuple[list[int], list[int]]:
    """Parent of each clique and an order with children first: the tree that shares most (Prim)."""
    parent, order = [-1] * len(cliques), list[int]()
    waiting = set(range(len(cliques)))
    while waiting:
        best = max(
            ((len(cliques[c] & cliques[d]), -c, -d) for c in waiting for d in order), default=(0, 0, 0)
        )
        if best[0] == 0:  # another component begins, at its largest clique
            c = max(waiting, key=lambda one: (len(cliques[one]), -one))
        else:
            c = -best[1]
            parent[c] = -best[2]
        order.append(c)
        waiting.discard(c)
    return parent, order[::-1]
