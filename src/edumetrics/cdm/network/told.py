"""Owns which states surely have or surely lack a point, written as statements that a network can hold.

The same as `ClassSpace.known` without listing classes: a point is surely had where an item that needs it
is satisfied, and surely lacked where having it would satisfy an item more, all else surely had. A point
that some item asks alone is always told; only the others need statements of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edumetrics.cdm.classes import ClassSpace, closures
from edumetrics.cdm.network.structure import Statement

Literal = tuple[int, bool]  # a variable, and whether it or its opposite is meant


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Statements about points.

    Attributes
    ----------
    statements : tuple of Statement
        Numbered from K on, each in terms of points and earlier statements.
    sure, lack : tuple of (Literal or None), K
        True where the point is surely had, surely lacked; None: never.
    """

    statements: tuple[Statement, ...]
    sure: tuple[Literal | None, ...]
    lack: tuple[Literal | None, ...]


def told(space: ClassSpace, model: str, prerequisites: Sequence[tuple[int, int]] = ()) -> Told:
    """What the items tell of every point. Under DINO having and lacking change places."""
    n_points = space.known.shape[1]
    flip = model == "dino"
    order = [(after, before) for before, after in prerequisites] if flip else prerequisites
    closed = [_set(mask) for mask in closures(n_points, order)]
    if model in ("dina", "dino"):
        demands = {frozenset().union(*(closed[k] for k in needs)) for needs in space.needs}
    else:  # every point of an item is seen by itself
        demands = {closed[k] for needs in space.needs for k in needs}
    writer = _Writer(n_points)
    own = [(k, not flip) for k in range(n_points)]
    met = {
        demand: writer.all_of([own[k] for k in sorted(demand)])
        for demand in sorted(demands, key=sorted)
        if any(closed[k] not in demands for k in demand)
    }
    sure: list[Literal | None] = []
    for k in range(n_points):
        if closed[k] in demands:
            sure.append(own[k])
        else:
            sure.append(writer.any_of([met[demand] for demand in met if k in demand]))
    lack: list[Literal | None] = []
    for k in range(n_points):
        if closed[k] in demands:
            lack.append((k, flip))
            continue
        ways = []
        for demand in sorted(demands, key=sorted):
            others = [sure[p] for p in sorted(demand - closed[k])]
            if demand & closed[k] and None not in others:
                if demand not in met:
                    met[demand] = writer.all_of([own[p] for p in sorted(demand)])
                variable, meant = met[demand]
                if met[demand] not in others:  # else only a satisfied item could tell, and this one is not
                    ways.append(writer.all_of([(variable, not meant), *(one for one in others if one)]))
        lack.append(writer.any_of(ways))
    both = (tuple(lack), tuple(sure)) if flip else (tuple(sure), tuple(lack))
    return Told(tuple(writer.statements), *both)


class _Writer:
    """Collects statements; each new one is a variable after all others."""

    def __init__(self, n_points: int) -> None:
        self._next = n_points
        self.statements: list[Statement] = []

    def all_of(self, literals: Sequence[Literal]) -> Literal:
        """True where all are."""
        return self._write(literals, np.all)

    def any_of(self, literals: Sequence[Literal]) -> Literal | None:
        """True where one is: a chain, so that no scope is wide. None of nothing."""
        if not literals:
            return None
        out = literals[0]
        for one in literals[1:]:
            out = self._write([out, one], np.any)
        return out

    def _write(self, literals: Sequence[Literal], how: np.ufunc | object) -> Literal:
        meant = dict(literals)
        if len(meant) == 1:
            return literals[0]
        state = np.arange(1 << len(meant))[:, None] >> np.arange(len(meant)) & 1
        true = (state == 1) == np.array(list(meant.values()))
        self.statements.append(((self._next, *meant), how(true, axis=1)))  # type: ignore[operator]
        self._next += 1
        return self._next - 1, True


def _set(mask: int) -> frozenset[int]:
    return frozenset(k for k in range(mask.bit_length()) if mask >> k & 1)
