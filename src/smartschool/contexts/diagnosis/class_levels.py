"""Reads for the form teacher: levels of the own class in every subject, in four round trips."""

from dataclasses import dataclass, field
from datetime import date

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
    """Exams of the actor's own classes, the newest first; two of one name are two exams."""
    rows = list(
        view_levels.queryset(actor)
        .order_by("home_class_id", "class_number", "enrolment_id")
        .values_list("run_id", "home_class_id", "enrolment_id", "class_number", "subject", "status", "level")
    )
    runs = {
        pk: ((name, held_on), labels)
        for pk, name, held_on, labels in AnalysisRun.rows()
        .filter(pk__in={row[0] for row in rows})
        .order_by("-held_on", "exam_name")
        .values_list("pk", "exam_name", "held_on", "sketch__levels")
    }
    classes = directory.classes_by_id({row[1] for row in rows})
    people = directory.pupils_by_enrolment({row[2] for row in rows})
    pupils: dict[tuple[tuple[str, date | None], int], dict[int, _Pupil]] = {}
    for run_id, class_id, enrolment, number, subject, status, level in rows:
        exam, labels = runs[run_id]
        absent = "" if status == AttemptStatus.PRESENT else AttemptStatus(status).zh
        pupil = pupils.setdefault((exam, class_id), {}).setdefault(enrolment, _Pupil(number))
        pupil.words[subject] = (absent, "") if level is None else (labels[level], _tone(level, len(labels)))
    names = [name for name, _ in dict.fromkeys(exam for exam, _ in runs.values())]
    table = codes.table("subject")
    found: list[ClassExam] = []
    for exam, class_id in dict.fromkeys((exam, key) for exam, _ in runs.values() for key in classes):
        own = pupils.get((exam, class_id), {})
        subjects = sorted({subject for pupil in own.values() for subject in pupil.words})
        if own:
            name, day = exam
            found.append(
                ClassExam(
                    key=str(len(found)),
                    class_name=classes[class_id].name,
                    exam=f"{name}（{day:%Y-%m-%d}）" if day and names.count(name) > 1 else name,
                    subjects=tuple(table.name(code) for code in subjects),
                    pupils=tuple(
                        PupilLevels(
                            pupil.number,
                            people[key].name if key in people else "（已转出）",
                            tuple(pupil.words.get(subject, ("", "")) for subject in subjects),
                        )
                        for key, pupil in own.items()
                    ),
                )
            )
    return found


@dataclass(slots=True)
class _Pupil:
    """Words of one pupil by subject while they are gathered."""

    number: int
    words: dict[str, tuple[str, str]] = field(default_factory=dict)


def _tone(level: int, n_levels: int) -> str:
    """The best and the lowest level stand out, whatever the bands of the district are called."""
    return {0: "ok", n_levels - 1: "warn", 1: "info"}.get(level, "")
