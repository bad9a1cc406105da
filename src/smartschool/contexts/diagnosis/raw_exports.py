"""Reads for the 成绩册: requests an actor may see, and the marks of a granted one."""

from dataclasses import dataclass

from django.db.models import Q

from smartschool.contexts.assessment.public import doors as assessment
from smartschool.contexts.assessment.public.contracts import AttemptStatus
from smartschool.contexts.diagnosis.models import ClassFigure, RawExport
from smartschool.contexts.diagnosis.policies import OFFICE, ask_raw
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public import doors as directory
from smartschool.contexts.directory.public.relations import roles_at
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import NotYours


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request in the list; `decidable` by the looking actor, `mine` to fetch."""

    row: RawExport
    what: str
    mine: bool
    decidable: bool


@dataclass(frozen=True, slots=True)
class MarkBook:
    """Item marks of a class by 学号."""

    title: str
    items: tuple[str, ...]
    rows: tuple[tuple[int, str, tuple[float, ...], str], ...]


def visible(actor: Actor) -> list[RequestRow]:
    """Own requests, and for the office all of the school; the newest first."""
    place = actor.workspace
    office = place is not None and bool(roles_at(actor, place.id) & OFFICE)
    own = Q(asked_by=actor.account_id or 0)
    rows = list(RawExport.rows().filter(Q() if office else own).order_by("-asked_at")[:100])
    names = {
        (figure.run.paper_id, figure.home_class_id): f"{figure.class_name} "
        f"{codes.table('subject').name(figure.subject)} {figure.run.exam_name}"
        for figure in ClassFigure.rows()
        .filter(run__current=True, run__paper_id__in={row.paper_id for row in rows})
        .select_related("run")
        .defer("numbers", "words", "run__sketch", "run__inputs", "run__settings", "run__changes")
    }
    return [
        RequestRow(
            row,
            names.get((row.paper_id, row.home_class_id), ""),
            row.asked_by == actor.account_id,
            office and row.decided_at is None and row.asked_by != actor.account_id,
        )
        for row in rows
    ]


def waiting(actor: Actor) -> int:
    """How many requests of others the actor, in the office, may decide on."""
    if actor.role not in OFFICE:
        return 0
    return RawExport.rows().filter(decided_at=None).exclude(asked_by=actor.account_id or 0).count()


def own(actor: Actor, code: str) -> RawExport:
    """The actor's own granted request for a class that the actor might still ask for, or 404."""
    found = RawExport.rows().filter(code=code, asked_by=actor.account_id or 0, granted=True).first()
    if found is None:
        raise NotYours
    still = ask_raw.queryset(actor).filter(run__paper_id=found.paper_id, home_class_id=found.home_class_id)
    if not still.exists():
        raise NotYours
    return found


def mark_book(request: RawExport) -> MarkBook:
    """The marks in natural order."""
    assert request.home_class_id is not None  # noqa: S101 - asked for on a class page
    data = assessment.paper_for_analysis(request.paper_id, class_ids=[request.home_class_id])
    people = directory.pupils_by_enrolment([int(key) for key in data.enrolment_ids])
    rows = []
    for row, key in enumerate(data.enrolment_ids):
        person, status = people.get(int(key)), AttemptStatus(int(data.statuses[row]))
        note = "" if status is AttemptStatus.PRESENT else status.zh
        name = person.name if person else "（已转出）"
        rows.append((int(data.class_numbers[row]), name, tuple(data.marks[row].tolist()), note))
    subject = codes.table("subject").name(data.paper.subject)
    return MarkBook(
        f"{data.paper.exam.name} {subject} 成绩册",
        tuple(f"第 {item.label} 题（{item.full:g} 分）" for item in data.items),
        tuple(rows),
    )
