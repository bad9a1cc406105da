"""What contradicts itself inside a 学籍 workbook: number against sex and birth, class and grade, doubles."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from smartschool.contexts.directory.grades import FIRST_GRADE, LAST_GRADE, grade_on, school_year_start
from smartschool.contexts.directory.importers.class_cells import (
    ClassCell,
    GradeCell,
    entry_year_of_grade,
    stage_of,
)
from smartschool.contexts.directory.importers.people import fill_from_numbers
from smartschool.contexts.directory.importers.roster_columns import MEMBERS
from smartschool.contexts.directory.public.identifiers import EnrolmentNumber, IdNumber, parse_id_number
from smartschool.kernel.tabular import Bad, Checked

RESIDENT_ID = "1"


@dataclass(slots=True)
class RosterFacts:
    """What the checks worked out of the rows, one entry a row; None where a row is refused or silent."""

    id_numbers: list[IdNumber | None]
    stages: list[str]
    entry_years: list[int]
    class_numbers: list[int]
    member_ids: dict[str, list[str | None]] = field(default_factory=dict)


def check_roster(checked: Checked, day: date) -> RosterFacts:
    """Run every check over several cells of a row or over several rows."""
    size = len(checked.frame)
    facts = RosterFacts([None] * size, [""] * size, [0] * size, [0] * size)
    _check_id_numbers(checked, facts)
    fill_from_numbers(checked, _holders(checked, facts), {"sex": "性别", "birth_date": "出生日期"})
    _check_national_numbers(checked, facts)
    _check_classes(checked, facts, day)
    _check_inclusive(checked)
    for member in MEMBERS:
        _check_member(checked, facts, member)
    _check_doubles(checked, facts)
    return facts


def resident(kind: Any) -> bool:
    """Whether a document type (or none given) means 居民身份证."""
    return kind is None or kind == RESIDENT_ID


def _check_id_numbers(checked: Checked, facts: RosterFacts) -> None:
    numbers, kinds = checked.column("id_number"), checked.column("id_type")
    sexes, births = checked.column("sex"), checked.column("birth_date")
    for index, number in enumerate(numbers):
        if number is None or not resident(kinds[index]):
            continue
        found = parse_id_number(str(number))
        if isinstance(found, Bad):
            checked.add(index, "身份证号", found.code, found.message)
            continue
        facts.id_numbers[index] = found
        if not found.known_province:
            checked.warn(index, "身份证号", "unknown_province", "身份证号的省级代码查不到，请核对一眼。")
        sex, birth = sexes[index], births[index]
        if sex in ("1", "2") and sex != found.sex:
            said = "男" if found.sex == "1" else "女"
            checked.add(
                index, "性别", "sex_contradicts_id", f"身份证号显示是{said}，与性别不一致，请核对两处。"
            )
        if isinstance(birth, date) and birth != found.born_on:
            checked.add(
                index,
                "出生日期",
                "birth_contradicts_id",
                f"身份证号里的出生日期是 {found.born_on:%Y%m%d}，与这一格不一致，请核对两处。",
            )


def _holders(checked: Checked, facts: RosterFacts) -> list[IdNumber | None]:
    """What the number of each row says of its holder: the 身份证号, else the one inside a G number."""
    found = list(facts.id_numbers)
    for index, number in enumerate(checked.column("national_number")):
        if found[index] is None and isinstance(number, EnrolmentNumber) and number.id_number:
            own = parse_id_number(number.id_number)
            found[index] = None if isinstance(own, Bad) else own
    return found


def _check_national_numbers(checked: Checked, facts: RosterFacts) -> None:
    for index, number in enumerate(checked.column("national_number")):
        own = facts.id_numbers[index]
        if (
            isinstance(number, EnrolmentNumber)
            and number.id_number
            and own
            and number.id_number != own.number
        ):
            # 学籍号 stays for life even when the ID number changes, so this may be right.
            checked.warn(
                index, "学籍号", "national_number_differs", "学籍号里的号码与身份证号不同，请核对一眼。"
            )


def _check_classes(checked: Checked, facts: RosterFacts, day: date) -> None:
    school_year = school_year_start(day)
    grades, classes, entries = checked.column("grade"), checked.column("class"), checked.column("entry_month")
    for index, sitting in enumerate(classes):
        if not isinstance(sitting, ClassCell):
            continue
        said = grades[index]
        grade = said.grade if isinstance(said, GradeCell) else None
        entry = said.entry_year if isinstance(said, GradeCell) else sitting.entry_year
        if grade is not None and sitting.grade is not None and grade != sitting.grade:
            checked.add(
                index, "班级号", "class_contradicts_grade", "班级里的年级与“年级”一列不一致，请核对两处。"
            )
            continue
        grade = grade or sitting.grade
        entered = entries[index]
        if grade is None and entry is None and isinstance(entered, date):
            entry = entered.year
        if grade is None and entry is not None:
            # Six years of primary, then three of junior: the age of the pupil decides which entry it was.
            grade = grade_on("primary", entry, day)
            born = checked.column("birth_date")[index]
            if isinstance(born, date) and entry - born.year >= 11:
                grade = grade_on("junior", entry, day)
        if grade is None:
            if not checked.has("grade") or grades[index] is not None:
                checked.add(index, "年级", "unknown_grade", "不知道是哪个年级。请补“年级”列，写成 三年级。")
            continue
        facts.stages[index] = stage_of(grade)
        facts.entry_years[index] = entry_year_of_grade(grade, school_year)
        facts.class_numbers[index] = sitting.number


def _check_inclusive(checked: Checked) -> None:
    """非随班就读 goes with 无残疾 and no other way round (填表说明)."""
    if not (checked.has("inclusive") and checked.has("disability")):
        return
    allowed = {"0": {"0"}, "1": {"1"}, "2": {"2"}, "3": {"5"}, "9": {"3", "4", "6", "7", "9"}}
    disabilities = checked.column("disability")
    for index, inclusive in enumerate(checked.column("inclusive")):
        disability = disabilities[index]
        if inclusive is not None and disability is not None and disability not in allowed[str(inclusive)]:
            checked.add(
                index,
                "随班就读",
                "inclusive_contradicts_disability",
                "随班就读与残疾人类型对不上，请核对两处。",
            )


def _check_member(checked: Checked, facts: RosterFacts, member: str) -> None:
    title = "成员1" if member == "member1" else "成员2"
    names, kinds = checked.column(f"{member}_name"), checked.column(f"{member}_id_type")
    phones = checked.column(f"{member}_phone")
    numbers: list[str | None] = []
    for index, number in enumerate(checked.column(f"{member}_id_number")):
        numbers.append(None if number is None else str(number))
        if names[index] is None and checked.has(f"{member}_name") and (number or phones[index]):
            if index not in checked.bad:
                checked.add(index, f"{title}姓名", "required", f"填了{title}的号码，没有填姓名，请补填。")
            continue
        if number is not None and resident(kinds[index]):
            found = parse_id_number(str(number))
            if isinstance(found, Bad):
                checked.add(index, f"{title}身份证件号", found.code, found.message)
    facts.member_ids[member] = numbers


def _check_doubles(checked: Checked, facts: RosterFacts) -> None:
    """The later row of two that claim the same number is refused; nothing is merged inside a file.

    Twins share everything but name and number and are two pupils. Two rows without any number that agree
    in name, sex, birth and class cannot be told apart.
    """
    frame = checked.frame
    national = checked.column("national_number")
    names, sexes, births = checked.column("name"), checked.column("sex"), checked.column("birth_date")
    raw_numbers, kinds = checked.column("id_number"), checked.column("id_type")
    by_id: dict[str, int] = {}
    by_national: dict[str, int] = {}
    by_person: dict[tuple[Any, ...], int] = {}
    several = len(set(frame.sheets)) > 1

    def first_place(index: int) -> str:
        sheet = f"“{frame.sheets[index]}”" if several else ""
        return f"{sheet}第 {frame.rows[index]} 行"

    for index in range(len(frame)):
        own, number = facts.id_numbers[index], national[index]
        other = raw_numbers[index] if own is None and not resident(kinds[index]) else None
        key = own.number if own else str(other) if other else None
        twice: tuple[str, int] | None = None
        if key is not None:
            first = by_id.setdefault(key, index)
            twice = ("身份证号", first) if first != index else None
        if twice is None and isinstance(number, EnrolmentNumber):
            first = by_national.setdefault(number.number, index)
            twice = ("学籍号", first) if first != index else None
        if raw_numbers[index] is None and number is None and names[index] is not None:
            person = (
                names[index], sexes[index], births[index],
                facts.stages[index], facts.entry_years[index], facts.class_numbers[index],
            )  # fmt: skip
            first = by_person.setdefault(person, index)
            twice = ("姓名", first) if first != index else None
        if twice is not None:
            column, first = twice
            checked.add(
                index,
                column,
                "duplicate_in_file",
                f"与{first_place(first)}重复。同一个人只留一行；不是同一人请核对号码。",
            )


def plausible_grades(school_type: str) -> range:
    """Grades that a school of a 办学类型 has; all nine where the type says nothing."""
    if school_type in ("211", "218", "219"):
        return range(FIRST_GRADE["primary"], LAST_GRADE["primary"] + 1)
    if school_type in ("311", "319"):
        return range(FIRST_GRADE["junior"], LAST_GRADE["junior"] + 1)
    return range(FIRST_GRADE["primary"], LAST_GRADE["junior"] + 1)
