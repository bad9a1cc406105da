"""Files and sheets as they come: more of them than one, on their side, formulas, other things so named."""

from __future__ import annotations

import json

import pytest

from smartschool.analyze.tests.drawn_class import HEAD, ITEMS, book, changed, csv, refused, right, rows


def test_a_class_on_a_sheet_of_its_own_is_not_lost(run, exam):
    halves = {name: [HEAD, *(row for row in rows() if row[2] == name)] for name in ("一班", "二班")}
    refused(
        run(book(exam("x", items=ITEMS), halves)),
        "还有一张表“二班”",
        "有 6 名这张表里没有的学生",
        "并到一张表",
    )


def test_sheets_that_are_no_other_class_are_told(run, exam):
    sheets = {"空": [], "总表": [HEAD, *rows()], "一班": [HEAD, *rows()[::2]], "说明": [["见总表"]]}
    told = right(run(book(exam("x", items=ITEMS), sheets)))
    assert told["sheets_unread"] == "工作簿里还有“一班”、“说明”，没有读：只读第一张有内容的表。"


def test_figures_of_classes_on_another_sheet_are_no_pupils(run, exam):
    sums = [[name, *[1.5] * 5] for name in ("一班", "二班")]
    lines = [["平均分", "", "", *[1.5] * 5], ["", "及格率", "", *["50%"] * 5]]
    sheets = {"成绩": [HEAD, *rows()], "班级": [["班级", *HEAD[3:8]], *sums], "统计": [HEAD[:8], *lines]}
    assert "“班级”、“统计”" in right(run(book(exam("x", items=ITEMS), sheets)))["sheets_unread"]


@pytest.mark.parametrize("who", [True, False])
def test_a_sheet_on_its_side_is_named(run, exam, who):
    table = changed(lambda t: None) if who else [[row[0], *row[3:8]] for row in changed(lambda t: None)]
    result = run(exam(csv([list(column) for column in zip(*table, strict=True)])), "--json")
    refused(result, "转置")
    assert json.loads(result.out)["faults"][0]["code"] == "transposed"


def test_a_formula_that_nobody_worked_out_is_no_blank(run, exam):
    """As openpyxl writes it: a formula, and an empty result without a type."""
    import re
    import zipfile

    import xlsxwriter

    place = exam("x", items=ITEMS)
    (place / "responses.csv").unlink()
    with xlsxwriter.Workbook(str(place / "draft.xlsx")) as workbook:
        sheet = workbook.add_worksheet()
        for r, row in enumerate(changed(lambda t: None)):
            sheet.write_row(r, 0, row)
        sheet.write_formula("F4", "=1+1")
        sheet.write_formula("G4", '=IF(1,"",2)', value="")  # a result, and an empty one
    with zipfile.ZipFile(place / "draft.xlsx") as old, zipfile.ZipFile(place / "成绩.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("sheet1.xml"):
                data, n = re.subn(rb"(<c r=\"F4\">)(<f>.*?</f>)<v>0</v>", rb"\1\2<v></v>", data)
                assert n == 1
                # Excel's own way to keep an empty result.
                data = data.replace(b'<c r="G4">', b'<c r="G4" t="str">')
            new.writestr(name, data)
    (place / "draft.xlsx").unlink()
    result = run(place)
    refused(result, "成绩.xlsx 第 4 行“3”列：这一格是公式，还没有算出结果")
    assert "“4”列" not in result.err


@pytest.mark.parametrize("data", ["tabs", "web"])
def test_other_things_under_the_name_of_a_workbook(run, exam, data):
    place = exam("x", items=ITEMS)
    (place / "responses.csv").unlink()
    if data == "tabs":
        text = csv(changed(lambda t: None)).replace(",", "\t")
        (place / "成绩.xls").write_bytes(text.encode("gb18030"))
        right(run(place))
    else:
        (place / "成绩.xls").write_text(
            "<html><body><table><tr><td>学号</td></tr></table></body></html>", "utf-8"
        )
        refused(run(place), "这其实是网页", "另存为 .xlsx")


def test_the_separator_that_excel_writes_on_top(run, exam):
    right(run(exam("\ufeffsep=;\r\n" + csv(changed(lambda t: None)).replace(",", ";"), items=ITEMS)))


def test_files_of_the_folder_that_are_not_read_are_told(run, exam):
    place = exam(csv(changed(lambda t: None)), items=ITEMS)
    (place / "小题分.csv").write_text("学号,1\nS1,1\n", "utf-8")
    told = right(run(place))
    assert told["files_unread"] == "读的是 responses.csv；文件夹里的 小题分.csv 也像答题表，没有读。"
    (place / "小题分.csv").unlink()
    (place / "responses.csv").rename(place / "七年级数学.csv")
    refused(run(place), "文件夹里有 items.csv、七年级数学.csv，请把答题表改名为 responses.csv 或 成绩.xlsx")


def test_what_stands_beyond_the_header_is_named(run, exam):
    result = run(exam(csv(changed(lambda t: t[3].extend(["", "补考"]))), items=ITEMS))
    refused(result, "第 4 行", "表外多出的“补考”请删去")
