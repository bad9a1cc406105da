"""The form teacher's page: levels of the own class across subjects. No marks, by 学号."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from smartschool.contexts.assessment.public.contracts import AttemptStatus
from smartschool.contexts.diagnosis.models import PupilReport
from smartschool.contexts.diagnosis.policies import view_levels
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel.policy import requires


@dataclass(frozen=True, slots=True)
class PupilLevels:
    """One pupil: a word per subject, "" where there is no result."""

    number: int
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExamChoice:
    """An exam of the class to choose from."""

    key: str
    label: str
    current: bool


@requires("diagnosis.view_levels")
def levels(request: HttpRequest, school_code: str) -> HttpResponse:
    """The newest exam of the class unless another is asked for."""
    rows = list(
        view_levels.queryset(request.actor)  # type: ignore[attr-defined]
        .select_related("run")
        .defer("run__inputs", "run__settings", "run__changes")
        .order_by("-run__held_on", "home_class_id", "class_number", "enrolment_id")
    )
    exams = list(dict.fromkeys(f"{row.run.exam_name}|{row.home_class_id}" for row in rows))
    key = request.GET.get("exam", exams[0] if exams else "")
    shown = [row for row in rows if f"{row.run.exam_name}|{row.home_class_id}" == key]
    classes = directory.classes_by_id({row.home_class_id for row in rows})
    subjects = sorted({row.subject for row in shown})
    context = {
        "pupils": _pupils(shown, subjects),
        "subjects": [codes.table("subject").name(code) for code in subjects],
        "exams": [
            ExamChoice(
                one,
                f"{classes[int(one.rsplit('|', 1)[1])].name} {one.rsplit('|', 1)[0]}",
                one == key,
            )
            for one in exams
        ],
        "class_name": classes[shown[0].home_class_id].name if shown else "",
        "exam": shown[0].run.exam_name if shown else "",
        "school_code": school_code,
    }
    return render(request, "diagnosis/levels.html", context)


def _pupils(rows: list[PupilReport], subjects: list[str]) -> list[PupilLevels]:
    people = directory.pupils_by_enrolment({row.enrolment_id for row in rows})
    by_pupil: dict[int, dict[str, str]] = {}
    number: dict[int, int] = {}
    for row in rows:
        status = AttemptStatus(row.status)
        labels = row.run.sketch["levels"]
        word = labels[row.level] if row.level is not None else "" if status == 0 else status.zh
        by_pupil.setdefault(row.enrolment_id, {})[row.subject] = word
        number[row.enrolment_id] = row.class_number
    return [
        PupilLevels(
            number[key],
            people[key].name if key in people else "（已转出）",
            tuple(words.get(subject, "") for subject in subjects),
        )
        for key, words in by_pupil.items()
    ]
