"""What a report needs of a paper beside figures: items and points in order, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType


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
    held_on: date
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
