"""Figures of one group of pupils: distribution, reliability, items with their options, knowledge points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import MARK_TOLERANCE, ResponseMatrix, State
from edumetrics.ctt import items as ctt_items
from edumetrics.ctt.distractors import OptionAnalysis, distractors
from edumetrics.ctt.reliability import reliability
from edumetrics.ctt.scores import centre, group_weights
from edumetrics.options import OptionResponses
from edumetrics.results import FloatArray, Insufficient, Outcome, Reason
from smartschool.contexts.assessment.public.contracts import MarkState
from smartschool.contexts.diagnosis.compute.paper import Paper, matrix_of
from smartschool.contexts.diagnosis.figures import (
    BIN_EDGES,
    GroupFigures,
    ItemFigures,
    OptionCount,
    PointFigures,
)

THIRDS = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0))
ON_THE_LINE = 1e-9  # 0.7 × 100 is 70.00000000000001 in binary


def group_figures(
    paper: Paper,
    rows: NDArray[np.int64],
    means: Sequence[Outcome],
    rivals: Sequence[str] | None = None,
) -> GroupFigures:
    """Figures of some pupils; `means` are those of the total and of each point.

    `rivals` are the doubts about keys found on the whole paper: a class alone has too few pupils to judge.
    """
    own = rows[paper.present[rows]]
    totals = paper.share[own][np.isfinite(paper.share[own])]
    level = paper.level[own]
    marked = own[paper.table_row[own] >= 0] if paper.table is not None else _with_marks(paper, own)
    groups: FloatArray | None = None
    alpha: Outcome = Insufficient(Reason.NO_RESPONSES, 0)
    sem: Outcome = alpha
    items: tuple[ItemFigures, ...] = ()
    if paper.sketch.items:
        matrix = matrix_of(paper.data, marked, paper.options) if len(marked) else None
        if matrix is not None:
            centred = centre(matrix)
            found = reliability(centred)
            alpha, sem = found.alpha, found.sem
            if len(marked) >= paper.settings.small_class:
                groups = group_weights(centred.ability(), THIRDS)
        items = _items(paper, matrix, groups, rivals)
    return GroupFigures(
        n_listed=len(rows),
        n_present=len(own),
        n_totals=len(totals),
        mean=means[0],
        quartiles=tuple(float(v) for v in np.quantile(totals, [0.25, 0.5, 0.75])) if len(totals) else None,  # type: ignore[arg-type]
        passed=int(np.count_nonzero((level >= 0) & (level < len(paper.settings.bands.bands) - 1))),
        bins=_bins(totals),
        levels=tuple(int(n) for n in paper.settings.bands.counts(level)),
        alpha=alpha,
        sem=sem,
        items=items,
        points=_points(paper, own, marked, groups, means[1:]),
        group_sizes=None if groups is None else tuple(round(float(size)) for size in groups.sum(axis=0)),  # type: ignore[arg-type]
    )


def _with_marks(paper: Paper, own: NDArray[np.int64]) -> NDArray[np.int64]:
    if not paper.sketch.items:
        return own[:0]
    return own[np.isfinite(paper.data.marks[own]).any(axis=1)]


def _bins(totals: FloatArray) -> tuple[int, ...]:
    place = np.searchsorted(np.asarray(BIN_EDGES), totals + ON_THE_LINE, side="right")
    return tuple(int(n) for n in np.bincount(place, minlength=len(BIN_EDGES) + 1))


def _items(
    paper: Paper,
    matrix: ResponseMatrix | None,
    groups: FloatArray | None,
    rivals: Sequence[str] | None,
) -> tuple[ItemFigures, ...]:
    count = len(paper.sketch.items)
    if matrix is None:
        nothing = Insufficient(Reason.NO_RESPONSES, 0)
        return tuple(ItemFigures(nothing, nothing, nothing, 0, 0, 0) for _ in range(count))
    centred = centre(matrix)
    facility = ctt_items.facility(centred)
    discrimination = ctt_items.upper_lower(centred)
    rest = ctt_items.rest_correlation(centred)
    blank = matrix.states == State.BLANK
    short = matrix.valid & (matrix.marks < matrix.full - MARK_TOLERANCE)
    lost = short | blank
    presented = matrix.valid | blank
    choices = distractors(matrix, centred, centred.rest())
    thirds = None if groups is None else _group_means(np.where(matrix.valid, matrix.shares, np.nan), groups)
    return tuple(
        ItemFigures(
            facility=facility.at(j),
            discrimination=discrimination.at(j),
            rest=rest.at(j),
            n=int(presented[:, j].sum()),
            lost=int(lost[:, j].sum()),
            blank=int(blank[:, j].sum()),
            options=_option_counts(matrix.options, j, groups),
            rival=rivals[j] if rivals is not None else _rival(choices[j]),
            idle=choice.non_functioning if isinstance(choice := choices[j], OptionAnalysis) else (),
            groups=None if thirds is None else _three(thirds[:, j]),
        )
        for j in range(count)
    )


def _rival(choice: OptionAnalysis | Insufficient) -> str:
    return choice.key_error.rival if isinstance(choice, OptionAnalysis) and choice.key_error else ""


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


def _three(values: FloatArray) -> tuple[float, float, float] | None:
    if not np.all(np.isfinite(values)):
        return None
    low, middle, top = (float(v) for v in values)
    return low, middle, top


def _points(
    paper: Paper,
    own: NDArray[np.int64],
    marked: NDArray[np.int64],
    groups: FloatArray | None,
    means: Sequence[Outcome],
) -> tuple[PointFigures, ...]:
    if paper.table is None:
        nothing = Insufficient(Reason.NO_RESPONSES, 0)
        return tuple(PointFigures(nothing, 0, 0, (0, 0, 0, 0)) for _ in paper.sketch.points)
    at = paper.table_row[marked]
    states = np.where(paper.table.share.known[at], paper.table.state[at], 0)
    data = paper.data
    lost = (data.marks[marked] < data.full_scores - MARK_TOLERANCE) | (data.states[marked] == MarkState.BLANK)
    thirds = None if groups is None else _group_means(paper.point_shares[marked], groups)
    found = []
    for k, mean in enumerate(means):
        counts = np.bincount(states[:, k], minlength=4)
        found.append(
            PointFigures(
                share=mean,
                n=int(np.isfinite(paper.point_shares[marked, k]).sum()),
                lost=int((lost & (paper.q[:, k] > 0)).any(axis=1).sum()),
                states=(int(counts[0]), int(counts[1]), int(counts[2]), int(counts[3])),
                groups=None if thirds is None else _three(thirds[:, k]),
            )
        )
    return tuple(found)
