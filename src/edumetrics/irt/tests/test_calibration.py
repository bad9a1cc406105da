"""The one call: published standard errors, fallbacks, bad input, coverage of intervals."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.errors import InfiniteMark, MarkOverFull, NegativeMark, ShapeMismatch
from edumetrics.irt import Calibration, Classical, LogNormal, Settings, calibrate
from edumetrics.irt.tests.data import exam_full, exam_marks, lsat6
from edumetrics.results import Estimate, Insufficient, Reason


def simulated(seed, n=300, n_items=8, slope=1.2):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(n, 1))
    right = rng.random((n, n_items)) < 1 / (1 + np.exp(-slope * theta - np.linspace(-1, 1, n_items)))
    return right.astype(float)


def codes(result):
    return {w.code for w in result.provenance.warnings}


def assert_finite(result):
    """No figure of a calibration is NaN or infinite, whatever went in."""
    assert isinstance(result, Calibration)
    assert np.isfinite([result.loglik, result.aic, result.bic]).all()
    assert np.isfinite(result.parameters.par).all()
    for item in result.items:
        for figure in (item.slope, *item.intercepts, *item.difficulties):
            assert (
                isinstance(figure, Insufficient) or np.isfinite([figure.value, figure.low, figure.high]).all()
            )


def test_lsat6_standard_errors_and_criteria():
    exam = calibrate(response_matrix(lsat6(), 1.0), settings=Settings(tolerance=1e-6))
    assert isinstance(exam, Calibration)
    assert exam.aic == pytest.approx(4953.307, abs=2e-3)
    assert exam.bic == pytest.approx(5002.384, abs=2e-3)
    slope_se = [i.slope.se for i in exam.items]
    np.testing.assert_allclose(slope_se, [0.2581, 0.1867, 0.2326, 0.1852, 0.2100], atol=5e-4)
    difficulty = [i.difficulties[0] for i in exam.items]
    np.testing.assert_allclose(
        [d.se for d in difficulty], [0.8669, 0.3073, 0.0997, 0.4341, 0.8700], atol=4e-3
    )


def test_few_pupils_fall_back_to_rasch_and_say_so():
    exam = calibrate(response_matrix(simulated(1, n=120), 1.0), "2pl")
    assert isinstance(exam, Calibration)
    assert exam.model == "rasch"
    assert "fell_back_to_rasch" in codes(exam)
    assert len({i.slope.value for i in exam.items}) == 1


def test_very_few_pupils_fall_back_to_facilities():
    result = calibrate(response_matrix(simulated(2, n=8), 1.0))
    assert isinstance(result, Classical)
    assert result.reason == Insufficient(Reason.TOO_FEW_PUPILS, 8)
    assert codes(result) == {"fell_back_to_classical"}
    assert result.facility["1"].low < simulated(2, n=8)[:, 0].mean() < result.facility["1"].high


@pytest.mark.parametrize("marks", [np.ones((1, 5)), np.full((3, 4), np.nan), np.zeros((40, 1))])
def test_one_pupil_nobody_one_item(marks):
    result = calibrate(response_matrix(marks, 1.0))
    assert isinstance(result, Classical)
    assert result.reason.n == int(np.isfinite(marks).any(axis=1).sum())


def test_items_that_say_nothing_are_named():
    marks = simulated(3)
    odd = np.column_stack([np.ones(300), np.zeros(300), np.full(300, np.nan), marks[:, 0]])
    names = [*"abcdefgh", "all_right", "all_wrong", "unreached", "copy_of_a"]
    exam = calibrate(response_matrix(np.hstack([marks, odd]), 1.0, items=names))
    assert exam.excluded == {
        "all_right": Insufficient(Reason.CONSTANT_MARKS, 300),
        "all_wrong": Insufficient(Reason.CONSTANT_MARKS, 300),
        "unreached": Insufficient(Reason.NO_RESPONSES, 0),
        "copy_of_a": Insufficient(Reason.NOT_IDENTIFIED, 300),
    }
    assert exam.item("copy_of_a").reason == Reason.NOT_IDENTIFIED
    assert ("copy_of_a", "a") in {w.subjects for w in exam.provenance.warnings}
    assert_finite(exam)
    with pytest.raises(KeyError):
        exam.item("no such item")


@pytest.mark.parametrize(
    ("value", "error"), [(np.inf, InfiniteMark), (-1.0, NegativeMark), (2.0, MarkOverFull)]
)
def test_impossible_marks_never_reach_the_model(value, error):
    marks = simulated(4)
    marks[17, 3] = value
    with pytest.raises(error, match="pupil '18', item '4'"):
        response_matrix(marks, 1.0)


def test_a_wrongly_keyed_item_is_not_hidden_by_the_prior():
    marks = simulated(5, n=400)
    marks[:, 2] = 1 - marks[:, 2]
    exam = calibrate(response_matrix(marks, 1.0))
    assert ("negative_slope", ("3",)) in {(w.code, w.subjects) for w in exam.provenance.warnings}
    assert exam.item("3").slope.value < 0


def test_perfect_staircase_stays_finite():
    """Guttman data: slopes run to infinity without a prior; with none they stop at the bound."""
    marks = (np.arange(300)[:, None] > np.arange(1, 8) * 37).astype(float)
    for prior in ("auto", None):
        assert_finite(calibrate(response_matrix(marks, 1.0), settings=Settings(slope_prior=prior)))


def test_noise_gives_slopes_near_zero_and_no_difficulty():
    marks = (np.random.default_rng(6).random((600, 6)) < 0.5).astype(float)
    exam = calibrate(response_matrix(marks, 1.0), settings=Settings(slope_prior=None))
    assert_finite(exam)
    assert any(isinstance(i.difficulties[0], Insufficient) for i in exam.items)


def test_pupils_without_any_mark_do_not_count():
    marks = np.vstack([simulated(7), np.full((50, 8), np.nan)])
    with_absent = calibrate(response_matrix(marks, 1.0))
    without = calibrate(response_matrix(simulated(7), 1.0))
    assert with_absent.n == 300
    np.testing.assert_array_equal(with_absent.parameters.par, without.parameters.par)


def test_empty_and_rare_categories_are_merged_and_reported():
    marks = exam_marks("frcsub")[:, :6] * 2.0
    rng = np.random.default_rng(8)
    marks[:, 0] = np.where(marks[:, 0] > 0, rng.integers(20, 61, len(marks)), rng.integers(0, 30, len(marks)))
    marks[0, 1] = 1.0  # one pupil alone with half a mark
    exam = calibrate(response_matrix(marks, [60, 2, 2, 2, 2, 2]))
    merged = {w.subjects[0] for w in exam.provenance.warnings if w.code == "categories_merged"}
    assert merged == {"1", "2"}
    assert 2 < len(exam.item("1").category_marks) <= 10
    assert list(exam.item("1").category_marks) == sorted(exam.item("1").category_marks)
    assert len(exam.item("2").category_marks) == 2


def test_three_parameters_need_a_thousand_pupils():
    few = calibrate(response_matrix(simulated(9), 1.0), "3pl")
    assert few.model == "2pl"
    assert "fell_back_to_2pl" in codes(few)
    many = calibrate(response_matrix(simulated(9, n=1500), 1.0), "3pl")
    assert many.model == "3pl"
    assert all(0 < i.guessing.low < i.guessing.value < i.guessing.high < 1 for i in many.items)


def test_models_mix_and_unknown_ones_are_refused():
    marks = simulated(10, n=1200)
    marks[:, 0] += simulated(11, n=1200)[:, 0]
    exam = calibrate(response_matrix(marks, [2, *[1] * 7]), {"1": "graded", "2": "3pl"})
    assert [i.model for i in exam.items] == ["graded", "3pl", *["2pl"] * 6]
    with pytest.raises(ValueError, match="unknown model '4pl'"):
        calibrate(response_matrix(marks, 2.0), "4pl")
    with pytest.raises(ValueError, match="no item 'z'"):
        calibrate(response_matrix(marks, 2.0), {"z": "2pl"})
    with pytest.raises(ValueError, match="cannot be mixed"):
        calibrate(response_matrix(marks, 2.0), {"1": "rasch"})
    with pytest.raises(ShapeMismatch):
        calibrate(response_matrix(marks, 2.0), groups=["a"])


def test_groups_have_means_with_intervals_and_the_largest_is_the_reference():
    rng = np.random.default_rng(12)
    theta = np.concatenate([rng.normal(0, 1, 1500), rng.normal(-0.6, 1.2, 700)])[:, None]
    marks = (rng.random((2200, 15)) < 1 / (1 + np.exp(-theta - np.linspace(-1, 1, 15)))).astype(float)
    exam = calibrate(response_matrix(marks, 1.0), groups=["town"] * 1500 + ["village"] * 700)
    town, village = exam.populations
    assert (town.label, town.mean.value, town.sd.value) == ("town", 0.0, 1.0)
    assert village.mean.low < -0.6 < village.mean.high
    assert village.sd.low < 1.2 < village.sd.high
    assert 0.03 < village.mean.se < 0.1


def test_a_start_from_a_sample_moves_nothing_by_more_than_the_tolerance(monkeypatch):
    marks = simulated(15, n=4000, n_items=15)
    whole = calibrate(response_matrix(marks, 1.0), settings=Settings(tolerance=1e-8))
    monkeypatch.setattr("edumetrics.irt.calibration.SAMPLE_START_ABOVE", 1000)
    monkeypatch.setattr("edumetrics.irt.calibration.SAMPLE_START", 400)
    order = np.random.default_rng(15).permutation(4000)
    for some in (marks, marks[order]):
        sampled = calibrate(response_matrix(some, 1.0))
        np.testing.assert_allclose(sampled.parameters.par, whole.parameters.par, atol=1e-4)
        assert sampled.loglik == pytest.approx(whole.loglik, abs=1e-4)


def test_a_population_much_wider_than_the_reference_has_nodes_to_its_ends():
    """Cut off at three standard deviations its maximum would lie elsewhere, and EM would walk downhill."""
    rng = np.random.default_rng(14)
    theta = np.concatenate([rng.normal(0, 1, 900), rng.normal(-1, 2.2, 700)])[:, None]
    marks = (rng.random((1600, 12)) < 1 / (1 + np.exp(-1.2 * theta - np.linspace(-2, 2, 12)))).astype(float)
    exam = calibrate(response_matrix(marks, 1.0), groups=["a"] * 900 + ["b"] * 700)
    assert isinstance(exam, Calibration)
    mean, sd = exam.populations[1].mean, exam.populations[1].sd
    assert exam.problem.theta[-1] >= abs(mean.value) + 4.5 * sd.value
    assert mean.low < -1 < mean.high
    assert sd.low < 2.2 < sd.high


def test_sample_and_full_standard_errors_agree_without_a_closed_form(monkeypatch):
    marks = response_matrix(simulated(13, n=3000) + simulated(14, n=3000), 2.0)
    full = calibrate(marks, "graded")
    monkeypatch.setattr("edumetrics.irt.errors.SAMPLE", 1500)
    part = calibrate(marks, "graded")
    np.testing.assert_allclose([i.slope.se for i in part.items], [i.slope.se for i in full.items], rtol=0.05)


def test_a_large_exam_starts_from_a_sample_and_ends_at_the_same_place(monkeypatch):
    marks = response_matrix(simulated(14, n=4000), 1.0)
    direct = calibrate(marks)
    monkeypatch.setattr("edumetrics.irt.calibration.SAMPLE_START_ABOVE", 1000)
    monkeypatch.setattr("edumetrics.irt.calibration.SAMPLE_START", 500)
    sampled = calibrate(marks)
    np.testing.assert_allclose(sampled.parameters.par, direct.parameters.par, atol=5e-4)


@pytest.mark.parametrize("name", ["math1", "timss07_g4_q", "ecpe_q", "science_ordinal", "frcsub"])
def test_real_exams_give_complete_answers(name):
    exam = calibrate(response_matrix(exam_marks(name), exam_full(name)))
    assert_finite(exam)
    assert len(exam.items) + len(exam.excluded) == len(exam_full(name))
    assert all(isinstance(i.slope, Estimate) for i in exam.items)


@pytest.mark.parametrize(("n", "repeats"), [(200, 60), (1000, 30)])
def test_intervals_cover(n, repeats):
    """95 % intervals hold the truth in 93–97 % of 1,200 and 600 cases (± simulation error)."""
    rng = np.random.default_rng(n)
    hits = np.zeros(2)
    for _ in range(repeats):
        a, d, theta = np.exp(rng.normal(0, 0.3, 20)), rng.normal(0, 1, 20), rng.normal(size=(n, 1))
        exam = calibrate(response_matrix(rng.random((n, 20)) < 1 / (1 + np.exp(-theta * a - d)), 1.0))
        for j, item in enumerate(exam.items):
            hits += [
                item.slope.low <= a[j] <= item.slope.high,
                item.intercepts[0].low <= d[j] <= item.intercepts[0].high,
            ]
    margin = 2.5 * np.sqrt(0.95 * 0.05 / (20 * repeats))
    assert (np.abs(hits / (20 * repeats) - 0.95) < 0.02 + margin).all()


def test_a_prior_may_be_given_and_is_recorded():
    exam = calibrate(response_matrix(simulated(15), 1.0), settings=Settings(slope_prior=LogNormal(0.2, 0.1)))
    np.testing.assert_allclose([i.slope.value for i in exam.items], 1.22, atol=0.15)
    assert exam.provenance.settings["slope_prior"] == {"mean": 0.2, "sd": 0.1}
    with pytest.raises(ValueError, match="slope_prior"):
        Settings(slope_prior="flat")
