"""Writes a roster plan in a few statements per school and tells the journal every row."""

import json
from collections import defaultdict
from datetime import date

from django.db.models import F

from smartschool.contexts.directory import records
from smartschool.contexts.directory.grades import school_year_start
from smartschool.contexts.directory.importers.people import highest_person, note_new_persons
from smartschool.contexts.directory.importers.roster_plan import RosterWork
from smartschool.contexts.directory.importers.roster_rows import ClassKey, RosterRow, Standing
from smartschool.contexts.directory.models import Enrolment, Guardianship, HomeClass, Person, Placement
from smartschool.contexts.directory.names import name_key
from smartschool.contexts.directory.persons import ensure_persons, known_persons
from smartschool.contexts.directory.public.contracts import NewGuardian, NewPupil
from smartschool.contexts.directory.public.hashes import id_hash, national_hash, phone_hash
from smartschool.kernel import bulk
from smartschool.kernel.importing import CHANGED, Plan, Target
from smartschool.kernel.journal import Journal


def unit_of(enrolment_id: int) -> str:
    """Name of the journal unit of one pupil."""
    return f"enrolment:{enrolment_id}"


def write_roster(plan: Plan, target: Target, journal: Journal) -> None:
    """Classes, then seats that end, then changed and new pupils, then their seats and guardians."""
    work: RosterWork = plan.work
    changed = [row for row in work.rows if plan.kinds[row.index] == CHANGED]
    added = [row for row in work.rows if row.standing is None]
    since = min(date(school_year_start(target.day), 9, 1), target.day)
    _open_classes([*added, *changed], work.classes, since, journal)
    _leave(work.leaving, target.day, journal)
    _end_seats([row.standing for row in changed if row.moves and row.standing], target.day, journal)
    pupils = {row.index: row.standing.pk for row in changed if row.standing}
    _change(changed, journal)
    # Pupils and guardians in one look-up: the persons of a district are many.
    hashes = [
        records.guardian_hash(one["name"], one["phone"], one["id_number"])
        for row in added
        for one in row.members
    ]
    persons = _persons([*(row.id_hash for row in added), *hashes], journal)
    pupils |= _add(added, persons[: len(added)], since, journal)
    _take_seats(added, pupils, work.classes, since, journal)
    _take_seats([row for row in changed if row.moves], pupils, work.classes, target.day, journal)
    _guardians(added, pupils, persons[len(added) :], since, journal)
    _sync_guardians(changed, target, journal)


def _open_classes(rows: list[RosterRow], classes: dict[ClassKey, int], since: date, journal: Journal) -> None:
    missing = sorted({row.class_key for row in rows} - classes.keys())
    if not missing:
        return
    ids = bulk.allocate_ids(HomeClass, len(missing))
    bulk.insert(
        HomeClass,
        {
            "id": ids,
            "organisation_id": [key[0] for key in missing],
            "stage": [key[1] for key in missing],
            "entry_year": [key[2] for key in missing],
            "number": [key[3] for key in missing],
            "class_type": ["10" if key[1] == "primary" else "20" for key in missing],
            "valid_from": [since] * len(missing),
        },
    )
    journal.added(HomeClass, ids)
    classes.update(zip(missing, ids, strict=True))


def _leave(leaving: list[Standing], day: date, journal: Journal) -> None:
    if not leaving:
        return
    ids = [one.pk for one in leaving]
    journal.label({unit_of(one.pk): one.name for one in leaving})
    journal.before(Enrolment, ids, [unit_of(pk) for pk in ids])
    _end_seats(leaving, day, journal)
    _end_guardianships(ids, day, journal)
    Enrolment.objects.filter(pk__in=ids).update(
        status=Enrolment.Status.TRANSFERRED, valid_to=day, revision=F("revision") + 1
    )


def _end_seats(pupils: list[Standing], day: date, journal: Journal) -> None:
    """A seat taken today or later gets an empty validity: it never was."""
    seats = [(one.placement_id, unit_of(one.pk)) for one in pupils if one.placement_id is not None]
    if not seats:
        return
    ids = [pk for pk, _ in seats]
    journal.before(Placement, ids, [unit for _, unit in seats])
    rows = Placement.objects.filter(pk__in=ids)
    rows.filter(valid_from__lte=day).update(valid_to=day)
    rows.filter(valid_from__gt=day).update(valid_to=F("valid_from"))


def _end_guardianships(enrolment_ids: list[int], day: date, journal: Journal) -> None:
    rows = list(
        Guardianship.objects.filter(enrolment_id__in=enrolment_ids, valid_to__isnull=True).values_list(
            "pk", "enrolment_id"
        )
    )
    if rows:
        journal.before(Guardianship, [pk for pk, _ in rows], [unit_of(child) for _, child in rows])
        Guardianship.objects.filter(pk__in=[pk for pk, _ in rows]).update(
            valid_to=day, revision=F("revision") + 1
        )


def _details(row: RosterRow, former: str | None = None) -> str | None:
    """Details as stored: what the file says over what was known; empty cells take a value away."""
    known = json.loads(former) if former else {}
    known.update(row.details)
    kept = {key: value for key, value in known.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, default=str, separators=(",", ":")) if kept else None


def _add(rows: list[RosterRow], persons: list[int], since: date, journal: Journal) -> dict[int, int]:
    """New enrolments; answers row index → enrolment id."""
    if not rows:
        return {}
    pupils = [
        NewPupil(
            name=row.fields["name"],
            stage=row.fields["stage"],
            entry_year=row.fields["entry_year"],
            sex=row.fields.get("sex") or "0",
            birth_date=row.fields.get("birth_date"),
            ethnicity=row.fields.get("ethnicity") or "",
            national_number=row.fields.get("national_number"),
            id_type=row.fields.get("id_type") or "1",
            id_number=row.fields.get("id_number"),
            details=row.details_text or None,
            entry_month=row.fields.get("entry_month") or "",
            status="01" if row.fields.get("national_number") or row.fields.get("id_number") else "00",
            digest=row.digest,
        )
        for row in rows
    ]
    known = [(person, row.id_hash) for person, row in zip(persons, rows, strict=True)]
    ids = records.write_enrolments([row.organisation_id for row in rows], pupils, since, known)
    units = [unit_of(pk) for pk in ids]
    journal.label({unit: pupil.name for unit, pupil in zip(units, pupils, strict=True)})
    journal.added(Enrolment, ids, units)
    return {row.index: pk for row, pk in zip(rows, ids, strict=True)}


def _persons(hashes: list[bytes | None], journal: Journal) -> list[int]:
    """Persons found or made; the new ones are noted."""
    if not hashes:
        return []
    highest = highest_person()
    persons = ensure_persons(hashes)
    note_new_persons(persons, highest, journal)
    return persons


def _change(rows: list[RosterRow], journal: Journal) -> None:
    """Changed enrolments: only what the file says; numbers that came later name the person."""
    if not rows:
        return
    stored = {
        one.pk: one
        for one in Enrolment.objects.filter(pk__in=[row.standing.pk for row in rows if row.standing])
    }
    ids = list(stored)
    journal.label({unit_of(pk): one.name for pk, one in stored.items()})
    journal.before(Enrolment, ids, [unit_of(pk) for pk in ids])
    for row in rows:
        if row.standing is None:
            continue
        one = stored[row.standing.pk]
        for key, value in row.fields.items():
            if value not in (None, ""):
                setattr(one, key, value)
        one.name_key = name_key(one.name)
        one.details = _details(row, one.details)
        one.id_hash = id_hash(one.id_number) if one.id_number else None
        one.national_number_hash = national_hash(one.national_number) if one.national_number else None
        if one.status == Enrolment.Status.PENDING and (one.id_number or one.national_number):
            one.status = Enrolment.Status.ACTIVE
        one.digest = row.digest
        one.revision += 1
    _identify([stored[row.standing.pk] for row in rows if row.standing and not row.standing.id_hash], journal)
    columns = (
        "person_id", "status", "name", "name_key", "sex", "birth_date", "ethnicity", "national_number",
        "national_number_hash", "id_type", "id_number", "id_hash", "details", "entry_month", "stage",
        "entry_year", "digest", "revision",
    )  # fmt: skip
    bulk.update(
        Enrolment, {"id": ids, **{name: [getattr(stored[pk], name) for pk in ids] for name in columns}}
    )


def _identify(children: list[Enrolment], journal: Journal) -> None:
    """A child that sat here before its number: its person gets the hash, or gives way to the known one."""
    fresh = [one for one in children if one.id_hash is not None]
    if not fresh:
        return
    hashes = [bytes(one.id_hash) for one in fresh if one.id_hash is not None]
    known = known_persons(hashes)
    journal.before(Person, [one.person_id for one in fresh], [unit_of(one.pk) for one in fresh])
    for one in fresh:
        digest = bytes(one.id_hash or b"")
        other = known.get(digest)
        if other is None:
            Person.objects.filter(pk=one.person_id, id_hash__isnull=True).update(id_hash=digest)
        elif other != one.person_id:
            Person.objects.filter(pk=one.person_id).update(merged_into_id=other)
            one.person_id = other


def _take_seats(
    rows: list[RosterRow], pupils: dict[int, int], classes: dict[ClassKey, int], since: date, journal: Journal
) -> None:
    seated = [(row, row.class_number) for row in rows if row.class_number is not None]
    seats = [(pupils[row.index], classes[row.class_key], number) for row, number in seated]
    ids = records.write_placements([row.organisation_id for row, _ in seated], seats, since)
    journal.added(Placement, ids, [unit_of(seat[0]) for seat in seats])


def _new_guardians(row: RosterRow, enrolment_id: int) -> list[NewGuardian]:
    return [
        NewGuardian(enrolment_id, one["name"], one["relation"], "guardian", one["phone"], one["id_number"])
        for one in row.members
    ]


def _guardians(
    rows: list[RosterRow], pupils: dict[int, int], persons: list[int], since: date, journal: Journal
) -> None:
    guardians = [(row.organisation_id, one) for row in rows for one in _new_guardians(row, pupils[row.index])]
    _write_guardians(guardians, persons, since, journal)


def _write_guardians(
    guardians: list[tuple[int, NewGuardian]], persons: list[int], since: date, journal: Journal
) -> None:
    people = [one for _, one in guardians]
    owners = [organisation_id for organisation_id, _ in guardians]
    ids = records.write_guardianships(owners, people, since, persons)
    journal.added(Guardianship, ids, [unit_of(one.enrolment_id) for one in people])


def _sync_guardians(rows: list[RosterRow], target: Target, journal: Journal) -> None:
    """Guardians of changed pupils: by name; in a snapshot those that the file lacks end."""
    rows = [row for row in rows if row.members and row.standing]
    children = {row.standing.pk: row for row in rows if row.standing}
    open_ones: dict[int, list[Guardianship]] = defaultdict(list)
    for one in Guardianship.objects.filter(enrolment_id__in=list(children), valid_to__isnull=True):
        open_ones[one.enrolment_id].append(one)
    fresh: list[tuple[int, NewGuardian]] = []
    touched: list[Guardianship] = []
    for child, row in children.items():
        existing = {one.name: one for one in open_ones[child]}
        named = _new_guardians(row, child)
        for guardian in named:
            former = existing.pop(guardian.name, None)
            if former is None:
                fresh.append((row.organisation_id, guardian))
            elif (former.phone, former.relation, former.id_number) != (
                guardian.phone or former.phone, guardian.relation, guardian.id_number or former.id_number
            ):  # fmt: skip
                former.phone, former.relation = guardian.phone or former.phone, guardian.relation
                former.id_number = guardian.id_number or former.id_number
                touched.append(former)
        if target.mode == "snapshot":
            for former in existing.values():
                former.valid_to = max(target.day, former.valid_from)
                touched.append(former)
    if touched:
        journal.before(
            Guardianship, [one.pk for one in touched], [unit_of(one.enrolment_id) for one in touched]
        )
        bulk.update(
            Guardianship,
            {
                "id": [one.pk for one in touched],
                "relation": [one.relation for one in touched],
                "phone": [one.phone for one in touched],
                "phone_hash": [phone_hash(str(one.phone)) if one.phone else None for one in touched],
                "id_number": [one.id_number for one in touched],
                "valid_to": [one.valid_to for one in touched],
                "revision": [one.revision + 1 for one in touched],
            },
        )
    if fresh:
        hashes = [records.guardian_hash(one.name, one.phone, one.id_number) for _, one in fresh]
        persons = _persons(hashes, journal)
        _write_guardians(fresh, persons, target.day, journal)
