"""A class below 25: the grid of items and pupils, counts, and what is not said in public."""

import numpy as np
import pytest

from edumetrics.arrays import State
from smartschool.contexts.diagnosis.compose.small_class import (
    advised_items,
    compose_small_class,
    small_headline,
)
from smartschool.contexts.diagnosis.compose.words import (
    plain,
)
from smartschool.contexts.diagnosis.tests.paper import (
    EASY,
    PAPER,
    group,
    item_figures,
    point_figures,
    pupil,
)


def small_block() -> tuple[np.ndarray, np.ndarray]:
    marks = np.full((8, 4), 4.0)
    states = np.zeros((8, 4), dtype=np.int8)
    marks[1:7, 2] = 1.0
    marks[0, 3] = 3.0
    marks[5, 0], states[5, 0] = np.nan, State.BLANK
    return marks, states


def test_small_class_shows_counts_and_the_grid():
    marks, states = small_block()
    items = [
        item_figures(1.0, n=8, lost=1, blank=1),
        item_figures(1.0, n=8, lost=0),
        item_figures(0.4, n=8, lost=6),
        item_figures(0.97, n=8, lost=1),
    ]
    points = [
        point_figures(0.9, n=8, lost=1, states=(0, 0, 1, 7)),
        point_figures(0.5, n=8, lost=6, states=(0, 4, 2, 2)),
    ]
    pupils = [pupil(i + 1, (3, 1 if 1 <= i <= 4 else 3)) for i in range(8)]
    report = compose_small_class(
        PAPER, group(items, points, n=8, bins=(0, 0, 0, 2, 2, 2, 2)), pupils, marks, states
    )
    assert plain(report.lede) == (
        "8 人中 6 人在“方程应用”丢过分，其中 4 人需要再练。建议先讲第 3 题，再看第 4 题。"
    )
    block = group(items, points, n=8, bins=(0, 0, 0, 2, 2, 2, 2))
    assert advised_items(PAPER, block) == (2, 3), "as the sentence says"
    assert small_headline(PAPER, block) == "先讲第 3、4 题：“方程应用”要先练"
    assert [row.lost for row in report.rows] == [1, 0, 6, 1]
    assert report.rows[0].cells[5].text == "空"
    assert report.rows[2].cells[1] == report.rows[2].cells[6]
    assert report.rows[2].cells[1].text == "−3"
    assert report.rows[2].cells[1].shade == "g2"
    assert report.rows[3].cells[0].shade == "g1"
    assert [line.number for line in report.practice] == [2, 3, 4, 5]


def test_small_class_says_no_count_under_five_in_public():
    marks, states = small_block()
    items = [item_figures(1.0, n=8, lost=0)] * 3 + [item_figures(0.9, n=8, lost=2)]
    points = [
        point_figures(0.9, n=8, lost=0, states=(0, 0, 0, 8)),
        point_figures(0.8, n=8, lost=2, states=(0, 2, 0, 6)),
    ]
    report = compose_small_class(
        PAPER, group(items, points, n=8), [pupil(i, (3, 3)) for i in range(8)], marks, states
    )
    shown = "".join(piece.text for piece in report.lede if not piece.private)
    assert "2 人" not in shown
    assert "方程应用" in shown


@pytest.mark.parametrize(
    ("mark", "state", "cell"),
    [
        (4.0, State.ANSWERED, ("g0", "✓")),
        (3.0, State.ANSWERED, ("g1", "−1")),
        (2.5, State.ANSWERED, ("g1", "−1.5")),
        (2.0, State.ANSWERED, ("g2", "−2")),  # half of the mark is 丢一半以上
        (0.0, State.ANSWERED, ("g2", "−4")),
        (np.nan, State.BLANK, ("g3", "空")),
        (np.nan, State.NOT_REACHED, ("g3", "空")),
        (np.nan, State.ABSENT, ("na", "缺")),
        (np.nan, State.NOT_PRESENTED, ("na", "—")),
    ],
)
def test_a_cell_of_the_grid_says_what_was_lost(mark: float, state: State, cell: tuple[str, str]):
    marks, states = np.full((8, 4), 4.0), np.zeros((8, 4), dtype=np.int8)
    marks[2, 1], states[2, 1] = mark, state
    block = group([EASY] * 4, [point_figures(0.9)] * 2, n=8)
    report = compose_small_class(PAPER, block, [pupil(i, (3, 3)) for i in range(8)], marks, states)
    found = report.rows[1].cells[2]
    assert (found.shade, found.text) == cell
    assert {one.shade for row in report.rows for one in row.cells} <= {"g0", cell[0]}


def test_an_item_is_notable_from_half_of_the_class_on_and_not_without_anybody():
    items = [item_figures(0.9, n=n, lost=lost) for n, lost in ((8, 4), (8, 3), (0, 0), (7, 4))]
    block = group(items, [point_figures(0.9)] * 2, n=8)
    marks, states = np.full((8, 4), 4.0), np.zeros((8, 4), dtype=np.int8)
    report = compose_small_class(PAPER, block, [pupil(i, (3, 3)) for i in range(8)], marks, states)
    assert [row.notable for row in report.rows] == [True, False, False, True]


def test_a_small_class_counts_only_points_on_which_somebody_was_judged():
    points = [point_figures(0.9, n=8, states=(8, 0, 0, 0)), point_figures(0.5, n=8, states=(5, 2, 1, 0))]
    marks, states = np.full((8, 4), 4.0), np.zeros((8, 4), dtype=np.int8)
    block = group([EASY] * 4, points, n=8)
    report = compose_small_class(PAPER, block, [pupil(i, (None, 1)) for i in range(8)], marks, states)
    assert [(p.name, p.mastered, p.basic, p.needs, p.unknown) for p in report.judged_points] == [
        ("方程应用", 0, 1, 2, 5)
    ]
    assert report.vague_points == ("解方程",)
