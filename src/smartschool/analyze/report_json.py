"""The report as plain data: every figure with its interval, or the reason why it cannot be known."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edumetrics.arrays import State
from edumetrics.ctt.distractors import OptionAnalysis
from edumetrics.ctt.marks import mark_counts
from edumetrics.ctt.omega_bootstrap import omega_bootstrap
from edumetrics.ctt.scores import centre
from edumetrics.exam import ExamAnalysis, pupil_counts
from edumetrics.mastery import MasteryState
from edumetrics.results import Caution, Estimates, FloatArray, Insufficient, Outcome, Provenance
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.words import STATES, caution

FORMAT = "smartschool.exam-report/1"

Json = dict[str, Any]
# Cautions whose subjects are knowledge points.
OF_POINTS = frozenset(
    (
        "point_of_one_item", "points_inseparable", "point_cannot_be_told", "points_joined_too_closely",
    )
)  # fmt: skip
PLACE = "\x00"  # no file that is read can hold it


def build_report(source: ExamInput, analysis: ExamAnalysis) -> Json:
    """Everything that report.json holds. Shares lie between 0 and 1, totals and errors are in marks."""
    part, absent, deferred, exempt = pupil_counts(source.matrix).tolist()
    return {
        "format": FORMAT,
        "exam": {
            "name": source.name,
            "n_pupils": part,
            "n_items": analysis.n_items,
            "n_listed": len(analysis.pupils),
            "absent": absent,
            "deferred": deferred,
            "exempt": exempt,
            "full_score": analysis.paper,
            "mean": outcome(analysis.mean),
            "sd": outcome(analysis.deviation),
        },
        "items": [_item(source, analysis, j) for j in range(analysis.n_items)],
        "reliability": {
            "alpha": outcome(analysis.reliability.alpha),
            "omega": outcome(analysis.reliability.omega),
            "omega_bootstrap": outcome(
                omega_bootstrap(
                    centre(source.matrix).with_marks(), np.random.default_rng(analysis.settings.seed)
                )
            ),
            "sem": outcome(analysis.reliability.sem),
            "conditional_sem": [
                {"low": band.low, "high": band.high, "sem": outcome(band.sem)}
                for band in analysis.conditional_sem
            ],
        },
        "points": _points(source, analysis),
        "pupils": _pupils(analysis),
        "notes": _notes(source, analysis),
        "provenance": _provenance(analysis),
    }


def notes(warnings: Sequence[Caution], names: Mapping[str, str] | None = None) -> list[Json]:
    """One sentence per kind of caution, with all its items; points by their `names`."""
    subjects: dict[str, list[str]] = {}
    for one in warnings:
        subjects.setdefault(one.code, []).extend(one.subjects)
    first = {one.code: one for one in reversed(warnings)}
    return [
        {"code": code, "text": caution(_named(Caution(code, tuple(found), first[code].data), names or {}))}
        for code, found in subjects.items()
    ]


def _named(one: Caution, names: Mapping[str, str]) -> Caution:
    """The same with the names of knowledge points, where it speaks of these: teachers do not know codes."""
    if one.code not in OF_POINTS:
        return one
    return replace(one, subjects=tuple(f"“{names.get(code, code)}”" for code in one.subjects))


def outcome(result: Outcome) -> Json:
    """An estimate or a refusal as JSON."""
    if isinstance(result, Insufficient):
        return {"insufficient": str(result.reason), "n": result.n}
    se = {} if result.se is None else {"se": float(result.se)}
    return {
        "estimate": float(result.value),
        **se,
        "low": float(result.low),
        "high": float(result.high),
        "n": result.n,
        "method": result.method,
    }


def figure(result: Outcome) -> float | Json:
    """A bare number, or the refusal."""
    return outcome(result) if isinstance(result, Insufficient) else float(result.value)


def dump(report: Json) -> str:
    """Text of report.json."""
    return "".join(pieces(report))


def pieces(report: Json) -> Iterator[str]:
    """Strict JSON in pieces, one pupil a line: all of it at once would be the largest thing in memory."""
    lists: dict[str, list[Json]] = {"pupils": report["pupils"]}
    head = {**report, "pupils": PLACE + "pupils"}
    diagnosis = report.get("models", {}).get("diagnosis", {})
    if "pupils" in diagnosis:
        lists["diagnosis"] = diagnosis["pupils"]
        head["models"] = {**report["models"], "diagnosis": {**diagnosis, "pupils": PLACE + "diagnosis"}}
    text = json.dumps(head, ensure_ascii=False, allow_nan=False, indent=1)
    for piece in re.split(r'"\\u0000(\w+)"', text):
        if piece not in lists:
            yield piece
            continue
        yield "[\n"
        for place, row in enumerate(lists[piece]):
            yield (",\n" if place else "") + _line(row)
        yield "\n ]"
    yield "\n"


def _line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _item(source: ExamInput, analysis: ExamAnalysis, j: int) -> Json:
    option = analysis.options[j]
    states = analysis.omissions
    points = (
        [p.code for p, weight in zip(source.points, source.q[j], strict=True) if weight]
        if source.q is not None
        else []
    )
    entry: Json = {
        "id": analysis.items[j],
        "type": source.items[j].kind,
        "full_score": float(analysis.full[j]),
        "points": points,
        "n": int(analysis.facility.n[j]),
        "facility": figure(analysis.facility.at(j)),
        "facility_interval": outcome(analysis.facility.at(j)),
        "discrimination": figure(analysis.discrimination.at(j)),
        "discrimination_interval": outcome(analysis.discrimination.at(j)),
        "rest_correlation": outcome(analysis.rest_correlation.at(j)),
        "discriminative_efficiency": figure(analysis.efficiency.at(j)),
        "options": _options(option) if isinstance(option, OptionAnalysis) else [],
        "marks": _marks(source, j),
        "curve": _row(analysis.curves, j),
        "flags": [str(flag) for flag in analysis.flags[j]],
        "omitted": int(states.omitted[j]),
        "not_reached": int(states.not_reached[j]),
        "not_presented": int(states.not_presented[j]),
    }
    if isinstance(option, OptionAnalysis) and option.key_error is not None:
        suspicion = option.key_error
        entry["key_error"] = {
            "rival": suspicion.rival,
            "key": suspicion.key,
            "top_rival": suspicion.top_rival,
            "top_key": suspicion.top_key,
            "correlation_rival": suspicion.correlation_rival,
            "correlation_key": suspicion.correlation_key,
        }
    return entry


def _marks(source: ExamInput, j: int) -> list[Json]:
    found = mark_counts(source.matrix, j)
    return [{"mark": m, "n": n} for m, n in zip(found.marks.tolist(), found.counts.tolist(), strict=True)]


def _options(option: OptionAnalysis) -> list[Json]:
    few: FloatArray | Insufficient = option.curves
    return [
        {
            "option": label,
            "key": option.in_key[k],
            "n": int(option.counts[k]),
            "share": figure(option.shares.at(k)),
            "share_interval": outcome(option.shares.at(k)),
            "rest_correlation": outcome(option.rest_correlation.at(k)),
            "curve": outcome(few) if isinstance(few, Insufficient) else [float(v) for v in few[k]],
            "top_group_share": figure_of(option.top, k),
            "non_functioning": label in option.non_functioning,
        }
        for k, label in enumerate(option.labels)
    ]


def figure_of(values: FloatArray | Insufficient, k: int) -> float | Json:
    """Entry of an array that may be refused as a whole."""
    return outcome(values) if isinstance(values, Insufficient) else float(values[k])


def _row(estimates: Estimates, j: int) -> list[Json] | Json:
    """Curve of one item, or one refusal for all of it."""
    if not estimates.known[j].any():
        return outcome(estimates.at(j, 0))
    return [outcome(estimates.at(j, g)) for g in range(estimates.value.shape[1])]


def _points(source: ExamInput, analysis: ExamAnalysis) -> list[Json]:
    if analysis.point_facility is None or analysis.mastery is None or source.q is None:
        return []
    out = []
    for k, point in enumerate(source.points):
        states = analysis.mastery.state[:, k]
        known = analysis.mastery.share.known[:, k]
        counts = {
            code: int(((states == state) & known).sum()) for state, (code, _) in STATES.items() if state
        }
        out.append(
            {
                "code": point.code,
                "name": point.name,
                **outcome(analysis.point_facility.at(k)),
                "n_items": int((source.q[:, k] > 0).sum()),
                "pupils": {**counts, "unknown": int((~known & analysis.present).sum())},
            }
        )
    return out


def _pupils(analysis: ExamAnalysis) -> list[Json]:
    bands = analysis.settings.bands.bands
    out: list[Json] = []
    absent = {"insufficient": "no_responses", "n": 0}
    mastery = _mastery_rows(analysis)
    for i, pupil in enumerate(analysis.pupils):
        level = int(analysis.levels[i])
        entry: Json = {
            "id": pupil,
            "total": float(analysis.totals[i]) if analysis.present[i] else absent,
            "full_score": float(analysis.offered[i]),
            "level": bands[level].code if level >= 0 else None,
            "mastery": mastery[i] if mastery else [],
        }
        out.append(entry)
    return out


def _mastery_rows(analysis: ExamAnalysis) -> list[list[Json]]:
    """Mastery of all pupils; lists of plain numbers, because 15,000 × 15 calls of `at` would take seconds."""
    table = analysis.mastery
    if table is None:
        return []
    share = table.share
    columns = [a.tolist() for a in (share.value, share.low, share.high, table.probability)]
    known, states, n_items = share.known.tolist(), table.state.tolist(), table.n_items.tolist()
    words = {int(state): code for state, (code, _) in STATES.items()}
    out = []
    for i in range(len(table.pupils)):
        row: list[Json] = []
        for k, point in enumerate(table.points):
            if known[i][k]:
                value, low, high, sure = (column[i][k] for column in columns)
                row.append(
                    {
                        "point": point,
                        "state": words[states[i][k]],
                        "estimate": value,
                        "low": low,
                        "high": high,
                        "probability": sure,
                        "n_items": n_items[i][k],
                    }
                )
            elif states[i][k] == MasteryState.NOT_TAUGHT:
                row.append(
                    {"point": point, "state": words[int(MasteryState.NOT_TAUGHT)], "n_items": n_items[i][k]}
                )
            else:
                refusal = share.at(i, k)
                row.append({"point": point, **outcome(refusal), "n_items": n_items[i][k]})
        out.append(row)
    return out


def _notes(source: ExamInput, analysis: ExamAnalysis) -> list[Json]:
    notes = [{"code": note.code, "text": note.text} for note in source.notes]
    cautions = [*analysis.provenance.warnings]
    if analysis.mastery is not None and source.q is not None and source.q.any():
        cautions.extend(analysis.mastery.provenance.warnings)
    blanks = int(np.isin(source.matrix.states, (State.BLANK,)).sum())
    if blanks:
        notes.append({"code": "blank_scored_zero", "text": f"{blanks} 个写明空白的作答按 0 分计。"})
    names = {point.code: point.name for point in source.points}
    return notes + [{"code": one.code, "text": caution(_named(one, names))} for one in cautions]


def _provenance(analysis: ExamAnalysis) -> list[Json]:
    parts = [analysis.provenance, analysis.reliability.provenance]
    if analysis.mastery is not None:
        parts.append(analysis.mastery.provenance)
    return [_one_provenance(part) for part in parts]


def _one_provenance(part: Provenance) -> Json:
    return {
        "model": part.model,
        "version": part.version,
        "settings": _plain(dict(part.settings)),
        "warnings": [
            {"code": w.code, "subjects": list(w.subjects), "data": dict(w.data)} for w in part.warnings
        ],
    }


def _plain(value: Any) -> Any:
    """Settings as JSON: tuples become lists, numbers stay finite."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
