"""Who the rows are: ids of pupils in one spelling, each once; groups.csv in their order."""

from __future__ import annotations

import re

from smartschool.analyze.answers import Note
from smartschool.analyze.cells import FORMULA_ERROR
from smartschool.analyze.columns import (
    PUPIL_NAME_TITLES,
    STUDENT_TITLES,
    is_companion,
    is_student,
    item_code,
    orders_pupils,
    plain,
)
from smartschool.analyze.faults import MOST_KEPT, Fault, Refused, refuse
from smartschool.analyze.homes import kind_of
from smartschool.analyze.papers import find_column
from smartschool.analyze.tables import Table
from smartschool.kernel.cells import narrow

_WHOLE = re.compile(r"(\d+)\.0+")
_QUOTED = re.compile(r'="(.+)"')
_SCIENTIFIC = re.compile(r"(?i)\d(?:\.\d+)?e\+\d{2}")
# Like the class they say nothing of who it is.
_OF_MANY = frozenset(("性别", "年级", "年级名称", "考场", "科目", "学科", "考试名称", "区县", "县区"))
_SHORT = re.compile(r"(?:第?\d{1,3}(?:\(\d+\))?题?)")
_LONG = re.compile(r"\d{7,}")  # codes of items may have five or six


def pupil_id(cell: str) -> str:
    """An id as it is meant: 2024001.0, '2024001 and ="2024001" are marks of the program that wrote the file.

    >>> pupil_id("2024001.0"), pupil_id('="007"'), pupil_id("'007"), pupil_id("２０２４"), pupil_id("S1.0")
    ('2024001', '007', '007', '2024', 'S1.0')
    """
    text = narrow(cell)
    quoted = _QUOTED.fullmatch(text)
    text = (quoted[1] if quoted else text).lstrip("'`‘’").strip()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def student_column(table: Table) -> int:
    """The column of the id; without one the first, or the names where that tells of the class."""
    at = find_column(table, STUDENT_TITLES)
    if at is None and (kind_of(table.header[0]) or plain(table.header[0]) in _OF_MANY):
        at = find_column(table, PUPIL_NAME_TITLES)
    return at or 0


def read_pupils(table: Table, student: int) -> list[str]:
    """Ids of the rows; `Refused` where one is missing, ruined or there twice."""
    faults: list[Fault] = []
    first: dict[str, int] = {}
    title = table.header[student]
    if not table.rows:
        raise refuse("no_students", "表里没有学生，只有表头。", table.name)
    pupils = [pupil_id(row[student]) for row in table.rows]
    if _lies_on_its_side(table, student, pupils):
        text = (
            "这张表像是横过来的：一列是一名学生，一行是一道题。"
            "请在 Excel 里复制，用“选择性粘贴”里的“转置”转过来再分析。"
        )
        raise refuse("transposed", text, table.name, table.header_row)
    what, remedy = ("学号", "请留一行") if is_student(title) or student else (title, "同名的请加一列学号")
    for number, pupil in zip(table.numbers, pupils, strict=True):
        if FORMULA_ERROR.fullmatch(pupil):
            text = f"学号是公式的错误值“{pupil}”，请改成学号。"
            faults.append(Fault("bad_student", text, table.name, number, title))
        elif _SCIENTIFIC.fullmatch(pupil):
            text = f"学号“{pupil}”被 Excel 改成了科学计数，后几位已经丢失。请把这一列设为文本，重新填写。"
            faults.append(Fault("ruined_number", text, table.name, number, title))
        elif not pupil:
            faults.append(Fault("empty_student", "学号是空的，请补上。", table.name, number, title))
        elif pupil in first:
            text = f"{what}“{pupil}”和第 {first[pupil]} 行重复，{remedy}。"
            faults.append(Fault("duplicate_student", text, table.name, number, title))
        else:
            first[pupil] = number
    if faults:
        raise Refused(faults[:MOST_KEPT])
    return pupils


def _lies_on_its_side(table: Table, student: int, pupils: list[str]) -> bool:
    """Titles of columns where ids should stand; or ids as titles beside rows that are called 1, 2, 3."""
    if any(is_companion(pupil) or orders_pupils(pupil) for pupil in pupils):
        return True
    titles = [title for place, title in enumerate(table.header) if place != student]
    longs = [title for title in titles if _LONG.fullmatch(item_code(title))]
    if len(longs) < max(3, len(pupils)) or 2 * len(longs) <= len(titles):
        return False
    return all(map(_SHORT.fullmatch, pupils))


def read_covariates(table: Table, pupils: list[str], notes: list[Note]) -> dict[str, list[str]]:
    """Columns of groups.csv in the order of the pupils; pupils without a row get an empty text."""
    student = find_column(table, STUDENT_TITLES)
    if student is None:
        raise refuse("missing_column", "没有“student”（学号）列，请补上。", table.name, table.header_row)
    rows: dict[str, list[str]] = {}
    for number, row in zip(table.numbers, table.rows, strict=True):
        pupil = pupil_id(row[student])
        if pupil in rows:
            text = f"学号“{pupil}”出现两次，不知道用哪一行，请留一行。"
            raise refuse("duplicate_student", text, table.name, number, table.header[student])
        rows[pupil] = row
    strangers = len(rows.keys() - set(pupils))
    if strangers:
        notes.append(Note("groups_of_others", f"{table.name} 里有 {strangers} 名学生不在答题表里，没有用。"))
    missing = [pupil for pupil in pupils if pupil not in rows]
    if missing:
        notes.append(
            Note("groups_incomplete", f"groups.csv 里没有 {len(missing)} 名学生，他们不参加分组比较。")
        )
    blank = [""] * len(table.header)
    return {
        title: [rows.get(pupil, blank)[index] for pupil in pupils]
        for index, title in enumerate(table.header)
        if index != student and not orders_pupils(title)
    }
