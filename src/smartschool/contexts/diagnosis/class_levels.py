"""Reads for the form teacher: levels of the own class in every subject, in four round trips."""

from dataclasses import dataclass

from smartschool.contexts.assessment.public.contracts import AttemptStatus
from smartschool.contexts.diagnosis.models import AnalysisRun
from smartschool.contexts.diagnosis.policies import view_levels
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class PupilLevels:
    """One pupil: a word per subject and its tone, "" where there is no result."""

    number: int
    name: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClassExam:
    """One exam of one class; pupils by 学号, subjects by code."""

    key: str
    class_name: str
    exam: str
    subjects: tuple[str, ...]
    pupils: tuple[PupilLevels, ...]


def class_exams(actor: Actor) -> list[ClassExam]:
    """Exams of the actor's own classes, the newest first."""
    rows = list(
        view_levels.queryset(actor)
        .order_by("home_class_id", "class_number", "enrolment_id")
        .values_list("run_id", "home_class_id", "enrolment_id", "class_number", "subject", "status", "level")
    )
    runs = {
        pk: (name, labels)
        for pk, name, labels in AnalysisRun.rows()
        .filter(pk__in={row[0] for row in rows})
        .order_by("-held_on", "exam_name")
        .values_list("pk", "exam_name", "sketch__levels")
    }
    classes = directory.classes_by_id({row[1] for row in rows})
    people = directory.pupils_by_enrolment({row[2] for row in rows})
    exams = dict.fromkeys((name, class_id) for name, _ in runs.values() for class_id in classes)
    table = codes.table("subject")
    found = []
    for number, (exam, class_id) in enumerate(exams):
        words: dict[int, dict[str, tuple[str, str]]] = {}
        seats: dict[int, int] = {}
        for run_id, home_class, enrolment, seat, subject, status, level in rows:
            name, labels = runs[run_id]
            if home_class == class_id and name == exam:
                absent = "" if status == AttemptStatus.PRESENT else AttemptStatus(status).zh
                cell = (absent, "") if level is None else (labels[level], _tone(level, len(labels)))
                words.setdefault(enrolment, {})[subject] = cell
                seats[enrolment] = seat
        subjects = sorted({subject for own in words.values() for subject in own})
        if words:
            found.append(
                ClassExam(
                    key=str(number),
                    class_name=classes[class_id].name,
                    exam=exam,
                    subjects=tuple(table.name(code) for code in subjects),
                    pupils=tuple(
                        PupilLevels(
                            seats[key],
                            people[key].name if key in people else "（已转出）",
                            tuple(own.get(subject, ("", "")) for subject in subjects),
                        )
                        for key, own in words.items()
                    ),
                )
            )
    return found


def _tone(level: int, n_levels: int) -> str:
    """The best and the lowest level stand out, whatever the bands of the district are called."""
    return {0: "ok", n_levels - 1: "warn", 1: "info"}.get(level, "")
