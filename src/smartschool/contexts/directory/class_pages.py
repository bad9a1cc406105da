"""Reads of the pages of classes: the list by grade, where pupils can go, the next first grade."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Max, QuerySet

from smartschool.contexts.directory.grades import FIRST_GRADE, class_name, school_year_start
from smartschool.contexts.directory.models import Enrolment, HomeClass, Placement
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.contracts import ClassInfo, NewClass, StaffInfo
from smartschool.contexts.directory.public.doors import class_sizes
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.tree import grades_in_words
from smartschool.kernel import clock

# 班级类型 that a class has unless somebody says otherwise; 复式班 has its own.
ORDINARY = {"primary": "10", "junior": "20"}
COMBINED = {"primary": "12", "junior": "22"}
# 办学类型 with primary and with junior grades of their own; any other class is 附设.
OWN_STAGES = {
    "primary": {"211", "218", "221", "222", "228", "312", "345", "511", "512", "513", "514"},
    "junior": {"311", "312", "321", "331", "332", "341", "345", "511", "512", "513", "514"},
}


def type_of(one: ClassInfo, school_type: str) -> str:
    """What sets a class apart, in words: 复式班, 教学点班, 附设小学班; "" of an ordinary one."""
    found = []
    if one.is_combined:
        found.append("复式班")
    elif one.class_type not in (*ORDINARY.values(), *COMBINED.values()):
        found.append(codes.table("class_kind").name(one.class_type).removeprefix("小学").removeprefix("初中"))
    if school_type and school_type not in OWN_STAGES.get(one.stage, set()):
        found.append("附设小学班" if one.stage == "primary" else "附设初中班")
    return "、".join(found)


@dataclass(slots=True)
class ClassRow:
    """A class in the list of its school."""

    one: ClassInfo
    size: int
    head: StaffInfo | None
    type_name: str


@dataclass(slots=True)
class ClassGroup:
    """The classes of one grade, or of one stage where a grade has hardly more than one class."""

    name: str
    rows: list[ClassRow] = field(default_factory=list)

    @property
    def pupils(self) -> int:
        return sum(row.size for row in self.rows)


def grouped(rows: Sequence[ClassRow]) -> list[ClassGroup]:
    """In the order of the rows: by grade, 复式班 by themselves; by stage where that would be a heading a
    row."""
    by_grade = len(rows) >= 2 * len({row.one.grades for row in rows})
    found: list[ClassGroup] = []
    for row in rows:
        name = grades_in_words(row.one) if by_grade else HomeClass.Stage(row.one.stage).label
        if not found or found[-1].name != name:
            found.append(ClassGroup(name))
        found[-1].rows.append(row)
    return found


def coming(rows: QuerySet[HomeClass]) -> list[tuple[ClassInfo, date]]:
    """Classes that begin later, with their first day."""
    later = rows.filter(valid_from__gt=clock.today(), valid_to__isnull=True)
    return [
        (class_info(row, row.valid_from), row.valid_from)
        for row in later.order_by("entry_year", "-stage", "number")
    ]


def gone(rows: QuerySet[HomeClass]) -> list[tuple[ClassInfo, date]]:
    """Classes that were closed, the last first; those taken back at once are left out."""
    past = rows.filter(valid_to__lte=clock.today()).order_by("-valid_to", "stage", "entry_year", "number")
    return [
        (class_info(row, row.valid_from), row.valid_to)
        for row in past
        if row.valid_to is not None and row.valid_to > row.valid_from
    ]


def next_number(organisation_id: int, stage: str, entry_year: int) -> int:
    """The first 班号 after those in use."""
    rows = HomeClass.objects.filter(
        organisation_id=organisation_id, stage=stage, entry_year=entry_year, valid_to__isnull=True
    )
    return int(rows.aggregate(Max("number"))["number__max"] or 0) + 1


# --- moving pupils ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mover:
    """A pupil on the way to another class, with the number it has and the one proposed."""

    enrolment: Enrolment
    class_number: int
    proposed: int = 0


def movers(home_class_id: int, pupil_codes: Collection[str]) -> list[Mover]:
    """The chosen pupils of a class by 学号; codes of others are left out."""
    seats = Placement.objects.select_related("enrolment").filter(
        home_class_id=home_class_id,
        enrolment__code__in=list(pupil_codes),
        valid_from__lte=clock.today(),
        valid_to__isnull=True,
    )
    return [Mover(seat.enrolment, seat.class_number) for seat in seats.order_by("class_number")]


def can_go_to(
    organisation_id: int, here: int, chosen: Sequence[Mover]
) -> list[tuple[ClassInfo, int, HomeClass]]:
    """Classes with a place for the grade of every chosen pupil, and how many will sit there then."""
    wanted = {(mover.enrolment.stage, mover.enrolment.entry_year) for mover in chosen}
    day = clock.today()
    rows = HomeClass.objects.filter(organisation_id=organisation_id, valid_to__isnull=True).exclude(pk=here)
    sizes = class_sizes([organisation_id])
    return [
        (class_info(row, max(day, row.valid_from)), sizes.get(row.pk, 0) + len(chosen), row)
        for row in rows.order_by("stage", "-entry_year", "number")
        if wanted <= {(row.stage, year) for year in (row.entry_year, *row.further_entry_years)}
    ]


def with_numbers(chosen: Sequence[Mover], home_class_id: int) -> list[Mover]:
    """Each keeps its 学号 where the other class has it free, else gets the next after the last."""
    rows = Placement.objects.filter(home_class_id=home_class_id, valid_to__isnull=True)
    taken = set(rows.values_list("class_number", flat=True))
    after = max(taken | {mover.class_number for mover in chosen}, default=0)
    found = []
    for mover in chosen:
        number = mover.class_number
        if number in taken:
            after += 1
            number = after
        taken.add(number)
        found.append(Mover(mover.enrolment, mover.class_number, number))
    return found


# --- a new first grade ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposal:
    """A class of the next first grade after the model of one that is here; `exists` once it is open."""

    wanted: NewClass
    name: str
    model: str
    model_size: int
    exists: bool

    @property
    def key(self) -> str:
        return f"{self.wanted.stage}-{self.wanted.number}"


@dataclass(frozen=True, slots=True)
class NextGrade:
    """The next first grade of a school: its year, its first day, a class for each of the year before."""

    entry_year: int
    starts_on: date
    proposals: list[Proposal]


def next_first_grade(organisation_id: int) -> NextGrade:
    """After the first grades that sit here now; where this year's is missing, this year's after last
    year's. A 复式班 is left out: which grades sit together is decided anew each year."""
    day = clock.today()
    start = school_year_start(day)
    rows = HomeClass.objects.filter(organisation_id=organisation_id, valid_to__isnull=True)
    single = [row for row in rows if not row.further_entry_years]
    known = {(row.stage, row.entry_year, row.number) for row in single}
    model_year = start if any(row.entry_year == start for row in single) else start - 1
    sizes = class_sizes([organisation_id])
    proposals = []
    for row in sorted(single, key=lambda one: (one.stage != "primary", one.number)):
        if row.entry_year != model_year:
            continue
        wanted = NewClass(row.stage, model_year + 1, row.number, row.class_type)
        name = class_name(row.stage, model_year + 1, row.number, (FIRST_GRADE[row.stage],))
        proposals.append(
            Proposal(
                wanted,
                name,
                class_info(row, day).name,
                sizes.get(row.pk, 0),
                (row.stage, model_year + 1, row.number) in known,
            )
        )
    return NextGrade(model_year + 1, date(model_year + 1, 9, 1), proposals)
