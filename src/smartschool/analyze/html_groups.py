"""Classes and schools in the HTML report: first how far they differ at all, then each in natural order."""

from __future__ import annotations

from smartschool.analyze.charts import interval_bar
from smartschool.analyze.markup import Raw, el, join, panel, remark, table, th
from smartschool.analyze.papers import Point
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.words import number, percent

MOST_POINTS, MOST_ROWS = 8, 80  # more are only in the workbook
STEPS = (0.5, 0.6, 0.7, 0.85)  # of the tints in the table of points


def group_panels(source: ExamInput, report: Json) -> Raw:
    """A panel per kind of group."""
    return join(*(_panel(source, found) for found in report["groups"]))


def _panel(source: ExamInput, found: Json) -> Raw:
    title = f"各{'班' if found['kind'] == 'class' else '校'}"
    if not found["comparable"]:
        return panel(
            title,
            el(
                "p",
                f"各{found['title']}的得分率不能相比：一成以上的学生，卷上一成以上的分没有数据"
                "（卷子不同，或者空着没做）。如果空格是没做，加 --blank zero 按 0 分算，就能比较。",
            ),
        )
    points = source.points if len(source.points) <= MOST_POINTS else []
    head = [th(found["title"]), th("人数", "num"), th("得分率", style="min-width:11rem")]
    head += [th(point.name, "num") for point in points]
    rows = [_row(row, points) for row in found["rows"][:MOST_ROWS]]
    more = len(found["rows"]) > MOST_ROWS or len(source.points) > MOST_POINTS
    notes = [remark("按习惯的次序列出，不按得分。横线是 95% 的范围；不足 5 人的不显示，免得推出个人。")]
    if more:
        notes.append(remark(f"其余的在 report.xlsx 的“{found['title']}”里。"))
    return panel(
        title,
        el("p", _sentence(found), class_="foot"),
        table(head, rows, css="table stackm heat", name=f"{title}的得分率，可滚动"),
        *notes,
        css="panel flush c12",
    )


def _sentence(found: Json) -> str:
    """How much of the differences between pupils lies between the groups."""
    name, between, within = found["title"], found["between"], found["within"]
    if not between or not within:
        return f"{name}之间的得分率差别没有超出偶然，不能说哪个{name}好或不好。"
    if between < 0.005:
        return f"{name}之间的得分率差别不到 1 个百分点，学生之间的差别几乎都在同一{name}里。"
    part = between**2 / (between**2 + within**2)
    return (
        f"{name}之间的得分率相差大约 {number(between * 100, 0)} 个百分点（标准差），"
        f"同一{name}的学生之间相差 {number(within * 100, 0)} 个百分点："
        f"学生之间的差别，{percent(part)}在{name}之间。"
    )


def _row(row: Json, points: list[Point]) -> Raw:
    share = row["share"]
    if "estimate" not in share:
        why = el("td", "人数太少，不显示", class_="muted full", colspan=str(1 + len(points)))
        return el("tr", el("th", row["label"], scope="row"), el("td", "", class_="num"), why)
    bar = Raw(interval_bar(share["estimate"], share["low"], share["high"], weak=False))
    cells = [
        el("th", row["label"], scope="row"),
        el("td", str(row["n"]), class_="num", data_l="人数"),
        el("td", el("div", el("b", percent(share["estimate"])), bar, class_="barrow"), class_="full"),
    ]
    for point, entry in zip(points, row["points"], strict=False):
        cells.append(_cell(point.name, entry["share"]))
    return el("tr", *cells)


def _cell(name: str, share: Json) -> Raw:
    if "estimate" not in share:
        return el("td", "—", class_="num", data_l=name)
    step = 1 + sum(share["estimate"] >= edge for edge in STEPS)
    return el("td", percent(share["estimate"]), class_=f"h h{step}", data_l=name)
