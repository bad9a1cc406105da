"""What the workbooks of this room contain: exactly what the screen shows, levels and never marks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from edumetrics.results import Estimate
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.compose.class_report import PupilLine, item_rows, point_rows
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch
from smartschool.contexts.diagnosis.workbooks import Sheet, Value, workbook

MASTERY = ("未学", "需巩固", "基本掌握", "已掌握")


def class_workbook(
    class_name: str,
    paper: PaperSketch,
    figures: GroupFigures,
    grade: GroupFigures | None,
    pupils: Sequence[PupilLine],
    *,
    small: bool,
    watermark: str,
    made_at: datetime,
) -> bytes:
    """Pupils with level and mastery by 学号, items and points as on the page."""
    title = f"{class_name} {paper.subject} {paper.exam} 学情"
    sheets = [_pupils(paper, pupils)]
    sheets.append(_small_items(paper, figures) if small else _items(paper, figures, grade))
    if not small:
        sheets.append(_points(paper, figures, grade))
    return workbook(title, sheets, watermark=watermark, made_at=made_at)


def _pupils(paper: PaperSketch, pupils: Sequence[PupilLine]) -> Sheet:
    head = ("学号", "姓名", "等级", *(point.name for point in paper.points))
    rows: list[tuple[Value, ...]] = []
    for pupil in pupils:
        level = pupil.reason if pupil.level is None else paper.level_labels[pupil.level]
        states = pupil.states or (None,) * len(paper.points)
        rows.append(
            (
                pupil.number,
                pupil.name,
                level,
                *("证据不足" if state is None else MASTERY[state] for state in states),
            )
        )
    return Sheet("学生", head, tuple(rows))


def _share(outcome: object) -> str:
    return words.percent(outcome.value) if isinstance(outcome, Estimate) else "证据不足"


def _items(paper: PaperSketch, figures: GroupFigures, grade: GroupFigures | None) -> Sheet:
    head = ["题号", "题型", "知识点", "满分", "得分率", "区分度", "典型错误（人数）"]
    if grade is not None:
        head.insert(5, "比年级")
    rows: list[tuple[Value, ...]] = []
    for row in item_rows(paper, figures, grade):
        value = words.value_of(row.discrimination)
        power = "答案存疑" if row.doubt else "证据不足" if value is None else str(words.rounded(value, 2))
        cells: list[Value] = [
            row.number,
            row.kind,
            row.points,
            row.full,
            _share(row.facility),
            power,
            row.typical,
        ]
        if grade is not None:
            cells.insert(5, row.gap)
        rows.append(tuple(cells))
    return Sheet("试题", tuple(head), tuple(rows))


def _small_items(paper: PaperSketch, figures: GroupFigures) -> Sheet:
    rows = tuple(
        (sketch.number, paper.point_names(sketch), words.mark(sketch.full), f"{item.n} 人中 {item.lost} 人")
        for sketch, item in zip(paper.items, figures.items, strict=True)
    )
    return Sheet("试题", ("题号", "知识点", "满分", "丢分"), rows)


def _points(paper: PaperSketch, figures: GroupFigures, grade: GroupFigures | None) -> Sheet:
    compared = ("比年级",) if grade is not None else ()
    head = ("知识点", "本班", *compared, "已掌握，人", "基本掌握，人", "需巩固，人")
    rows = tuple(
        (
            row.name,
            _share(row.share),
            *((row.gap,) if grade is not None else ()),
            row.states[3],
            row.states[2],
            row.states[1],
        )
        for row in point_rows(paper, figures, grade)
    )
    return Sheet("知识点", head, rows)
