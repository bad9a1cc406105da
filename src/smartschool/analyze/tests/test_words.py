"""Every code of the numeric core has a Chinese sentence."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

import edumetrics
from edumetrics.exam import Flag
from edumetrics.results import Caution
from smartschool.analyze.choices import DIAGNOSES
from smartschool.analyze.testlet_words import sentences
from smartschool.analyze.tests.conftest import folder
from smartschool.analyze.words import FLAGS, caution, model_name, the_item

DATA = {
    "n": 3, "needed": 5, "share": 0.5, "answered": 0.5, "pairs": 2, "papers": 2, "pupils": 4,
    "evaluations": 9, "points": 25, "common": 0.3,
}  # fmt: skip


def codes() -> set[str]:
    found = set()
    for path in Path(edumetrics.__file__).parent.rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Caution" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_each_caution_is_a_sentence():
    assert len(codes()) > 20
    for code in sorted(codes()):
        text = caution(Caution(code, ("甲", "乙"), DATA))
        assert text.endswith("。"), code
        assert code not in text


def test_items_that_all_have_one_mark_are_not_called_few_pupils():
    data = {"n": 0, "reason": "too_few_items"}
    assert caution(Caution("fell_back_to_classical", data=data)).startswith("能用的题只有 0 道")


def test_items_that_are_called_items_are_not_called_so_twice():
    assert (the_item("4", "12"), the_item("第4题", "第12题")) == ("第 4、12 题", "第4题、第12题")
    said = caution(Caution("negative_slope", ("第4题", "第12题")))
    assert said.startswith("第4题、第12题会的学生反而得分低")
    assert caution(Caution("negative_slope", ("4", "12"))).startswith("题 4、12 会的学生")


def test_a_prior_that_rests_on_nobody_does_not_count_pupils():
    assert "0 人" not in caution(Caution("prior_mostly_default", data={"n": 0}))


def test_an_option_that_few_choose_is_not_said_to_be_chosen_by_nobody():
    """The flag stands for fewer than 5 %, not for none."""
    assert "没人" not in FLAGS[Flag.NON_FUNCTIONING][0]


@pytest.mark.parametrize(
    ("claimed", "honest", "said"),
    [(0.85, 0.78, "信度是 0.85；算上牵连是 0.78"), (0.65, 0.66, None), (0.7, 0.7, None)],
)
def test_reliability_with_related_items_is_told_where_it_differs(claimed, honest, said):
    part = {
        "groups": [{"name": "", "items": ["甲", "乙"], "matters": True}],
        "reliability": {"estimate": honest},
        "reliability_if_independent": {"estimate": claimed},
    }
    told = [line for line in sentences(part) if "信度" in line]
    assert [said in line for line in told] == ([True] if said else [])


@pytest.mark.parametrize("code", [*DIAGNOSES, "rasch", "pcm", "2pl", "3pl", "gpcm", "graded"])
def test_each_model_has_a_chinese_name_with_its_code_in_brackets(code):
    assert model_name(code).endswith(
        "模型（" + {"rasch": "Rasch", "graded": "GRM"}.get(code, code.upper()) + "）"
    )
    assert model_name(f"{code}+gpcm") == f"{model_name(code)}、分步得分模型（GPCM）"


def test_what_few_pupils_did_is_explained_where_nothing_is_known(run, exam):
    page = (run(exam("学号,1,2\nS1,1,\nS2,0,空白\n")).folder / "report.html").read_text("utf-8")
    assert '<i class="na"></i>· 没有数据' in page
    assert '<i class="g3"></i>空 没有写' in page


def test_a_difference_the_other_way_is_said_in_words(run, exam):
    """Item 3 goes against the others."""
    rows = "\n".join(f"S{n},{n % 2},{n % 2},{n % 2},{1 - n % 2}" for n in range(60))
    page = (run(exam(f"学号,1,2,4,3\n{rows}\n")).folder / "report.html").read_text("utf-8")
    assert "高分组比低分组的得分率低 100 个百分点" in page
    assert "得分率高 −" not in page


def test_models_are_named_in_chinese_in_the_workbook_and_on_the_page(run):
    result = run(folder("frcsub"), "--model", "rasch,gdina")
    book = CalamineWorkbook.from_path(str(result.folder / "report.xlsx"))
    cells = {
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    }
    assert {"难度模型（Rasch）", "一般诊断模型（GDINA）"} <= cells
    assert not {"rasch", "gdina"} & cells
    page = (result.folder / "report.html").read_text("utf-8")
    assert "一般诊断模型（GDINA），" in page
    assert not re.search(r">gdina|gdina[，<]", page)
