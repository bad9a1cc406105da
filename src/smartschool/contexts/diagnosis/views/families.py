"""Pages for pupils and parents: the list of released reports and one report. Own children only."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from smartschool.contexts.diagnosis import family
from smartschool.kernel.policy import actor_of, requires


@requires("diagnosis.view_own")
def reports(request: HttpRequest) -> HttpResponse:
    """All released reports of oneself or of the own children."""
    rows = family.own_rows(actor_of(request))
    several = len({row.child.enrolment_id for row in rows}) > 1
    return render(request, "diagnosis/own_reports.html", {"rows": rows, "several": several})


@requires("diagnosis.view_own")
def report(request: HttpRequest, paper_code: str, enrolment_code: str) -> HttpResponse:
    """One report: level first, marks only where they were released, behind 看得分."""
    page = family.own_page(
        actor_of(request),
        paper_code=paper_code,
        enrolment_code=enrolment_code,
    )
    # 1–3 年级: large words and 读一读, for the child and for who reads with it.
    size = "big" if page.child.grade is not None and page.child.grade <= 3 else ""
    return render(request, "diagnosis/own_report.html", {"page": page, "report": page.report, "size": size})
