"""Files that schools really hand in: each fault named by row and column, nothing half-written."""

from __future__ import annotations

import json

import numpy as np
import pytest

ITEMS = "item,type,full_score,key\n1,choice,2,B\n2,multiple,4,AC\n3,subjective,10,\n"
GOOD = "student,1,2,3\nS1,B,AC,7\nS2,A,A,3.5\nS3,B,CA,10\n"


@pytest.mark.parametrize(
    ("responses", "items", "code", "parts"),
    [
        (GOOD.replace("7", "-7"), ITEMS, "negative_mark", ["第 2 行", "“3”列", "负数"]),
        (GOOD.replace("3.5", "10.5"), ITEMS, "mark_over_full", ["第 3 行", "“3”列", "满分 10"]),
        (GOOD.replace("7", "NaN"), ITEMS, "not_a_number", ["第 2 行", "“3”列", "“NaN”"]),
        (GOOD.replace("7", "inf"), ITEMS, "not_a_number", ["第 2 行", "“inf”"]),
        (GOOD.replace("S2,A", "S2,N/A"), ITEMS, "not_an_option", ["第 3 行", "“1”列"]),
        (GOOD.replace("S2", "S1"), ITEMS, "duplicate_student", ["第 3 行", "第 2 行", "S1"]),
        (GOOD.replace("S2", ""), ITEMS, "empty_student", ["第 3 行", "学号是空的"]),
        (GOOD.replace(",3\n", ",4\n", 1), ITEMS, "item_not_described", ["“4”列", "items.csv"]),
        (GOOD.replace("1,2,3", "1,2,2"), ITEMS, "duplicate_column", ["“2”"]),
        (GOOD.replace("1,2,3", "1,,3"), ITEMS, "empty_header", ["第 3 列"]),
        (GOOD.replace("S1,B,AC,7", "S1,B,AC,7,9"), ITEMS, "row_too_long", ["第 2 行"]),
        ("student,1,2,3\n", ITEMS, "no_students", ["没有学生"]),
        ("student\nS1\n", None, "no_items", ["没有题目列"]),
        ("", ITEMS, "empty_file", ["空的"]),
        ("PK\x03\x04...", ITEMS, "not_csv", ["Excel"]),
        (GOOD, None, "not_a_number", ["key 列"]),
        (GOOD, ITEMS.replace(",10,", ",0,"), "bad_full_mark", ["items.csv", "第 4 行"]),
        (GOOD, ITEMS.replace("3,subjective", "2,subjective"), "duplicate_item", ["items.csv", "第 4 行"]),
        (GOOD, "item,type\n1,choice\n", "missing_column", ["full_score"]),
        (GOOD, ITEMS.replace(",AC", ",;"), "bad_key", ["第 3 行"]),
    ],
)
def test_each_fault_is_named_and_nothing_written(run, exam, responses, items, code, parts):
    place = exam(responses, **({"items": items} if items else {}))
    result = run(place, "--json")
    assert result.code == 1
    assert not result.folder.exists()
    faults = json.loads(result.out)["faults"]
    assert code in {fault["code"] for fault in faults}
    for part in parts:
        assert part in result.err
    assert "Traceback" not in result.err


FULL_ROW = '学号,姓名,1,2,3,总分\n,满分,2,3,10,15\nS1,张三,2,3,7,12\nS2,李四,1,0,"3,5",9\nS3,王五,2,1,10,13\n'
FOOTER = "合计,,5,4,20.5,29.5\n,平均分,1.67,1.33,6.83,\n制表人：李某,,,,审核人：周某,\n男 2 女 1,,,,,\n"


@pytest.mark.parametrize("items", [None, "item,type,full_score\n1,填空题,2\n2,填空题,3\n3,解答题,10\n"])
def test_full_marks_sums_and_signatures_are_no_pupils(run, exam, items):
    report = run(exam(FULL_ROW + FOOTER, **({"items": items} if items else {}))).report
    assert [pupil["id"] for pupil in report["pupils"]] == ["S1", "S2", "S3"]
    assert [item["full_score"] for item in report["items"]] == [2, 3, 10]
    np.testing.assert_allclose([item["facility"] for item in report["items"]], [5 / 6, 4 / 9, 20.5 / 30])
    notes = {note["code"]: note["text"] for note in report["notes"]}
    assert "full_marks_guessed" not in notes
    assert "第 6 行（合计）、第 7 行（平均分）、第 8 行（制表人" in notes["rows_left_out"]
    assert "1 名学生" in notes["totals_differ"]
    assert "第 4 行写 9，各题合计 4.5" in notes["totals_differ"]


def test_full_marks_without_a_word_are_told(run, exam):
    sheet = "学号,姓名,1,2\n,,2,10\nS1,张三,2,7\nS2,李四,1,10\n"
    report = run(exam(sheet)).report
    assert [pupil["id"] for pupil in report["pupils"]] == ["S1", "S2"]
    assert [item["full_score"] for item in report["items"]] == [2, 10]
    assert "full_marks_row" in {note["code"] for note in report["notes"]}
    above = run(exam(sheet.replace("S1,张三,2", "S1,张三,3")))
    assert above.code == 1
    assert "第 2 行“学号”列：学号是空的" in above.err


def test_full_marks_of_the_sheet_must_be_those_of_the_items_file(run, exam):
    result = run(exam(FULL_ROW, items="item,full_score\n1,2\n2,5\n3,10\n"))
    assert result.code == 1
    assert result.err.strip() == "responses.csv 第 2 行“2”列：这里满分 3，items.csv 里是 5，请核对哪一个对。"


def test_a_pupil_who_is_twice_in_the_groups_is_named(run, exam):
    result = run(exam(GOOD, items=ITEMS, groups="student,性别\nS1,男\nS2,女\nS1,女\n"))
    assert result.code == 1
    assert "groups.csv 第 4 行" in result.err


def test_all_faults_at_once(run, exam):
    lines = ["student,a"] + [f"S{i},{'x' if i % 2 else 1}" for i in range(100)]
    result = run(exam("\n".join(lines), items="item,full_score\na,1\n"))
    assert result.code == 1
    assert result.err.count("“a”列") == 20
    assert "还有 30 处" in result.err


def test_options_partial_credit_and_multi_select(run, exam):
    report = run(exam(GOOD, items=ITEMS)).report
    assert [pupil["total"] for pupil in report["pupils"]] == [13, 3.5, 16]
    half = run(exam(GOOD, items=ITEMS), "--subset-share", "0.5").report
    assert [pupil["total"] for pupil in half["pupils"]] == [13, 5.5, 16]
    options = {option["option"]: option for option in report["items"][1]["options"]}
    assert options["A"]["n"] == 3
    assert options["C"]["key"] is True
    assert report["items"][2]["options"] == []


def test_key_with_marks_in_the_table_is_read_as_marks(run, exam):
    report = run(exam("student,1,2,3\nS1,2,0,7\nS2,0,4,1\n", items=ITEMS)).report
    assert [pupil["total"] for pupil in report["pupils"]] == [9, 5]
    assert "key_not_used" in {note["code"] for note in report["notes"]}


def test_words_and_blanks(run, exam):
    text = "student,1,2\nS1,1,1\nS2,缺考,\nS3,缓考,缓考\nS4,免考,\nS5,,\nS6,1,\nS7,空白,1\n"
    result = run(exam(text, items="item,full_score\n1,1\n2,1\n"))
    report = result.report
    assert report["exam"] | {"n_pupils": 3, "absent": 2, "deferred": 1, "exempt": 1} == report["exam"]
    totals = [pupil["total"] for pupil in report["pupils"]]
    assert totals[0] == 2
    assert totals[5] == 1
    assert totals[6] == 1
    assert totals[1] == {"insufficient": "no_responses", "n": 0}
    assert [item["n"] for item in report["items"]] == [3, 2]
    assert "blank_cells" in {note["code"] for note in report["notes"]}
    zero = run(exam(text, items="item,full_score\n1,1\n2,1\n"), "--blank", "zero").report
    assert [item["n"] for item in zero["items"]] == [3, 3]
    assert zero["items"][1]["facility"] == pytest.approx(2 / 3)


def test_without_items_the_best_mark_is_taken_as_full_and_said_so(run, exam):
    report = run(exam("student,姓名,总分,1,2\nS1,甲,5,3,2\nS2,乙,2,0,2\n")).report
    assert [item["full_score"] for item in report["items"]] == [3, 2]
    codes = {note["code"] for note in report["notes"]}
    assert {"full_marks_guessed", "columns_ignored"} <= codes


def test_bare_table_with_files_given_by_options(run, exam):
    place = exam(GOOD, paper=ITEMS, points="item,k1\n1,1\n2,1\n3,1\n", names="code,name\nk1,乘法\n")
    files = {"--items": "paper", "--q": "points", "--knowledge": "names"}
    options = [part for flag, name in files.items() for part in (flag, str(place / f"{name}.csv"))]
    result = run(place / "responses.csv", *options)
    assert result.code == 0
    assert result.report["points"][0]["name"] == "乘法"
    assert len(result.report["pupils"][0]["mastery"]) == 1


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("item,k1\n9,1\n", "unknown_item"),
        ("item,k1\n1,x\n", "bad_weight"),
        ("item,k1\n1,-1\n", "bad_weight"),
        ("item,k1\n1,1\n1,1\n", "duplicate_item"),
        ("item\n1\n", "no_points"),
    ],
)
def test_faults_of_the_q_matrix(run, exam, q, code):
    result = run(exam(GOOD, items=ITEMS, q=q), "--json")
    assert result.code == 1
    assert code in result.out


def test_points_without_items_and_items_without_points(run, exam):
    report = run(exam(GOOD, items=ITEMS, q="item,k1,k2\n1,1,0\n2,0,0\n")).report
    assert report["points"][1]["insufficient"] == "no_responses"
    assert "items_without_points" in {note["code"] for note in report["notes"]}
    assert report["pupils"][0]["mastery"][0]["insufficient"] == "too_few_items"


def test_item_without_a_column_has_no_figures(run, exam):
    text = "student,1,3\nS1,B,7\nS2,A,3\nS3,缺考,\n"
    zero = run(exam(text, items=ITEMS), "--blank", "zero").report
    assert zero["items"][1]["n"] == 0  # a column that is not there is no blank
    report = run(exam(text, items=ITEMS)).report
    assert report["exam"]["absent"] == 1
    assert report["items"][1]["facility"] == {"insufficient": "no_responses", "n": 0}
    assert "no_responses" in report["items"][1]["flags"]


@pytest.mark.parametrize("rows", [["S1,1,1,1"], ["S1,0,0,0"], [f"S{i},1,1,1" for i in range(40)], ["S1,,,"]])
def test_one_pupil_and_constant_marks(run, exam, rows):
    result = run(exam("\n".join(["student,1,2,3", *rows])))
    assert result.code == 0, result.err
    item = result.report["items"][0]
    assert "insufficient" in item["discrimination"]
    assert "insufficient" in item["rest_correlation"]
    assert "insufficient" in result.report["reliability"]["alpha"]


def test_below_25_pupils_there_are_no_groups_and_no_curves(run, exam):
    rng = np.random.default_rng(2)
    rows = ["student,1,2,3"] + [
        f"S{i}," + ",".join(map(str, (rng.random(3) < 0.5).astype(int))) for i in range(24)
    ]
    result = run(exam("\n".join(rows)))
    for item in result.report["items"]:
        assert item["discrimination"]["insufficient"] == "too_few_pupils"
        assert item["curve"]["insufficient"] == "too_few_pupils"
    page = (result.folder / "report.html").read_text("utf-8")
    assert "每道题的丢分" in page
    assert "分数段" not in page


def test_texts_that_look_like_code_stay_texts(run, exam):
    from python_calamine import CalamineWorkbook

    text = 'student,"<script>1</script>"\n=1+1,1\n"<b>x</b>",0\nhttp://a.example,1\n'
    result = run(exam(text), "--name", "<img src=x>")
    page = (result.folder / "report.html").read_text("utf-8")
    assert "<script>" not in page
    assert "<img" not in page
    assert "<b>x</b>" not in page
    sheet = (
        CalamineWorkbook.from_path(str(result.folder / "report.xlsx")).get_sheet_by_name("学生").to_python()
    )
    assert [row[0] for row in sheet[1:]] == ["=1+1", "<b>x</b>", "http://a.example"]


def test_wrong_use(run, exam, tmp_path):
    place = exam(GOOD, items=ITEMS)
    assert run(place, out=False).code == 2
    assert run(tmp_path / "nowhere").code == 2
    assert run(place, "--subset-share", "2").code == 2
    assert run(place, "--items", str(tmp_path / "none.csv")).code == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    result = run(empty)
    assert result.code == 1
    assert "responses.csv" in result.err


def test_columns_of_marking_services_that_are_no_items(run, exam):
    head = "序号,准考证号,学号,姓名,班级,1,2,总分,班名次,年级排名"
    result = run(exam(f"{head}\n1,9901,S1,甲,1 班,1,0,1,12,99\n2,9902,S2,乙,1 班,1,1,2,3,7\n"))
    assert [item["id"] for item in result.report["items"]] == ["1", "2"]
    assert [pupil["id"] for pupil in result.report["pupils"]] == ["S1", "S2"]
    for name in ("report.json", "report.html"):
        text = (result.folder / name).read_text("utf-8")
        assert "名次" not in text
        assert "排名" not in text


def test_workbooks_are_read_like_tables(run, exam):
    import xlsxwriter

    place = exam("x")
    (place / "responses.csv").unlink()
    with xlsxwriter.Workbook(str(place / "小题分.xlsx")) as book:
        book.add_worksheet("旧").hide()
        sheet = book.add_worksheet("成绩")
        sheet.activate()
        sheet.set_first_sheet()
        for r, row in enumerate([["学号", "1", "2", "3"], [20240101, "B", "AC", 7], ["S2", "A", "A", 3.5]]):
            for c, cell in enumerate(row):
                sheet.write(r + 2, c + 1, cell)
    (place / "题目.csv").write_text(ITEMS, "utf-8")
    result = run(place)
    assert result.code == 0, result.err
    assert [(p["id"], p["total"]) for p in result.report["pupils"]] == [("20240101", 13), ("S2", 3.5)]


def test_a_long_number_that_excel_ruined_is_refused(run, tmp_path):
    import xlsxwriter

    path = tmp_path / "成绩.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["学号", "1"])
        sheet.write_row(1, 0, [340402201501011234, 1])
    result = run(path)
    assert result.code == 1
    assert "第 2 行" in result.err
    assert "设为文本" in result.err
    path.write_bytes(b"PK\x03\x04 not a workbook")
    broken = run(path)
    assert broken.code == 1
    assert "打不开" in broken.err


def test_groups_of_pupils_who_are_not_listed(run, exam):
    result = run(exam("student,1\nS1,1\nS2,0\n", groups="student,class\nS1,甲班\n"))
    assert result.code == 0
    assert "groups_incomplete" in {note["code"] for note in result.report["notes"]}


def test_files_under_the_names_that_schools_use(run, exam):
    place = exam("x")
    (place / "responses.csv").unlink()
    (place / "小题分.CSV").write_text("学号,1,2,3\nS1,B,AC,7\nS2,A,A,3.5\n", "gb18030")
    (place / "题目.csv").write_text("题号,题型,满分,答案\n1,单选,2,B\n2,多选,4,AC\n3,解答,10,\n", "gb18030")
    (place / "双向细目表.csv").write_text("题号,k1\n1,1\n2,1\n3,1\n", "gb18030")
    (place / "知识点.csv").write_text("编码,名称\nk1,分数\n", "gb18030")
    report = run(place).report
    assert [pupil["total"] for pupil in report["pupils"]] == [13, 3.5]
    assert report["points"][0]["name"] == "分数"
    assert report["exam"]["name"] == "exam"


MARKS = ["", "", "0", "1", "2", "3.5", "-1", "99", "１", "NaN"]
WORDS = ["缺考", "缓考", "免考", "空白", "A", "B", "AC", "a;c", '"x']


@pytest.mark.parametrize("seed", range(40))
def test_whatever_comes_there_is_a_report_or_a_reason(run, exam, seed):
    """Drawn folders, sound and unsound: never a crash, a NaN or half a report."""
    rng = np.random.default_rng(seed)
    n, items = int(rng.choice([0, 1, 2, 8, 24, 25, 60])), int(rng.choice([0, 1, 2, 3, 12]))
    kind = rng.choice(["clean", "options", "dirty", "constant", "booklet"])

    def cell(i: int, j: int) -> str:
        if kind == "clean":
            return str(rng.integers(0, 4))
        if kind == "options":
            return str(rng.choice(["A", "B", "C", "D", "", "AC"]))
        if kind == "constant":
            return "1" if j % 2 else ""
        if kind == "booklet":
            return str(rng.integers(0, 2)) if (i + j) % 7 == 0 else ""
        return str(rng.choice(MARKS + WORDS))

    names = [f"q{j}" for j in range(items)]
    table = [["student", *names]] + [[f"S{i}", *(cell(i, j) for j in range(items))] for i in range(n)]
    others = {}
    if rng.random() < 0.7:
        keys = ["A", "AC", "B/C", ""] if kind in ("options", "dirty") else [""]
        lines = [f"{name},{rng.choice([1, 3, 4])},{rng.choice(keys)}" for name in names]
        others["items"] = "\n".join(["item,full_score,key", *lines])
    if rng.random() < 0.6:
        lines = [f"{name},{rng.integers(0, 2)},{rng.integers(0, 2)}" for name in names]
        others["q"] = "\n".join(["item,k1,k2", *lines])
    result = run(exam("\n".join(",".join(row) for row in table), **others))
    assert result.code in (0, 1)
    assert result.folder.exists() == (result.code == 0)
    assert (result.report is not None) == (result.code == 0)
    assert bool(result.err.strip()) == (result.code == 1)
