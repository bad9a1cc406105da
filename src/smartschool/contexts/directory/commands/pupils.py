"""Verbs on pupils: enrol, seat, move to another class, leave, allocate the national number."""

from collections.abc import Sequence
from datetime import date
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import F

from smartschool.contexts.directory import errors, records
from smartschool.contexts.directory.models import (
    Enrolment,
    Guardianship,
    HomeClass,
    Organisation,
    Person,
    Placement,
)
from smartschool.contexts.directory.public.contracts import NewPupil
from smartschool.contexts.directory.public.hashes import id_hash, national_hash
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


@command("directory.enrol_pupils")
def enrol_pupils(
    *, actor: Actor, organisation: Organisation, pupils: Sequence[NewPupil], valid_from: date
) -> list[int]:
    """Enrol many, seated or not. A child that another school has not let go yet may be enrolled with
    status 待建籍: it attends here while the file travels. Returns enrolment ids in order."""
    _refuse_second_records(organisation, pupils)
    try:
        with transaction.atomic():
            ids = records.write_enrolments(organisation.pk, pupils, valid_from)
    except IntegrityError as error:
        raise _explained(error, pupils) from None
    records.recount([organisation.pk])
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"pupils": len(pupils)},
        event="directory.pupils_enrolled",
        ids={"enrolments": ids},
    )
    return ids


def _refuse_second_records(organisation: Organisation, pupils: Sequence[NewPupil]) -> None:
    numbers = {id_hash(pupil.id_number): pupil.name for pupil in pupils if pupil.id_number}
    rows = Enrolment.objects.filter(
        organisation=organisation, valid_to__isnull=True, id_hash__in=list(numbers)
    ).values_list("id_hash", flat=True)
    known = sorted(numbers[bytes(digest)] for digest in rows)
    if known:
        raise errors.already_enrolled(known)


def _explained(error: IntegrityError, pupils: Sequence[NewPupil]) -> Exception:
    text = str(error)
    if "placement_number_once" in text:
        return errors.number_taken(sorted({p.class_number for p in pupils if p.class_number is not None}))
    if "enrolment_one_open" in text:
        return errors.already_enrolled(sorted({pupil.name for pupil in pupils}))
    return error


@command("directory.place_pupils")
def place_pupils(
    *, actor: Actor, home_class: HomeClass, seats: Sequence[tuple[Enrolment, int]], on: date
) -> int:
    """Seat pupils in a class under their 学号; who sat elsewhere in the school leaves that seat."""
    enrolments = [enrolment.pk for enrolment, _ in seats]
    _leave_seats(enrolments, on)
    try:
        with transaction.atomic():
            records.write_placements(
                home_class.organisation_id,
                [(enrolment.pk, home_class.pk, number) for enrolment, number in seats],
                on,
            )
    except IntegrityError:
        raise errors.number_taken([number for _, number in seats]) from None
    done(
        home_class,
        organisation_id=home_class.organisation_id,
        data={"pupils": len(seats), "on": on.isoformat()},
        event="directory.pupils_placed",
        ids={"enrolments": enrolments},
    )
    return len(seats)


def _leave_seats(enrolment_ids: Sequence[int], on: date) -> None:
    """End open seats; a seat taken the same day or later never was."""
    seats = Placement.objects.filter(enrolment_id__in=enrolment_ids, valid_to__isnull=True)
    seats.filter(valid_from__gte=on).delete()
    seats.filter(valid_from__lt=on).update(valid_to=on)


@command("directory.transfer_pupil")
def transfer_pupil(
    *, actor: Actor, enrolment: Enrolment, home_class: HomeClass, class_number: int, on: date
) -> None:
    """Move a pupil to another class of the same school (转班级, 学籍异动类别 29)."""
    if enrolment.valid_to is not None or enrolment.organisation_id != home_class.organisation_id:
        raise errors.not_open()
    _leave_seats([enrolment.pk], on)
    try:
        with transaction.atomic():
            records.write_placements(
                enrolment.organisation_id, [(enrolment.pk, home_class.pk, class_number)], on
            )
    except IntegrityError:
        raise errors.number_taken([class_number]) from None
    done(
        enrolment,
        organisation_id=enrolment.organisation_id,
        data={"class": home_class.pk, "on": on.isoformat()},
        event="directory.pupil_transferred",
    )


@command("directory.release_pupil")
def release_pupil(*, actor: Actor, enrolment: Enrolment, status: str, on: date) -> Enrolment:
    """The child leaves this school (转出, 毕业 …): seat, guardianships and enrolment end on one day. The
    other school has enrolled it already or will: its record is its own."""
    if enrolment.valid_to is not None:
        raise errors.not_open()
    _leave_seats([enrolment.pk], on)
    Guardianship.objects.filter(enrolment=enrolment, valid_to__isnull=True).update(valid_to=on)
    enrolment.status, enrolment.valid_to = status, on
    enrolment.revision = F("revision") + 1
    enrolment.save(update_fields=["status", "valid_to", "revision"])
    enrolment.refresh_from_db()
    records.recount([enrolment.organisation_id])
    done(
        enrolment,
        organisation_id=enrolment.organisation_id,
        data={"status": status, "on": on.isoformat()},
        event="directory.pupil_released",
    )
    return enrolment


@command("directory.allocate_number")
def allocate_number(
    *, actor: Actor, enrolment: Enrolment, national_number: str, id_number: str | None
) -> Enrolment:
    """Write the 学籍号 that 全国学籍 gave to a child that came before it. If the ID number belongs to a
    person known elsewhere in the district, the two become one; within one school that is refused."""
    former = cast("str | None", enrolment.national_number)
    if former is not None and not former.startswith("L"):  # L numbers are provisional
        raise errors.number_allocated()
    data = {"merged": False}
    if id_number is not None:
        digest = id_hash(id_number)
        twin = (
            Enrolment.objects.filter(
                organisation_id=enrolment.organisation_id, id_hash=digest, valid_to__isnull=True
            )
            .exclude(pk=enrolment.pk)
            .exists()
        )
        if twin:
            raise errors.number_elsewhere()
        data["merged"] = _identify(enrolment, digest)
        enrolment.id_number, enrolment.id_hash = id_number, digest
    enrolment.national_number = national_number
    enrolment.national_number_hash = national_hash(national_number)
    if enrolment.status == Enrolment.Status.PENDING:
        enrolment.status = Enrolment.Status.ACTIVE
    enrolment.revision += 1
    enrolment.save()
    done(
        enrolment,
        organisation_id=enrolment.organisation_id,
        data=data,
        event="directory.number_allocated",
        ids={"person": enrolment.person_id},
    )
    return enrolment


def _identify(enrolment: Enrolment, digest: bytes) -> bool:
    """Give the child's person its hash, or point it to the person who has it; True when merged.

    A person without a hash is known to this school only, so all rows to move are in its scope.
    """
    own = enrolment.person
    known = Person.objects.filter(id_hash=digest).exclude(pk=own.pk).first()
    if known is None:
        own.id_hash = digest
        own.save(update_fields=["id_hash"])
        return False
    enrolment.person = known
    own.merged_into = known
    own.save(update_fields=["merged_into"])
    return True
