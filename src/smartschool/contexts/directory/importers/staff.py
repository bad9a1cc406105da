"""The staff importer: one row is one member of staff; 班主任 and 任课 come along, rights of office do not.

A post that gives rights over the school (校长, 管理员) is never granted by a spreadsheet: it is kept as
information and appointed on its own page.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from smartschool.contexts.directory import records
from smartschool.contexts.directory.grades import school_year_start
from smartschool.contexts.directory.importers.people import (
    check_id_numbers,
    class_key,
    classes_cell,
    fill_from_numbers,
    highest_person,
    note_new_persons,
    refuse_doubles,
    several,
)
from smartschool.contexts.directory.importers.roster_changes import masked
from smartschool.contexts.directory.importers.roster_columns import (
    EARLIEST_BIRTH,
    number_or_blank,
    phone_or_blank,
)
from smartschool.contexts.directory.models import Appointment, HomeClass, StaffRecord, TeachingAssignment
from smartschool.contexts.directory.names import name_key
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.codes import coded
from smartschool.contexts.directory.public.contracts import NewStaff
from smartschool.contexts.directory.public.doors import current_term
from smartschool.contexts.directory.public.hashes import id_hash
from smartschool.contexts.directory.records import recount
from smartschool.kernel import bulk, cells, clock
from smartschool.kernel.crypto import keyed_hash
from smartschool.kernel.importing import ADDED, CHANGED, SAME, FieldChange, Importer, Plan, Target
from smartschool.kernel.journal import Journal
from smartschool.kernel.scope import current_scope
from smartschool.kernel.tabular import Bad, Cell, Checked, Column, FileRefused, Value

FORM_TEACHER, TEACHER = "23", ("10", "20")  # codes of post_occupation
DETAILS = ("ethnicity", "political_status", "post", "education", "degree", "title", "establishment", "joined")
_SHOWN = {
    "name": "姓名",
    "sex": "性别",
    "birth_date": "出生日期",
    "id_number": "身份证件号",
    "phone": "联系电话",
}
IN_COLUMNS = ("staff_number", "name", "sex", "birth_date", "id_number", "phone")
NUMBERS = ("教职工号", "职工号", "教师编号")
MANAGEMENT = ("30", "31", "32", "33", "34")


def staff_number_cell(cell: Cell) -> Value | Bad:
    """工号: letters and digits, kept as text."""
    text = cells.digits_text(cell)
    if isinstance(text, Bad) or 1 <= len(text) <= 30:
        return text
    return Bad("too_long", "工号最多 30 个字，请核对。")


def staff_columns() -> tuple[Column, ...]:
    """Columns of JY/T 1004 教职工 in school words."""
    birth = cells.day(earliest=EARLIEST_BIRTH, latest=clock.today)
    ids = ("身份证号", "身份证号码", "证件号码", "身份证件号码", "公民身份号码", "身份证", "居民身份证号")
    return (
        Column("row_number", "序号", cells.text(40), ("编号", "No", "No."), ordinal=True),
        Column(
            "staff_number",
            "工号",
            staff_number_cell,
            (*NUMBERS, "教工号", "教师工号", "员工编号"),
            required=True,
            needed=True,
        ),
        Column(
            "name", "姓名", cells.person_name, ("教师姓名", "教职工姓名", "教师"), required=True, needed=True
        ),
        Column("sex", "性别", coded("sex")),
        Column("birth_date", "出生日期", birth, ("出生年月日", "生日", "出生年月", "出生时间")),
        Column("id_number", "身份证件号", number_or_blank, ids),
        Column("ethnicity", "民族", coded("ethnicity")),
        Column("political_status", "政治面貌", coded("political_status")),
        Column("post", "岗位", coded("post_occupation"), ("岗位职业", "职务", "岗位名称")),
        Column(
            "subjects",
            "任教学科",
            several(coded("subject")),
            ("学科", "任教课程", "任课学科", "任教科目", "科目", "所教学科"),
        ),
        Column("classes", "任教班级", classes_cell, ("任课班级", "所教班级", "任教年级班级", "教学班级")),
        Column("phone", "联系电话", phone_or_blank, ("电话", "手机", "手机号", "手机号码", "联系方式")),
        Column("education", "学历", coded("education_level"), ("最高学历",)),
        Column("degree", "学位", coded("degree")),
        Column("title", "职称", coded("teacher_title"), ("专业技术职务", "现任职称")),
        Column("establishment", "编制类别", coded("staff_establishment")),
        Column("joined", "来校年月", cells.month, ("来校时间", "进校时间")),
    )


@dataclass(slots=True)
class StaffRow:
    index: int
    fields: dict[str, Any]
    details: dict[str, Any]
    digest: bytes
    record: StaffRecord | None = None
    form_classes: list[int] = field(default_factory=list)
    lessons: list[tuple[int, str]] = field(default_factory=list)  # (class id, subject)


class StaffImporter(Importer):
    """教职工 workbook of one school."""

    name: ClassVar[str] = "staff"
    zh: ClassVar[str] = "教职工"
    hint: ClassVar[str] = "工号、姓名、岗位，可以带任教学科和班级"
    policy: ClassVar[str] = "directory.import_records"

    def columns(self, target: Target) -> Sequence[Column]:
        return staff_columns()

    def validate(self, checked: Checked, target: Target) -> None:
        if not target.fixed:
            raise FileRefused("choose_school", "教职工按学校导入：请先选定学校（--school 学校标识码）。")
        numbers = check_id_numbers(checked, "id_number", "身份证件号")
        fill_from_numbers(checked, numbers, {"sex": "性别"})
        refuse_doubles(checked, [str(one) if one else None for one in checked.column("staff_number")], "工号")
        refuse_doubles(checked, [one.number if one else None for one in numbers], "身份证件号")
        checked.facts = numbers

    def match(self, checked: Checked, target: Target) -> Plan:
        rows = _rows(checked)
        _tie_classes(rows, checked, target)
        standing = list(
            StaffRecord.objects.filter(organisation_id=target.organisation_id, valid_to__isnull=True)
        )
        by_id = {bytes(one.id_hash): one for one in standing if one.id_hash is not None}
        by_number = {one.staff_number: one for one in standing}
        plan = Plan(
            [None] * len(checked.frame), [str(n or "") for n in checked.column("name")], len(standing)
        )
        known = _known_ties(target)
        heads = {
            tie[1]: staff_id for staff_id, ties in known.items() for tie in ties if tie[0] == "form_teacher"
        }
        for row in rows:
            number = row.fields.get("id_number")
            row.record = by_id.get(id_hash(number)) if number else None
            holder = by_number.get(row.fields["staff_number"])
            if row.record is None and holder is not None and (number is None or holder.id_hash is None):
                row.record = holder
            if holder is not None and holder is not row.record:
                checked.add(row.index, "工号", "staff_number_taken", f"工号已经是{holder.name}的，请核对。")
                continue
            _one_head_a_class(row, heads, checked)
            _judge(row, plan, known)
        plan.work = [row for row in rows if row.index not in checked.bad]
        return plan

    def apply(self, plan: Plan, checked: Checked, target: Target, journal: Journal) -> None:
        _write(plan, target, journal)
        recount(current_scope().write)

    def undone(self, target: Target) -> None:
        recount(current_scope().write)


def _rows(checked: Checked) -> list[StaffRow]:
    keys = [
        key for key in ("staff_number", "name", "sex", "birth_date", "id_number", "phone") if checked.has(key)
    ]
    rows = []
    for index in checked.good():
        fields = {key: value for key in keys if (value := checked.column(key)[index]) is not None}
        own = checked.facts[index] if isinstance(checked.facts, list) else None
        if own is not None:
            fields["id_number"] = own.number
            fields.setdefault("sex", own.sex)
            fields.setdefault("birth_date", own.born_on)
        details = {
            key: f"{value:%Y%m}" if isinstance(value, date) else value
            for key in DETAILS
            if checked.has(key) and (value := checked.column(key)[index]) is not None
        }
        digest = keyed_hash(f"{fields!r}{details!r}", purpose="staff_row")
        rows.append(StaffRow(index, fields, details, digest))
    return rows


def _tie_classes(rows: list[StaffRow], checked: Checked, target: Target) -> None:
    """Form classes and lessons of each row; a class that is not there yet is only a remark."""
    year = school_year_start(target.day)
    found = HomeClass.objects.filter(organisation_id=target.organisation_id, valid_to__isnull=True)
    classes = {(one.stage, one.entry_year, one.number): one.pk for one in found}
    taught, subjects, posts = checked.column("classes"), checked.column("subjects"), checked.column("post")
    for row in rows:
        post = posts[row.index]
        if post in ("30", "31", "32", "33", "34"):
            checked.warn(
                row.index, "岗位", "post_kept", "管理岗位不随表格授权，只作为资料保存；请在任职页任命。"
            )
        for sitting in taught[row.index] or ():  # type: ignore[attr-defined]
            key = class_key(sitting, year)
            pk = classes.get(key) if key else None
            if pk is None:
                checked.warn(row.index, "任教班级", "class_missing", "本校还没有这个班，任课先不登记。")
                continue
            if post == FORM_TEACHER:
                row.form_classes.append(pk)
            row.lessons += [(pk, subject) for subject in subjects[row.index] or ()]  # type: ignore[attr-defined]


def _one_head_a_class(row: StaffRow, heads: dict[int, int], checked: Checked) -> None:
    """A class keeps the 班主任 it has, of two in one file the first; `heads` is class id → staff id, negative
    for somebody new."""
    own = row.record.pk if row.record else -1 - row.index
    for pk in list(row.form_classes):
        if heads.setdefault(pk, own) != own:
            row.form_classes.remove(pk)
            checked.warn(
                row.index, "岗位", "head_kept", "这个班已经有别的班主任，不随表格换；请在任课表上改。"
            )


Ties = dict[int, set[tuple[Any, ...]]]


def _known_ties(target: Target) -> Ties:
    """Open appointments and this term's lessons of the school, by staff id."""
    ties: Ties = {}
    place = target.organisation_id
    posts = Appointment.objects.filter(organisation_id=place, valid_to__isnull=True)
    for staff_id, role, class_id in posts.values_list("staff_id", "role", "home_class_id"):
        ties.setdefault(staff_id, set()).add((role, class_id))
    lessons = TeachingAssignment.objects.filter(organisation_id=place, term_id=current_term(target.day).id)
    for staff_id, class_id, subject in lessons.values_list("staff_id", "home_class_id", "subject"):
        ties.setdefault(staff_id, set()).add((class_id, subject, ""))
    return ties


def _wanted_ties(row: StaffRow) -> set[tuple[Any, ...]]:
    posts: set[tuple[Any, ...]] = {("form_teacher", pk) for pk in row.form_classes}
    post = row.details.get("post")
    if post in TEACHER or post == FORM_TEACHER or row.lessons:
        posts.add(("teacher", None))
    return posts | {(pk, subject, "") for pk, subject in row.lessons}


def _judge(row: StaffRow, plan: Plan, known: Ties) -> None:
    if row.record is None:
        plan.kinds[row.index] = ADDED
        post = row.details.get("post")
        plan.notes[row.index] = codes.table("post_occupation").name(post) if post else ""
        return
    changes = [] if row.record.digest and bytes(row.record.digest) == row.digest else _changes(row)
    fresh = _wanted_ties(row) - known.get(row.record.pk, set())
    if fresh:
        changes.append(FieldChange("任课和班主任", "", f"新增 {len(fresh)} 项"))
    plan.kinds[row.index] = CHANGED if changes else SAME
    if changes:
        plan.changes[row.index] = changes


def _changes(row: StaffRow) -> list[FieldChange]:
    record, found = row.record, []
    for key, new in row.fields.items():
        old = getattr(record, key)
        if key in _SHOWN and old != new:
            hide = key in ("id_number", "phone")
            found.append(FieldChange(_SHOWN[key], *(masked(v) if hide else str(v or "") for v in (old, new))))
    details = json.loads(str(record.details)) if record and record.details else {}
    names = {column.key: column.name for column in staff_columns()}
    for key, new in row.details.items():
        if details.get(key) != new:
            found.append(FieldChange(names[key], str(details.get(key) or ""), str(new)))
    return found


def _unit(pk: int) -> str:
    return f"staff:{pk}"


def _write(plan: Plan, target: Target, journal: Journal) -> None:
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
    ties = _known_ties(target)
    staff_ids = [(row, pk) for row, pk in zip(added, ids, strict=True)]
    staff_ids += [(row, row.record.pk) for row in changed if row.record is not None]
    fresh = [
        (pk, tie)
        for row, pk in staff_ids
        for tie in sorted(_wanted_ties(row) - ties.get(pk, set()), key=repr)
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
