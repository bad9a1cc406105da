"""Staff, teaching, guardians and schools through the same pipeline."""

import json
import os
from pathlib import Path

import pytest

from smartschool.contexts.directory.models import (
    Appointment,
    Guardianship,
    HomeClass,
    Organisation,
    Person,
    SchoolYear,
    StaffRecord,
    TeachingAssignment,
    Term,
)
from smartschool.contexts.directory.public.identifiers import id_check_character
from smartschool.contexts.exchange.public.contracts import ImportReport
from smartschool.contexts.exchange.public.doors import import_file, undo_import
from smartschool.contexts.exchange.tests.rosters import (
    ACTOR,
    HEAD,
    _today,  # noqa: F401 - an autouse fixture
    codes,
    load,
    pupil,
)
from smartschool.contexts.exchange.tests.workbooks import as_csv, xlsx
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.django_db
STAFF = ["工号", "姓名", "性别", "出生日期", "身份证件号", "岗位", "任教学科", "任教班级", "联系电话"]
STAFF += ["学历", "职称"]


@pytest.fixture(autouse=True)
def _term() -> None:
    from datetime import date

    if not Term.objects.exists():
        year = SchoolYear.objects.create(
            code="2026-2027", starts_on=date(2026, 9, 1), ends_on=date(2027, 8, 31)
        )
        Term.objects.create(
            school_year=year, number=1, starts_on=date(2026, 9, 1), ends_on=date(2027, 1, 31), weeks=21
        )


def number(serial: int) -> str:
    first = f"34040219800514{2 * serial + 2:03d}"
    return first + id_check_character(first)


def teacher(
    serial: int, name: str, post: str = "教师", lessons: str = "语文", classes: str = "3年级2班"
) -> list[str]:
    return [
        f"T{serial:04d}", name, "女", "1980-05-14", number(serial), post, lessons, classes,
        f"1374817{serial:04d}", "大学本科", "一级教师",
    ]  # fmt: skip


def bring(kind: str, content: bytes, place: Organisation | None, **options: object) -> ImportReport:
    return import_file(
        actor=ACTOR, importer=kind, content=content, file_name="表.xlsx",
        school_code=place.code if place else None, **options,  # type: ignore[arg-type]
    )  # fmt: skip


def test_undo_leaves_no_person_behind(school: Organisation) -> None:
    load(xlsx([HEAD, pupil(1)]), school)
    there = set(Person.objects.values_list("pk", flat=True))
    guardian = [["学生姓名", "监护人", "电话"], [pupil(1)[HEAD.index("姓名")], "王某", "13900001234"]]
    staff = [STAFF, teacher(1, "李老师"), teacher(2, "赵老师")]
    for kind, grid in (("staff", staff), ("guardians", guardian)):
        report = bring(kind, xlsx(grid), school)
        assert report.faults == ()
        assert set(Person.objects.values_list("pk", flat=True)) > there
        assert undo_import(actor=ACTOR, run_code=report.run).blocked == ()
        assert set(Person.objects.values_list("pk", flat=True)) == there


def test_staff_with_posts_and_lessons(school: Organisation) -> None:
    load(xlsx([HEAD, pupil(1)]), school)
    rows = [
        teacher(1, "潘桐佑", "班主任", "语文、道法"),
        teacher(2, "曾明", "校长", ""),
        teacher(3, "何若", "教师", "数学", "三（2）班、五（9）班"),
    ]
    report = bring("staff", as_csv([STAFF, *rows], "gb18030"), school)
    assert (report.applied, report.refused, report.faults) == (3, 0, ())
    assert {one.code for one in report.warnings} == {"class_missing", "post_kept"}
    with scope_of([school.pk]):
        posts = set(Appointment.objects.values_list("staff__name", "role", "home_class__number"))
        expected = {("潘桐佑", "teacher", None), ("潘桐佑", "form_teacher", 2), ("何若", "teacher", None)}
        assert posts == expected
        lessons = set(TeachingAssignment.objects.values_list("staff__name", "subject"))
        assert lessons == {("潘桐佑", "13"), ("潘桐佑", "12"), ("何若", "14")}
        assert json.loads(StaffRecord.objects.get(name="曾明").details or "")["post"] == "31"
    again = bring("staff", xlsx([STAFF, *rows]), school)
    assert (again.applied, again.unchanged) == (0, 3)
    changed = bring(
        "staff", xlsx([STAFF, [*teacher(2, "曾明", "校长", "")[:8], "13911110000", "硕士", "高级"]]), school
    )
    assert changed.changed == 1
    undo_import(actor=ACTOR, run_code=changed.run)
    with scope_of([school.pk]):
        assert StaffRecord.objects.get(name="曾明").phone == "13748170002"


def test_a_class_keeps_its_form_teacher(school: Organisation) -> None:
    load(xlsx([HEAD, pupil(1)]), school)
    both = [teacher(1, "潘桐佑", "班主任", "语文"), teacher(2, "曾明", "班主任", "数学")]
    report = bring("staff", xlsx([STAFF, *both]), school)
    assert report.applied == 2
    assert [one.code for one in report.warnings] == ["head_kept"]
    later = bring("staff", xlsx([STAFF, teacher(3, "何若", "班主任", "音乐")]), school)
    assert [one.code for one in later.warnings] == ["head_kept"]
    with scope_of([school.pk]):
        heads = Appointment.objects.filter(role="form_teacher").values_list("staff__name", flat=True)
        assert list(heads) == ["潘桐佑"]
        assert Appointment.objects.filter(role="teacher").count() == 3, "they teach there all the same"
    again = bring("staff", xlsx([STAFF, *both]), school)
    assert (again.applied, again.unchanged) == (0, 2)


def test_a_spreadsheet_grants_no_office(school: Organisation) -> None:
    bring("staff", xlsx([STAFF, teacher(1, "潘桐佑", "校长", "")]), school)
    with scope_of([school.pk]):
        assert not Appointment.objects.filter(role__in=["principal", "academic_admin"]).exists()


def test_staff_faults_at_their_cells(school: Organisation) -> None:
    wrong = teacher(3, "何若")
    wrong[2] = "男"
    bad = [*teacher(4, "余子轩")[:4], "34040219800514999", *teacher(4, "余子轩")[5:]]
    post = [*teacher(5, "陈佳")[:5], "总管", *teacher(5, "陈佳")[6:]]
    rows = [teacher(1, "甲乙"), [*teacher(2, "丙丁")[:0], "T0001", *teacher(2, "丙丁")[1:]], wrong, bad, post]
    rows.append(teacher(6, "钱多", classes="十三年级1班"))
    report = bring("staff", xlsx([STAFF, *rows]), school)
    assert codes(report) == [
        (3, "工号", "duplicate_in_file"),
        (4, "性别", "sex_contradicts_id"),
        (5, "身份证件号", "id_shape"),
        (6, "岗位", "unknown_code"),
        (7, "任教班级", "unknown_class"),
    ]


def test_staff_file_is_no_roster(school: Organisation) -> None:
    report = load(xlsx([STAFF, teacher(1, "潘桐佑")]), school)
    assert [(fault.column, fault.code) for fault in report.faults] == [("班级号", "missing_column")]


def test_teaching_long_and_wide(school: Organisation) -> None:
    load(xlsx([HEAD, pupil(1), pupil(2, 班级号="03")]), school)
    people = [teacher(1, "潘桐佑", "教师", "", ""), teacher(2, "曾明", "教师", "", "")]
    bring("staff", xlsx([STAFF, *people]), school)
    long = bring("teaching", xlsx([["班级", "教师", "学科"], ["三（2）班", "潘桐佑", "语文"]]), school)
    assert long.applied == 1
    table = [["班级", "语文", "数学"], ["三（2）班", "潘桐佑", "曾明"], ["三（3）班", "曾明", "没有的人"]]
    wide = bring("teaching", xlsx(table), school, accept_partial=True)
    assert codes(wide) == [(3, "数学", "unknown_staff")]
    with scope_of([school.pk]):
        found = TeachingAssignment.objects.values_list("staff__name", "home_class__number", "subject")
        assert set(found) == {("潘桐佑", 2, "13"), ("曾明", 2, "14")}
    undo_import(actor=ACTOR, run_code=wide.run)
    with scope_of([school.pk]):
        assert TeachingAssignment.objects.count() == 1


def test_guardians_for_children_who_are_there(school: Organisation) -> None:
    load(xlsx([HEAD, pupil(1), pupil(2)]), school)
    head = ["学生姓名", "监护人姓名", "关系", "联系电话"]
    rows = [["学生乙一", "王某", "母亲", "13900001111"], ["学生乙一", "张某", "父亲", "13900002222"]]
    rows.append(["谁", "李某", "母亲", ""])
    report = bring("guardians", xlsx([head, *rows]), school, accept_partial=True)
    assert codes(report) == [(4, "学生姓名", "unknown_pupil")]
    assert (report.added, report.changed) == (1, 1)
    with scope_of([school.pk]):
        assert Guardianship.objects.get(name="张某", enrolment__name="学生乙一").phone == "13900002222"
    undo_import(actor=ACTOR, run_code=report.run)
    with scope_of([school.pk]):
        assert Guardianship.objects.get(name="张某", enrolment__name="学生乙一").phone == "13800000001"
        assert not Guardianship.objects.filter(name="王某").exists()


def test_schools_of_the_district(bureau: Organisation) -> None:
    head = ["学校标识码", "学校名称", "办学类型", "城乡类型", "乡镇"]
    point = ["2134009952", "丁教学点", "教学点", "220", "某乡"]
    rows = [["2134009951", "丙小学", "小学", "村庄", "某乡"], point]
    report = bring("school", xlsx([head, *rows]), None)
    assert report.applied == 2
    assert Organisation.objects.get(code="2134009952").kind == "teaching_point"
    again = bring(
        "school", xlsx([head, rows[0], ["2134009952", "丁小学教学点", "教学点", "220", "某乡"]]), None
    )
    assert (again.unchanged, again.changed) == (1, 1)
    undo_import(actor=ACTOR, run_code=again.run)
    assert Organisation.objects.get(code="2134009952").name == "丁教学点"


DATA = os.environ.get("SMARTSCHOOL_DATA")


@pytest.mark.skipif(not DATA, reason="SMARTSCHOOL_DATA names no folder of sample workbooks")
def test_sample_staff_file(school: Organisation) -> None:
    content = Path(DATA or "", "workbooks", "staff_gbk.csv").read_bytes()
    report = bring("staff", content, school)
    assert (report.rows, report.applied, report.faults) == (30, 30, ())
    with scope_of([school.pk]):
        assert not HomeClass.objects.exists()
