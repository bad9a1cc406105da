"""Sheets of the workbook that are not read: a class on a sheet of its own is refused, anything else told."""

from __future__ import annotations

from pathlib import Path

from smartschool.analyze.answers import Note
from smartschool.analyze.columns import PUPIL_NAME_TITLES, STUDENT_TITLES, item_code
from smartschool.analyze.faults import refuse
from smartschool.analyze.papers import find_column
from smartschool.analyze.pupils import pupil_id
from smartschool.analyze.tables import Table, other_sheets
from smartschool.kernel.row_kinds import is_summary_word


def look_at_other_sheets(path: Path, table: Table, student: int, notes: list[Note]) -> None:
    """`Refused` where another sheet has the same columns and other pupils; a note where it is left unread."""
    known = {pupil_id(row[student]) for row in table.rows}
    titles = {item_code(title) for title in table.header}
    others = other_sheets(path)
    for name, other in others:
        if other is None or 2 * len(titles & {item_code(title) for title in other.header}) <= len(titles):
            continue
        at = find_column(other, (*STUDENT_TITLES, *PUPIL_NAME_TITLES))
        if at is None:  # figures of classes, say
            continue
        more = {pupil_id(row[at]) for row in other.rows if not any(map(is_summary_word, row))} - known - {""}
        if more:
            text = (
                f"工作簿里还有一张表“{name}”，列名一样，有 {len(more)} 名这张表里没有的学生。只能读一张表："
                "请把各班并到一张表，加一列班级；不要分析的表请隐藏。"
            )
            raise refuse("more_sheets", text, table.name)
    if others:
        named = "、".join(f"“{name}”" for name, _ in others[:5]) + ("等" if len(others) > 5 else "")
        notes.append(Note("sheets_unread", f"工作簿里还有{named}，没有读：只读第一张有内容的表。"))
