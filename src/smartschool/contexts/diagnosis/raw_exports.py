"""Reads for the 成绩册: requests an actor may see, and the marks of a granted one."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from smartschool.contexts.assessment.public import doors as assessment
from smartschool.contexts.assessment.public.contracts import AttemptStatus
from smartschool.contexts.diagnosis.models import ClassFigure, RawExport
from smartschool.contexts.diagnosis.policies import OFFICE, ask_raw
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public import doors as directory
from smartschool.contexts.directory.public.relations import roles_at
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import NotYours

FRESH = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request in the list; `decidable` by the looking actor, `mine` to fetch."""

    row: RawExport
    what: str
    mine: bool
    decidable: bool


@dataclass(frozen=True, slots=True)
class MarkBook:
    """Marks of a class by 学号: of each item, and together; NaN where there is none."""

    title: str
    items: tuple[str, ...]
    full: float
    rows: tuple[tuple[int, str, tuple[float, ...], float, str], ...]


@dataclass(frozen=True, slots=True)
class News:
    """What an actor should hear of: requests of others to decide on, own ones that were decided of late."""

    waiting: list[RequestRow]
    granted: list[RequestRow]
    refused: list[RequestRow]

    def __bool__(self) -> bool:
        return bool(self.waiting or self.granted or self.refused)

    @property
    def todo(self) -> str:
        """A clause for the paragraph that opens 今日."""
        said = [
            f"{len(rows)} 份成绩册{what}"
            for rows, what in ((self.waiting, "申请等你批准"), (self.granted, "已批准，可以取"))
            if rows
        ]
        return "，".join(said)


def visible(actor: Actor) -> list[RequestRow]:
    """Own requests, and for the office all of the school; the newest first."""
    place = actor.workspace
    office = place is not None and bool(roles_at(actor, place.id) & OFFICE)
    own = Q(asked_by=actor.account_id or 0)
    return _read(actor, Q() if office else own, office=office)


def news(actor: Actor) -> News:
    """One statement. A yes is news until the first fetch, a no for as long; neither longer than `FRESH`."""
    office = actor.role in OFFICE
    me = actor.account_id or 0
    decided = Q(asked_by=me, decided_at__gt=clock.now() - FRESH) & (Q(granted=False) | Q(fetched=0))
    others = Q(decided_at=None) & ~Q(asked_by=me)
    rows = _read(actor, decided | others if office else decided, office=office)
    return News(
        [one for one in rows if one.decidable],
        [one for one in rows if one.row.granted],
        [one for one in rows if one.row.granted is False],
    )


def _read(actor: Actor, wanted: Q, *, office: bool) -> list[RequestRow]:
    figure = ClassFigure.rows().filter(
        run__current=True, run__paper=OuterRef("paper"), home_class=OuterRef("home_class")
    )
    words = JSONObject(name="class_name", subject="subject", exam="run__exam_name")
    rows = RawExport.rows().filter(wanted).annotate(words=Subquery(figure.values_list(words)[:1]))
    return [
        RequestRow(
            row,
            _what(row.words),
            row.asked_by == actor.account_id,
            office and row.decided_at is None and row.asked_by != actor.account_id,
        )
        for row in rows.order_by("-asked_at")[:100]
    ]


def _what(words: dict[str, str] | None) -> str:
    """Class, subject and exam; nothing where the report was taken back."""
    if words is None:
        return ""
    return f"{words['name']} {codes.table('subject').name(words['subject'])} {words['exam']}"


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
        marks = data.marks[row]
        # Of some papers only totals are known.
        total = np.nansum(marks) if np.isfinite(marks).any() else data.stated_totals[row]
        rows.append((int(data.class_numbers[row]), name, tuple(marks.tolist()), float(total), note))
    subject = codes.table("subject").name(data.paper.subject)
    found = directory.classes_by_id([request.home_class_id], on=data.paper.exam.held_on)
    return MarkBook(
        f"{found[request.home_class_id].name} {subject} {data.paper.exam.name} 成绩册",
        tuple(f"第 {item.label} 题\n{item.full:g} 分" for item in data.items),
        data.paper.full_score,
        tuple(rows),
    )
