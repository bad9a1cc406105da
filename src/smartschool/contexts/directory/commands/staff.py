"""Verbs on staff: record, appoint, end an appointment, assign teaching, let go."""

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction

from smartschool.contexts.directory import errors, records
from smartschool.contexts.directory.models import (
    Appointment,
    HomeClass,
    Organisation,
    StaffRecord,
    TeachingAssignment,
)
from smartschool.contexts.directory.public.contracts import NewAssignment, NewStaff, TermInfo
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


@command("directory.record_staff")
def record_staff(
    *, actor: Actor, organisation: Organisation, staff: Sequence[NewStaff], valid_from: date
) -> list[int]:
    """Write many staff records; returns their ids in order."""
    try:
        with transaction.atomic():
            ids = records.write_staff(organisation.pk, staff, valid_from)
    except IntegrityError:
        raise errors.already_enrolled(sorted(one.name for one in staff)) from None
    records.recount([organisation.pk])
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"staff": len(staff)},
        event="directory.staff_recorded",
        ids={"staff": ids},
    )
    return ids


@command("directory.appoint")
def appoint(
    *,
    actor: Actor,
    staff: StaffRecord,
    role: str,
    valid_from: date,
    home_class: HomeClass | None = None,
) -> Appointment:
    """Give a post of roles.toml; a 班主任 gets the class with it."""
    try:
        with transaction.atomic():
            made = Appointment.objects.create(
                organisation_id=staff.organisation_id,
                staff=staff,
                role=role,
                home_class=home_class,
                valid_from=valid_from,
            )
    except IntegrityError:
        raise errors.appointment_exists() from None
    done(
        made,
        organisation_id=staff.organisation_id,
        data={"role": role, "staff": staff.pk, "class": home_class.pk if home_class else None},
        event="directory.appointed",
    )
    return made


@command("directory.end_appointment")
def end_appointment(*, actor: Actor, appointment: Appointment, on: date) -> Appointment:
    """From `on` the post gives no rights any more."""
    if appointment.valid_to is not None:
        raise errors.not_open()
    appointment.valid_to = on
    appointment.save(update_fields=["valid_to"])
    done(
        appointment,
        organisation_id=appointment.organisation_id,
        data={"role": appointment.role, "on": on.isoformat()},
        event="directory.appointment_ended",
    )
    return appointment


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


@command("directory.release_staff")
def release_staff(*, actor: Actor, staff: StaffRecord, on: date) -> StaffRecord:
    """The member of staff leaves the organisation: posts end with the record."""
    if staff.valid_to is not None:
        raise errors.not_open()
    Appointment.objects.filter(staff=staff, valid_to__isnull=True).update(valid_to=on)
    staff.valid_to = on
    staff.revision += 1
    staff.save(update_fields=["valid_to", "revision"])
    records.recount([staff.organisation_id])
    done(
        staff,
        organisation_id=staff.organisation_id,
        data={"on": on.isoformat()},
        event="directory.staff_released",
    )
    return staff
