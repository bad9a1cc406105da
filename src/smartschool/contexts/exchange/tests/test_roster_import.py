"""A roster from file to committed: truth of the sample workbooks, modes, brake, merging, doubles."""

import json
import os
from datetime import date
from pathlib import Path

import pytest

from smartschool.contexts.directory.models import (
    Enrolment,
    Guardianship,
    Organisation,
    Person,
    Placement,
)
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.public.contracts import ImportReport
from smartschool.contexts.exchange.public.doors import undo_import
from smartschool.contexts.exchange.tests.rosters import (
    ACTOR,
    HEAD,
    _today,  # noqa: F401 - an autouse fixture
    codes,
    counts,
    load,
    number,
    pupil,
    pupils_of,
)
from smartschool.contexts.exchange.tests.workbooks import as_csv, xlsx
from smartschool.kernel.models import AuditRecord, Event
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.django_db


def test_add_then_same_then_change(school: Organisation) -> None:
    first = load(xlsx([HEAD, *[pupil(n) for n in range(12)]]), school)
    assert (first.rows, first.applied, first.unchanged, first.refused) == (12, 12, 0, 0)
    assert counts(school) == (12, 12, 12, 1)
    again = load(as_csv([HEAD, *[pupil(n) for n in range(12)]], "gb18030"), school)
    assert (again.applied, again.unchanged) == (0, 12)
    moved = load(xlsx([HEAD, pupil(0, 班级号="03"), pupil(1, 联系电话="13911112222"), pupil(2)]), school)
    assert (moved.rows, moved.applied, moved.unchanged) == (3, 2, 1)
    with scope_of([school.pk]):
        seat = Placement.objects.get(enrolment__name="学生甲一", valid_to__isnull=True)
        assert (seat.home_class.number, seat.valid_from) == (3, date(2026, 11, 25))
        details = json.loads(Enrolment.objects.get(name="学生乙一").details or "")
        assert details["phone"] == "13911112222"


def test_one_audit_record_and_one_event(school: Organisation) -> None:
    before = AuditRecord.objects.filter(verb="exchange.apply_import").count(), Event.objects.count()
    report = load(xlsx([HEAD, *[pupil(n) for n in range(3)]]), school)
    records = AuditRecord.objects.filter(verb="exchange.apply_import")
    assert records.count() == before[0] + 1
    assert Event.objects.count() == before[1] + 1
    text = json.dumps(records.latest("pk").data, ensure_ascii=False)
    assert "学生" not in text
    assert number(0) not in text
    with scope_of([school.pk]):
        run = ImportRun.objects.get(code=report.run)
        assert (run.status, run.n_rows, run.added) == ("applied", 3, 3)


def test_refused_row_stops_all_unless_partial(school: Organisation) -> None:
    content = xlsx([HEAD, pupil(0), pupil(1, 民族列="x", 性别="女"), pupil(2)])
    report = load(content, school)
    assert codes(report) == [(3, "性别", "sex_contradicts_id")]
    assert (report.rows, report.applied, report.unchanged, report.refused) == (3, 0, 2, 1)
    assert report.nothing_applied
    assert counts(school) == (0, 0, 0, 0)
    partial = load(content, school, accept_partial=True)
    assert (partial.rows, partial.applied, partial.unchanged, partial.refused) == (3, 2, 0, 1)
    assert set(pupils_of(school)) == {"学生甲一", "学生丙一"}


def test_dry_run_leaves_nothing(school: Organisation) -> None:
    report = load(xlsx([HEAD, pupil(0)]), school, dry_run=True)
    assert (report.applied, report.dry_run, report.nothing_applied) == (1, True, False)
    assert counts(school) == (0, 0, 0, 0)
    with scope_of([school.pk]):
        assert not ImportRun.objects.exists()


FAMILIES = [
    (
        {"成员1姓名": "家长", "成员1关系": "与学生关系", "联系电话": "家长电话"},
        [("张某", "51", "13900000000")],
    ),
    (
        {"成员1姓名": "监护人", "成员1关系": "关系", "成员1联系电话": "监护人电话"},
        [("张某", "51", "13800000000")],
    ),
    (
        {"成员1姓名": "父亲姓名", "成员1关系": "备注", "成员1联系电话": "父亲手机号"},
        [("张某", "51", "13800000000")],
    ),
    (
        {"成员1姓名": "母亲", "成员1关系": "备注", "成员1联系电话": "母亲电话"},
        [("张某", "52", "13800000000")],
    ),
]


@pytest.mark.parametrize(("words", "expected"), FAMILIES)
def test_families_as_schools_write_them(
    school: Organisation, words: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    head = [words.get(name, name) for name in HEAD]
    row = pupil(0)
    if "成员1联系电话" not in words:
        at = HEAD.index("成员1联系电话")
        del head[at], row[at]
    assert load(xlsx([head, row]), school).faults == ()
    with scope_of({school.pk}):
        found = Guardianship.objects.values_list("name", "relation", "phone")
        assert list(found) == expected


def test_the_number_of_a_parent_is_not_the_pupils(school: Organisation) -> None:
    head = ["母亲身份证号" if name == "身份证号" else name for name in HEAD]
    assert load(xlsx([head, pupil(0)]), school).applied == 1
    assert pupils_of(school)["学生甲一"].id_number is None
    head = ["身份证" if name == "身份证号" else name for name in HEAD]
    assert load(xlsx([head, pupil(1)]), school).applied == 1
    assert pupils_of(school)["学生乙一"].id_number == number(1)


def test_twins_stay_two(school: Organisation) -> None:
    twins = [pupil(1), pupil(2, 姓名="学生双", 班内学号=2)]
    report = load(xlsx([HEAD, *twins]), school)
    assert (report.applied, [w.code for w in report.warnings]) == (2, ["number_taken"])
    found = pupils_of(school)
    assert len({one.person_id for one in found.values()}) == 2


def test_child_without_number_is_taken_and_merged_later(school: Organisation, other: Organisation) -> None:
    load(xlsx([HEAD, pupil(5)]), other)
    known = pupils_of(other)["学生己一"].person_id
    assert load(xlsx([HEAD, pupil(5, 身份证号="")]), school).applied == 1
    child = pupils_of(school)["学生己一"]
    assert child.person_id != known
    assert child.status == "00"
    report = load(xlsx([HEAD, pupil(5)]), school)
    assert (report.added, report.changed) == (0, 1)
    merged = pupils_of(school)["学生己一"]
    assert (merged.pk, merged.person_id, merged.id_number) == (child.pk, known, number(5))
    assert Person.objects.get(pk=child.person_id).merged_into_id == known
    undo_import(actor=ACTOR, run_code=report.run)
    back = pupils_of(school)["学生己一"]
    assert (back.person_id, back.id_number) == (child.person_id, None)


def test_same_child_at_two_schools_is_one_person(school: Organisation, other: Organisation) -> None:
    load(xlsx([HEAD, pupil(3)]), school)
    load(xlsx([HEAD, pupil(3)]), other)
    assert pupils_of(school)["学生丁一"].person_id == pupils_of(other)["学生丁一"].person_id


def test_namesakes_without_number_are_not_guessed(school: Organisation) -> None:
    load(xlsx([HEAD, pupil(1, 姓名="王小明"), pupil(2, 姓名="王小明")]), school)
    report = load(xlsx([HEAD, pupil(1, 姓名="王小明", 身份证号="")]), school)
    assert codes(report) == [(2, "姓名", "ambiguous_pupil")]


def test_doubles_inside_the_file(school: Organisation) -> None:
    blank = pupil(3, 身份证号="")
    report = load(xlsx([HEAD, pupil(1), pupil(1, 姓名="别名"), blank, blank]), school)
    assert codes(report) == [(3, "身份证号", "duplicate_in_file"), (5, "姓名", "duplicate_in_file")]


def test_snapshot_brake_and_leaving(school: Organisation) -> None:
    load(xlsx([HEAD, *[pupil(n) for n in range(20)]]), school)
    half = xlsx([HEAD, *[pupil(n) for n in range(10)]])
    stopped = load(half, school, mode="snapshot")
    assert [fault.code for fault in stopped.faults] == ["brake_leaving"]
    assert stopped.nothing_applied
    assert len(pupils_of(school)) == 20
    done = load(half, school, mode="snapshot", confirmed=True)
    assert (done.left, done.unchanged) == (10, 10)
    assert len(pupils_of(school)) == 10
    with scope_of([school.pk]):
        run = ImportRun.objects.get(code=done.run)
        assert (run.n_rows, run.added, run.changed, run.unchanged, run.refused, run.leaving) == (
            10, 0, 0, 10, 0, 10,
        )  # fmt: skip
        assert Placement.objects.filter(valid_to__isnull=True).count() == 10
        assert Guardianship.objects.filter(valid_to__isnull=True).count() == 10
        assert Enrolment.objects.filter(status="10", valid_to=date(2026, 11, 25)).count() == 10
    undo = undo_import(actor=ACTOR, run_code=done.run)
    assert (undo.done, undo.blocked) == (10, ())
    assert len(pupils_of(school)) == 20


def test_snapshot_lets_nobody_leave_for_a_wrong_cell(school: Organisation) -> None:
    load(xlsx([HEAD, *[pupil(n) for n in range(40)]]), school)
    rows = [pupil(n) for n in range(40)]
    rows[7] = pupil(7, 联系电话="12345")
    report = load(xlsx([HEAD, *rows]), school, mode="snapshot", accept_partial=True)
    assert (report.refused, report.left) == (1, 0)
    assert len(pupils_of(school)) == 40


def test_snapshot_brake_on_many_changes(school: Organisation) -> None:
    load(xlsx([HEAD, *[pupil(n) for n in range(20)]]), school)
    shifted = xlsx([HEAD, *[pupil(n, 联系电话="13700000000") for n in range(20)]])
    assert [f.code for f in load(shifted, school, mode="snapshot").faults] == ["brake_changed"]
    assert load(shifted, school, mode="snapshot", confirmed=True).changed == 20


def test_rows_of_many_schools(school: Organisation, other: Organisation) -> None:
    head = [*HEAD, "学校标识码"]
    rows = [[*pupil(1), school.code], [*pupil(2), other.code], [*pupil(3), "2134009999"]]
    report = load(xlsx([head, *rows]), None, accept_partial=True)
    assert codes(report) == [(4, "学校标识码", "unknown_school")]
    assert (len(pupils_of(school)), len(pupils_of(other))) == (1, 1)
    wrong = load(xlsx([head, *rows[:2]]), school)
    assert codes(wrong) == [(3, "学校标识码", "other_school")]


def test_file_that_cannot_be_read_is_one_fault(school: Organisation) -> None:
    report = load(b"PK\x03\x04broken", school)
    assert codes(report) == [(0, "", "damaged_file")]
    assert (report.rows, report.nothing_applied) == (0, True)


def test_landed_file_and_preview_are_encrypted(school: Organisation, settings: object) -> None:
    content = as_csv([HEAD, pupil(1)], "utf-8")
    load(content, school)
    from django.conf import settings as live

    stored = b"".join(path.read_bytes() for path in Path(live.FILES_DIR).rglob("*") if path.is_file())
    assert number(1).encode() not in stored
    assert "学生乙一".encode() not in stored


DATA = os.environ.get("SMARTSCHOOL_DATA")
BOOKS = Path(DATA, "workbooks") if DATA else Path()
needs_data = pytest.mark.skipif(not DATA, reason="SMARTSCHOOL_DATA names no folder of sample workbooks")


@needs_data
def test_sample_workbooks_give_exactly_the_truth(school: Organisation) -> None:
    truth = json.loads((BOOKS / "truth.json").read_text(encoding="utf-8"))["roster"]
    content = (BOOKS / "roster_messy.xlsx").read_bytes()
    report = load(content, school)
    assert (report.rows, report.refused) == (truth["rows"], truth["bad_rows"])
    from smartschool.contexts.exchange.reading.workbook import open_sheets

    sheet = next(one for one in open_sheets(content) if one.name == "学生信息")
    found = sorted((int(sheet.rows[f.row - 1][0]), f.column, f.code) for f in report.faults)  # type: ignore[arg-type]
    assert found == sorted((f["row_no"], f["column"], f["code"]) for f in truth["faults"])
    partial = load(content, school, accept_partial=True)
    assert partial.applied == truth["rows"] - truth["bad_rows"]
    clean = load((BOOKS / "roster_clean.xlsx").read_bytes(), school)
    assert (clean.refused, clean.rows) == (0, 241)


def changes_of(report: ImportReport, school: Organisation) -> dict[int, list[list[str]]]:
    """What the stored preview says of each row."""
    with scope_of([school.pk]):
        run = ImportRun.objects.get(code=report.run)
    return {row["row"]: row["fields"] for row in json.loads(str(run.report))["changes"]}


def test_the_preview_says_what_changes_and_nothing_else(school: Organisation) -> None:
    first = load(xlsx([HEAD, *[pupil(n) for n in range(4)]]), school)
    assert changes_of(first, school) == {2: [], 3: [], 4: [], 5: []}, "who is new has no former value"
    rows = [
        pupil(0),
        pupil(1, 姓名="学生乙改", 联系电话="13911112222"),
        pupil(2, 班级号="03", 班内学号=9),
        pupil(3, 班内学号=""),
    ]
    report = load(xlsx([HEAD, *rows]), school)
    assert (report.changed, report.unchanged) == (2, 2)
    assert changes_of(report, school) == {
        3: [["姓名", "学生乙一", "学生乙改"], ["联系电话", "139****0000", "139****2222"]],
        4: [["班级", "三（2）班 3 号", "三（3）班 9 号"]],
    }


def test_a_number_is_a_new_child_where_namesakes_have_none(school: Organisation) -> None:
    """Two children of one name and birth without a number: which of them it is, nobody knows."""
    load(xlsx([HEAD, pupil(1, 姓名="王小明"), pupil(2, 姓名="王小明")]), school)
    with scope_of([school.pk]):
        Enrolment.objects.filter(name="王小明").update(id_hash=None)
    report = load(xlsx([HEAD, pupil(3, 姓名="王小明")]), school)
    assert (codes(report), report.added, report.changed) == ([], 1, 0)
    with scope_of([school.pk]):
        assert Enrolment.objects.filter(name="王小明").count() == 3
