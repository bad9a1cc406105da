"""The form teacher's page: levels of the own class across subjects. No marks, by 学号."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from smartschool.contexts.diagnosis import class_levels as reads
from smartschool.kernel.policy import actor_of, requires


@dataclass(frozen=True, slots=True)
class ExamChoice:
    """An exam of the class to choose from."""

    key: str
    label: str
    current: bool


@requires("diagnosis.view_levels")
def levels(request: HttpRequest, school_code: str) -> HttpResponse:
    """The newest exam of the class unless another is asked for."""
    found = reads.class_exams(actor_of(request))
    wanted = request.GET.get("exam", "")
    shown = next((one for one in found if one.key == wanted), found[0] if found else None)
    context = {
        "shown": shown,
        "exams": [
            ExamChoice(one.key, f"{one.class_name} {one.exam}", shown is not None and one.key == shown.key)
            for one in found
        ],
        "school_code": school_code,
    }
    return render(request, "diagnosis/levels.html", context)
