"""The schools importer: the district's list of schools (JY/T 1004 学校基本数据); the bureau's business."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from smartschool.contexts.directory.importers.people import refuse_doubles
from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.directory.public.codes import coded
from smartschool.contexts.directory.public.identifiers import credit_code_cell, school_code_cell
from smartschool.kernel import bulk, cells
from smartschool.kernel.importing import ADDED, CHANGED, SAME, FieldChange, Importer, Plan, Target
from smartschool.kernel.journal import Journal
from smartschool.kernel.tabular import Checked, Column, FileRefused

TEACHING_POINT = "218"
FIELDS = ("name", "short_name", "school_type", "urban_rural", "town", "division", "credit_code")
NAMES = {
    "name": "学校名称",
    "short_name": "学校简称",
    "school_type": "办学类型",
    "urban_rural": "所在地城乡类型",
    "town": "所属乡镇",
    "division": "行政区划代码",
    "credit_code": "统一社会信用代码",
}
CODES = ("学校代码", "XXDM", "学校（机构）标识码")
SchoolRow = tuple[int, str, int, dict[str, Any], Organisation | None]


def school_columns() -> tuple[Column, ...]:
    """Columns of the sheet, with the short names of the standard."""
    return (
        Column("row_number", "序号", cells.text(40), ("编号",), ordinal=True),
        Column(
            "code",
            "学校标识码",
            school_code_cell,
            ("学校代码", "XXDM", "学校（机构）标识码"),
            required=True,
            needed=True,
        ),
        Column("name", "学校名称", cells.text(64), ("XXMC", "名称", "学校全称"), required=True, needed=True),
        Column("short_name", "学校简称", cells.text(20), ("简称",)),
        Column("school_type", "办学类型", coded("school_type"), ("XXBXLXM", "学校办学类型"), required=True),
        Column("urban_rural", "所在地城乡类型", coded("locality"), ("城乡类型", "SZDCXLXM")),
        Column("town", "所属乡镇", cells.text(40), ("乡镇", "街道", "所在乡镇")),
        Column("division", "行政区划代码", cells.digits_text, ("XZQHM", "行政区划码")),
        Column("credit_code", "统一社会信用代码", credit_code_cell, ("社会信用代码", "TYSHXYDM")),
        Column("parent", "上级单位", cells.text(64), ("中心校", "所属中心校", "主管单位")),
    )


class SchoolsImporter(Importer):
    """学校 workbook of the district."""

    name: ClassVar[str] = "school"
    zh: ClassVar[str] = "学校"
    hint: ClassVar[str] = "全区学校的基本数据"
    policy: ClassVar[str] = "directory.import_schools"

    def columns(self, target: Target) -> Sequence[Column]:
        return school_columns()

    def validate(self, checked: Checked, target: Target) -> None:
        if target.fixed:
            raise FileRefused("district_only", "学校名单由区里导入：请去掉 --school 再试。")
        for key, name in (("code", "学校标识码"), ("credit_code", "统一社会信用代码")):
            refuse_doubles(
                checked, [str(one) if one else None for one in checked.column(key)], name, "同一所学校"
            )

    def match(self, checked: Checked, target: Target) -> Plan:
        standing = {one.code: one for one in Organisation.objects.all()}
        by_name = {one.name: one.pk for one in standing.values() if one.valid_to is None}
        by_credit = {one.credit_code: one.pk for one in standing.values() if one.credit_code}
        plan = Plan(
            [None] * len(checked.frame), [str(n or "") for n in checked.column("name")], len(standing)
        )
        rows = []
        for index in checked.good():
            fields = {key: value for key in FIELDS if (value := checked.column(key)[index]) is not None}
            above = checked.column("parent")[index]
            parent = by_name.get(str(above)) if above is not None else target.organisation_id
            if parent is None:
                checked.add(
                    index, "上级单位", "unknown_parent", f"没有“{above}”这个单位，请核对，或先把它导入。"
                )
                continue
            one = standing.get(str(checked.column("code")[index]))
            if one is not None and one.valid_to is not None:
                checked.add(index, "学校标识码", "voided_code", "这个标识码已经撤销，不能再用，请核对。")
                continue
            holder = by_credit.get(str(fields.get("credit_code", "")))
            if holder is not None and (one is None or holder != one.pk):
                words = "这个统一社会信用代码已经有单位在用，请核对。"
                checked.add(index, "统一社会信用代码", "credit_code_taken", words)
                continue
            changes = [] if one is None else _changes(one, fields)
            plan.kinds[index] = ADDED if one is None else CHANGED if changes else SAME
            if changes:
                plan.changes[index] = changes
            rows.append((index, str(checked.column("code")[index]), parent, fields, one))
        plan.work = rows
        return plan

    def apply(self, plan: Plan, checked: Checked, target: Target, journal: Journal) -> None:
        rows: list[SchoolRow] = plan.work
        _add([row for row in rows if plan.kinds[row[0]] == ADDED], target.day, journal)
        for index, _, _, fields, one in rows:
            if one is not None and plan.kinds[index] == CHANGED:
                journal.label({f"school:{one.pk}": one.name})
                journal.before(Organisation, [one.pk], [f"school:{one.pk}"])
                Organisation.objects.filter(pk=one.pk).update(**fields)


def _changes(one: Organisation, fields: dict[str, Any]) -> list[FieldChange]:
    return [
        FieldChange(NAMES[key], str(getattr(one, key)), str(value))
        for key, value in fields.items()
        if getattr(one, key) != value
    ]


def _add(rows: list[SchoolRow], day: date, journal: Journal) -> None:
    if not rows:
        return
    ids = bulk.allocate_ids(Organisation, len(rows))
    fields = [row[3] for row in rows]
    bulk.insert(
        Organisation,
        {
            "id": ids,
            "code": [row[1] for row in rows],
            "parent_id": [row[2] for row in rows],
            "kind": [
                "teaching_point" if one.get("school_type") == TEACHING_POINT else "school" for one in fields
            ],
            "valid_from": [day] * len(rows),
            **{key: [one.get(key, "") for one in fields] for key in FIELDS if key != "short_name"},
            "short_name": [one.get("short_name") or one["name"] for one in fields],
        },
    )
    journal.label({f"school:{pk}": one["name"] for pk, one in zip(ids, fields, strict=True)})
    journal.added(Organisation, ids, [f"school:{pk}" for pk in ids])
