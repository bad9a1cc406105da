"""What no analysis can be asked: shapes, settings and groups that are refused by a typed error."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from edumetrics import cdm, irt
from edumetrics.aggregates import group_means
from edumetrics.arrays import response_matrix
from edumetrics.cdm import class_space
from edumetrics.dif import logistic_dif, mantel_haenszel
from edumetrics.errors import (
    BadAnswer,
    BadCount,
    BadFullMark,
    BadParameter,
    BadSetting,
    BadWeights,
    DuplicateItem,
    EmptyMatrix,
    GroupTooSmall,
    InfiniteMark,
    MarkOverFull,
    MarkWithoutAnswer,
    NegativeMark,
    ShapeMismatch,
    UnknownName,
)
from edumetrics.exam import ExamSettings, analyse_exam
from edumetrics.irt import (
    Calibration,
    calibrate,
    calibrate_testlets,
    expected_shares,
    plausible_values,
    score,
    with_robust_errors,
)
from edumetrics.levels import DEFAULT_BANDS, make_bands
from edumetrics.results import Insufficient, Reason
from edumetrics.runners.federated import FederatedRunner
from edumetrics.runners.local import ProcessRunner, ThreadRunner
from edumetrics.runners.packing import make_layout, pack
from edumetrics.runners.stats import add
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


def test_an_error_comes_home_from_a_worker_as_it_was():
    for error in (MarkOverFull(pupil="S1", item="3", value=7.0), BadSetting(value="draws"), EmptyMatrix()):
        home = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own
        assert (type(home), str(home), home.pupil, home.item, home.value) == (
            type(error), str(error), error.pupil, error.item, error.value,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("A", "优", 0.8)], "begins at 0"),
        ([("A", "优", 1.0), ("B", "良", 0.0)], "shares"),
        ([("A", "优", 0.5), ("B", "良", 0.5), ("C", "合格", 0.0)], "go down"),
        ([("A", "优", 0.5), ("A", "良", 0.0)], "same code"),
        ([], "begins at 0"),
    ],
)
def test_bands_that_leave_somebody_without_a_level_are_refused(rows, said):
    with pytest.raises(BadSetting, match=said):
        make_bands(rows)


def test_settings_and_names_of_models_that_there_are_not():
    for settings in ({"slope_prior": "none"}, {"tolerance": 0.0}):
        with pytest.raises(BadSetting):
            irt.Settings(**settings)
    for settings in ({"prior_low": 0.9}, {"starts": 0}, {"followed": 0}, {"draws": 1}):
        with pytest.raises(BadSetting):
            cdm.Settings(**settings)
    with pytest.raises(BadSetting, match="unknown model '4pl'"):
        calibrate(MATRIX, model="4pl")
    with pytest.raises(BadSetting, match="unknown model"):
        class_space(np.eye(2, dtype=bool), "nida")
    with pytest.raises(BadWeights, match="item 1 needs no point"):
        class_space(np.array([[True], [False]]))
    with pytest.raises(UnknownName, match="names no point"):
        class_space(np.eye(2, dtype=bool), "dina", [(0, 5)])
    with pytest.raises(UnknownName, match="no item 'z'"):
        calibrate(MATRIX, model={"z": "2pl"})


def test_scores_and_testlets_of_what_was_not_calibrated():
    found = calibrate(MATRIX)
    assert isinstance(found, Calibration)
    with pytest.raises(BadSetting, match="unknown method"):
        score(found, MATRIX, method="mle")
    with pytest.raises(UnknownName, match="no population 'x'"):
        score(found, MATRIX, groups=["x"] * 400)
    with pytest.raises(BadSetting, match="one draw"):
        plausible_values(found, MATRIX, np.random.default_rng(0), 0)
    with pytest.raises(UnknownName, match="no item 'z'"):
        calibrate_testlets(found, MATRIX, [["1", "z"]])
    with pytest.raises(DuplicateItem, match="two testlets"):
        calibrate_testlets(found, MATRIX, [["1", "2"], ["2", "3"]])


@pytest.mark.parametrize(
    ("other", "error"),
    [(MATRIX.take_pupils(np.arange(399)), ShapeMismatch), (MATRIX.take_items(np.arange(7)), UnknownName)],
)
def test_robust_errors_want_the_answers_that_were_calibrated(other, error):
    found = calibrate(MATRIX)
    assert isinstance(found, Calibration)
    with pytest.raises(error):
        with_robust_errors(found, other)
    with pytest.raises(UnknownName, match="no population 'x'"):
        with_robust_errors(found, MATRIX, groups=["x"] * 400)
    assert with_robust_errors(found, MATRIX).n == found.n


def test_runners_want_persons_of_their_layout():
    layout = make_layout([2, 2], [True, True])
    for runner in (ThreadRunner, ProcessRunner):
        with pytest.raises(EmptyMatrix):
            runner([])
    with pytest.raises(EmptyMatrix):
        FederatedRunner(layout, 3, [])
    with pytest.raises(EmptyMatrix):
        add([])
    with pytest.raises(BadSetting, match="categories"):
        make_layout([300], [True])
    with pytest.raises(ShapeMismatch, match="expected 2 items"):
        pack(np.zeros((3, 5), dtype=np.int16), layout)
    with pytest.raises(BadAnswer, match="person 1, item 0: category 2"):
        pack(np.array([[0, 1], [2, 1]]), layout)


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
    for compare in (mantel_haenszel, logistic_dif):
        with pytest.raises(UnknownName, match="'aa'"):
            compare(MATRIX, ["a", "b"] * 200, reference="aa", focal="b")
    nobody = mantel_haenszel(MATRIX, ["a"] * 400, reference="a", focal="b")
    assert {item.effect for item in nobody.items} == {Insufficient(Reason.TOO_FEW_PUPILS, 0)}


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
