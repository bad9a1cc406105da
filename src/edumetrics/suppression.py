"""Hiding small groups from viewers who may not see the rows, and the cells that would give them away."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edumetrics import checks
from edumetrics.errors import ShapeMismatch
from edumetrics.results import BoolArray, IntArray

MIN_GROUP = 5


def suppress(counts: ArrayLike, *, minimum: int = MIN_GROUP, total_known: bool = True) -> BoolArray:
    """Which groups of a list must be hidden.

    A group with 1 … minimum − 1 people is hidden (an empty group tells of nobody). When the total of
    the list is published as well, total minus the visible groups is what the hidden groups hold
    together: one hidden group alone, or hidden groups that together are still small, would be laid
    open. Then the smallest visible group is hidden too (complementary suppression), until what is
    hidden holds at least `minimum` people in two groups.

    Parameters
    ----------
    counts : array_like of int, groups
    minimum : int
        Smallest group that may be shown.
    total_known : bool
        Whether the viewer also sees the figure of all groups together.

    Examples
    --------
    >>> suppress([30, 3, 8]).tolist()
    [False, True, True]
    """
    table = _counts(counts, 1)
    hidden = (table > 0) & (table < minimum)
    if total_known:
        while hidden.any() and (hidden.sum() < 2 or table[hidden].sum() < minimum):
            candidates = np.flatnonzero(~hidden & (table > 0))
            if candidates.size == 0:
                break
            hidden[candidates[np.argmin(table[candidates])]] = True
    return hidden


def suppress_table(counts: ArrayLike, *, minimum: int = MIN_GROUP) -> BoolArray:
    """Which cells of a two-way table with published row and column totals must be hidden.

    Cells with 1 … minimum − 1 people are hidden, then cells are added until (1) no row or column hides
    one cell alone or fewer than `minimum` people, and (2) no hidden cell follows from the totals.
    Hidden cells are the edges of a graph between rows and columns; the totals fix exactly those cells
    that are bridges of that graph.

    Where nothing else helps everything is hidden: then the totals say as much as the cells and must
    stay away too.
    """
    table = _counts(counts, 2)
    hidden = (table > 0) & (table < minimum)
    if not hidden.any():
        return hidden
    while True:
        line = _weak_line(table, hidden, minimum)
        if line is None:
            bridge = _bridge(hidden)
            if bridge is None:
                return hidden
            line = _line_with_choice(hidden, bridge)
        axis, index = line
        cells = [(index, c) if axis == 0 else (c, index) for c in range(table.shape[1 - axis])]
        free = [cell for cell in cells if not hidden[cell]]
        if not free:
            return np.ones_like(hidden)
        hidden[min(free, key=lambda cell: _cost(table, hidden, cell, axis))] = True


def _cost(table: IntArray, hidden: BoolArray, cell: tuple[int, int], axis: int) -> tuple[bool, bool, int]:
    """What hiding `cell` costs: filled cells first (an empty one protects nothing), then those whose
    other line already hides something (they close a cycle and need no further cell), then small ones."""
    other = hidden[:, cell[1]] if axis == 0 else hidden[cell[0]]
    return bool(table[cell] == 0), not bool(other.any()), int(table[cell])


def _weak_line(table: IntArray, hidden: BoolArray, minimum: int) -> tuple[int, int] | None:
    """Axis (0: row) and index of a line whose hidden cells its total lays open."""
    for axis in (0, 1):
        lines = hidden if axis == 0 else hidden.T
        values = table if axis == 0 else table.T
        for index, chosen in enumerate(lines):
            if (
                chosen.any()
                and not chosen.all()
                and (chosen.sum() < 2 or values[index][chosen].sum() < minimum)
            ):
                return axis, index
    return None


def _line_with_choice(hidden: BoolArray, cell: tuple[int, int]) -> tuple[int, int]:
    """A line that still has a cell to hide: through `cell` if possible."""
    row, column = cell
    if not hidden[row].all():
        return 0, row
    if not hidden[:, column].all():
        return 1, column
    for index, line in enumerate(hidden):
        if not line.all():
            return 0, index
    return 0, row


def _bridge(hidden: BoolArray) -> tuple[int, int] | None:
    """A hidden cell that the totals determine, if there is one."""
    rows = hidden.shape[0]
    edges = [(int(r), int(c)) for r, c in np.argwhere(hidden)]
    for r, c in edges:
        seen = {r}
        queue = [r]
        while queue:
            vertex = queue.pop()
            for other_r, other_c in edges:
                if (other_r, other_c) == (r, c):
                    continue
                ends = (other_r, rows + other_c)
                if vertex in ends:
                    other = ends[0] if vertex == ends[1] else ends[1]
                    if other not in seen:
                        seen.add(other)
                        queue.append(other)
        if rows + c not in seen:
            return r, c
    return None


def _counts(counts: ArrayLike, dimensions: int) -> IntArray:
    table = checks.counts(counts)
    if table.ndim != dimensions:
        raise ShapeMismatch(value=f"counts need {dimensions} dimensions, got {table.ndim}")
    return table.astype(np.int64)
