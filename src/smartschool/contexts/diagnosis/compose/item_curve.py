"""What the item page says of the item's curve: whom it tells apart, in words, or why that cannot be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.diagnosis.compose.words import Sentence, say, strong

if TYPE_CHECKING:
    from smartschool.contexts.diagnosis.compute.calibration import ItemCurve

# As many as slopes need (edumetrics.irt.Settings.minimum_2pl): with equal slopes every item would seem to
# separate alike, which is the very thing that is asked here.
LEAST_PUPILS = 200
GROUPS = ("水平偏低的学生", "水平中等的学生", "水平偏高的学生")
FLAT = 0.10  # a smaller difference between the two ends tells nobody apart


@dataclass(frozen=True, slots=True)
class CurveBlock:
    """The verdict, and a row for each of the three; no rows where there is not enough evidence."""

    verdict: Sentence
    rows: tuple[tuple[str, Estimate], ...]
    n: int


def too_few(n: int) -> CurveBlock:
    """The block of a paper that fewer than 200 pupils sat."""
    return CurveBlock(say(strong("证据不足："), f"全年级 {n} 人有小题分，满 {LEAST_PUPILS} 人才算。"), (), n)


def curve_block(found: ItemCurve | Insufficient) -> CurveBlock:
    """Words for a curve; a difference is named only where its interval leaves no doubt."""
    if isinstance(found, Insufficient):
        if found.reason is Reason.TOO_FEW_PUPILS:
            return too_few(found.n)
        return CurveBlock(say(strong("证据不足："), _why(found.reason)), (), found.n)
    rows = tuple(zip(GROUPS, found.shares, strict=True))
    if found.whole.high < 0.0:
        verdict = say(strong("水平越高，这道题得分反而越低。"), "先核对答案和评分，再看题目。")
    elif found.whole.high < FLAT:
        verdict = say(strong("这道题分不出水平："), "水平不同的学生得分差不多。")
    elif found.whole.low <= 0.0:
        verdict = say(strong("证据不足："), "还看不出水平不同的学生在这道题上有没有差别。")
    elif found.bend.low > 0.0:
        verdict = say("水平偏低和中等的学生差别小，", strong("最能把中等和偏高的学生分开。"))
    elif found.bend.high < 0.0:
        verdict = say("水平中等和偏高的学生差别小，", strong("最能把偏低和中等的学生分开。"))
    else:
        verdict = say(strong("各段水平的学生都能分开，"), "看不出更适合哪一段。")
    return CurveBlock(verdict, rows, found.n)


def _why(reason: Reason) -> str:
    return {
        Reason.CONSTANT_MARKS: "所有人在这道题上得分相同。",
        Reason.TOO_FEW_MARKS: f"这道题有得分的学生不到 {LEAST_PUPILS} 人。",
        Reason.TOO_FEW_ITEMS: "这份卷子的题太少，估计不出水平。",
        Reason.NO_RESPONSES: "这道题没有人有得分。",
    }.get(reason, "从这些得分算不稳。")
