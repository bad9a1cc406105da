"""Cells of an Excel workbook as text: the first sheet that is neither hidden nor empty, or a named one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from smartschool.analyze.faults import refuse
from smartschool.analyze.formula_errors import formula_errors
from smartschool.analyze.homes import kind_of

# Above it a float no longer holds every whole number: an id that long was ruined when it was typed.
EXACT = 2**53


def sheets_with_data(path: Path) -> list[str]:
    """Names of the visible sheets in which something stands, in their order."""
    with _opened(path) as book:
        return [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible
            and sheet.typ == SheetTypeEnum.WorkSheet
            and book.get_sheet_by_name(sheet.name).start is not None
        ]


def read_workbook(path: Path, wanted: str | None = None) -> list[list[str]]:
    """All rows of a sheet; of the first visible one with anything in it where none is named."""
    name = path.name
    with _opened(path) as book:
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
        if not visible:
            raise refuse("no_sheet", "工作簿里没有可见的工作表。", name)
        for title in [wanted] if wanted is not None else visible:
            table = book.get_sheet_by_name(title)
            if table.start is not None:
                break
        first_row, first_column = table.start or (0, 0)
        rows = table.to_python(skip_empty_area=True)
        merged = table.merged_cell_ranges or []
        place = next(at for at, one in enumerate(book.sheets_metadata) if one.name == title)
    shifted = [[""] * first_column + [cell_text(cell) for cell in row] for row in rows]
    for number, row in enumerate(rows, first_row + 1):
        if any(isinstance(cell, float) and abs(cell) >= EXACT for cell in row):
            text = "有长数字被 Excel 改成了科学计数，后几位已经丢失。请把这一列设为文本，重新填写。"
            raise refuse("ruined_number", text, name, number)
    found: list[list[str]] = [[] for _ in range(first_row)] + shifted
    _fill_homes(found, merged)
    for line, column, shown in formula_errors(path, place):
        if line < len(found):
            found[line] += [""] * (column + 1 - len(found[line]))
            found[line][column] = shown
    return found


def _fill_homes(rows: list[list[str]], merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Write a class or school that one merged cell gives to several pupils into the row of each."""
    for (top, column), (bottom, last) in merged:
        above = [row[column] for row in rows[:top] if column < len(row)]
        if column != last or not any(kind_of(title) is not None for title in above):
            continue
        label = rows[top][column] if top < len(rows) and column < len(rows[top]) else ""
        for row in rows[top + 1 : bottom + 1]:
            row += [""] * (column + 1 - len(row))
            row[column] = row[column] or label


@contextmanager
def _opened(path: Path) -> Iterator[CalamineWorkbook]:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            yield book
    except CalamineError as error:
        text = "打不开这个工作簿，请在 Excel 里另存为 .xlsx 再试。"
        raise refuse("bad_workbook", text, path.name) from error


def cell_text(cell: Any) -> str:
    """What a person sees in a cell: 3 and not 3.0."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
