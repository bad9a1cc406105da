"""What a correction changed between two versions of an analysis: items and points, and in words why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edumetrics.results import Estimate, Outcome
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch

LEAST = 1e-6  # smaller differences of a share are rounding of stored marks


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that moved; `before` and `after` as printed."""

    what: str
    before: str
    after: str


def item_changes(
    old_paper: PaperSketch, old: GroupFigures, new_paper: PaperSketch, new: GroupFigures
) -> tuple[Change, ...]:
    """Definition and facility of items, in the paper's order (items are frozen: positions correspond)."""
    found: list[Change] = []
    for j, (a, b) in enumerate(zip(old_paper.items, new_paper.items, strict=False)):
        name = f"第 {b.number} 题"
        if a.key != b.key:
            found.append(Change(f"{name}答案", a.key or "没有", b.key or "没有"))
        if a.full != b.full:
            found.append(Change(f"{name}满分", words.mark(a.full), words.mark(b.full)))
        names = old_paper.point_names(a), new_paper.point_names(b)
        if names[0] != names[1]:
            found.append(Change(f"{name}知识点", names[0] or "没有", names[1] or "没有"))
        if j < len(old.items) and j < len(new.items):
            found += _moved(f"{name}得分率", old.items[j].facility, new.items[j].facility)
    return tuple(found)


def point_changes(
    old_paper: PaperSketch, old: GroupFigures, new_paper: PaperSketch, new: GroupFigures
) -> tuple[Change, ...]:
    """Shares of points by code; points that came or went are said."""
    before = dict(zip((p.code for p in old_paper.points), old.points, strict=True))
    kept = {point.code for point in new_paper.points}
    found: list[Change] = []
    for point, figures in zip(new_paper.points, new.points, strict=True):
        if point.code in before:
            found += _moved(point.name, before[point.code].share, figures.share)
        else:
            found.append(Change(point.name, "没有", _printed(figures.share)))
    gone = (point for point in old_paper.points if point.code not in kept)
    return (*found, *(Change(point.name, _printed(before[point.code].share), "没有") for point in gone))


def _moved(what: str, before: Outcome, after: Outcome) -> list[Change]:
    if (
        isinstance(before, Estimate)
        and isinstance(after, Estimate)
        and abs(before.value - after.value) < LEAST
    ):
        return []
    if _printed(before) == _printed(after) == "证据不足":
        return []
    return [Change(what, _printed(before), _printed(after))]


def _printed(outcome: Outcome) -> str:
    value = words.value_of(outcome)
    return "证据不足" if value is None else f"{words.points_100(value)}%"


def dump(changes: Sequence[Change]) -> list[list[str]]:
    """JSON of changes."""
    return [[change.what, change.before, change.after] for change in changes]


def load(data: Sequence[Sequence[str]] | Mapping[str, Any]) -> tuple[Change, ...]:
    """Inverse of `dump`."""
    return tuple(Change(*row) for row in data)
