"""The report as a workbook: items, options, knowledge points, pupils; texts are always written as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter

from edumetrics.exam import ExamAnalysis, Flag
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.words import FLAGS, STATES
from smartschool.analyze.xlsx_groups import write_groups
from smartschool.analyze.xlsx_kit import Style, figure, header, limits
from smartschool.analyze.xlsx_models import write_models

_STATE_WORDS = dict(STATES.values())
_FLAG_WORDS = {str(flag): words[0] for flag, words in FLAGS.items()}


def write_workbook(path: Path, source: ExamInput, analysis: ExamAnalysis, report: Json) -> None:
    """Write report.xlsx from the figures of report.json, so that both always agree."""
    # A student named "=1+1" or "http://…" must stay a student.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        style = Style(book)
        _overview(book.add_worksheet("总览"), style, report)
        write_groups(book, style, source, report)
        _items(book.add_worksheet("试题"), style, source, report)
        if any(item["options"] for item in report["items"]):
            _options(book.add_worksheet("选项"), style, report)
        if report["points"]:
            _points(book.add_worksheet("知识点"), style, report)
        _pupils(book.add_worksheet("学生"), style, analysis, report)
        if report["points"]:
            _mastery(book.add_worksheet("掌握情况"), style, source, report)
        write_models(book, style, source, report)


def _overview(sheet: Any, style: Style, report: Json) -> None:
    exam, reliable = report["exam"], report["reliability"]
    sheet.set_column(0, 0, 22, style.text)
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
    row += 1
    for note in report["notes"]:
        sheet.merge_range(row, 0, row, 6, "", style.wrap)
        sheet.write_string(row, 0, note["text"], style.wrap)
        row += 1


def _items(sheet: Any, style: Style, source: ExamInput, report: Json) -> None:
    names = {point.code: point.name for point in source.points}
    titles = [
        ("题号", 10.0), ("题型", 9.0), ("知识点", 26.0), ("满分", 7.0), ("有数据人数", 9.0), ("得分率", 9.0),
        ("下限", 8.0), ("上限", 8.0), ("区分度 D", 10.0), ("下限", 8.0), ("上限", 8.0), ("题与其余得分相关",
        11.0), ("下限", 8.0), ("上限", 8.0), ("区分效率", 9.0), ("空白", 7.0), ("没做到", 7.0), ("要看的",
        34.0),
    ]  # fmt: skip
    header(sheet, style, titles)
    for row, item in enumerate(report["items"], 1):
        sheet.write_string(row, 0, item["id"], style.text)
        sheet.write_string(row, 1, item["type"], style.text)
        sheet.write_string(row, 2, "、".join(names[code] for code in item["points"]), style.wrap)
        sheet.write_number(row, 3, item["full_score"], style.plain)
        sheet.write_number(row, 4, item["n"], style.plain)
        for column, key, form in (
            (5, "facility_interval", style.percent),
            (8, "discrimination_interval", style.two),
            (11, "rest_correlation", style.two),
        ):
            figure(sheet, row, column, item[key], style, form)
            limits(sheet, row, column + 1, item[key], form)
        figure(sheet, row, 14, item["discriminative_efficiency"], style, style.two)
        sheet.write_number(row, 15, item["omitted"], style.plain)
        sheet.write_number(row, 16, item["not_reached"], style.plain)
        doubtful = str(Flag.KEY_ERROR) in item["flags"]
        flags = "、".join(_FLAG_WORDS[flag] for flag in item["flags"])
        sheet.write_string(row, 17, flags, style.warn if doubtful else style.wrap)
    last = len(report["items"])
    sheet.conditional_format(
        1,
        5,
        last,
        5,
        {
            "type": "data_bar",
            "bar_color": "#8DBCD6",
            "min_type": "num",
            "min_value": 0,
            "max_type": "num",
            "max_value": 1,
        },
    )
    sheet.autofilter(0, 0, last, len(titles) - 1)


def _options(sheet: Any, style: Style, report: Json) -> None:
    titles = [
        ("题号", 10.0),
        ("选项", 8.0),
        ("答案", 7.0),
        ("人数", 8.0),
        ("比例", 9.0),
        ("前 27% 里的比例", 11.0),
        ("与其余得分相关", 12.0),
        ("说明", 22.0),
    ]
    header(sheet, style, titles)
    row = 1
    for item in report["items"]:
        rival = item.get("key_error", {}).get("rival")
        for option in item["options"]:
            sheet.write_string(row, 0, item["id"], style.text)
            sheet.write_string(row, 1, option["option"], style.text)
            sheet.write_string(row, 2, "✓" if option["key"] else "", style.text)
            sheet.write_number(row, 3, option["n"], style.plain)
            figure(sheet, row, 4, option["share"], style, style.percent)
            figure(sheet, row, 5, option["top_group_share"], style, style.percent)
            figure(sheet, row, 6, option["rest_correlation"], style, style.two)
            if option["option"] == rival:
                sheet.write_string(row, 7, "可能才是答案，请核对", style.warn)
            elif option["non_functioning"]:
                sheet.write_string(row, 7, "选的人不到 5%", style.text)
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
