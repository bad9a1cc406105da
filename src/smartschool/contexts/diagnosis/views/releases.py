"""Release of results by the school's office: list, preview of what a family will see, release, withdraw."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from smartschool.contexts.diagnosis import releases as reads
from smartschool.contexts.diagnosis.commands.release import release_results, withdraw_results
from smartschool.contexts.diagnosis.models import AnalysisRun, Release
from smartschool.contexts.diagnosis.policies import release_results as may_release
from smartschool.kernel.errors import Changed, DomainError
from smartschool.kernel.policy import actor_of, requires


@requires("diagnosis.release_results")
def releases(request: HttpRequest, school_code: str) -> HttpResponse:
    """Exams with their subjects: released or not."""
    exams = reads.exams(actor_of(request))
    context = {
        "exams": exams,
        "waiting": sum(exam.open for exam in exams),
        "school_code": school_code,
        "said": request.GET.get("said", ""),
    }
    return render(request, "diagnosis/releases.html", context)


@requires("diagnosis.release_results")
def preview(request: HttpRequest, school_code: str) -> HttpResponse:
    """What will be told to whom, before anything happens."""
    if not request.GET.getlist("papers"):
        return _back(school_code, "nothing")
    return _preview(request, school_code, request.GET)


@requires("diagnosis.release_results")
@require_POST
def release(request: HttpRequest, school_code: str) -> HttpResponse:
    """Release the versions that were previewed; where one was replaced since, show it and do no more."""
    runs = _runs(request, request.POST.getlist("papers"))
    seen = set(request.POST.getlist("versions"))
    changed = [run for run in runs if run.code not in seen]
    if not changed:
        try:
            release_results(
                actor=actor_of(request),
                runs=runs,
                audience=_audience(request.POST.get("audience", "")),
                marks=request.POST.get("marks") == "yes",
            )
        except Changed:  # replaced between the look above and the lock
            changed = runs
    if changed:
        return _preview(request, school_code, request.POST, changed=changed)
    return _back(school_code, "released")


@requires("diagnosis.release_results")
@require_POST
def withdraw(request: HttpRequest, school_code: str, paper_code: str) -> HttpResponse:
    """Take a release back."""
    run = may_release.get(actor_of(request), paper_code=paper_code)
    withdraw_results(actor=actor_of(request), run=run, reason=request.POST.get("reason", ""))
    return _back(school_code, "withdrawn")


def _preview(
    request: HttpRequest, school_code: str, form: QueryDict, *, changed: Sequence[AnalysisRun] = ()
) -> HttpResponse:
    """The preview of what `form` chose; `changed` are versions that nobody has seen yet."""
    runs = _runs(request, form.getlist("papers"))
    marks = form.get("marks") == "yes"
    context: dict[str, Any] = {
        "runs": reads.previews(runs),
        "changed": [run.sketch["subject"] for run in changed],
        "sample": reads.sample(runs[0], marks=marks),
        "audience": _audience(form.get("audience", "")),
        "marks": marks and any(run.stage == "junior" for run in runs),
        "pupils": max(run.n_pupils for run in runs),
        "school_code": school_code,
    }
    return render(request, "diagnosis/release_preview.html", context, status=409 if changed else 200)


def _back(school_code: str, said: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("releases", kwargs={"school_code": school_code}) + f"?said={said}")


def _runs(request: HttpRequest, codes: list[str]) -> list[AnalysisRun]:
    """The chosen papers through the policy, in the order of subjects; all of one exam."""
    found = list(may_release.queryset(actor_of(request)).filter(paper_code__in=codes).order_by("subject"))
    if not found:
        raise DomainError("diagnosis.nothing_chosen", "没有选学科。勾选要发布的学科，再看预览。")
    if len(found) != len(set(codes)):
        raise DomainError(
            "diagnosis.report_gone",
            "没有发布。选的学科里有的得分已经撤回，报告不在了。回到“发布结果”重新选。",
            status=409,
        )
    return found


def _audience(text: str) -> Release.Audience:
    return Release.Audience(text) if text in Release.Audience.values else Release.Audience.GUARDIANS
