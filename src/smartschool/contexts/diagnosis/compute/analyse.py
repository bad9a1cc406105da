"""From the arrays of one paper to figures of its classes, own reports and item sums. Pure: no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edumetrics import aggregates
from edumetrics.exam import VERSION as EXAM_VERSION
from edumetrics.mastery import VERSION as MASTERY_VERSION
from edumetrics.results import FloatArray
from smartschool.contexts.assessment.public.contracts import PaperData
from smartschool.contexts.diagnosis.compute.groups import group_figures
from smartschool.contexts.diagnosis.compute.paper import Paper, Settings, prepare
from smartschool.contexts.diagnosis.figures import Stored
from smartschool.contexts.diagnosis.sketch import PaperSketch

ALGORITHM = f"diagnosis/2 {EXAM_VERSION} {MASTERY_VERSION}"


@dataclass(frozen=True, slots=True, eq=False)
class PupilArrays:
    """Own results of all P pupils; K points. `level` and `states` hold -1 where there is nothing to say."""

    enrolment_ids: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    class_numbers: NDArray[np.int16]
    statuses: NDArray[np.int8]
    level: NDArray[np.int8]
    share: FloatArray
    states: NDArray[np.int8]
    estimates: FloatArray
    lows: FloatArray
    highs: FloatArray
    sure: FloatArray
    n_items: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ItemSums:
    """Counts and sums of each item over the paper."""

    n: NDArray[np.int64]
    share_sum: FloatArray
    share_squares: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PaperAnalysis:
    """Result: `whole` are all pupils together, `classes` by key of the class in natural order."""

    sketch: PaperSketch
    point_ids: tuple[int, ...]
    whole: Stored
    classes: dict[int, Stored]
    pupils: PupilArrays
    items: ItemSums


def analyse(
    data: PaperData,
    sketch: PaperSketch,
    point_ids: Sequence[int],
    settings: Settings | None = None,
    sexes: Sequence[str] | None = None,
) -> PaperAnalysis:
    """All figures of one paper of one school.

    Parameters
    ----------
    data
        Arrays of the whole paper, all classes.
    sketch
        From `make_sketch`.
    point_ids
        Keys of the knowledge points in the order of the sketch.
    sexes
        Code of each pupil's sex, in the order of `data`; without it no DIF is looked for.
    """
    chosen = settings or Settings()
    paper = prepare(data, sketch, point_ids, chosen, sexes)
    everybody = np.arange(len(data.statuses))
    members = {int(key): np.flatnonzero(data.class_ids == key) for key in dict.fromkeys(data.class_ids)}
    means = aggregates.group_means(paper.share[:, None], [str(key) for key in data.class_ids])
    place = {int(label): g for g, label in enumerate(means.groups)}
    whole, *classes = group_figures(
        paper,
        [everybody, *members.values()],
        [means.whole.at(0), *(means.raw.at(place[key], 0) for key in members)],
    )
    return PaperAnalysis(
        sketch=sketch,
        point_ids=tuple(point_ids),
        whole=whole,
        classes=dict(zip(members, classes, strict=True)),
        pupils=_pupils(paper),
        items=_sums(paper),
    )


def _pupils(paper: Paper) -> PupilArrays:
    data, k = paper.data, len(paper.sketch.points)
    size = (len(data.statuses), k)
    states = np.full(size, -1, dtype=np.int8)
    columns = {name: np.full(size, np.nan) for name in ("value", "low", "high", "sure")}
    n_items = np.zeros(size, dtype=np.int64)
    table = None if paper.judgement is None else paper.judgement.mastery
    if table is not None:
        rows = np.flatnonzero(paper.row >= 0)
        at = paper.row[rows]
        known = table.share.known[at]
        states[rows] = np.where(known, table.state[at], -1)
        columns["value"][rows] = table.share.value[at]
        columns["low"][rows] = table.share.low[at]
        columns["high"][rows] = table.share.high[at]
        columns["sure"][rows] = table.probability[at]
        n_items[rows] = table.n_items[at]
    return PupilArrays(
        data.enrolment_ids,
        data.class_ids,
        data.class_numbers,
        data.statuses,
        paper.level,
        paper.share,
        states,
        columns["value"],
        columns["low"],
        columns["high"],
        columns["sure"],
        n_items,
    )


def _sums(paper: Paper) -> ItemSums:
    if paper.matrix is None:
        nothing = np.zeros(len(paper.sketch.items))
        return ItemSums(nothing.astype(np.int64), nothing, nothing)
    filled = np.where(paper.matrix.valid, paper.matrix.shares, 0.0)
    return ItemSums(
        paper.matrix.valid.sum(axis=0).astype(np.int64), filled.sum(axis=0), (filled**2).sum(axis=0)
    )
