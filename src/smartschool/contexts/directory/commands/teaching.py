"""Verbs on teaching: who teaches a cell, a term's lessons from the term before, many at once, one ended."""

from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction

from smartschool.contexts.directory import errors, records
from smartschool.contexts.directory.models import (
    Appointment,
    HomeClass,
    Organisation,
    StaffRecord,
    TeachingAssignment,
)
from smartschool.contexts.directory.public.contracts import NewAssignment, TermInfo
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.ids import short_code


@command("directory.set_teachers")
def set_teachers(
    *, actor: Actor, home_class: HomeClass, subject: str, term: TermInfo, staff: Sequence[StaffRecord]
) -> list[StaffRecord]:
    """Who teaches a subject in a class in a term: these and nobody else. Whoever is not 任课教师 yet becomes
    it from today, or could not open the class. Returns who taught it before."""
    cell = TeachingAssignment.objects.filter(home_class=home_class, subject=subject, term_id=term.id)
    before = [row.staff for row in cell.select_related("staff").order_by("staff__name_key")]
    wanted = {one.pk for one in staff}
    cell.exclude(staff_id__in=wanted).delete()
    cell.exclude(copy="").update(copy="")  # whoever stays was chosen here: taking a copying back leaves them
    new = sorted(wanted - {one.pk for one in before})
    TeachingAssignment.objects.bulk_create(
        TeachingAssignment(
            organisation_id=home_class.organisation_id,
            staff_id=pk,
            home_class=home_class,
            subject=subject,
            term_id=term.id,
        )
        for pk in new
    )
    lacking = _make_teachers(home_class.organisation_id, new)
    done(
        home_class,
        organisation_id=home_class.organisation_id,
        data={
            "subject": subject,
            "term": term.id,
            "from": [one.pk for one in before],
            "to": sorted(wanted),
            "appointed": lacking,
        },
        event="directory.teaching_assigned",
    )
    return before


def _make_teachers(organisation_id: int, staff_ids: Collection[int]) -> list[int]:
    """任课教师 from today for those of the staff who are not; returns who was not."""
    holding = Appointment.objects.filter(role="teacher", staff_id__in=staff_ids, valid_to__isnull=True)
    lacking = sorted(set(staff_ids) - set(holding.values_list("staff_id", flat=True)))
    Appointment.objects.bulk_create(
        Appointment(organisation_id=organisation_id, staff_id=pk, role="teacher", valid_from=clock.today())
        for pk in lacking
    )
    return lacking


@command("directory.copy_teaching")
def copy_teaching(
    *,
    actor: Actor,
    organisation: Organisation,
    source: TermInfo,
    target: TermInfo,
    assignments: Sequence[NewAssignment],
) -> str:
    """Lessons of the term before go on in `target`; returns the code by which the batch is taken back."""
    copy = short_code()
    rows = [
        TeachingAssignment(
            organisation=organisation,
            staff_id=one.staff_id,
            home_class_id=one.home_class_id,
            subject=one.subject,
            term_id=target.id,
            copy=copy,
        )
        for one in assignments
    ]
    try:
        with transaction.atomic():
            TeachingAssignment.objects.bulk_create(rows)
    except IntegrityError:
        raise errors.just_assigned() from None
    lacking = _make_teachers(organisation.pk, {one.staff_id for one in assignments})
    done(
        organisation,
        organisation_id=organisation.pk,
        data={
            "copy": copy,
            "from": source.id,
            "to": target.id,
            "assignments": len(rows),
            "appointed": lacking,
        },
        event="directory.teaching_assigned",
    )
    return copy


@command("directory.withdraw_teaching")
def withdraw_teaching(*, actor: Actor, organisation: Organisation, copy: str) -> int:
    """Take a copying back: what it wrote and nobody changed since. Returns how many lessons."""
    rows = TeachingAssignment.objects.filter(organisation=organisation, copy=copy).exclude(copy="")
    number, _ = rows.delete()
    if not number:
        raise errors.nothing_to_withdraw()
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"copy": copy, "assignments": number},
        event="directory.teaching_ended",
    )
    return number


@command("directory.assign_teaching")
def assign_teaching(
    *, actor: Actor, organisation: Organisation, term: TermInfo, assignments: Sequence[NewAssignment]
) -> int:
    """Say who teaches what; what is known already is left alone. Returns how many are new."""
    written = records.write_assignments(organisation.pk, term.id, assignments)
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"term": term.id, "assignments": written},
        event="directory.teaching_assigned",
    )
    return written


@command("directory.end_teaching")
def end_teaching(*, actor: Actor, assignment: TeachingAssignment) -> None:
    """Take a class-subject away from a teacher in its term."""
    done(
        assignment,
        organisation_id=assignment.organisation_id,
        data={
            "staff": assignment.staff_id,
            "class": assignment.home_class_id,
            "subject": assignment.subject,
        },
        event="directory.teaching_ended",
    )
    assignment.delete()
