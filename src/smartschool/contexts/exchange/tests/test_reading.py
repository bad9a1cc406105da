"""The reader: headers wherever they stand, in every order, word, encoding and format."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartschool.contexts.exchange.reading.archive import column_letters, column_number
from smartschool.contexts.exchange.reading.table import read_table
from smartschool.contexts.exchange.tests.workbooks import as_csv, xls, xlsx
from smartschool.kernel import cells
from smartschool.kernel.tabular import Column, FileRefused, check_frame

COLUMNS = (
    Column("number", "编号", cells.text(20), ordinal=True),
    Column("name", "姓名", cells.person_name, ("学生姓名",), required=True, needed=True),
    Column("id", "身份证号", cells.digits_text, ("证件号码", "身份证件号")),
    Column("born", "出生日期", cells.day(earliest=date(1900, 1, 1), latest=lambda: date(2026, 11, 25))),
    Column("grade", "年级", cells.text(10), needed=True),
    Column("class", "班级号", cells.text(10), ("班别", "班级")),
    Column("relation", "成员1关系", cells.text(10)),
    Column("guardian", "成员1姓名", cells.person_name),
)
HEAD = ["编号", "姓名", "身份证号", "出生日期", "年级", "班级号"]
ROWS = [
    [1, "袁　桐文", "340402201512160408", "20151216", "四年级", "01"],
    [2, "阿依古丽•买买提", "34040220150517019X", "2015.05.17", "五年级", "03"],
    [3, "王䶮", "340402201405014472", "2014年5月1日", "六年级", "03"],
]
NAMES = ["袁桐文", "阿依古丽·买买提", "王䶮"]


def values(content: bytes, key: str = "name", **options: object) -> list[object]:
    table = read_table(content, COLUMNS, **options)  # type: ignore[arg-type]
    checked = check_frame(table.frame, COLUMNS)
    assert checked.faults == []
    return checked.column(key)


def test_title_lines_explanations_hidden_sheets_blank_tail() -> None:
    above = [["学生基本信息采集表"], ["填报单位：示例小学"], ["填报日期：2026.9.10"]]
    content = xlsx(
        [*above, HEAD, *ROWS, [], [4], ["制表人：张某"], [""]],
        merged=[(0, 0, 0, 5, "学生基本信息采集表")],
        before=[("说明", [["填表说明：请勿改动表头"]])],
        hidden=[("字典", [HEAD, [9, "不该出现", "", "", "一年级", "01"]])],
    )
    table = read_table(content, COLUMNS)
    assert table.frame.rows == [5, 6, 7]
    assert table.skipped == ["说明"]
    assert values(content) == NAMES


def test_two_line_header_with_merged_parent_and_merged_data_cells() -> None:
    content = xlsx(
        [
            ["编号", "姓名", "年级", "班级号", "成员1", ""],
            ["", "", "", "", "姓名", "关系"],
            [1, "张三", "三年级", "01", "张父", "父亲"],
            [2, "李四", "", "", "李母", "母亲"],
        ],
        merged=[(0, 4, 0, 5, "成员1"), (2, 2, 3, 2, "三年级"), (2, 3, 3, 3, "01")],
    )
    assert values(content, "guardian") == ["张父", "李母"]
    assert values(content, "name") == ["张三", "李四"]
    assert values(content, "grade") == ["三年级", "三年级"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_csv_in_every_encoding(encoding: str) -> None:
    assert values(as_csv([HEAD, *ROWS], encoding)) == NAMES


def test_csv_idioms_and_other_separators() -> None:
    text = '姓名\t身份证号\t年级\r\n张三\t="340402201512160408"\t三年级\r\n'
    assert values(text.encode("utf-16")) == ["张三"]
    assert values(text.encode(), "id") == ["340402201512160408"]


def test_old_xls() -> None:
    assert values(xls([["登记表"], HEAD, *ROWS])) == NAMES


DATES = ["20160102", 20160102, "2016-01-02", "2016.1.2", "2016/1/2", "2016年1月2日", date(2016, 1, 2), 42371]


@pytest.mark.parametrize("cell", [*DATES, "2016-01-02 00:00:00", "２０１６．０１．０２"])
def test_all_date_notations_agree(cell: object) -> None:
    assert values(xlsx([HEAD, [1, "张三", "", cell, "三年级", "1"]]), "born") == [date(2016, 1, 2)]


@pytest.mark.parametrize("cell", ["20150230", "2015-13-01", "二〇一五年", "15-06-01", "2015/06.01", 20150230])
def test_impossible_dates(cell: object) -> None:
    table = read_table(xlsx([HEAD, [1, "张三", "", cell, "三年级", "1"]]), COLUMNS)
    faults = check_frame(table.frame, COLUMNS).faults
    assert [(fault.row, fault.column, fault.code) for fault in faults] == [(2, "出生日期", "no_such_date")]


@settings(max_examples=25, deadline=None)
@given(
    order=st.permutations(range(6)),
    words=st.tuples(
        st.sampled_from(["姓名", "学生姓名", "*姓 名", "姓名（必填）"]),
        st.sampled_from(["身份证号", "证件号码", "身份证件号", "身份证号："]),
        st.sampled_from(["班级号", "班别", "班级"]),
    ),
    titles=st.integers(0, 5),
    kind=st.sampled_from(["xlsx", "utf-8", "gb18030", "utf-16", "xls"]),
)
def test_order_words_titles_and_format_do_not_matter(
    order: list[int], words: tuple[str, str, str], titles: int, kind: str
) -> None:
    head = ["编号", words[0], words[1], "出生日期", "年级", words[2]]
    grid = [["说明"] + [""] * 5] * titles + [[row[place] for place in order] for row in [head, *ROWS]]
    content = xlsx(grid) if kind == "xlsx" else xls(grid) if kind == "xls" else as_csv(grid, kind)
    assert values(content) == NAMES
    assert values(content, "born") == [date(2015, 12, 16), date(2015, 5, 17), date(2014, 5, 1)]
    assert read_table(content, COLUMNS).frame.rows == [titles + 2, titles + 3, titles + 4]


def test_split_over_sheets_keeps_sheet_and_row() -> None:
    content = xlsx([HEAD, ROWS[0]], sheet="一班", after=[("二班", [["二班名单"], HEAD, *ROWS[1:]])])
    frame = read_table(content, COLUMNS).frame
    assert list(zip(frame.sheets, frame.rows, strict=True)) == [("一班", 2), ("二班", 3), ("二班", 4)]


def test_guessed_and_saved_mapping() -> None:
    content = xlsx([["姓名", "年级", "班级名", "编码"], ["张三", "三年级", "02", "340402201512160408"]])
    table = read_table(content, COLUMNS)
    assert {h.text: (h.key, h.how) for h in table.sheets[0].header.headings} == {
        "姓名": ("name", "known"),
        "年级": ("grade", "known"),
        "班级名": ("class", "guessed"),
        "编码": (None, ""),
    }
    assert values(content, "id", saved={"编码": "id"}) == ["340402201512160408"]
    assert "id" not in read_table(xlsx([HEAD, *ROWS]), COLUMNS, saved={"身份证号": ""}).frame.columns


def test_what_must_be_there_never_rests_on_a_guess() -> None:
    content = xlsx([["学生姓名拼写", "年级", "班级"], ["张三", "三年级", "02"]])
    with pytest.raises(FileRefused) as caught:
        read_table(content, COLUMNS)
    assert (caught.value.code, caught.value.column) == ("missing_column", "姓名")
    assert values(content, "name", saved={"学生姓名拼写": "name"}) == ["张三"]


def test_repeated_page_header_is_not_a_pupil() -> None:
    assert values(xlsx([HEAD, ROWS[0], HEAD, ROWS[1]])) == NAMES[:2]


def test_extra_columns_are_kept_on_request() -> None:
    content = xlsx([["姓名", "年级", "13(1)", "13(2)"], ["张三", "三年级", 5, "缺"]])
    assert read_table(content, COLUMNS, keep_extra=True).frame.extra == {"13(1)": [5.0], "13(2)": ["缺"]}


@given(st.integers(0, 20_000))
def test_column_letters_are_inverse(number: int) -> None:
    assert column_number(column_letters(number)) == number


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("２３２０３３", "232033"),
        ("大通区示例路２５号", "大通区示例路25号"),
        (232033.0, "232033"),
        ("（西）", "（西）"),
    ],
)
def test_digits_of_free_text_are_half_width(typed: object, kept: str) -> None:
    assert cells.text(100)(typed) == kept  # type: ignore[arg-type]
