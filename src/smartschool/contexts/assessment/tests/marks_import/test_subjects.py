"""An exam of several papers: the workbook says which one it is, or the refusal lists them all."""

import numpy as np
import pytest

from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.marks_import.subjects import subjects_in
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.tests.marks_import.files import (
    GOOD,
    ROWS,
    codes,
    data_of,
    load,
    warnings,
    wide,
)
from smartschool.contexts.assessment.tests.world import World
from smartschool.contexts.exchange.tests.workbooks import xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture
def papers(world: World) -> dict[str, Paper]:
    """语文 and 数学 of one exam with the same two-way table."""
    with world.scope():
        exam = world.exam()
        found = {}
        for word, subject in (("语文", "13"), ("数学", "14")):
            paper = found[word] = world.paper([], subject=subject, exam=exam, full_score=12)
            save_blueprint(actor=world.actor, paper=paper, rows=ROWS, full_score=12, base_revision=1)
        return found


@pytest.mark.parametrize(
    ("sheet", "title", "file_name"),
    [
        ("语文", "期末成绩", "成绩.xlsx"),
        ("Sheet1", "七年级语文期末小题分", "成绩.xlsx"),
        ("Sheet1", "期末成绩", "2026秋七年级语文小题分.xlsx"),
        ("七年级语文", "数学和语文的期末成绩", "数学.xlsx"),
    ],
)
def test_the_workbook_names_its_paper(
    world: World, papers: dict[str, Paper], sheet: str, title: str, file_name: str
) -> None:
    rows = [[title], *wide(world, GOOD)[1:]]
    report = load(
        world, papers["语文"].exam.code, xlsx(rows, sheet=sheet), file_name=file_name, accept_partial=False
    )
    assert (report.faults, report.applied) == ((), 6)
    np.testing.assert_array_equal(data_of(world, papers["语文"]).marks, GOOD)
    assert len(data_of(world, papers["数学"]).attempt_ids) == 0


def test_a_workbook_that_names_none_is_refused_with_all_codes(world: World, papers: dict[str, Paper]) -> None:
    for title in ("期末成绩", "语文、数学期末成绩", "英语期末成绩"):
        rows = [[title], *wide(world, GOOD)[1:]]
        report = load(world, papers["语文"].exam.code, xlsx(rows))
        assert codes(report) == [(0, "", "several_papers")]
        for word, paper in papers.items():
            assert f"{word} {paper.code}" in report.faults[0].message


def test_a_sheet_a_subject_brings_all_papers_that_there_are(world: World, papers: dict[str, Paper]) -> None:
    other = [[own[0], 0, own[2]] for own in GOOD]
    content = xlsx(
        wide(world, GOOD)[1:],
        sheet="语文",
        after=[("数学", wide(world, other)[1:]), ("科学", wide(world, GOOD)[1:]), ("说明", [["填表说明"]])],
    )
    exam = papers["语文"].exam.code
    report = load(world, exam, content, accept_partial=False)
    assert (report.faults, report.rows, report.applied) == ((), 12, 12)
    assert warnings(report) == [(0, "", "no_such_paper")]
    assert [(one.sheet, one.rows, one.applied) for one in report.sheets] == [("语文", 6, 6), ("数学", 6, 6)]
    np.testing.assert_array_equal(data_of(world, papers["语文"]).marks, GOOD)
    np.testing.assert_array_equal(data_of(world, papers["数学"]).marks, other)
    again = load(world, exam, content)
    assert (again.applied, again.unchanged, again.refused) == (0, 12, 0)


def test_a_summary_beside_the_sheets_of_the_subjects_is_not_read(
    world: World, papers: dict[str, Paper]
) -> None:
    summary = [["姓名", "语文", "数学", "总分"], ["学生11", 12, 12, 24]]
    sheets = [("数学", wide(world, GOOD)[1:]), ("总表", summary)]
    report = load(world, papers["语文"].exam.code, xlsx(wide(world, GOOD)[1:], sheet="语文", after=sheets))
    assert (report.faults, report.rows, report.applied) == ((), 12, 12)
    assert [(fault.sheet, fault.code) for fault in report.warnings] == [("总表", "summary_sheet")]


def test_a_fault_in_one_of_the_sheets_is_named_there_and_stops_all(
    world: World, papers: dict[str, Paper]
) -> None:
    wrong = [list(own) for own in GOOD]
    wrong[2][0] = 9
    content = xlsx(wide(world, GOOD)[1:], sheet="语文", after=[("数学", wide(world, wrong)[1:])])
    exam = papers["语文"].exam.code
    report = load(world, exam, content)
    assert [(fault.sheet, fault.row, fault.code) for fault in report.faults] == [
        ("数学", 4, "over_full_mark")
    ]
    assert (report.rows, report.applied, report.unchanged, report.refused) == (12, 0, 11, 1)
    assert len(data_of(world, papers["语文"]).attempt_ids) == 0
    partial = load(world, exam, content, accept_partial=True)
    assert [(one.sheet, one.applied, one.refused) for one in partial.sheets] == [
        ("语文", 6, 0),
        ("数学", 5, 1),
    ]
    assert len(data_of(world, papers["数学"]).attempt_ids) == 5


def test_sheets_of_classes_and_subjects(world: World, papers: dict[str, Paper]) -> None:
    rows = wide(world, GOOD)
    sheets = [
        (f"七{number}班{word}", [*rows[1:2], *rows[start : start + 3]])
        for word in papers
        for number, start in ((1, 2), (2, 5))
    ]
    content = xlsx(sheets[0][1], sheet=sheets[0][0], after=sheets[1:])
    report = load(world, papers["语文"].exam.code, content)
    assert (report.faults, report.applied) == ((), 12)
    for paper in papers.values():
        np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


def test_item_marks_beside_a_column_of_the_subject_are_item_marks(
    world: World, papers: dict[str, Paper]
) -> None:
    marks: list[list[object]] = [[*row, sum(float(str(one)) for one in row)] for row in GOOD]
    rows = [["语文小题分"], *wide(world, marks, head=["1", "2", "3(1)", "语文"])[1:]]
    report = load(world, papers["语文"].exam.code, xlsx(rows))
    assert report.faults == ()
    np.testing.assert_array_equal(data_of(world, papers["语文"]).marks, GOOD)


def test_a_copy_without_totals_changes_nothing(world: World, papers: dict[str, Paper]) -> None:
    marks: list[list[object]] = [[*row, sum(float(str(one)) for one in row)] for row in GOOD]
    load(world, papers["语文"], wide(world, marks, head=["1", "2", "3(1)", "总分"]))
    again = load(world, papers["语文"], wide(world, GOOD))
    assert (again.applied, again.unchanged) == (0, 6)


def test_another_subject_than_the_papers_is_warned_of(world: World, papers: dict[str, Paper]) -> None:
    report = load(world, papers["语文"], xlsx(wide(world, GOOD), sheet="数学"))
    assert warnings(report)[0] == (0, "", "other_subject")
    assert (report.applied, report.refused) == (6, 0)


def test_words_of_subjects() -> None:
    assert subjects_in("七年级语文期末") == {"13"}
    assert subjects_in("语文和数学") == {"13", "14"}
    assert subjects_in("七（2）班第 1 次") == set()


def test_a_number_that_cannot_be_read_stops_its_own_sheet_alone(
    world: World, papers: dict[str, Paper]
) -> None:
    """What is wrong before any mark is looked at belongs to one sheet and must not be sought in the other."""
    torn = wide(world, GOOD)[1:]
    torn[2][0] = 3.4e17
    content = xlsx(torn, sheet="语文", after=[("数学", wide(world, GOOD)[1:])])
    report = load(world, papers["语文"].exam.code, content, accept_partial=True)
    assert [(fault.sheet, fault.row, fault.column, fault.code) for fault in report.faults] == [
        ("语文", 3, "学籍号", "number_ruined")
    ]
    assert [(one.sheet, one.applied, one.refused) for one in report.sheets] == [
        ("语文", 5, 1),
        ("数学", 6, 0),
    ]
