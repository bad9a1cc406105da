"""Knowledge points in the HTML report: how many know each, and the table of pupils."""

from __future__ import annotations

import numpy as np

from edumetrics.exam import ExamAnalysis
from edumetrics.mastery import MasteryState, MasteryTable
from edumetrics.results import Insufficient
from smartschool.analyze.html_items import NOTHING, SMALL_CLASS, share_bar
from smartschool.analyze.markup import Raw, el, join, legend, panel, remark, table, th
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.words import STATES, percent, reason

MOST_PUPILS = 60  # above it the table of pupils is only in the workbook
_SHOWN = (MasteryState.MASTERED, MasteryState.BASIC, MasteryState.NEEDS_WORK)


def point_table(source: ExamInput, analysis: ExamAnalysis) -> Raw:
    """Points, the weakest first, with counts of pupils in each state."""
    figures, mastery = analysis.point_facility, analysis.mastery
    if figures is None or mastery is None or source.q is None:
        return NOTHING
    few = analysis.n_pupils < SMALL_CLASS
    ease = np.where(figures.known, np.nan_to_num(figures.value), 2.0)
    rows = []
    for k in sorted(range(len(source.points)), key=lambda k: (float(ease[k]), k)):
        known = mastery.share.known[:, k]
        counts = {state: int(((mastery.state[:, k] == state) & known).sum()) for state in _SHOWN}
        unknown = int((~known & analysis.present).sum())
        total = max(sum(counts.values()) + unknown, 1)
        parts = [
            el("i", class_=f"k{int(s)}", style=f"width:{c / total * 100:.1f}%")
            for s, c in counts.items()
            if c
        ]
        rows.append(
            el(
                "tr",
                el("th", source.points[k].name, scope="row"),
                el("td", str(int((source.q[:, k] > 0).sum())), class_="num", data_l="题数"),
                NOTHING if few else el("td", share_bar(figures.at(k)), class_="full"),
                el("td", el("div", *parts, class_="k8", aria_hidden="true"), class_="full"),
                *(el("td", str(c), class_="num", data_l=STATES[s][1]) for s, c in counts.items()),
                el("td", str(unknown), class_="num", data_l="看不出"),
            )
        )
    head = [
        th("知识点"),
        th("题数", "num"),
        *([] if few else [th("得分率", style="min-width:10rem")]),
        th("人数分布", style="min-width:9rem"),
        *(th(f"{STATES[state][1]}，人", "num") for state in _SHOWN),
        th("看不出，人", "num"),
    ]
    note = (
        "“看不出”是题目太少或没有作答，不是不会。每道题的满分分摊到它考的知识点；"
        "学生的掌握情况先看他在这个知识点上的作答；题少时，也参考他在其他题上的表现和全体学生的水平。"
    )
    return panel(
        "知识点，几人会",
        table(head, rows, css="table stackm", name="知识点表，可滚动"),
        remark(note),
        css="panel flush c12",
        beside=legend(("k3", "已掌握"), ("k2", "基本掌握"), ("k1", "需巩固")),
    )


def pupil_table(source: ExamInput, analysis: ExamAnalysis) -> Raw:
    """Mastery of each pupil in the order of the list; never an order by marks."""
    mastery = analysis.mastery
    if mastery is None or analysis.n_pupils == 0:
        return NOTHING
    if analysis.n_pupils > MOST_PUPILS:
        text = "学生较多，每人的总分、等级和各知识点的掌握情况在同一文件夹的 report.xlsx 里。"
        return panel("学生", el("p", text))
    rows = []
    for i in np.flatnonzero(analysis.present):
        cells = [_cell(mastery, int(i), k) for k in range(len(source.points))]
        rows.append(el("tr", el("th", analysis.pupils[i], scope="row"), *cells))
    head = [th("学号"), *(th(point.name, "center") for point in source.points)]
    note = "按名单顺序排列。括号里是判断的把握；把握低于 50% 的，再看一两道同类题。"
    return panel(
        "学生的知识点掌握",
        table(head, rows, css="table heat pin dense", name="学生知识点表，可滚动"),
        remark(note),
        css="panel flush c12 no-print",
        beside=el("span", "仅任课教师可见", class_="tag"),
    )


def _cell(mastery: MasteryTable, i: int, k: int) -> Raw:
    entry = mastery.at(i, k)
    if isinstance(entry, Insufficient):
        return el("td", "看不出", class_="h mx", title=reason(entry))
    sure = el("span", f"（{percent(entry.probability)}）", class_="xs")
    return el("td", join(Raw(STATES[entry.state][1]), sure), class_=f"h m{int(entry.state)}")
