"""What the importers of people share: document numbers, doubles, lists in one cell, new persons."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from smartschool.contexts.directory.importers.class_cells import (
    ClassCell,
    class_cell,
    entry_year_of_grade,
    stage_of,
)
from smartschool.contexts.directory.models import Person
from smartschool.contexts.directory.public.identifiers import IdNumber, parse_id_number
from smartschool.kernel.cells import as_text
from smartschool.kernel.journal import Journal
from smartschool.kernel.tabular import Bad, Cell, Checked, Value

_BETWEEN = re.compile(r"[、,，;；/\n]+")


def several(check: Callable[[Cell], Value | Bad]) -> Callable[[Cell], Value | Bad]:
    """A cell that may hold several values (语文、数学); answers a tuple, or the first thing wrong. Spaces
    stand between values (语文 数学) where they are not part of one (数 学)."""

    def read(cell: Cell) -> Value | Bad:
        text = as_text(cell)
        if isinstance(text, Bad):
            return text
        found: list[Value | Bad] = []
        for part in filter(None, map(str.strip, _BETWEEN.split(text))):
            whole = check(part)
            found += [whole] if not isinstance(whole, Bad) else map(check, part.split())
        wrong = next((one for one in found if isinstance(one, Bad)), None)
        return wrong if wrong is not None else tuple(one for one in found if one is not None)

    return read


_each_class = several(class_cell)


def classes_cell(cell: Cell) -> Value | Bad:
    """Several classes; those after the first may leave the grade away (七年级1、2班)."""
    found = _each_class(cell)
    if isinstance(found, Bad) or not isinstance(found, tuple):  # Bad is a tuple as well
        return found
    grade: int | None = None
    full = []
    for one in found:
        grade = one.grade or (grade if one.entry_year is None else None)
        full.append(replace(one, grade=grade) if one.entry_year is None else one)
    return tuple(full)


def class_key(sitting: ClassCell, school_year: int) -> tuple[str, int, int] | None:
    """(stage, entry year, number) of a class cell that says its grade; None where it does not."""
    if sitting.grade is not None:
        return stage_of(sitting.grade), entry_year_of_grade(sitting.grade, school_year), sitting.number
    return None


def check_id_numbers(checked: Checked, key: str, name: str) -> list[IdNumber | None]:
    """Judge the ID numbers of a column and, where the file has them, sex and birth against them."""
    found: list[IdNumber | None] = []
    sexes, births = checked.column("sex"), checked.column("birth_date")
    for index, number in enumerate(checked.column(key)):
        own = None if number is None else parse_id_number(str(number))
        if isinstance(own, Bad):
            checked.add(index, name, own.code, own.message)
            own = None
        found.append(own)
        if own is None:
            continue
        if sexes[index] in ("1", "2") and sexes[index] != own.sex:
            checked.add(index, "性别", "sex_contradicts_id", "身份证号与性别不一致，请核对两处。")
        birth = births[index]
        if isinstance(birth, date) and birth != own.born_on:
            checked.add(
                index,
                "出生日期",
                "birth_contradicts_id",
                f"身份证号里的出生日期是 {own.born_on:%Y%m%d}，请核对两处。",
            )
    return found


def fill_from_numbers(
    checked: Checked, numbers: Sequence[IdNumber | None], columns: Mapping[str, str]
) -> None:
    """Blank cells of sex and birth say what a valid ID number beside them says; without one they are faults.

    `columns` are keys of the columns with their names. Nobody types twice what can be read off.
    """
    for key, name in columns.items():
        if not checked.has(key) or None not in checked.values[key]:
            continue
        wrong = {(fault.sheet, fault.row) for fault in checked.faults if fault.column == name}
        values = checked.values[key]
        for index, value in enumerate(values):
            if value is not None or (checked.frame.sheets[index], checked.frame.rows[index]) in wrong:
                continue
            own = numbers[index]
            if own is None:
                checked.add(index, name, "required", f"“{name}”不能为空，请补填。")
            else:
                values[index] = own.sex if key == "sex" else own.born_on


def refuse_doubles(checked: Checked, values: list[str | None], name: str, what: str = "同一个人") -> None:
    """The later of two rows with the same value is refused."""
    first_at: dict[str, int] = {}
    for index, value in enumerate(values):
        if value is None:
            continue
        first = first_at.setdefault(value, index)
        if first != index:
            row = checked.frame.rows[first]
            checked.add(index, name, "duplicate_in_file", f"与第 {row} 行重复。{what}只留一行。")


def highest_person() -> int:
    """Key of the newest person; those that an import makes come after it."""
    return Person.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def note_new_persons(persons: Iterable[int], highest: int, journal: Journal) -> None:
    """New persons are shared rows of a batch: undo takes them away when nothing else refers to them."""
    journal.added(Person, {person for person in persons if person > highest})
