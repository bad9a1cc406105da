"""Reads of the pages of directory: a class, a pupil, the staff of a school."""

import json
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from smartschool.contexts.directory.grades import grade_name, grade_on
from smartschool.contexts.directory.masking import mask_number, mask_phone
from smartschool.contexts.directory.models import (
    Appointment,
    Enrolment,
    Guardianship,
    HomeClass,
    Placement,
    StaffRecord,
    TeachingAssignment,
)
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.validity import current_term_id, valid_on, without_seat
from smartschool.kernel import clock
from smartschool.kernel.ready import Ready

DETAIL_LABELS = {
    "address": "现住址",
    "phone": "联系电话",
    "left_behind": "留守情况",
    "attendance_mode": "就读方式",
}
DETAIL_TABLES = {"left_behind": "left_behind", "attendance_mode": "attendance_mode"}


@dataclass(frozen=True, slots=True)
class Seat:
    """A pupil in the list of a class."""

    code: str
    name: str
    class_number: int
    sex: str


@dataclass(frozen=True, slots=True)
class ClassPage:
    """A class as its page shows it; `head` is (name, person id) of the 班主任."""

    seats: list[Seat]
    teachers: list[tuple[str, str]]
    head: tuple[str, int] | None


_seats = Ready(
    lambda day, home_class: (
        Placement.objects.filter(valid_on(day), home_class_id=home_class)
        .order_by("class_number")
        .values_list("enrolment__code", "enrolment__name", "class_number", "enrolment__sex")
    )
)
_lessons = Ready(
    lambda day, home_class: (
        TeachingAssignment.objects.filter(home_class_id=home_class, term_id__in=current_term_id(day))
        .order_by("subject", "staff__name_key")
        .values_list("subject", "staff__name")
    )
)
_heads = Ready(
    lambda day, home_class: Appointment.objects.filter(
        valid_on(day), role="form_teacher", home_class_id=home_class
    ).values_list("staff__name", "staff__person_id")
)


def class_page(home_class_id: int) -> ClassPage:
    """Pupils by 学号, (subject, teacher) of this term, 班主任: three round trips, only what is shown."""
    day = clock.today()
    sexes, subjects = codes.table("sex").names, codes.table("subject")
    heads = _heads(day=day, home_class=home_class_id)
    return ClassPage(
        [
            Seat(code, name, number, sexes.get(sex, ""))
            for code, name, number, sex in _seats(day=day, home_class=home_class_id)
        ],
        [(subjects.name(subject), name) for subject, name in _lessons(day=day, home_class=home_class_id)],
        (heads[0][0], heads[0][1]) if heads else None,
    )


@dataclass(frozen=True, slots=True)
class Adult:
    """A guardian as shown on the pupil's page."""

    name: str
    relation: str
    phone: str
    is_caregiver: bool


@dataclass(frozen=True, slots=True)
class PupilPage:
    """A pupil as shown: numbers masked unless they were asked for in full."""

    code: str
    name: str
    sex: str
    birth_date: date | None
    ethnicity: str
    status: str
    grade: str
    home_class: ClassInfo | None
    class_number: int | None
    national_number: str
    id_number: str
    details: list[tuple[str, str]] = field(default_factory=list)
    adults: list[Adult] = field(default_factory=list)
    in_full: bool = False


def pupil_page(pupil: Enrolment, *, in_full: bool) -> PupilPage:
    """Two round trips beside the pupil itself: seat and adults."""
    day = clock.today()
    seat = Placement.objects.select_related("home_class").filter(valid_on(day), enrolment=pupil).first()
    adults = Guardianship.objects.filter(valid_on(day), enrolment=pupil).order_by("pk")
    grade = grade_on(pupil.stage, pupil.entry_year, day)
    number = _plain if in_full else mask_number
    phone = _plain if in_full else mask_phone
    return PupilPage(
        pupil.code,
        pupil.name,
        codes.table("sex").name(pupil.sex),
        pupil.birth_date,
        codes.table("ethnicity").name(pupil.ethnicity) if pupil.ethnicity else "",
        Enrolment.Status(pupil.status).label,
        grade_name(grade) if grade else "已离校",
        class_info(seat.home_class, day) if seat else None,
        seat.class_number if seat else None,
        number(_text(pupil.national_number)),
        number(_text(pupil.id_number)),
        _details(pupil) if in_full else [],
        [
            Adult(
                adult.name,
                codes.table("kinship").name(adult.relation),
                phone(_text(adult.phone)),
                adult.kind == Guardianship.Kind.CAREGIVER,
            )
            for adult in adults
        ],
        in_full,
    )


def _text(value: object) -> str | None:
    """Encrypted columns come back as text; their field type says bytes."""
    return None if value is None else str(value)


def _plain(value: str | None) -> str:
    return value or ""


def _details(pupil: Enrolment) -> list[tuple[str, str]]:
    """The columns of the 学籍 workbook that somebody at school needs in full now and then."""
    stored = json.loads(_text(pupil.details) or "{}")
    found = []
    for key, label in DETAIL_LABELS.items():
        if value := stored.get(key):
            table = DETAIL_TABLES.get(key)
            found.append((label, codes.table(table).name(value) if table else str(value)))
    return found


@dataclass(slots=True)
class StaffRow:
    """A member of staff with posts and this term's classes in words."""

    code: str
    name: str
    staff_number: str
    share: str
    posts: list[str] = field(default_factory=list)
    teaching: list[str] = field(default_factory=list)


def staff_rows(organisation_id: int) -> list[StaffRow]:
    """Everybody of an organisation by the sound of the name; three round trips."""
    day = clock.today()
    rows: dict[int, StaffRow] = {}
    for record in (
        StaffRecord.objects.filter(valid_on(day), organisation_id=organisation_id)
        .order_by("name_key", "staff_number")
        .only("code", "name", "staff_number", "share")
    ):
        share = "" if record.share == 1 else f"{record.share.normalize():f} 个岗"
        rows[record.pk] = StaffRow(record.code, record.name, record.staff_number, share)
    for post in Appointment.objects.select_related("home_class").filter(
        valid_on(day), organisation_id=organisation_id
    ):
        title = roles()[post.role].zh
        place = f"（{class_info(post.home_class, day).name}）" if post.home_class else ""
        if post.staff_id in rows and post.role != "teacher":
            rows[post.staff_id].posts.append(title + place)
    subjects = codes.table("subject")
    lessons: dict[tuple[int, str], list[str]] = {}
    for assignment in (
        TeachingAssignment.objects.select_related("home_class")
        .filter(organisation_id=organisation_id, term_id__in=current_term_id(day))
        .order_by("subject", "home_class__stage", "-home_class__entry_year", "home_class__number")
    ):
        lessons.setdefault((assignment.staff_id, assignment.subject), []).append(
            class_info(assignment.home_class, day).name
        )
    for (staff_id, subject), names in lessons.items():
        if staff_id in rows:
            rows[staff_id].teaching.append(f"{subjects.name(subject)} {'、'.join(names)}")
    return list(rows.values())


def search_pupils(organisation_id: int, words: str) -> list[Enrolment]:
    """Open enrolments whose name or pinyin begins with `words`; at most 50, by the sound of the name."""
    wanted = words.strip()
    if not wanted:
        return []
    return list(
        Enrolment.objects.filter(
            Q(name__startswith=wanted) | Q(name_key__startswith=wanted.lower()),
            valid_on(clock.today()),
            organisation_id=organisation_id,
        )
        .only("code", "name", "sex", "stage", "entry_year", "status")
        .order_by("name_key", "code")[:50]
    )


def unplaced(organisation_id: int) -> list[Enrolment]:
    """Open enrolments without a seat: attend nowhere, so somebody has to seat them."""
    day = clock.today()
    return list(
        Enrolment.objects.filter(valid_on(day), without_seat(day), organisation_id=organisation_id)
        .only("code", "name", "sex", "stage", "entry_year", "status")
        .order_by("name_key", "code")[:50]
    )


def pending_count(organisation_id: int) -> int:
    """Children who sit in class without a 学籍号 yet."""
    return Enrolment.objects.filter(
        valid_on(clock.today()), organisation_id=organisation_id, status=Enrolment.Status.PENDING
    ).count()


def open_classes_for(pupil: Enrolment) -> list[HomeClass]:
    """Classes of the pupil's own grade in its school, 复式班 included."""
    rows = HomeClass.objects.filter(
        Q(entry_year=pupil.entry_year) | Q(further_entry_years__contains=[pupil.entry_year]),
        valid_on(clock.today()),
        organisation_id=pupil.organisation_id,
        stage=pupil.stage,
    )
    return list(rows.order_by("number", "pk"))
