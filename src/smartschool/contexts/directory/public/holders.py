"""Doors of directory to the people of a place, as identity needs them: who may hold an account."""

from collections.abc import Collection, Iterable

from django.db.models import FilteredRelation, Q

from smartschool.contexts.directory.grades import grade_name, grade_on
from smartschool.contexts.directory.models import (
    Appointment,
    Enrolment,
    Guardianship,
    Person,
    Placement,
    StaffRecord,
)
from smartschool.contexts.directory.names import name_key
from smartschool.contexts.directory.public.contracts import OfficeHolder, PersonHit, UnseatedPupil
from smartschool.contexts.directory.public.roles import DISTRICT, OFFICE, roles
from smartschool.contexts.directory.shapes import CLASS_COLUMNS, class_info, class_of
from smartschool.contexts.directory.validity import valid_on, without_seat
from smartschool.kernel import bulk, clock
from smartschool.kernel.scope import current_scope

MOST_INITIALS = 4
MOST_HITS = 30


def initials(name: str) -> str:
    """``cxy`` for 陈小雨: what an account's name begins with; "u" where no character has a reading."""
    letters = [part[0] for part in name_key(name).split() if part[0].isascii() and part[0].isalpha()]
    return "".join(letters[:MOST_INITIALS]) or "u"


def person_codes(person_ids: Collection[int]) -> dict[int, str]:
    """Public code of each person, for forms."""
    return {pk: str(code) for pk, code in bulk.matching(Person, "id", list(person_ids), ["id", "code"])}


def merged_from(person_ids: Iterable[int]) -> dict[int, int]:
    """Former person id → the known person it was merged into: an account may still stand on the former."""
    rows = bulk.matching(Person, "merged_into_id", list(person_ids), ["id", "merged_into_id"])
    return dict(rows)


def described(organisation_id: int, person_id: int) -> PersonHit | None:
    """Name of a person at a place and what they are there; None where nothing ties them to it today. At
    most three round trips."""
    current_scope()
    here = valid_on(clock.today())
    staff = StaffRecord.objects.filter(here, organisation_id=organisation_id, person_id=person_id).first()
    if staff is not None:
        return PersonHit(person_id, staff.name, f"教职工 工号 {staff.staff_number}", "staff")
    pupil = Enrolment.objects.filter(here, organisation_id=organisation_id, person_id=person_id).first()
    if pupil is not None:
        seat = Placement.objects.filter(here, enrolment=pupil).select_related("home_class").first()
        where = f" {class_info(seat.home_class).name} {seat.class_number} 号" if seat else ""
        return PersonHit(person_id, pupil.name, f"学生{where}", "student")
    adult = (
        Guardianship.objects.filter(here, organisation_id=organisation_id, person_id=person_id)
        .select_related("enrolment")
        .first()
    )
    if adult is None:
        return None
    return PersonHit(person_id, adult.name, f"{adult.enrolment.name}的家长", "guardian")


def unseated(organisation_id: int) -> list[UnseatedPupil]:
    """Pupils of a place who sit in no class, by grade and the sound of the name; one round trip."""
    day = clock.today()
    rows = (
        Enrolment.objects.filter(valid_on(day), without_seat(day), organisation_id=organisation_id)
        .order_by("name_key", "pk")
        .values_list("pk", "person_id", "name", "stage", "entry_year")
    )
    graded = [
        (grade_on(stage, entry_year, day), pk, person, name) for pk, person, name, stage, entry_year in rows
    ]
    return [
        UnseatedPupil(pk, person, name, grade_name(grade) if grade else "已离校")
        for grade, pk, person, name in sorted(graded, key=lambda one: one[0] or 99)
    ]


def office_of(organisation_id: int) -> list[OfficeHolder]:
    """Who holds the posts of a place that the district gives, today, in the order of roles.toml; one round
    trip."""
    day, order = clock.today(), list(roles())
    rows = (
        Appointment.objects.filter(
            valid_on(day),
            valid_on(day, "staff__"),
            organisation_id=organisation_id,
            role__in=OFFICE | DISTRICT,
        )
        .order_by("staff__name_key", "pk")
        .values_list("pk", "staff__person_id", "staff__name", "staff__staff_number", "role", "valid_from")
    )
    return [
        OfficeHolder(pk, person, name, number, roles()[role].zh, since)
        for pk, person, name, number, role, since in sorted(rows, key=lambda row: order.index(row[4]))
    ]


def people_named(organisation_id: int, words: str) -> list[PersonHit]:
    """Staff, pupils and adults of one organisation whose name (or pinyin) begins with `words`; three round
    trips, at most `MOST_HITS` of each."""
    wanted, day = words.strip(), clock.today()
    if not wanted:
        return []
    named = Q(name__startswith=wanted) | Q(name_key__startswith=wanted.lower())
    here = valid_on(day) & Q(organisation_id=organisation_id)
    staff = StaffRecord.objects.filter(named, here).order_by("name_key", "staff_number")
    found = [
        PersonHit(person, name, f"教职工 工号 {number}", "staff")
        for person, name, number in staff.values_list("person_id", "name", "staff_number")[:MOST_HITS]
    ]
    pupils = (
        Enrolment.objects.filter(named, here)
        .annotate(seat=FilteredRelation("placements", condition=valid_on(day, "placements__")))
        .order_by("name_key", "pk")
    )
    columns = (f"seat__home_class__{name}" for name in CLASS_COLUMNS)
    for person, name, number, *home_class in pupils.values_list(
        "person_id", "name", "seat__class_number", *columns
    )[:MOST_HITS]:
        what = "还没有分班" if number is None else f"{class_of(day, *home_class).name} {number} 号"
        found.append(PersonHit(person, name, f"学生 {what}", "student"))
    adults = Guardianship.objects.filter(here, name__startswith=wanted).order_by("name", "pk")
    for person, name, child in adults.values_list("person_id", "name", "enrolment__name")[:MOST_HITS]:
        found.append(PersonHit(person, name, f"{child}的家长", "guardian"))
    return found
