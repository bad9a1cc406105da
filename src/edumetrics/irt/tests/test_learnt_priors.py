"""Owns the check that priors of slopes and lower asymptotes are learnt, and rule no interval."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import calibrate
from edumetrics.irt.learnt_priors import MOST_SPREAD, beta_of, moments
from edumetrics.results import Estimate


def answers(rng, n, slope, place, c=0.0):
    """Answers of n pupils to 3PL items."""
    chance = c + (1 - c) / (1 + np.exp(-slope * (rng.normal(size=(n, 1)) - place)))
    return response_matrix((rng.random(chance.shape) < chance) * 1.0, 1.0)


def held(outcomes, truth):
    """Share of the estimates whose interval holds the truth."""
    return np.mean([o.low <= t <= o.high for o, t in zip(outcomes, truth, strict=True)])


def test_blunt_items_among_sharp_ones_are_held():
    """A quarter has slope 0.2, the others 1.3: a prior of spread 0.5 held 17 % of the blunt ones."""
    rng = np.random.default_rng(5)
    slope = np.where(np.arange(28) % 4 == 0, 0.2, 1.3)
    blunt, all_items, spread = [], [], []
    for _ in range(12):
        exam = calibrate(answers(rng, 200, slope, rng.normal(size=28)), "2pl")
        true = [slope[int(item.item) - 1] for item in exam.items]
        found = [item.slope for item in exam.items]
        all_items.append(held(found, true))
        pairs = [(f, t) for f, t in zip(found, true, strict=True) if t < 1]
        blunt.append(held(*zip(*pairs, strict=True)))
        spread.append(exam.problem.prior[:, 1].max())
    assert np.mean(blunt) > 0.75
    assert 0.5 < np.mean(spread) < 1.0
    assert 0.90 < np.mean(all_items) < 0.98


def test_slopes_that_are_alike_keep_the_first_guess():
    rng = np.random.default_rng(6)
    exam = calibrate(answers(rng, 300, np.full(20, 1.2), rng.normal(size=20)), "2pl")
    np.testing.assert_array_equal(exam.problem.prior[:, 1], 0.5)


@pytest.mark.parametrize(("c", "least"), [((0.0, 0.1), 0.9), ((0.05, 0.45), 0.88)])
def test_lower_asymptotes_unlike_the_first_guess_are_held(c, least):
    """A fixed Beta(5, 17) held 31–35 % of asymptotes below 0.1, and 79 % of the difficulties beside them."""
    rng = np.random.default_rng(7)
    hit = []
    for _ in range(4):
        true, place = rng.uniform(*c, 24), rng.normal(size=24)
        exam = calibrate(answers(rng, 1000, np.exp(rng.normal(0.2, 0.3, 24)), place, true), "3pl")
        rows = [int(item.item) - 1 for item in exam.items]
        known = [isinstance(item.difficulties[0], Estimate) for item in exam.items]
        hit.append(
            (
                held([item.guessing for item in exam.items], true[rows]),
                held(
                    [item.difficulties[0] for item, k in zip(exam.items, known, strict=True) if k],
                    place[rows][known],
                ),
            )
        )
    assert np.mean(hit, axis=0).min() > least


def test_known_slopes_have_their_own_moments_and_two_items_more():
    logs = np.linspace(-1.5, 1.5, 30)
    slope, prior = np.exp(logs), np.array([0.0, 0.5])
    sure = 1e-4 * slope**2
    mean, spread = moments(slope, sure, prior, prior)
    # Nearly known slopes: the pull of the prior on each is below a thousandth of its log.
    assert mean == pytest.approx(0.0, abs=0.02)
    assert spread == pytest.approx(np.sqrt(((logs**2).sum() + 2 * 0.25) / 32), rel=0.05)
    assert spread < MOST_SPREAD


def test_unknown_asymptotes_leave_the_first_guess():
    guess = np.array([5.0, 17.0])
    c = guess[0] / guess.sum()
    size = c * (1 - c)
    told = 1.0 / (guess.sum() * size * 1.001)  # nearly all that is known is the prior's
    found = beta_of(np.full(20, np.log(c / (1 - c))), np.full(20, told), guess, guess)
    np.testing.assert_allclose(found, guess, rtol=0.1)
