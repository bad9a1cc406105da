"""The teacher's report on a class of 25 or more: columns, key figures, items, heat table, help."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from edumetrics.mastery import MasteryState
from edumetrics.results import Estimate, Outcome
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.compose.lede import lede
from smartschool.contexts.diagnosis.compose.words import Sentence
from smartschool.contexts.diagnosis.figures import BIN_LABELS, BINS_BELOW_PASS, GroupFigures, ItemFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch


@dataclass(frozen=True, slots=True)
class PupilLine:
    """What a report on a class knows of one pupil; in the order of 学号. `key` never leaves the server."""

    key: int
    code: str
    number: int
    name: str
    present: bool
    reason: str  # 缺考, 缓考, 免考; "" for those who took part
    level: int | None
    states: tuple[int | None, ...]  # MasteryState per point, None without enough evidence
    sure: tuple[float, ...] = ()  # posterior probability of the state
    help_before: bool = False


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One pupil who needs a person, and with what."""

    code: str
    number: int
    name: str
    tag: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One row of the item table."""

    index: int
    number: str
    kind: str
    points: str
    full: str
    facility: Outcome
    discrimination: Outcome
    weak: bool
    doubt: bool
    typical: str
    typical_n: int
    action: str  # 复核本题, 加入讲评 or ""
    attention: bool
    gap: str


@dataclass(frozen=True, slots=True)
class PointRow:
    """One row of the heat table; `cells` are the three groups, low to top, or empty."""

    name: str
    share: Outcome
    gap: str
    alarming: bool
    cells: tuple[float, ...]
    doubt: bool
    states: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the four numbers under the columns."""

    label: str
    value: str
    unit: str
    under: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ClassReport:
    """All that the page says."""

    lede: Sentence
    bins: tuple[tuple[str, int], ...]
    bins_low: int
    grade_line: tuple[float, ...] | None
    key_figures: tuple[KeyFigure, ...]
    items: tuple[ItemRow, ...]
    points: tuple[PointRow, ...]
    group_sizes: tuple[int, int, int] | None
    help: tuple[HelpLine, ...]
    help_is_common: bool  # more than half of the class: teach the whole class first
    doubts: tuple[ItemRow, ...]
    notes: tuple[str, ...]

    @property
    def judged_points(self) -> tuple[PointRow, ...]:
        """Points on which at least one pupil has a state."""
        return tuple(row for row in self.points if any(row.states[1:]))

    @property
    def vague_points(self) -> tuple[str, ...]:
        """Names of the points that this paper has too few items to judge for anybody."""
        return tuple(row.name for row in self.points if not any(row.states[1:]))


def compose_class_report(
    paper: PaperSketch,
    figures: GroupFigures,
    grade: GroupFigures | None,
    pupils: Sequence[PupilLine],
) -> ClassReport:
    """Everything that the page says, from stored figures.

    Parameters
    ----------
    grade
        Figures of all classes of the grade in this school, or None where there is only this one.
    pupils
        In the order of 学号; nothing here ever orders them otherwise.
    """
    rows = item_rows(paper, figures, grade)
    lines = help_lines(paper, figures, pupils)
    absent = sum(1 for pupil in pupils if not pupil.present)
    return ClassReport(
        lede=lede(paper, figures, grade),
        bins=tuple(zip(BIN_LABELS, figures.bins, strict=True)),
        bins_low=BINS_BELOW_PASS,
        grade_line=_grade_line(figures, grade),
        key_figures=_key_figures(figures, grade),
        items=rows,
        points=point_rows(paper, figures, grade),
        group_sizes=figures.group_sizes,
        help=lines,
        help_is_common=2 * (len(lines) - absent) > figures.n_present,
        doubts=tuple(row for row in rows if row.doubt),
        notes=_notes(paper, figures),
    )


def _grade_line(figures: GroupFigures, grade: GroupFigures | None) -> tuple[float, ...] | None:
    """The grade's distribution brought to the number of pupils of the class."""
    total = 0 if grade is None else sum(grade.bins)
    if grade is None or total == 0 or figures.n_totals == 0:
        return None
    return tuple(count * figures.n_totals / total for count in grade.bins)


def _key_figures(figures: GroupFigures, grade: GroupFigures | None) -> tuple[KeyFigure, ...]:
    found: list[KeyFigure] = []
    mean = figures.mean
    if isinstance(mean, Estimate):
        compared = None if grade is None else words.value_of(grade.mean)
        under = "没有可比对象" if compared is None else f"年级 {words.mean_100(compared)}"
        found.append(KeyFigure("平均分", words.mean_100(mean.value), "", under))
    if figures.quartiles is not None:
        low, median, high = (str(words.rounded(part * 100)) for part in figures.quartiles)
        found.append(KeyFigure("中位数", median, "", f"一半在 {low}–{high}"))
    if figures.n_totals:
        rate = words.percent(figures.passed / figures.n_totals)
        found.append(
            KeyFigure("合格率", rate.removesuffix("%"), "%", f"{figures.passed}/{figures.n_totals} 人")
        )
    found.append(_reliability(figures.alpha))
    return tuple(found)


def _reliability(alpha: Outcome) -> KeyFigure:
    """Cronbach's α with its interval; the word follows the lower limit: a short paper is not praised."""
    if not isinstance(alpha, Estimate):
        return KeyFigure("试卷信度", "—", "", "证据不足")
    low, high = (f"{words.rounded(part, 2)}".replace("-", words.MINUS) for part in (alpha.low, alpha.high))
    word, tone = "不足", "bad"
    if alpha.value >= 0.60:
        word, tone = ("可信", "ok") if alpha.low >= 0.70 else ("勉强", "warn")
    value = f"{words.rounded(alpha.value, 2)}".replace("-", words.MINUS)
    return KeyFigure("试卷信度", value, "", f"{word}，{low}–{high}", tone)


def item_rows(paper: PaperSketch, figures: GroupFigures, grade: GroupFigures | None) -> tuple[ItemRow, ...]:
    """Items that need a person first, worst first; then the others, worst first too."""
    rows = []
    for j, (item, sketch) in enumerate(zip(figures.items, paper.items, strict=True)):
        facility = words.value_of(item.facility)
        low = facility is not None and facility < words.LOW_FACILITY
        review = words.needs_review(item)
        text, n = typical_error(sketch.typical, item)
        other = None if grade is None else grade.items[j].facility
        difference = words.gap(item.facility, other)
        rows.append(
            ItemRow(
                index=j,
                number=sketch.number,
                kind=sketch.kind,
                points=paper.point_names(sketch),
                full=words.mark(sketch.full),
                facility=item.facility,
                discrimination=item.discrimination,
                weak=words.weak_discrimination(item),
                doubt=words.key_in_doubt(item),
                typical=text,
                typical_n=n,
                action="复核本题" if review else "加入讲评" if low else "",
                attention=review or low,
                gap="" if difference is None else words.signed_points(difference),
            )
        )

    def place(row: ItemRow) -> tuple[bool, float, int]:
        facility = words.value_of(row.facility)
        return not row.attention, 2.0 if facility is None else facility, row.index  # unknown goes last

    return tuple(sorted(rows, key=place))


def typical_error(typical: Mapping[str, str], item: ItemFigures) -> tuple[str, int]:
    """The most common wrong answer, how many gave it, and what it means where that is known.

    Without a known meaning the two most common wrong options stand side by side; ties keep the paper's order.
    """
    wrong = sorted((o for o in item.options if not o.key and o.n > 0), key=lambda option: -option.n)
    answered = item.lost - item.blank
    if wrong and wrong[0].n >= item.blank:
        meaning = typical.get(wrong[0].label, "")
        if meaning:
            return f"{words.option_name(wrong[0].label)} {wrong[0].n}：{meaning}", wrong[0].n
        return " · ".join(f"{words.option_name(option.label)} {option.n}" for option in wrong[:2]), wrong[0].n
    if item.blank and item.blank >= answered:
        return f"空白 {item.blank}", item.blank
    if item.lost:
        meaning = typical.get("", "")
        return (f"{meaning} {answered}", answered) if meaning else (f"丢分 {item.lost}", item.lost)
    return "", 0


def point_rows(paper: PaperSketch, figures: GroupFigures, grade: GroupFigures | None) -> tuple[PointRow, ...]:
    """Points in the paper's order; a point that rests on an item in doubt says so."""
    in_doubt = doubtful_points(paper, figures)
    rows = []
    for k, (point, sketch) in enumerate(zip(figures.points, paper.points, strict=True)):
        other = None if grade is None else grade.points[k].share
        difference = words.gap(point.share, other)
        clear = words.clear_gap(point.share, other)
        rows.append(
            PointRow(
                name=sketch.name,
                share=point.share,
                gap="" if difference is None else words.signed_points(difference),
                alarming=clear is not None and clear < 0,
                cells=() if point.groups is None else point.groups,
                doubt=k in in_doubt,
                states=point.states,
            )
        )
    return tuple(rows)


def doubtful_points(paper: PaperSketch, figures: GroupFigures) -> frozenset[int]:
    """Points of which an item has a doubtful key: what is said of them may still change."""
    return frozenset(
        k
        for item, sketch in zip(figures.items, paper.items, strict=True)
        if words.key_in_doubt(item)
        for k in sketch.weights
    )


def help_points(pupil: PupilLine, doubtful: Collection[int] = ()) -> list[int]:
    """Points at which the pupil surely needs practice (posterior probability at least ¾, no doubtful key)."""
    return [
        k
        for k, state in enumerate(pupil.states)
        if state == MasteryState.NEEDS_WORK
        and k not in doubtful
        and (not pupil.sure or pupil.sure[k] >= 0.75)
    ]


def needs_help(pupil: PupilLine, lowest_level: int, doubtful: Collection[int] = ()) -> bool:
    """Lowest level, or two points that surely need practice. Nobody is compared with anybody."""
    return pupil.present and (pupil.level == lowest_level or len(help_points(pupil, doubtful)) >= 2)


def help_lines(
    paper: PaperSketch, figures: GroupFigures, pupils: Sequence[PupilLine]
) -> tuple[HelpLine, ...]:
    """Pupils who need a person, by 学号, with those who were absent."""
    lowest = len(paper.level_labels) - 1
    doubtful = doubtful_points(paper, figures)
    lines = []
    for pupil in pupils:
        tag, tone, text = "", "", ""
        if not pupil.present:
            tag, text = pupil.reason or "缺考", "不计入平均分和得分率"
        elif needs_help(pupil, lowest, doubtful):
            tag, tone = ("连续 2 次", "warn") if pupil.help_before else ("这一次", "")
            text = _named([paper.points[k].name for k in help_points(pupil, doubtful)])
        if tag:
            lines.append(HelpLine(pupil.code, pupil.number, pupil.name, tag, tone, text))
    return tuple(lines)


def _named(names: Sequence[str], most: int = 2) -> str:
    if not names:
        return "各知识点都要再看一遍"
    return "、".join(names[:most]) + (f" 等 {len(names)} 个知识点" if len(names) > most else "")


def _notes(paper: PaperSketch, figures: GroupFigures) -> tuple[str, ...]:
    found = []
    if not paper.complete:
        found.append("只录了重点题的小题分：没有录的题看不到，知识点只按录过的题算，信度不算。")
    if figures.n_totals < figures.n_present:
        short = figures.n_present - figures.n_totals
        found.append(f"{short} 人没有全卷得分（免做或未收齐），不计入平均分和分数段。")
    return tuple(found)
