"""Forms of rosters that schools really send: two-line headers, a sheet a class, examples, footers."""

from datetime import date
from io import BytesIO

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from smartschool.contexts.directory.importers.class_cells import ClassCell, class_cell
from smartschool.contexts.directory.importers.people import classes_cell, several
from smartschool.contexts.directory.importers.roster_checks import check_roster
from smartschool.contexts.directory.importers.roster_columns import roster_columns
from smartschool.contexts.directory.public.class_titles import class_in_title
from smartschool.contexts.directory.public.codes import coded
from smartschool.contexts.exchange.reading.table import read_table
from smartschool.contexts.exchange.tests.workbooks import xlsx
from smartschool.kernel import cells
from smartschool.kernel.tabular import Bad, Checked, check_frame

COLUMNS = roster_columns()
HEAD = ["序号", "姓名", "性别", "出生日期", "年级", "班级", "联系电话"]
ROWS: list[list[object]] = [
    [1, "王一", "男", "20170519", "三年级", "02", "13900000001"],
    [2, "李二", "女", "20170620", "三年级", "02", "13900000002"],
]
SHORT = [row[:4] for row in ROWS]


def read(content: bytes) -> Checked:
    return check_frame(read_table(content, COLUMNS).frame, COLUMNS)


def test_a_parent_that_only_gathers_columns_takes_none_away() -> None:
    upper = ["序号", "学生基本信息", "", "", "就读", "", "联系电话"]
    lower = ["", "姓名", "性别", "出生日期", "年级", "班级", ""]
    merged = [(0, 1, 0, 3, "学生基本信息"), (0, 4, 0, 5, "就读")]
    checked = read(xlsx([upper, lower, *ROWS], merged=merged))
    assert checked.faults == []
    assert checked.column("name") == ["王一", "李二"]
    assert checked.column("phone") == ["13900000001", "13900000002"]


def test_a_name_below_another_person_is_not_the_pupils() -> None:
    upper = ["序号", "姓名", "性别", "出生日期", "年级", "班级", "紧急联系人", ""]
    lower = ["", "", "", "", "", "", "姓名", "联系电话"]
    rows = [[*row[:6], "王父", row[6]] for row in ROWS]
    checked = read(xlsx([upper, lower, *rows], merged=[(0, 6, 0, 7, "紧急联系人")]))
    assert checked.faults == []
    assert checked.column("name") == ["王一", "李二"]


@pytest.mark.parametrize("name", ["三（2）班", "三年级2班"])
def test_a_sheet_without_a_column_of_classes_says_its_class(name: str) -> None:
    other = ("三（1）班", [HEAD[:4], ["", "赵三", "男", "20170101"]])
    checked = read(xlsx([HEAD[:4], *SHORT], sheet=name, after=[other]))
    assert checked.faults == []
    assert checked.column("class") == [ClassCell(2, grade=3)] * 2 + [ClassCell(1, grade=3)]


def test_a_title_says_the_class_too_and_a_column_goes_before_it() -> None:
    title = ["示例小学三年级1班学生名单"]
    assert read(xlsx([title, HEAD[:4], *SHORT])).column("class") == [ClassCell(1, grade=3)] * 2
    assert read(xlsx([title, HEAD, *ROWS])).column("class") == [ClassCell(2)] * 2


def test_tables_of_several_classes_below_each_other() -> None:
    first, second = [row[1:4] for row in ROWS]
    head = HEAD[1:4]
    rows = [["三年级（1）班"], head, first, ["合计", 1], [], ["三年级（2）班"], head, second, ["男 0 女 1"]]
    checked = read(xlsx(rows))
    assert checked.faults == []
    assert checked.column("name") == ["王一", "李二"]
    assert checked.column("class") == [ClassCell(1, grade=3), ClassCell(2, grade=3)]


def test_a_name_alone_is_no_title() -> None:
    assert read(xlsx([["三（1）班"], HEAD[:4], *SHORT, [3, "赵三"]])).column("name")[2] == "赵三"


def test_an_example_sheet_is_no_data_where_another_has_some() -> None:
    example = ("填写示例", [HEAD, [1, "张三", "男", "20170101", "一年级", "01", ""]])
    content = xlsx([HEAD, *ROWS], before=[example])
    assert read(content).column("name") == ["王一", "李二"]
    assert read_table(content, COLUMNS).skipped == ["填写示例"]
    assert read(xlsx(example[1], sheet="示例")).column("name") == ["张三"]


def test_a_footer_of_several_signatures_is_no_row() -> None:
    footer = ["制表人：李某", "", "", "审核人：周某", "", "填表日期：2026.9.1"]
    assert len(read(xlsx([HEAD, *ROWS, footer])).frame) == 2


@pytest.mark.parametrize("footer", [["男 1 女 1"], ["", "合计", "男", 1, "女", 1], ["", "（盖章）"]])
def test_counts_and_seals_below_the_table_are_no_pupils(footer: list[object]) -> None:
    assert len(read(xlsx([HEAD, *ROWS, [], footer])).frame) == 2


def test_a_pupil_without_a_name_is_a_fault_and_no_footer() -> None:
    checked = read(xlsx([HEAD, *ROWS, [3, "", "女", "", "三年级", "02", ""]]))
    assert [(fault.row, fault.column, fault.code) for fault in checked.faults] == [(4, "姓名", "required")]


def test_blank_sex_and_birth_are_read_off_the_number_beside_them() -> None:
    head = ["姓名", "性别", "出生日期", "身份证号", "学籍号", "年级", "班级"]
    seat = ["三年级", "02"]
    rows: list[list[object]] = [
        ["王一", "", "", "340402201203010019", "", *seat],
        ["李二", "", "20120301", "", "G340402201203010027", *seat],
        ["赵三", "男", "", "", "", *seat],
        ["钱四", "男", "不详", "340402201203010019", "", *seat],
    ]
    checked = read(xlsx([head, *rows]))
    check_roster(checked, date(2026, 11, 25))
    assert checked.column("sex") == ["1", "2", "1", "1"]
    assert checked.column("birth_date")[:3] == [date(2012, 3, 1), date(2012, 3, 1), None]
    found = [(fault.row, fault.column, fault.code) for fault in checked.faults]
    assert (4, "出生日期", "required") in found
    assert {fault for fault in found if fault[0] in (2, 3)} == set()
    assert [fault[2] for fault in found if fault[:2] == (5, "出生日期")] == ["no_such_date"]


def test_running_numbers_that_were_not_calculated_stop_nobody() -> None:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, HEAD)
    for line, row in enumerate(ROWS, 1):
        page.write_row(line, 0, row)
        page.write_formula(line, 0, "=ROW()-1")
    book.close()
    assert read(target.getvalue()).faults == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("302", ClassCell(2, grade=3)),
        ("三2班", ClassCell(2, grade=3)),
        ("初一3", ClassCell(3, grade=7)),
        ("三二班", None),
        ("32班", ClassCell(32)),
        ("999", None),
    ],
)
def test_notations_of_a_class(text: str, found: ClassCell | None) -> None:
    cell = class_cell(text)
    assert (None if isinstance(cell, Bad) else cell) == found


def test_several_classes_share_the_grade_of_the_first() -> None:
    assert classes_cell("七年级1、2班") == (ClassCell(1, grade=7), ClassCell(2, grade=7))
    assert isinstance(classes_cell("十三年级1班"), Bad)
    assert classes_cell("701 702") == (ClassCell(1, grade=7), ClassCell(2, grade=7))
    assert several(coded("subject"))("数 学、语文") == ("14", "13")
    assert several(coded("subject"))("数学 语文") == ("14", "13")


def test_titles_of_teachers_as_certificates_write_them() -> None:
    assert coded("teacher_title")("中小学一级教师") == "3"
    assert coded("teacher_title")("中小学高级") == "2"


def test_a_dot_between_han_characters_is_the_dot_of_names() -> None:
    assert cells.person_name("阿依古丽.买买提") == "阿依古丽·买买提"
    assert cells.person_name("Anna B. Li") == "Anna B. Li"


@given(st.text(max_size=12))
def test_what_a_title_names_is_part_of_it(text: str) -> None:
    found = class_in_title(text)
    assert found is None or found in "".join(cells.narrow(text).split())


def test_two_classes_in_a_title_name_none() -> None:
    assert class_in_title("三（1）班、三（2）班") is None
    assert class_in_title("2026 年秋季学期三、四年级") is None
    assert class_in_title(str(date(2026, 9, 1))) is None
