"""Files of a class report: 讲评单 and 错题单 as PDF, the report as a workbook with levels only."""

from django.http import HttpRequest, HttpResponse

from smartschool.contexts.diagnosis import queries
from smartschool.contexts.diagnosis.commands.exports import record_export
from smartschool.contexts.diagnosis.compose.class_report import item_rows
from smartschool.contexts.diagnosis.compose.lede import lede
from smartschool.contexts.diagnosis.compose.small_class import public_lede
from smartschool.contexts.diagnosis.compose.words import plain
from smartschool.contexts.diagnosis.exports import class_workbook
from smartschool.contexts.diagnosis.queries import ClassPage
from smartschool.contexts.diagnosis.sheets import Mistakes, mistake_sheets, review_sheet
from smartschool.contexts.diagnosis.views.picking import picked_items
from smartschool.contexts.diagnosis.workbooks import stamp
from smartschool.kernel import clock
from smartschool.kernel.policy import actor_of, requires

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attachment(data: bytes, kind: str, name: str, *, inline: bool = False) -> HttpResponse:
    """A file answer; a PDF opens in the browser, a workbook is saved."""
    response = HttpResponse(data, content_type=kind)
    response.headers["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    return response


def _page(request: HttpRequest, paper_code: str, class_code: str) -> ClassPage:
    return queries.class_page(actor_of(request), paper_code=paper_code, class_code=class_code)


@requires("diagnosis.view_marks")
def review(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """讲评单 with the chosen items."""
    page = _page(request, paper_code, class_code)
    page.require_own()
    grade = queries.grade_figures(page)
    if page.small:
        sentence = public_lede(page.paper, page.figures)
    else:
        sentence = lede(page.paper, page.figures, grade)
    data = review_sheet(
        f"{page.figure.class_name} {page.paper.subject}",
        page.paper,
        page.figures,
        item_rows(page.paper, page.figures, grade),
        picked_items(request, page),
        plain(sentence),
        small=page.small,
        made_at=clock.now(),
    )
    return attachment(data, "application/pdf", f"review-{page.run.paper_code}.pdf", inline=True)


@requires("diagnosis.view_marks")
def mistakes(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """错题单 of the whole class, a page a pupil."""
    page = _page(request, paper_code, class_code)
    page.require_own()
    actor = actor_of(request)
    people = queries.pupil_lines(page)
    marks = queries.class_marks(page, people)
    found = []
    for row, person in enumerate(people):
        if not person.present:
            continue
        lost = queries.lost_items(page.paper, marks, row)
        found.append(
            Mistakes(
                person.number,
                person.name,
                tuple(lost),
                tuple(queries.lost_note(marks, row, item) for item in lost),
            )
        )
    data = mistake_sheets(
        f"{page.figure.class_name} {page.paper.subject}",
        page.paper,
        found,
        made_at=clock.now(),
        watermark=actor.name,
    )
    record_export(actor=actor, figure=page.figure, kind="mistakes", pupils=len(found))
    return attachment(data, "application/pdf", f"mistakes-{page.run.paper_code}.pdf", inline=True)


@requires("diagnosis.view_marks")
def report_workbook(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """The class report as a workbook: levels and mastery, no marks."""
    page = _page(request, paper_code, class_code)
    page.require_own()
    actor = actor_of(request)
    pupils = queries.pupil_lines(page)
    at = clock.now()
    data = class_workbook(
        page.figure.class_name,
        page.paper,
        page.figures,
        queries.grade_figures(page),
        pupils,
        small=page.small,
        watermark=stamp(actor.name, at),
        made_at=at,
    )
    record_export(actor=actor, figure=page.figure, kind="report", pupils=len(pupils))
    return attachment(data, XLSX, f"report-{page.run.paper_code}.xlsx")
