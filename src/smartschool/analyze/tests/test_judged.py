"""判断题: key and answers meet however each is written; letters of options stay options."""

from __future__ import annotations

import pytest

RIGHT = ["√", "对", "正确", "T", "true", "Y", "✓"]
WRONG = ["×", "错", "错误", "F", "False", "N", "x"]


def scores(run, exam, key: str, answers: list[str], kind: str = "") -> tuple[list[float], dict]:
    rows = "\n".join(f"S{n},{answer}" for n, answer in enumerate(answers))
    report = run(exam(f"student,1\n{rows}\n", items=f"item,type,full_score,key\n1,{kind},2,{key}\n")).report
    return [pupil["total"] for pupil in report["pupils"]], report["items"][0]


@pytest.mark.parametrize("key", ["√", "对", "正确", "是", "T", "TRUE", "Y", "✔"])
def test_a_key_that_says_right(run, exam, key):
    assert scores(run, exam, key, RIGHT + WRONG)[0] == [2] * 7 + [0] * 7


@pytest.mark.parametrize("key", ["×", "错", "不对", "否", "F", "false", "No", "✘"])
def test_a_key_that_says_wrong(run, exam, key):
    assert scores(run, exam, key, RIGHT + WRONG)[0] == [0] * 7 + [2] * 7


def test_the_options_are_named_as_the_key_writes_them(run, exam):
    item = scores(run, exam, "对", ["√", "T", "×", "F", "A"])[1]
    assert {option["option"]: option["n"] for option in item["options"]} == {"对": 2, "错": 2, "A": 1}


def test_a_lone_letter_may_be_an_option(run, exam):
    """七选五: the key F stands among A–G, and a cross is no choice of F."""
    totals, item = scores(run, exam, "F", ["F", "A", "G", "F", "×", "B"])
    assert totals == [2, 0, 0, 2, 0, 0]
    assert {"A", "B", "F", "G"} <= {option["option"] for option in item["options"]}
    assert scores(run, exam, "X", ["X", "F", "Y", "W", "Z", "U"])[0] == [2, 0, 0, 0, 0, 0]


def test_the_type_decides_about_letters(run, exam):
    answers = ["T", "√", "A", "B", "C"]
    assert scores(run, exam, "T", answers, "判断题")[0] == [2, 2, 0, 0, 0]
    assert scores(run, exam, "T", answers, "单选题")[0] == [2, 0, 0, 0, 0]


def test_a_stray_answer_does_not_hide_a_judgement(run, exam):
    assert scores(run, exam, "T", ["√", "×", "T", "对", "A", ""])[0][:5] == [2, 0, 2, 2, 0]


@pytest.mark.parametrize("title", ["key", "答案", "正确答案", "Answer", "correct_answer"])
def test_the_key_stands_under_the_words_that_tables_use(run, exam, title):
    report = run(exam("student,1\nS1,B\nS2,A\nS3,B\n", items=f"item,full_score,{title}\n1,2,B\n")).report
    assert [pupil["total"] for pupil in report["pupils"]] == [2, 0, 2]
