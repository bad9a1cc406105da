"""Columns that add up others: left out and told, whatever their names; no item is lost by chance."""

from __future__ import annotations

import numpy as np
import pytest


def drawn(n: int, seed: int = 3, top: int = 3) -> np.ndarray:
    """Marks of `n` pupils at six items, more for the able."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1, n)[:, None]
    share = 1 / (1 + np.exp(-(ability + rng.normal(0, 0.8, 6))))
    return rng.binomial(top, share)


def sheet(titles: list[str], columns: list[np.ndarray]) -> str:
    rows = [",".join(["学号", *titles])]
    rows += [",".join([f"S{i}", *map(str, row)]) for i, row in enumerate(np.column_stack(columns).tolist())]
    return "\n".join(rows) + "\n"


def ids(result) -> list[str]:
    assert result.code == 0, result.err
    return [item["id"] for item in result.report["items"]]


def notes(result) -> dict[str, str]:
    return {note["code"]: note["text"] for note in result.report["notes"]}


@pytest.mark.parametrize("title", ["选择题得分", "一、选择题得分", "选择小计", "第Ⅰ卷得分", "听力总分"])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_named_subtotal_of_eight_pupils_is_left_out_and_told(run, exam, title, place):
    marks = drawn(8)
    titles, columns = list("123456"), list(marks.T)
    titles.insert(place, title)
    columns.insert(place, marks[:, :3].sum(axis=1))
    result = run(exam(sheet(titles, columns)))
    assert ids(result) == list("123456")
    assert notes(result)["subtotals_ignored"] == f"“{title}”是题 1、2、3 之和，不是一道题，没有计入。"
    assert [pupil["total"] for pupil in result.report["pupils"]] == marks.sum(axis=1).tolist()


@pytest.mark.parametrize("title", ["甲", "P1", "数学"])
def test_a_subtotal_without_a_telling_name_is_known_by_its_values(run, exam, title):
    marks = drawn(60)
    result = run(exam(sheet([*"123456", title], [*marks.T, marks[:, 1:5].sum(axis=1)])))
    assert ids(result) == list("123456")
    assert f"“{title}”是题 2、3、4、5 之和" in notes(result)["subtotals_ignored"]


def test_columns_that_do_not_stand_together_are_found_too(run, exam):
    marks = drawn(60)
    result = run(exam(sheet([*"123456", "合计一"], [*marks.T, marks[:, [0, 3, 5]].sum(axis=1)])))
    assert ids(result) == list("123456")
    assert "“合计一”是题 1、4、6 之和" in notes(result)["subtotals_ignored"]


def test_two_sums_of_columns_that_stand_mixed(run, exam):
    marks = drawn(60)
    sums = [marks[:, [0, 2, 4]].sum(axis=1), marks[:, [1, 3, 5]].sum(axis=1)]
    assert ids(run(exam(sheet(["客观题合计", "主观题合计", *"123456"], [*sums, *marks.T])))) == list("123456")


def test_questions_and_sections_above_their_parts(run, exam):
    marks = drawn(12)
    one, two = marks[:, 1:3].sum(axis=1), marks[:, 3:6].sum(axis=1)
    titles = ["1", "16", "16(1)", "16（2）", "17", "17①", "17②", "17③", "解答题得分"]
    columns = [marks[:, 0], one, marks[:, 1], marks[:, 2], two, *marks[:, 3:].T, one + two]
    result = run(exam(sheet(titles, columns)))
    assert ids(result) == ["1", "16(1)", "16（2）", "17①", "17②", "17③"]
    assert sum(note["code"] == "subtotals_ignored" for note in result.report["notes"]) == 3


def test_a_subtotal_that_is_wrong_for_somebody_is_told_by_row(run, exam):
    marks = drawn(30)
    part = marks[:, :3].sum(axis=1)
    part[4] += 1
    result = run(exam(sheet(["选择题得分", *"123456"], [part, *marks.T])))
    assert ids(result) == list("123456")
    assert "第 6 行和各题之和不同，请核对。" in notes(result)["subtotals_ignored"]


@pytest.mark.parametrize("seed", range(300))
def test_no_item_of_a_small_class_is_taken_for_a_sum(seed):
    """Few pupils, few marks, all as the able have it: sums agree by chance, and no item is lost."""
    from smartschool.analyze.subtotals import find_subtotals

    rng = np.random.default_rng(seed)
    n, items, top = int(rng.integers(2, 13)), int(rng.integers(3, 25)), int(rng.integers(1, 4))
    ability = rng.normal(0, 2, n)[:, None]
    marks = rng.binomial(top, 1 / (1 + np.exp(-(ability + rng.normal(0, 1, items))))).astype(float)
    names = [str(j + 1) for j in range(items)]
    ordinals = "一二三四五六七八九十"
    some = [ordinals[j] if j < 10 else names[j] for j in range(items)]
    for titles in (names, some):
        assert not [one for one in find_subtotals(titles, marks, None) if one.sure]


def test_the_total_decides_where_there_is_one(run, exam):
    marks = np.array([[1, 1, 2], [0, 1, 1], [1, 0, 1], [0, 0, 0]])
    for title in ("3", "选择题得分"):
        whole = run(exam(sheet(["1", "2", title, "总分"], [*marks.T, marks.sum(axis=1)])))
        assert ids(whole) == ["1", "2", title]
        parts = run(exam(sheet(["1", "2", title, "总分"], [*marks.T, marks[:, :2].sum(axis=1)])))
        assert ids(parts) == ["1", "2"]
    marks = drawn(8)
    more = [*marks.T, marks[:, :3].sum(axis=1), marks.sum(axis=1)]
    assert ids(run(exam(sheet([*"123456", "甲", "总分"], more)))) == list("123456")


def test_what_may_be_chance_is_kept_and_told(run, exam):
    marks = drawn(8)
    result = run(exam(sheet([*"123456", "甲"], [*marks.T, marks.sum(axis=1)])))
    assert ids(result) == [*"123456", "甲"]
    assert "可能是碰巧，按一道题计入；如果是小计，请删去这一列。" in notes(result)["perhaps_subtotal"]


def test_a_subtotal_that_the_items_file_calls_an_item_is_told(run, exam):
    marks = drawn(12)
    table = sheet([*"123456", "选择题得分"], [*marks.T, marks[:, :3].sum(axis=1)])
    items = "题号,满分\n" + "".join(f"{j},3\n" for j in range(1, 7)) + "选择题得分,9\n"
    result = run(exam(table, items=items))
    assert ids(result) == [*"123456", "选择题得分"]
    assert notes(result)["subtotal_described"].startswith(
        "“选择题得分”是题 1、2、3 之和，items.csv 里写成了一道题"
    )


def test_one_column_for_all_choice_items_is_an_item(run, exam):
    marks = drawn(20)
    result = run(exam(sheet(["选择题得分", "16", "17"], list(drawn(20, 9, 20).T[:3]))))
    assert ids(result) == ["选择题得分", "16", "17"]
    assert "按一道题计入" in notes(result)["part_as_item"]
    total = [marks[:, 0] * 9, marks[:, 1], marks[:, 2], marks[:, 0] * 9 + marks[:, 1] + marks[:, 2]]
    result = run(exam(sheet(["客观题得分", "16", "17", "总分"], total)))
    assert sorted(ids(result)) == ["16", "17", "客观题得分"]
    assert "算在总分里" in notes(result)["part_as_item"]


def test_subtotals_of_options_scored_by_the_key(run, exam):
    rows = ["学号,1,2,3,选择题得分"]
    answers = ["ABC", "ABD", "BBC", "CCC", "ACC", "AAA", "DBC", "ABB"]
    keys = "ABC"
    for i, given in enumerate(answers):
        right = sum(2 for one, key in zip(given, keys, strict=True) if one == key)
        rows.append(f"S{i},{','.join(given)},{right}")
    items = "题号,满分,答案\n1,2,A\n2,2,B\n3,2,C\n"
    result = run(exam("\n".join(rows), items=items))
    assert ids(result) == ["1", "2", "3"]
    assert "subtotals_ignored" in notes(result)
    wrong = run(exam("\n".join(rows).replace(",6", ",5").replace(",4", ",3"), items=items))
    assert wrong.code == 1
    assert "题“选择题得分”在 items.csv 里没有" in wrong.err
    assert "如果是几道题的合计，请删去这一列" in wrong.err
