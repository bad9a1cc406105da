"""Every code of the numeric core has a Chinese sentence."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import edumetrics
from edumetrics.exam import Flag
from edumetrics.results import Caution
from smartschool.analyze.testlet_words import sentences
from smartschool.analyze.words import FLAGS, caution, the_item

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
