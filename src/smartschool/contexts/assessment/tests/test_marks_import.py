"""Workbooks of marks through the whole pipeline: the sample workbook's truth, layouts, presets, undo."""

import json
import math
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.models import Attempt, MarkCorrection, Paper
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType, MarkState, PaperData
from smartschool.contexts.assessment.public.doors import items_of, paper_for_analysis
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.contexts.directory.models import Enrolment
from smartschool.contexts.directory.public.hashes import id_hash, national_hash
from smartschool.contexts.directory.public.identifiers import id_check_character
from smartschool.contexts.exchange.public.contracts import ImportReport
from smartschool.contexts.exchange.public.doors import import_file, undo_import
from smartschool.contexts.exchange.tests.workbooks import as_csv, xlsx
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.models import Event

pytestmark = pytest.mark.django_db
ROWS = [
    BlueprintRow("1", ItemType.SINGLE, 3, "A", "ABCD"),
    BlueprintRow("2", ItemType.MULTIPLE, 4, "AC", "ABCD", 2),
    BlueprintRow("3(1)", ItemType.OPEN, 5),
]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 25, 4, tzinfo=UTC)):
        yield


def g_number(serial: int) -> str:
    first = f"34040220140101{serial:03d}"
    return "G" + first + id_check_character(first)


@pytest.fixture
def world() -> World:
    """Two classes of three; every pupil has a G number by which workbooks know it."""
    world = build(classes=2, pupils=3)
    with world.scope():
        for serial, place in enumerate(world.pupils):
            number = g_number(serial)
            Enrolment.objects.filter(pk=place.enrolment_id).update(
                id_hash=id_hash(number[1:]), national_number_hash=national_hash(number)
            )
    return world


@pytest.fixture
def paper(world: World) -> Paper:
    with world.scope():
        paper = world.paper([], full_score=12)
        save_blueprint(actor=world.actor, paper=paper, rows=ROWS, full_score=12, base_revision=1)
        paper.refresh_from_db()
        return paper


def load(
    world: World, paper: Paper | str, rows: list[list[object]] | bytes, **options: object
) -> ImportReport:
    return import_file(
        actor=system_actor("checks"),
        importer="exam",
        content=rows if isinstance(rows, bytes) else xlsx(rows),
        file_name="成绩.xlsx",
        school_code=world.school.code,
        options={"exam": paper if isinstance(paper, str) else paper.code},
        **options,  # type: ignore[arg-type]
    )


def data_of(world: World, paper: Paper) -> PaperData:
    with world.scope():
        return paper_for_analysis(paper.pk)


def codes(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in report.faults]


def warnings(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in report.warnings]


def wide(world: World, marks: list[list[object]], *, head: list[str] | None = None) -> list[list[object]]:
    rows: list[list[object]] = [["七年级数学期末成绩"], ["学籍号", "姓名", *(head or ["1", "2", "3(1)"])]]
    for serial, own in enumerate(marks):
        rows.append([g_number(serial), world.pupils[serial].enrolment.name, *own])
    return rows


GOOD: list[list[object]] = [[3, 4, 5], [0, 2, 1.5], [3, 0, 0], [0, 4, 2], [3, 2, 4], [3, 4, 3]]


def test_wide_marks_arrive_as_written(world: World, paper: Paper) -> None:
    report = load(world, paper, wide(world, GOOD))
    assert (report.rows, report.applied, report.unchanged, report.refused) == (6, 6, 0, 0)
    data = data_of(world, paper)
    np.testing.assert_array_equal(data.marks, GOOD)
    assert data.class_numbers.tolist() == [1, 2, 3, 1, 2, 3]
    event = Event.objects.filter(type="assessment.marks_committed", subject_id=str(paper.pk)).get()
    assert event.ids == {"paper": paper.pk, "classes": sorted(c.pk for c in world.classes)}


def test_the_same_file_again_changes_nothing_and_a_corrected_one_only_its_row(
    world: World, paper: Paper
) -> None:
    load(world, paper, wide(world, GOOD))
    again = load(world, paper, wide(world, GOOD))
    assert (again.applied, again.unchanged) == (0, 6)
    changed = [list(row) for row in GOOD]
    changed[4][2] = 4.5
    report = load(world, paper, wide(world, changed))
    assert (report.applied, report.changed, report.unchanged) == (1, 1, 5)
    with world.scope():
        assert MarkCorrection.objects.get().marks == [3, 2, 4]


def test_any_column_order_and_header_form_gives_the_same(world: World, paper: Paper) -> None:
    for head, order in [
        (["第1题", "第2题", "第3题(1)"], [0, 1, 2]),
        (["客观题1", "客观题2", "主观题3.1"], [2, 0, 1]),
        (["T1[3分]", "T2[4分]", "T3-1[5分]"], [1, 2, 0]),
        (["1得分", "2得分", "3（1）得分"], [2, 1, 0]),
    ]:
        shuffled = [[row[i] for i in order] for row in GOOD]
        report = load(world, paper, wide(world, shuffled, head=[head[i] for i in order]))
        assert report.faults == ()
        np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


def test_absence_blank_and_zero_are_three_things(world: World, paper: Paper) -> None:
    marks: list[list[object]] = [
        [0, 0, 0],
        ["缺考", "缺考", "缺考"],
        [3, "", 5],
        [-1, -1, -1],
        ["缓考", "", ""],
        ["Q", "Q", "Q"],
    ]
    report = load(world, paper, wide(world, marks))
    assert (report.applied, report.refused) == (6, 0)
    assert warnings(report) == [(5, "2", "blank_item")]
    data = data_of(world, paper)
    assert data.statuses.tolist() == [0, 1, 0, 1, 2, 1]
    np.testing.assert_array_equal(data.marks[0], [0, 0, 0])
    np.testing.assert_array_equal(data.marks[2], [3, math.nan, 5])
    assert data.states[2].tolist() == [0, MarkState.BLANK, 0]
    assert (data.states[[1, 3, 4, 5]] == MarkState.ABSENT).all()


def test_status_column_and_contradictions(world: World, paper: Paper) -> None:
    rows: list[list[object]] = [["学籍号", "考试状态", "1", "2", "3(1)"]]
    rows += [
        [g_number(0), "免考", "", "", ""],
        [g_number(1), "缺考", 3, 4, 5],
        [g_number(2), "生病", 3, 4, 5],
        [g_number(3), "", 3, 4, 5],
    ]
    report = load(world, paper, rows, accept_partial=True)
    assert codes(report) == [(3, "考试状态", "absent_with_marks"), (4, "考试状态", "bad_status")]
    assert data_of(world, paper).statuses.tolist() == [3, 0]


def test_each_fault_at_its_cell_and_nothing_applied(world: World, paper: Paper) -> None:
    marks = [[9, 4, 5], [3, "O", 5], [3, 4, -2], [3, 4, 5], [3, 4, 5]]
    rows = wide(world, marks)
    rows[5][0] = "G11010119900307123X"
    rows.append([g_number(4), "重复", 3, 4, 5])
    report = load(world, paper, rows)
    assert codes(report) == [
        (3, "1", "over_full_mark"),
        (4, "2", "not_a_number"),
        (5, "3(1)", "negative_mark"),
        (6, "学籍号", "unknown_pupil"),
        (8, "学籍号", "duplicate_pupil"),
    ]
    assert (report.applied, report.refused, report.nothing_applied) == (0, 5, True)
    with world.scope():
        assert not Attempt.objects.exists()
    partly = load(world, paper, rows, accept_partial=True)
    assert (partly.rows, partly.applied, partly.unchanged, partly.refused) == (6, 1, 0, 5)


def test_a_row_of_full_marks_makes_the_items_of_a_new_paper(world: World) -> None:
    with world.scope():
        paper = world.paper([], full_score=100)
    rows = wide(world, GOOD)
    rows.insert(2, ["", "满分", 3, 4, 5])
    rows.append(["", "平均分", 2.1, 3, 2])
    report = load(world, paper, rows)
    assert (report.rows, report.applied) == (6, 6)
    with world.scope():
        assert [(i.label, i.full) for i in items_of(paper.pk)] == [("1", 3), ("2", 4), ("3(1)", 5)]
        assert Paper.objects.get(pk=paper.pk).full_score == 12
    without = load(world, "nope", rows)
    assert codes(without) == [(0, "", "unknown_exam")]


def test_another_paper_is_refused_as_a_whole(world: World, paper: Paper) -> None:
    rows = wide(world, GOOD)
    rows.insert(2, ["", "满分", 3, 4, 6])
    assert codes(load(world, paper, rows)) == [(3, "3(1)", "full_differs")]
    extra = wide(world, [[*row, 1] for row in GOOD], head=["1", "2", "3(1)", "4"])
    assert codes(load(world, paper, extra)) == [(0, "4", "unknown_item")]


def test_missing_items_are_not_entered_and_said_so(world: World, paper: Paper) -> None:
    report = load(world, paper, wide(world, [[row[0], row[2]] for row in GOOD], head=["1", "3(1)"]))
    assert warnings(report) == [(0, "2", "item_missing")]
    data = data_of(world, paper)
    assert (data.states[:, 1] == MarkState.NOT_ENTERED).all()
    assert np.isnan(data.marks[:, 1]).all()


def test_totals_are_recomputed_and_differences_listed(world: World, paper: Paper) -> None:
    rows = wide(world, [[*row, sum(row)] for row in GOOD], head=["1", "2", "3(1)", "总分"])  # type: ignore[arg-type]
    rows[3][5] = 11
    report = load(world, paper, rows)
    assert warnings(report) == [(4, "总分", "total_differs")]
    data = data_of(world, paper)
    assert data.stated_totals.tolist() == [12, 11, 3, 6, 9, 10]
    assert data.marks.sum(axis=1).tolist() == [12, 3.5, 3, 6, 9, 10]


def test_options_are_marked_by_the_key(world: World, paper: Paper) -> None:
    marks: list[list[object]] = [
        ["A", "AC", 5],
        ["b", "C,A", 1],
        ["-", "A", 0],
        ["", "ABC", 2],
        ["A", "*", 4],
    ]
    report = load(world, paper, wide(world, marks))
    assert report.faults == ()
    data = data_of(world, paper)
    expected = [[3, 4, 5], [0, 4, 1], [0, 2, 0], [math.nan, 0, 2], [3, 0, 4]]
    np.testing.assert_array_equal(data.marks, expected)
    assert data.choices is not None
    assert data.choices.tolist() == [
        ["A", "AC", ""],
        ["B", "AC", ""],
        ["-", "A", ""],
        ["", "ABC", ""],
        ["A", "-", ""],
    ]


def test_pairs_of_option_and_mark_are_compared(world: World, paper: Paper) -> None:
    head = ["1选项", "1得分", "2选项", "2得分", "3(1)"]
    marks: list[list[object]] = [["A", 3, "AC", 4, 5], ["B", 3, "A", 2, 1]]
    report = load(world, paper, wide(world, marks, head=head))
    assert warnings(report) == [(4, "1得分", "key_differs")]
    np.testing.assert_array_equal(data_of(world, paper).marks, [[3, 4, 5], [0, 2, 1]])


def test_long_form(world: World, paper: Paper) -> None:
    rows: list[list[object]] = [["学籍号", "题号", "得分", "选项"]]
    for serial, own in enumerate([["A", "AC", 5], ["B", "A", 1]]):
        for label, value in zip(("1", "2", "3（1）"), own, strict=True):
            letter = isinstance(value, str)
            rows.append([g_number(serial), label, "" if letter else value, value if letter else ""])
    random.Random(4).shuffle(body := rows[1:])
    report = load(world, paper, [rows[0], *body])
    assert report.faults == ()
    assert (report.rows, report.applied) == (6, 6)
    np.testing.assert_array_equal(data_of(world, paper).marks, [[3, 4, 5], [0, 2, 1]])
    bad = load(world, paper, [*rows, [g_number(0), "9", 1, ""], [g_number(1), "2", 1, "A"]])
    assert codes(bad) == [(8, "题号", "unknown_item"), (9, "题号", "duplicate_item")]


def test_class_and_number_or_a_unique_name_identify_too(world: World, paper: Paper) -> None:
    rows: list[list[object]] = [["班级", "学号", "姓名", "1", "2", "3(1)"]]
    rows += [
        ["七（2）班", 3, "学生23", 3, 4, 5],
        ["702", "2", "", 0, 0, 0],
        ["七年级1班", "", "学生11", 3, 0, 1],
        ["七（1）班", 2, "学生13", 3, 4, 5],
        ["七（9）班", 1, "", 3, 4, 5],
    ]
    report = load(world, paper, rows, accept_partial=True)
    assert codes(report) == [(5, "学号", "name_contradicts_number"), (6, "学号", "unknown_pupil")]
    data = data_of(world, paper)
    seats = [(int(c), int(n)) for c, n in zip(data.class_ids, data.class_numbers, strict=True)]
    one, two = (c.pk for c in world.classes)
    assert seats == [(one, 1), (two, 2), (two, 3)]
    np.testing.assert_array_equal(data.marks, [[3, 0, 1], [0, 0, 0], [3, 4, 5]])


def test_namesakes_are_never_chosen_between(world: World, paper: Paper) -> None:
    with world.scope():
        Enrolment.objects.filter(pk__in=[p.enrolment_id for p in world.pupils[:2]]).update(name="李明")
    report = load(world, paper, [["姓名", "1", "2", "3(1)", "总分"], ["李明", 3, 4, 5, 12]])
    assert codes(report) == [(2, "姓名", "ambiguous_pupil")]


def test_totals_of_several_subjects(world: World) -> None:
    with world.scope():
        exam = world.exam()
        papers = [
            world.paper([], subject=subject, exam=exam, full_score=100) for subject in ("13", "14", "41")
        ]
    rows: list[list[object]] = [["学籍号", "姓名", "班级", "语文", "数学成绩", "英语", "总分", "校名次"]]
    rows += [
        [g_number(0), "a", "七（1）班", 90, 95.5, 80, 265.5, 1],
        [g_number(1), "b", "七（1）班", 101, 0, "缺考", 101, 2],
        [g_number(2), "c", "七（1）班", 88, 0, "缺考", 88, 3],
    ]
    report = load(world, exam.code, rows, accept_partial=True)
    assert codes(report) == [(3, "语文", "over_full_mark")]
    assert report.applied == 2
    totals = [data_of(world, paper).stated_totals.tolist() for paper in papers]
    assert totals[:2] == [[90, 88], [95.5, 0]]
    english = data_of(world, papers[2])
    assert english.statuses.tolist() == [0, 1]
    assert english.paper.item_marks is False
    assert english.stated_totals[0] == 80


def test_pupils_of_another_grade_stop_the_file(world: World, paper: Paper) -> None:
    with world.scope():
        Enrolment.objects.filter(pk__in=[p.enrolment_id for p in world.pupils]).update(entry_year=2025)
    assert codes(load(world, paper, wide(world, GOOD))) == [(0, "", "other_grade")]


def test_csv_in_gb18030_and_split_over_sheets(world: World, paper: Paper) -> None:
    load(world, paper, as_csv(wide(world, GOOD)[1:], "gb18030"))
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)
    rows = wide(world, GOOD)
    report = load(world, paper, xlsx(rows[:5], after=[("二班", [rows[1], *rows[5:]])]))
    assert (report.rows, report.unchanged, report.faults) == (6, 6, ())


def test_undo_takes_the_batch_back(world: World, paper: Paper) -> None:
    first = load(world, paper, wide(world, GOOD[:3]))
    changed = [list(row) for row in GOOD]
    changed[0][0] = 0
    second = load(world, paper, wide(world, changed))
    assert (second.added, second.changed) == (3, 1)
    assert undo_import(actor=system_actor("checks"), run_code=second.run).done == 4
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD[:3])
    told = Event.objects.filter(type="assessment.marks_committed", subject_id=str(paper.pk))
    assert told.count() == 3
    third = load(world, paper, wide(world, changed))
    assert (third.added, third.changed) == (3, 1)
    assert undo_import(actor=system_actor("checks"), run_code=first.run).blocked != ()


def test_rank_columns_are_never_taken(world: World, paper: Paper) -> None:
    rows = wide(world, [[*row, 1, 2] for row in GOOD], head=["1", "2", "3(1)", "班名次", "校名次"])
    assert load(world, paper, rows).faults == ()
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


# --- the sample workbook ----------------------------------------------------------------------------

SAMPLES = Path(os.environ.get("SMARTSCHOOL_DATA", "/nonexistent")) / "workbooks"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="SMARTSCHOOL_DATA names no folder with workbooks")
def test_the_sample_workbook_gives_its_truth() -> None:
    truth = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))["exam"]
    content = (SAMPLES / "exam_wide.xlsx").read_bytes()
    rows = CalamineWorkbook.from_path(str(SAMPLES / "exam_wide.xlsx")).get_sheet_by_index(0).to_python()
    numbers = [row[0] for row in rows if str(row[0]).startswith("G")]
    unknown = {fault["student"] for fault in truth["faults"] if fault["code"] == "unknown_pupil"}
    world = build(classes=3, pupils=20)
    with world.scope():
        for number, place in zip((n for n in numbers if n not in unknown), world.pupils, strict=False):
            Enrolment.objects.filter(pk=place.enrolment_id).update(id_hash=id_hash(str(number)[1:]))
        paper = world.paper([], full_score=60)
    report = load(world, paper, content)
    row_of = {row[0]: index + 1 for index, row in enumerate(rows)}
    assert sorted(codes(report)) == sorted(
        (row_of[fault["student"]], fault["column"], fault["code"]) for fault in truth["faults"]
    )
    assert report.rows == truth["pupils"]
    found = [code for _, _, code in warnings(report)]
    assert found.count("total_differs") == truth["total_differs"]
    assert found.count("blank_item") == truth["blank_items"]
    partly = load(world, paper, content, accept_partial=True)
    assert (partly.applied, partly.refused) == (truth["pupils"] - 3, 3)
    data = data_of(world, paper)
    assert (data.statuses == 1).sum() == truth["absent"]
    assert {item.label: item.full for item in data.items} == truth["full"]


def test_a_hundred_rows_cost_no_more_queries_than_three(world: World, paper: Paper) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        load(world, paper, wide(world, GOOD[:1]))
    with world.scope():
        second = world.paper([], subject="13", exam=paper.exam, full_score=12)
        save_blueprint(
            actor=world.actor,
            paper=second,
            rows=[replace(row, points=()) for row in ROWS],
            full_score=12,
            base_revision=1,
        )
    with CaptureQueriesContext(connection) as many:
        load(world, second, wide(world, GOOD))
    assert len(many) == len(few)
