"""Columns as they come: titles, numbers, full marks of items that were spoilt, cells that are no marks."""

from __future__ import annotations

import datetime as dt

import pytest

from smartschool.analyze.tests.drawn_class import FULL, HEAD, ITEMS, book, changed, csv, refused, right, rows


def test_titles_that_say_marks_are_those_of_the_items(run, exam):
    table = changed(
        lambda t: t[0].__setitem__(slice(3, 8), ["1得分", "第2题得分", "3 得分", "4分数", "5小分"])
    )
    right(run(exam(csv(table), items=ITEMS)))


def test_an_item_number_that_excel_shortened_is_explained(run, exam):
    place = book(exam("x"), {"S": [["学号", 16.1, 16.2, 16.10], ["S1", 1, 0, 1], ["S2", 0, 1, 1]]})
    refused(run(place), "列名“16.1”出现两次", "“16.10”会被 Excel 改成“16.1”")


def test_items_under_the_codes_of_a_bank_are_no_pupils(run, exam):
    text = "学号,10001,10002,10003,10004\n" + "".join(f"{i},1,0,{i % 2},1\n" for i in range(1, 4))
    result = run(exam(text))
    assert result.code == 0, result.err
    assert [item["id"] for item in result.report["items"]] == ["10001", "10002", "10003", "10004"]


def test_marks_with_their_unit(run, exam):
    def change(table):
        for row in table[1:]:
            row[3:8] = [f"{mark}分" for mark in row[3:8]]

    right(run(exam(csv(changed(change)), items=ITEMS.replace(",5\n", ",5分\n"))))


TITLES = ["1(3分)", "2（3 分）", "第3题 (5分)", "4（满分10）", '"第5题\n(10分)"', "总分（31分）"]


@pytest.mark.parametrize("items", [None, ITEMS])
def test_full_marks_behind_the_titles(run, exam, items):
    table = changed(lambda table: table[0].__setitem__(slice(3, 9), TITLES))
    result = run(exam(csv(table), **({"items": items} if items else {})))
    told = right(result)
    assert [item["full_score"] for item in result.report["items"]] == FULL
    assert "full_marks_guessed" not in told
    assert "totals_differ" not in told


def test_full_marks_behind_the_titles_must_be_those_of_the_items_file(run, exam):
    table = changed(lambda table: table[0].__setitem__(5, "3(6分)"))
    refused(run(exam(csv(table), items=ITEMS)), "第 1 行“3(6分)”列：列名里满分 6，items.csv 里是 5")
    table.insert(1, ["满分", "", "", *FULL, sum(FULL)])
    refused(run(exam(csv(table))), "第 2 行“3”列：这里满分 5，列名里是 6")


def test_dates_that_were_items_or_marks_are_named(run, exam):
    def first(table):
        table[0][3] = dt.date(2026, 3, 1)

    refused(run(book(exam("x"), {"S": changed(first)})), "列名“2026-03-01”是日期", "设为文本")

    def mark(table):
        table[3][5] = dt.date(2026, 3, 5)

    refused(run(book(exam("x"), {"S": changed(mark)})), "第 4 行“3”列：“2026-03-05”是日期")
    refused(
        run(exam(csv(changed(lambda t: None)), items=ITEMS.replace("\n3,", "\n3月1日,"))),
        "题号“3月1日”是日期",
    )


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("67%", "是百分比"),
        ("3/5", "只填得分"),
        ("√", "批改的记号请换成得分"),
        ("C", "key 列"),
        ("优", "没有成绩就留空"),
    ],
)
def test_what_to_do_about_a_cell_that_is_no_mark(run, exam, cell, said):
    refused(run(exam(csv(changed(lambda t: t[3].__setitem__(5, cell))), items=ITEMS)), "第 4 行“3”列", said)


@pytest.mark.parametrize("items", [None, ITEMS])
def test_shares_are_no_marks(run, exam, items):
    def change(table):
        for row in table[1:]:
            row[3:9] = [round(mark / full, 4) for mark, full in zip(row[3:8], FULL, strict=True)] + [""]

    place = exam(csv(changed(change)), **({"items": items} if items else {}))
    refused(run(place), "第 1 行“1”列：这一列像是得分率（百分比），不是得分。")


def test_sections_over_items_in_two_rows(run, exam):
    head = [[*HEAD[:3], "客观题", None, "主观题", None, None, "总分"], [None, None, None, *"12345", None]]
    right(run(book(exam("x", items=ITEMS), {"S": [*head, *rows()]})))


def test_a_row_of_sums_in_the_items_file_is_no_item(run, exam):
    result = run(exam(csv(changed(lambda t: None)), items=ITEMS + "合计,,31\n"))
    assert "“合计”不是题目" in right(result)["sums_no_items"]
    assert result.report["exam"]["n_items"] == 5
