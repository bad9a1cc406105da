"""The response matrix refuses what no analysis may accept, and names it."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics import errors
from edumetrics.arrays import State, response_matrix, split_not_reached
from edumetrics.options import option_responses, parse_choice, parse_key, score_options

NAN = float("nan")


@pytest.mark.parametrize(
    ("marks", "full", "kind", "pupil", "item"),
    [
        ([[1.0, 0.0], [1.0, -0.5]], [2, 1], errors.NegativeMark, "乙", "2"),
        ([[1.0, 0.0], [2.5, 0.0]], [2, 1], errors.MarkOverFull, "乙", "1"),
        ([[1.0, float("inf")], [1.0, 0.0]], [2, 1], errors.InfiniteMark, "甲", "2"),
        ([[1.0, 0.0], [1.0, 0.0]], [2, 0], errors.BadFullMark, None, "2"),
        ([[1.0, 0.0], [1.0, 0.0]], [NAN, 1], errors.BadFullMark, None, "1"),
        ([[1.0, 0.0], [1.0, 0.0]], [1, 1e150], errors.BadFullMark, None, "2"),
    ],
)
def test_names_pupil_and_item(marks, full, kind, pupil, item):
    with pytest.raises(kind) as caught:
        response_matrix(marks, full, pupils=["甲", "乙"], items=["1", "2"])
    assert (caught.value.pupil, caught.value.item) == (pupil, item)


def test_duplicates_and_empty():
    with pytest.raises(errors.DuplicatePupil) as pupil:
        response_matrix([[1.0], [0.0]], 1, pupils=["x", "x"])
    assert pupil.value.pupil == "x"
    with pytest.raises(errors.DuplicateItem) as item:
        response_matrix([[1.0, 0.0]], 1, items=["q", "q"])
    assert item.value.item == "q"
    for shape in ((0, 3), (3, 0)):
        with pytest.raises(errors.EmptyMatrix):
            response_matrix(np.empty(shape), 1)


def test_arrays_are_read_only_and_copied():
    raw = np.array([[1.0, 0.0]])
    matrix = response_matrix(raw, 1)
    raw[0, 0] = 0.0
    assert matrix.marks[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        matrix.marks[0, 0] = 0.0


def test_binary_noise_is_not_over_full():
    assert response_matrix([[0.1 + 0.2]], 0.3).marks[0, 0] == 0.3


def test_states_by_default_and_contradictions():
    matrix = response_matrix([[1, NAN], [NAN, NAN]], 1)
    assert matrix.states.tolist() == [[State.ANSWERED, State.NOT_PRESENTED], [State.ABSENT, State.ABSENT]]
    assert matrix.present.tolist() == [True, False]
    with pytest.raises(errors.MarkWithoutAnswer):
        response_matrix([[1.0]], 1, states=[[State.ABSENT]])
    with pytest.raises(errors.MarkWithoutAnswer):
        response_matrix([[NAN]], 1, states=[[State.ANSWERED]])
    assert response_matrix([[0.0]], 1, states=[[State.BLANK]]).marks[0, 0] == 0.0


def test_not_reached_is_the_tail_after_its_first_blank():
    B, A, P = State.BLANK, State.ANSWERED, State.NOT_PRESENTED
    states = np.array([[A, B, A, B, B, B], [A, A, A, A, A, B], [A, B, P, B, P, B], [B, B, B, B, B, B]])
    marks = np.where(states == A, 1.0, NAN)
    out = split_not_reached(response_matrix(marks, 1, states=states)).states
    R = State.NOT_REACHED
    assert out.tolist() == [[A, B, A, B, R, R], [A, A, A, A, A, B], [A, B, P, R, P, R], [B, R, R, R, R, R]]


def test_taking_rows_and_columns_keeps_everything_together():
    answers = option_responses([["A", "B", ""], ["C", "AC", "A"]], ["A", "A;C"])
    matrix = response_matrix(
        [[1, 0], [0, 2], [NAN, 1]], [1, 2], pupils=["a", "b", "c"], items=["x", "y"], options=answers
    )
    part = matrix.take_pupils([False, True, True]).take_items([1])
    assert part.pupils == ("b", "c")
    assert part.items == ("y",)
    assert part.marks[:, 0].tolist() == [2, 1]
    assert part.options is not None
    assert [sorted(part.options.patterns[0][c]) for c in part.options.codes[:, 0]] == [["A", "C"], ["A"]]
    with pytest.raises(errors.EmptyMatrix):
        matrix.take_pupils([False, False, False])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AC", "AC"),
        ("ca", "AC"),
        ("A;C", "AC"),
        ("Ａ、Ｃ", "AC"),
        ("a c", "AC"),
        ("10", ["10"]),
        ("AA", ["AA"]),
        ("", ""),
    ],
)
def test_reading_choices(text, expected):
    assert parse_choice(text) == frozenset(expected)


def test_alternatives_in_a_key():
    assert parse_key("A/C") == (frozenset("A"), frozenset("C"))


def test_scoring_multi_select():
    answers = option_responses([["AC", "A", "ABC", "", "CA"]], ["AC"])
    strict = score_options(answers, np.array([4.0]))[:, 0]
    np.testing.assert_array_equal(strict, [4, 0, 0, NAN, 4])
    np.testing.assert_array_equal(
        score_options(answers, np.array([4.0]), subset_share=0.5)[:, 0], [4, 2, 0, NAN, 4]
    )
