"""Sheets of the workbook that response models fill."""

from __future__ import annotations

from typing import Any

from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.words import model_name, the_items
from smartschool.analyze.xlsx_diagnosis import write_diagnosis
from smartschool.analyze.xlsx_kit import Style, figure, header, limits

_OF_ALL = (("对数似然", "loglik"), ("参数个数", "n_parameters"), ("AIC", "aic"), ("BIC", "bic"))


def write_models(book: Any, style: Style, source: ExamInput, report: Json) -> None:
    """What was asked for and what came of it, then one sheet per model that gave figures."""
    models = report.get("models", {})
    if models:
        _overview(book.add_worksheet("模型总览"), style, models)
    if "items" in models.get("irt", {}):
        _calibration(book.add_worksheet("题目模型"), style, models["irt"])
        if models["irt"]["testlets"]["groups"]:
            _testlets(book.add_worksheet("题组"), style, models["irt"]["testlets"])
    if "points" in models.get("diagnosis", {}):
        write_diagnosis(book, style, source, models["diagnosis"])
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
        "下限",
        "上限",
        "未加权拟合",
        "下限",
        "上限",
        "S-X²",
        "自由度",
        "p",
        "RMSEA",
        "人数",
        "和其他题不一致",
    ]
    titles = [(name, 13.0 if len(name) > 5 else 9.0) for name in names]
    header(sheet, style, titles)
    row = 1
    for item in irt["items"]:
        for step, difficulty in enumerate(item["difficulties"], 1):
            sheet.write_string(row, 0, item["id"], style.text)
            sheet.write_string(row, 1, model_name(item["model"]), style.text)
            sheet.write_number(row, 2, item["n"], style.plain)
            figure(sheet, row, 3, item["slope"], style, style.two)
            limits(sheet, row, 4, item["slope"], style.two)
            sheet.write_number(row, 6, step, style.plain)
            figure(sheet, row, 7, difficulty, style, style.two)
            limits(sheet, row, 8, difficulty, style.two)
            figure(sheet, row, 10, item["guessing"], style, style.two)
            fit = item.get("fit")
            if fit is not None:
                for column, key in ((11, "infit"), (14, "outfit")):
                    figure(sheet, row, column, fit[key], style, style.two)
                    limits(sheet, row, column + 1, fit[key], style.two)
                _sum_score_fit(sheet, row, fit["s_x2"], style)
                sheet.write_string(row, 22, "请看一看" if fit["misfit"] else "", style.warn)
            row += 1


def _sum_score_fit(sheet: Any, row: int, found: Json, style: Style) -> None:
    if "insufficient" in found:
        figure(sheet, row, 17, found, style, style.two)
        return
    for column, (key, form) in enumerate(
        (
            ("statistic", style.two),
            ("df", style.plain),
            ("p", style.three),
            ("rmsea", style.three),
            ("n", style.plain),
        ),
        17,
    ):
        sheet.write_number(row, column, found[key], form)


def _overview(sheet: Any, style: Style, models: Json) -> None:
    """Figures of the models as a whole, items left out, and what a reader must know."""
    header(sheet, style, [("", 26.0), ("数值", 18.0), ("下限", 10.0), ("上限", 10.0)])
    row = 1

    def line(name: str, value: Any = None, form: Any = style.two) -> None:
        nonlocal row
        sheet.write_string(row, 0, name, style.text)
        if isinstance(value, str):
            sheet.write_string(row, 1, value, style.text)
        else:
            figure(sheet, row, 1, value, style, form)
            limits(sheet, row, 2, value if isinstance(value, dict) else {}, form)
        row += 1

    for name, key in (("题目模型", "irt"), ("知识点诊断模型", "diagnosis")):
        part = models.get(key)
        if part is None:
            continue
        sheet.write_string(row, 0, name, style.title)
        row += 1
        if "insufficient" in part:
            line("没有结果", part)
        else:
            line("模型", model_name(part["model"]))
            line("人数", part["n"], style.plain)
            for title, figure_of_all in _OF_ALL:
                line(title, part[figure_of_all])
        if part.get("reliability"):
            line("得分的信度", part["reliability"])
        for item, why in part["excluded"].items():
            line(f"{the_items(item)} 没有参加", why)
        for pair in part.get("dependent_pairs", ()):
            first, second = pair["items"]
            line(f"{the_items(first)} 和 {second} 互相牵连 Q3", pair["q3"])
        if part.get("unsettled_items"):
            line("参数定不下来的题", "、".join(part["unsettled_items"]))
        for note in part.get("notes", ()):
            sheet.write_string(row, 0, note["text"], style.text)
            row += 1
        row += 1
    if models.get("dif") == []:
        line("分组比较", "没有可比的分组：要有 groups.csv，每组至少 50 人，分组不超过 6 种。")
    for result in models.get("dif", ()):
        for note in result["notes"]:
            sheet.write_string(row, 0, f"{result['covariate']}：{note['text']}", style.text)
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
    for name, key in _OF_ALL:
        if key in part:
            row += 1
            sheet.write_string(row, 0, name, style.text)
            figure(sheet, row, 2, part[key], style, style.two)
    row += 2
    for column, title in enumerate(("题号", "步骤", "区分度a", "下限", "上限", "难度b", "下限", "上限")):
        sheet.write_string(row, column, title, style.head)
    for item in part.get("items", ()):
        for step, difficulty in enumerate(item["difficulties"], 1):
            row += 1
            sheet.write_string(row, 0, item["id"], style.text)
            sheet.write_number(row, 1, step, style.plain)
            for column, value in ((2, item["slope"]), (5, difficulty)):
                figure(sheet, row, column, value, style, style.two)
                limits(sheet, row, column + 1, value, style.two)


def _fairness(sheet: Any, style: Style, results: list[Json]) -> None:
    names = ("分组", "比较组", "人数", "参照组", "人数", "题号", "差异", "下限", "上限", "大小")
    titles = [(name, 10.0) for name in names]
    header(sheet, style, titles)
    row = 1
    for result in results:
        for item in result["items"]:
            for column, key in ((0, "covariate"), (1, "focal"), (3, "reference")):
                sheet.write_string(row, column, result[key], style.text)
            for column, key in ((2, "n_focal"), (4, "n_reference")):
                sheet.write_number(row, column, result[key], style.plain)
            sheet.write_string(row, 5, item["id"], style.text)
            figure(sheet, row, 6, item["effect"], style, style.two)
            limits(sheet, row, 7, item["effect"], style.two)
            sheet.write_string(row, 9, item["size"] or "", style.text)
            row += 1
