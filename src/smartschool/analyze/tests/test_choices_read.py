"""Choice items as schools hand them in: marks or letters, words of absence, keys in every spelling."""

from __future__ import annotations

import json

import pytest

ITEMS = "题号,题型,满分,答案\n1,选择题,2,B\n2,多选题,4,AC\n3,解答题,10,略\n"


def one(run, exam, key: str, answers: list[str], kind: str = "选择题", full: int = 2):
    """An exam of one keyed item."""
    rows = "\n".join(f'S{n},"{answer}"' for n, answer in enumerate(answers))
    return run(exam(f"学号,1\n{rows}\n", items=f'题号,题型,满分,答案\n1,{kind},{full},"{key}"\n'))


def totals(result) -> list[float]:
    assert result.code == 0, result.err
    return [pupil["total"] for pupil in result.report["pupils"]]


@pytest.mark.parametrize(
    ("key", "kind", "full"),
    [("B", "选择题", 2), ("AC", "多选题", 4), ("√", "判断题", 2), ("12", "填空题", 2)],
)
def test_marks_that_nobody_failed_are_marks(run, exam, key, kind, full):
    result = one(run, exam, key, ["2"] * 5 + ["1"], kind, full)
    assert totals(result) == [2] * 5 + [1]
    assert result.report["items"][0]["options"] == []
    assert "key_not_used" in {note["code"] for note in result.report["notes"]}


def test_figures_beside_a_key_of_figures_are_choices_unless_somebody_got_nothing(run, exam):
    assert totals(one(run, exam, "2", ["2", "1", "3"], full=4)) == [4, 0, 0]
    assert totals(one(run, exam, "2", ["2", "0", "3"], full=4)) == [2, 0, 3]


def test_what_is_amiss_in_a_column_of_marks_is_named_as_a_mark(run, exam):
    over = one(run, exam, "B", ["2", "2", "22"])
    assert over.code == 1
    assert "第 4 行“1”列：分数 22 超过满分 2" in over.err
    letter = one(run, exam, "B", ["2", "2", "B"])
    assert letter.err.strip().endswith("第 4 行“1”列：“B”不是分数。这一列其余多是分数，请统一写分数。")


@pytest.mark.parametrize(
    "word",
    ["缺考", "缺 考", "缺考（病假）", "病假", "事假", "请假", "旷考", "未到", "未参加"],
)
@pytest.mark.parametrize("row", ["{},,", ",{},", ",,{}"])
def test_a_word_of_absence_is_no_answer(run, exam, word, row):
    report = run(exam(f"学号,1,2,3\nS1,B,AC,7\nS2,{row.format(word)}\nS3,A,A,3\n", items=ITEMS)).report
    assert report["exam"] | {"n_pupils": 2, "absent": 1} == report["exam"]
    assert [item["n"] for item in report["items"]] == [2, 2, 2]
    assert [option["option"] for option in report["items"][0]["options"]] == ["A", "B"]


@pytest.mark.parametrize("word", ["B?", "×", "√", "作弊", "00", "TRUE", "A/C", "#N/A", "病房"])
def test_what_is_no_option_is_refused_by_row_and_column(run, exam, word):
    result = one(run, exam, "B", ["B", "A", word, "C"])
    assert result.code == 1
    assert f"第 4 行“1”列：“{word}”不是选项" in result.err


def test_as_many_figures_as_letters_are_no_choices(run, exam):
    result = one(run, exam, "B", ["B", "1", "A", "2"])
    places = [line.split("：")[0].removeprefix("responses.csv ") for line in result.err.splitlines()]
    assert places == ["第 3 行“1”列", "第 5 行“1”列"]


def test_dots_brackets_and_width_do_not_make_an_answer_wrong(run, exam):
    assert totals(one(run, exam, "B", ["b", "Ｂ", "B.", "B。", "(B)", " B ", "C"])) == [2] * 6 + [0]
    assert totals(one(run, exam, "AC", ["A,C", "a c", "C、A", "AC.", "A+C", "A"], full=4)) == [4] * 5 + [0]


def test_double_marking_is_a_wrong_answer_and_noted(run, exam):
    result = one(run, exam, "B", ["B", "多涂", "*", "A"])
    assert totals(result) == [2, 0, 0, 0]
    assert result.report["items"][0]["n"] == 4
    notes = {note["code"]: note["text"] for note in result.report["notes"]}
    assert notes["double_marked"] == "题 1 有 2 处多涂，按答错计。"


def test_a_zero_among_letters_is_no_bubble(run, exam):
    result = one(run, exam, "B", ["B", "0", "A", "0"])
    assert totals(result) == [2, 0, 0, 0]
    item = result.report["items"][0]
    assert (item["n"], item["omitted"] + item["not_reached"]) == (4, 2)
    assert [option["option"] for option in item["options"]] == ["A", "B"]


@pytest.mark.parametrize("key", ["A或B", "A 或者 B", "A or B", "AorB", "B（或A）", "A/B", "Ａ｜Ｂ"])
def test_alternatives_in_words(run, exam, key):
    assert totals(one(run, exam, key, ["A", "B", "C", "AB"])) == [2, 2, 0, 0]


@pytest.mark.parametrize("key", ["(B)", "【B】", "B.", "B。", "B、", "ｂ", "“B”"])
def test_a_key_with_signs_around_it(run, exam, key):
    result = one(run, exam, key, ["A", "B"])
    assert totals(result) == [0, 2]
    assert [option["option"] for option in result.report["items"][0]["options"]] == ["A", "B"]


@pytest.mark.parametrize("key", ["略", "-", "见解析", "A均可", "B?", "无", "AA"])
def test_a_key_that_names_no_option_is_refused(run, exam, key):
    result = run(exam("学号,1\nS1,A\n", items=f"题号,满分,答案\n1,2,{key}\n"), "--json")
    assert result.code == 1
    assert json.loads(result.out)["faults"][0]["code"] == "bad_key"
    assert f"items.csv 第 2 行“答案”列：答案“{key}”里认不出选项" in result.err


def test_a_text_as_key_of_a_written_item_is_left_alone(run, exam):
    assert totals(one(run, exam, "略", ["2", "1"], "解答题")) == [2, 1]
