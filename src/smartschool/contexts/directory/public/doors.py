"""Doors of directory: typed look-ups for other rooms, each one round trip.

Rows of an organisation (classes, pupils, staff) need an open scope; the tree and the terms do not.
"""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Count, Q, QuerySet

from smartschool.contexts.directory.models import (
    Appointment,
    Enrolment,
    HomeClass,
    Organisation,
    Placement,
    StaffRecord,
    TeachingAssignment,
    Term,
)
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.contracts import (
    ClassInfo,
    OrganisationInfo,
    PupilInfo,
    Seat,
    StaffInfo,
    TeachingInfo,
    TermInfo,
)
from smartschool.contexts.directory.shapes import CLASS_COLUMNS, SCHOOL_KINDS, class_info, class_of
from smartschool.contexts.directory.validity import current_term_id, valid_on
from smartschool.kernel import bulk, clock
from smartschool.kernel.ready import Ready
from smartschool.kernel.scope import current_scope

# --- organisations and time -------------------------------------------------------------------------


def _organisation(row: Organisation) -> OrganisationInfo:
    return OrganisationInfo(
        row.pk,
        row.code,
        row.name,
        row.short_name,
        row.kind,
        row.parent_id,
        row.school_type,
        row.plan_category,
        row.town,
    )


def organisations(kinds: Collection[str] | None = None, *, on: date | None = None) -> list[OrganisationInfo]:
    """The organisations open on a day (today), by code; parents are in `parent_id`."""
    rows = Organisation.objects.filter(valid_on(on or clock.today())).order_by("code")
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    return [_organisation(row) for row in rows]


def schools() -> list[OrganisationInfo]:
    """Every organisation that can have classes."""
    return organisations(SCHOOL_KINDS)


_BY_CODE = Ready(
    lambda code: Organisation.objects.filter(code=code).values_list(
        "pk", "code", "name", "short_name", "kind", "parent_id", "school_type", "plan_category", "town"
    )
)


def organisation(code: str) -> OrganisationInfo | None:
    """By 学校标识码 or short code; closed ones too."""
    found = _BY_CODE(code=code)
    return OrganisationInfo(*found[0]) if found else None


def organisations_by_id(ids: Iterable[int]) -> dict[int, OrganisationInfo]:
    """Look-up of many."""
    return {row.pk: _organisation(row) for row in Organisation.objects.filter(pk__in=set(ids))}


def terms() -> list[TermInfo]:
    """All terms, oldest first."""
    return [_term(row) for row in Term.objects.select_related("school_year").order_by("starts_on")]


def _term(row: Term) -> TermInfo:
    return TermInfo(row.pk, row.school_year.code, row.number, row.starts_on, row.ends_on, row.weeks)


def current_term(on: date | None = None) -> TermInfo:
    """The term that runs, or in the holidays the one that ended last.

    Raises
    ------
    LookupError
        No term has begun yet: the district has not entered its calendar.
    """
    row = (
        Term.objects.select_related("school_year")
        .filter(starts_on__lte=on or clock.today())
        .order_by("-starts_on")
        .first()
    )
    if row is None:
        raise LookupError("no term has begun")
    return _term(row)


# --- classes ----------------------------------------------------------------------------------------


def _natural(found: ClassInfo) -> tuple[int, int, int]:
    return (found.grade or 99, -found.entry_year, found.number)


def classes_of(
    organisation_ids: Iterable[int], *, grade: int | None = None, on: date | None = None
) -> list[ClassInfo]:
    """Open classes of organisations, by grade then number; `grade` keeps those where that grade sits."""
    day = on or clock.today()
    rows = HomeClass.objects.filter(valid_on(day), organisation_id__in=set(organisation_ids))
    found = [class_info(row, day) for row in rows]
    return sorted((c for c in found if grade is None or grade in c.grades), key=_natural)


def classes_in(rows: QuerySet[HomeClass], *, on: date | None = None) -> list[ClassInfo]:
    """The open ones among the rows that a policy gave, by grade then number."""
    day = on or clock.today()
    return sorted((class_info(row, day) for row in rows.filter(valid_on(day))), key=_natural)


_CLASSES = Ready(lambda ids: HomeClass.objects.filter(pk__any_of=ids).values_list(*CLASS_COLUMNS))


def classes_by_id(ids: Iterable[int], *, on: date | None = None) -> dict[int, ClassInfo]:
    """Look-up of many, closed ones too; ids outside the scope are missing."""
    day = on or clock.today()
    return {row[0]: class_of(day, *row) for row in _CLASSES(ids=set(ids))}


def class_by_code(code: str) -> ClassInfo | None:
    """By public code, inside the scope."""
    row = HomeClass.objects.filter(code=code).first()
    return None if row is None else class_info(row)


# --- pupils -----------------------------------------------------------------------------------------


def _pupils(condition: Q, day: date) -> list[PupilInfo]:
    rows = (
        Placement.objects.filter(condition, valid_on(day))
        .order_by("home_class_id", "class_number")
        .values_list(
            "enrolment_id",
            "enrolment__code",
            "enrolment__name",
            "enrolment__name_key",
            "enrolment__sex",
            "class_number",
            "home_class_id",
            "enrolment__entry_year",
            "enrolment__person_id",
        )
    )
    return [PupilInfo(*row) for row in rows]


def pupils_of_class(home_class_id: int, *, on: date | None = None) -> list[PupilInfo]:
    """Who sits in a class on a day, by 学号."""
    return _pupils(Q(home_class_id=home_class_id), on or clock.today())


def pupils_of_classes(home_class_ids: Iterable[int], *, on: date | None = None) -> dict[int, list[PupilInfo]]:
    """The same for many classes; every asked class is a key."""
    ids = list(home_class_ids)
    found: dict[int, list[PupilInfo]] = {class_id: [] for class_id in ids}
    for pupil in _pupils(Q(home_class_id__any_of=ids), on or clock.today()):
        found[pupil.home_class_id].append(pupil)
    return found


def pupils_by_enrolment(enrolment_ids: Iterable[int], *, on: date | None = None) -> dict[int, PupilInfo]:
    """Placed pupils by enrolment id."""
    found = _pupils(Q(enrolment_id__any_of=set(enrolment_ids)), on or clock.today())
    return {pupil.enrolment_id: pupil for pupil in found}


_SEATS = Ready(
    lambda day, enrolments: Placement.objects.filter(
        valid_on(day), enrolment_id__any_of=enrolments
    ).values_list("enrolment_id", "home_class_id", "class_number", "enrolment__entry_year")
)


def seats_by_enrolment(enrolment_ids: Iterable[int], *, on: date | None = None) -> dict[int, Seat]:
    """Seats of placed pupils by enrolment id."""
    rows = _SEATS(day=on or clock.today(), enrolments=set(enrolment_ids))
    return {row[0]: Seat._make(row) for row in rows}


def sexes_by_enrolment(enrolment_ids: Iterable[int]) -> dict[int, str]:
    """Code of the sex of each enrolment that the scope shows, without names."""
    current_scope()
    rows = bulk.matching(Enrolment, "id", list(enrolment_ids), ["id", "sex"])
    return dict(rows)


def class_sizes(organisation_ids: Iterable[int], *, on: date | None = None) -> dict[int, int]:
    """Pupils per open class id of organisations whose pupil rows the scope may read."""
    rows = (
        Placement.objects.filter(valid_on(on or clock.today()), organisation_id__in=set(organisation_ids))
        .values_list("home_class_id")
        .annotate(n=Count("id"))
        .order_by()
    )
    return dict(rows)


def enrolments_by_national_hash(
    organisation_id: int, hashes: Collection[bytes]
) -> dict[bytes, tuple[int, str]]:
    """学籍号 hash → id and name of the open enrolment of one school; unknown hashes are missing."""
    rows = Enrolment.objects.filter(
        organisation_id=organisation_id, valid_to__isnull=True, national_number_hash__any_of=hashes
    ).values_list("national_number_hash", "pk", "name")
    return {bytes(digest): (pk, name) for digest, pk, name in rows}


_BY_ID_HASH = Ready(
    lambda organisation, hashes: Enrolment.objects.filter(
        organisation_id=organisation, valid_to__isnull=True, id_hash__any_of=hashes
    ).values_list("id_hash", "pk", "name")
)


def enrolments_by_id_hash(organisation_id: int, hashes: Collection[bytes]) -> dict[bytes, tuple[int, str]]:
    """身份证号 hash → id and name of the open enrolment of one school; unknown hashes are missing."""
    rows = _BY_ID_HASH(organisation=organisation_id, hashes=hashes)
    return {bytes(digest): (pk, name) for digest, pk, name in rows}


def enrolments_by_name(organisation_id: int, names: Collection[str]) -> dict[str, list[int]]:
    """Name → open enrolment ids of one school. Several ids mean namesakes: the caller must not choose."""
    found: dict[str, list[int]] = {}
    rows = Enrolment.objects.filter(
        organisation_id=organisation_id, valid_to__isnull=True, name__in=list(names)
    ).values_list("name", "pk")
    for name, pk in rows:
        found.setdefault(name, []).append(pk)
    return found


def enrolments_by_seat(
    home_class_ids: Collection[int], *, on: date | None = None
) -> dict[tuple[int, int], int]:
    """(class id, 学号 in the class) → enrolment id."""
    rows = Placement.objects.filter(
        valid_on(on or clock.today()), home_class_id__in=list(home_class_ids)
    ).values_list("home_class_id", "class_number", "enrolment_id")
    return {(class_id, number): pk for class_id, number, pk in rows}


# --- staff and teaching -----------------------------------------------------------------------------


def staff_of(organisation_id: int, *, on: date | None = None) -> list[StaffInfo]:
    """Staff of an organisation by the sound of their names."""
    rows = (
        StaffRecord.objects.filter(valid_on(on or clock.today()), organisation_id=organisation_id)
        .order_by("name_key", "staff_number")
        .values_list("pk", "code", "name", "name_key", "staff_number", "person_id")
    )
    return [StaffInfo(*row) for row in rows]


def teaching(
    condition: Q | None = None, *, term: TermInfo | None = None, on: date | None = None
) -> list[TeachingInfo]:
    """Teaching assignments of a term (the current one), by class then subject code."""
    day = on or clock.today()
    rows = TeachingAssignment.objects.filter(
        term_id__in=current_term_id(day) if term is None else [term.id]
    ).values_list("subject", "staff_id", "staff__name", *(f"home_class__{name}" for name in CLASS_COLUMNS))
    if condition is not None:
        rows = rows.filter(condition)
    subjects = codes.table("subject")
    found = [
        TeachingInfo(class_of(day, *home_class), subject, subjects.name(subject), staff_id, staff_name)
        for subject, staff_id, staff_name, *home_class in rows
    ]
    return sorted(found, key=lambda one: (*_natural(one.home_class), one.subject, one.staff_id))


def taught_by(person_id: int, *, term: TermInfo | None = None) -> list[TeachingInfo]:
    """What a person teaches in the organisations of the scope."""
    return teaching(Q(staff__person_id=person_id), term=term)


def teachers_of_class(home_class_id: int, *, term: TermInfo | None = None) -> list[TeachingInfo]:
    """Who teaches a class."""
    return teaching(Q(home_class_id=home_class_id), term=term)


def form_classes_of(person_id: int, *, on: date | None = None) -> list[ClassInfo]:
    """Classes whose 班主任 a person is."""
    day = on or clock.today()
    rows = Appointment.objects.select_related("home_class").filter(
        valid_on(day), valid_on(day, "staff__"), role="form_teacher", staff__person_id=person_id
    )
    return sorted((class_info(row.home_class, day) for row in rows if row.home_class), key=_natural)


def form_teachers(home_class_ids: Iterable[int], *, on: date | None = None) -> dict[int, StaffInfo]:
    """Class id → its 班主任 today; classes without one are missing."""
    day = on or clock.today()
    rows = Appointment.objects.filter(
        valid_on(day), role="form_teacher", home_class_id__in=set(home_class_ids)
    ).values_list(
        "home_class_id",
        "staff_id",
        "staff__code",
        "staff__name",
        "staff__name_key",
        "staff__staff_number",
        "staff__person_id",
    )
    return {row[0]: StaffInfo(*row[1:]) for row in rows}
