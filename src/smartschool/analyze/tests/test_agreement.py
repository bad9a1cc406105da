"""The three reports say the same: every number of the JSON stands in the workbook, refusals are named."""

from __future__ import annotations

import re

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from smartschool.analyze.tests.conftest import folder


def numbers(part, path=""):
    """Path and value of every number, but standard errors, n of an interval, and pupils' own intervals."""
    if isinstance(part, dict):
        for key, value in part.items():
            counted = key == "n" and ("estimate" in part or "insufficient" in part)
            if key not in ("se", "provenance", "pupils") and not counted:
                yield from numbers(value, f"{path}.{key}")
    elif isinstance(part, list):
        for place, value in enumerate(part):
            yield from numbers(value, f"{path}[{place}]")
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield path, round(float(part), 10)


def cells(book):
    sheets = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    return [cell for sheet in sheets for row in sheet for cell in row]


def graded_exam(exam, n=300, **others):
    """Six items of 4 marks and six of 1, two points, two groups, classes; item q12 is right for all."""
    rng = np.random.default_rng(31)
    ability = rng.normal(size=(n, 1))
    chance = 1 / (1 + np.exp(-1.4 * (ability - rng.normal(0, 0.8, 12))))
    marks = rng.binomial([4] * 6 + [1] * 6, chance)
    marks[:, 11] = 1
    table = ["student,班级," + ",".join(f"q{j + 1}" for j in range(12))]
    table += [f"S{i},{i % 6 + 1}班," + ",".join(map(str, row)) for i, row in enumerate(marks)]
    files = {
        "items": "item,full_score\n" + "\n".join(f"q{j + 1},{4 if j < 6 else 1}" for j in range(12)),
        "q": "item,p1,p2,p3\n" + "\n".join(f"q{j + 1},{j % 2},{1 - j % 2},{int(j == 3)}" for j in range(12)),
        "knowledge": "code,name\np1,约分\np2,通分\np3,倒数",
        "groups": "student,性别\n" + "\n".join(f"S{i},{'男女'[i // 6 % 2]}" for i in range(n)),
    }
    return exam("\n".join(table), **{**files, **others})


@pytest.mark.parametrize("name", ["graded", "hci_options"])
def test_every_number_of_the_json_stands_in_the_workbook(run, exam, name):
    place = graded_exam(exam) if name == "graded" else folder(name)
    result = run(place, "--model", "all")
    book = CalamineWorkbook.from_path(str(result.folder / "report.xlsx"))
    there = {round(float(cell), 10) for cell in cells(book) if isinstance(cell, int | float)}
    wanted = dict(numbers(result.report))
    assert len(wanted) > 500
    assert {path: value for path, value in wanted.items() if value not in there} == {}


def test_items_that_no_model_can_use_are_named_everywhere(run, exam):
    result = run(graded_exam(exam), "--model", "all")
    models = result.report["models"]
    for part in ("irt", "diagnosis"):
        assert models[part]["excluded"]["q12"]["insufficient"] == "constant_marks"
    page = (result.folder / "report.html").read_text("utf-8")
    assert page.count("题 q12 得分都一样，没有参加计算。") == 2
    assert "题 q12 没有参加" in cells(CalamineWorkbook.from_path(str(result.folder / "report.xlsx")))


def test_notes_call_knowledge_points_by_name(run, exam):
    result = run(graded_exam(exam), "--model", "gdina")
    said = {note["code"]: note["text"] for note in result.report["models"]["diagnosis"]["notes"]}
    assert said["point_of_one_item"].startswith("知识点“倒数”只有一道题考")
    assert "p3" not in "".join(said.values())
    assert not any("改用 gdina" in text for text in said.values())


def test_points_that_are_joined_too_closely_for_any_diagnosis_are_named(run, exam):
    """Twenty points asked alone and eighteen of them together: more states than can be summed over."""
    rng = np.random.default_rng(8)
    marks = rng.integers(0, 2, (60, 21))
    table = ["student," + ",".join(f"q{j}" for j in range(21))]
    table += [f"S{i}," + ",".join(map(str, row)) for i, row in enumerate(marks)]
    q = np.vstack([np.eye(20, dtype=int), np.arange(20) < 18])
    rows = ["item," + ",".join(f"p{k}" for k in range(20))]
    rows += [f"q{j}," + ",".join(map(str, row.astype(int))) for j, row in enumerate(q)]
    names = "code,name\n" + "\n".join(f"p{k},点{k}号" for k in range(20))
    result = run(exam("\n".join(table), q="\n".join(rows), knowledge=names), "--model", "cdm")
    found = result.report["models"]["diagnosis"]
    assert result.code == 0
    assert found["insufficient"] == "not_identified"
    assert set(found["points_joined"]) >= {f"p{k}" for k in range(18)}
    page = (result.folder / "report.html").read_text("utf-8")
    assert re.search(r"知识点“点0号”、“点1号”、.*互相牵连", page)
    book = CalamineWorkbook.from_path(str(result.folder / "report.xlsx"))
    assert any("点0号" in str(cell) for row in book.get_sheet_by_name("模型总览").to_python() for cell in row)


def test_a_workbook_says_why_a_model_has_no_figures(run, exam):
    rows = ["student,1,2,3"] + [f"S{i},{i % 2},1,{(i // 2) % 2}" for i in range(20)]
    result = run(exam("\n".join(rows)), "--model", "all")
    book = CalamineWorkbook.from_path(str(result.folder / "report.xlsx"))
    said = [str(cell) for row in book.get_sheet_by_name("模型总览").to_python() for cell in row]
    assert "人数太少（n = 20）" in said
    assert any(text.startswith("要有 q.csv") for text in said)
    assert any(text.startswith("没有可比的分组") for text in said)


def test_points_that_no_item_asks_are_named_and_nothing_is_said_of_their_pupils(run, exam):
    marks = "student,1,2\n" + "\n".join(f"S{i},{i % 2},{i % 3 % 2}" for i in range(30))
    names = "code,name\na,约分\nb,通分"
    result = run(exam(marks, q="item,a,b\n1,1,0\n2,1,0", knowledge=names))
    said = {note["code"]: note["text"] for note in result.report["notes"]}
    assert said["points_without_items"] == "知识点“通分”没有题考，这次看不出。"
    nothing = run(exam(marks, q="item,a,b\n1,0,0\n2,0,0", knowledge=names))
    codes = [note["code"] for note in nothing.report["notes"]]
    assert "points_without_items" in codes
    assert "prior_mostly_default" not in codes
