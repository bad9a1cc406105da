"""What no analysis can be asked: shapes, settings and groups that are refused by a typed error."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.aggregates import group_means
from edumetrics.arrays import response_matrix
from edumetrics.dif import mantel_haenszel
from edumetrics.errors import (
    BadCount,
    BadFullMark,
    BadParameter,
    BadSetting,
    EmptyMatrix,
    GroupTooSmall,
    InfiniteMark,
    MarkWithoutAnswer,
    NegativeMark,
    ShapeMismatch,
    UnknownName,
)
from edumetrics.exam import ExamSettings, analyse_exam
from edumetrics.irt import Calibration, calibrate, expected_shares
from edumetrics.levels import DEFAULT_BANDS
from edumetrics.results import Insufficient, Reason
from edumetrics.suppression import suppress, suppress_table

MARKS = (np.random.default_rng(1).random((400, 8)) < 0.6) * 1.0
MATRIX = response_matrix(MARKS, 1.0)
Q = np.repeat(np.eye(2), 4, axis=0)


def test_full_marks_and_states_fit_the_marks():
    with pytest.raises(ShapeMismatch, match="full marks"):
        response_matrix(MARKS, np.ones(7))
    for no_table in ([[1.0, 0.0], [1.0]], [["对", "错"]]):
        with pytest.raises(ShapeMismatch, match="no table"):
            response_matrix(no_table, 1.0)
    for state in (np.nan, 256, 0.5, np.inf):
        states = np.where(np.arange(8) == 2, state, np.zeros(MARKS.shape))
        with pytest.raises(MarkWithoutAnswer) as caught:
            response_matrix(MARKS, 1.0, states=states)
        assert (caught.value.pupil, caught.value.item) == ("1", "3")


@pytest.mark.parametrize(
    ("q", "error"), [(Q[:5], ShapeMismatch), (Q[:, 0], ShapeMismatch), (np.empty((8, 0)), EmptyMatrix)]
)
def test_q_has_a_row_for_each_item_and_a_point(q, error):
    with pytest.raises(error):
        analyse_exam(MATRIX, q)


@pytest.mark.parametrize(
    "given",
    [{"level": 1.0}, {"level": np.nan}, {"group_share": 0.0}, {"group_share": 0.6}, {"very_hard": 20.0}],
)
def test_settings_of_an_exam_are_shares(given):
    with pytest.raises(BadSetting, match=next(iter(given))):
        ExamSettings(**given)


def test_totals_without_a_level_are_refused():
    with pytest.raises(NegativeMark) as caught:
        DEFAULT_BANDS.assign([60.0, -5.0], 100.0)
    assert caught.value.pupil == "2"
    with pytest.raises(InfiniteMark):
        DEFAULT_BANDS.assign([np.inf], 100.0)


def test_groups_have_pupils():
    with pytest.raises(EmptyMatrix):
        group_means(np.empty((0, 2)), [])
    with pytest.raises(GroupTooSmall, match="'0'"):
        calibrate(MATRIX, groups=list(range(400)))
    found = calibrate(MATRIX, groups=["town"] * 399 + ["village"])
    assert isinstance(found, Calibration)
    village = found.populations[1]
    assert village.mean == village.sd == Insufficient(Reason.TOO_FEW_PUPILS, 1)
    with pytest.raises(ShapeMismatch):
        mantel_haenszel(MATRIX, ["a"] * 3, reference="a", focal="b")


def test_expected_shares_ask_for_an_ability_a_full_mark_and_an_item():
    found = calibrate(MATRIX)
    assert isinstance(found, Calibration)
    with pytest.raises(BadParameter):
        expected_shares(found, "1", 1.0, np.array([np.nan]))
    with pytest.raises(BadFullMark):
        expected_shares(found, "1", 0.0, np.zeros(1))
    with pytest.raises(UnknownName, match="zz"):
        expected_shares(found, "zz", 1.0, np.zeros(1))


def test_counts_that_are_none_hide_nothing():
    with pytest.raises(ShapeMismatch):
        suppress([[3, 4]])
    for bad in (np.nan, np.inf, -1, 2.5):
        with pytest.raises(BadCount):
            suppress_table([[bad, 4], [5, 6]])
