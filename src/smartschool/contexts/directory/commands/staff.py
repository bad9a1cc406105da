"""Verbs on staff: record, appoint, end an appointment, let go."""

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction

from smartschool.contexts.directory import errors, records
from smartschool.contexts.directory.models import (
    Appointment,
    HomeClass,
    Organisation,
    StaffRecord,
)
from smartschool.contexts.directory.public.contracts import NewStaff
from smartschool.contexts.directory.public.roles import GIVERS, given_by_district
from smartschool.contexts.directory.validity import valid_on
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


@command("directory.record_staff")
def record_staff(
    *, actor: Actor, organisation: Organisation, staff: Sequence[NewStaff], valid_from: date
) -> list[int]:
    """Write many staff records; returns their ids in order."""
    ids = _written(organisation, staff, valid_from)
    records.recount([organisation.pk])
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"staff": len(staff)},
        event="directory.staff_recorded",
        ids={"staff": ids},
    )
    return ids


def _written(organisation: Organisation, staff: Sequence[NewStaff], valid_from: date) -> list[int]:
    """The records, or why they cannot be: a 工号 or a person that is here already."""
    try:
        with transaction.atomic():
            return records.write_staff(organisation.pk, staff, valid_from)
    except IntegrityError as error:
        if "staff_number_once" in str(error):
            raise errors.staff_number_taken(sorted(one.staff_number for one in staff)) from None
        raise errors.already_staff(sorted(one.name for one in staff)) from None


@command("directory.appoint")
def appoint(
    *,
    actor: Actor,
    staff: StaffRecord,
    role: str,
    valid_from: date,
    home_class: HomeClass | None = None,
) -> Appointment:
    """Give a post of roles.toml; a 班主任 gets the class with it, and a class has one 班主任 at a time."""
    if home_class is not None and role == "form_teacher":
        _lock(home_class)
        head = head_of(home_class)
        if head is not None and head.staff_id != staff.pk:
            raise errors.class_has_head()
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


@command("directory.appoint_office")
def appoint_office(
    *, actor: Actor, organisation: Organisation, role: str, person: NewStaff, valid_from: date
) -> Appointment:
    """The district gives a post of the bureau, or of a school's office: the first one, or one where nobody is
    left to give it.

    Whoever is not staff there yet becomes it; a 工号 that is in use has to be this person's. Nobody appoints
    themselves.
    """
    if role not in {one.name for one in given_by_district(organisation.kind)}:
        raise errors.no_such_post()
    known = StaffRecord.objects.filter(
        organisation=organisation, staff_number=person.staff_number, valid_to__isnull=True
    ).first()
    if known is not None and known.name != person.name:
        raise errors.staff_number_taken([person.staff_number])
    pk = known.pk if known else _written(organisation, [person], valid_from)[0]
    staff = known or StaffRecord.objects.get(pk=pk)
    if staff.person_id == actor.person_id:
        raise errors.not_oneself()
    try:
        with transaction.atomic():
            made = Appointment.objects.create(
                organisation=organisation, staff=staff, role=role, valid_from=valid_from
            )
    except IntegrityError:
        raise errors.appointment_exists() from None
    records.recount([organisation.pk])
    done(
        made,
        organisation_id=organisation.pk,
        data={"role": role, "staff": staff.pk, "recorded": known is None},
        event="directory.appointed",
    )
    return made


@command("directory.end_appointment")
def end_appointment(*, actor: Actor, appointment: Appointment, on: date) -> Appointment:
    """From `on` the post gives no rights any more. The last post of the office, and of a 区级管理员, stays:
    somebody must be able to give the next one."""
    if appointment.valid_to is not None:
        raise errors.not_open()
    if appointment.role in GIVERS and not _others_give([appointment], on):
        raise errors.last_in_office(appointment.role)
    appointment.valid_to = on
    appointment.save(update_fields=["valid_to"])
    done(
        appointment,
        organisation_id=appointment.organisation_id,
        data={"role": appointment.role, "on": on.isoformat()},
        event="directory.appointment_ended",
    )
    return appointment


def _others_give(ending: Sequence[Appointment], on: date) -> bool:
    """Whether somebody can give posts at their organisation once these appointments have ended."""
    rows = Appointment.objects.filter(
        valid_on(on), valid_on(on, "staff__"), organisation=ending[0].organisation_id, role__in=GIVERS
    )
    return rows.exclude(pk__in=[one.pk for one in ending]).exists()


@command("directory.restore_appointment")
def restore_appointment(*, actor: Actor, appointment: Appointment) -> Appointment:
    """Take the end of a post back; a class that has another 班主任 by now keeps that one."""
    if appointment.valid_to is None or appointment.staff.valid_to is not None:
        raise errors.not_open()
    if appointment.role == "form_teacher" and appointment.home_class is not None:
        _lock(appointment.home_class)
        if head_of(appointment.home_class) is not None:
            raise errors.class_has_head()
    former, appointment.valid_to = appointment.valid_to, None
    try:
        with transaction.atomic():
            appointment.save(update_fields=["valid_to"])
    except IntegrityError:
        raise errors.appointment_exists() from None
    done(
        appointment,
        organisation_id=appointment.organisation_id,
        data={"role": appointment.role, "ended_on": former.isoformat()},
        event="directory.appointment_restored",
    )
    return appointment


def _lock(*classes: HomeClass) -> None:
    """Until the transaction ends nobody else gives these classes a 班主任: of two at once, one waits and sees
    what the other has done. In the order of their keys, so that two who want several never wait crosswise."""
    wanted = HomeClass.objects.filter(pk__in=[one.pk for one in classes])
    list(wanted.order_by("pk").select_for_update().values_list("pk"))


def head_of(home_class: HomeClass) -> Appointment | None:
    """The open appointment of a class's 班主任."""
    return (
        Appointment.objects.select_related("staff")
        .filter(home_class=home_class, role="form_teacher", valid_to__isnull=True)
        .first()
    )


@command("directory.set_form_teacher")
def set_form_teacher(
    *, actor: Actor, home_class: HomeClass, staff: StaffRecord | None, on: date
) -> StaffRecord | None:
    """From `on` this person is 班主任 (None: nobody); the former one's post ends that day and is returned."""
    _lock(home_class)
    current = head_of(home_class)
    if current is not None and staff is not None and current.staff_id == staff.pk:
        raise errors.appointment_exists()
    if current is not None:
        current.valid_to = max(on, current.valid_from)
        current.save(update_fields=["valid_to"])
    if staff is not None:
        Appointment.objects.create(
            organisation_id=home_class.organisation_id,
            staff=staff,
            role="form_teacher",
            home_class=home_class,
            valid_from=on,
        )
    done(
        home_class,
        organisation_id=home_class.organisation_id,
        data={
            "from": current.staff_id if current else None,
            "to": staff.pk if staff else None,
            "on": on.isoformat(),
        },
        event="directory.form_teacher_set",
    )
    return current.staff if current else None


@command("directory.release_staff")
def release_staff(*, actor: Actor, staff: StaffRecord, on: date) -> StaffRecord:
    """The member of staff leaves the school: posts end with the record. The last of the office stays."""
    if staff.valid_to is not None:
        raise errors.not_open()
    held = Appointment.objects.filter(staff=staff, valid_to__isnull=True)
    giving = list(held.filter(role__in=GIVERS))
    if giving and not _others_give(giving, on):
        raise errors.last_in_office(giving[0].role)
    held.update(valid_to=on)
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


@command("directory.readmit_staff")
def readmit_staff(*, actor: Actor, staff: StaffRecord) -> StaffRecord:
    """Take a leaving back with the posts that ended with it, but for a class that has another 班主任 now."""
    former = staff.valid_to
    if former is None:
        raise errors.already_staff([staff.name])
    staff.valid_to = None
    staff.revision += 1
    try:
        with transaction.atomic():
            staff.save(update_fields=["valid_to", "revision"])
    except IntegrityError:
        raise errors.already_staff([staff.name]) from None
    posts = Appointment.objects.filter(staff=staff, valid_to=former)
    _lock(*HomeClass.objects.filter(pk__in=posts.filter(role="form_teacher").values("home_class_id")))
    led = Appointment.objects.filter(role="form_teacher", valid_to__isnull=True).values("home_class_id")
    posts.exclude(role="form_teacher", home_class__in=led).update(valid_to=None)
    records.recount([staff.organisation_id])
    done(
        staff,
        organisation_id=staff.organisation_id,
        data={"left_on": former.isoformat()},
        event="directory.staff_readmitted",
    )
    return staff
