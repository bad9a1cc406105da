"""A workbook of marks for one paper: the file goes to the import wizard, which shows and applies it."""

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from smartschool.contexts.assessment import policies
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.views.common import paper_title
from smartschool.contexts.exchange.public.landing import land_and_check
from smartschool.kernel.policy import actor_of, requires


@requires("assessment.import_marks")
@require_http_methods(["GET", "POST"])
def import_marks(request: HttpRequest, school_code: str, paper_code: str) -> HttpResponse:
    """Step 1 of the wizard for this paper."""
    paper: Paper = policies.import_marks.get(actor_of(request), code=paper_code)
    upload = request.FILES.get("file")
    missing = request.method == "POST" and not isinstance(upload, UploadedFile)
    if isinstance(upload, UploadedFile):
        return redirect(
            land_and_check(
                actor=actor_of(request),
                importer="exam",
                content=upload.read(),
                file_name=upload.name or "成绩",
                options={"exam": paper.code},
            )
        )
    context = {"paper": paper, "title": paper_title(paper), "missing": missing, "school_code": school_code}
    return render(request, "assessment/import_marks.html", context, status=422 if missing else 200)
