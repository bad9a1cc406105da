"""Sheets as they come: pages, absences beside the marks, ids and titles that programs spoilt, more sheets."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

FULL = [3, 3, 5, 10, 10]
HEAD = ["学号", "姓名", "班级", "1", "2", "3", "4", "5", "总分"]
MARKS = np.random.default_rng(7).binomial(FULL, 0.55, (12, 5))
ITEMS = "题号,题型,满分\n" + "".join(f"{j + 1},解答题,{full}\n" for j, full in enumerate(FULL))


def rows() -> list[list[object]]:
    return [
        [f"2024{i:03d}", f"生{'甲乙丙丁戊己庚辛壬癸子丑'[i]}", ["一班", "二班"][i % 2], *own, sum(own)]
        for i, own in enumerate(MARKS.tolist())
    ]


def csv(table: list[list[object]]) -> str:
    return "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in table) + "\n"


def book(place: Path, sheets: dict[str, list[list[object]]]) -> Path:
    import xlsxwriter

    (place / "responses.csv").unlink(missing_ok=True)
    with xlsxwriter.Workbook(str(place / "成绩.xlsx")) as workbook:
        day = workbook.add_format({"num_format": 'm"月"d"日"'})
        for name, table in sheets.items():
            sheet = workbook.add_worksheet(name)
            for r, row in enumerate(table):
                for c, cell in enumerate(row):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(r, c, cell, day)
                    elif cell is not None:
                        sheet.write(r, c, cell)
    return place


def right(result) -> dict[str, str]:
    """Notes of a report in which every pupil has the marks that were drawn."""
    assert result.code == 0, result.err
    assert [pupil["id"] for pupil in result.report["pupils"]] == [str(row[0]) for row in rows()]
    assert [pupil["total"] for pupil in result.report["pupils"]] == MARKS.sum(axis=1).tolist()
    return {note["code"]: note["text"] for note in result.report["notes"]}


def refused(result, *parts: str) -> None:
    assert result.code == 1
    assert not result.folder.exists()
    for part in parts:
        assert part in result.err


def changed(change) -> list[list[object]]:
    table = [list(HEAD), *rows()]
    change(table)
    return table


def test_a_header_that_stands_on_every_page_is_no_pupil(run, exam):
    told = right(run(exam(csv(changed(lambda table: table.insert(7, list(HEAD)))), items=ITEMS)))
    assert told["rows_left_out"] == "第 8 行（表头）不是学生，没有计入。"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("总分", "缺考"),
        ("备注", "缺考"),
        ("备注", "因病缺考"),
        ("备注", "病假"),
        ("是否缺考", "是"),
        ("姓名", "生甲（缺考）"),
    ],
)
@pytest.mark.parametrize("marks", ["0", ""])
def test_who_was_away_by_a_column_beside_the_marks_has_no_zeros(run, exam, column, cell, marks):
    def change(table):
        if column not in HEAD:
            table[0].append(column)
            for row in table[1:]:
                row.append("")
        table[1][3:8] = [marks] * 5
        table[1][8] = marks
        table[1][table[0].index(column)] = cell

    result = run(exam(csv(changed(change)), items=ITEMS))
    assert result.code == 0, result.err
    assert result.report["exam"] | {"n_pupils": 11, "absent": 1} == result.report["exam"]
    assert [item["n"] for item in result.report["items"]] == [11] * 5
    codes = {note["code"] for note in result.report["notes"]}
    assert ("absent_by_remark" in codes) == (marks == "0")


def test_who_was_away_and_yet_has_marks_is_told(run, exam):
    def change(table):
        table[0].append("备注")
        for row in table[1:]:
            row.append("缺考" if row is table[3] else "学习委员")

    told = right(run(exam(csv(changed(change)), items=ITEMS)))
    assert told["absent_with_marks"].startswith("1 名学生（第 4 行）写着缺考")


def test_an_exempt_pupil_by_remark(run, exam):
    def change(table):
        table[0].append("考试状态")
        for row in table[1:]:
            row.append("正常")
        table[2][3:10] = [None] * 6 + ["免考"]

    report = run(exam(csv(changed(change)), items=ITEMS)).report
    assert report["exam"] | {"n_pupils": 11, "exempt": 1, "absent": 0} == report["exam"]


@pytest.mark.parametrize("spoilt", ["{}.0", "'{}", '="{}"', " {}\u200b", "\ufeff{}"])
def test_ids_that_programs_spoilt_are_what_they_were(run, exam, spoilt):
    def change(table):
        for row in table[1:]:
            row[0] = '"' + spoilt.format(row[0]).replace('"', '""') + '"'

    right(run(exam(csv(changed(change)), items=ITEMS)))


@pytest.mark.parametrize(
    ("id_", "said"),
    [("2024001.0", "学号“2024001”和第 3 行重复"), ("２０２４００１", "学号“2024001”和第 3 行重复"),
     ("3.40402E+17", "科学计数")],
)  # fmt: skip
def test_one_pupil_under_two_spellings_and_a_ruined_id_are_named(run, exam, id_, said):
    refused(run(exam(csv(changed(lambda table: table[5].__setitem__(0, id_))), items=ITEMS)), "第 6 行", said)


def test_two_pupils_of_one_name_need_an_id(run, exam):
    table = [row[1:] for row in changed(lambda table: table[5].__setitem__(1, table[2][1]))]
    refused(run(exam(csv(table), items=ITEMS)), "“姓名”列：姓名“生乙”和第 3 行重复，同名的请加一列学号。")


def test_spellings_of_one_class_are_one_class(run, exam):
    spellings = ["一班", "一班 ", " 一 班", "１班", "1", "01", "二班", "2.0", "２ 班", "2班", "02", "二班"]

    def change(table):
        for i, row in enumerate(table[1:]):
            row[2] = spellings[i]

    result = run(exam(csv(changed(change)), items=ITEMS))
    right(result)
    assert [(row["label"], row["n"]) for row in result.report["groups"][0]["rows"]] == [
        ("一班", 6),
        ("二班", 6),
    ]


def test_a_class_in_one_merged_cell_is_that_of_each_pupil(run, exam):
    import xlsxwriter

    place = exam("x", items=ITEMS)
    (place / "responses.csv").unlink()
    with xlsxwriter.Workbook(str(place / "成绩.xlsx")) as workbook:
        sheet = workbook.add_worksheet()
        for r, row in enumerate(changed(lambda t: None)):
            for c, cell in enumerate(row):
                if c != 2:
                    sheet.write(r + (r > 0), c, cell)
        sheet.merge_range(0, 2, 1, 2, "班级")
        for c in (0, 1, *range(3, 9)):
            sheet.merge_range(0, c, 1, c, HEAD[c])
        sheet.merge_range(2, 2, 7, 2, "一班")
        sheet.merge_range(8, 2, 13, 2, "二班")
        sheet.merge_range(15, 0, 15, 5, "制表人：张三")
    result = run(place)
    assert "class_missing" not in right(result)
    assert [(row["label"], row["n"]) for row in result.report["groups"][0]["rows"]] == [
        ("一班", 6),
        ("二班", 6),
    ]


def test_titles_that_say_marks_are_those_of_the_items(run, exam):
    table = changed(
        lambda t: t[0].__setitem__(slice(3, 8), ["1得分", "第2题得分", "3 得分", "4分数", "5小分"])
    )
    right(run(exam(csv(table), items=ITEMS)))


def test_an_item_number_that_excel_shortened_is_explained(run, exam):
    place = book(exam("x"), {"S": [["学号", 16.1, 16.2, 16.10], ["S1", 1, 0, 1], ["S2", 0, 1, 1]]})
    refused(run(place), "列名“16.1”出现两次", "“16.10”会被 Excel 改成“16.1”")


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


@pytest.mark.parametrize("who", [True, False])
def test_a_sheet_on_its_side_is_named(run, exam, who):
    table = changed(lambda t: None) if who else [[row[0], *row[3:8]] for row in changed(lambda t: None)]
    result = run(exam(csv([list(column) for column in zip(*table, strict=True)])), "--json")
    refused(result, "转置")
    assert json.loads(result.out)["faults"][0]["code"] == "transposed"


def test_sections_over_items_in_two_rows(run, exam):
    head = [[*HEAD[:3], "客观题", None, "主观题", None, None, "总分"], [None, None, None, *"12345", None]]
    right(run(book(exam("x", items=ITEMS), {"S": [*head, *rows()]})))


def test_a_row_of_sums_in_the_items_file_is_no_item(run, exam):
    result = run(exam(csv(changed(lambda t: None)), items=ITEMS + "合计,,31\n"))
    assert "“合计”不是题目" in right(result)["sums_no_items"]
    assert result.report["exam"]["n_items"] == 5


def test_a_line_signed_by_the_teacher_is_no_pupil(run, exam):
    lines = [["任课教师：张三", None, None, None, None, "日期：2026.1.1"]]
    assert "任课教师" in right(run(exam(csv([HEAD, *rows(), *lines]), items=ITEMS)))["rows_left_out"]


def test_lines_of_one_cell_that_are_no_pupils(run, exam):
    def change(table):
        table.insert(7, ["以上为前六名同学"])
        table += [[13], [14]]

    told = right(run(exam(csv(changed(change)), items=ITEMS)))
    assert (
        told["rows_left_out"]
        == "第 8 行（以上为前六名同学）、第 15 行（只有 13）、第 16 行（只有 14）不是学生，没有计入。"
    )


def test_an_absent_pupil_with_nothing_but_an_id_is_a_pupil(run, exam):
    report = run(exam("学号,1,2,总分\nS1,1,0,1\nS2,,,\nS3,0,1,1\n")).report
    assert report["exam"] | {"n_pupils": 2, "absent": 1} == report["exam"]


def test_the_class_in_the_first_column_is_no_id(run, exam):
    table = [[row[2], row[1], *row[3:]] for row in changed(lambda t: None)]
    result = run(exam(csv(table), items=ITEMS))
    assert result.code == 0, result.err
    assert [pupil["id"] for pupil in result.report["pupils"]] == [row[1] for row in rows()]


def test_a_pupil_of_zeros_and_a_mark_far_above_all_others_are_told(run, exam):
    def change(table):
        table[2][3:9] = [0] * 6
        table[4][4], table[4][8] = 33, table[4][8] - table[4][4] + 33

    told = {note["code"]: note["text"] for note in run(exam(csv(changed(change)))).report["notes"]}
    assert told["all_zeros"] == "1 名学生每题都是 0 分（第 3 行），按 0 分计；如果是缺考，请写“缺考”。"
    assert told["lone_top"].startswith("第 5 行“2”的 33 比其余最高的 3 高一倍以上")


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
