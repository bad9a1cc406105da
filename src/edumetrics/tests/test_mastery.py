"""Mastery: agreement with a slow twin, refusal without evidence, coverage under another model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edumetrics.arrays import response_matrix
from edumetrics.errors import BadSetting, BadWeights
from edumetrics.mastery import MasteryPrior, MasterySettings, MasteryState, item_weights, mastery
from edumetrics.results import Insufficient, Reason

NAN = float("nan")


def test_weights_share_the_full_mark():
    np.testing.assert_allclose(item_weights([[1, 1], [0, 1], [0, 0]], [4, 6, 2]), [[2, 2], [0, 6], [0, 0]])
    with pytest.raises(BadWeights) as error:
        item_weights([[1, -1]], [4])
    assert error.value.item == "1"


def test_a_bad_weight_is_named_with_its_item():
    matrix = response_matrix(np.eye(3), 1, items=["第1题", "第2题", "第3题"])
    with pytest.raises(BadWeights) as error:
        mastery(matrix, [[1], [NAN], [1]], ["k"])
    assert error.value.item == "第2题"


def test_posterior_with_a_given_prior_follows_the_formula():
    """Right/wrong items of equal weight in a big group: a plain Beta-binomial."""
    rng = np.random.default_rng(5)
    marks = (rng.random((40_000, 8)) < 0.5).astype(float)
    prior = MasteryPrior(np.array([0.7]), np.array([3.0]), 500)
    table = mastery(response_matrix(marks, 1), np.ones((8, 1)), ["k"], prior=prior)
    right = int(marks[0].sum())
    a, b = 2.1 + right, 0.9 + 8 - right
    entry = table.at(0, 0)
    assert not isinstance(entry, Insufficient)
    assert entry.estimate == pytest.approx(a / (a + b), abs=2e-4)
    assert entry.low == pytest.approx(stats.beta.ppf(0.025, a, b), abs=2e-3)
    below, above = stats.beta.cdf(0.6, a, b), stats.beta.sf(0.85, a, b)
    parts = [below, 1 - below - above, above]
    assert entry.state == 1 + int(np.argmax(parts))
    assert entry.probability == pytest.approx(max(parts), abs=2e-3)


def test_says_nothing_without_evidence():
    marks = [[1, 1, NAN], [0, 1, 1], [NAN, NAN, NAN]]
    table = mastery(response_matrix(marks, 1), [[1, 0, 0], [1, 0, 0], [0, 1, 0]], ["a", "b", "c"])
    assert table.at(0, 1) == Insufficient(Reason.NO_RESPONSES, 0)
    assert table.at(1, 1) == Insufficient(Reason.TOO_FEW_ITEMS, 1)
    assert table.at(1, 2) == Insufficient(Reason.NO_RESPONSES, 0)
    assert not isinstance(table.at(0, 0), Insufficient)
    lopsided = mastery(response_matrix([[1, 1]], [20, 1]), [[1], [1]], ["a"])
    assert lopsided.at(0, 0) == Insufficient(Reason.TOO_FEW_MARKS, 2)


def test_untaught_points_are_a_state():
    marks = np.ones((3, 4))
    table = mastery(
        response_matrix(marks, 1), np.repeat(np.eye(2), 2, axis=0), ["a", "b"], taught=[True, False]
    )
    assert table.state[0].tolist()[1] == MasteryState.NOT_TAUGHT
    assert table.at(0, 1) == Insufficient(Reason.NOT_TAUGHT, 0)


def test_two_points_with_the_same_items_are_reported():
    table = mastery(response_matrix(np.ones((3, 3)), 1), [[1, 1, 0], [1, 1, 0], [0, 0, 1]], ["a", "b", "c"])
    assert [c.subjects for c in table.provenance.warnings if c.code == "points_inseparable"] == [("a", "b")]


def test_constant_marks_give_finite_numbers():
    for value in (0.0, 1.0):
        table = mastery(response_matrix(np.full((30, 4), value), 1), np.ones((4, 1)), ["k"])
        entry = table.at(0, 0)
        assert not isinstance(entry, Insufficient)
        assert entry.state == (MasteryState.MASTERED if value else MasteryState.NEEDS_WORK)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(2, 12), st.floats(0.5, 20))
def test_neither_order_nor_unit_of_marks_matters(seed, n, j, scale):
    rng = np.random.default_rng(seed)
    full = rng.integers(1, 6, j).astype(float)
    marks = rng.integers(0, full.astype(int) + 1, (n, j)).astype(float)
    marks[rng.random((n, j)) < 0.2] = NAN
    q = (rng.random((j, 3)) < 0.5).astype(float)
    base = mastery(response_matrix(marks, full), q, ["a", "b", "c"]).share
    rows, cols, points = rng.permutation(n), rng.permutation(j), rng.permutation(3)
    moved = mastery(
        response_matrix(marks[rows][:, cols] * scale, full[cols] * scale), q[cols][:, points], ["x", "y", "z"]
    ).share
    np.testing.assert_allclose(moved.value, base.value[rows][:, points], rtol=1e-7)
    np.testing.assert_allclose(moved.low, base.low[rows][:, points], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("seed", [11, 12, 13])
@pytest.mark.parametrize("n", [200, 1000])
def test_intervals_cover_under_a_logistic_model(n, seed):
    """Truth: a 2PL with a general and a specific factor, nothing like a beta-binomial."""
    rng = np.random.default_rng(seed)
    items, points = 40, 5
    q = np.eye(points)[np.arange(items) % points]
    ability = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, points)) @ q.T
    p = 1 / (1 + np.exp(-rng.lognormal(0, 0.3, items) * (ability - rng.normal(size=items))))
    marks = (rng.random(p.shape) < p).astype(float)
    share = mastery(response_matrix(marks, 1), q, list("abcde")).share
    truth = (p @ q) / q.sum(axis=0)
    covered = ((share.low <= truth) & (truth <= share.high))[share.known].mean()
    assert 0.90 <= covered <= 0.98


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize("n", [30, 1000])
def test_intervals_cover_with_partial_credit_and_many_points_per_item(n, seed):
    """Truth: marks spread more than binomial steps do, and items that test several points at once."""
    rng = np.random.default_rng(seed)
    items, points, hit, tries = 24, 6, 0, 0
    for _ in range(max(1, 900 // n)):
        q = np.maximum(np.eye(points)[np.arange(items) % points], rng.random((items, points)) < 0.1)
        full = rng.integers(2, 9, items).astype(float)
        ability = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, points)) @ q.T
        p = 1 / (1 + np.exp(-(ability - rng.normal(size=items))))
        drawn = rng.beta(np.maximum(4 * p, 0.05), np.maximum(4 * (1 - p), 0.05))
        marks = rng.binomial(full.astype(int), drawn).astype(float)
        weights = item_weights(q, full)
        truth = (p @ weights) / weights.sum(axis=0)
        share = mastery(response_matrix(marks, full), q, list("abcdef")).share
        hit += int(((share.low <= truth) & (truth <= share.high))[share.known].sum())
        tries += int(share.known.sum())
    assert 0.90 <= hit / tries <= 0.98


def _ends(share, truth):
    """Share of intervals that hold: everybody, the weakest and the best tenth by their mean over points."""
    inside = (share.low <= truth) & (truth <= share.high)
    order, tenth = np.argsort(truth.mean(axis=1)), len(truth) // 10
    rows = (order, order[:tenth], order[-tenth:])
    return [inside[row][share.known[row]].mean() for row in rows]


@pytest.mark.parametrize("shape", ["normal", "skewed"])
@pytest.mark.parametrize("own", [0.0, 0.5])
def test_the_best_and_the_weakest_are_not_drawn_to_the_class(own, shape):
    """Four items a point: the answers on other points tell who is ahead, and by how much it is still open."""
    rng = np.random.default_rng(21)
    n, items, points, found, distance = 300, 32, 8, [], []
    q = np.eye(points)[np.arange(items) % points]
    for _ in range(4):
        ability = (
            rng.normal(size=(n, 1)) if shape == "normal" else (rng.chisquare(3, (n, 1)) - 3) / np.sqrt(6)
        )
        theta = ability + own * rng.normal(size=(n, points)) @ q.T
        p = 1 / (1 + np.exp(-rng.uniform(0.7, 1.8, items) * (theta - rng.normal(size=items))))
        marks = (rng.random(p.shape) < p).astype(float)
        share, truth = mastery(response_matrix(marks, 1), q, list("abcdefgh")).share, p @ q / 4
        found.append(_ends(share, truth))
        distance.append(np.sqrt(((share.value - truth)[share.known] ** 2).mean()))
    everybody, weakest, best = np.mean(found, axis=0)
    assert 0.90 <= everybody <= 0.98
    assert min(weakest, best) >= (0.85 if shape == "normal" else 0.75)  # drawn to the class: .74 and .53
    assert np.mean(distance) <= (0.08 if own == 0 else 0.115)  # drawn to the class: .134 and .143


def test_other_answers_are_those_of_other_items():
    """Twins on a point: who did better elsewhere is expected ahead; without other items they are equal."""
    rng = np.random.default_rng(23)
    ability = rng.normal(size=(400, 1))
    marks = (rng.random((400, 12)) < 1 / (1 + np.exp(-1.5 * ability))).astype(float)
    marks[0], marks[1] = np.r_[1, 0, np.ones(10)], np.r_[1, 0, np.zeros(10)]
    q = np.eye(2)[np.r_[0, 0, np.ones(10, int)]]
    value = mastery(response_matrix(marks, 1), q, ["a", "b"]).share.value
    assert value[0, 0] > value[1, 0] + 0.2
    alone = mastery(response_matrix(marks[:, :2], 1), np.ones((2, 1)), ["a"]).share.value
    assert alone[0, 0] == alone[1, 0]
    # Points that have nothing in common lend each other nothing: the data find a slope of 0.
    apart = (rng.random((2000, 12)) < np.repeat(rng.beta(2, 2, (2000, 2)), 6, axis=1)).astype(float)
    value = mastery(response_matrix(apart, 1), np.repeat(np.eye(2), 6, axis=0), ["a", "b"]).share.value
    none_right = (apart[:, :6] == 0).all(axis=1)
    assert none_right.sum() > 50
    assert np.ptp(value[none_right, 0]) < 0.03


def test_an_interval_holds_its_estimate_however_skewed_the_posterior():
    """A Guttman scale: who has nothing right is known so well that the mean lies beyond the quantile."""
    marks, q = np.tril(np.ones((60, 8)), -1), np.zeros((8, 2))
    q[:4, 0] = q[4:, 1] = 1.0
    share = mastery(response_matrix(marks, 1), q, ["a", "b"]).share
    value, low, high = share.value[share.known], share.low[share.known], share.high[share.known]
    assert value.size == 120
    assert ((low <= value) & (value <= high)).all()


@pytest.mark.parametrize("given", [{"level": 1.0}, {"basic": 0.9}, {"mastered": NAN}, {"default_icc": 0.0}])
def test_thresholds_are_rising_shares(given):
    with pytest.raises(BadSetting):
        MasterySettings(**given)
