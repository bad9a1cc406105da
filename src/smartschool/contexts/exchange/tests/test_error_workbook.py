"""The error workbook reads like the file it came from: a header of two lines, full marks, its own column."""

from datetime import date
from io import BytesIO

from python_calamine import CalamineWorkbook

from smartschool.contexts.assessment.marks_import.importer import MarksImporter
from smartschool.contexts.directory.importers.class_cells import ClassCell
from smartschool.contexts.directory.importers.roster import RosterImporter
from smartschool.contexts.exchange.checkup import read_and_check
from smartschool.contexts.exchange.error_workbook import COMMENT, make
from smartschool.contexts.exchange.tests.workbooks import as_csv, xlsx
from smartschool.kernel.actor import system_actor
from smartschool.kernel.importing import Importer, Target
from smartschool.kernel.tabular import Checked, Fault

TARGET = Target(1, True, "add", date(2026, 11, 25), system_actor("checks"))


def checked(importer: Importer, content: bytes) -> Checked:
    reading = read_and_check(content, importer, TARGET)
    assert reading.refused is None
    assert reading.checked is not None
    return reading.checked


def test_merged_parents_still_speak_for_their_columns() -> None:
    upper = ["姓名", "性别", "出生日期", "年级", "班级", "家庭成员1", "", "家庭成员2", ""]
    lower = ["", "", "", "", "", "姓名", "联系电话", "姓名", "联系电话"]
    seat = ["男", "20170519", "三年级", "02"]
    good = ["王一", *seat, "王父", "13900000001", "王母", "13900000002"]
    wrong = ["李二", *seat, "李父", "1390", "李母", "13900000003"]
    merged = [(0, 5, 0, 6, "家庭成员1"), (0, 7, 0, 8, "家庭成员2")]
    content = xlsx([upper, lower, good, wrong], merged=merged)
    importer = RosterImporter()
    first = checked(importer, content)
    assert [(fault.row, fault.code) for fault in first.faults] == [(4, "phone")]
    again = checked(importer, make(content, importer, TARGET, {}, first.faults))
    assert again.column("name") == ["李二"]
    assert again.column("member1_name") == ["李父"]
    assert again.column("member2_phone") == ["13900000003"]
    assert [fault.code for fault in again.faults] == ["phone"]


def test_titles_between_tables_go_with_their_rows() -> None:
    head = ["姓名", "性别", "出生日期", "联系电话"]
    rows = [["三年级（1）班"], head, ["王一", "男", "20170519", "1390"], ["钱二", "男", "20170519", ""]]
    rows += [["三年级（2）班"], head, ["李三", "女", "20170519", "1390"]]
    importer = RosterImporter()
    content = xlsx(rows)
    first = checked(importer, content)
    again = checked(importer, make(content, importer, TARGET, {}, first.faults))
    assert again.column("name") == ["王一", "李三"]
    assert again.column("class") == [ClassCell(1, grade=3), ClassCell(2, grade=3)]


def test_full_marks_go_with_the_refused_rows() -> None:
    rows: list[list[object]] = [
        ["学号", "姓名", "班级", "1", "2"],
        ["", "满分", "", 3, 5],
        [1, "王一", "三（2）班", 3, 4],
        [2, "李二", "三（2）班", 9, 4],
    ]
    importer = MarksImporter()
    content = xlsx(rows, sheet="数学")
    fault = Fault("数学", 4, "1", "over_full_mark", "满分 3，这里是 9")
    again = checked(importer, make(content, importer, TARGET, {}, [fault]))
    assert again.column("name") == ["满分", "李二"]
    assert again.frame.extra["1"] == ["3", "9"]
    assert again.frame.extra[COMMENT][1] == "1：满分 3，这里是 9"


def test_the_comment_stands_behind_the_widest_row() -> None:
    """A title of one cell in a CSV is no table of one column."""
    head = ["姓名", "性别", "出生日期", "年级", "班级", "联系电话"]
    rows = [["三年级名单"], head, ["王一", "男", "20170519", "三年级", "02", "1390"]]
    importer = RosterImporter()
    content = as_csv(rows, "utf-8-sig")
    first = checked(importer, content)
    lines = CalamineWorkbook.from_filelike(BytesIO(make(content, importer, TARGET, {}, first.faults)))
    made = lines.get_sheet_by_index(0).to_python()
    assert made[1] == [*head, COMMENT]
    assert made[2][:6] == rows[2]
    assert "电话" in str(made[2][6])
