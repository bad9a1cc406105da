"""Sheets of classes and schools in the workbook."""

from __future__ import annotations

from typing import Any

from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.xlsx_kit import Style, figure, header, limits


def write_groups(book: Any, style: Style, source: ExamInput, report: Json) -> None:
    """One sheet per kind, rows in natural order."""
    for found in report["groups"]:
        sheet = book.add_worksheet(found["title"])
        titles = [(found["title"], 22.0), ("人数", 8.0), ("得分率", 10.0), ("下限", 9.0), ("上限", 9.0)]
        titles += [("向全体收缩后", 12.0), ("下限", 9.0), ("上限", 9.0)]
        for point in source.points:
            titles += [(point.name, 12.0), ("下限", 9.0), ("上限", 9.0)]
        header(sheet, style, titles)
        for place, row in enumerate(found["rows"], 1):
            sheet.write_string(place, 0, row["label"], style.text)
            if row["n"] is not None:
                sheet.write_number(place, 1, row["n"], style.plain)
            for column, key in ((2, "share"), (5, "shrunken")):
                figure(sheet, place, column, row[key], style, style.percent)
                limits(sheet, place, column + 1, row[key], style.percent)
            for column, point in enumerate(row["points"]):
                figure(sheet, place, 8 + 3 * column, point["share"], style, style.percent)
                limits(sheet, place, 9 + 3 * column, point["share"], style.percent)
