"""What a report needs of a paper beside figures: items and points in order, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class PointSketch:
    """One knowledge point of the two-way table."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ItemSketch:
    """One item as it stands on the paper.

    Attributes
    ----------
    number : str
        As printed, e.g. ``"14"`` or ``"21(2)"``.
    kind : str
        题型 in one word: 选择, 填空, 解答 …
    full : float
        Full mark.
    weights : mapping
        Index of a point of the paper → its share of the item (sums to 1; empty where none is known).
    typical : mapping
        A wrong option, or ``""`` for any wrong answer, → what the error means.
    """

    number: str
    kind: str
    full: float
    weights: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    key: str = ""
    typical: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    bank_code: str = ""
    difficulty: str = ""  # 偏易, 中等, 偏难 in the item bank; "" where unknown


@dataclass(frozen=True, slots=True)
class PaperSketch:
    """One paper: subject, exam, day, full mark, items and points in their natural order."""

    code: str
    subject: str
    exam: str
    held_on: date | None
    full: float
    items: tuple[ItemSketch, ...]
    points: tuple[PointSketch, ...]
    level_labels: tuple[str, ...] = ("优秀", "良好", "合格", "待合格")
    junior: bool = True
    complete: bool = True  # False where only key items were entered

    def point_names(self, item: ItemSketch) -> str:
        """Names of the item's points, the weightiest first."""
        order = sorted(item.weights, key=lambda k: (-item.weights[k], k))
        return "、".join(self.points[k].name for k in order)


def dump(paper: PaperSketch) -> dict[str, Any]:
    """JSON of a sketch, stored with each version so that an old report reads as it was."""
    return {
        "code": paper.code,
        "subject": paper.subject,
        "exam": paper.exam,
        "held_on": paper.held_on.isoformat() if paper.held_on else None,
        "full": paper.full,
        "items": [
            [i.number, i.kind, i.full, list(i.weights.items()), i.key, dict(i.typical), i.bank_code]
            for i in paper.items
        ],
        "points": [[point.code, point.name] for point in paper.points],
        "levels": list(paper.level_labels),
        "junior": paper.junior,
        "complete": paper.complete,
    }


def load(data: Mapping[str, Any]) -> PaperSketch:
    """Inverse of `dump`."""
    return PaperSketch(
        code=data["code"],
        subject=data["subject"],
        exam=data["exam"],
        held_on=date.fromisoformat(data["held_on"]) if data["held_on"] else None,
        full=data["full"],
        items=tuple(
            ItemSketch(number, kind, full, dict(map(tuple, weights)), key, typical, bank)
            for number, kind, full, weights, key, typical, bank in data["items"]
        ),
        points=tuple(PointSketch(*point) for point in data["points"]),
        level_labels=tuple(data["levels"]),
        junior=data["junior"],
        complete=data["complete"],
    )
