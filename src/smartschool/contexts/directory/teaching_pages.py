"""Reads of 任课 and 任职: the grid class × subject with what does not fit, and who holds which post."""

from dataclasses import dataclass, field
from datetime import date

from django.db.models import F

from smartschool.contexts.directory.curriculum_plan import in_order, required
from smartschool.contexts.directory.models import Appointment, StaffRecord, TeachingAssignment
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.contracts import ClassInfo, TermInfo
from smartschool.contexts.directory.public.doors import classes_of, terms
from smartschool.contexts.directory.public.roles import Role, roles
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.validity import valid_on
from smartschool.kernel import clock


@dataclass(frozen=True, slots=True)
class Teacher:
    """Somebody who can be chosen for a lesson or a class; `note` tells namesakes and guests apart."""

    id: int
    code: str
    name: str
    note: str
    teaches: bool  # holds the post 任课教师
    here: bool  # still a member of staff


@dataclass(slots=True)
class Cell:
    """One subject of one class: who teaches it; `missing` where the grade has to have it and nobody does."""

    subject: str
    subject_name: str
    teachers: list[Teacher] = field(default_factory=list)
    missing: bool = False


@dataclass(slots=True)
class Line:
    """One class of the grid."""

    one: ClassInfo
    head: Teacher | None
    cells: list[Cell]


@dataclass(slots=True)
class Grid:
    """The teaching of a term. `concerns` are sentences on what does not fit."""

    term: TermInfo
    terms: list[TermInfo]
    subjects: list[tuple[str, str]]
    lines: list[Line]
    missing: int
    concerns: list[str]
    others: list[tuple[str, str]]  # subjects that may be added as a column


def terms_around(day: date) -> list[TermInfo]:
    """The term before, the running one (in the holidays the last) and those to come, oldest first."""
    known = terms()
    begun = [term for term in known if term.starts_on <= day]
    return [*begun[-2:], *(term for term in known if term.starts_on > day)]


def teachers_of(organisation_id: int) -> dict[int, Teacher]:
    """Everybody who is or was staff of a school, by the sound of the name; two round trips."""
    day = clock.today()
    holding = set(
        Appointment.objects.filter(
            valid_on(day), organisation_id=organisation_id, role="teacher"
        ).values_list("staff_id", flat=True)
    )
    rows = list(
        StaffRecord.objects.filter(organisation_id=organisation_id)
        .order_by("name_key", "staff_number")
        .values_list("pk", "code", "name", "staff_number", "share", "valid_to")
    )
    names = [name for _, _, name, _, _, valid_to in rows if valid_to is None]
    found = {}
    for pk, code, name, number, share, valid_to in rows:
        notes = [f"工号 {number}"] if names.count(name) > 1 else []
        if share != 1:
            notes.append(f"{share.normalize():f} 个岗")
        here = valid_to is None or valid_to > day
        found[pk] = Teacher(pk, code, name, "，".join(notes), pk in holding, here)
    return found


def form_teachers_of(organisation_id: int, people: dict[int, Teacher]) -> dict[int, Teacher]:
    """Class id → its 班主任 today."""
    rows = Appointment.objects.filter(
        valid_on(clock.today()), organisation_id=organisation_id, role="form_teacher"
    ).values_list("home_class_id", "staff_id")
    return {home_class: people[staff] for home_class, staff in rows if home_class is not None}


def grid(organisation_id: int, term: TermInfo, *, stage: str = "", add: str = "") -> Grid:
    """The grid of a term, of one stage or of all; six round trips."""
    day = clock.today()
    classes = [one for one in classes_of([organisation_id]) if one.grades and stage in ("", one.stage)]
    people = teachers_of(organisation_id)
    heads = form_teachers_of(organisation_id, people)
    taught: dict[tuple[int, str], list[Teacher]] = {}
    rows = TeachingAssignment.objects.filter(organisation_id=organisation_id, term_id=term.id)
    for home_class, subject, staff in rows.order_by("staff__name_key").values_list(
        "home_class_id", "subject", "staff_id"
    ):
        taught.setdefault((home_class, subject), []).append(people[staff])
    table = codes.table("subject")
    wanted = {one.id: required(one.grades) for one in classes}
    used = {subject for home_class, subject in taught if home_class in wanted}
    added = {add} if add in table.names else set()
    subjects = in_order(set().union(*wanted.values(), used, added)) if classes else []
    lines = [
        Line(
            one,
            heads.get(one.id),
            [
                Cell(
                    subject,
                    table.name(subject),
                    taught.get((one.id, subject), []),
                    subject in wanted[one.id] and (one.id, subject) not in taught,
                )
                for subject in subjects
            ],
        )
        for one in classes
    ]
    return Grid(
        term,
        terms_around(day),
        [(subject, table.name(subject)) for subject in subjects],
        lines,
        sum(cell.missing for line in lines for cell in line.cells),
        _concerns(lines),
        [(code, name) for code, name in table.choices() if code not in subjects],
    )


def taught_in(home_class_id: int, subject: str, term: TermInfo, people: dict[int, Teacher]) -> list[Teacher]:
    """Who teaches a subject in a class in a term; one round trip."""
    rows = TeachingAssignment.objects.filter(home_class_id=home_class_id, subject=subject, term_id=term.id)
    return [people[staff] for staff in rows.order_by("staff__name_key").values_list("staff_id", flat=True)]


def _concerns(lines: list[Line]) -> list[str]:
    found = []
    headless = [line.one.name for line in lines if line.head is None]
    if headless:
        found.append(f"{'、'.join(headless)}还没有班主任。")
    classes: dict[str, list[str]] = {}
    for line in lines:
        if line.head is not None:
            classes.setdefault(line.head.code, []).append(line.one.name)
            lessons = {teacher.id for cell in line.cells for teacher in cell.teachers}
            if lessons and line.head.id not in lessons:
                found.append(f"{line.head.name}是{line.one.name}的班主任，却不教这个班。")
    people = {teacher.code: teacher for line in lines for cell in line.cells for teacher in cell.teachers}
    people |= {line.head.code: line.head for line in lines if line.head is not None}
    for code, names in classes.items():
        if len(names) > 1:
            found.append(f"{people[code].name}同时是{'、'.join(names)}的班主任。")
    for teacher in people.values():
        lessons_left = [
            f"{line.one.name}{cell.subject_name}"
            for line in lines
            for cell in line.cells
            if any(one.id == teacher.id for one in cell.teachers)
        ]
        if lessons_left and not teacher.here:
            found.append(f"{teacher.name}已经离开，{'、'.join(lessons_left)}要换人。")
        elif lessons_left and not teacher.teaches:
            found.append(f"{teacher.name}有课，却没有任课教师的岗位，登录后看不到班级。")
    return found


@dataclass(frozen=True, slots=True)
class PostRow:
    """An appointment as its page shows it."""

    id: int
    name: str
    note: str
    zh: str
    place: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Posts:
    """Who holds which post, by role; the last that ended."""

    by_role: list[tuple[str, str, list[PostRow]]]
    ended: list[PostRow]


def posts_of(organisation_id: int) -> Posts:
    """Three round trips."""
    day = clock.today()
    people = teachers_of(organisation_id)
    rows = Appointment.objects.select_related("home_class").filter(organisation_id=organisation_id)
    found: dict[str, list[PostRow]] = {role.name: [] for role in held_at_schools()}
    order = {staff: place for place, staff in enumerate(people)}
    current = [row for row in rows.filter(valid_on(day)) if people[row.staff_id].here]

    def natural(row: Appointment) -> tuple[bool, int, int, int]:
        """班主任 by class, everybody else by the sound of the name."""
        one = row.home_class
        if one is None:
            return False, 0, 0, order[row.staff_id]
        return one.stage == "junior", -one.entry_year, one.number, order[row.staff_id]

    for row in sorted(current, key=natural):
        found.setdefault(row.role, []).append(_post(row, people, day))
    ended = rows.filter(valid_to__lte=day, valid_to__gt=F("valid_from")).order_by("-valid_to", "-pk")[:10]
    return Posts(
        [(name, roles()[name].zh, held) for name, held in found.items()],
        [_post(row, people, day) for row in ended],
    )


def _post(row: Appointment, people: dict[int, Teacher], day: date) -> PostRow:
    who = people[row.staff_id]
    place = class_info(row.home_class, day).name if row.home_class else ""
    return PostRow(row.pk, who.name, who.note, roles()[row.role].zh, place, row.valid_from, row.valid_to)


def held_at_schools() -> list[Role]:
    """Posts of a school, in the order of roles.toml."""
    return [role for role in roles().values() if role.by == "appointment" and "school" in role.at]
