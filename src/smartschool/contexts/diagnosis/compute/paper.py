"""What every figure of a paper is taken from: settings, sketch, totals, matrix, digests of the input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edumetrics import levels
from edumetrics.arrays import ResponseMatrix, State, response_matrix
from edumetrics.mastery import MasterySettings, MasteryTable, item_weights, mastery
from edumetrics.options import OptionResponses, option_responses
from edumetrics.results import FloatArray
from smartschool.contexts.assessment.public.contracts import AttemptStatus, ItemInfo, MarkState, PaperData
from smartschool.contexts.diagnosis.compose.words import SMALL_CLASS
from smartschool.contexts.diagnosis.sketch import ItemSketch, PaperSketch, PointSketch

KINDS = {"single": "选择", "multiple": "多选", "true_false": "判断", "blank": "填空", "open": "解答"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can move a figure and is not data; stored with each version."""

    bands: levels.Bands = levels.DEFAULT_BANDS
    mastery: MasterySettings = field(default_factory=MasterySettings)
    small_class: int = SMALL_CLASS

    def as_json(self) -> dict[str, Any]:
        return {
            "bands": [[band.code, band.label, band.low] for band in self.bands.bands],
            "mastery": asdict(self.mastery),
            "small_class": self.small_class,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """What the figures of any group are taken from; rows are all P pupils."""

    data: PaperData
    sketch: PaperSketch
    q: FloatArray
    options: OptionResponses | None
    present: NDArray[np.bool_]
    share: FloatArray
    level: NDArray[np.int8]
    table: MasteryTable | None
    table_row: NDArray[np.int64]  # row of the mastery table, -1 for pupils without marks
    point_shares: FloatArray
    settings: Settings


def make_sketch(
    data: PaperData, subject: str, points: Sequence[tuple[int, str, str]], settings: Settings
) -> PaperSketch:
    """The paper in words; `points` are (key, code, name) in the order to show."""
    place = {key: k for k, (key, _, _) in enumerate(points)}
    return PaperSketch(
        code=data.paper.code,
        subject=subject,
        exam=data.paper.exam.name,
        held_on=data.paper.exam.held_on,
        full=data.paper.full_score,
        items=tuple(_item(item, place) for item in data.items) if data.paper.item_marks else (),
        points=tuple(PointSketch(code, name) for _, code, name in points) if data.paper.item_marks else (),
        level_labels=tuple(band.label for band in settings.bands.bands),
        junior=data.paper.stage == "junior",
        complete=not bool(np.any(data.states == MarkState.NOT_ENTERED)),
    )


def _item(item: ItemInfo, place: Mapping[int, int]) -> ItemSketch:
    whole = sum(weight for _, weight in item.points)
    return ItemSketch(
        number=item.label,
        kind=KINDS[item.type.value],
        full=item.full,
        weights={place[point]: weight / whole for point, weight in item.points if point in place},
        key=item.key,
        bank_code=item.shared_item,
    )


def total_shares(data: PaperData) -> FloatArray:
    """Total over full mark of each pupil; NaN where the total is not known.

    A blank adds nothing. Where items were left out of the entry, or only totals are known, the stated total
    counts.
    """
    taken = data.statuses == AttemptStatus.PRESENT
    stated = np.where(taken, data.stated_totals, np.nan)
    if not data.paper.item_marks or not data.items:
        return np.asarray(stated / data.paper.full_score)
    known = taken & np.all((data.states == MarkState.MARKED) | (data.states == MarkState.BLANK), axis=1)
    known &= np.isfinite(data.marks).any(axis=1)
    summed = np.nansum(data.marks, axis=1)
    return np.asarray(np.where(known, summed, stated) / data.paper.full_score)


def prepare(data: PaperData, sketch: PaperSketch, point_ids: Sequence[int], settings: Settings) -> Paper:
    share = total_shares(data)
    n_points = len(sketch.points)
    column = {key: c for c, key in enumerate(data.point_ids)}
    q = data.weights[:, [column[key] for key in point_ids]] if sketch.items and n_points else None
    marked = np.isfinite(data.marks).any(axis=1) if sketch.items else np.zeros(len(share), dtype=bool)
    present = (data.statuses == AttemptStatus.PRESENT) & (marked | np.isfinite(share))
    rows = np.flatnonzero(present & marked)
    row_of = np.full(len(share), -1)
    row_of[rows] = np.arange(len(rows))
    point_shares = np.full((len(share), n_points), np.nan)
    table = None
    if q is not None and len(rows):
        matrix = matrix_of(data, rows, None)
        weights = item_weights(q, matrix.full)
        held = matrix.valid @ weights
        got = np.where(matrix.valid, matrix.shares, 0.0) @ weights
        point_shares[rows] = np.divide(got, held, out=np.full_like(got, np.nan), where=held > 0)
        table = mastery(matrix, q, [point.code for point in sketch.points], settings=settings.mastery)
    return Paper(
        data=data,
        sketch=sketch,
        q=np.zeros((len(sketch.items), 0)) if q is None else q,
        options=_options(data) if sketch.items else None,
        present=present,
        share=share,
        level=settings.bands.assign(share, 1.0),
        table=table,
        table_row=row_of,
        point_shares=point_shares,
        settings=settings,
    )


def _options(data: PaperData) -> OptionResponses | None:
    if data.choices is None:
        return None
    return option_responses(
        [list(data.choices[:, j]) for j in range(len(data.items))],
        [item.key or None for item in data.items],
    )


def matrix_of(data: PaperData, rows: NDArray[np.int64], options: OptionResponses | None) -> ResponseMatrix:
    from_state = {MarkState.BLANK: State.BLANK, MarkState.NOT_ENTERED: State.NOT_PRESENTED}
    states = np.full(data.states[rows].shape, State.ANSWERED, dtype=np.int8)
    for theirs, ours in from_state.items():
        states[data.states[rows] == theirs] = ours
    states[(states == State.ANSWERED) & ~np.isfinite(data.marks[rows])] = State.NOT_PRESENTED
    return response_matrix(
        data.marks[rows],
        data.full_scores,
        pupils=[str(key) for key in data.attempt_ids[rows]],
        items=[item.label for item in data.items],
        states=states,
        options=None if options is None else options.take(rows, slice(None)),
    )


def digests(data: PaperData) -> dict[str, Any]:
    """What the figures depend on: the two-way table, and each class's answers."""
    table = repr([(i.label, i.type.value, i.full, i.key, i.shared_item, i.points) for i in data.items])
    answers = {}
    for key in dict.fromkeys(int(one) for one in data.class_ids):
        rows = data.class_ids == key
        block = hashlib.sha256()
        for array in (data.enrolment_ids, data.statuses, data.marks, data.states, data.stated_totals):
            block.update(np.ascontiguousarray(array[rows]).tobytes())
        if data.choices is not None:
            block.update("\0".join(data.choices[rows].ravel().tolist()).encode())
        answers[str(key)] = block.hexdigest()[:32]
    return {
        "table": hashlib.sha256(f"{data.paper.full_score} {table}".encode()).hexdigest()[:32],
        "classes": answers,
    }
