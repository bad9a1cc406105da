"""Writes the rows of a staff list that are to be added or changed, with their posts and lessons."""

import json
from datetime import date
from typing import Any

from smartschool.contexts.directory import records
from smartschool.contexts.directory.grades import school_year_start
from smartschool.contexts.directory.importers.people import (
    highest_person,
    note_new_persons,
)
from smartschool.contexts.directory.importers.staff_ties import StaffRow, known_ties, wanted_ties
from smartschool.contexts.directory.models import Appointment, StaffRecord, TeachingAssignment
from smartschool.contexts.directory.names import name_key
from smartschool.contexts.directory.public.contracts import NewStaff
from smartschool.contexts.directory.public.doors import current_term
from smartschool.contexts.directory.public.hashes import id_hash
from smartschool.kernel import bulk
from smartschool.kernel.importing import ADDED, CHANGED, Plan, Target
from smartschool.kernel.journal import Journal

IN_COLUMNS = ("staff_number", "name", "sex", "birth_date", "id_number", "phone")


def write(plan: Plan, target: Target, journal: Journal) -> None:
    rows: list[StaffRow] = plan.work
    place, since = target.organisation_id, min(date(school_year_start(target.day), 9, 1), target.day)
    added = [row for row in rows if plan.kinds[row.index] == ADDED]
    changed = [row for row in rows if plan.kinds[row.index] == CHANGED and row.record is not None]
    staff = [
        NewStaff(
            name=row.fields["name"],
            staff_number=row.fields["staff_number"],
            sex=row.fields.get("sex", "0"),
            birth_date=row.fields.get("birth_date"),
            id_number=row.fields.get("id_number"),
            phone=row.fields.get("phone"),
            details=json.dumps(row.details, ensure_ascii=False) if row.details else None,
            digest=row.digest,
        )
        for row in added
    ]
    highest = highest_person()
    ids = records.write_staff(place, staff, since)
    persons = StaffRecord.objects.filter(pk__in=ids).values_list("person_id", flat=True)
    note_new_persons(persons, highest, journal)
    journal.label({_unit(pk): one.name for pk, one in zip(ids, staff, strict=True)})
    journal.added(StaffRecord, ids, [_unit(pk) for pk in ids])
    _change(changed, journal)
    ties = known_ties(target)
    staff_ids = [(row, pk) for row, pk in zip(added, ids, strict=True)]
    staff_ids += [(row, row.record.pk) for row in changed if row.record is not None]
    fresh = [
        (pk, tie) for row, pk in staff_ids for tie in sorted(wanted_ties(row) - ties.get(pk, set()), key=repr)
    ]
    _tie(fresh, place, target, journal)


def _change(rows: list[StaffRow], journal: Journal) -> None:
    stored = [(row, row.record) for row in rows if row.record is not None]
    if not stored:
        return
    journal.label({_unit(one.pk): one.name for _, one in stored})
    journal.before(StaffRecord, [one.pk for _, one in stored], [_unit(one.pk) for _, one in stored])
    for row, one in stored:
        for key, value in row.fields.items():
            setattr(one, key, value)
        details = json.loads(str(one.details)) if one.details else {}
        one.details = json.dumps({**details, **row.details}, ensure_ascii=False)
        one.name_key, one.digest, one.revision = name_key(one.name), row.digest, one.revision + 1
        one.id_hash = id_hash(str(one.id_number)) if one.id_number else None
    columns = (*IN_COLUMNS, "name_key", "id_hash", "details", "digest", "revision")
    values = {key: [getattr(one, key) for _, one in stored] for key in columns}
    bulk.update(StaffRecord, {"id": [one.pk for _, one in stored], **values})


def _tie(fresh: list[tuple[int, tuple[Any, ...]]], place: int, target: Target, journal: Journal) -> None:
    posts = [(pk, tie) for pk, tie in fresh if len(tie) == 2]
    lessons = [(pk, tie) for pk, tie in fresh if len(tie) == 3]
    if posts:
        ids = bulk.allocate_ids(Appointment, len(posts))
        bulk.insert(
            Appointment,
            {
                "id": ids,
                "organisation_id": [place] * len(posts),
                "staff_id": [pk for pk, _ in posts],
                "role": [tie[0] for _, tie in posts],
                "home_class_id": [tie[1] for _, tie in posts],
                "valid_from": [target.day] * len(posts),
            },
        )
        journal.added(Appointment, ids, [_unit(pk) for pk, _ in posts])
    if lessons:
        ids = bulk.allocate_ids(TeachingAssignment, len(lessons))
        bulk.insert(
            TeachingAssignment,
            {
                "id": ids,
                "organisation_id": [place] * len(lessons),
                "staff_id": [pk for pk, _ in lessons],
                "home_class_id": [tie[0] for _, tie in lessons],
                "subject": [tie[1] for _, tie in lessons],
                "term_id": [current_term(target.day).id] * len(lessons),
            },
        )
        journal.added(TeachingAssignment, ids, [_unit(pk) for pk, _ in lessons])


def _unit(pk: int) -> str:
    return f"staff:{pk}"
