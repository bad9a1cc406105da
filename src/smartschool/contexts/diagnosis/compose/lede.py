"""The first sentence of a class report: where the class stands, where marks were lost, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edumetrics.results import Insufficient
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.compose.words import Sentence, say, strong
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch


@dataclass(frozen=True, slots=True)
class Focus:
    """Where to begin: a point (None where items carry none) and its items, worst first."""

    point: int | None
    items: tuple[int, ...]


def find_focus(paper: PaperSketch, figures: GroupFigures) -> Focus | None:
    """The point on which the class lost most marks, leaving out items that are in doubt themselves.

    Marks lost per pupil on point k are the sum of weight × full mark × (1 − facility) over its items.
    """
    lost: dict[int, float] = {}
    sound: list[int] = []
    for j, (item, sketch) in enumerate(zip(figures.items, paper.items, strict=True)):
        facility = words.value_of(item.facility)
        if facility is None or words.needs_review(item):
            continue
        sound.append(j)
        for k, weight in sketch.weights.items():
            lost[k] = lost.get(k, 0.0) + weight * sketch.full * (1.0 - facility)
    candidates = [k for k in lost if (words.value_of(figures.points[k].share) or 0.0) < words.FOCUS_BELOW]
    if candidates:
        point = min(candidates, key=lambda k: (-lost[k], k))
        chosen = _worst([j for j in sound if point in paper.items[j].weights], figures)
        return Focus(point, chosen)
    hard = [j for j in sound if (words.value_of(figures.items[j].facility) or 0.0) < words.LOW_FACILITY]
    return Focus(None, _worst(hard, figures)) if hard else None


def _worst(items: Sequence[int], figures: GroupFigures, most: int = 2) -> tuple[int, ...]:
    """At most two items: those below 60 %, or the one with the lowest facility; in the paper's order."""
    order = sorted(items, key=lambda j: (words.value_of(figures.items[j].facility) or 0.0, j))
    low = [j for j in order if (words.value_of(figures.items[j].facility) or 0.0) < words.LOW_FACILITY]
    return tuple(sorted((low or order[:1])[:most]))


def lede(paper: PaperSketch, figures: GroupFigures, grade: GroupFigures | None) -> Sentence:
    """The sentence for a class of 25 or more.

    Parameters
    ----------
    grade
        Figures of the grade, or None where the grade has no other class to compare with.
    """
    if figures.n_present == 0:
        return say("没有人参加这次考试，", strong("没有可分析的得分"), "。")
    pieces = [*_standing(figures, grade)]
    if not paper.items:
        return (
            *pieces,
            *say("这份卷子只有总分，", strong("没有小题分，看不出丢在哪里"), "。录小题分后再看。"),
        )
    doubts = [j for j, item in enumerate(figures.items) if words.key_in_doubt(item)]
    focus = find_focus(paper, figures)
    if focus is None:
        pieces += say("没有集中的失分，按试题表查漏即可。")
    elif focus.point is None:
        pieces += _items_only(paper, figures, focus)
    else:
        pieces += _on_point(paper, figures, grade, focus)
    if doubts:
        named = words.join_numbers([paper.items[j].number for j in doubts[:3]])
        pieces += say(strong(f"{named}的答案存疑，先复核，再讲评。"))
    elif focus is not None:
        pieces += say(strong(f"建议先讲{_count(len(focus.items))}题。"))
    return tuple(pieces)


def headline(paper: PaperSketch, figures: GroupFigures) -> str:
    """What to do about one report, short enough for a list of reports."""
    if figures.n_present == 0:
        return "没有人参加"
    if not paper.items:
        return "只有总分，没有小题分"
    doubts = [paper.items[j].number for j, item in enumerate(figures.items) if words.key_in_doubt(item)]
    if doubts:
        return f"{words.join_numbers(doubts[:3])}的答案存疑，先复核"
    focus = find_focus(paper, figures)
    if focus is None:
        return "没有集中的失分"
    first = f"先讲{words.join_numbers([paper.items[j].number for j in focus.items])}"
    return first if focus.point is None else f"{first}：“{paper.points[focus.point].name}”失分最多"


def _standing(figures: GroupFigures, grade: GroupFigures | None) -> Sentence:
    mean = words.value_of(figures.mean)
    if mean is None:
        return say(f"{figures.n_present} 人参加，", strong("人数太少，不算平均分"), "。")
    own = strong(words.mean_100(mean))
    if grade is None or isinstance(grade.mean, Insufficient):
        return say("本班平均分 ", own, "，年级没有可比对象。")
    whole = words.mean_100(grade.mean.value)
    difference = words.clear_gap(figures.mean, grade.mean)
    if difference is None:
        return say("本班平均分 ", own, f"，与年级（{whole}）相当。")
    # Of the two printed numbers, so that the sentence adds up for its reader.
    by = abs(words.rounded(mean * 100, 1) - words.rounded(grade.mean.value * 100, 1))
    return say("本班平均分 ", own, f"，比年级（{whole}）{'高' if difference > 0 else '低'} {by} 分。")


def _on_point(
    paper: PaperSketch, figures: GroupFigures, grade: GroupFigures | None, focus: Focus
) -> Sentence:
    assert focus.point is not None  # noqa: S101 - the caller chose this branch
    rates = "、".join(words.percent(words.value_of(figures.items[j].facility) or 0.0) for j in focus.items)
    numbers = words.join_numbers([paper.items[j].number for j in focus.items])
    head = say("失分集中在", strong(f"“{paper.points[focus.point].name}”"), f"：{numbers}得分率 {rates}")
    other = None if grade is None else grade.points[focus.point].share
    difference = words.clear_gap(figures.points[focus.point].share, other)
    if difference is None:
        return (*head, *say("。"))
    side = "高" if difference > 0 else "低"
    by = abs(int(words.rounded(difference * 100)))
    return (*head, *say(f"，这个知识点比年级{side} {by} 个百分点。"))


def _items_only(paper: PaperSketch, figures: GroupFigures, focus: Focus) -> Sentence:
    rates = "、".join(words.percent(words.value_of(figures.items[j].facility) or 0.0) for j in focus.items)
    numbers = words.join_numbers([paper.items[j].number for j in focus.items])
    return say("得分率最低的是", strong(numbers), f"（{rates}），试题还没有标知识点。")


def _count(n: int) -> str:
    return {1: "这", 2: "这两"}.get(n, "这几")
