"""The staff importer: one row is one member of staff; 班主任 and 任课 come along, rights of office do not.

A post that gives rights over the school (校长, 管理员) is never granted by a spreadsheet: it is kept as
information and appointed on its own page.
"""

import json
from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from smartschool.contexts.directory.importers.people import (
    check_id_numbers,
    classes_cell,
    fill_from_numbers,
    refuse_doubles,
    several,
)
from smartschool.contexts.directory.importers.roster_changes import masked
from smartschool.contexts.directory.importers.roster_columns import (
    EARLIEST_BIRTH,
    number_or_blank,
    phone_or_blank,
)
from smartschool.contexts.directory.importers.staff_ties import (
    StaffRow,
    Ties,
    known_ties,
    one_head_a_class,
    tie_classes,
    wanted_ties,
)
from smartschool.contexts.directory.importers.staff_write import IN_COLUMNS, write
from smartschool.contexts.directory.models import StaffRecord
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.codes import coded
from smartschool.contexts.directory.public.hashes import id_hash
from smartschool.contexts.directory.records import recount
from smartschool.kernel import cells, clock
from smartschool.kernel.crypto import keyed_hash
from smartschool.kernel.importing import ADDED, CHANGED, SAME, FieldChange, Importer, Plan, Target
from smartschool.kernel.journal import Journal
from smartschool.kernel.scope import current_scope
from smartschool.kernel.tabular import Bad, Cell, Checked, Column, FileRefused, Value

DETAILS = ("ethnicity", "political_status", "post", "education", "degree", "title", "establishment", "joined")
_SHOWN = {
    "name": "姓名",
    "sex": "性别",
    "birth_date": "出生日期",
    "id_number": "身份证件号",
    "phone": "联系电话",
}
NUMBERS = ("教职工号", "职工号", "教师编号")


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
        tie_classes(rows, checked, target)
        standing = list(
            StaffRecord.objects.filter(organisation_id=target.organisation_id, valid_to__isnull=True)
        )
        by_id = {bytes(one.id_hash): one for one in standing if one.id_hash is not None}
        by_number = {one.staff_number: one for one in standing}
        plan = Plan(
            [None] * len(checked.frame), [str(n or "") for n in checked.column("name")], len(standing)
        )
        known = known_ties(target)
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
            one_head_a_class(row, heads, checked)
            _judge(row, plan, known)
        plan.work = [row for row in rows if row.index not in checked.bad]
        return plan

    def apply(self, plan: Plan, checked: Checked, target: Target, journal: Journal) -> None:
        write(plan, target, journal)
        recount(current_scope().write)

    def undone(self, target: Target) -> None:
        recount(current_scope().write)


def _rows(checked: Checked) -> list[StaffRow]:
    keys = [key for key in IN_COLUMNS if checked.has(key)]
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


def _judge(row: StaffRow, plan: Plan, known: Ties) -> None:
    if row.record is None:
        plan.kinds[row.index] = ADDED
        post = row.details.get("post")
        plan.notes[row.index] = codes.table("post_occupation").name(post) if post else ""
        return
    changes = [] if row.record.digest and bytes(row.record.digest) == row.digest else _changes(row)
    fresh = wanted_ties(row) - known.get(row.record.pk, set())
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
