"""Set-based writers of the records of one organisation: the bodies of commands and of importers' batches.

Each takes many and needs a handful of statements; the caller's scope must allow writing.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Count, Sum

from smartschool.contexts.directory.models import (
    Enrolment,
    Guardianship,
    Headcount,
    Placement,
    StaffRecord,
    TeachingAssignment,
)
from smartschool.contexts.directory.names import name_key
from smartschool.contexts.directory.persons import ensure_persons
from smartschool.contexts.directory.public.contracts import NewAssignment, NewGuardian, NewPupil, NewStaff
from smartschool.contexts.directory.public.hashes import id_hash, national_hash, phone_hash
from smartschool.kernel import bulk
from smartschool.kernel.crypto import keyed_hash
from smartschool.kernel.ids import short_code, short_codes

# One organisation for all rows, or one a row.
Owner = int | Sequence[int]


def _owners(organisation_id: Owner, size: int) -> Sequence[int]:
    return [organisation_id] * size if isinstance(organisation_id, int) else organisation_id


def write_enrolments(
    organisation_id: Owner,
    pupils: Sequence[NewPupil],
    valid_from: date,
    persons: Sequence[tuple[int, bytes | None]] | None = None,
) -> list[int]:
    """Enrolments, and seats for those that name a class; returns enrolment ids in order. The persons are
    found or made by the ID number unless the caller has done that and says (person id, `id_hash`)."""
    if not pupils:
        return []
    if persons is None:
        hashes = [id_hash(pupil.id_number) if pupil.id_number else None for pupil in pupils]
        persons = list(zip(ensure_persons(hashes), hashes, strict=True))
    owners = _owners(organisation_id, len(pupils))
    ids = bulk.allocate_ids(Enrolment, len(pupils))
    bulk.insert(
        Enrolment,
        {
            "id": ids,
            "organisation_id": owners,
            "person_id": [person for person, _ in persons],
            "code": [
                pupil.code or code for pupil, code in zip(pupils, short_codes(len(pupils)), strict=True)
            ],
            "status": [pupil.status for pupil in pupils],
            "name": [pupil.name for pupil in pupils],
            "name_key": [name_key(pupil.name) for pupil in pupils],
            "sex": [pupil.sex for pupil in pupils],
            "birth_date": [pupil.birth_date for pupil in pupils],
            "ethnicity": [pupil.ethnicity for pupil in pupils],
            "national_number": [pupil.national_number for pupil in pupils],
            "national_number_hash": [
                national_hash(pupil.national_number) if pupil.national_number else None for pupil in pupils
            ],
            "id_type": [pupil.id_type for pupil in pupils],
            "id_number": [pupil.id_number for pupil in pupils],
            "id_hash": [digest for _, digest in persons],
            "details": [pupil.details for pupil in pupils],
            "entry_month": [pupil.entry_month for pupil in pupils],
            "stage": [pupil.stage for pupil in pupils],
            "entry_year": [pupil.entry_year for pupil in pupils],
            "digest": [pupil.digest for pupil in pupils],
            "valid_from": [valid_from] * len(pupils),
        },
    )
    seated = [
        (owner, (enrolment_id, pupil.home_class_id, pupil.class_number))
        for owner, enrolment_id, pupil in zip(owners, ids, pupils, strict=True)
        if pupil.home_class_id is not None and pupil.class_number is not None
    ]
    write_placements([owner for owner, _ in seated], [seat for _, seat in seated], valid_from)
    return ids


def write_placements(
    organisation_id: Owner, seats: Sequence[tuple[int, int, int]], valid_from: date
) -> list[int]:
    """Seats (enrolment id, class id, 学号 in the class); returns placement ids."""
    if not seats:
        return []
    ids = bulk.allocate_ids(Placement, len(seats))
    bulk.insert(
        Placement,
        {
            "id": ids,
            "organisation_id": _owners(organisation_id, len(seats)),
            "enrolment_id": [seat[0] for seat in seats],
            "home_class_id": [seat[1] for seat in seats],
            "class_number": [seat[2] for seat in seats],
            "valid_from": [valid_from] * len(seats),
        },
    )
    return ids


def write_staff(organisation_id: int, staff: Sequence[NewStaff], valid_from: date) -> list[int]:
    """Staff records; a person known by the ID number elsewhere in the district is the same person."""
    if not staff:
        return []
    id_hashes = [id_hash(one.id_number) if one.id_number else None for one in staff]
    ids = bulk.allocate_ids(StaffRecord, len(staff))
    bulk.insert(
        StaffRecord,
        {
            "id": ids,
            "organisation_id": [organisation_id] * len(staff),
            "person_id": ensure_persons(id_hashes),
            "code": [one.code or short_code() for one in staff],
            "staff_number": [one.staff_number for one in staff],
            "name": [one.name for one in staff],
            "name_key": [name_key(one.name) for one in staff],
            "sex": [one.sex for one in staff],
            "birth_date": [one.birth_date for one in staff],
            "id_number": [one.id_number for one in staff],
            "id_hash": id_hashes,
            "phone": [one.phone for one in staff],
            "details": [one.details for one in staff],
            "share": [one.share for one in staff],
            "digest": [one.digest for one in staff],
            "valid_from": [valid_from] * len(staff),
        },
    )
    return ids


def write_guardianships(
    organisation_id: Owner,
    guardians: Sequence[NewGuardian],
    valid_from: date,
    person_ids: Sequence[int] | None = None,
) -> list[int]:
    """Guardianships. Without an ID number, name and phone together stand for the person: siblings share
    the parent, and two parents on one phone stay two."""
    if not guardians:
        return []
    if person_ids is None:
        person_ids = ensure_persons([guardian_hash(one.name, one.phone, one.id_number) for one in guardians])
    ids = bulk.allocate_ids(Guardianship, len(guardians))
    bulk.insert(
        Guardianship,
        {
            "id": ids,
            "organisation_id": _owners(organisation_id, len(guardians)),
            "person_id": person_ids,
            "enrolment_id": [one.enrolment_id for one in guardians],
            "kind": [one.kind for one in guardians],
            "relation": [one.relation for one in guardians],
            "name": [one.name for one in guardians],
            "phone": [one.phone for one in guardians],
            "phone_hash": [phone_hash(one.phone) if one.phone else None for one in guardians],
            "id_number": [one.id_number for one in guardians],
            "valid_from": [valid_from] * len(guardians),
        },
    )
    return ids


def recount(organisation_ids: Iterable[int]) -> None:
    """Count pupils and staff of organisations anew, for those who may not see the records.

    Called after the records are written, in the same transaction. The row is locked before it is counted,
    so of two commands at one school the later one counts what the earlier one wrote.
    """
    ids = sorted(set(organisation_ids))
    Headcount.objects.bulk_create([Headcount(organisation_id=pk) for pk in ids], ignore_conflicts=True)
    rows = list(
        Headcount.objects.select_for_update().filter(organisation_id__in=ids).order_by("organisation_id")
    )
    here = {"organisation_id__in": ids, "valid_to__isnull": True}
    pupils = dict(
        Enrolment.objects.filter(**here).values_list("organisation_id").annotate(Count("id")).order_by()
    )
    staff = {
        pk: (number, shares)
        for pk, number, shares in StaffRecord.objects.filter(**here)
        .values_list("organisation_id")
        .annotate(Count("id"), Sum("share"))
        .order_by()
    }
    for row in rows:
        row.pupils = pupils.get(row.organisation_id, 0)
        row.staff, row.full_time = staff.get(row.organisation_id, (0, 0))
    Headcount.objects.bulk_update(rows, ["pupils", "staff", "full_time"])


def guardian_hash(name: str, phone: str | None, id_number: str | None) -> bytes | None:
    """Hash under which a guardian is the same person again."""
    if id_number:
        return id_hash(id_number)
    if phone:
        return keyed_hash(f"{name}\0{phone}", purpose="guardian")
    return None


def write_assignments(organisation_id: int, term_id: int, assignments: Sequence[NewAssignment]) -> int:
    """Teaching assignments; those that exist already are left alone. Returns how many are new."""
    if not assignments:
        return 0
    return bulk.insert(
        TeachingAssignment,
        {
            "organisation_id": [organisation_id] * len(assignments),
            "term_id": [term_id] * len(assignments),
            "staff_id": [one.staff_id for one in assignments],
            "home_class_id": [one.home_class_id for one in assignments],
            "subject": [one.subject for one in assignments],
        },
        ignore_conflicts=True,
    )
