"""What a class report says of the exam before: growth on the same items, or that the two do not compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edumetrics.common_items import CommonItemGrowth
from edumetrics.results import Insufficient, Reason
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.compose.words import Sentence, say, strong
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch

NOT_ENOUGH = "两次考试没有足够的共同题，不作比较"
NAMED = 8  # more numbers than that nobody reads
WHY_NOT = {
    Reason.TOO_FEW_PUPILS: "两次考试都参加的学生太少，不作比较",
    Reason.NOT_COMPARABLE: "两次考试的共同题有的变容易、有的变难，不作比较",
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """One item of the bank that stood in both exams, by its places in the two papers."""

    bank_code: str
    now: int
    before: int


def common_items(
    paper: PaperSketch, figures: GroupFigures, earlier: PaperSketch, before: GroupFigures
) -> tuple[Anchor, ...]:
    """Items with the same bank number, full mark and key in both papers, none of them with a doubtful key.

    A number that stands twice in one paper names no single item and is left out.
    """
    places = _places(earlier)
    found = []
    for code, now in _places(paper).items():
        then = places.get(code)
        if then is None:
            continue
        mine, theirs = paper.items[now], earlier.items[then]
        if (mine.full, mine.key) != (theirs.full, theirs.key):
            continue
        if words.key_in_doubt(figures.items[now]) or words.key_in_doubt(before.items[then]):
            continue
        found.append(Anchor(code, now, then))
    return tuple(found)


def _places(paper: PaperSketch) -> dict[str, int]:
    codes = [item.bank_code for item in paper.items]
    return {code: j for j, code in enumerate(codes) if code and codes.count(code) == 1}


def comparison(
    exam: str, numbers: Sequence[str], found: CommonItemGrowth | Insufficient, drifted: Sequence[str]
) -> Sentence:
    """One or two sentences; shares of the same items alone, never of the two whole papers.

    Parameters
    ----------
    exam
        Name of the exam before.
    numbers, drifted
        Printed numbers in the newer paper of the items that count, and of those that were left out.
    """
    if isinstance(found, Insufficient):
        return say(f"{WHY_NOT.get(found.reason, NOT_ENOUGH)}（上次是{exam}）。")
    growth = found.growth
    # Of the printed shares, so that the sentence adds up for its reader.
    before, after = words.percent(found.before), words.percent(found.after)
    by = int(after.removesuffix("%")) - int(before.removesuffix("%"))
    low, high = words.signed_points(growth.low), words.signed_points(growth.high)
    if growth.low <= 0.0 <= growth.high:
        verdict = strong("看不出变化")
    elif by == 0:
        verdict = strong("几乎没有变")
    else:
        verdict = strong(f"{'提高' if by > 0 else '下降'} {abs(by)} 个百分点")
    named = f"（{words.join_numbers(numbers)}）" if len(numbers) <= NAMED else ""
    head = say(
        strong("与上次可比："),
        f"{exam}也考过的 {len(numbers)} 道题{named}，得分率从 {before} 到 {after}，",
        verdict,
        f"，变化可能在 {low} 到 {high} 个百分点。",
    )
    if drifted:
        head = (*head, *say(f"{words.join_numbers(drifted)}的变化和别的题很不一样，没有算进去。"))
    return (*head, *say("只算两次都参加的学生；同样的题做过一遍，进步里有一部分可能是记得题。"))
