"""The teacher's pages: list of reports, report on a class, 投屏 without names, page of an item."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from smartschool.contexts.diagnosis import queries, raw_exports
from smartschool.contexts.diagnosis.comparison import compared_with_before
from smartschool.contexts.diagnosis.compose.class_report import compose_class_report, item_rows
from smartschool.contexts.diagnosis.compose.item_page import Loser, compose_item
from smartschool.contexts.diagnosis.compose.lede import lede
from smartschool.contexts.diagnosis.compose.mastery_table import mastery_table
from smartschool.contexts.diagnosis.compose.small_class import compose_small_class, public_lede
from smartschool.contexts.diagnosis.compose.words import mark
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.item_calibration import item_curve
from smartschool.contexts.diagnosis.queries import ClassPage
from smartschool.contexts.diagnosis.views.picking import picked_items
from smartschool.kernel.errors import NotYours
from smartschool.kernel.policy import actor_of, requires

TABS = (("", "总览"), ("items", "试题"), ("points", "知识点"), ("pupils", "学生"), ("sheet", "讲评单"))
OVERVIEW_ITEMS = 8


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the report."""

    label: str
    href: str
    current: bool


@requires("diagnosis.view_report")
def reports(request: HttpRequest, school_code: str) -> HttpResponse:
    """All class reports that the actor may open."""
    actor = actor_of(request)
    context = {"rows": queries.reports_in_reach(actor), "raw": raw_exports.news(actor)}
    return render(request, "diagnosis/reports.html", {**context, "school_code": school_code})


@requires("diagnosis.view_report")
def report(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """The report on one class; a class below 25 gets the grid."""
    page = queries.class_page(actor_of(request), paper_code=paper_code, class_code=class_code)
    context = _frame(request, page, school_code)
    if page.small and page.own:
        return render(request, "diagnosis/small_class.html", context | _small(page))
    context |= _large(page, queries.grade_figures(page))
    if not context["tab"]:
        context["before"] = compared_with_before(page)
    return render(request, "diagnosis/class_report.html", context)


@requires("diagnosis.view_report")
def cast(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """投屏: the same report without a name, a 学号 or a count under 5 anywhere in the page."""
    page = queries.class_page(actor_of(request), paper_code=paper_code, class_code=class_code)
    context = _frame(request, page, school_code) | {"theme": "screen"}
    grade = queries.grade_figures(page)
    rows = item_rows(page.paper, page.figures, grade)
    context["items"] = [row for row in rows if row.index in context["picked"]]
    context["lede"] = (
        public_lede(page.paper, page.figures) if page.small else lede(page.paper, page.figures, grade)
    )
    context["lost"] = page.figures.items
    return render(request, "diagnosis/cast.html", context)


@requires("diagnosis.view_report")
def item(
    request: HttpRequest, school_code: str, paper_code: str, class_code: str, place: int
) -> HttpResponse:
    """One item of the paper in this class; `place` counts from 1 in the paper's order."""
    page = queries.class_page(actor_of(request), paper_code=paper_code, class_code=class_code)
    if not 1 <= place <= len(page.paper.items):
        raise NotYours
    losers = _losers(page, place - 1) if page.own else []
    shown = compose_item(
        page.paper, page.figures, queries.grade_figures(page), place - 1, losers, small=page.small
    )
    context = _frame(request, page, school_code) | {"item": shown, "place": place}
    if not page.small and not shown.doubt:
        context["curve"] = item_curve(page, place - 1)
    return render(request, "diagnosis/item.html", context)


def _frame(request: HttpRequest, page: ClassPage, school_code: str) -> dict[str, Any]:
    """What every page of a class report shows: title, tabs, picked items, addresses."""
    keys = {
        "school_code": school_code,
        "paper_code": page.run.paper_code,
        "class_code": page.figure.class_code,
    }
    picked = picked_items(request, page)
    query = urlencode({"pick": ",".join(str(j + 1) for j in sorted(picked))}) if "pick" in request.GET else ""
    base = reverse("class-report", kwargs=keys)
    current = request.GET.get("tab", "")
    counts = {
        "items": len(page.paper.items),
        "points": len(page.paper.points),
        "pupils": page.figures.n_listed,
    }
    tabs = [
        Tab(
            f"{label} {counts[key]}" if key in counts else label,
            base + "?" + "&".join(part for part in (f"tab={key}" if key else "", query) if part),
            key == current,
        )
        for key, label in TABS
        if page.own or key not in ("pupils", "sheet")
    ]
    absent = page.figures.n_listed - page.figures.n_present
    return {
        "page": page,
        "paper": page.paper,
        "figures": page.figures,
        "own": page.own,
        "tabs_": tabs,
        "tab": current,
        "picked": picked,
        "pick_query": query,
        "base": base,
        "school_code": school_code,
        "cast_url": reverse("class-report-cast", kwargs=keys) + (f"?{query}" if query else ""),
        "list_url": reverse("analysis", kwargs={"school_code": school_code}),
        "title": f"{page.figure.class_name} · {page.paper.subject}学情",
        "item_sub": f"{page.figure.class_name} · {page.paper.subject} · {page.paper.exam}",
        "sub": _sub(page, absent),
    }


def _sub(page: ClassPage, absent: int) -> str:
    day = page.paper.held_on
    parts = [
        page.paper.exam,
        f"{day.year} 年 {day.month} 月 {day.day} 日" if day else "",
        f"满分 {mark(page.paper.full)}" + ("" if page.small or page.paper.full == 100 else "，按百分制显示"),
        f"{page.figures.n_present} 人参加，" + (f"{absent} 人没有参加" if absent else "没有缺考"),
    ]
    return " · ".join(part for part in parts if part)


def _large(page: ClassPage, grade: GroupFigures | None) -> dict[str, Any]:
    pupils = queries.pupil_lines(page) if page.own else []
    made = compose_class_report(page.paper, page.figures, grade, pupils)
    return {
        "report": made,
        "compared": grade is not None,
        "first_items": made.items[:OVERVIEW_ITEMS],
        "table": mastery_table([point.name for point in page.paper.points], pupils),
    }


def _small(page: ClassPage) -> dict[str, Any]:
    pupils = queries.pupil_lines(page)
    marks = queries.class_marks(page, pupils)
    made = compose_small_class(page.paper, page.figures, pupils, marks.marks, marks.states)
    return {"report": made, "table": mastery_table([point.name for point in page.paper.points], pupils)}


def _losers(page: ClassPage, index: int) -> list[Loser]:
    """Who lost marks on an item, by 学号: what was chosen or left blank, not how many marks."""
    people = queries.pupil_lines(page)
    marks = queries.class_marks(page, people)
    return [
        Loser(person.code, person.number, person.name, queries.lost_note(marks, row, index))
        for row, person in enumerate(people)
        if person.present and index in queries.lost_items(page.paper, marks, row)
    ]
