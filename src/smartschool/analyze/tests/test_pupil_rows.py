"""Rows as they come: who is a pupil, under which id and in which class, and who was away."""

from __future__ import annotations

import pytest

from smartschool.analyze.tests.drawn_class import HEAD, ITEMS, changed, csv, refused, right, rows


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


@pytest.mark.parametrize("cell", ["上次缺考", "未缺考", "无缺考", "没有缺考", "上学期缺考一次"])
def test_a_remark_on_another_exam_is_no_absence(run, exam, cell):
    def change(table):
        table[0].append("备注")
        for row in table[1:]:
            row.append("")
        table[1][3:10] = [0] * 6 + [cell]

    result = run(exam(csv(changed(change)), items=ITEMS))
    assert result.report["exam"] | {"n_pupils": 12, "absent": 0} == result.report["exam"]


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
