"""Sheets of marks as schools keep them: headers of every kind, rows and columns that only sum up."""

from io import BytesIO

import numpy as np
import pytest
import xlsxwriter

from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.assessment.public.doors import items_of
from smartschool.contexts.assessment.tests.marks_import.files import (
    GOOD,
    codes,
    data_of,
    load,
    warnings,
    wide,
)
from smartschool.contexts.assessment.tests.world import World
from smartschool.contexts.exchange.tests.workbooks import xlsx

pytestmark = pytest.mark.django_db


def named(world: World, marks: list[list[object]], head: list[str]) -> list[list[object]]:
    """姓名 and the items, nothing else."""
    rows: list[list[object]] = [["姓名", *head]]
    return rows + [[f" {world.pupils[n].enrolment.name}\xa0", *own] for n, own in enumerate(marks)]


@pytest.mark.parametrize(
    "head",
    [
        ["1.", "2、", "3①、"],
        ["一、1", "一、2", "二、3(1)"],
        ["第一题", "第二题", "第三题（1）"],
        ["题目1", "试题2", "题目3.1"],
    ],
)
def test_headers_of_items(world: World, paper: Paper, head: list[str]) -> None:
    report = load(world, paper, wide(world, GOOD, head=head))
    assert (report.faults, report.warnings) == ((), ())
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


def test_names_alone_are_header_enough_beside_items(world: World, paper: Paper) -> None:
    assert load(world, paper, named(world, GOOD, ["1", "2", "3(1)"])).faults == ()
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


Span = tuple[int, int, int, int, str]
WHO: list[Span] = [(0, 0, 1, 0, "学籍号"), (0, 1, 1, 1, "姓名")]
TWO_LINES: dict[str, tuple[list[object], list[object], list[Span]]] = {
    "kinds": (["选择题", "", "解答题"], ["1", "2", "3(1)"], [(0, 2, 0, 3, "选择题")]),
    "kinds that number anew": (["选择题", "", "解答题"], ["1", "2", "1(1)"], [(0, 2, 0, 3, "选择题")]),
    "kinds with marks": (
        ["一、选择题（共7分）", "", "二、解答题"],
        ["1", "2", "3（1）"],
        [(0, 2, 0, 3, "一、选择题（共7分）")],
    ),
    "one word over all": (["题号", "", ""], ["1", "2", "3(1)"], [(0, 2, 0, 4, "题号")]),
    "words that say nothing": (["积累与运用", "", "阅读"], [1, 2, "3（1）"], [(0, 2, 0, 3, "积累与运用")]),
}


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("form", TWO_LINES)
def test_items_below_a_line_that_gathers_them(world: World, paper: Paper, form: str, merged: bool) -> None:
    upper, lower, spans = TWO_LINES[form]
    rows = [["学籍号", "姓名", *upper], ["", "", *lower], *wide(world, GOOD)[2:]]
    report = load(world, paper, xlsx(rows, merged=[*WHO, *spans] if merged else []))
    assert report.faults == ()
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


PARTS: list[BlueprintRow] = [
    BlueprintRow("1", ItemType.SINGLE, 3, "A", "ABCD"),
    BlueprintRow("2(1)", ItemType.OPEN, 4),
    BlueprintRow("2(2)", ItemType.OPEN, 5),
]


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("lines", [2, 3])
@pytest.mark.parametrize("lower", [["（1）", "（2）"], [1, 2], ["①", "②"], ["第1问", "第2问"]])
def test_items_over_their_parts(world: World, lower: list[object], lines: int, merged: bool) -> None:
    with world.scope():
        paper = world.paper([], full_score=12)
        save_blueprint(actor=world.actor, paper=paper, rows=PARTS, full_score=12, base_revision=1)
    head: list[list[object]] = [["学籍号", "姓名", "1", "2", ""], ["", "", "", *lower]]
    spans: list[Span] = [(0, 3, 0, 4, "2"), (0, 2, 1, 2, "1"), *WHO]
    if lines == 3:
        head = [["学籍号", "姓名", "选择题", "解答题", ""], ["", "", "1", "2", ""], ["", "", "", *lower]]
        spans = [(0, 3, 0, 4, "解答题"), (1, 3, 1, 4, "2"), (0, 0, 2, 0, "学籍号"), (0, 1, 2, 1, "姓名")]
    report = load(world, paper, xlsx([*head, *wide(world, GOOD)[2:]], merged=spans if merged else []))
    assert report.faults == ()
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


def test_sections_that_number_anew_name_their_items(world: World) -> None:
    with world.scope():
        paper = world.paper([], full_score=12)
    rows = wide(world, GOOD, head=["一、1", "一、2", "二、1"])
    rows.insert(2, ["", "满分", 3, 4, 5])
    assert load(world, paper, rows).faults == ()
    with world.scope():
        assert [item.label for item in items_of(paper.pk)] == ["1(1)", "1(2)", "2(1)"]
    by_kind = load(world, paper, wide(world, GOOD, head=["选择题1", "选择题2", "填空题1"]))
    assert (by_kind.faults, by_kind.unchanged) == ((), 6)
    twice = wide(world, GOOD, head=["选择题1", "选择题2", "1"])
    assert codes(load(world, paper, twice))[0][2] == "duplicate_header"


@pytest.mark.parametrize("full", [["(3分)", "(4分)", "（5分）"], [3, 4, 5]])
def test_full_marks_below_the_header_need_no_label(world: World, full: list[object]) -> None:
    with world.scope():
        paper = world.paper([], full_score=12)
    rows = wide(world, GOOD)
    rows.insert(2, ["", "", *full])
    report = load(world, paper, rows)
    assert (report.faults, report.rows) == ((), 6)
    with world.scope():
        assert [item.full for item in items_of(paper.pk)] == [3, 4, 5]


@pytest.mark.parametrize("word", ["每题满分", "各小题分值：", "满分（分）"])
def test_rows_that_tell_of_the_items_are_no_pupils(world: World, word: str) -> None:
    with world.scope():
        paper = world.paper([], full_score=12)
    rows = wide(world, GOOD)
    rows[2:2] = [
        ["知识点", "", "有理数", "整式", "方程"],
        [word, "", 3, 4, 5],
        ["参考答案", "", "A", "AC", ""],
    ]
    report = load(world, paper, rows)
    assert (report.faults, report.rows) == ((), 6)
    with world.scope():
        assert [item.full for item in items_of(paper.pk)] == [3, 4, 5]


def test_a_pupil_without_a_name_is_no_row_of_full_marks(world: World, paper: Paper) -> None:
    rows = wide(world, GOOD)
    rows[2], rows[3] = ["", "", 0, 2, 1], rows[2]
    assert codes(load(world, paper, rows)) == [(3, "姓名", "unknown_pupil")]


def test_rows_that_sum_up_and_signatures_are_no_pupils(world: World, paper: Paper) -> None:
    rows = wide(world, GOOD)
    for words in ("班级平均", "年级平均分", "最高分", "得分率", "优秀率", "参考人数"):
        rows.append(["", words, 2, 2, 2])
    rows.append(["制表人：王", "", "审核人：李", "", "日期：2027.1.25"])
    report = load(world, paper, rows)
    assert (report.faults, report.rows) == ((), 6)


def test_what_is_not_read_may_lack_its_result(world: World, paper: Paper) -> None:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    rows = wide(world, GOOD, head=["1", "2", "3(1)", "总分", "班级均分", "班名次"])
    for line, row in enumerate(rows):
        page.write_row(line, 0, row)
        if line > 1:
            page.write_formula(line, 5, f"=SUM(C{line + 1}:E{line + 1})")
            page.write_formula(line, 6, "=AVERAGE(F:F)")
            page.write_formula(line, 7, "=RANK(F3,F:F)", value="#N/A")
    page.write_formula(3, 4, "=1+1")
    book.close()
    report = load(world, paper, target.getvalue(), accept_partial=True)
    assert codes(report) == [(4, "3(1)", "formula")]
    assert report.faults[0].message.startswith("E4 ")
    assert warnings(report) == []
    assert np.isnan(data_of(world, paper).stated_totals).all()


def test_a_sheet_a_class_says_whose_numbers_they_are(world: World, paper: Paper) -> None:
    head: list[object] = ["学号", "1", "2", "3(1)"]
    sheets = [[head, *([n + 1, *GOOD[3 * k + n]] for n in range(3))] for k in range(2)]
    content = xlsx(sheets[0], sheet="七（1）班", after=[("七（2）班", sheets[1])])
    assert load(world, paper, content).faults == ()
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


def test_full_marks_in_the_headers_make_a_paper_and_are_compared_with_one(world: World, paper: Paper) -> None:
    head = ["1（3分）", "2（4分）", "3(1)（5分）"]
    with world.scope():
        empty = world.paper([], subject="13", exam=paper.exam, full_score=12)
    assert load(world, empty, wide(world, GOOD, head=head)).faults == ()
    data = data_of(world, empty)
    assert [(item.label, item.full) for item in data.items] == [("1", 3), ("2", 4), ("3(1)", 5)]
    np.testing.assert_array_equal(data.marks, GOOD)
    report = load(world, paper, wide(world, GOOD, head=["1（3分）", "2（6分）", "3(1)（5分）"]))
    assert [(fault.column, fault.code) for fault in report.faults] == [("2（6分）", "full_differs")]


def test_beside_totals_a_column_that_is_not_read_may_lack_its_result(world: World, paper: Paper) -> None:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    rows = wide(world, [[8], [9], [10]], head=["总分", "班级均分"])
    for line, row in enumerate(rows):
        page.write_row(line, 0, row)
        if line > 1:
            page.write_formula(line, 3, "=AVERAGE(C:C)", value="#N/A")
    book.close()
    report = load(world, paper, target.getvalue())
    assert (report.faults, report.applied) == ((), 3)
    assert data_of(world, paper).stated_totals.tolist() == [8, 9, 10]


@pytest.mark.parametrize("word", ["缺考", "缺 考", "病假", "未参加考试"])
@pytest.mark.parametrize("place", ["总分", "备注"])
def test_an_absence_written_beside_the_marks(world: World, paper: Paper, place: str, word: str) -> None:
    rows = wide(world, GOOD, head=["1", "2", "3(1)", place])
    rows[4][2:] = ["", "", "", word]
    rows[5].append("书写不工整" if place == "备注" else "")
    report = load(world, paper, rows)
    assert (report.faults, warnings(report)) == ((), [])
    assert data_of(world, paper).statuses.tolist() == [0, 0, 1, 0, 0, 0]


def test_a_remark_does_not_take_marks_away(world: World, paper: Paper) -> None:
    rows = wide(world, GOOD, head=["1", "2", "3(1)", "备注"])
    rows[4].append("请假")
    assert load(world, paper, rows).faults == ()
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


def test_beside_totals_of_subjects_a_formula_without_its_result_is_no_fault(world: World) -> None:
    with world.scope():
        exam = world.exam()
        papers = [world.paper([], subject=subject, exam=exam, full_score=100) for subject in ("13", "14")]
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    rows = wide(world, [[90, 80], [70, 60]], head=["语文", "数学", "班级均分"])
    for line, row in enumerate(rows):
        page.write_row(line, 0, row)
        if line > 1:
            page.write_formula(line, 4, "=AVERAGE(C:C)", value="#DIV/0!")
    page.write_formula(3, 3, "=30+30", value="")  # where a mark is read it is one
    book.close()
    report = load(world, exam.code, target.getvalue(), accept_partial=True)
    assert codes(report) == [(4, "数学", "formula")]
    assert [data_of(world, paper).stated_totals.tolist() for paper in papers] == [[90], [80]]
