"""How pupils of different attainment do on one item, from the calibration of the whole paper. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edumetrics.arrays import response_matrix
from edumetrics.irt import Classical, calibrate, expected_shares
from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.assessment.public.contracts import AttemptStatus, PaperData
from smartschool.contexts.diagnosis.compose.item_curve import LEAST_PUPILS

LEVELS = np.array([-1.0, 0.0, 1.0])  # a standard deviation below the middle, the middle, one above


@dataclass(frozen=True, slots=True)
class ItemCurve:
    """Expected shares of the full mark, low to high; steps between neighbours; second step minus first."""

    shares: tuple[Estimate, Estimate, Estimate]
    steps: tuple[Estimate, Estimate]
    bend: Estimate
    whole: Estimate  # high minus low
    n: int


def item_curve(data: PaperData, index: int) -> ItemCurve | Insufficient:
    """The curve of one item of a paper, or why there is none.

    Marks as in the facility: who has no mark on an item does not count there.
    """
    taken = (data.statuses == AttemptStatus.PRESENT) & np.isfinite(data.marks).any(axis=1)
    rows = np.flatnonzero(taken)
    if len(rows) < LEAST_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, len(rows))
    names = [f"{j}" for j in range(len(data.items))]  # printed numbers may stand twice on a paper
    found = calibrate(response_matrix(data.marks[rows], data.full_scores, items=names))
    if isinstance(found, Classical):
        return found.reason
    curve = expected_shares(found, names[index], float(data.full_scores[index]), LEVELS)
    if isinstance(curve, Insufficient):
        return curve
    if curve.n < LEAST_PUPILS:
        return Insufficient(Reason.TOO_FEW_MARKS, curve.n)
    unit = np.eye(3)
    low, middle, high = (curve.at(place) for place in range(3))
    first, second = (curve.contrast(b - a) for a, b in pairwise(unit))
    return ItemCurve(
        shares=(low, middle, high),
        steps=(first, second),
        bend=curve.contrast(unit[2] - 2 * unit[1] + unit[0]),
        whole=curve.contrast(unit[2] - unit[0]),
        n=curve.n,
    )
