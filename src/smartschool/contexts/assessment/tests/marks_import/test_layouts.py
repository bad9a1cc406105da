"""Layouts of workbooks of marks: wide and long, totals, headers in every form, sheets, encodings."""

import random

import numpy as np
import pytest

from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import MarkState
from smartschool.contexts.assessment.public.doors import items_of
from smartschool.contexts.assessment.tests.marks_import.files import (
    GOOD,
    codes,
    data_of,
    g_number,
    load,
    warnings,
    wide,
)
from smartschool.contexts.assessment.tests.world import World
from smartschool.contexts.exchange.tests.workbooks import as_csv, xlsx
from smartschool.kernel.models import Event

pytestmark = pytest.mark.django_db


def test_wide_marks_arrive_as_written(world: World, paper: Paper) -> None:
    report = load(world, paper, wide(world, GOOD))
    assert (report.rows, report.applied, report.unchanged, report.refused) == (6, 6, 0, 0)
    data = data_of(world, paper)
    np.testing.assert_array_equal(data.marks, GOOD)
    assert data.class_numbers.tolist() == [1, 2, 3, 1, 2, 3]
    event = Event.objects.filter(type="assessment.marks_committed", subject_id=str(paper.pk)).get()
    assert event.ids == {"paper": paper.pk, "classes": sorted(c.pk for c in world.classes)}


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


def test_csv_in_gb18030_and_split_over_sheets(world: World, paper: Paper) -> None:
    load(world, paper, as_csv(wide(world, GOOD)[1:], "gb18030"))
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)
    rows = wide(world, GOOD)
    report = load(world, paper, xlsx(rows[:5], after=[("二班", [rows[1], *rows[5:]])]))
    assert (report.rows, report.unchanged, report.faults) == (6, 6, ())


def test_rank_columns_are_never_taken(world: World, paper: Paper) -> None:
    rows = wide(world, [[*row, 1, 2] for row in GOOD], head=["1", "2", "3(1)", "班名次", "校名次"])
    assert load(world, paper, rows).faults == ()
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


def test_in_the_long_form_a_mark_that_the_key_contradicts_is_named_at_its_row(
    world: World, paper: Paper
) -> None:
    rows: list[list[object]] = [["学籍号", "题号", "得分", "选项"]]
    for serial in range(3):
        rows += [
            [g_number(serial), "1", 3, "A"],
            [g_number(serial), "2", 4, "AC"],
            [g_number(serial), "3（1）", 5, ""],
        ]
    rows[7][2] = 0  # item 1 of the third pupil: A is right
    rows[5][2] = 2  # item 2 of the second: AC is all
    report = load(world, paper, rows)
    assert report.faults == ()
    assert sorted(warnings(report)) == [(6, "得分", "key_differs"), (8, "得分", "key_differs")]
    np.testing.assert_array_equal(data_of(world, paper).marks, [[3, 4, 5]] * 3)


def test_in_the_long_form_an_absence_may_stand_where_the_choice_would(world: World, paper: Paper) -> None:
    rows: list[list[object]] = [["学籍号", "题号", "得分", "选项"]]
    for serial, choice in ((0, "缺考"), (1, "A")):
        rows += [[g_number(serial), "1", "", choice], [g_number(serial), "2", "", choice]]
        rows += [[g_number(serial), "3（1）", 5 if serial else "", ""]]
    report = load(world, paper, rows)
    assert report.faults == ()
    data = data_of(world, paper)
    assert data.statuses.tolist() == [1, 0]
    assert np.isnan(data.marks[0]).all()
    np.testing.assert_array_equal(data.marks[1], [3, 2, 5])
