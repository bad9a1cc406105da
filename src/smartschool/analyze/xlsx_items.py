"""Sheets of the workbook for items and their options: figures, marks that occur, curves by ability."""

from __future__ import annotations

from typing import Any

from edumetrics.exam import Flag
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.words import FLAGS
from smartschool.analyze.xlsx_kit import Style, figure, header, limits

_FLAG_WORDS = {str(flag): words[0] for flag, words in FLAGS.items()}
_GROUPS = ("最弱的五分之一", "第二组", "第三组", "第四组", "最强的五分之一")


def write_items(book: Any, style: Style, source: ExamInput, report: Json) -> None:
    """Items, options where there are any, curves and marks."""
    _items(book.add_worksheet("试题"), style, source, report)
    if any(item["options"] for item in report["items"]):
        _options(book.add_worksheet("选项"), style, report)
    _curves(book.add_worksheet("五组得分率"), style, report)
    _marks(book.add_worksheet("各得分人数"), style, report)


def _items(sheet: Any, style: Style, source: ExamInput, report: Json) -> None:
    names = {point.code: point.name for point in source.points}
    titles = [
        ("题号", 10.0), ("题型", 9.0), ("知识点", 26.0), ("满分", 7.0), ("有数据人数", 9.0), ("得分率", 9.0),
        ("下限", 8.0), ("上限", 8.0), ("区分度 D", 10.0), ("下限", 8.0), ("上限", 8.0), ("题与其余得分相关",
        11.0), ("下限", 8.0), ("上限", 8.0), ("区分效率", 9.0), ("空白", 7.0), ("没做到", 7.0), ("没发", 7.0),
        ("要看的", 34.0),
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
        sheet.write_number(row, 17, item["not_presented"], style.plain)
        doubtful = str(Flag.KEY_ERROR) in item["flags"]
        flags = "、".join(_FLAG_WORDS[flag] for flag in item["flags"])
        sheet.write_string(row, 18, flags, style.warn if doubtful else style.wrap)
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
        ("下限", 8.0),
        ("上限", 8.0),
        ("前 27% 里的比例", 11.0),
        ("与其余得分相关", 12.0),
        ("下限", 8.0),
        ("上限", 8.0),
        ("说明", 22.0),
        *((group, 12.0) for group in _GROUPS),
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
            figure(sheet, row, 4, option["share_interval"], style, style.percent)
            limits(sheet, row, 5, option["share_interval"], style.percent)
            figure(sheet, row, 7, option["top_group_share"], style, style.percent)
            figure(sheet, row, 8, option["rest_correlation"], style, style.two)
            limits(sheet, row, 9, option["rest_correlation"], style.two)
            if option["option"] == rival:
                sheet.write_string(row, 11, "可能才是答案，请核对", style.warn)
            elif option["non_functioning"]:
                sheet.write_string(row, 11, "选的人不到 5%", style.text)
            curve = option["curve"]
            for column, share in enumerate([curve] if isinstance(curve, dict) else curve, 12):
                figure(sheet, row, column, share, style, style.percent)
            row += 1


def _curves(sheet: Any, style: Style, report: Json) -> None:
    titles = [
        (title, width) for group in _GROUPS for title, width in ((group, 12.0), ("下限", 8.0), ("上限", 8.0))
    ]
    header(sheet, style, [("题号", 10.0), *titles])
    for row, item in enumerate(report["items"], 1):
        sheet.write_string(row, 0, item["id"], style.text)
        curve = item["curve"]
        for place, group in enumerate([curve] if isinstance(curve, dict) else curve):
            figure(sheet, row, 1 + 3 * place, group, style, style.percent)
            limits(sheet, row, 2 + 3 * place, group, style.percent)


def _marks(sheet: Any, style: Style, report: Json) -> None:
    header(sheet, style, [("题号", 10.0), ("得分", 8.0), ("人数", 8.0)])
    row = 1
    for item in report["items"]:
        for entry in item["marks"]:
            sheet.write_string(row, 0, item["id"], style.text)
            sheet.write_number(row, 1, entry["mark"], style.plain)
            sheet.write_number(row, 2, entry["n"], style.plain)
            row += 1
