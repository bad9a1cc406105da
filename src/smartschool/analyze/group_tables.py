"""Figures of classes and schools in report.json: in natural order, with intervals, small groups hidden."""

from __future__ import annotations

import numpy as np

from edumetrics.aggregates import GroupTable, group_means
from edumetrics.ctt.reliability import COMPLETE_ENOUGH
from edumetrics.exam import ExamAnalysis
from edumetrics.results import BoolArray, FloatArray, Insufficient, Outcome, Reason
from edumetrics.suppression import suppress
from smartschool.analyze.homes import NAMES, natural
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json, outcome

HIDDEN = Insufficient(Reason.SMALL_GROUP, 0)


def group_tables(source: ExamInput, analysis: ExamAnalysis) -> list[Json]:
    """One table per kind with two groups or more."""
    out = []
    for kind, labels in source.homes.items():
        here = np.array([bool(label) for label in labels]) & analysis.present
        order = natural([label for label, shown in zip(labels, here.tolist(), strict=True) if shown])
        if len(order) > 1:
            out.append(_table(source, analysis, kind, labels, order, here))
    return out


def _table(
    source: ExamInput,
    analysis: ExamAnalysis,
    kind: str,
    labels: list[str],
    order: list[str],
    here: BoolArray,
) -> Json:
    rows = np.flatnonzero(here)
    found = group_means(_shares(source, analysis)[rows], [labels[i] for i in rows])
    place = {label: g for g, label in enumerate(found.groups)}
    counts = np.array([int(found.n[place[label], 0]) for label in order])
    hidden = suppress(counts)
    # Shares of different booklets are shares of different papers.
    same = bool(np.mean(analysis.offered[rows] >= COMPLETE_ENOUGH * analysis.paper) >= COMPLETE_ENOUGH)
    return {
        "kind": kind,
        "title": NAMES[kind],
        "comparable": same,
        "between": float(found.between[0]) if same else None,
        "within": _within(found) if same else None,
        "whole": outcome(_checked(found.whole.at(0), same=same)),
        "rows": [
            _row(source, found, place[label], label, int(n), bool(small), same)
            for label, n, small in zip(order, counts, hidden, strict=True)
        ],
    }


def _shares(source: ExamInput, analysis: ExamAnalysis) -> FloatArray:
    """Pupils × (whole paper, points): share of the marks that were offered."""
    valid = source.matrix.valid
    marks = np.where(valid, source.matrix.marks, 0.0)
    columns = [np.ones(analysis.n_items)]
    if source.q is not None:
        total = source.q.sum(axis=1, keepdims=True)
        columns += list(np.divide(source.q, total, out=np.zeros_like(source.q), where=total > 0).T)
    weights = np.column_stack(columns)
    got, offered = marks @ weights, (valid * analysis.full) @ weights
    return np.asarray(np.divide(got, offered, out=np.full_like(got, np.nan), where=offered > 0))


def _row(source: ExamInput, found: GroupTable, g: int, label: str, n: int, small: bool, same: bool) -> Json:
    return {
        "label": label,
        "n": None if small else n,
        "share": outcome(HIDDEN if small else _checked(found.raw.at(g, 0), same=same)),
        "shrunken": outcome(HIDDEN if small else _checked(found.shrunken.at(g, 0), same=same)),
        "points": [
            {
                "code": point.code,
                "share": outcome(HIDDEN if small else _checked(found.raw.at(g, k + 1), same=same)),
            }
            for k, point in enumerate(source.points)
        ],
    }


def _checked(found: Outcome, *, same: bool) -> Outcome:
    return found if same else Insufficient(Reason.NOT_COMPARABLE, found.n)


def _within(found: GroupTable) -> float | None:
    """Standard deviation of pupils within their group."""
    error = found.raw.se
    known = found.raw.known[:, 0]
    if error is None or not known.any():
        return None
    g = int(np.flatnonzero(known)[0])
    return float(error[g, 0] * np.sqrt(found.n[g, 0]))
