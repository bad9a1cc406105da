"""Chosen options: marked by the key, compared with the marks beside them."""

import math

import numpy as np
import pytest

from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.assessment.scoring import normal_choice
from smartschool.contexts.assessment.tests.marks_import.files import (
    codes,
    data_of,
    g_number,
    load,
    warnings,
    wide,
)
from smartschool.contexts.assessment.tests.world import World

pytestmark = pytest.mark.django_db


def test_options_are_marked_by_the_key(world: World, paper: Paper) -> None:
    marks: list[list[object]] = [
        ["A", "AC", 5],
        ["b", "C,A", 1],
        ["-", "A", 0],
        ["", "ABC", 2],
        ["A", "*", 4],
    ]
    report = load(world, paper, wide(world, marks))
    assert report.faults == ()
    data = data_of(world, paper)
    expected = [[3, 4, 5], [0, 4, 1], [0, 2, 0], [math.nan, 0, 2], [3, 0, 4]]
    np.testing.assert_array_equal(data.marks, expected)
    assert data.choices is not None
    assert data.choices.tolist() == [
        ["A", "AC", ""],
        ["B", "AC", ""],
        ["-", "A", ""],
        ["", "ABC", ""],
        ["A", "-", ""],
    ]


def test_pairs_of_option_and_mark_are_compared(world: World, paper: Paper) -> None:
    head = ["1选项", "1得分", "2选项", "2得分", "3(1)"]
    marks: list[list[object]] = [["A", 3, "AC", 4, 5], ["B", 3, "A", 2, 1]]
    report = load(world, paper, wide(world, marks, head=head))
    assert warnings(report) == [(4, "1得分", "key_differs")]
    np.testing.assert_array_equal(data_of(world, paper).marks, [[3, 4, 5], [0, 2, 1]])


def test_a_letter_that_is_no_option_is_refused_at_its_cell(world: World, paper: Paper) -> None:
    marks: list[list[object]] = [["E", "AC", 5], ["Ｂ", "ａｃ", 1], ["d", "AE", 0], ["Ａ", "A，Ｃ", 0]]
    report = load(world, paper, wide(world, marks), accept_partial=True)
    assert codes(report) == [(3, "1", "no_such_option"), (5, "2", "no_such_option")]
    assert "A、B、C、D" in report.faults[0].message
    data = data_of(world, paper)
    assert data.choices is not None
    assert data.choices[:, :2].tolist() == [["B", "AC"], ["A", "AC"]]
    rows: list[list[object]] = [["学籍号", "题号", "选项"], [g_number(2), "1", "F"]]
    assert codes(load(world, paper, rows)) == [(2, "选项", "no_such_option")]


def test_a_judgement_is_marked_by_its_signs_and_takes_no_letters(world: World) -> None:
    with world.scope():
        paper = world.paper([], full_score=4)
        rows = [BlueprintRow("1", ItemType.TRUE_FALSE, 2, "T"), BlueprintRow("2", ItemType.OPEN, 2)]
        save_blueprint(actor=world.actor, paper=paper, rows=rows, full_score=4, base_revision=1)
    marks: list[list[object]] = [["√", 1], ["×", 2], ["对", 0], ["A", 1]]
    report = load(world, paper, wide(world, marks, head=["1", "2"]), accept_partial=True)
    assert codes(report) == [(6, "1", "no_such_option")]
    assert "√、×" in report.faults[0].message
    np.testing.assert_array_equal(data_of(world, paper).marks, [[2, 1], [0, 2], [2, 0]])


def test_a_key_written_in_words_is_met_by_signs_letters_and_words(world: World) -> None:
    with world.scope():
        paper = world.paper([], full_score=4)
        rows = [
            BlueprintRow("1", ItemType.TRUE_FALSE, 2, "正确"),
            BlueprintRow("2", ItemType.SINGLE, 2, "F", "ABCDEFG"),
        ]
        save_blueprint(actor=world.actor, paper=paper, rows=rows, full_score=4, base_revision=1)
    marks: list[list[object]] = [["✓", "F"], ["Y", "A"], ["true", "F"], ["x", "G"], ["N", "×"]]
    report = load(world, paper, wide(world, marks, head=["1", "2"]), accept_partial=True)
    assert codes(report) == [(7, "2", "bad_choice")]
    np.testing.assert_array_equal(data_of(world, paper).marks, [[2, 2], [2, 0], [2, 2], [0, 0]])


@pytest.mark.parametrize(
    ("text", "stored"),
    [("ABCDEFGH", "ABCDEFGH"), ("ABCDEFGHI", None), ("甲", None), ("АВ", None), ("A1", None), ("ac A", "AC")],
)
def test_a_choice_is_at_most_eight_latin_letters(text: str, stored: str | None) -> None:
    """АВ are Cyrillic letters: they look right and mean nothing."""
    assert normal_choice(text, ItemType.MULTIPLE) == stored


def test_marks_alone_take_no_choices_away_that_earned_them(world: World, paper: Paper) -> None:
    load(world, paper, wide(world, [["A", "AC", 5], ["B", "A", 1]]))
    report = load(world, paper, wide(world, [[3, 4, 5], [0, 4, 1]]))
    assert (report.changed, report.unchanged) == (1, 1)
    data = data_of(world, paper)
    assert data.choices is not None
    assert data.choices[:, :2].tolist() == [["A", "AC"], ["B", ""]]
    np.testing.assert_array_equal(data.marks, [[3, 4, 5], [0, 4, 1]])
