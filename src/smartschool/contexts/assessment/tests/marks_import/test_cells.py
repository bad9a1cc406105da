"""Cells of marks: absence, blank and zero; what is wrong is said at its cell."""

import math

import numpy as np
import pytest

from smartschool.contexts.assessment.models import Attempt, Paper
from smartschool.contexts.assessment.public.contracts import MarkState
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


def test_absence_blank_and_zero_are_three_things(world: World, paper: Paper) -> None:
    marks: list[list[object]] = [
        [0, 0, 0],
        ["缺考", "缺考", "缺考"],
        [3, "", 5],
        [-1, -1, -1],
        ["缓考", "", ""],
        ["Q", "Q", "Q"],
    ]
    report = load(world, paper, wide(world, marks))
    assert (report.applied, report.refused) == (6, 0)
    assert warnings(report) == [(5, "2", "blank_item")]
    data = data_of(world, paper)
    assert data.statuses.tolist() == [0, 1, 0, 1, 2, 1]
    np.testing.assert_array_equal(data.marks[0], [0, 0, 0])
    np.testing.assert_array_equal(data.marks[2], [3, math.nan, 5])
    assert data.states[2].tolist() == [0, MarkState.BLANK, 0]
    assert (data.states[[1, 3, 4, 5]] == MarkState.ABSENT).all()


def test_status_column_and_contradictions(world: World, paper: Paper) -> None:
    rows: list[list[object]] = [["学籍号", "考试状态", "1", "2", "3(1)"]]
    rows += [
        [g_number(0), "免考", "", "", ""],
        [g_number(1), "缺考", 3, 4, 5],
        [g_number(2), "生病", 3, 4, 5],
        [g_number(3), "", 3, 4, 5],
    ]
    report = load(world, paper, rows, accept_partial=True)
    assert codes(report) == [(3, "考试状态", "absent_with_marks"), (4, "考试状态", "bad_status")]
    assert data_of(world, paper).statuses.tolist() == [3, 0]


def test_each_fault_at_its_cell_and_nothing_applied(world: World, paper: Paper) -> None:
    marks = [[9, 4, 5], [3, "O", 5], [3, 4, -2], [3, 4, 5], [3, 4, 5]]
    rows = wide(world, marks)
    rows[5][0] = "G11010119900307123X"
    rows.append([g_number(4), "重复", 3, 4, 5])
    report = load(world, paper, rows)
    assert codes(report) == [
        (3, "1", "over_full_mark"),
        (4, "2", "not_a_number"),
        (5, "3(1)", "negative_mark"),
        (6, "学籍号", "unknown_pupil"),
        (8, "学籍号", "duplicate_pupil"),
    ]
    assert (report.applied, report.refused, report.nothing_applied) == (0, 5, True)
    with world.scope():
        assert not Attempt.objects.exists()
    partly = load(world, paper, rows, accept_partial=True)
    assert (partly.rows, partly.applied, partly.unchanged, partly.refused) == (6, 1, 0, 5)


def test_a_status_that_is_a_ruined_number_is_refused_at_its_cell(world: World, paper: Paper) -> None:
    rows: list[list[object]] = [["学籍号", "考试状态", "1", "2", "3(1)"]]
    rows += [[g_number(0), 3.4e17, 3, 4, 5], [g_number(1), "正常", 3, 4, 5]]
    report = load(world, paper, rows, accept_partial=True)
    assert codes(report) == [(2, "考试状态", "number_ruined")]
    assert report.applied == 1
