"""Compares a checked 学籍 workbook with the open enrolments: who is new, changed, unchanged, leaving.

A row meets a record by 身份证号, then 学籍号. A row or a record without a number is met by name, sex and
birth, and only when exactly one record fits: namesakes and twins are never merged.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from smartschool.contexts.directory.importers.places import organisations_of_rows
from smartschool.contexts.directory.importers.roster_changes import (
    class_words,
    field_changes,
    note,
    seat_change,
)
from smartschool.contexts.directory.importers.roster_checks import RosterFacts
from smartschool.contexts.directory.importers.roster_rows import ClassKey, RosterRow, Standing, rows_of
from smartschool.contexts.directory.models import Enrolment, HomeClass, Placement
from smartschool.contexts.directory.persons import known_persons
from smartschool.contexts.directory.public.hashes import id_hash, national_hash
from smartschool.kernel.importing import ADDED, CHANGED, SAME, SNAPSHOT, Leaving, Plan, Target
from smartschool.kernel.tabular import Checked, Column


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
    rows = rows_of(checked, facts, places, columns)
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
            plan.notes[row.index] = note(row, day, known)
        elif row.index not in suspect_rows:
            plan.kinds[row.index] = SAME
        else:
            changes = field_changes(row, stored[row.standing.pk], names)
            if row.moves:
                changes.insert(0, seat_change(row, key_of, day))
            plan.kinds[row.index] = CHANGED if changes else SAME
            if changes:
                plan.changes[row.index] = changes


def _known_persons(rows: list[RosterRow]) -> set[bytes]:
    """Hashes of new pupils who are known in the district already (another school's, perhaps)."""
    return set(known_persons([row.id_hash for row in rows if row.standing is None and row.id_hash]))
