"""Compares a checked 学籍 workbook with the open enrolments: who is new, changed, unchanged, leaving.

A row meets a record by 身份证号, then 学籍号. A row or a record without a number is met by name, sex and
birth, and only when exactly one record fits: namesakes and twins are never merged.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from smartschool.contexts.directory.grades import class_name, grades_on
from smartschool.contexts.directory.importers.places import organisations_of_rows
from smartschool.contexts.directory.importers.roster_checks import RosterFacts, resident
from smartschool.contexts.directory.importers.roster_columns import IN_COLUMNS, MEMBERS
from smartschool.contexts.directory.models import Enrolment, HomeClass, Placement
from smartschool.contexts.directory.persons import known_persons
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.hashes import id_hash, national_hash
from smartschool.contexts.directory.public.identifiers import EnrolmentNumber
from smartschool.kernel.crypto import keyed_hash
from smartschool.kernel.importing import ADDED, CHANGED, SAME, SNAPSHOT, FieldChange, Leaving, Plan, Target
from smartschool.kernel.tabular import Checked, Column

ClassKey = tuple[int, str, int, int]  # organisation, stage, entry year, number


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
    details: dict[str, Any]
    members: list[dict[str, Any]]
    class_key: ClassKey
    wanted_number: int | None
    digest: bytes
    id_hash: bytes | None
    details_text: str
    standing: Standing | None = None
    class_number: int | None = None
    moves: bool = False  # the seat changes


@dataclass(slots=True)
class RosterWork:
    rows: list[RosterRow]
    classes: dict[ClassKey, int]
    leaving: list[Standing] = field(default_factory=list)


def plan_roster(checked: Checked, facts: RosterFacts, target: Target, columns: Sequence[Column]) -> Plan:
    """Work out the plan; refuses rows that it cannot place or tell apart."""
    places = organisations_of_rows(checked, target)
    organisation_ids = sorted({place for place in places if place is not None}) or [target.organisation_id]
    standings = _standings(organisation_ids)
    classes = _classes(organisation_ids)
    rows = _rows(checked, facts, places, columns)
    _meet(rows, standings, checked)
    rows = [row for row in rows if row.index not in checked.bad]
    plan = Plan(
        kinds=[None] * len(checked.frame),
        labels=[str(name) if name is not None else "" for name in checked.column("name")],
        standing=len(standings),
    )
    work = RosterWork(rows, classes)
    if target.mode == SNAPSHOT:
        met = {row.standing.pk for row in rows if row.standing}
        refused = _refused_records(checked, facts, standings)
        work.leaving = [one for one in standings if one.pk not in met and one.pk not in refused]
        plan.leaving = _leaving(work.leaving, classes, target.day)
    _seat(work, standings, checked)
    _compare(work, plan, target.day, {column.key: column.name for column in columns})
    plan.work = work
    return plan


def _standings(organisation_ids: list[int]) -> list[Standing]:
    rows = Enrolment.objects.filter(organisation_id__in=organisation_ids, valid_to__isnull=True).values_list(
        "pk", "organisation_id", "person_id", "id_hash", "national_number_hash", "name", "sex", "birth_date",
        "stage", "entry_year", "digest",
    )  # fmt: skip
    found: dict[int, Standing] = {}
    for pk, organisation_id, person_id, number, national, name, sex, born, stage, year, digest in rows:
        found[pk] = Standing(
            pk, organisation_id, person_id, _bytes(number), _bytes(national), name, sex, born, stage, year,
            _bytes(digest),
        )  # fmt: skip
    seats = Placement.objects.filter(organisation_id__in=organisation_ids, valid_to__isnull=True).values_list(
        "enrolment_id", "pk", "home_class_id", "class_number"
    )
    for enrolment_id, pk, class_id, number in seats:
        if enrolment_id in found:
            one = found[enrolment_id]
            one.placement_id, one.class_id, one.class_number = pk, class_id, number
    return list(found.values())


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _classes(organisation_ids: list[int]) -> dict[ClassKey, int]:
    rows = HomeClass.objects.filter(organisation_id__in=organisation_ids, valid_to__isnull=True).values_list(
        "organisation_id", "stage", "entry_year", "number", "further_entry_years", "pk"
    )
    found: dict[ClassKey, int] = {}
    for organisation_id, stage, entry_year, number, further, pk in rows:
        for year in (entry_year, *further):  # a 复式班 seats several entry years
            found.setdefault((organisation_id, stage, year, number), pk)
    return found


def _rows(
    checked: Checked, facts: RosterFacts, places: list[int | None], columns: Iterable[Column]
) -> list[RosterRow]:
    # A column that is blank from top to bottom says nothing.
    found = ((column.key, checked.column(column.key)) for column in columns if column.key not in IN_COLUMNS)
    others = [(key, cells) for key, cells in found if cells.count(None) < len(cells)]
    encode = json.JSONEncoder(ensure_ascii=False, default=str, separators=(",", ":")).encode
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
            fields["entry_month"] = f"{entered:%Y%m}"
        stage, year = facts.stages[index], facts.entry_years[index]
        fields["stage"], fields["entry_year"] = stage, year
        details = {key: cells[index] for key, cells in others}
        members = _members(details)
        class_key = (place, stage, year, facts.class_numbers[index])
        wanted = numbers[index]
        text = encode({key: value for key, value in details.items() if value is not None})
        # repr of the fields, not JSON: half the time, and only equality matters.
        digest = keyed_hash(f"{fields!r}{class_key[1:]}{wanted}{text}", purpose="roster_row")
        rows.append(
            RosterRow(
                index,
                place,
                fields,
                details,
                members,
                class_key,
                wanted if isinstance(wanted, int) else None,
                digest,
                id_hash(str(fields["id_number"])) if "id_number" in fields else None,
                text if text != "{}" else "",
            )
        )
    return rows


def _members(details: dict[str, Any]) -> list[dict[str, Any]]:
    """Guardians of a row. A member who is said not to be a guardian gets no rights: details only."""
    found: list[dict[str, Any]] = []
    for member in MEMBERS:
        name = details.get(f"{member}_name")
        if name is None or details.get(f"{member}_is_guardian") == "0":
            continue
        number = details.get(f"{member}_id_number")
        one = {
            "name": name,
            "relation": details.get(f"{member}_relation") or "99",
            "phone": details.get(f"{member}_phone"),
            "id_number": number if resident(details.get(f"{member}_id_type")) else None,
        }
        same = [other for other in found if other["name"] == name]
        if not any(other["id_number"] == one["id_number"] for other in same):
            found.append(one)
    return found


def _meet(rows: list[RosterRow], standings: list[Standing], checked: Checked) -> None:
    by_id: dict[tuple[int, bytes], Standing] = {}
    by_national: dict[tuple[int, bytes], Standing] = {}
    by_child: dict[tuple[Any, ...], list[Standing]] = defaultdict(list)
    for one in standings:
        if one.id_hash:
            by_id[one.organisation_id, one.id_hash] = one
        if one.national_hash:
            by_national[one.organisation_id, one.national_hash] = one
        by_child[one.organisation_id, one.name, one.sex, one.birth_date].append(one)
    taken: dict[int, int] = {}
    for row in rows:
        national = row.fields.get("national_number")
        met = by_id.get((row.organisation_id, row.id_hash)) if row.id_hash else None
        column = "身份证号"
        if met is None and national:
            met, column = by_national.get((row.organisation_id, national_hash(national))), "学籍号"
            if met is not None and row.id_hash and met.id_hash and met.id_hash != row.id_hash:
                checked.add(
                    row.index, "身份证号", "id_contradicts_record",
                    "这个学籍号在系统里是另一个身份证号。请核对；确实改过号的，先在学生页里改正。",
                )  # fmt: skip
                continue
        if met is None:
            met, column = _meet_by_child(row, by_child, checked), "姓名"
        if met is None:
            continue
        if met.pk in taken:
            first = checked.frame.rows[taken[met.pk]]
            checked.add(
                row.index, column, "duplicate_in_file", f"与第 {first} 行是系统里的同一名学生，只留一行。"
            )
            continue
        taken[met.pk] = row.index
        row.standing = met


def _meet_by_child(
    row: RosterRow, by_child: dict[tuple[Any, ...], list[Standing]], checked: Checked
) -> Standing | None:
    """The one record with this name, sex and birth of which one side has no number yet."""
    fields = row.fields
    key = (row.organisation_id, fields.get("name"), fields.get("sex"), fields.get("birth_date"))
    fitting = by_child.get(key, [])
    if fields.get("id_number"):
        fitting = [one for one in fitting if one.id_hash is None]
    if len(fitting) > 1 and not fields.get("id_number"):
        checked.add(
            row.index,
            "姓名",
            "ambiguous_pupil",
            "本校有几名同名同生日的学生，分不清是谁。请补身份证号或学籍号。",
        )
        return None
    return fitting[0] if len(fitting) == 1 else None


def _refused_records(checked: Checked, facts: RosterFacts, standings: list[Standing]) -> set[int]:
    """Records of pupils whose rows were refused: a wrong phone is no reason to let a child leave."""
    numbers = {id_hash(own.number) for index in checked.bad if (own := facts.id_numbers[index]) is not None}
    names, births = checked.column("name"), checked.column("birth_date")
    children = {(names[index], births[index]) for index in checked.bad}
    only_names = {names[index] for index in checked.bad if births[index] is None}
    return {
        one.pk
        for one in standings
        if one.id_hash in numbers or (one.name, one.birth_date) in children or one.name in only_names
    }


def class_words(key: ClassKey, day: date) -> str:
    """三（2）班 of a class key."""
    return class_name(key[1], key[2], key[3], grades_on(key[1], [key[2]], day))


def _leaving(leaving: list[Standing], classes: dict[ClassKey, int], day: date) -> list[Leaving]:
    key_of = {pk: key for key, pk in classes.items()}
    return [
        Leaving(one.name, class_words(key_of[one.class_id], day) if one.class_id in key_of else "未编班")
        for one in leaving
    ]


def _seat(work: RosterWork, standings: list[Standing], checked: Checked) -> None:
    """Class numbers: what the file wants where it is free, else the next after the highest."""
    going = {one.pk for one in work.leaving}
    moving: set[int] = set()
    for row in work.rows:
        one = row.standing
        stays = one is not None and one.class_id == work.classes.get(row.class_key, -1)
        row.moves = not stays or (one is not None and row.wanted_number not in (None, one.class_number))
        if not row.moves and one is not None:
            row.class_number = one.class_number
        if row.moves and one is not None:
            moving.add(one.pk)
    taken: dict[Any, set[int]] = defaultdict(set)
    for one in standings:
        if one.class_id is not None and one.pk not in going and one.pk not in moving:
            taken[one.class_id].add(one.class_number or 0)
    waiting = []
    for row in work.rows:
        if not row.moves:
            continue
        used = taken[work.classes.get(row.class_key, row.class_key)]
        one = row.standing
        if row.wanted_number is not None and row.wanted_number not in used:
            row.class_number = row.wanted_number
            used.add(row.wanted_number)
        elif (
            row.wanted_number is not None
            and one is not None
            and one.class_id == work.classes.get(row.class_key)
            and one.class_number not in used
        ):
            row.class_number, row.moves = one.class_number, False  # the wish is taken: stay as it was
            used.add(one.class_number or 0)
        else:
            waiting.append(row)
    for row in waiting:
        used = taken[work.classes.get(row.class_key, row.class_key)]
        row.class_number = max(used, default=0) + 1
        used.add(row.class_number)
        if row.wanted_number is not None:
            checked.warn(
                row.index, "班内学号", "number_taken",
                f"班内学号 {row.wanted_number} 已有人用，先编为 {row.class_number}，可以在班级页里改。",
            )  # fmt: skip


# Shown names of what can change; identifiers and telephones are masked.
_SHOWN = {
    "name": "姓名", "sex": "性别", "birth_date": "出生日期", "ethnicity": "民族", "id_type": "证件类型",
    "id_number": "身份证号", "national_number": "学籍号", "entry_month": "入学年月",
}  # fmt: skip


def masked(text: Any) -> str:
    """``340***********0019``; short values keep nothing but their ends."""
    word = "" if text is None else str(text)
    if len(word) < 7:
        return word
    return word[:3] + "*" * (len(word) - 7) + word[-4:]


def _compare(work: RosterWork, plan: Plan, day: date, names: dict[str, str]) -> None:
    suspects = [
        row
        for row in work.rows
        if row.standing is not None and (row.moves or row.standing.digest != row.digest)
    ]
    stored = {
        one.pk: one
        for one in Enrolment.objects.filter(pk__in=[row.standing.pk for row in suspects if row.standing])
    }
    key_of = {pk: key for key, pk in work.classes.items()}
    known = _known_persons(work.rows)
    suspect_rows = {row.index for row in suspects}
    for row in work.rows:
        if row.standing is None:
            plan.kinds[row.index] = ADDED
            plan.notes[row.index] = _note(row, day, known)
        elif row.index not in suspect_rows:
            plan.kinds[row.index] = SAME
        else:
            changes = field_changes(row, stored[row.standing.pk], names)
            if row.moves:
                changes.insert(0, _seat_change(row, key_of, day))
            plan.kinds[row.index] = CHANGED if changes else SAME
            if changes:
                plan.changes[row.index] = changes


def field_changes(row: RosterRow, stored: Enrolment, names: dict[str, str]) -> list[FieldChange]:
    """What the file says otherwise than the record; columns that the file lacks are left alone."""
    changes = []
    for key, new in row.fields.items():
        old = getattr(stored, key)
        if key in _SHOWN and old != new and new not in (None, ""):
            hide = key in ("id_number", "national_number")
            changes.append(FieldChange(_SHOWN[key], *(_words(key, v, hide) for v in (old, new))))
    details = json.loads(str(stored.details)) if stored.details else {}
    for key, new in json.loads(json.dumps(row.details, default=str)).items():
        old = details.get(key)
        if old != new:
            hide = key.endswith(("phone", "id_number"))
            shown = (masked(v) if hide else str(v or "") for v in (old, new))
            changes.append(FieldChange(names.get(key, key), *shown))
    return changes


def _words(key: str, value: Any, hide: bool) -> str:
    if value is None:
        return ""
    if hide:
        return masked(value)
    table = {"sex": "sex", "ethnicity": "ethnicity", "id_type": "identity_document"}.get(key)
    return codes.table(table).name(str(value)) if table else str(value)


def _seat_change(row: RosterRow, key_of: dict[int, ClassKey], day: date) -> FieldChange:
    one = row.standing
    new = f"{class_words(row.class_key, day)} {row.class_number} 号"
    if one is None or one.class_id is None:
        return FieldChange("班级", "未编班", new)
    old = class_words(key_of[one.class_id], day) if one.class_id in key_of else "原班级"
    return FieldChange("班级", f"{old} {one.class_number} 号", new)


def _known_persons(rows: list[RosterRow]) -> set[bytes]:
    """Hashes of new pupils who are known in the district already (another school's, perhaps)."""
    return set(known_persons([row.id_hash for row in rows if row.standing is None and row.id_hash]))


def _note(row: RosterRow, day: date, known: set[bytes]) -> str:
    words = [class_words(row.class_key, day)]
    if row.id_hash is None and "national_number" not in row.fields:
        words.append("学籍号还没下来，先按就读登记")
    elif row.id_hash in known:
        words.append("本区已有这个人的记录，会接到同一个人名下")
    return "，".join(words)
