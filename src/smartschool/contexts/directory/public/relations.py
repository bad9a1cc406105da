"""Relations of an actor to rows, as conditions that compose with `|` and `&`: the bricks of policies.

A relation answers a `Q` on another room's or an own queryset. `path` names the column that leads to the
class or the enrolment (``"home_class_id"``), so that no look-up crosses a room's border.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from smartschool.contexts.directory.models import (
    Appointment,
    Enrolment,
    Guardianship,
    Placement,
    TeachingAssignment,
)
from smartschool.contexts.directory.validity import current_term_id, valid_on
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor

NOBODY = Q(pk__in=[])


@dataclass(frozen=True)
class Relation:
    """A condition that depends on the actor.

    `covers` says that for this actor the condition lets every row of the open workspace through: then an
    `|` leaves the other side out, which spares most pages two subqueries.
    """

    condition: Callable[[Actor], Q]
    covers: Callable[[Actor], bool] = lambda actor: False

    def __or__(self, other: "Relation") -> "Relation":
        def condition(actor: Actor) -> Q:
            for side in (self, other):
                if side.covers(actor):
                    return side.condition(actor)
            return self.condition(actor) | other.condition(actor)

        return Relation(condition, lambda actor: self.covers(actor) or other.covers(actor))

    def __and__(self, other: "Relation") -> "Relation":
        return Relation(lambda actor: self.condition(actor) & other.condition(actor))

    def on(self, rows: Callable[[], QuerySet[Any]]) -> Callable[[Actor], QuerySet[Any]]:
        """The `rows` argument of a policy: the queryset cut to what the actor is tied to."""
        return lambda actor: rows().filter(self.condition(actor))


def roles_at(actor: Actor, organisation_id: int) -> frozenset[str]:
    """Every role of the actor at an organisation; who works for a 中心校 works for its schools."""
    return frozenset(
        a.role
        for a in actor.affiliations
        if a.organisation.id == organisation_id
        or (
            a.organisation.kind == "central_school"
            and any(below.id == organisation_id for below in a.descendants)
        )
    )


def HoldsPost(*roles: str) -> Relation:  # noqa: N802 - reads as the rule's name
    """Rows of an organisation where the actor holds one of `roles` (or whose 中心校 it works for)."""

    def condition(actor: Actor) -> Q:
        places: set[int] = set()
        for affiliation in actor.with_roles(frozenset(roles)):
            places.add(affiliation.organisation.id)
            if affiliation.organisation.kind == "central_school":
                places.update(below.id for below in affiliation.descendants)
        return Q(organisation_id__in=places) if places else NOBODY

    def covers(actor: Actor) -> bool:
        return actor.workspace is not None and bool(roles_at(actor, actor.workspace.id) & set(roles))

    return Relation(condition, covers)


def TeachesSubject(path: str = "home_class_id", subject: str | None = None) -> Relation:  # noqa: N802
    """Rows of a class that the actor teaches this term; with `subject` (a column) only its own subject."""

    def condition(actor: Actor) -> Q:
        if actor.person_id is None:
            return NOBODY
        taught = TeachingAssignment.objects.filter(
            home_class_id=OuterRef(path),
            staff__person_id=actor.person_id,
            term_id__in=current_term_id(clock.today()),
        )
        if subject is not None:
            taught = taught.filter(subject=OuterRef(subject))
        return Q(Exists(taught))

    return Relation(condition)


def FormTeacher(path: str = "home_class_id") -> Relation:  # noqa: N802
    """Rows of a class whose 班主任 the actor is."""

    def condition(actor: Actor) -> Q:
        if actor.person_id is None:
            return NOBODY
        day = clock.today()
        return Q(
            Exists(
                Appointment.objects.filter(
                    valid_on(day),
                    valid_on(day, "staff__"),
                    role="form_teacher",
                    home_class_id=OuterRef(path),
                    staff__person_id=actor.person_id,
                )
            )
        )

    return Relation(condition)


def SitsIn(seat: Relation, path: str = "enrolment_id") -> Relation:  # noqa: N802
    """Rows of a pupil who sits today in a class to which `seat` (on ``home_class_id``) ties the actor."""

    def condition(actor: Actor) -> Q:
        seats = Placement.objects.filter(valid_on(clock.today()), enrolment_id=OuterRef(path))
        return Q(Exists(seats.filter(seat.condition(actor))))

    return Relation(condition)


def OwnChild(path: str = "enrolment_id") -> Relation:  # noqa: N802
    """Rows of a child whose guardian (or 委托照护人) the actor is."""

    def condition(actor: Actor) -> Q:
        if actor.person_id is None:
            return NOBODY
        return Q(
            Exists(
                Guardianship.objects.filter(
                    valid_on(clock.today()), enrolment_id=OuterRef(path), person_id=actor.person_id
                )
            )
        )

    return Relation(condition)


def OwnEnrolment(path: str = "enrolment_id") -> Relation:  # noqa: N802
    """A pupil's own rows."""

    def condition(actor: Actor) -> Q:
        if actor.person_id is None:
            return NOBODY
        return Q(
            Exists(
                Enrolment.objects.filter(
                    valid_on(clock.today()), pk=OuterRef(path), person_id=actor.person_id
                )
            )
        )

    return Relation(condition)
