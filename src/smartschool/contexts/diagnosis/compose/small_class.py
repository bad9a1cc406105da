"""The report on a class below 25: the item × pupil grid and counts; no curves, no groups, no per cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edumetrics.arrays import State
from edumetrics.mastery import MasteryState
from edumetrics.results import FloatArray
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.compose.class_report import (
    HelpLine,
    PupilLine,
    doubtful_points,
    help_lines,
)
from smartschool.contexts.diagnosis.compose.lede import headline
from smartschool.contexts.diagnosis.compose.words import Sentence, say, strong
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch


@dataclass(frozen=True, slots=True)
class GridCell:
    """What one pupil did with one item: `shade` is g0 … g3 or na, `said` is read aloud."""

    shade: str
    text: str
    said: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """One item: cells in the order of 学号, and how many lost marks."""

    index: int
    number: str
    points: str
    full: str
    cells: tuple[GridCell, ...]
    lost: int
    n: int
    doubt: bool

    @property
    def notable(self) -> bool:
        """Half of the class or more."""
        return self.n > 0 and 2 * self.lost >= self.n


@dataclass(frozen=True, slots=True)
class PointCount:
    """One point: how many pupils stand where."""

    name: str
    mastered: int
    basic: int
    needs: int
    unknown: int
    doubt: bool

    @property
    def judged(self) -> bool:
        """True when at least one pupil has a state."""
        return bool(self.mastered + self.basic + self.needs)


@dataclass(frozen=True, slots=True)
class SmallReport:
    """All that the page says."""

    lede: Sentence
    pupils: tuple[PupilLine, ...]
    levels: tuple[str, ...]
    rows: tuple[GridRow, ...]
    points: tuple[PointCount, ...]
    practice_point: str
    practice: tuple[HelpLine, ...]
    help: tuple[HelpLine, ...]
    compared: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def judged_points(self) -> tuple[PointCount, ...]:
        """Points on which at least one pupil has a state."""
        return tuple(row for row in self.points if row.judged)

    @property
    def vague_points(self) -> tuple[str, ...]:
        """Names of the points that this paper has too few items to judge for anybody."""
        return tuple(row.name for row in self.points if not row.judged)


def compose_small_class(
    paper: PaperSketch,
    figures: GroupFigures,
    pupils: Sequence[PupilLine],
    marks: FloatArray,
    states: np.ndarray[tuple[int, ...], np.dtype[np.int8]],
) -> SmallReport:
    """The grid of one small class.

    Parameters
    ----------
    marks, states
        Pupils × items in the order of `pupils` (学号) and of the paper.
    """
    rows = tuple(
        GridRow(
            index=j,
            number=sketch.number,
            points=paper.point_names(sketch),
            full=words.mark(sketch.full),
            cells=tuple(_cell(marks[i, j], int(states[i, j]), sketch.full) for i in range(len(pupils))),
            lost=item.lost,
            n=item.n,
            doubt=words.key_in_doubt(item),
        )
        for j, (item, sketch) in enumerate(zip(figures.items, paper.items, strict=True))
    )
    doubtful = doubtful_points(paper, figures)
    points = tuple(
        _point_count(sketch.name, point.states, k in doubtful)
        for k, (point, sketch) in enumerate(zip(figures.points, paper.points, strict=True))
    )
    focus = _focus(paper, figures)
    practice = () if focus is None else _practice(focus, pupils)
    return SmallReport(
        lede=_lede(paper, figures, focus, len(practice)),
        pupils=tuple(pupils),
        levels=tuple("—" if pupil.level is None else paper.level_labels[pupil.level] for pupil in pupils),
        rows=rows,
        points=points,
        practice_point="" if focus is None else paper.points[focus].name,
        practice=practice,
        help=help_lines(paper, figures, pupils),
        compared=_bank_difficulty(paper, figures),
        notes=() if paper.complete else ("只录了重点题的小题分，没有录的题看不到。",),
    )


def _point_count(name: str, states: tuple[int, int, int, int], doubt: bool) -> PointCount:
    unknown, needs, basic, mastered = states
    return PointCount(name, mastered, basic, needs, unknown, doubt)


def _cell(mark: float, state: int, full: float) -> GridCell:
    if state in (State.BLANK, State.NOT_REACHED):
        return GridCell("g3", "空", "没有写")
    if state == State.ABSENT:
        return GridCell("na", "缺", "缺考")
    if not np.isfinite(mark):
        return GridCell("na", "—", "没有得分")
    lost = full - mark
    if lost <= 0:
        return GridCell("g0", "✓", "全对")
    return GridCell("g2" if 2 * lost >= full else "g1", f"{words.MINUS}{words.mark(lost)}", "")


def _focus(paper: PaperSketch, figures: GroupFigures) -> int | None:
    """The point at which most pupils need practice, then at which most lost marks; None where nobody did."""
    best, best_key = None, (0, 0)
    for k, point in enumerate(figures.points):
        key = (point.states[1], point.lost)
        if point.lost and key > best_key:
            best, best_key = k, key
    return best


def _practice(point: int, pupils: Sequence[PupilLine]) -> tuple[HelpLine, ...]:
    return tuple(
        HelpLine(pupil.code, pupil.number, pupil.name, "", "", "")
        for pupil in pupils
        if pupil.states and pupil.states[point] == MasteryState.NEEDS_WORK
    )


def public_lede(paper: PaperSketch, figures: GroupFigures) -> Sentence:
    """The sentence for the wall and for paper: without what concerns fewer than five."""
    made = _lede(paper, figures, _focus(paper, figures), 0)
    return tuple(piece for piece in made if not piece.private)


def advised_items(paper: PaperSketch, figures: GroupFigures) -> tuple[int, ...]:
    """The items that the first sentence names, at most two; none while an answer is in doubt."""
    if any(words.key_in_doubt(item) for item in figures.items):
        return ()
    return _advised(paper, figures, _focus(paper, figures))


def small_headline(paper: PaperSketch, figures: GroupFigures) -> str:
    """What to do about one report, as its first sentence says it, short enough for a list of reports."""
    advised = advised_items(paper, figures)
    if not advised:
        return headline(paper, figures)
    first = f"先讲{words.join_numbers([paper.items[j].number for j in advised])}"
    focus = _focus(paper, figures)
    return first if focus is None else f"{first}：“{paper.points[focus].name}”要先练"


def _advised(paper: PaperSketch, figures: GroupFigures, focus: int | None) -> tuple[int, ...]:
    """Where most lost marks, first; of the items on the focus, where there is one."""
    order = sorted(
        (j for j, item in enumerate(figures.items) if item.lost),
        key=lambda j: (-figures.items[j].lost, words.value_of(figures.items[j].facility) or 0.0, j),
    )
    if focus is None:
        return tuple(order[:1])
    return tuple([j for j in order if focus in paper.items[j].weights] or order)[:2]


def _lede(paper: PaperSketch, figures: GroupFigures, focus: int | None, practice: int) -> Sentence:
    n = figures.n_present
    if n == 0:
        return say("没有人参加这次考试，", strong("没有可分析的得分"), "。")
    if not paper.items:
        return say(f"{n} 人参加，这份卷子只有总分，", strong("看不出丢在哪里"), "。")
    doubts = [paper.items[j].number for j, item in enumerate(figures.items) if words.key_in_doubt(item)]
    if doubts:
        return say(strong(f"{words.join_numbers(doubts[:3])}的答案存疑，先复核"), "，再看谁会谁不会。")
    advised = _advised(paper, figures, focus)
    if not advised:
        return say(f"{n} 人", strong("全部满分"), "，没有要讲的题。")
    first = paper.items[advised[0]].number
    if focus is None:
        head = say(f"{n} 人中 ", strong(f"{figures.items[advised[0]].lost} 人"), f"在第 {first} 题丢过分。")
        return (*head, *say(strong(f"建议先讲第 {first} 题。")))
    lost = figures.points[focus].lost
    name = strong(f"“{paper.points[focus].name}”")
    counted: Sentence
    if lost >= words.CAST_LEAST:
        counted = say(f"{n} 人中 ", strong(f"{lost} 人"), "在", name, "丢过分")
    else:
        counted = (
            *say("丢分最多的是", name),
            words.Words(f"，{n} 人中 {lost} 人", private=True),
        )
    if practice:
        counted = (*counted, words.Words(f"，其中 {practice} 人需要再练", private=True))
    sentence = (*counted, *say("。", strong(f"建议先讲第 {first} 题")))
    second = [paper.items[j].number for j in advised[1:]]
    return (*sentence, *say(f"，再看第 {second[0]} 题。" if second else "。"))


def _bank_difficulty(paper: PaperSketch, figures: GroupFigures) -> tuple[str, ...]:
    """Words of the item bank for the two items with most losses: all there is to compare with."""
    known = [j for j, sketch in enumerate(paper.items) if sketch.difficulty and figures.items[j].lost]
    order = sorted(known, key=lambda j: (-figures.items[j].lost, j))[:2]
    return tuple(f"第 {paper.items[j].number} 题在题库里属{paper.items[j].difficulty}" for j in order)
