"""Sheets of marking services: which columns are items and which are not, and headers as schools draw them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ITEMS = "题号,题型,满分,答案\n1,选择题,2,B\n2,多选题,4,AC\n3,解答题,10,\n"
ORDERS = [
    "班次", "校次", "级次", "位次", "排位", "百分位", "联考排名", "区排名", "全市名次", "年级次序",
    "班级排名", "数学班次", "语文校次", "总分位次", "数学全区排名", "总分班次（文科）", "Rank",
    "班级进退", "击败率", "班排", "级排", "数学校排", "总排",
]  # fmt: skip
OTHERS = [
    "客观题得分", "主观题得分", "全卷得分", "卷面分", "原始分", "赋分", "数学赋分", "班级名称", "学校名称",
    "等第", "等级", "姓　名",
]  # fmt: skip


def ids(result) -> list[str]:
    assert result.code == 0, result.err
    return [item["id"] for item in result.report["items"]]


def workbook(
    place: Path, rows: list[list[object]], formulas: dict[str, tuple[str, str]] | None = None
) -> None:
    """A workbook of answers in place of responses.csv."""
    import xlsxwriter

    (place / "responses.csv").unlink()
    with xlsxwriter.Workbook(str(place / "小题分.xlsx")) as book:
        book.add_worksheet("旧").hide()
        sheet = book.add_worksheet("成绩")
        sheet.activate()
        sheet.set_first_sheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for cell, (formula, shown) in (formulas or {}).items():
            sheet.write_formula(cell, formula, value=shown)


@pytest.mark.parametrize("title", ORDERS)
@pytest.mark.parametrize("items", [None, "题号,满分\n1,1\n2,1\n"])
def test_a_column_that_orders_pupils_is_never_read_nor_named(run, exam, title, items):
    rows = "\n".join(f"S{n},{n % 2},1,{777 + n}" for n in range(6))
    result = run(exam(f"学号,1,2,{title}\n{rows}\n", **({"items": items} if items else {})))
    assert ids(result) == ["1", "2"]
    notes = {note["code"]: note["text"] for note in result.report["notes"]}
    assert notes["orders_ignored"] == "表里有 1 列是给学生排先后的，没有读，也不写进报告。"
    for name in ("report.json", "report.html"):
        text = (result.folder / name).read_text("utf-8")
        assert title not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        assert "777" not in text


@pytest.mark.parametrize("title", OTHERS)
def test_totals_of_parts_and_names_are_left_out_and_told(run, exam, title):
    result = run(exam(f"学号,{title},1,2\nS1,7,1,0\nS2,6,1,1\n"))
    assert ids(result) == ["1", "2"]
    told = [note["text"] for note in result.report["notes"] if note["code"] == "columns_ignored"]
    assert title in ("班级名称", "学校名称") or f"“{title.replace('　', ' ')}”不是题目" in told[0]


@pytest.mark.parametrize(
    "title", ["第3题", "选择题", "小数百分位", "句子排序", "听力", "作文", "数学", "3(班次问题)"]
)
def test_items_with_names_are_items(run, exam, title):
    assert ids(run(exam(f"学号,1,{title}\nS1,1,0\nS2,0,1\n"))) == ["1", title]


def test_an_item_that_the_items_file_names_is_read(run, exam):
    assert ids(run(exam("学号,赋分\nS1,1\nS2,0\n", items="题号,满分\n赋分,1\n"))) == ["赋分"]


def test_columns_of_the_table_of_points_that_are_no_points(run, exam):
    q = "题号,分数,难度（预估）,小数,分值,题型,能力层次\n1,√,0.8,,5,选择,理解\n2,,0.6,1,5,填空,运用\n"
    report = run(exam("学号,1,2\nS1,1,1\nS2,0,1\n", q=q)).report
    assert [point["name"] for point in report["points"]] == ["分数", "小数"]
    told = {note["code"]: note["text"] for note in report["notes"]}["columns_not_points"]
    assert told == "q.csv 里的“难度（预估）、分值、题型、能力层次”不是知识点，没有计入。"


@pytest.mark.parametrize("head", ["１,２,３", "第1题,第2题,第3题", "第 1 题,题2,3", "1,2,第３题"])
def test_items_meet_however_wide_they_are_written(run, exam, head):
    place = exam(f"学号,{head}\nS1,B,AC,7\nS2,A,A,3.5\n", items=ITEMS.replace("2,多", "题2,多"))
    if "题2" not in head:
        place = exam(f"学号,{head}\nS1,B,AC,7\nS2,A,A,3.5\n", items=ITEMS, q="题号,k\n第1题,1\n２,1\n3,1\n")
    result = run(place)
    assert result.code == 0, result.err
    assert [pupil["total"] for pupil in result.report["pupils"]] == [13, 3.5]


def test_parts_of_items_in_full_width_brackets(run, exam):
    assert ids(run(exam("学号,1,2（1）\nS1,1,3\nS2,0,1\n", items="题号,满分\n1,1\n2(1),3\n"))) == [
        "1",
        "2(1)",
    ]


@pytest.mark.parametrize("head", ["1,１", "第1题,1"])
def test_one_item_in_two_columns_is_refused(run, exam, head):
    result = run(exam(f"学号,{head}\nS1,1,0\n"))
    assert result.code == 1
    assert "出现两次" in result.err


def test_a_title_above_the_header(run, exam):
    title, note = "2026年春季期末考试小题分", "学校：实验小学"
    csv = f"{title}\n{note},,,,,\n\n学号,姓名,班级,1,2,3\nS1,甲,一班,B,AC,7\nS2,乙,二班,A,A,3.5\nS3,,,,,x\n"
    result = run(exam(csv, items=ITEMS))
    assert result.err.strip() == "responses.csv 第 7 行“3”列：“x”不是分数。没有成绩就留空，缺考写“缺考”。"
    place = exam("x", items="题目表,,,\n" + ITEMS)
    workbook(place, [[title], ["学号", 1, 2, 3], ["S1", "B", "AC", 7], ["S2", "A", "A", 3.5]])
    assert [pupil["total"] for pupil in run(place).report["pupils"]] == [13, 3.5]


def test_a_title_above_a_header_that_nobody_knows_is_named(run, exam):
    result = run(exam("期末考试\n谁,1,2\nS1,1,0\n"))
    assert result.code == 1
    assert "responses.csv 第 2 行：这一行有 3 格，表头（第 1 行）只有 1 列。" in result.err
    assert "让列名在第一行" in result.err


def test_a_header_in_two_rows(run, exam):
    place = exam("x", items=ITEMS)
    head = [["学号", "姓名", "选择题", "", "解答题", "总分"], ["", "", 1, 2, 3, ""]]
    workbook(place, [*head, ["S1", "甲", "B", "AC", 7, 13], ["S2", "乙", "A", "A", 99, 3.5]])
    assert run(place).err.startswith("小题分.xlsx 第 4 行“3”列：分数 99 超过满分 10")
    workbook(exam("x", items=ITEMS), [*head, ["S1", "甲", "B", "AC", 7, 13], ["S2", "乙", "A", "A", 3, 3]])
    result = run(place)
    assert ids(result) == ["1", "2", "3"]
    assert [pupil["total"] for pupil in result.report["pupils"]] == [13, 3]


def test_full_marks_under_a_column_without_a_title_are_no_header(run, exam):
    result = run(exam("学号,姓名,1,,3\n,,2,4,10\nS1,甲,1,2,7\n"))
    assert result.code == 1
    assert "第 1 行：第 4 列没有列名" in result.err


@pytest.mark.parametrize("shown", ["#DIV/0!", "#N/A", "#REF!"])
@pytest.mark.parametrize(("cell", "column"), [("B3", "1"), ("D3", "3"), ("A3", "学号")])
def test_a_formula_that_failed_is_no_blank(run, exam, shown, cell, column):
    place = exam("x", items=ITEMS)
    rows = [["学号", 1, 2, 3, "总分"], ["S1", "B", "AC", 7, 13], ["S2", "A", "A", 1, 1]]
    workbook(place, rows, {cell: ("=1/0", shown), "E2": ("=NA()", "#N/A")})
    result = run(place, "--json")
    assert result.code == 1
    faults = json.loads(result.out)["faults"]
    assert [(fault["row"], fault["column"]) for fault in faults] == [(3, column)]
    assert shown in faults[0]["message"]


@pytest.mark.parametrize(
    ("full", "said"),
    [("1000000", "太大，要小于 1000000"), ("0", "不是大于 0 的数"), ("x", "不是大于 0 的数")],
)
def test_words_about_a_full_mark_are_true(run, exam, full, said):
    result = run(exam("学号,1\nS1,1\n", items=f"题号,满分\n1,{full}\n"))
    assert f"items.csv 第 2 行“满分”列：满分“{full}”{said}" in result.err
