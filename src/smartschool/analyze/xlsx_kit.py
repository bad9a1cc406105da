"""Formats and cells that the sheets of the workbook share."""

from __future__ import annotations

from typing import Any

from smartschool.analyze.report_json import Json
from smartschool.analyze.words import REASON_CODES


class Style:
    """Formats of the workbook."""

    def __init__(self, book: Any) -> None:
        base = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "vcenter"}
        self.text = book.add_format(base)
        self.wrap = book.add_format({**base, "text_wrap": True})
        self.head = book.add_format(
            {
                **base,
                "bold": True,
                "bg_color": "#E9EEF1",
                "bottom": 1,
                "text_wrap": True,
                "font_color": "#3A4A55",
            }
        )
        self.title = book.add_format({**base, "bold": True, "font_size": 14})
        self.percent = book.add_format({**base, "num_format": "0.0%"})
        self.two = book.add_format({**base, "num_format": "0.00"})
        self.three = book.add_format({**base, "num_format": "0.000"})
        self.plain = book.add_format({**base, "num_format": "0.##"})
        self.refused = book.add_format({**base, "font_color": "#566772", "italic": True})
        self.warn = book.add_format({**base, "font_color": "#A92019", "text_wrap": True})
        self.states = {
            "mastered": book.add_format(
                {**base, "bg_color": "#0D527A", "font_color": "#FFFFFF", "align": "center"}
            ),
            "basic": book.add_format({**base, "bg_color": "#C5DCEA", "align": "center"}),
            "needs_work": book.add_format({**base, "bg_color": "#F6C794", "align": "center"}),
            "not_taught": book.add_format({**base, "align": "center"}),
        }


def header(sheet: Any, style: Style, titles: list[tuple[str, float]]) -> None:
    for column, (title, width) in enumerate(titles):
        sheet.set_column(column, column, width, style.text)
        sheet.write_string(0, column, title, style.head)
    sheet.set_row(0, 30)
    sheet.freeze_panes(1, 1)


def figure(sheet: Any, row: int, column: int, value: Any, style: Style, form: Any) -> None:
    """A number, or the reason why there is none."""
    if isinstance(value, dict):
        if "insufficient" in value:
            text = f"{REASON_CODES[value['insufficient']]}（n = {value['n']}）"
            sheet.write_string(row, column, text, style.refused)
            return
        value = value["estimate"]
    if value is None:
        sheet.write_blank(row, column, None, style.text)
    else:
        sheet.write_number(row, column, value, form)


def limits(sheet: Any, row: int, column: int, value: Json, form: Any) -> None:
    if "low" in value:
        sheet.write_number(row, column, value["low"], form)
        sheet.write_number(row, column + 1, value["high"], form)
