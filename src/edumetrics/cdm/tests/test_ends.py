"""Chances of nothing and of everything are held by their intervals, and refuted where answers refute them."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose
from edumetrics.cdm.network.diagnosis import diagnose_network
from edumetrics.cdm.preparation import Prepared, prepare
from edumetrics.results import Estimate

QUICK = Settings(check_ridge=False, starts=3)
N_ITEMS, N_POINTS = 20, 4


def draw(seed, n, marks=1):
    """Answers, Q and true shares of those with none and all of the points; four items at each end."""
    rng = np.random.default_rng(seed)
    q = np.zeros((N_ITEMS, N_POINTS), int)
    q[np.arange(N_ITEMS), np.arange(N_ITEMS) % N_POINTS] = 1
    q[np.arange(8, 20), rng.integers(0, 4, 12)] = 1
    mastered = 0.8 * rng.normal(size=(n, 1)) + rng.normal(size=(n, N_POINTS)) > rng.normal(0, 0.5, N_POINTS)
    none, all_ = rng.uniform(0.05, 0.3, N_ITEMS), rng.uniform(0.7, 0.95, N_ITEMS)
    none[:4], all_[4:8] = 0.0, 1.0
    share = (mastered @ q.T / q.sum(axis=1)) ** 2
    return rng.binomial(marks, none + (all_ - none) * share).astype(float), q, none, all_


def ends(answers, q, marks):
    """Shares of pupils with none and with all of the points, item by item."""
    for item in diagnose(response_matrix(answers, float(marks)), q, "gdina", settings=QUICK).items:
        none, all_ = item.groups[0].share, item.groups[-1].share
        assert isinstance(none, Estimate)
        assert isinstance(all_, Estimate)
        yield none, all_


@pytest.mark.parametrize(("n", "marks"), [(60, 1), (200, 1), (1000, 1), (400, 3)])
def test_exact_chances_are_held_and_others_not_more_than_before(n, marks):
    exact, other = [], []
    for seed in range(4):
        answers, q, none, all_ = draw(seed, n, marks)
        for j, (guess, top) in enumerate(ends(answers, q, marks)):
            for share, true in ((guess, none[j]), (top, all_[j])):
                held = share.low <= true <= share.high
                assert share.low <= share.value <= share.high
                (exact if true in (0.0, 1.0) else other).append(held)
    assert np.mean(exact) >= 0.9
    assert 0.9 <= np.mean(other) <= 0.995


def test_an_end_is_refuted_by_answers_that_speak_against_it():
    """With a thousand pupils a guess of 0.2 is no guess of nothing."""
    refuted = []
    for seed in range(3):
        answers, q, none, all_ = draw(seed, 1000)
        for j, (guess, top) in enumerate(ends(answers, q, 1)):
            if none[j] > 0.15:
                refuted.append(guess.low > 0.0)
            if all_[j] < 0.85:
                refuted.append(top.high < 1.0)
    assert len(refuted) > 20
    assert np.mean(refuted) > 0.95


def test_a_network_of_points_knows_its_ends_too():
    """Points independent given ability, without a list of their classes."""
    answers, q, none, all_ = draw(9, 500)
    exam = prepare(response_matrix(answers, 1.0), q, "gdina", None, (), QUICK)
    assert isinstance(exam, Prepared)
    network, _ = diagnose_network(exam)
    assert network.n_classes is None
    listed = list(ends(answers, q, 1))
    for j, item in enumerate(network.items):
        for share, other, true in (
            (item.groups[0].share, listed[j][0], none[j]),
            (item.groups[-1].share, listed[j][1], all_[j]),
        ):
            assert isinstance(share, Estimate)
            assert (share.low == 0.0, share.high == 1.0) == (other.low == 0.0, other.high == 1.0)
            if true in (0.0, 1.0):
                assert share.low <= true <= share.high


def test_an_end_is_the_best_mark_that_was_given():
    """A marker who never gives the twelfth mark: no group gets everything, and no interval says so."""
    answers, q, _, _ = draw(11, 200, 12)
    reached = np.minimum(answers, 11.0)
    result = diagnose(response_matrix(reached, 12.0), q, "dina", settings=QUICK)
    best = [(group.share.high, item.item) for item in result.items for group in item.groups]
    assert max(best)[0] < 1.0
