"""What every figure of a paper is taken from: settings, sketch, totals, matrix, digests of the input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edumetrics import levels
from edumetrics.arrays import ResponseMatrix, State, response_matrix
from edumetrics.dif import mantel_haenszel
from edumetrics.dif.mantel_haenszel import MIN_GROUP
from edumetrics.exam_flags import ExamSettings
from edumetrics.judgement import PaperJudgement, judge_paper
from edumetrics.mastery import MasterySettings, item_weights
from edumetrics.options import OptionResponses, option_responses
from edumetrics.results import Estimate, FloatArray
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
        return _settings_json(self)


@lru_cache(maxsize=8)  # asked twice for each paper, and hardly ever different
def _settings_json(settings: Settings) -> dict[str, Any]:
    return {
        "bands": [[band.code, band.label, band.low] for band in settings.bands.bands],
        "mastery": asdict(settings.mastery),
        "small_class": settings.small_class,
    }


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """What the figures of any group are taken from. P pupils, M of them with marks, K points.

    Attributes
    ----------
    present : bool array, P
        Took part and has a mark or a stated total.
    share, level : arrays, P
        Total over full mark (NaN where unknown) and its band (-1).
    matrix, judgement
        The M pupils with marks, and what all of them together tell; None without marks by item.
    row : int array, P
        Row of the matrix, -1 for pupils without marks by item.
    easier_for : tuple of str, I
        "male" or "female" where an item shows large DIF, else "".
    held, got : float arrays, M × K
        Marks that a pupil's answered items of a point offered, and that the pupil got.
    """

    data: PaperData
    sketch: PaperSketch
    present: NDArray[np.bool_]
    share: FloatArray
    level: NDArray[np.int8]
    matrix: ResponseMatrix | None
    judgement: PaperJudgement | None
    easier_for: tuple[str, ...]
    row: NDArray[np.int64]
    q: FloatArray
    held: FloatArray
    got: FloatArray
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


def prepare(
    data: PaperData,
    sketch: PaperSketch,
    point_ids: Sequence[int],
    settings: Settings,
    sexes: Sequence[str] | None,
) -> Paper:
    """Matrix of the whole paper and what is judged on it; one call of the numeric core."""
    share = total_shares(data)
    taken = data.statuses == AttemptStatus.PRESENT
    marked = np.isfinite(data.marks).any(axis=1) if sketch.items else np.zeros(len(share), dtype=bool)
    rows = np.flatnonzero(taken & marked)
    row = np.full(len(share), -1)
    row[rows] = np.arange(len(rows))
    column = {key: c for c, key in enumerate(data.point_ids)}
    q = data.weights[:, [column[key] for key in point_ids]] if sketch.items else np.zeros((0, 0))
    matrix, judgement = None, None
    held = got = np.zeros((len(rows), len(sketch.points)))
    if len(rows):
        matrix = _matrix(data, rows)
        judgement = judge_paper(
            matrix,
            q if sketch.points else None,
            [point.code for point in sketch.points],
            settings=ExamSettings(mastery=settings.mastery, bands=settings.bands),
        )
        weights = item_weights(q, matrix.full, matrix.items)
        held = matrix.valid @ weights
        got = np.where(matrix.valid, matrix.shares, 0.0) @ weights
    return Paper(
        data=data,
        sketch=sketch,
        present=taken & (marked | np.isfinite(share)),
        share=share,
        level=settings.bands.assign(share, 1.0),
        matrix=matrix,
        judgement=judgement,
        easier_for=_easier_for(matrix, None if sexes is None else [sexes[int(i)] for i in rows]),
        row=row,
        q=q,
        held=held,
        got=got,
        settings=settings,
    )


MALE, FEMALE = "1", "2"  # GB/T 2261.1


def _easier_for(matrix: ResponseMatrix | None, sexes: Sequence[str] | None) -> tuple[str, ...]:
    """Items with DIF of ETS size C between boys and girls of equal attainment; "" below 50 pupils of each."""
    if matrix is None:
        return ()
    if sexes is None or min(sexes.count(MALE), sexes.count(FEMALE)) < MIN_GROUP:
        return ("",) * matrix.n_items
    found = mantel_haenszel(matrix, list(sexes), reference=MALE, focal=FEMALE)
    return tuple(
        ("female" if item.effect.value > 0 else "male")
        if item.size == "C" and isinstance(item.effect, Estimate)
        else ""
        for item in found.items
    )


def _options(data: PaperData) -> OptionResponses | None:
    if data.choices is None:
        return None
    return option_responses(
        [list(data.choices[:, j]) for j in range(len(data.items))],
        [item.key or None for item in data.items],
    )


def _matrix(data: PaperData, rows: NDArray[np.int64]) -> ResponseMatrix:
    marks, reasons = data.marks[rows], data.states[rows]
    states = np.where(np.isfinite(marks), State.ANSWERED, State.NOT_PRESENTED).astype(np.int8)
    states[reasons == MarkState.BLANK] = State.BLANK
    options = _options(data)
    return response_matrix(
        marks,
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
