"""The page of one item: how hard, how well it separates, what was chosen instead, who lost marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edumetrics.results import Estimate, Outcome
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.compose.class_report import typical_error
from smartschool.contexts.diagnosis.compose.words import Sentence, say, strong
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch


@dataclass(frozen=True, slots=True)
class Loser:
    """One pupil who lost marks on the item; by 学号, never by how much."""

    code: str
    number: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Shares of one option in the three thirds (only for 25 pupils and more)."""

    label: str
    key: bool
    low: float
    middle: float
    top: float


@dataclass(frozen=True, slots=True)
class ItemPage:
    """All that the page says."""

    number: str
    kind: str
    full: str
    points: str
    lede: Sentence
    facility: Outcome
    grade_facility: Outcome | None
    discrimination: Outcome
    rest: Outcome
    weak: bool
    doubt: bool
    options: tuple[tuple[str, int, bool], ...]
    option_groups: tuple[GroupRow, ...]
    easier_for: str
    typical: str
    lost: int
    n: int
    losers: tuple[Loser, ...]
    previous: str
    following: str


def compose_item(
    paper: PaperSketch,
    figures: GroupFigures,
    grade: GroupFigures | None,
    index: int,
    losers: Sequence[Loser],
    *,
    small: bool,
) -> ItemPage:
    """The page of item `index`; `small` leaves out groups and says counts instead of shares."""
    sketch, item = paper.items[index], figures.items[index]
    typical, _ = typical_error(sketch.typical, item)
    return ItemPage(
        number=sketch.number,
        kind=sketch.kind,
        full=words.mark(sketch.full),
        points=paper.point_names(sketch),
        lede=_lede(paper, figures, index, small),
        facility=item.facility,
        grade_facility=None if grade is None else grade.items[index].facility,
        discrimination=item.discrimination,
        rest=item.rest,
        weak=words.weak_discrimination(item),
        doubt=words.key_in_doubt(item),
        options=tuple((words.option_name(option.label), option.n, option.key) for option in item.options),
        option_groups=()
        if small
        else tuple(
            GroupRow(words.option_name(option.label), option.key, *option.groups)
            for option in item.options
            if option.groups
        ),
        easier_for={"male": "男生", "female": "女生"}.get(item.easier_for, ""),
        typical=typical,
        lost=item.lost,
        n=item.n,
        losers=tuple(losers),
        previous=paper.items[index - 1].number if index else "",
        following=paper.items[index + 1].number if index + 1 < len(paper.items) else "",
    )


def _lede(paper: PaperSketch, figures: GroupFigures, index: int, small: bool) -> Sentence:
    sketch, item = paper.items[index], figures.items[index]
    name = paper.point_names(sketch)
    about = f"，考“{name}”" if name else ""
    if words.key_in_doubt(item):
        found = f"：得分靠上的学生选 {item.rival} 的比选标准答案的还多"
        return say(
            strong("这道题的标准答案存疑"), f"{found}。先对一遍答案；改正后所有班自动重算，掌握情况也会变。"
        )
    if small or not isinstance(item.facility, Estimate):
        if not item.n:
            return say(f"第 {sketch.number} 题{about}，", strong("还没有小题分"), "。")
        return say(f"{item.n} 人中 ", strong(f"{item.lost} 人"), f"在这道题丢过分{about}。")
    rate = words.percent(item.facility.value)
    head = say("得分率 ", strong(rate), about, "。")
    if words.needs_review(item):
        return (*head, *say(strong("区分度偏低"), "：会的和不会的在这题上差不多，先看题目和评分有没有问题。"))
    if item.facility.value < words.LOW_FACILITY:
        return (*head, *say(strong("建议讲评。")))
    return (*head, *say("多数人会，个别提醒即可。"))
