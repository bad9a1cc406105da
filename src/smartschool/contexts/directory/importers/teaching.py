"""The teaching importer: who teaches what where this term, as a long list or as a table class × subject."""

from collections.abc import Sequence
from typing import ClassVar

from smartschool.contexts.directory.grades import school_year_start
from smartschool.contexts.directory.importers.class_cells import ClassCell, class_cell
from smartschool.contexts.directory.importers.people import class_key, several
from smartschool.contexts.directory.importers.staff import NUMBERS, staff_number_cell
from smartschool.contexts.directory.models import HomeClass, StaffRecord, TeachingAssignment
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.codes import coded
from smartschool.contexts.directory.public.doors import current_term
from smartschool.kernel import bulk, cells
from smartschool.kernel.importing import ADDED, SAME, Importer, Plan, Target
from smartschool.kernel.journal import Journal
from smartschool.kernel.tabular import Checked, Column, FileRefused

SUBJECT = "subject:"  # keys of the columns of a table class × subject


def teaching_columns() -> tuple[Column, ...]:
    """Class, then either teacher and subject, or one column a subject with the teacher's name."""
    table = codes.table("subject")
    wide = []
    for code, name in table.choices():
        words = (word for word, one in table.words.items() if one == code and not word.isdigit())
        others = tuple(word for word in words if word != name)
        wide.append(Column(f"{SUBJECT}{code}", name, several(cells.person_name), others))
    return (
        Column("row_number", "序号", cells.text(40), ("编号",), ordinal=True),
        Column("class", "班级", class_cell, ("任教班级", "班级名称", "行政班"), required=True, needed=True),
        Column("staff_number", "工号", staff_number_cell, (*NUMBERS, "教师工号", "任课教师工号")),
        Column("name", "教师", cells.person_name, ("教师姓名", "任课教师", "姓名")),
        Column("subject", "学科", coded("subject"), ("任教学科", "课程", "科目")),
        *wide,
    )


Lesson = tuple[int, int, str]  # staff, class, subject


class TeachingImporter(Importer):
    """任课表 of one school for the running term."""

    name: ClassVar[str] = "teaching"
    zh: ClassVar[str] = "任课"
    hint: ClassVar[str] = "班级、教师、学科一行一条，或者一行一个班、一列一门课"
    policy: ClassVar[str] = "directory.import_records"

    def columns(self, target: Target) -> Sequence[Column]:
        return teaching_columns()

    def validate(self, checked: Checked, target: Target) -> None:
        if not target.fixed:
            raise FileRefused("choose_school", "任课按学校导入：请先选定学校（--school 学校标识码）。")
        wide = any(key.startswith(SUBJECT) for key in checked.values)
        if not wide and not (checked.has("subject") and (checked.has("name") or checked.has("staff_number"))):
            raise FileRefused("missing_column", "缺少“学科”和“教师”两列，也没有按学科分列。请补上再导入。")

    def match(self, checked: Checked, target: Target) -> Plan:
        place = target.organisation_id
        year = school_year_start(target.day)
        classes = {
            (one.stage, one.entry_year, one.number): one.pk
            for one in HomeClass.objects.filter(organisation_id=place, valid_to__isnull=True)
        }
        by_name: dict[str, list[int]] = {}
        by_number: dict[str, int] = {}
        people = StaffRecord.objects.filter(organisation_id=place, valid_to__isnull=True)
        for pk, name, number in people.values_list("pk", "name", "staff_number"):
            by_name.setdefault(name, []).append(pk)
            by_number[number] = pk
        term = current_term(target.day).id
        lessons = TeachingAssignment.objects.filter(organisation_id=place, term_id=term)
        known = set(lessons.values_list("staff_id", "home_class_id", "subject"))
        plan = Plan([None] * len(checked.frame), [""] * len(checked.frame), len(known))
        fresh: dict[int, list[Lesson]] = {}
        for index in checked.good():
            sitting = checked.column("class")[index]
            key = class_key(sitting, year) if isinstance(sitting, ClassCell) else None
            class_id = classes.get(key) if key else None
            if class_id is None:
                checked.add(index, "班级", "unknown_class", "本校没有这个班，请写成 三（2）班。")
                continue
            wanted = _lessons(checked, index, class_id, by_name, by_number)
            if index in checked.bad:
                continue
            plan.labels[index] = f"{len(wanted)} 门课"
            fresh[index] = [one for one in wanted if one not in known]
            known.update(fresh[index])
            plan.kinds[index] = ADDED if fresh[index] else SAME
            plan.notes[index] = f"新增 {len(fresh[index])} 项任课"
        plan.work = fresh
        return plan

    def apply(self, plan: Plan, checked: Checked, target: Target, journal: Journal) -> None:
        fresh: dict[int, list[Lesson]] = plan.work
        lessons = [
            (index, one) for index, found in fresh.items() if plan.kinds[index] == ADDED for one in found
        ]
        if not lessons:
            return
        ids = bulk.allocate_ids(TeachingAssignment, len(lessons))
        bulk.insert(
            TeachingAssignment,
            {
                "id": ids,
                "organisation_id": [target.organisation_id] * len(lessons),
                "staff_id": [one[0] for _, one in lessons],
                "home_class_id": [one[1] for _, one in lessons],
                "subject": [one[2] for _, one in lessons],
                "term_id": [current_term(target.day).id] * len(lessons),
            },
        )
        journal.added(TeachingAssignment, ids, [f"lesson:{pk}" for pk in ids])


def _lessons(
    checked: Checked, index: int, class_id: int, by_name: dict[str, list[int]], by_number: dict[str, int]
) -> list[Lesson]:
    def named(name: str, column: str) -> int | None:
        found = by_name.get(name, [])
        if len(found) == 1:
            return found[0]
        if found:
            checked.add(index, column, "ambiguous_staff", f"“{name}”有几位同名的，请填工号。")
        else:
            checked.add(index, column, "unknown_staff", f"本校没有“{name}”，请先导入教职工。")
        return None

    lessons: list[Lesson] = []
    subject = checked.column("subject")[index]
    number, name = checked.column("staff_number")[index], checked.column("name")[index]
    if subject is not None:
        staff_id = by_number.get(str(number)) if number is not None else None
        if number is not None and staff_id is None:
            checked.add(index, "工号", "unknown_staff", f"本校没有工号 {number}，请先导入教职工。")
        elif staff_id is None and name is None:
            checked.add(index, "教师", "required", "“教师”不能为空，请补填。")
        elif staff_id is None:
            staff_id = named(str(name), "教师")
        if staff_id is not None:
            lessons.append((staff_id, class_id, str(subject)))
    table = codes.table("subject")
    for key, values in checked.values.items():
        if key.startswith(SUBJECT) and isinstance(values[index], tuple):
            code = key.removeprefix(SUBJECT)
            for teacher in values[index]:  # type: ignore[attr-defined]
                staff_id = named(str(teacher), table.name(code))
                if staff_id is not None:
                    lessons.append((staff_id, class_id, code))
    return lessons
