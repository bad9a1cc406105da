"""Figures of the groups of a paper: distribution, reliability, items with their options, knowledge points.

All groups (the whole paper and each class) are taken together, a row a group; what is stored is made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import MARK_TOLERANCE, State
from edumetrics.ctt.by_group import GroupItems, Stack, item_statistics
from edumetrics.ctt.distractors import OptionAnalysis
from edumetrics.ctt.items import wilson
from edumetrics.options import OptionResponses
from edumetrics.results import (
    BoolArray,
    Estimates,
    FloatArray,
    Insufficient,
    Outcome,
    Reason,
    reason_code,
)
from smartschool.contexts.diagnosis.compute.paper import Paper
from smartschool.contexts.diagnosis.figures import (
    BIN_EDGES,
    ITEM_OUTCOMES,
    ITEM_WIDTH,
    OUTCOME,
    POINT_WIDTH,
    SCHEMA,
    Stored,
    dump_outcome,
    fill_nothing,
    fill_outcomes,
    method_words,
)

THIRDS = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0))
ON_THE_LINE = 1e-9  # 0.7 × 100 is 70.00000000000001 in binary


@dataclass(frozen=True, slots=True, eq=False)
class _Marked:
    """The groups that have pupils with marks by item: `places` among all groups, one under the other."""

    places: list[int]
    stack: Stack
    items: GroupItems
    lost: BoolArray  # stacked × items
    blank: BoolArray
    valid: BoolArray
    split: BoolArray  # groups: large enough to be split into thirds


def group_figures(
    paper: Paper, members: Sequence[NDArray[np.int64]], means: Sequence[Outcome]
) -> list[Stored]:
    """Figures of each group of pupils; `means` are those of their totals.

    Reliability and doubts about keys are those of the whole paper: a class alone has too few pupils to judge.
    """
    marked = _marked(paper, members)
    size = (len(members), len(paper.sketch.items), len(paper.sketch.points))
    items = np.full((*size[:2], ITEM_WIDTH), np.nan)
    points = np.full((size[0], size[2], POINT_WIDTH), np.nan)
    shares = None
    _no_items(items)
    _no_points(points)
    if marked is not None:
        _fill_items(items, marked)
        if paper.judgement is not None and paper.judgement.mastery is not None:
            shares = _fill_points(points, paper, marked)
    common = _common_words(paper, marked, shares) | {"reasons": _reasons(items, points)}
    found = []
    for group, rows in enumerate(members):
        own = np.concatenate([items[group].ravel(), points[group].ravel()])
        found.append(Stored(own, common | _words(paper, rows, means[group], marked, group)))
    return found


def _marked(paper: Paper, members: Sequence[NDArray[np.int64]]) -> _Marked | None:
    if paper.matrix is None:
        return None
    rows = [paper.row[own] for own in members]
    present = [own[(own >= 0) & paper.present[whole]] for own, whole in zip(rows, members, strict=True)]
    places = [place for place, own in enumerate(present) if len(own)]
    if not places:
        return None
    stack = Stack.of([present[place] for place in places])
    matrix = paper.matrix
    valid, blank = matrix.valid[stack.rows], (matrix.states == State.BLANK)[stack.rows]
    lost = (matrix.valid & (matrix.marks < matrix.full - MARK_TOLERANCE))[stack.rows] | blank
    items = item_statistics(matrix, stack, THIRDS)
    return _Marked(places, stack, items, lost, blank, valid, stack.sizes >= paper.settings.small_class)


def _no_items(items: FloatArray) -> None:
    for k in range(len(ITEM_OUTCOMES)):
        fill_nothing(items[..., k * len(OUTCOME) : (k + 1) * len(OUTCOME)], Reason.NO_RESPONSES)
    items[..., len(ITEM_OUTCOMES) * len(OUTCOME) : -3] = 0


def _no_points(points: FloatArray) -> None:
    fill_nothing(points[..., : len(OUTCOME)], Reason.NO_RESPONSES)
    points[..., len(OUTCOME) : -3] = 0


def _fill_items(items: FloatArray, marked: _Marked) -> None:
    found, stack = marked.items, marked.stack
    block = np.full((len(marked.places), items.shape[1], ITEM_WIDTH), np.nan)
    for k, name in enumerate(ITEM_OUTCOMES):
        fill_outcomes(block[..., k * len(OUTCOME) : (k + 1) * len(OUTCOME)], getattr(found, name))
    counts = (marked.valid | marked.blank, marked.lost, marked.blank)
    for k, table in enumerate(counts, start=len(ITEM_OUTCOMES) * len(OUTCOME)):
        block[..., k] = stack.sums(table.astype(np.float64))
    _fill_thirds(block[..., -3:], found.part_means, marked.split)
    items[marked.places] = block


def _fill_thirds(block: FloatArray, means: FloatArray, split: BoolArray) -> None:
    """Means of the three thirds (groups × thirds × columns) where the group is split and each has one."""
    thirds = means.transpose(0, 2, 1)
    known = np.isfinite(thirds).all(axis=2) & split[:, None]
    block[known] = thirds[known]


def _fill_points(points: FloatArray, paper: Paper, marked: _Marked) -> Estimates:
    assert paper.judgement is not None  # noqa: S101 - the caller looked
    table = paper.judgement.mastery
    assert table is not None  # noqa: S101
    stack = marked.stack
    held, got = paper.held[stack.rows], paper.got[stack.rows]
    shares = _shares(stack, held, got)
    block = np.full((len(marked.places), points.shape[1], POINT_WIDTH), np.nan)
    width = len(OUTCOME)
    fill_outcomes(block[..., :width], shares)
    block[..., width] = stack.sums((held > 0).astype(np.float64))
    block[..., width + 1] = stack.sums(
        (marked.lost.astype(np.float64) @ (paper.q > 0) > 0).astype(np.float64)
    )
    states = np.where(table.share.known[stack.rows], table.state[stack.rows], 0)
    for state in range(4):
        block[..., width + 2 + state] = stack.sums((states == state).astype(np.float64))
    offered = (held > 0).astype(np.float64)
    own = np.divide(got, held, out=np.zeros_like(got), where=held > 0)
    size, total = np.split(stack.weighted_sums(marked.items.parts, np.hstack([offered, own])), 2, axis=2)
    means = np.divide(total, size, out=np.full_like(total, np.nan), where=size > 0)
    _fill_thirds(block[..., -3:], means, marked.split)
    points[marked.places] = block
    return shares


def _shares(stack: Stack, held: FloatArray, got: FloatArray) -> Estimates:
    """Share of the marks of each point that each group got: a ratio estimator with Wilson's limits."""
    n = stack.sums((held > 0).astype(np.float64))
    total = stack.sums(held)
    share = np.divide(stack.sums(got), total, out=np.zeros_like(total), where=total > 0)
    scale = np.where(total > 0, total / np.maximum(n, 1), 1.0)
    influence = (got - stack.spread(share) * held) / stack.spread(scale)
    variance = stack.sums(influence**2) / np.maximum(n, 1)
    counts = n.astype(np.int64)
    low, high, se = wilson(share, variance, counts)
    refuse = ((n == 0, Reason.NO_RESPONSES), (n < 2, Reason.TOO_FEW_PUPILS))
    return Estimates.build(share, se, low, high, counts, "ratio/wilson", refuse=refuse)


def _common_words(paper: Paper, marked: _Marked | None, shares: Estimates | None) -> dict[str, Any]:
    """What every group of the paper says alike; verdicts on keys are those of the whole paper."""
    nothing = Insufficient(Reason.NO_RESPONSES, 0)
    judgement = paper.judgement
    items = None if marked is None else marked.items
    return {
        "schema": SCHEMA,
        "size": [len(paper.sketch.items), len(paper.sketch.points)],
        "alpha": dump_outcome(nothing if judgement is None else judgement.alpha),
        "sem": dump_outcome(nothing if judgement is None else judgement.sem),
        "methods": {
            "facility": method_words(None if items is None else items.facility),
            "discrimination": method_words(None if items is None else items.discrimination),
            "rest": method_words(None if items is None else items.rest),
            "share": method_words(shares),
        },
        "doubts": {
            str(j): verdict for j in range(len(paper.sketch.items)) if any(verdict := _verdict(paper, j))
        },
        "easier": {str(j): sex for j, sex in enumerate(paper.easier_for) if sex},
        "cautions": [],
    }


def _reasons(items: FloatArray, points: FloatArray) -> dict[str, str]:
    """The words of the reasons that occur."""
    places = range(OUTCOME.index("reason"), len(ITEM_OUTCOMES) * len(OUTCOME), len(OUTCOME))
    codes = np.union1d(items[..., list(places)], points[..., OUTCOME.index("reason")])
    return {str(code): reason.value for reason in Reason if (code := reason_code(reason)) in codes}


def _words(
    paper: Paper, rows: NDArray[np.int64], mean: Outcome, marked: _Marked | None, group: int
) -> dict[str, Any]:
    """Counts and distribution of one group, and how its pupils chose."""
    own = rows[paper.present[rows]]
    totals = paper.share[own][np.isfinite(paper.share[own])]
    level = paper.level[own]
    bands = paper.settings.bands
    sizes, options = None, {}
    nobody: dict[str, Any] = {"doubts": {}, "easier": {}}  # of a class without marks nothing is said by item
    if marked is not None and group in marked.places:
        nobody = {}
        place = marked.places.index(group)
        start = int(marked.stack.starts[place])
        part = slice(start, start + int(marked.stack.sizes[place]))
        parts = marked.items.parts[part] if marked.split[place] else None
        sizes = None if parts is None else [round(size) for size in parts.sum(axis=0).tolist()]
        options = _options(paper, marked.stack.rows[part], parts)
    return {
        "n": [len(rows), len(own), len(totals)],
        "mean": dump_outcome(mean),
        "quartiles": _quartiles(totals) if len(totals) else None,
        "passed": int(np.count_nonzero((level >= 0) & (level < len(bands.bands) - 1))),
        "bins": _bins(totals),
        "levels": [int(n) for n in bands.counts(level)],
        "groups": sizes,
        "options": options,
        **nobody,
    }


def _quartiles(totals: FloatArray) -> list[float]:
    """Linear between neighbours, as `numpy.quantile`, whose call costs more than the sorting."""
    ordered = np.sort(totals)
    place = (len(ordered) - 1) * np.array([0.25, 0.5, 0.75])
    lower = place.astype(np.int64)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    found: list[float] = (ordered[lower] + (ordered[upper] - ordered[lower]) * (place - lower)).tolist()
    return found


def _bins(totals: FloatArray) -> list[int]:
    place = np.searchsorted(np.asarray(BIN_EDGES), totals + ON_THE_LINE, side="right")
    counts: list[int] = np.bincount(place, minlength=len(BIN_EDGES) + 1).tolist()
    return counts


def _verdict(paper: Paper, item: int) -> tuple[str, tuple[str, ...]]:
    """The option that seems right instead of the key, and options that nearly nobody takes."""
    options = None if paper.judgement is None else paper.judgement.options
    choice = None if options is None else options[item]
    if not isinstance(choice, OptionAnalysis):
        return "", ()
    return (choice.key_error.rival if choice.key_error else ""), choice.non_functioning


def _options(paper: Paper, rows: NDArray[np.int64], parts: FloatArray | None) -> dict[str, list[Any]]:
    """Choosers of each option, by the item's place."""
    options = None if paper.matrix is None else paper.matrix.options
    if options is None:
        return {}
    return {
        str(j): _option_counts(options, rows, j, parts) for j, labels in enumerate(options.labels) if labels
    }


def _option_counts(
    options: OptionResponses, rows: NDArray[np.int64], item: int, parts: FloatArray | None
) -> list[Any]:
    """Label, choosers, whether in the key, shares of the three thirds: an option a line, in paper order."""
    membership, key = options.membership(item), options.in_key(item).tolist()
    codes = options.codes[rows, item]
    chosen = np.zeros((len(codes), len(options.labels[item])))
    chose = codes >= 0
    chosen[chose] = membership[codes[chose]]
    shares = None if parts is None else (parts.T @ chosen / parts.sum(axis=0)[:, None]).T
    counts = chosen.sum(axis=0).tolist()
    return [
        [
            label,
            int(counts[o]),
            key[o],
            None if shares is None or not np.isfinite(shares[o]).all() else shares[o].tolist(),
        ]
        for o, label in enumerate(options.labels[item])
    ]
