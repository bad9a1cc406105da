"""Figures of all groups at once, stored as numbers and read back, are those of each group taken by itself."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edumetrics.arrays import MARK_TOLERANCE, ResponseMatrix, State
from edumetrics.ctt import items as ctt_items
from edumetrics.ctt.distractors import OptionAnalysis
from edumetrics.ctt.scores import Centred, centre, group_weights
from edumetrics.options import OptionResponses
from edumetrics.results import Estimate, Estimates, FloatArray, Insufficient, Outcome, Reason
from smartschool.contexts.assessment.public.contracts import (
    AttemptStatus,
    ExamInfo,
    ItemInfo,
    ItemType,
    MarkState,
    Nature,
    PaperData,
    PaperInfo,
)
from smartschool.contexts.diagnosis.compute.groups import ON_THE_LINE, THIRDS, group_figures
from smartschool.contexts.diagnosis.compute.paper import Paper, Settings, make_sketch, prepare
from smartschool.contexts.diagnosis.figures import (
    BIN_EDGES,
    GroupFigures,
    ItemFigures,
    OptionCount,
    PointFigures,
    load,
)

CLASSES = {1: 40, 2: 12, 3: 3, 4: 30}  # class → pupils; nobody of class 3 takes part
MEAN = Estimate(0.6, 0.05, 0.5, 0.7, 30, "mean/t")


def data(*, choices: bool, points: bool = True) -> PaperData:
    """A paper of eight items, three of them objective; a blank here and there, who is absent, a booklet."""
    rng = np.random.default_rng(9)
    full = np.array([2.0, 2.0, 2.0, 4.0, 4.0, 6.0, 8.0, 5.0])
    size = sum(CLASSES.values())
    class_ids = np.repeat(list(CLASSES), list(CLASSES.values()))
    chance = np.clip(0.6 + rng.normal(0, 0.2, (size, 1)), 0.05, 0.95)
    marks = rng.binomial(full.astype(int), np.broadcast_to(chance, (size, 8))).astype(float)
    marks[:, :3] = 2.0 * (marks[:, :3] > 0)
    states = np.full(marks.shape, MarkState.MARKED, np.int8)
    states[rng.random(marks.shape) < 0.05] = MarkState.BLANK
    statuses = np.zeros(size, np.int8)
    statuses[rng.random(size) < 0.05] = AttemptStatus.ABSENT
    statuses[class_ids == 3] = AttemptStatus.ABSENT
    states[statuses > 0] = MarkState.ABSENT
    marks[states != MarkState.MARKED] = np.nan
    options = None
    if choices:
        options = np.full(marks.shape, "", dtype="U2")
        wrong = rng.choice(["A", "C", "D"], (size, 3))
        options[:, :3] = np.where(marks[:, :3] == 2.0, "B", wrong)
        options[~np.isfinite(marks)] = ""
    weights = rng.dirichlet(np.ones(3), 8) if points else np.zeros((8, 0))
    items = tuple(
        ItemInfo(
            j, j, str(j + 1), ItemType.SINGLE if j < 3 else ItemType.OPEN, float(full[j]),
            "B" if j < 3 else "", ("A", "B", "C", "D") if j < 3 else (), "",
            tuple(zip((10, 11, 12), weights[j], strict=False)), 0.0,
        )
        for j in range(8)
    )  # fmt: skip
    exam = ExamInfo(1, "E", "期末", 1, Nature.FINAL, 7, 1, "", date(2027, 1, 20))
    info = PaperInfo(
        1,
        "P",
        exam,
        "13",
        "junior",
        7,
        2026,
        float(full.sum()),
        8,
        1,
        datetime(2027, 1, 21, tzinfo=UTC),
        True,
    )
    return PaperData(
        paper=info, items=items, point_ids=(10, 11, 12) if points else (), weights=weights,
        attempt_ids=np.arange(size), enrolment_ids=np.arange(size), class_ids=class_ids,
        class_numbers=np.arange(size).astype(np.int16), statuses=statuses, marks=marks, states=states,
        choices=options, stated_totals=np.full(size, np.nan),
    )  # fmt: skip


def prepared(found: PaperData) -> Paper:
    settings = Settings()
    named = [(key, f"k{key}", f"知识点{key}") for key in found.point_ids]
    sketch = make_sketch(found, "语文", named, settings)
    sexes = ["1" if k % 2 else "2" for k in range(len(found.statuses))]
    return prepare(found, sketch, [key for key, _, _ in named], settings, sexes)


def alike(one: Any, other: Any) -> bool:
    """Equal but for the last digits of floating point."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return type(one) is type(other) and all(alike(getattr(one, n), getattr(other, n)) for n in names)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


@pytest.mark.parametrize(("choices", "points"), [(False, True), (True, True), (True, False)])
def test_all_groups_at_once_are_each_group_by_itself(choices: bool, points: bool) -> None:
    given = data(choices=choices, points=points)
    paper = prepared(given)
    members = [np.arange(len(given.class_ids)), *(np.flatnonzero(given.class_ids == key) for key in CLASSES)]
    stored = group_figures(paper, members, [MEAN] * len(members))
    for rows, own in zip(members, stored, strict=True):
        # As the database keeps it: floats as they are, words through JSON.
        found = load(own.numbers.tolist(), json.loads(json.dumps(own.words)))
        expected = one_group(paper, rows, MEAN)
        for field in dataclasses.fields(expected):
            assert alike(getattr(found, field.name), getattr(expected, field.name)), field.name
    assert load(stored[0].numbers.tolist(), stored[0].words).group_sizes is not None
    assert load(stored[2].numbers.tolist(), stored[2].words).group_sizes is None
    nobody = load(stored[3].numbers.tolist(), stored[3].words)
    assert nobody.n_present == 0
    assert isinstance(nobody.items[0].facility, Insufficient)


def test_figures_of_the_former_form_are_converted() -> None:
    migration = importlib.import_module("smartschool.contexts.diagnosis.migrations.0003_figures_as_numbers")
    paper = prepared(data(choices=True))
    for rows in (np.arange(40), np.arange(52, 55)):
        figures = one_group(paper, rows, MEAN)
        numbers, words = migration.convert(json.loads(json.dumps(former_form(figures))))
        assert alike(load(numbers, json.loads(json.dumps(words))), figures)


def former_form(figures: GroupFigures) -> dict[str, Any]:
    """JSON of schema 1."""

    def outcome(one: Outcome) -> dict[str, Any]:
        if isinstance(one, Insufficient):
            return {"r": one.reason.value, "n": one.n}
        keys = ("v", "s", "l", "h", "n", "m", "c")
        return dict(zip(keys, dataclasses.astuple(one), strict=True))

    return {
        "schema": 1,
        "n": [figures.n_listed, figures.n_present, figures.n_totals],
        "mean": outcome(figures.mean),
        "quartiles": figures.quartiles,
        "passed": figures.passed,
        "bins": figures.bins,
        "levels": figures.levels,
        "alpha": outcome(figures.alpha),
        "sem": outcome(figures.sem),
        "items": [
            {
                "f": outcome(item.facility),
                "d": outcome(item.discrimination),
                "r": outcome(item.rest),
                "n": [item.n, item.lost, item.blank],
                "o": [[o.label, o.n, o.key, o.groups] for o in item.options],
                "x": [item.rival, item.idle],
                "g": item.groups,
                "e": item.easier_for,
            }
            for item in figures.items
        ],
        "points": [
            {"p": outcome(point.share), "n": [point.n, point.lost], "s": point.states, "g": point.groups}
            for point in figures.points
        ],
        "groups": figures.group_sizes,
        "cautions": figures.cautions,
    }


def one_group(paper: Paper, rows: NDArray[np.int64], mean: Outcome) -> GroupFigures:
    """The slow twin: one group at a time, an object a figure."""
    own = rows[paper.present[rows]]
    totals = paper.share[own][np.isfinite(paper.share[own])]
    level = paper.level[own]
    marked = paper.row[own][paper.row[own] >= 0]
    matrix = None if paper.matrix is None or not len(marked) else paper.matrix.take_pupils(marked)
    centred = None if matrix is None else centre(matrix)
    groups = None
    if centred is not None and len(marked) >= paper.settings.small_class:
        groups = group_weights(centred.ability(), THIRDS)
    nothing = Insufficient(Reason.NO_RESPONSES, 0)
    return GroupFigures(
        n_listed=len(rows),
        n_present=len(own),
        n_totals=len(totals),
        mean=mean,
        quartiles=_three(np.quantile(totals, [0.25, 0.5, 0.75])) if len(totals) else None,
        passed=int(np.count_nonzero((level >= 0) & (level < len(paper.settings.bands.bands) - 1))),
        bins=_bins(totals),
        levels=tuple(int(n) for n in paper.settings.bands.counts(level)),
        alpha=nothing if paper.judgement is None else paper.judgement.alpha,
        sem=nothing if paper.judgement is None else paper.judgement.sem,
        items=_items(paper, matrix, centred, groups),
        points=_points(paper, matrix, marked, groups),
        group_sizes=None if groups is None else _sizes(groups),
    )


def _sizes(groups: FloatArray) -> tuple[int, int, int]:
    low, middle, top = (round(float(size)) for size in groups.sum(axis=0))
    return low, middle, top


def _bins(totals: FloatArray) -> tuple[int, ...]:
    place = np.searchsorted(np.asarray(BIN_EDGES), totals + ON_THE_LINE, side="right")
    return tuple(int(n) for n in np.bincount(place, minlength=len(BIN_EDGES) + 1))


def _items(
    paper: Paper, matrix: ResponseMatrix | None, centred: Centred | None, groups: FloatArray | None
) -> tuple[ItemFigures, ...]:
    if matrix is None or centred is None:
        nothing = Insufficient(Reason.NO_RESPONSES, 0)
        return tuple(ItemFigures(nothing, nothing, nothing, 0, 0, 0) for _ in paper.sketch.items)
    facility = ctt_items.facility(centred).outcomes()
    discrimination = ctt_items.upper_lower(centred).outcomes()
    rest = ctt_items.rest_correlation(centred).outcomes()
    blank = matrix.states == State.BLANK
    lost = (matrix.valid & (matrix.marks < matrix.full - MARK_TOLERANCE)) | blank
    n_presented = (matrix.valid | blank).sum(axis=0).tolist()
    n_lost, n_blank = lost.sum(axis=0).tolist(), blank.sum(axis=0).tolist()
    thirds = _thirds(np.where(matrix.valid, matrix.shares, np.nan), groups)
    found = []
    for j in range(len(paper.sketch.items)):
        rival, idle = _verdict(paper, j)
        found.append(
            ItemFigures(
                facility=facility[j],
                discrimination=discrimination[j],
                rest=rest[j],
                n=n_presented[j],
                lost=n_lost[j],
                blank=n_blank[j],
                options=_option_counts(matrix.options, j, groups),
                rival=rival,
                idle=idle,
                groups=thirds[j],
                easier_for=paper.easier_for[j],
            )
        )
    return tuple(found)


def _verdict(paper: Paper, item: int) -> tuple[str, tuple[str, ...]]:
    """The option that seems right instead of the key, and options that nearly nobody takes."""
    options = None if paper.judgement is None else paper.judgement.options
    choice = None if options is None else options[item]
    if not isinstance(choice, OptionAnalysis):
        return "", ()
    return (choice.key_error.rival if choice.key_error else ""), choice.non_functioning


def _option_counts(
    options: OptionResponses | None, item: int, groups: FloatArray | None
) -> tuple[OptionCount, ...]:
    """Choosers of each option in the paper's order; `groups` become shares of the three thirds."""
    if options is None or not options.labels[item]:
        return ()
    membership, key = options.membership(item), options.in_key(item)
    codes = options.codes[:, item]
    chosen = np.zeros((len(codes), len(options.labels[item])))
    chose = codes >= 0
    chosen[chose] = membership[codes[chose]]
    shares = None
    if groups is not None:
        shares = groups.T @ chosen / groups.sum(axis=0)[:, None]
    return tuple(
        OptionCount(
            label, int(chosen[:, o].sum()), bool(key[o]), None if shares is None else _three(shares[:, o])
        )
        for o, label in enumerate(options.labels[item])
    )


def _group_means(values: FloatArray, groups: FloatArray) -> FloatArray:
    """Weighted means (3 × columns) over the pupils with a value; NaN where a group has none."""
    valid = np.isfinite(values)
    size = groups.T @ valid
    total = groups.T @ np.where(valid, values, 0.0)
    return np.divide(total, size, out=np.full_like(total, np.nan), where=size > 0)


def _thirds(values: FloatArray, groups: FloatArray | None) -> list[tuple[float, float, float] | None]:
    """Means of the three thirds, one entry a column of `values`."""
    if groups is None:
        return [None] * values.shape[1]
    means = _group_means(values, groups)
    return [
        (low, middle, top) if math.isfinite(low + middle + top) else None
        for low, middle, top in means.T.tolist()
    ]


def _three(values: FloatArray) -> tuple[float, float, float] | None:
    if not np.all(np.isfinite(values)):
        return None
    low, middle, top = (float(v) for v in values)
    return low, middle, top


def _points(
    paper: Paper, matrix: ResponseMatrix | None, marked: NDArray[np.int64], groups: FloatArray | None
) -> tuple[PointFigures, ...]:
    table = None if paper.judgement is None else paper.judgement.mastery
    if matrix is None or table is None:
        nothing = Insufficient(Reason.NO_RESPONSES, 0)
        return tuple(PointFigures(nothing, 0, 0, (0, 0, 0, 0)) for _ in paper.sketch.points)
    held, got = paper.held[marked], paper.got[marked]
    shares = _shares(held, got).outcomes()
    states = np.where(table.share.known[marked], table.state[marked], 0)
    lost = (matrix.valid & (matrix.marks < matrix.full - MARK_TOLERANCE)) | (matrix.states == State.BLANK)
    own = np.divide(got, held, out=np.full_like(got, np.nan), where=held > 0)
    thirds = _thirds(own, groups)
    n_held = (held > 0).sum(axis=0).tolist()
    n_lost = np.count_nonzero((lost.astype(np.float64) @ (paper.q > 0)) > 0, axis=0).tolist()
    found = []
    for k in range(len(paper.sketch.points)):
        unknown, needs, basic, mastered = (int(n) for n in np.bincount(states[:, k], minlength=4))
        found.append(
            PointFigures(
                share=shares[k],
                n=n_held[k],
                lost=n_lost[k],
                states=(unknown, needs, basic, mastered),
                groups=thirds[k],
            )
        )
    return tuple(found)


def _shares(held: FloatArray, got: FloatArray) -> Estimates:
    """Share of the marks of each point that the group got: a ratio estimator with Wilson's limits."""
    n = np.count_nonzero(held > 0, axis=0)
    total = held.sum(axis=0)
    share = np.divide(got.sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    influence = (got - share * held) / np.where(total > 0, total / np.maximum(n, 1), 1.0)
    variance = (influence**2).sum(axis=0) / np.maximum(n, 1)
    low, high, se = ctt_items.wilson(share, variance, n.astype(np.int64))
    refuse = ((n == 0, Reason.NO_RESPONSES), (n < 2, Reason.TOO_FEW_PUPILS))
    return Estimates.build(share, se, low, high, n, "ratio/wilson", refuse=refuse)
