"""Keys of letters beside options typed as figures, and the other way round: 1 is A, or a refusal."""

from __future__ import annotations

import json

import numpy as np
import pytest

KEYS = "BADCABDC"


def paper(full: float = 2, figures: bool = False, keys: str = KEYS) -> str:
    rows = ["题号,题型,满分,答案"]
    rows += [f"{j + 1},单选,{full},{' ABCD'.index(key) if figures else key}" for j, key in enumerate(keys)]
    return "\n".join(rows) + "\n"


def answers(n: int, right: float = 0.6, seed: int = 4, keys: str = KEYS) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[key if rng.random() < right else "ABCD"[rng.integers(4)] for key in keys] for _ in range(n)]


def sheet(rows: list[list[str]], names: dict[str, str] | None = None) -> str:
    head = ",".join(["学号", *(str(j + 1) for j in range(len(rows[0])))])
    lines = [",".join([f"S{i}", *((names or {}).get(one, one) for one in row)]) for i, row in enumerate(rows)]
    return "\n".join([head, *lines]) + "\n"


TO_FIGURES = {"A": "1", "B": "2", "C": "3", "D": "4"}


def figures_of(result) -> list[tuple]:
    assert result.code == 0, result.err
    return [
        (item["facility"], [(option["option"], option["n"]) for option in item["options"]])
        for item in result.report["items"]
    ]


def codes(result) -> set[str]:
    return {note["code"] for note in result.report["notes"]}


@pytest.mark.parametrize("full", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("n", [8, 40])
def test_options_typed_as_figures_are_read_as_letters_and_told(run, exam, full, n):
    rows = answers(n)
    letters = run(exam(sheet(rows), items=paper(full)))
    read = run(exam(sheet(rows, TO_FIGURES), items=paper(full)))
    assert figures_of(read) == figures_of(letters)
    told = {note["code"]: note["text"] for note in read.report["notes"]}["options_renamed"]
    assert told == "题 1、2、3、4、5、6、7、8 的答案是字母，填的是数字，按 1 是 A、2 是 B 这样读。"
    turned = run(exam(sheet(rows), items=paper(full, figures=True)))
    assert figures_of(turned) == figures_of(letters)
    assert "options_renamed" in codes(turned)


@pytest.mark.parametrize("full", [1, 2, 4])
@pytest.mark.parametrize("n", [3, 8, 40])
def test_marks_beside_keys_of_letters_stay_marks(run, exam, full, n):
    rng = np.random.default_rng(n)
    marks = (rng.random((n, 8)) < rng.uniform(0.3, 0.98, 8)) * full
    result = run(exam(sheet([[str(mark) for mark in row] for row in marks.tolist()]), items=paper(full)))
    assert result.code == 0, result.err
    assert [pupil["total"] for pupil in result.report["pupils"]] == marks.sum(axis=1).tolist()
    assert "options_renamed" not in codes(result)


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (False, "答案是字母“B”，填的却是数字（1、2、3、4）"),
        (True, "答案是数字“2”，填的却是字母（A、B、C、D）"),
    ],
)
def test_what_agrees_no_better_than_guessing_is_refused(run, exam, figures, said):
    rows = answers(60, right=0.0)
    result = run(exam(sheet(rows, None if figures else TO_FIGURES), items=paper(2, figures)), "--json")
    assert result.code == 1
    assert not result.folder.exists()
    faults = json.loads(result.out)["faults"]
    assert [fault["column"] for fault in faults] == [str(j + 1) for j in range(8)]
    assert said in faults[0]["message"]
    assert "请" in faults[0]["message"]


def test_several_options_typed_as_figures(run, exam):
    rows = answers(20)
    more = [["AC", "C", "AC", "AC", "ACD"][i % 5] for i in range(20)]
    items = paper() + "9,多选,4,AC\n"
    letters = run(exam(sheet([[*row, one] for row, one in zip(rows, more, strict=True)]), items=items))
    told = TO_FIGURES | {"AC": "13", "ACD": "134"}
    read = run(exam(sheet([[*row, one] for row, one in zip(rows, more, strict=True)], told), items=items))
    assert figures_of(read) == figures_of(letters)


@pytest.mark.parametrize(
    ("key", "given"), [("√", "AB"), ("对", "BA"), ("1", "√×"), ("T", "AB"), ("正确", "ABAB")]
)
def test_a_judgement_beside_another_spelling_is_refused(run, exam, key, given):
    rows = "".join(f"S{i},{given[i % len(given)]}\n" for i in range(9))
    result = run(exam(f"学号,1\n{rows}", items=f"题号,题型,满分,答案\n1,判断,2,{key}\n"))
    assert result.code == 1
    assert f"第 1 行“1”列：答案是“{key}”，填的却是" in result.err


def test_ones_beside_a_judgement_of_two_marks_are_refused(run, exam):
    rows = "".join(f"S{i},{i % 3 and 1}\n" for i in range(12))
    result = run(exam(f"学号,1\n{rows}", items="题号,题型,满分,答案\n1,判断,2,√\n"))
    assert result.code == 1
    assert "填的是 1 和 0，看不出是对错还是得分" in result.err
    read = run(exam(f"学号,1\n{rows}", items="题号,题型,满分,答案\n1,判断,1,√\n"))
    assert read.report["items"][0]["facility"] == pytest.approx(8 / 12)


def test_marks_far_below_the_full_mark_are_told(run, exam):
    rows = "".join(f"S{i},{i % 2},{i % 3}\n" for i in range(12))
    result = run(exam(f"学号,1,2\n{rows}", items="题号,满分,答案\n1,2,B\n2,3,\n"))
    told = {note["code"]: note["text"] for note in result.report["notes"]}
    assert told["low_tops"] == "题 1 没有人得分超过满分的一半，请核对满分。"


def test_a_key_that_nobody_met_is_told(run, exam):
    result = run(exam("学号,1,2\nS1,A,B\nS2,B,B\nS3,A,C\n", items="题号,满分,答案\n1,2,D\n2,2,B\n"))
    told = {note["code"]: note["text"] for note in result.report["notes"]}["nobody_right"]
    assert told == "题 1 没有一名学生答对，请先核对答案和它的写法。"
