"""`--model`: published values reached, refusals said, abilities of pupils kept inside."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from smartschool.analyze.tests.conftest import folder


def test_two_parameter_model_of_a_published_exam(run):
    result = run(folder("lsat7"), "--model", "2pl")
    irt = result.report["models"]["irt"]
    assert irt["model"] == "2pl"
    assert irt["loglik"] == pytest.approx(-2658.8051, abs=0.01)
    slopes = [item["slope"]["estimate"] for item in irt["items"]]
    np.testing.assert_allclose(slopes, [0.9875, 1.0808, 1.7075, 0.7650, 0.7357], atol=0.01)
    sheet = CalamineWorkbook.from_path(str(result.folder / "report.xlsx")).get_sheet_by_name("题目模型")
    np.testing.assert_allclose([row[3] for row in sheet.to_python()[1:]], slopes)
    assert "题目模型" in (result.folder / "report.html").read_text("utf-8")


def test_diagnosis_says_what_it_cannot_tell(run):
    result = run(folder("frcsub"), "--model", "dina")
    found = result.report["models"]["diagnosis"]
    assert len(found["points"]) == 8
    assert len(found["pupils"]) == 536
    assert all("estimate" in item["slip"] or "insufficient" in item["slip"] for item in found["items"])
    assert any("insufficient" in entry for pupil in found["pupils"] for entry in pupil["mastery"])
    text = (result.folder / "report.html").read_text("utf-8")
    assert "知识点诊断模型" in text


def test_fairness_between_groups_finds_the_planted_item(run, exam):
    rng = np.random.default_rng(7)
    n, items = 1200, 12
    ability = rng.normal(size=n)
    village = rng.random(n) < 0.5
    difficulty = np.tile(rng.normal(0, 0.7, items), (n, 1))
    difficulty[village, 4] += 1.2
    marks = (rng.random((n, items)) < 1 / (1 + np.exp(-(ability[:, None] - difficulty)))).astype(int)
    table = ["student," + ",".join(f"q{j}" for j in range(items))]
    table += [f"S{i}," + ",".join(map(str, row)) for i, row in enumerate(marks)]
    groups = ["student,place,age"] + [f"S{i},{'乡' if v else '城'},{i % 40}" for i, v in enumerate(village)]
    result = run(exam("\n".join(table), groups="\n".join(groups)), "--model", "dif")
    comparisons = result.report["models"]["dif"]
    assert [one["covariate"] for one in comparisons] == ["place"]  # 40 ages make no groups
    sizes = {item["id"]: item["size"] for item in comparisons[0]["items"]}
    assert sizes["q4"] == "C"
    assert sum(size == "C" for size in sizes.values()) == 1
    page = (result.folder / "report.html").read_text("utf-8")
    harder = "难" if comparisons[0]["focal"] == "乡" else "易"
    assert f"第 q4 题对 place 为“{comparisons[0]['focal']}”的学生明显偏{harder}" in page


def test_fairness_where_nothing_can_be_seen_does_not_say_that_all_is_fair(run, exam):
    rng = np.random.default_rng(9)
    n, items = 400, 40
    marks = (rng.random((n, items)) < 1 / (1 + np.exp(-rng.normal(size=(n, 1))))).astype(int)
    own = (np.arange(items) + rng.integers(0, 10, n)[:, None] * 4) % items < 4  # 40 pupils an item
    rows = ["student," + ",".join(f"q{j}" for j in range(items))]
    rows += [
        f"S{i}," + ",".join(str(m) if seen else "" for m, seen in zip(marks[i], own[i], strict=True))
        for i in range(n)
    ]
    groups = ["student,place"] + [f"S{i},{'乡' if i % 2 else '城'}" for i in range(n)]
    result = run(exam("\n".join(rows), groups="\n".join(groups)), "--model", "dif")
    assert all("insufficient" in item["effect"] for item in result.report["models"]["dif"][0]["items"])
    page = (result.folder / "report.html").read_text("utf-8")
    assert "没有发现偏向" not in page
    assert "40 道题看不出（多因人数太少）：这次作答说不了题目偏不偏。" in page


def test_too_few_pupils_and_no_points(run, exam):
    rows = ["student,1,2,3"] + [f"S{i},{i % 2},1,{(i // 2) % 2}" for i in range(20)]
    result = run(exam("\n".join(rows)), "--model", "all")
    models = result.report["models"]
    assert models["irt"]["insufficient"] == "too_few_pupils"
    assert models["diagnosis"]["insufficient"] == "not_identified"
    assert models["dif"] == []
    assert result.code == 0


def test_no_score_relative_to_other_pupils_leaves_the_core(run):
    result = run(folder("lsat6"), "--model", "2pl")
    text = json.dumps(result.report)
    assert not re.search(r'"(ability|theta|percentile|rank|t_score|z)"', text)
    assert set(result.report["pupils"][0]) == {"id", "total", "full_score", "level", "mastery"}


@pytest.mark.parametrize("name", ["magic", "2pl,3pl", "dina,gdina", ","])
def test_names_that_are_no_models(run, name):
    result = run(folder("lsat6"), "--model", name)
    assert result.code == 2
    assert not result.folder.exists()


def test_too_many_states_for_one_model_are_diagnosed_by_a_plainer_one(run):
    result = run(folder("math1"), "--model", "gdina")
    found = result.report["models"]["diagnosis"]
    assert (found["asked"], found["model"]) == ("gdina", "dina")
    codes = [note["code"] for note in found["notes"]]
    assert len(codes) == len(set(codes))
    assert "extreme_slip_or_guess" in codes
    assert any("insufficient" in point["prevalence"] for point in found["points"])
    assert "改用全会才对的诊断模型（DINA）" in (result.folder / "report.html").read_text("utf-8")


def reading_exam(exam, n=1500, *, named=True):
    """Eight items alone and two texts of four; the second text is what some pupils are at home in."""
    rng = np.random.default_rng(4)
    ability = rng.normal(size=(n, 1))
    effect = np.hstack([np.zeros((n, 12)), np.tile(1.4 * rng.normal(size=(n, 1)), 4)])
    hard = rng.normal(0, 0.8, 16)
    marks = (rng.random((n, 16)) < 1 / (1 + np.exp(-1.5 * (ability + effect - hard)))).astype(int)
    table = ["student," + ",".join(f"q{j + 1}" for j in range(16))]
    table += [f"S{i}," + ",".join(map(str, row)) for i, row in enumerate(marks)]
    items = ["item,full_score,题组" if named else "item,full_score,note"]
    texts = [""] * 8 + ["天鹅"] * 4 + ["桥"] * 4
    items += [f"q{j + 1},1,{texts[j]}" for j in range(16)]
    return exam("\n".join(table), items="\n".join(items))


def test_items_of_one_text_are_calibrated_together(run, exam):
    result = run(reading_exam(exam), "--model", "testlet")
    part = result.report["models"]["irt"]["testlets"]
    assert [(group["name"], group["matters"]) for group in part["groups"]] == [("天鹅", False), ("桥", True)]
    spread = part["groups"][1]["spread"]
    assert spread["low"] < 1.4 < spread["high"]
    assert part["reliability"]["estimate"] < part["reliability_if_independent"]["estimate"] - 0.01
    page = (result.folder / "report.html").read_text("utf-8")
    assert "题 q13、q14、q15、q16（“桥”）：读懂了几题都好" in page
    assert "题 q9、q10、q11、q12（“天鹅”）：共用材料，作答看不出互相牵连。" in page
    claimed, honest = (part[key]["estimate"] for key in ("reliability_if_independent", "reliability"))
    assert f"信度是 {claimed:.2f}；算上牵连是 {honest:.2f}" in page
    sheet = (
        CalamineWorkbook.from_path(str(result.folder / "report.xlsx")).get_sheet_by_name("题组").to_python()
    )
    assert [row[0] for row in sheet[1:3]] == ["天鹅", "桥"]
    assert sheet[2][2:5] == pytest.approx([spread["estimate"], spread["low"], spread["high"]])


@pytest.mark.parametrize("model", ["rasch", "3pl", "graded"])
def test_texts_are_measured_whatever_model_is_asked_for(run, exam, model):
    result = run(reading_exam(exam), "--model", model)
    groups = result.report["models"]["irt"]["testlets"]["groups"]
    assert [group["matters"] for group in groups] == [False, True]


def test_items_that_hang_together_are_found_without_being_told(run, exam):
    result = run(reading_exam(exam, named=False), "--model", "auto")
    (group,) = result.report["models"]["irt"]["testlets"]["groups"]
    assert (group["name"], group["items"]) == ("", ["q13", "q14", "q15", "q16"])
    assert group["matters"]


def test_texts_of_a_small_exam_are_named_and_not_estimated(run, exam):
    result = run(reading_exam(exam, 120), "--model", "auto")
    part = result.report["models"]["irt"]["testlets"]
    assert part["insufficient"] == "too_few_pupils"
    assert [group["name"] for group in part["groups"]] == ["天鹅", "桥"]
    page = (result.folder / "report.html").read_text("utf-8")
    assert "有 2 组题共用材料或互相牵连，但人数太少" in page


def test_an_exam_without_texts_says_nothing_of_them(run):
    result = run(folder("lsat7"), "--model", "2pl")
    assert result.report["models"]["irt"]["testlets"] == {
        "insufficient": "too_few_items",
        "n": 0,
        "groups": [],
    }
    assert "共用材料" not in (result.folder / "report.html").read_text("utf-8")


def test_a_two_way_table_of_25_points_is_answered_and_says_how(run, tmp_path):
    """Most points are asked alone, ten of them by a single item: 2^25 classes, and an answer."""
    rng = np.random.default_rng(25)
    q = np.eye(25, dtype=int)[np.arange(40) % 25]
    mastered = rng.normal(size=(240, 1)) + rng.normal(size=(240, 25)) > rng.uniform(-1, 1, 25)
    marks = (rng.random((240, 40)) < np.where(mastered @ q.T > 0, 0.85, 0.2)).astype(int)
    points, items = [f"k{k + 1}" for k in range(25)], [f"i{j + 1}" for j in range(40)]
    table = [["student", *items], *([f"S{n:03}", *row] for n, row in enumerate(marks.tolist()))]
    demands = [["item", *points], *([item, *row] for item, row in zip(items, q.tolist(), strict=True))]
    for name, rows in (("responses.csv", table), ("q.csv", demands)):
        text = "\n".join(",".join(map(str, row)) for row in rows)
        (tmp_path / name).write_text(text, "utf-8")
    result = run(tmp_path, "--model", "cdm")
    assert result.code == 0
    found = result.report["models"]["diagnosis"]
    assert (found["asked"], found["model"], found["n"]) == ("gdina", "gdina", 240)
    told = {point["code"]: "estimate" in point["prevalence"] for point in found["points"]}
    assert told == {f"k{k + 1}": k < 15 for k in range(25)}
    said = {note["code"]: note["text"] for note in found["notes"]}
    assert "25 个" in said["points_lean_on_ability"]
    assert "只有一道题考" in said["point_of_one_item"]
    page = (result.folder / "report.html").read_text("utf-8")
    assert said["points_lean_on_ability"] in page


def test_a_paper_of_two_abilities_is_told_to_the_reader(run, exam):
    rng = np.random.default_rng(9)
    ability = np.repeat(rng.normal(size=(600, 2)), 8, axis=1)
    marks = (rng.random(ability.shape) < 1 / (1 + np.exp(-1.8 * ability))).astype(int)
    table = ["student," + ",".join(f"q{j}" for j in range(16))]
    table += [f"S{i}," + ",".join(map(str, row)) for i, row in enumerate(marks)]
    result = run(exam("\n".join(table)), "--model", "2pl")
    page = (result.folder / "report.html").read_text("utf-8")
    assert "这些题考的是两种不太相干的能力" in page
    assert "学生水平的误差已放宽" in page
