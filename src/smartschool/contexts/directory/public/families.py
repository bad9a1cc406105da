"""Doors of directory to a family: the children of a person, the adults of a child; needs an open scope."""

from collections.abc import Collection, Iterable
from datetime import date

from smartschool.contexts.directory.grades import grade_on
from smartschool.contexts.directory.models import Enrolment, Guardianship, Placement
from smartschool.contexts.directory.public.contracts import ChildInfo, GuardianInfo
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.validity import valid_on
from smartschool.kernel import clock


def _children(enrolments: Collection[Enrolment], day: date) -> list[ChildInfo]:
    """Enrolments with `organisation` loaded; one more round trip for the seats."""
    seats = {
        row.enrolment_id: row
        for row in Placement.objects.select_related("home_class").filter(
            valid_on(day), enrolment_id__in=[row.pk for row in enrolments]
        )
    }
    found = []
    for row in enrolments:
        seat = seats.get(row.pk)
        found.append(
            ChildInfo(
                row.pk,
                row.code,
                row.name,
                row.organisation_id,
                row.organisation.name,
                class_info(seat.home_class, day) if seat else None,
                seat.class_number if seat else None,
                grade_on(row.stage, row.entry_year, day),
            )
        )
    return found


def children_of(person_id: int, *, on: date | None = None) -> list[ChildInfo]:
    """Children of a guardian in the schools of the scope, oldest first."""
    day = on or clock.today()
    rows = (
        Enrolment.objects.select_related("organisation")
        .filter(
            valid_on(day),
            pk__in=Guardianship.objects.filter(valid_on(day), person_id=person_id).values("enrolment_id"),
        )
        .order_by("entry_year", "code")
    )
    return _children(rows, day)


def guardians_of(enrolment_ids: Iterable[int], *, on: date | None = None) -> dict[int, list[GuardianInfo]]:
    """Adults of many children, in the order in which the school wrote them down."""
    found: dict[int, list[GuardianInfo]] = {}
    rows = (
        Guardianship.objects.filter(valid_on(on or clock.today()), enrolment_id__in=list(enrolment_ids))
        .order_by("pk")
        .values_list("person_id", "enrolment_id", "name", "relation", "kind")
    )
    for row in rows:
        found.setdefault(row[1], []).append(GuardianInfo(*row))
    return found


def own_enrolments(person_id: int, *, on: date | None = None) -> list[ChildInfo]:
    """A pupil's own open enrolments in the schools of the scope."""
    day = on or clock.today()
    rows = Enrolment.objects.select_related("organisation").filter(valid_on(day), person_id=person_id)
    return _children(rows, day)
