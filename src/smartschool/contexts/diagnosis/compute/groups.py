"""Figures of one group of pupils: distribution, reliability, items with their options, knowledge points."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import MARK_TOLERANCE, ResponseMatrix, State
from edumetrics.ctt import items as ctt_items
from edumetrics.ctt.distractors import OptionAnalysis
from edumetrics.ctt.scores import Centred, centre, group_weights
from edumetrics.options import OptionResponses
from edumetrics.results import Estimates, FloatArray, Insufficient, Outcome, Reason
from smartschool.contexts.diagnosis.compute.paper import Paper
from smartschool.contexts.diagnosis.figures import (
    BIN_EDGES,
    GroupFigures,
    ItemFigures,
    OptionCount,
    PointFigures,
)

THIRDS = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0))
ON_THE_LINE = 1e-9  # 0.7 × 100 is 70.00000000000001 in binary


def group_figures(paper: Paper, rows: NDArray[np.int64], mean: Outcome) -> GroupFigures:
    """Figures of the pupils `rows`; `mean` is that of their totals.

    Reliability and doubts about keys are those of the whole paper: a class alone has too few pupils to judge.
    """
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
        alpha=nothing if paper.exam is None else paper.exam.reliability.alpha,
        sem=nothing if paper.exam is None else paper.exam.reliability.sem,
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
    choice = None if paper.exam is None else paper.exam.options[item]
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
    table = None if paper.exam is None else paper.exam.mastery
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
