"""Diagnosis of papers with more points than classes can be listed for: recovery, refusals, invariance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import CircularPrerequisites, ClassModelResult, Settings, TooManyClasses, diagnose, em
from edumetrics.cdm.network import ability
from edumetrics.cdm.network import fit as network_fit
from edumetrics.cdm.network.diagnosis import diagnose_network
from edumetrics.cdm.network.expectation import Parameters, parts_of
from edumetrics.cdm.network.fit import LEAST_RUN, WORK, Threads, affordable, fit
from edumetrics.cdm.network.structure import merged_space, network
from edumetrics.cdm.preparation import make_problem, prepare
from edumetrics.errors import BadWeights, ShapeMismatch
from edumetrics.results import Estimate, Insufficient, Reason

QUICK = Settings(check_ridge=False, followed=1)


def paper(seed, n_points, n_items, joined=0.3):
    """Q-matrix in which every point has an item alone and some items ask for a second point."""
    rng = np.random.default_rng(seed)
    q = np.zeros((n_items, n_points), int)
    q[np.arange(n_items), np.arange(n_items) % n_points] = 1
    second = np.flatnonzero(rng.random(n_items) < joined)
    q[second, rng.integers(0, n_points, len(second))] = 1
    return q


def answers(seed, n, q):
    """Marks, mastery, guesses, slips and the share of the population that has each point."""
    rng = np.random.default_rng(seed)
    n_items, n_points = q.shape
    slope, place = rng.uniform(1.0, 2.5, n_points), rng.uniform(-1.0, 1.0, n_points)
    theta = rng.normal(size=(n, 1))
    mastered = rng.random((n, n_points)) < 1.0 / (1.0 + np.exp(-slope * (theta - place)))
    guess, slip = rng.uniform(0.1, 0.3, n_items), rng.uniform(0.05, 0.2, n_items)
    able = (mastered[:, None, :] >= q).all(axis=2)
    marks = rng.random((n, n_items)) < np.where(able, 1.0 - slip, guess)
    share = (1.0 / (1.0 + np.exp(-slope[:, None] * (ability.NODES - place[:, None])))) @ ability.WEIGHTS
    return marks.astype(float), mastered, guess, slip, share


def codes(result):
    return {w.code: w.subjects for w in result.provenance.warnings}


def held(estimate, truth):
    return estimate.low <= truth <= estimate.high


# ------------------------------------------------------------------ recovery


@pytest.mark.parametrize("n_points", [20, 24, 30])
def test_points_items_and_pupils_are_found_again(n_points):
    q = np.vstack([paper(1, n_points, 2 * n_points), np.eye(n_points, dtype=int)])
    marks, mastered, guess, slip, share = answers(n_points, 1000, q)
    got = diagnose(response_matrix(marks, 1.0), q, "dina", settings=QUICK)
    assert isinstance(got, ClassModelResult)
    assert (got.n_classes, got.provenance.settings["way"]) == (None, "network")
    assert "points_lean_on_ability" in codes(got)
    assert np.mean([abs(i.guess.value - g) for i, g in zip(got.items, guess, strict=True)]) < 0.03
    assert np.mean([abs(i.slip.value - s) for i, s in zip(got.items, slip, strict=True)]) < 0.04
    assert np.mean([held(i.guess, g) for i, g in zip(got.items, guess, strict=True)]) > 0.85
    assert np.mean([held(p.prevalence, s) for p, s in zip(got.points, share, strict=True)]) > 0.8
    value = got.mastery.value
    assert got.mastery.known.all()
    right = np.mean((value > 0.5) == mastered)
    assert right > 0.9
    assert abs(np.mean(np.maximum(value, 1 - value)) - right) < 0.015


def test_pupils_too_few_for_their_classes_are_not_called_sure():
    """300 pupils, 14 points: 16,384 classes with weights of their own state 0.997 and are right in 0.87."""
    q = paper(2, 14, 36, joined=0.0)
    marks, mastered, *_ = answers(3, 300, q)
    matrix = response_matrix(marks, 1.0)
    lost = {}
    for name, setting in (("network", QUICK), ("classes", replace(QUICK, saturated_from=0, starts=1))):
        got = diagnose(matrix, q, settings=setting)
        assert got.provenance.settings["way"] == name
        value = got.mastery.value
        surplus = np.mean(np.maximum(value, 1 - value)) - np.mean((value > 0.5) == mastered)
        lost[name] = (np.mean((value - mastered) ** 2), surplus)
    assert lost["network"][0] < 0.7 * lost["classes"][0]
    assert abs(lost["network"][1]) < 0.02


def test_booklets_and_partial_marks():
    """Each pupil meets a third of sixty items of 0 to 3 marks over 24 points."""
    q = np.vstack([paper(4, 24, 36, joined=0.2), np.eye(24, dtype=int)])
    _, mastered, *_ = answers(5, 1500, q)
    rng = np.random.default_rng(6)
    able = (mastered[:, None, :] >= q).all(axis=2)
    marks = rng.binomial(3, np.where(able, 0.85, 0.2)).astype(float)
    block = np.arange(60) % 3
    marks[block[None, :] != rng.integers(0, 3, (1500, 1))] = np.nan
    got = diagnose(response_matrix(marks, 3.0), q, settings=QUICK)
    assert got.provenance.settings["way"] == "network"
    known = got.mastery.known
    answered = (~np.isnan(marks)).astype(int) @ q
    assert not known[answered == 0].any()
    assert known[answered > 0].mean() > 0.95
    assert np.mean((got.mastery.value > 0.5)[known] == mastered[known]) > 0.85


# ------------------------------------------------------------------ what cannot be told


def test_what_this_paper_cannot_tell_is_said():
    """Point 20 has one item, 21 none, 22 and 23 only come together."""
    q = np.zeros((44, 24), int)
    q[np.arange(40), np.arange(40) % 20] = 1
    q[40, 20] = 1
    q[41:, 22:] = 1
    marks, *_ = answers(7, 400, q)
    names = [f"P{k}" for k in range(24)]
    got = diagnose(response_matrix(marks, 1.0), q, points=names, settings=QUICK)
    told = codes(got)
    assert told["point_of_one_item"] == ("P20",)
    assert told["point_cannot_be_told"] == ("P21",)
    for k in (20, 21):
        assert got.points[k].prevalence == Insufficient(Reason.NOT_IDENTIFIED, 400)
        assert not got.mastery.known[:, k].any()
    able = np.flatnonzero((marks[:, 41:] == 1).all(axis=1))
    unable = np.flatnonzero((marks[:, 41:] == 0).all(axis=1))
    assert got.mastery.value[able, 22].min() > 0.8
    # who lacks one of the two cannot be told which
    assert got.mastery.at(int(unable[0]), 22) == Insufficient(Reason.NOT_IDENTIFIED, 3)
    assert isinstance(got.points[0].prevalence, Estimate)


def test_prerequisites_are_kept():
    q = paper(8, 24, 48)
    marks, *_ = answers(9, 300, q)
    got = diagnose(response_matrix(marks, 1.0), q, prerequisites=[(0, 1), (1, 2)], settings=QUICK)
    value = got.mastery.value
    assert (value[:, 0] >= value[:, 1] - 1e-9).all()
    assert (value[:, 1] >= value[:, 2] - 1e-9).all()


# ------------------------------------------------------------------ refusals and bad input


def test_points_that_items_join_too_closely_are_named():
    """Every two of twenty points have an item: 2^20 states that nothing takes apart."""
    q = np.array([[k in (a, b) for k in range(20)] for a in range(20) for b in range(a)], int)
    marks, *_ = answers(10, 60, q)
    with pytest.raises(TooManyClasses, match="P3") as caught:
        diagnose(response_matrix(marks, 1.0), q, points=[f"P{k}" for k in range(20)], settings=QUICK)
    assert "P3" in caught.value.points


def test_a_paper_whose_points_hang_together_widely_is_climbed_once_and_says_where_it_stopped(monkeypatch):
    """Otherwise one exam could take the machine for as long as several hundred seconds."""
    assert affordable(Settings(), cells=1_000_000) == Settings(starts=3)
    assert affordable(Settings(starts=2), cells=1_000_000) == Settings(starts=2)
    wide = affordable(Settings(), cells=WORK // 200)
    assert (wide.starts, wide.followed, wide.check_ridge, wide.max_evaluations) == (1, 1, False, 200)
    assert affordable(Settings(), cells=WORK).max_evaluations == LEAST_RUN

    q = paper(5, 20, 60)
    marks, *_ = answers(5, 300, q)
    monkeypatch.setattr(network_fit, "WORK", 1)
    monkeypatch.setattr(network_fit, "LEAST_RUN", 2)
    result = diagnose(response_matrix(marks, 1.0), q)
    assert isinstance(result, ClassModelResult)
    assert "not_converged" in codes(result)
    assert all(0.0 <= one.guess.low <= one.guess.value <= one.guess.high <= 1.0 for one in result.items)


def test_bad_demands_are_errors_and_few_pupils_an_answer():
    q = paper(11, 24, 30)
    marks, *_ = answers(12, 40, q)
    matrix = response_matrix(marks, 1.0)
    with pytest.raises(ShapeMismatch):
        diagnose(matrix, q[:5])
    bad = q.astype(float)
    bad[3, 3] = np.nan
    with pytest.raises(BadWeights):
        diagnose(matrix, bad)
    with pytest.raises(CircularPrerequisites):
        diagnose(matrix, q, prerequisites=[(0, 1), (1, 0)])
    with pytest.raises(ValueError, match="unknown model"):
        diagnose(matrix, q, "rum")
    assert diagnose(response_matrix(marks[:20], 1.0), q) == Insufficient(Reason.TOO_FEW_PUPILS, 20)
    few = diagnose(matrix, q, settings=QUICK)
    assert np.isfinite(few.loglik)
    assert few.mastery.known.any()


def test_hostile_answers_give_numbers_or_reasons():
    q = paper(13, 20, 40)
    marks, *_ = answers(14, 120, q)
    marks[:5], marks[5:10], marks[10:15] = 1.0, 0.0, np.nan
    marks[:, 7], marks[:, 8], marks[:, 9] = 1.0, marks[:, 6], np.nan
    got = diagnose(response_matrix(marks, 1.0), q, "gdina", settings=QUICK)
    assert got.provenance.settings["way"] == "network"
    assert set(got.excluded) == {str(j + 1) for j in (7, 8, 9)}
    known = got.mastery.known
    assert not known[10:15].any()
    assert np.isfinite(got.mastery.value[known]).all()
    assert (got.mastery.low[known] <= got.mastery.high[known]).all()


# ------------------------------------------------------------------ invariance


def test_a_fit_does_not_depend_on_shards_or_on_the_order_of_pupils():
    q = paper(15, 20, 40)
    marks, *_ = answers(16, 350, q)
    exam = prepare(response_matrix(marks, 1.0), q, "dina", None, (), QUICK)
    space = merged_space(exam.q, "dina")
    net, problem = network(space, "dina"), make_problem(space, exam.coding, "dina", QUICK, 350)
    first = Parameters(em.start(problem, exam.shares).probability, ability.start(20))
    steps, ends = [], []
    for number in (1, 2, 7):
        order = np.random.default_rng(number).permutation(350)
        parts = [p for rows in np.array_split(order, number) for p in parts_of(net, exam.categories[rows])]
        with Threads(net, parts) as total:
            steps.append(fit(problem, total, first, 0.0, 8))
            ends.append(fit(problem, total, first, 1e-7, 3000))
    for step, end in zip(steps[1:], ends[1:], strict=True):
        assert step.loglik == pytest.approx(steps[0].loglik, abs=1e-8)
        for name in ("probability", "chance"):
            one, two = (getattr(f.parameters, name) for f in (step, steps[0]))
            np.testing.assert_allclose(one, two, atol=1e-9)
        assert end.converged
        assert end.loglik == pytest.approx(ends[0].loglik, abs=1e-6)


def test_the_result_reaches_the_maximum_that_plain_steps_reach():
    """The climb against EM written out, on a paper small enough for both ways."""
    q = paper(17, 5, 15)
    marks, *_ = answers(18, 200, q)
    exam = prepare(response_matrix(marks, 1.0), q, "dina", None, (), QUICK)
    got, _ = diagnose_network(exam)
    space = merged_space(exam.q, "dina")
    net, problem = network(space, "dina"), make_problem(space, exam.coding, "dina", QUICK, 200)
    at = Parameters(em.start(problem, exam.shares).probability, ability.start(5))
    with Threads(net, parts_of(net, exam.categories)) as total:
        plain = [fit(problem, total, at, 1e-7, 1)]
        for _ in range(400):
            plain.append(fit(problem, total, plain[-1].parameters, 1e-7, 1))
    values = [one.objective for one in plain]
    assert (np.diff(values) > -1e-8).all()
    assert got.loglik == pytest.approx(plain[-1].loglik, abs=0.01)
