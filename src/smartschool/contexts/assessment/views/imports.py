"""A workbook of marks, of one paper or of several of an exam: the file goes to the import wizard, which shows
and applies it."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from smartschool.contexts.assessment import policies
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.views.common import paper_title, subject_name
from smartschool.contexts.exchange.public.landing import land_and_check
from smartschool.kernel.errors import NotYours
from smartschool.kernel.policy import actor_of, requires


@requires("assessment.import_marks")
@require_http_methods(["GET", "POST"])
def import_marks(request: HttpRequest, school_code: str, paper_code: str) -> HttpResponse:
    """Step 1 of the wizard for this paper."""
    paper: Paper = policies.import_marks.get(actor_of(request), code=paper_code)
    back = reverse("assessment:paper", args=[school_code, paper.code])
    context = {"title": paper_title(paper), "back": back, "school_code": school_code}
    return _step_one(request, paper.code, context)


@requires("assessment.import_marks")
@require_http_methods(["GET", "POST"])
def import_exam(request: HttpRequest, school_code: str, exam_code: str) -> HttpResponse:
    """Step 1 of the wizard for all papers of an exam: a sheet a subject, or the totals of several."""
    papers = list(policies.import_marks.queryset(actor_of(request)).filter(exam__code=exam_code))
    if not papers:
        raise NotYours
    subjects = [subject_name(paper.subject) for paper in sorted(papers, key=lambda one: one.subject)]
    back = reverse("assessment:exams", args=[school_code])
    context = {"title": papers[0].exam.name, "back": back, "subjects": subjects}
    return _step_one(request, papers[0].exam.code, context)


def _step_one(request: HttpRequest, code: str, context: dict[str, Any]) -> HttpResponse:
    upload = request.FILES.get("file")
    missing = request.method == "POST" and not isinstance(upload, UploadedFile)
    if isinstance(upload, UploadedFile):
        return redirect(
            land_and_check(
                actor=actor_of(request),
                importer="exam",
                content=upload.read(),
                file_name=upload.name or "成绩",
                options={"exam": code},
            )
        )
    context |= {"missing": missing}
    return render(request, "assessment/import_marks.html", context, status=422 if missing else 200)
