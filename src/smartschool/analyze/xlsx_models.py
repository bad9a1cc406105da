"""Sheets of the workbook that response models fill."""

from __future__ import annotations

from typing import Any

from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.xlsx_kit import Style, figure, header, limits


def write_models(book: Any, style: Style, source: ExamInput, report: Json) -> None:
    """One sheet per model that was asked for and gave figures."""
    models = report.get("models", {})
    if "items" in models.get("irt", {}):
        _calibration(book.add_worksheet("题目模型"), style, models["irt"])
        if models["irt"]["testlets"]["groups"]:
            _testlets(book.add_worksheet("题组"), style, models["irt"]["testlets"])
    if "points" in models.get("diagnosis", {}):
        _diagnosis(book.add_worksheet("诊断模型"), style, source, models["diagnosis"])
    if models.get("dif"):
        _fairness(book.add_worksheet("分组比较"), style, models["dif"])


def _calibration(sheet: Any, style: Style, irt: Json) -> None:
    names = [
        "题号",
        "模型",
        "人数",
        "区分度a",
        "下限",
        "上限",
        "步骤",
        "难度b",
        "下限",
        "上限",
        "猜测c",
        "加权拟合",
        "未加权拟合",
        "和其他题不一致",
    ]
    titles = [(name, 13.0 if len(name) > 5 else 9.0) for name in names]
    header(sheet, style, titles)
    row = 1
    for item in irt["items"]:
        for step, difficulty in enumerate(item["difficulties"], 1):
            sheet.write_string(row, 0, item["id"], style.text)
            sheet.write_string(row, 1, item["model"], style.text)
            sheet.write_number(row, 2, item["n"], style.plain)
            figure(sheet, row, 3, item["slope"], style, style.two)
            limits(sheet, row, 4, item["slope"], style.two)
            sheet.write_number(row, 6, step, style.plain)
            figure(sheet, row, 7, difficulty, style, style.two)
            limits(sheet, row, 8, difficulty, style.two)
            figure(sheet, row, 10, item["guessing"], style, style.two)
            fit = item.get("fit")
            if fit is not None:
                figure(sheet, row, 11, fit["infit"], style, style.two)
                figure(sheet, row, 12, fit["outfit"], style, style.two)
                sheet.write_string(row, 13, "请看一看" if fit["misfit"] else "", style.warn)
            row += 1


def _testlets(sheet: Any, style: Style, part: Json) -> None:
    """Groups of items that hang together, and the reliability with and without it."""
    header(
        sheet, style, [("题组", 16.0), ("题号", 28.0), ("牵连的大小σ", 14.0), ("下限", 9.0), ("上限", 9.0)]
    )
    row = 1
    for group in part["groups"]:
        sheet.write_string(row, 0, group["name"] or "从作答看出", style.text)
        sheet.write_string(row, 1, "、".join(group["items"]), style.wrap)
        spread = group.get("spread", part)
        figure(sheet, row, 2, spread, style, style.two)
        limits(sheet, row, 3, spread, style.two)
        row += 1
    for name, key in (
        ("信度，算上牵连", "reliability"),
        ("信度，当成互不相干", "reliability_if_independent"),
    ):
        if key in part:
            row += 1
            sheet.write_string(row, 0, name, style.text)
            figure(sheet, row, 2, part[key], style, style.two)
            limits(sheet, row, 3, part[key], style.two)


def _diagnosis(sheet: Any, style: Style, source: ExamInput, found: Json) -> None:
    names = {point.code: point.name for point in source.points}
    header(sheet, style, [("学号", 16.0), *((names[point["code"]], 12.0) for point in found["points"])])
    sheet.set_row(0, 45)
    for row, pupil in enumerate(found["pupils"], 1):
        sheet.write_string(row, 0, pupil["id"], style.text)
        for column, entry in enumerate(pupil["mastery"], 1):
            figure(sheet, row, column, entry, style, style.percent)


def _fairness(sheet: Any, style: Style, results: list[Json]) -> None:
    titles = [(name, 10.0) for name in ("分组", "比较组", "参照组", "题号", "差异", "下限", "上限", "大小")]
    header(sheet, style, titles)
    row = 1
    for result in results:
        for item in result["items"]:
            for column, key in enumerate(("covariate", "focal", "reference")):
                sheet.write_string(row, column, result[key], style.text)
            sheet.write_string(row, 3, item["id"], style.text)
            figure(sheet, row, 4, item["effect"], style, style.two)
            limits(sheet, row, 5, item["effect"], style.two)
            sheet.write_string(row, 7, item["size"] or "", style.text)
            row += 1
