"""The report as one self-contained page for a teacher: the conclusion first, numbers after."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np

import smartschool
from edumetrics.ctt.reliability import COMPLETE_ENOUGH
from edumetrics.exam import ExamAnalysis
from edumetrics.results import Estimate, Outcome
from smartschool.analyze import charts
from smartschool.analyze.html_groups import group_panels
from smartschool.analyze.html_items import NOTHING, SMALL_CLASS, item_blocks, item_table, small_class_grid
from smartschool.analyze.html_models import model_panels
from smartschool.analyze.html_points import point_table, pupil_table
from smartschool.analyze.markup import Raw, el, join, panel, strong
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.sentences import lede, reliability_word
from smartschool.analyze.words import fixed, number, reason

TOKENS = Path(smartschool.__file__).parent / "web" / "static" / "web" / "tokens.css"
OWN = Path(__file__).with_name("report.css")

METHOD = (
    "得分率 = 平均得分 ÷ 满分。横线是 95% 的范围：换一批同样水平的学生，得分率多半落在里面。",
    "区分度 D = 总分最高的 27% 学生的得分率减最低的 27%，同分的学生按比例分到组里。"
    "0.40 以上很好，0.20 以下偏低。不足 25 人不算。",
    "信度 α 说明换一套同样的题，分数会不会变；误差是它换算成的分数。",
    "知识点的掌握情况用贝塔分布估计：0.60 以上算基本掌握，0.85 以上算已掌握，括号里是这样判断的把握。",
    "空格按没有数据处理（除非上面另有说明）；缺考、缓考、免考不计入任何数字。",
    "所有数字同时写在 report.json 和 report.xlsx 里，看不出的写明原因和人数；"
    "每名学生每个知识点的范围只在 report.json 里。",
)


def render(source: ExamInput, analysis: ExamAnalysis, report: Json) -> str:
    """The whole page."""
    main = el(
        "main",
        _head(source, analysis, report),
        el("p", strong(lede(source, analysis)), class_="lede"),
        _notes(report),
        el(
            "div",
            _overview(analysis),
            group_panels(source, report),
            item_table(source, analysis),
            small_class_grid(source, analysis),
            point_table(source, analysis),
            pupil_table(source, analysis),
            item_blocks(source, analysis),
            model_panels(source, report),
            _method(report),
            class_="grid",
        ),
        el("p", "内部资料，不得张贴或转发", class_="print-foot"),
        class_="wrap",
        id="main",
    )
    head = el(
        "head",
        Raw('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        el("title", f"{source.name} 学情分析 - 大通智慧学校"),
        el("style", Raw(_styles())),
    )
    skip = el("a", "跳到主要内容", class_="skip", href="#main")
    return "<!doctype html>\n" + el("html", head, el("body", skip, main), lang="zh-CN") + "\n"


def _styles() -> str:
    """The product's stylesheet without its comments, and the few rules of this page."""
    tokens = re.sub(r"/\*.*?\*/", "", TOKENS.read_text(encoding="utf-8"), flags=re.DOTALL)
    return tokens + OWN.read_text(encoding="utf-8")


def _head(source: ExamInput, analysis: ExamAnalysis, report: Json) -> Raw:
    exam = report["exam"]
    words = (("absent", "缺考"), ("deferred", "缓考"), ("exempt", "免考"))
    away = [f"{exam[key]} 人{word}" for key, word in words if exam[key]]
    full = number(analysis.paper)
    parts = [f"{analysis.n_items} 题", f"满分 {full}", f"{analysis.n_pupils} 人参加", *away]
    title = el("h1", f"{source.name} · 学情分析")
    return el("div", el("div", title, el("p", " · ".join(parts), class_="sub")), class_="page-head")


def _notes(report: Json) -> Raw:
    if not report["notes"]:
        return NOTHING
    rows = [el("li", note["text"]) for note in report["notes"]]
    inside = el("div", el("p", "看之前要知道", class_="b"), el("ul", *rows, class_="story"))
    return el("div", inside, class_="note warn mt")


def _overview(analysis: ExamAnalysis) -> Raw:
    if analysis.n_pupils < SMALL_CLASS:
        return NOTHING
    mean, sd = analysis.mean, analysis.deviation
    alpha, sem = analysis.reliability.alpha, analysis.reliability.sem
    cells = [_kpi("平均分", mean, 1, f"大约在 {_range(mean, 1)} 之间" if isinstance(mean, Estimate) else "")]
    if isinstance(sd, Estimate):
        cells.append(_kpi("标准差", sd, 1, "分数的分散程度"))
    trust = f"{reliability_word(alpha.value)}（{_range(alpha, 2)}）" if isinstance(alpha, Estimate) else ""
    cells.append(_kpi("试卷信度 α", alpha, 2, trust))
    if isinstance(sem, Estimate):
        value = f"±{number(1.96 * sem.value)}"
        # Of the pupil's mean over many sittings: a second sitting alone would differ by √2 as much.
        note = "学生如果反复考，平均总分多半在这次总分上下这么多分以内"
        cells.append(_cell("一次得分的误差", value, note))
    else:
        cells.append(_kpi("一次得分的误差", sem, 1, ""))
    return panel("整卷", _distribution(analysis), el("dl", *cells, class_="kpis mt"))


def _kpi(name: str, result: Outcome, digits: int, note: str) -> Raw:
    if isinstance(result, Estimate):
        return _cell(name, fixed(result.value, digits), note)
    return _cell(name, "—", reason(result))


def _cell(name: str, value: str, note: str) -> Raw:
    figure = el("dd", value, class_="fig", style="font-size:1.6rem")
    return el("div", el("dt", name), figure, el("dd", note, class_="muted"), class_="kpi")


def _range(result: Estimate, digits: int) -> str:
    return f"{fixed(result.low, digits)}–{fixed(result.high, digits)}"


def _distribution(analysis: ExamAnalysis) -> Raw:
    whole = analysis.present & (analysis.offered >= COMPLETE_ENOUGH * analysis.paper)
    n = int(whole.sum())
    if n < SMALL_CLASS:
        return NOTHING
    share = np.floor(analysis.totals[whole] / analysis.offered[whole] * 100 + 1e-9)
    edges = [0, 40, 50, 60, 70, 80, 90, 101]
    labels = ["40 以下", "40–49", "50–59", "60–69", "70–79", "80–89", "90–100"]
    counts = [int(((share >= low) & (share < high)).sum()) for low, high in pairwise(edges)]
    said = "，".join(f"{label} {count}" for label, count in zip(labels, counts, strict=True))
    weak = [high <= 60 for high in edges[1:]]
    picture = charts.distribution(labels, counts, weak, f"{n} 人按百分制的分数段人数：{said}。")
    note = f"{n} 人的分数段，按百分制，单位：人。橙色是 60 分以下。"
    return join(el("p", note, class_="sm muted"), Raw(picture))


def _method(report: Json) -> Raw:
    versions = "、".join(f"{part['model']} {part['version']}" for part in report["provenance"])
    lines = el("ul", *(el("li", line) for line in METHOD), class_="story")
    return panel("怎么算的", lines, el("p", f"算法版本：{versions}", class_="xs muted"))
