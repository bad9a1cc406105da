"""The district's desk: exams that schools ask for against the regulation, and its answers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from smartschool.contexts.assessment import policies
from smartschool.contexts.assessment.commands.exams import answer_request
from smartschool.contexts.assessment.forms import AnswerForm
from smartschool.contexts.assessment.models import RegulationApproval
from smartschool.contexts.assessment.public.contracts import Nature
from smartschool.contexts.assessment.views.common import grade_name
from smartschool.contexts.directory.public.doors import organisations_by_id
from smartschool.kernel.errors import DomainError
from smartschool.kernel.policy import actor_of, place_of, requires

MOST_REQUESTS = 50


@requires("assessment.answer_request")
@require_http_methods(["GET", "POST"])
def exam_requests(request: HttpRequest) -> HttpResponse:
    """Requests of the schools, unanswered ones with a form."""
    actor = actor_of(request)
    form = AnswerForm(request.POST or None, prefix=request.POST.get("request", "") or None)
    if request.method == "POST" and form.is_valid():
        asked = policies.answer_request.get(actor, pk=request.POST.get("request"))
        try:
            answer_request(
                actor=actor,
                organisation_id=place_of(request),
                asked=asked,
                granted=form.cleaned_data["granted"] == "yes",
                reason=form.cleaned_data["reason"],
            )
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, "答复已保存，学校能看到。")
            return redirect("assessment:exam_requests")
    asked_for = list(policies.answer_request.queryset(actor).order_by("-id")[:MOST_REQUESTS])
    answers = {
        one.request_id: one
        for one in RegulationApproval.rows().filter(request_id__in=[one.pk for one in asked_for])
    }
    places = organisations_by_id(one.organisation_id for one in asked_for)
    rows = [
        {
            "asked": one,
            "school": places[one.organisation_id].name,
            "exam": f"{grade_name(one.grade)}{Nature(one.nature).zh} · {one.name}",
            "answer": answers.get(one.pk),
            "form": form if request.POST.get("request") == str(one.pk) else AnswerForm(prefix=str(one.pk)),
        }
        for one in asked_for
    ]
    return render(request, "assessment/exam_requests.html", {"rows": rows})
