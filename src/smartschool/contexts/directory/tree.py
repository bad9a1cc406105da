"""The organisation tree as its pages show it: units in order with classes and headcounts, no person."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count

from smartschool.contexts.directory.grades import grade_name
from smartschool.contexts.directory.models import Headcount, HomeClass, Organisation
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.contexts.directory.public.doors import classes_of
from smartschool.contexts.directory.public.identifiers import parse_credit_code, parse_school_code
from smartschool.contexts.directory.validity import valid_on
from smartschool.kernel import clock
from smartschool.kernel.tabular import Bad

Kind = Organisation.Kind
# Kinds whose code is a 学校（机构）标识码; bureau and 中心校 may have a short code of the district.
NATIONAL_CODE = (Kind.SCHOOL, Kind.CAMPUS, Kind.TEACHING_POINT)
CATEGORIES = {"rural": "乡村", "urban": "城镇"}


@dataclass(slots=True)
class Unit:
    """One unit of the tree; `depth` 1 stands right below the bureau. `row` is the table's own."""

    row: Organisation
    depth: int
    classes: int
    pupils: int
    staff: int
    full_time: Decimal
    faults: list[str]

    @property
    def kind(self) -> str:
        return Kind(self.row.kind).label

    @property
    def type_name(self) -> str:
        return codes.table("school_type").name(self.row.school_type) if self.row.school_type else self.kind

    @property
    def category(self) -> str:
        return CATEGORIES.get(self.row.plan_category, "")


@dataclass(slots=True)
class Town:
    """The units of one township, 中心校 first."""

    name: str
    units: list[Unit] = field(default_factory=list)

    @property
    def pupils(self) -> int:
        return sum(unit.pupils for unit in self.units)

    @property
    def schools(self) -> int:
        return sum(unit.row.kind in NATIONAL_CODE for unit in self.units)


def faults_of(row: Organisation) -> list[str]:
    """What of a unit's particulars has to be looked at, in words."""
    found = []
    if row.kind in NATIONAL_CODE:
        checked = parse_school_code(row.code)
        if isinstance(checked, Bad):
            found.append(checked.message)
        if not row.school_type:
            found.append("没有填办学类型。")
        if not row.plan_category:
            found.append("没有填算乡村还是城镇。")
    if row.credit_code:
        credit = parse_credit_code(row.credit_code)
        if isinstance(credit, Bad):
            found.append(credit.message)
    elif row.kind == Kind.SCHOOL:
        found.append("没有填统一社会信用代码。")
    return found


def open_units() -> list[Unit]:
    """Every open unit below the bureau, from the top down; three round trips."""
    day = clock.today()
    rows = list(Organisation.objects.filter(valid_on(day)))
    below: dict[int | None, list[Organisation]] = {}
    known = {row.pk for row in rows}
    for row in sorted(rows, key=lambda one: (one.town, one.kind != Kind.CENTRAL_SCHOOL, one.code)):
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    classes, people = _class_counts(), _people()
    found: list[Unit] = []

    def walk(row: Organisation, depth: int) -> None:
        if row.kind != Kind.BUREAU:
            found.append(_unit(row, depth, classes, people))
        for child in below.get(row.pk, []):
            walk(child, depth + 1)

    for root in below.get(None, []):
        walk(root, 0 if root.kind == Kind.BUREAU else 1)
    return found


def closed_units(rows: Iterable[Organisation]) -> list[Unit]:
    """Those among the rows of a policy that are no more, the last first."""
    day = clock.today()
    gone = [row for row in rows if row.valid_to is not None and row.valid_to <= day]
    gone.sort(key=lambda one: (one.valid_to, one.code), reverse=True)
    people = _people()
    return [_unit(row, 1, {}, people) for row in gone]


def _unit(row: Organisation, depth: int, classes: dict[int, int], people: dict[int, Headcount]) -> Unit:
    own = people.get(row.pk) or Headcount(organisation=row)
    return Unit(
        row, depth, classes.get(row.pk, 0), own.pupils, own.staff, Decimal(own.full_time), faults_of(row)
    )


def _class_counts() -> dict[int, int]:
    rows = HomeClass.objects.filter(valid_on(clock.today())).values_list("organisation_id")
    return dict(rows.annotate(Count("id")).order_by())


def _people() -> dict[int, Headcount]:
    return {row.organisation_id: row for row in Headcount.rows()}


def matching(units: list[Unit], words: str, *, faulty: bool) -> list[Unit]:
    """Those that the words and the filter leave, each with the units above it."""
    wanted = words.strip().lower()
    kept: set[int] = set()
    above: list[Unit] = []
    for unit in units:
        above = [one for one in above if one.depth < unit.depth]
        row = unit.row
        text = f"{row.name} {row.short_name} {row.code} {row.town} {unit.type_name}".lower()
        if wanted in text and (unit.faults or not faulty):
            kept |= {one.row.pk for one in (*above, unit)}
        above.append(unit)
    return [unit for unit in units if unit.row.pk in kept]


def by_town(units: list[Unit]) -> list[Town]:
    """Gathered by the township of the unit at the top."""
    towns: list[Town] = []
    for unit in units:
        if unit.depth <= 1 and (not towns or towns[-1].name != unit.row.town):
            towns.append(Town(unit.row.town))
        if not towns:
            towns.append(Town(unit.row.town))
        towns[-1].units.append(unit)
    return towns


@dataclass(frozen=True, slots=True)
class UnitPage:
    """One unit: itself, the units below it, its classes by grade; no person."""

    unit: Unit
    below: list[Unit]
    grades: list[tuple[str, list[ClassInfo]]]
    urban_rural: str


def unit_page(row: Organisation) -> UnitPage:
    """Four round trips."""
    day = clock.today()
    children = Organisation.objects.filter(valid_on(day), parent=row).order_by("code")
    counts, people = _class_counts(), _people()
    grades: dict[str, list[ClassInfo]] = {}
    for one in classes_of([row.pk]):
        grades.setdefault(grades_in_words(one), []).append(one)
    return UnitPage(
        _unit(row, 1, counts, people),
        [_unit(child, 1, counts, people) for child in children],
        list(grades.items()),
        codes.table("locality").name(row.urban_rural) if row.urban_rural else "",
    )


def grades_in_words(one: ClassInfo) -> str:
    """``三年级``; ``一、二年级复式``; a class that has left school is 已毕业."""
    if not one.grades:
        return "已毕业"
    if len(one.grades) == 1:
        return grade_name(one.grades[0])
    return "、".join(grade_name(grade)[0] for grade in one.grades) + "年级复式"
