"""Items in the HTML report: table, grid of a small class, one block of words and pictures each."""

from __future__ import annotations

import numpy as np

from edumetrics.arrays import State
from edumetrics.ctt.distractors import OptionAnalysis
from edumetrics.ctt.marks import MarkCounts, mark_counts
from edumetrics.exam import ExamAnalysis, Flag
from edumetrics.results import Estimate, Insufficient
from smartschool.analyze import charts
from smartschool.analyze.markup import Raw, el, join, legend, panel, remark, table, th
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.sentences import WEAK, by_urgency, item_story, lost_marks
from smartschool.analyze.words import FLAGS, fixed, number, percent, reason, the_item

SMALL_CLASS = 25
MOST_MARKS = 11
NOTHING = Raw("")
_GRAVE = (Flag.KEY_ERROR, Flag.NEGATIVE_DISCRIMINATION)


def item_table(source: ExamInput, analysis: ExamAnalysis) -> Raw:
    """All items, those with a doubtful key first, then from the hardest to the easiest.

    A small class has the grid instead: a share of eight pupils hangs on a single one.
    """
    if analysis.n_pupils < SMALL_CLASS:
        return NOTHING
    with_points = source.q is not None
    rows = []
    for j in by_urgency(analysis):
        power = analysis.discrimination.at(j)
        d = fixed(power.value) if isinstance(power, Estimate) else "—"
        rows.append(
            el(
                "tr",
                el("th", el("a", analysis.items[j], href=f"#q{j}"), scope="row"),
                el("td", source.items[j].kind, class_="muted only-d nw"),
                el("td", point_names(source, j), class_="kp") if with_points else NOTHING,
                el("td", number(float(analysis.full[j])), class_="num", data_l="满分"),
                el("td", str(int(analysis.facility.n[j])), class_="num", data_l="人数"),
                el("td", share_bar(analysis.facility.at(j)), class_="full"),
                el("td", d, class_="num", data_l="区分度"),
                el("td", _tags(analysis.flags[j]), class_="full"),
            )
        )
    head = [
        th("题号"),
        th("题型", "only-d"),
        *([th("知识点")] if with_points else []),
        th("满分", "num"),
        th("人数", "num"),
        th("得分率，横线是可能的范围", style="min-width:11rem"),
        th("区分度 D", "num"),
        th("要看的"),
    ]
    order = el("span", f"先列要核对答案的题，再按得分率从低到高，共 {analysis.n_items} 题", class_="meta")
    whole = table(head, rows, css="table stackm", name="试题表，可滚动")
    return panel("试题", whole, css="panel flush c12", beside=order)


def small_class_grid(source: ExamInput, analysis: ExamAnalysis) -> Raw:
    """Item × pupil for a class too small for groups and curves (as in a village school)."""
    if not 0 < analysis.n_pupils < SMALL_CLASS:
        return NOTHING
    matrix = source.matrix
    shown = [int(i) for i in np.flatnonzero(analysis.present)]
    names = [el("th", el("span", matrix.pupils[i], class_="nm"), scope="col", class_="pp") for i in shown]
    rows = []
    for j in range(matrix.n_items):
        full = float(matrix.full[j])
        lost = int(lost_marks(source, j).sum())
        label = join(el("b", matrix.items[j]), Raw(" "), el("span", point_names(source, j), class_="muted"))
        cells = [_grid_cell(float(matrix.marks[i, j]), full, int(matrix.states[i, j])) for i in shown]
        rows.append(
            el(
                "tr",
                el("th", label, scope="row"),
                el("td", number(full), class_="num muted"),
                *cells,
                el("td", f"{lost} 人" if lost else "0", class_="num"),
            )
        )
    head = [th("题"), th("满分", "num"), *names, th("丢分", "num")]
    key = legend(
        ("g0", "✓ 全对"),
        ("g1", "丢不到一半"),
        ("g2", "丢一半以上"),
        ("g3", "空 没有写"),
        ("na", "· 没有数据"),
    )
    return panel(
        "每道题的丢分",
        table(head, rows, css="table ig", name="试题与学生对照表，可滚动"),
        el("div", key, class_="foot"),
        css="panel flush c12",
        beside=el("span", "仅任课教师可见", class_="tag"),
    )


def item_blocks(source: ExamInput, analysis: ExamAnalysis) -> Raw:
    """One foldable block per item; those with a doubtful key stand open."""
    blocks = []
    for j in by_urgency(analysis):
        ease = analysis.facility.at(j)
        rate = _short(analysis, ease, source, j)
        summary = el(
            "summary",
            el("b", the_item(analysis.items[j])),
            el("span", rate),
            el("span", point_names(source, j), class_="muted"),
            _tags(analysis.flags[j]),
        )
        story = el(
            "ul", *(el("li", sentence) for sentence in item_story(source, analysis, j)), class_="story"
        )
        doubtful = Flag.KEY_ERROR in analysis.flags[j]
        blocks.append(
            el(
                "details",
                summary,
                story,
                _pictures(source, analysis, j),
                class_="q",
                id=f"q{j}",
                open=doubtful,
            )
        )
    return panel("逐题看", *blocks, beside=el("span", "点题号展开", class_="meta"))


def share_bar(result: Estimate | Insufficient) -> Raw:
    """A share as figure and bar with its interval, or why there is none."""
    if isinstance(result, Insufficient):
        return el("span", reason(result), class_="muted")
    bar = Raw(charts.interval_bar(result.value, result.low, result.high, weak=result.value < WEAK))
    return el("div", el("b", percent(result.value)), bar, class_="barrow")


def point_names(source: ExamInput, j: int) -> str:
    """Knowledge points of an item."""
    if source.q is None:
        return ""
    return "、".join(point.name for point, weight in zip(source.points, source.q[j], strict=True) if weight)


def _short(analysis: ExamAnalysis, ease: Estimate | Insufficient, source: ExamInput, j: int) -> str:
    if isinstance(ease, Insufficient):
        return "没有数据"
    if analysis.n_pupils < SMALL_CLASS:
        return f"{ease.n} 人中 {int(lost_marks(source, j).sum())} 人丢分"
    return f"得分率 {percent(ease.value)}"


def _tags(flags: tuple[Flag, ...]) -> Raw:
    tags = [el("span", FLAGS[flag][0], class_=f"tag {'bad' if flag in _GRAVE else 'warn'}") for flag in flags]
    return Raw(" ".join(tags))


def _grid_cell(mark: float, full: float, state: int) -> Raw:
    if state == State.BLANK:
        return el("td", el("span", "空", aria_label="没有写"), class_="pp g3")
    if np.isnan(mark):
        return el("td", el("span", "·", aria_label="没有数据"), class_="pp na")
    lost = full - mark
    if lost <= 1e-9:
        return el("td", el("span", "✓", aria_label="全对"), class_="pp g0")
    return el("td", f"−{number(lost)}", class_=f"pp {'g1' if lost < full / 2 else 'g2'}")


def _pictures(source: ExamInput, analysis: ExamAnalysis, j: int) -> Raw:
    option = analysis.options[j]
    name = the_item(analysis.items[j])
    parts = []
    if isinstance(option, OptionAnalysis):
        parts.append(_option_bars(option))
        if not isinstance(option.curves, Insufficient):
            ends = [
                f"{label} {percent(float(line[0]))} 到 {percent(float(line[-1]))}"
                for label, line in zip(option.labels, option.curves, strict=True)
            ]
            text = f"{name}各选项从得分最低到最高的五组学生中的比例：{'，'.join(ends)}。"
            chart = Raw(charts.option_curves(option.labels, option.in_key, option.curves.tolist(), text))
            words = "各选项在五组学生里的比例，✓ 是答案。答案的线应当向上，其余向下。"
            parts.append(el("div", el("p", words, class_="sm muted"), chart))
    elif analysis.facility.known[j]:
        parts.append(_mark_bars(mark_counts(source.matrix, j)))
    if not isinstance(option, OptionAnalysis) and analysis.curves.known[j].all():
        curves = analysis.curves
        values, low, high = (part[j].tolist() for part in (curves.value, curves.low, curves.high))
        text = f"{name}从得分最低到最高的五组学生的得分率：{'、'.join(percent(v) for v in values)}。"
        words = "按其余各题的得分把学生分成五组，看这道题的得分率。淡色是可能的范围。"
        parts.append(el("div", el("p", words, class_="sm muted"), Raw(charts.curve(values, low, high, text))))
    return el("div", *parts, class_="two") if parts else NOTHING


def _mark_bars(found: MarkCounts) -> Raw:
    """Pupils by mark; many different marks are gathered in four steps."""
    marks, counts = found.marks, found.counts
    full, total = float(marks[-1]), int(counts.sum())
    if len(marks) <= MOST_MARKS:
        steps = [(f"{number(float(m))} 分", int(c)) for m, c in zip(marks, counts, strict=True)]
    else:
        inner = (marks > 0) & (marks < full)
        below, above = inner & (marks < full / 2), inner & (marks >= full / 2)
        steps = [
            ("0 分", int(counts[0])),
            ("不到一半", int(counts[below].sum())),
            ("一半以上", int(counts[above].sum())),
            ("满分", int(counts[-1])),
        ]
    rows = []
    for label, count in steps:
        share = count / total if total else 0.0
        rows.append(el("b", label))
        rows.append(
            el(
                "svg",
                el("rect", width=f"{share * 100:.1f}%", height="100%"),
                class_="bar",
                aria_hidden="true",
            )
        )
        rows.append(el("span", f"{count} 人 · {percent(share)}"))
    return el("div", el("p", "每种得分有多少人。", class_="sm muted"), el("div", *rows, class_="ob"))


def _option_bars(option: OptionAnalysis) -> Raw:
    rows = []
    for k, label in enumerate(option.labels):
        count = int(option.counts[k])
        share = count / option.n if option.n else 0.0
        rows.append(el("b", f"✓ {label}" if option.in_key[k] else label))
        fill = el("rect", width=f"{share * 100:.1f}%", height="100%")
        rows.append(el("svg", fill, class_="bar ok" if option.in_key[k] else "bar", aria_hidden="true"))
        rows.append(el("span", f"{count} 人 · {percent(share)}"))
    blank = remark(f"{option.blank} 人没有选。") if option.blank else NOTHING
    return el("div", el("p", "每个选项有多少人选。", class_="sm muted"), el("div", *rows, class_="ob"), blank)
