"""Blank answers told apart: omitted in the middle, not reached at the end, never presented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edumetrics.arrays import ResponseMatrix, State
from edumetrics.results import IntArray

VERSION = "ctt-omissions/1"


@dataclass(frozen=True, slots=True, eq=False)
class Omissions:
    """Counts per item of what happened to the pupils without a usual answer.

    Attributes
    ----------
    omitted, not_reached, not_presented, absent, deferred, exempt : int array, items
    pupils_out_of_time : int
        Pupils with at least one item not reached: many of them mean that the paper was too long.
    """

    omitted: IntArray
    not_reached: IntArray
    not_presented: IntArray
    absent: IntArray
    deferred: IntArray
    exempt: IntArray
    pupils_out_of_time: int


def omissions(matrix: ResponseMatrix) -> Omissions:
    """Count states. Blanks at the end count as not reached only if `split_not_reached` was applied before."""

    usual = not matrix.states.any()  # everything answered: the number of that state is 0

    def count(state: State) -> IntArray:
        if usual:
            out = np.zeros(matrix.n_items, dtype=np.int64)
        else:
            out = np.asarray(np.count_nonzero(matrix.states == state, axis=0), dtype=np.int64)
        out.flags.writeable = False
        return out

    return Omissions(
        count(State.BLANK),
        count(State.NOT_REACHED),
        count(State.NOT_PRESENTED),
        count(State.ABSENT),
        count(State.DEFERRED),
        count(State.EXEMPT),
        0 if usual else int(np.any(matrix.states == State.NOT_REACHED, axis=1).sum()),
    )
