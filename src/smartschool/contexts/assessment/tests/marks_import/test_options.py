"""Chosen options: marked by the key, compared with the marks beside them."""

import math

import numpy as np
import pytest

from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.tests.marks_import.files import data_of, load, warnings, wide
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
