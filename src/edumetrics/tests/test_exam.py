"""The one call: complete on every exam, honest on odd ones, and fast."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edumetrics.arrays import State, response_matrix
from edumetrics.errors import ShapeMismatch
from edumetrics.exam import Flag, analyse_exam, pupil_counts
from edumetrics.results import Estimate, Estimates, Insufficient, Reason
from edumetrics.tests.data import load

NAN = float("nan")
EXAMS = [
    "frcsub", "lsat6", "lsat7", "math1", "ecpe_q", "timss07_g4_q", "hci_options", "ctt_options",
    "science_ordinal",
]  # fmt: skip


@pytest.mark.parametrize("name", EXAMS)
def test_every_exam_gives_only_finite_figures_or_reasons(name):
    exam = load(name)
    result = analyse_exam(exam.matrix, exam.q, exam.points or None)
    assert result.n_pupils == int(np.isfinite(exam.matrix.marks).any(axis=1).sum())
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        if isinstance(value, Estimates):
            for index in np.ndindex(value.value.shape):
                assert isinstance(value.at(*index), Estimate | Insufficient)
    assert isinstance(result.reliability.alpha, Estimate)


def test_point_shares_are_marks_got_over_marks_possible():
    exam = load("frcsub")
    result = analyse_exam(exam.matrix, exam.q, exam.points)
    assert exam.q is not None
    weights = exam.q / exam.q.sum(axis=1, keepdims=True)
    expected = (exam.matrix.marks @ weights).sum(axis=0) / (len(exam.matrix.marks) * weights.sum(axis=0))
    assert result.point_facility is not None
    np.testing.assert_allclose(result.point_facility.value, expected, rtol=1e-12)


def test_groups_follow_labels():
    exam = load("frcsub")
    groups = [f"班{i % 3}" for i in range(536)]
    table = analyse_exam(exam.matrix, exam.q, exam.points, groups).groups
    assert table is not None
    assert table.groups == ("班0", "班1", "班2")
    with pytest.raises(ShapeMismatch):
        analyse_exam(exam.matrix, groups=groups[:-1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (8, 12), (30, 1)])
@pytest.mark.parametrize("value", [0.0, 1.0, NAN])
def test_degenerate_papers(shape, value):
    result = analyse_exam(response_matrix(np.full(shape, value), 1.0), np.ones((shape[1], 1)))
    assert result.n_pupils == (0 if np.isnan(value) else shape[0])
    assert isinstance(result.reliability.alpha, Insufficient)
    assert isinstance(result.discrimination.at(0), Insufficient)
    assert isinstance(result.total(0), float) != np.isnan(value)


def test_flags_and_counts_of_absent_pupils():
    rng = np.random.default_rng(8)
    marks = (rng.random((60, 6)) < 1 / (1 + np.exp(-2 * rng.normal(size=(60, 1))))).astype(float)
    marks[:, 0] = 1 - marks[:, 1]
    states = np.zeros((60, 6), dtype=int)
    marks[0], states[0] = NAN, State.ABSENT
    marks[1], states[1] = NAN, State.DEFERRED
    blank = np.arange(2, 22)
    marks[blank, 4:], states[blank, 4:] = NAN, State.BLANK
    matrix = response_matrix(marks, 1.0, states=states)
    result = analyse_exam(matrix)
    assert Flag.NEGATIVE_DISCRIMINATION in result.flags[0]
    assert Flag.MANY_OMITTED in result.flags[4]
    assert Flag.MANY_NOT_REACHED in result.flags[5]
    assert result.omissions.pupils_out_of_time == 20
    assert pupil_counts(matrix).tolist() == [58, 1, 1, 0]
    assert result.total(0) == Insufficient(Reason.NO_RESPONSES, 0)


def test_booklets_with_85_percent_missing():
    rng = np.random.default_rng(3)
    marks = (rng.random((3000, 60)) < 0.6).astype(float)
    booklet = rng.integers(0, 20, 3000)
    for b in range(20):
        keep = (np.arange(9) + 3 * b) % 60
        drop = np.setdiff1d(np.arange(60), keep)
        marks[np.ix_(booklet == b, drop)] = NAN
    result = analyse_exam(response_matrix(marks, 1.0), np.eye(6)[np.arange(60) % 6])
    assert result.facility.known.all()
    assert result.rest_correlation.known.all()
    assert result.discrimination.known.all()
    assert result.reliability.sem == Insufficient(Reason.NOT_COMPARABLE, 3000)
    assert isinstance(result.mean, Insufficient)
    assert set(result.levels.tolist()) == {-1}
    codes = {c.code for c in result.provenance.warnings}
    assert {"missing_marks", "alpha_of_whole_pool", "pairs_never_together"} <= codes


def test_a_few_blanks_lower_neither_the_mean_nor_a_level():
    rng = np.random.default_rng(20)
    whole = (rng.random((4000, 30)) < np.linspace(0.3, 0.95, 30)).astype(float)
    whole[0] = 1.0
    marks = np.where(rng.random(whole.shape) < 0.03, NAN, whole)
    marks[0] = [NAN] * 3 + [1.0] * 27  # everything right that was seen
    result = analyse_exam(response_matrix(marks, 1.0))
    assert isinstance(result.mean, Estimate)
    assert isinstance(result.deviation, Estimate)
    seen = np.isfinite(marks).sum(axis=1)
    own = np.nansum(marks, axis=1)[seen >= 27] / seen[seen >= 27] * 30
    np.testing.assert_allclose(result.mean.value, own.mean(), rtol=1e-12)
    np.testing.assert_allclose(result.deviation.value, own.std(ddof=1), rtol=1e-12)
    assert result.mean.low < whole.sum(axis=1).mean() < result.mean.high
    assert (result.total(0), result.levels[0]) == (27.0, 0)
    shares = np.nansum(marks, axis=1) / seen
    assert result.levels[(seen >= 27) & (shares >= 0.85)].tolist() == [0] * int(
        ((seen >= 27) & (shares >= 0.85)).sum()
    )
    assert set(result.levels[seen < 27].tolist()) == {-1}


def test_results_are_read_only():
    result = analyse_exam(load("lsat6").matrix)
    with pytest.raises(ValueError, match="read-only"):
        result.facility.value[0] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.pupils = ()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_point_shares_cover_the_population(seed):
    rng = np.random.default_rng(seed)
    q = np.maximum(np.eye(4)[np.arange(20) % 4], rng.random((20, 4)) < 0.2)
    a, b = rng.lognormal(0, 0.4, 20), rng.normal(size=20)
    weights = q / q.sum(axis=1, keepdims=True)

    def draw(n):
        return (rng.random((n, 20)) < 1 / (1 + np.exp(-a * (rng.exponential(size=(n, 1)) - 1 - b)))) * 1.0

    truth = (draw(100_000) @ weights).mean(axis=0) / weights.sum(axis=0)
    hits = tries = 0
    for _ in range(80):
        points = analyse_exam(response_matrix(draw(60), 1.0), q).point_facility
        assert points is not None
        hits += int(((points.low <= truth) & (truth <= points.high)).sum())
        tries += 4
    # 80 replicates with correlated points: three standard errors of 80 independent ones around 90–98 %
    assert hits / tries >= 0.90 - 0.073


def test_an_item_that_nobody_has_a_mark_of_is_no_part_of_the_paper():
    rng = np.random.default_rng(21)
    marks = (rng.random((60, 8)) < 1 / (1 + np.exp(-rng.normal(size=(60, 1))))).astype(float)
    marks[:, 7] *= 3.0
    full = np.r_[np.ones(7), 3.0, 12.0]
    result = analyse_exam(response_matrix(np.column_stack([marks, np.full(60, NAN)]), full))
    alone = analyse_exam(response_matrix(marks, full[:8]))
    for figure in ("alpha", "omega", "sem"):
        assert getattr(result.reliability, figure) == getattr(alone.reliability, figure)
    assert (result.mean, result.deviation, result.paper) == (alone.mean, alone.deviation, 10.0)
    assert result.levels.tolist() == alone.levels.tolist()
    assert result.facility.at(8) == Insufficient(Reason.NO_RESPONSES, 0)
    silent = next(c for c in result.provenance.warnings if c.code == "items_without_responses")
    assert silent.subjects == ("9",)
