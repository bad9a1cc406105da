"""Workbooks that leave the room: reports and tables with levels only, and the approved 成绩册."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter

from smartschool.kernel.clock import DISTRICT_ZONE

Value = str | int | float | None
COLUMNS_UPRIGHT = 8  # more of them are printed across the sheet


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: a heading row and rows of plain values; the first `pinned` columns stay in sight."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    pinned: int = 1


def stamp(name: str, at: datetime) -> str:
    """Watermark: who took it out, and when."""
    local = at.astimezone(DISTRICT_ZONE)
    return f"导出人 {name} · {local:%Y-%m-%d %H:%M} · 内部资料，不得张贴或转发"


def workbook(title: str, sheets: Sequence[Sheet], *, watermark: str, made_at: datetime) -> bytes:
    """An .xlsx with the watermark in its first row, in header and footer, and in its properties."""
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    book.set_properties({"title": title, "comments": watermark, "created": made_at.replace(tzinfo=None)})
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    grey = book.add_format({"font_color": "#566772"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name[:31])
        page.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
        page.write_string(1, 0, watermark, grey)
        page.set_header(f"&C{watermark}")
        page.set_footer(f"&L{watermark}&R&P/&N")
        page.set_paper(9)
        if len(sheet.head) > COLUMNS_UPRIGHT:
            page.set_landscape()
        page.fit_to_pages(1, 0)
        page.repeat_rows(3)
        for column, text in enumerate(sheet.head):
            page.write_string(3, column, text, bold)
            page.set_column(column, column, _width(text, (row[column] for row in sheet.rows)))
        for place, row in enumerate(sheet.rows, start=4):
            for column, value in enumerate(row):
                _write(page, place, column, value)
        page.freeze_panes(4, sheet.pinned)
    book.close()
    return target.getvalue()


def _write(page: Any, row: int, column: int, value: Value) -> None:
    if value is None:
        page.write_blank(row, column, None)
    elif isinstance(value, str):
        page.write_string(row, column, value)
    else:
        page.write_number(row, column, value)


def _width(head: str, values: Iterable[Value]) -> float:
    widest = max(
        [
            *(len(line) * 2 for line in head.split("\n")),
            *(len(str(value)) * 1.7 for value in values if value is not None),
        ]
    )
    return min(max(widest, 6), 40)
