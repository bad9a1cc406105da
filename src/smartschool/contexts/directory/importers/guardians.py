"""The guardians importer: 监护人 and their telephones for children who are enrolled already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from smartschool.contexts.directory import records
from smartschool.contexts.directory.importers.people import highest_person, note_new_persons, refuse_doubles
from smartschool.contexts.directory.importers.roster_changes import masked
from smartschool.contexts.directory.importers.roster_columns import number_or_blank, phone_or_blank
from smartschool.contexts.directory.models import Enrolment, Guardianship
from smartschool.contexts.directory.public.codes import coded
from smartschool.contexts.directory.public.contracts import NewGuardian
from smartschool.contexts.directory.public.hashes import id_hash, national_hash, phone_hash
from smartschool.contexts.directory.public.identifiers import (
    EnrolmentNumber,
    enrolment_number_cell,
    parse_id_number,
)
from smartschool.kernel import bulk, cells
from smartschool.kernel.importing import ADDED, CHANGED, SAME, FieldChange, Importer, Plan, Target
from smartschool.kernel.journal import Journal
from smartschool.kernel.tabular import Bad, Checked, Column, FileRefused

PHONES = (
    *("监护人电话", "家长电话", "手机", "手机号", "成员1联系电话", "手机号码", "电话", "联系方式"),
    *("监护人联系电话", "家长联系电话", "监护人手机号", "家长手机号", "监护人手机", "家长手机"),
)
NUMBERS = (
    "监护人身份证件号",
    "家长身份证号",
    "成员1身份证件号",
    "监护人身份证",
    "监护人证件号码",
    "家长身份证",
)


def guardian_columns() -> tuple[Column, ...]:
    """Whose guardian, then who."""
    return (
        Column("row_number", "序号", cells.text(40), ("编号",), ordinal=True),
        Column(
            "child", "学生姓名", cells.person_name, ("姓名", "孩子姓名", "学生"), required=True, needed=True
        ),
        Column("national_number", "学籍号", enrolment_number_cell, ("全国学籍号", "个人标识码", "学籍主号")),
        Column(
            "child_id",
            "学生身份证号",
            number_or_blank,
            ("身份证号", "身份证件号", "学生身份证件号", "身份证", "学生身份证", "公民身份号码"),
        ),
        Column(
            "name",
            "监护人姓名",
            cells.person_name,
            ("家长姓名", "成员姓名", "成员1姓名", "监护人", "家长"),
            required=True,
            needed=True,
        ),
        Column(
            "relation",
            "关系",
            coded("kinship"),
            ("与学生关系", "与本人关系", "监护人关系", "成员1关系", "家长关系", "称谓"),
        ),
        Column("phone", "联系电话", phone_or_blank, PHONES),
        Column(
            "id_number",
            "监护人身份证号",
            number_or_blank,
            NUMBERS,
        ),
    )


@dataclass(slots=True)
class GuardianRow:
    index: int
    guardian: NewGuardian
    record: Guardianship | None = None


class GuardiansImporter(Importer):
    """监护人 workbook of one school."""

    name: ClassVar[str] = "guardians"
    zh: ClassVar[str] = "监护人"
    hint: ClassVar[str] = "给已有的学生补监护人和电话"
    policy: ClassVar[str] = "directory.import_records"

    def columns(self, target: Target) -> Sequence[Column]:
        return guardian_columns()

    def validate(self, checked: Checked, target: Target) -> None:
        if not target.fixed:
            raise FileRefused("choose_school", "监护人按学校导入：请先选定学校（--school 学校标识码）。")
        for key, name in (("child_id", "学生身份证号"), ("id_number", "监护人身份证号")):
            for index, number in enumerate(checked.column(key)):
                found = parse_id_number(str(number)) if number is not None else None
                if isinstance(found, Bad):
                    checked.add(index, name, found.code, found.message)
        columns = [checked.column(key) for key in ("child", "national_number", "child_id", "name")]
        pairs = [None if row[3] is None else repr(row) for row in zip(*columns, strict=True)]
        refuse_doubles(checked, pairs, "监护人姓名")

    def match(self, checked: Checked, target: Target) -> Plan:
        children = _Children(target.organisation_id)
        known: dict[tuple[int, str], Guardianship] = {
            (one.enrolment_id, one.name): one
            for one in Guardianship.objects.filter(
                organisation_id=target.organisation_id, valid_to__isnull=True
            )
        }
        plan = Plan([None] * len(checked.frame), [str(n or "") for n in checked.column("name")], len(known))
        rows = []
        for index in checked.good():
            child = children.find(checked, index)
            if child is None:
                continue
            relation, phone = checked.column("relation")[index], checked.column("phone")[index]
            number = checked.column("id_number")[index]
            guardian = NewGuardian(
                child, str(checked.column("name")[index]), str(relation or "99"), "guardian",
                str(phone) if phone else None, str(number) if number else None,
            )  # fmt: skip
            row = GuardianRow(index, guardian, known.get((child, guardian.name)))
            rows.append(row)
            changes = _changes(row, relation is not None) if row.record else []
            plan.kinds[index] = ADDED if row.record is None else CHANGED if changes else SAME
            plan.notes[index] = f"{checked.column('child')[index]}的监护人"
            if changes:
                plan.changes[index] = changes
        plan.work = rows
        return plan

    def apply(self, plan: Plan, checked: Checked, target: Target, journal: Journal) -> None:
        rows: list[GuardianRow] = plan.work
        added = [row.guardian for row in rows if plan.kinds[row.index] == ADDED]
        highest = highest_person()
        ids = records.write_guardianships(target.organisation_id, added, target.day)
        persons = Guardianship.objects.filter(pk__in=ids).values_list("person_id", flat=True)
        note_new_persons(persons, highest, journal)
        units = [f"guardian:{pk}" for pk in ids]
        journal.label({unit: one.name for unit, one in zip(units, added, strict=True)})
        journal.added(Guardianship, ids, units)
        _change([row for row in rows if plan.kinds[row.index] == CHANGED], journal)


class _Children:
    """The open enrolments of a school by everything that a row may say of a child."""

    def __init__(self, organisation_id: int) -> None:
        self._by_number: dict[bytes, int] = {}
        self._by_name: dict[str, list[int]] = {}
        rows = Enrolment.objects.filter(organisation_id=organisation_id, valid_to__isnull=True)
        for pk, name, number, national in rows.values_list("pk", "name", "id_hash", "national_number_hash"):
            self._by_name.setdefault(name, []).append(pk)
            for digest in (number, national):
                if digest is not None:
                    self._by_number[bytes(digest)] = pk

    def find(self, checked: Checked, index: int) -> int | None:
        national, number = checked.column("national_number")[index], checked.column("child_id")[index]
        hashes = []
        if isinstance(national, EnrolmentNumber):
            hashes.append(national_hash(national.number))
            if national.id_number:
                hashes.append(id_hash(national.id_number))
        if number is not None:
            hashes.append(id_hash(str(number)))
        for digest in hashes:
            if digest in self._by_number:
                return self._by_number[digest]
        if hashes:
            checked.add(index, "学生姓名", "unknown_pupil", "本校没有这个号码的学生，请核对，或先导入学生。")
            return None
        same = self._by_name.get(str(checked.column("child")[index]), [])
        if len(same) == 1:
            return same[0]
        code, words = (
            ("ambiguous_pupil", "有几名同名的，请补学籍号")
            if same
            else ("unknown_pupil", "没有这名学生，请先导入学生")
        )
        checked.add(index, "学生姓名", code, f"本校{words}。")
        return None


def _changes(row: GuardianRow, relation_said: bool) -> list[FieldChange]:
    old, new, found = row.record, row.guardian, []
    if old is None:
        return []
    if new.phone and new.phone != old.phone:
        found.append(FieldChange("联系电话", masked(old.phone), masked(new.phone)))
    if new.id_number and new.id_number != old.id_number:
        found.append(FieldChange("监护人身份证号", masked(old.id_number), masked(new.id_number)))
    if relation_said and new.relation != old.relation:
        found.append(FieldChange("关系", old.relation, new.relation))
    return found


def _change(rows: list[GuardianRow], journal: Journal) -> None:
    stored: list[tuple[Any, Guardianship]] = [(row.guardian, row.record) for row in rows if row.record]
    if not stored:
        return
    units = [f"guardian:{one.pk}" for _, one in stored]
    journal.label({unit: one.name for unit, (_, one) in zip(units, stored, strict=True)})
    journal.before(Guardianship, [one.pk for _, one in stored], units)
    phones = [new.phone or one.phone for new, one in stored]
    bulk.update(
        Guardianship,
        {
            "id": [one.pk for _, one in stored],
            "phone": phones,
            "phone_hash": [phone_hash(str(phone)) if phone else None for phone in phones],
            "id_number": [new.id_number or one.id_number for new, one in stored],
            "relation": [new.relation if new.relation != "99" else one.relation for new, one in stored],
            "revision": [one.revision + 1 for _, one in stored],
        },
    )
