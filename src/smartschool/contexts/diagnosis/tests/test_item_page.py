"""The page of one item: what to do, its neighbours, its options and groups."""

import pytest
from django.template.loader import render_to_string

from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis.compose.item_page import compose_item
from smartschool.contexts.diagnosis.compose.words import (
    plain,
)
from smartschool.contexts.diagnosis.tests.paper import (
    EASY,
    OPTION,
    PAPER,
    group,
    item_figures,
    point_figures,
    usual,
)


def test_item_page_leaves_groups_out_of_a_small_class():
    options = (OPTION("A", 3, False, (0.5, 0.25, 0.0)), OPTION("B", 5, True, (0.2, 0.4, 1.0)))
    figures = group(
        [item_figures(0.6, n=8, lost=3, options=options)] + [EASY] * 3, [point_figures(0.8)] * 2, n=8
    )
    page = compose_item(PAPER, figures, None, 0, [], small=True)
    assert page.option_groups == ()
    assert "8 人中 3 人" in plain(page.lede)
    assert len(compose_item(PAPER, figures, None, 0, [], small=False).option_groups) == 2


@pytest.mark.parametrize(("stored_word", "said"), [("female", "女生"), ("male", "男生"), ("", "")])
def test_item_page_names_the_group_for_which_an_item_is_easier(stored_word, said):
    figures = group([item_figures(0.6, easier_for=stored_word), *[EASY] * 3], [point_figures(0.8)] * 2)
    page = compose_item(PAPER, figures, None, 0, [], small=False)
    assert page.easier_for == said
    note = "做这道题明显更容易"
    shown = render_to_string(
        "diagnosis/item.html", {"item": page, "page": {"small": False}, "place": 1, "own": False, "base": "/"}
    )
    assert (f"{said}{note}" in shown) == bool(said)
    assert (note in shown) == bool(said)


def test_an_item_page_leads_to_its_neighbours():
    pages = [compose_item(PAPER, usual(), None, j, [], small=False) for j in range(4)]
    assert [(one.previous, one.following) for one in pages] == [("", "2"), ("1", "3"), ("2", "4"), ("3", "")]


@pytest.mark.parametrize(
    ("figures", "small", "said"),
    [
        (item_figures(0.43), False, "得分率 43%，考“方程应用”。建议讲评。"),
        (item_figures(0.6), False, "得分率 60%，考“方程应用”。多数人会，个别提醒即可。"),
        (item_figures(0.43, discrimination=0.19), False, "得分率 43%，考“方程应用”。区分度偏低"),
        (item_figures(0.43, discrimination=0.2), False, "得分率 43%，考“方程应用”。建议讲评。"),
        (item_figures(0.95, discrimination=0.1), False, "得分率 95%，考“方程应用”。多数人会，个别提醒即可。"),
        (item_figures(0.43, rival="C"), False, "这道题的标准答案存疑：得分靠上的学生选 C 的"),
        (item_figures(0.25, n=8, lost=6), True, "8 人中 6 人在这道题丢过分，考“方程应用”。"),
        (item_figures(0.25, n=0, lost=0), True, "第 3 题，考“方程应用”，还没有小题分。"),
    ],
)
def test_an_item_page_opens_with_what_to_do(figures: stored.ItemFigures, small: bool, said: str):
    block = group([EASY, EASY, figures, EASY], [point_figures(0.8), point_figures(0.4)])
    assert plain(compose_item(PAPER, block, None, 2, [], small=small).lede).startswith(said)


def test_options_stand_in_thirds_only_where_the_thirds_are_known():
    options = (OPTION("A", 30, True, (0.5, 0.7, 0.9)), OPTION("B", 10, False, None))
    block = group([item_figures(0.75, options=options)] * 4, [point_figures(0.8)] * 2)
    made = compose_item(PAPER, block, None, 0, [], small=False)
    assert made.options == (("A", 30, True), ("B", 10, False))
    assert [(row.label, row.key, row.low, row.middle, row.top) for row in made.option_groups] == [
        ("A", True, 0.5, 0.7, 0.9)
    ]
    assert compose_item(PAPER, block, None, 0, [], small=True).option_groups == ()
