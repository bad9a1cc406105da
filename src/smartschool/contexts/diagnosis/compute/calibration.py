"""The calibration of a whole paper of one school, or of a joint paper of several: one call. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise

import numpy as np

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.irt import (
    Calibration,
    Classical,
    ExamFit,
    ExpectedShares,
    SumScoreFit,
    calibrate,
    exam_fit,
    expected_shares,
    item_information,
)
from edumetrics.irt.settings import VERSION as IRT_VERSION
from edumetrics.results import FloatArray, Insufficient, Provenance, Reason
from smartschool.contexts.assessment.public.contracts import AttemptStatus, PaperData
from smartschool.contexts.diagnosis.calibration_figures import (
    GRID,
    ItemCalibration,
    ItemCurve,
    ItemFit,
    PaperCalibration,
    SumScoreCheck,
)
from smartschool.contexts.diagnosis.compose.item_curve import LEAST_PUPILS

ALGORITHM = f"calibration/1 {IRT_VERSION}"
LEVELS = (-1.0, 0.0, 1.0)  # a standard deviation below the middle, the middle, one above


def calibrate_paper(parts: Sequence[PaperData]) -> PaperCalibration:
    """Parameters, curves, information and fit of every item of a paper.

    Parameters
    ----------
    parts
        The same paper as each school that sat it has it; one for a school's own paper.

    Notes
    -----
    Marks as in the facility: who has no mark on an item does not count there. Below `LEAST_PUPILS` pupils
    there is no calibration: with equal slopes every item would seem to separate alike.
    """
    matrix = _matrix(parts)
    present = int(matrix.present.sum())
    if present < LEAST_PUPILS:
        return _refused(Insufficient(Reason.TOO_FEW_PUPILS, present), None)
    found = calibrate(matrix)
    if isinstance(found, Classical):
        return _refused(found.reason, found.provenance)
    fit = exam_fit(found, matrix)
    at = np.array([*LEVELS, *GRID])
    information = item_information(found.problem, found.parameters, np.array(GRID))
    place = {name: j for j, name in enumerate(found.coding.items)}
    items = tuple(
        _item(found, fit, place.get(name), name, float(matrix.full[j]), at, information)
        for j, name in enumerate(matrix.items)
    )
    return PaperCalibration(
        model=found.model,
        algorithm=ALGORITHM,
        settings=dict(found.provenance.settings),
        n=found.n,
        cautions=tuple((caution.code, caution.subjects) for caution in found.provenance.warnings),
        items=items,
    )


def _matrix(parts: Sequence[PaperData]) -> ResponseMatrix:
    """Pupils with a mark of all parts; items by their place: printed numbers may stand twice on a paper."""
    blocks = [
        data.marks[(data.statuses == AttemptStatus.PRESENT) & np.isfinite(data.marks).any(axis=1)]
        for data in parts
    ]
    first = parts[0]
    names = [f"{j}" for j in range(len(first.items))]
    return response_matrix(np.concatenate(blocks), first.full_scores, items=names)


def _refused(reason: Insufficient, provenance: Provenance | None) -> PaperCalibration:
    return PaperCalibration(
        model="",
        algorithm=ALGORITHM,
        settings={} if provenance is None else dict(provenance.settings),
        n=reason.n,
        cautions=(),
        items=(),
        refusal=reason,
    )


def _item(
    found: Calibration,
    fit: ExamFit,
    place: int | None,
    name: str,
    full: float,
    at: FloatArray,
    information: FloatArray,
) -> ItemCalibration:
    if place is None:
        why = found.excluded[name]
        return ItemCalibration("", why, (), why)
    known, checked = found.items[place], fit.items[place]
    shares = expected_shares(found, name, full, at)
    enough = known.n >= LEAST_PUPILS
    curve = _curve(shares) if enough else Insufficient(Reason.TOO_FEW_MARKS, known.n)
    return ItemCalibration(
        model=known.model,
        slope=known.slope,
        difficulties=known.difficulties,
        curve=curve,
        information=tuple(information[place].tolist()) if enough else (),
        fit=ItemFit(
            s_x2=SumScoreCheck(**asdict(checked.s_x2))
            if isinstance(checked.s_x2, SumScoreFit)
            else checked.s_x2,
            infit=checked.infit,
            outfit=checked.outfit,
            misfit=checked.misfit,
            linked=_linked(fit, name),
        ),
    )


def _linked(fit: ExamFit, name: str) -> tuple[tuple[int, float], ...]:
    """Places of the items that hang on this one beyond ability, in the paper's order."""
    pairs = [
        (pair.first, pair.second, pair.q3) for pair in fit.dependent if name in (pair.first, pair.second)
    ]
    return tuple(sorted((int(b if a == name else a), q3) for a, b, q3 in pairs))


def _curve(shares: ExpectedShares | Insufficient) -> ItemCurve | Insufficient:
    if isinstance(shares, Insufficient):
        return shares
    unit = np.eye(len(shares.value))
    low, middle, high = (shares.at(k) for k in range(len(LEVELS)))
    first, second = (shares.contrast(b - a) for a, b in pairwise(unit[: len(LEVELS)]))
    path = (shares.at(k) for k in range(len(LEVELS), len(shares.value)))
    return ItemCurve(
        shares=(low, middle, high),
        steps=(first, second),
        bend=shares.contrast(unit[2] - 2 * unit[1] + unit[0]),
        whole=shares.contrast(unit[2] - unit[0]),
        n=shares.n,
        path=tuple((place.value, place.low, place.high) for place in path),
    )
