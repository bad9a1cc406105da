"""Turns a checked 学籍 workbook into rows ready to be written: fields, details, guardians, class, digest.

Works column by column where it can: a district's workbook has 670,000 cells, most of a few words.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from smartschool.contexts.directory.importers.roster_checks import RosterFacts, resident
from smartschool.contexts.directory.importers.roster_columns import IN_COLUMNS, MEMBERS, RELATION_SAID
from smartschool.contexts.directory.public.hashes import id_hash
from smartschool.contexts.directory.public.identifiers import EnrolmentNumber
from smartschool.kernel.crypto import keyed_hash
from smartschool.kernel.tabular import Checked, Column, Value

ClassKey = tuple[int, str, int, int]  # organisation, stage, entry year, number
Member = dict[str, Any]  # name, relation, phone, id_number

_OF_FAMILY = re.compile("家长|监护人|父母")
_encode = json.JSONEncoder(ensure_ascii=False, default=str, separators=(",", ":")).encode


@dataclass(slots=True)
class Standing:
    """An open enrolment as it stands, without its encrypted columns."""

    pk: int
    organisation_id: int
    person_id: int
    id_hash: bytes | None
    national_hash: bytes | None
    name: str
    sex: str
    birth_date: date | None
    stage: str
    entry_year: int
    digest: bytes | None
    placement_id: int | None = None
    class_id: int | None = None
    class_number: int | None = None


@dataclass(slots=True)
class RosterRow:
    """One good row, ready to be written. `id_number` is the document number of whatever type."""

    index: int
    organisation_id: int
    fields: dict[str, Any]  # column of Enrolment → value, only what the file says
    other_columns: list[tuple[str, list[Value]]]  # of the whole workbook, shared by its rows
    members: list[Member]
    class_key: ClassKey
    wanted_number: int | None
    digest: bytes
    id_hash: bytes | None
    details_text: str  # the filled ones of `details` as JSON
    standing: Standing | None = None
    class_number: int | None = None
    moves: bool = False  # the seat changes

    @property
    def details(self) -> dict[str, Any]:
        """The other cells of the row; None where the file has the column and the cell is empty."""
        return {key: cells[self.index] for key, cells in self.other_columns}


def rows_of(
    checked: Checked, facts: RosterFacts, places: list[int | None], columns: Iterable[Column]
) -> list[RosterRow]:
    """The good rows that have a place."""
    # A column that is blank from top to bottom says nothing.
    found = ((column.key, checked.column(column.key)) for column in columns if column.key not in IN_COLUMNS)
    others = [(key, cells) for key, cells in found if cells.count(None) < len(cells)]
    texts, members = _detail_texts(others, len(checked.frame)), _members(checked)
    plain = [key for key in ("name", "sex", "birth_date", "ethnicity", "id_type") if checked.has(key)]
    values = {key: checked.column(key) for key in (*plain, "id_number", "national_number", "entry_month")}
    numbers = checked.column("class_number")
    rows = []
    for index in checked.good():
        place = places[index]
        if place is None:
            continue
        fields = {key: values[key][index] for key in plain}
        if fields.get("ethnicity", "") is None:
            fields["ethnicity"] = ""
        if fields.get("id_type", "") is None:
            fields["id_type"] = "1"
        own = facts.id_numbers[index]
        number = own.number if own else values["id_number"][index]
        if number is not None:
            fields["id_number"] = str(number)
        if own and fields.get("sex") is None:
            fields["sex"] = own.sex
        if own and fields.get("birth_date") is None:
            fields["birth_date"] = own.born_on
        national = values["national_number"][index]
        if isinstance(national, EnrolmentNumber):
            fields["national_number"] = national.number
        entered = values["entry_month"][index]
        if isinstance(entered, date):
            fields["entry_month"] = f"{entered.year:04d}{entered.month:02d}"
        stage, year = facts.stages[index], facts.entry_years[index]
        fields["stage"], fields["entry_year"] = stage, year
        class_key = (place, stage, year, facts.class_numbers[index])
        wanted = numbers[index]
        # repr of the fields, not JSON: half the time, and only equality matters.
        digest = keyed_hash(f"{fields!r}{class_key[1:]}{wanted}{texts[index]}", purpose="roster_row")
        rows.append(
            RosterRow(
                index,
                place,
                fields,
                others,
                members[index],
                class_key,
                wanted if isinstance(wanted, int) else None,
                digest,
                id_hash(str(fields["id_number"])) if "id_number" in fields else None,
                texts[index] if texts[index] != "{}" else "",
            )
        )
    return rows


def _detail_texts(others: list[tuple[str, list[Value]]], size: int) -> list[str]:
    """The filled cells of each row as one JSON object; each distinct cell of a column is encoded once."""
    parts: list[Iterator[str]] = []
    for key, cells in others:
        name = _encode(key)
        written = {cell: "" if cell is None else f"{name}:{_encode(cell)}" for cell in set(cells)}
        parts.append(map(written.__getitem__, cells))
    if not parts:
        return ["{}"] * size
    return [f"{{{','.join(filter(None, row))}}}" for row in zip(*parts, strict=True)]


def _members(checked: Checked) -> list[list[Member]]:
    """Guardians of each row. A member who is said not to be a guardian gets no rights: details only.

    A table with 父亲姓名 says the relation by its header; where 家长 have no telephone of their own, 家长电话
    is theirs.
    """
    found: list[list[Member]] = [[] for _ in range(len(checked.frame))]
    headers = checked.frame.headers
    for member in MEMBERS:
        if not checked.has(f"{member}_name"):
            continue
        said = next((code for word, code in RELATION_SAID.items() if word in headers[f"{member}_name"]), "99")
        theirs = member == MEMBERS[0] and not checked.has(f"{member}_phone")
        own = [
            f"{member}_{part}"
            for part in ("name", "is_guardian", "relation", "phone", "id_number", "id_type")
        ]
        if theirs and _OF_FAMILY.search(headers.get("phone", "")):
            own[3] = "phone"
        cells = map(checked.column, own)
        for known, (name, is_guardian, relation, phone, number, kind) in zip(
            found, zip(*cells, strict=True), strict=True
        ):
            if name is None or is_guardian == "0":
                continue
            number = number if resident(kind) else None
            if not any(other["name"] == name and other["id_number"] == number for other in known):
                known.append(
                    {"name": name, "relation": relation or said, "phone": phone, "id_number": number}
                )
    return found
