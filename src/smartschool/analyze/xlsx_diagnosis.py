"""Sheets of the workbook for a diagnosis: points, items and pupils."""

from __future__ import annotations

from typing import Any

from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.xlsx_kit import Style, figure, header, limits


def write_diagnosis(book: Any, style: Style, source: ExamInput, found: Json) -> None:
    """One sheet of points, one of items, one of pupils."""
    names = {point.code: point.name for point in source.points}
    _points(book.add_worksheet("诊断知识点"), style, names, found)
    _items(book.add_worksheet("诊断题目"), style, names, found)
    _pupils(book.add_worksheet("诊断模型"), style, names, found)


def _points(sheet: Any, style: Style, names: dict[str, str], found: Json) -> None:
    titles = [("知识点", 26.0), ("编码", 10.0), ("题数", 7.0), ("掌握的学生", 12.0), ("下限", 9.0)]
    header(sheet, style, [*titles, ("上限", 9.0), ("看不出的学生", 12.0)])
    for row, point in enumerate(found["points"], 1):
        sheet.write_string(row, 0, names[point["code"]], style.text)
        sheet.write_string(row, 1, point["code"], style.text)
        sheet.write_number(row, 2, point["n_items"], style.plain)
        figure(sheet, row, 3, point["prevalence"], style, style.percent)
        limits(sheet, row, 4, point["prevalence"], style.percent)
        sheet.write_number(row, 6, point["untold"], style.percent)


def _items(sheet: Any, style: Style, names: dict[str, str], found: Json) -> None:
    """A row for each combination of the item's points that the model tells apart."""
    titles = [("题号", 10.0), ("知识点", 26.0), ("掌握了", 26.0), ("人数（估计）", 10.0), ("得分率", 10.0)]
    titles += [("下限", 9.0), ("上限", 9.0), ("不会也对", 10.0), ("下限", 9.0), ("上限", 9.0)]
    titles += [("会却错", 10.0), ("下限", 9.0), ("上限", 9.0), ("从作答看更像考", 26.0)]
    header(sheet, style, titles)
    advice = {one["item"]: one for one in found["q_advice"]}
    row = 1
    for item in found["items"]:
        for column, key in ((7, "guess"), (10, "slip")):
            figure(sheet, row, column, item[key], style, style.percent)
            limits(sheet, row, column + 1, item[key], style.percent)
        if item["id"] in advice:
            sheet.write_string(row, 13, _said(advice[item["id"]]["suggested"], names), style.wrap)
        for group in item["groups"]:
            sheet.write_string(row, 0, item["id"], style.text)
            sheet.write_string(row, 1, _said(item["points"], names), style.wrap)
            sheet.write_string(row, 2, _said(group["mastered"], names), style.wrap)
            sheet.write_number(row, 3, group["n"], style.plain)
            figure(sheet, row, 4, group["share"], style, style.percent)
            limits(sheet, row, 5, group["share"], style.percent)
            row += 1


def _pupils(sheet: Any, style: Style, names: dict[str, str], found: Json) -> None:
    header(sheet, style, [("学号", 16.0), *((names[point["code"]], 12.0) for point in found["points"])])
    sheet.set_row(0, 45)
    for row, pupil in enumerate(found["pupils"], 1):
        sheet.write_string(row, 0, pupil["id"], style.text)
        for column, entry in enumerate(pupil["mastery"], 1):
            figure(sheet, row, column, entry, style, style.percent)


def _said(codes: list[str], names: dict[str, str]) -> str:
    return "、".join(names[code] for code in codes) or "都没有"
