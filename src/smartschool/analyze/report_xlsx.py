"""The report as a workbook: items, options, knowledge points, pupils; texts are always written as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter

from edumetrics.exam import ExamAnalysis
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.words import STATES, number
from smartschool.analyze.xlsx_groups import write_groups
from smartschool.analyze.xlsx_items import write_items
from smartschool.analyze.xlsx_kit import Style, figure, header, limits
from smartschool.analyze.xlsx_models import write_models

_STATE_WORDS = dict(STATES.values())


def write_workbook(path: Path, source: ExamInput, analysis: ExamAnalysis, report: Json) -> None:
    """Write report.xlsx from the figures of report.json, so that both always agree."""
    # A student named "=1+1" or "http://…" must stay a student.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        style = Style(book)
        _overview(book.add_worksheet("总览"), style, report)
        write_groups(book, style, source, report)
        write_items(book, style, source, report)
        if report["points"]:
            _points(book.add_worksheet("知识点"), style, report)
        _pupils(book.add_worksheet("学生"), style, analysis, report)
        if report["points"]:
            _mastery(book.add_worksheet("掌握情况"), style, source, report)
        write_models(book, style, source, report)


def _overview(sheet: Any, style: Style, report: Json) -> None:
    exam, reliable = report["exam"], report["reliability"]
    sheet.set_column(0, 0, 30, style.text)
    sheet.set_column(1, 3, 16, style.text)
    sheet.write_string(0, 0, exam["name"], style.title)
    for column, title in enumerate(("", "数值", "范围下限", "范围上限")):
        sheet.write_string(2, column, title, style.head)
    row = 3
    for name, key in (
        ("参加人数", "n_pupils"),
        ("缺考", "absent"),
        ("缓考", "deferred"),
        ("免考", "exempt"),
        ("题数", "n_items"),
        ("满分", "full_score"),
    ):
        sheet.write_string(row, 0, name, style.text)
        sheet.write_number(row, 1, exam[key], style.plain)
        row += 1
    for name, value in (
        ("平均分", exam["mean"]),
        ("标准差", exam["sd"]),
        ("信度 α", reliable["alpha"]),
        ("信度 ω", reliable["omega"]),
        ("信度 ω（自助法范围）", reliable["omega_bootstrap"]),
        ("测量标准误（分）", reliable["sem"]),
    ):
        sheet.write_string(row, 0, name, style.text)
        figure(sheet, row, 1, value, style, style.two)
        limits(sheet, row, 2, value, style.two)
        row += 1
    for band in reliable["conditional_sem"]:
        name = f"总分 {number(band['low'])}–{number(band['high'])} 的测量标准误（分）"
        sheet.write_string(row, 0, name, style.text)
        figure(sheet, row, 1, band["sem"], style, style.two)
        limits(sheet, row, 2, band["sem"], style.two)
        row += 1
    for found in report["groups"]:
        sheet.write_string(row, 0, f"全体得分率（{found['title']}表）", style.text)
        figure(sheet, row, 1, found["whole"], style, style.percent)
        limits(sheet, row, 2, found["whole"], style.percent)
        row += 1
        for name, key in (("之间的标准差", "between"), ("里学生之间的标准差", "within")):
            sheet.write_string(row, 0, f"{found['title']}{name}", style.text)
            figure(sheet, row, 1, found[key], style, style.percent)
            row += 1
    row += 1
    for note in report["notes"]:
        sheet.merge_range(row, 0, row, 6, "", style.wrap)
        sheet.write_string(row, 0, note["text"], style.wrap)
        row += 1


def _points(sheet: Any, style: Style, report: Json) -> None:
    titles = [
        ("知识点", 26.0),
        ("编码", 10.0),
        ("题数", 7.0),
        ("得分率", 9.0),
        ("下限", 8.0),
        ("上限", 8.0),
        ("已掌握，人", 9.0),
        ("基本掌握，人", 10.0),
        ("需巩固，人", 9.0),
        ("看不出，人", 9.0),
    ]
    header(sheet, style, titles)
    for row, point in enumerate(report["points"], 1):
        sheet.write_string(row, 0, point["name"], style.text)
        sheet.write_string(row, 1, point["code"], style.text)
        sheet.write_number(row, 2, point["n_items"], style.plain)
        figure(sheet, row, 3, point, style, style.percent)
        limits(sheet, row, 4, point, style.percent)
        for column, key in enumerate(("mastered", "basic", "needs_work", "unknown"), 6):
            sheet.write_number(row, column, point["pupils"][key], style.plain)


def _pupils(sheet: Any, style: Style, analysis: ExamAnalysis, report: Json) -> None:
    labels = {band.code: band.label for band in analysis.settings.bands.bands}
    header(sheet, style, [("学号", 16.0), ("总分", 9.0), ("有数据的满分", 10.0), ("等级", 9.0)])
    for row, pupil in enumerate(report["pupils"], 1):
        sheet.write_string(row, 0, pupil["id"], style.text)
        figure(sheet, row, 1, pupil["total"], style, style.plain)
        sheet.write_number(row, 2, pupil["full_score"], style.plain)
        sheet.write_string(row, 3, labels.get(pupil["level"], ""), style.text)


def _mastery(sheet: Any, style: Style, source: ExamInput, report: Json) -> None:
    header(sheet, style, [("学号", 16.0), *((point.name, 12.0) for point in source.points)])
    sheet.set_row(0, 45)
    for row, pupil in enumerate(report["pupils"], 1):
        sheet.write_string(row, 0, pupil["id"], style.text)
        for column, entry in enumerate(pupil["mastery"], 1):
            if "state" in entry:
                sheet.write_string(row, column, _STATE_WORDS[entry["state"]], style.states[entry["state"]])
            else:
                sheet.write_string(row, column, "看不出", style.refused)
