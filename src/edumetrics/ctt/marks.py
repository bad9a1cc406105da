"""How many pupils got each mark at an item: for items that are marked in steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edumetrics.arrays import ResponseMatrix
from edumetrics.results import FloatArray, IntArray

VERSION = "ctt-marks/1"
DECIMALS = 9  # marks such as 0.1 + 0.2 and 0.3 are one mark


@dataclass(frozen=True, slots=True, eq=False)
class MarkCounts:
    """Marks that occurred at one item, from the lowest, and the pupils who got each."""

    item: str
    marks: FloatArray
    counts: IntArray


def mark_counts(matrix: ResponseMatrix, item: int) -> MarkCounts:
    """Count the pupils by mark; 0 and the full mark are always listed, because nobody there is news too.

    Examples
    --------
    >>> from edumetrics.arrays import response_matrix
    >>> found = mark_counts(response_matrix([[2.0], [2.0], [0.5]], 3), 0)
    >>> found.marks.tolist(), found.counts.tolist()
    ([0.0, 0.5, 2.0, 3.0], [0, 1, 2, 0])
    """
    column = matrix.marks[:, item]
    values = np.round(column[np.isfinite(column)], DECIMALS)
    ends = np.round(np.array([0.0, matrix.full[item]]), DECIMALS)
    marks, counts = np.unique(np.concatenate([values, ends]), return_counts=True)
    counts = counts - np.isin(marks, ends)
    marks.flags.writeable = False
    counts.flags.writeable = False
    return MarkCounts(matrix.items[item], marks, counts)
