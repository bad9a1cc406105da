"""Easy and hard papers of small classes: what is printed of spread and reliability holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from edumetrics.arrays import response_matrix
from edumetrics.ctt.conditional import conditional_sem
from edumetrics.ctt.edge import kurtosis_between_ends, room
from edumetrics.ctt.omega_bootstrap import omega_bootstrap
from edumetrics.ctt.reliability import reliability
from edumetrics.ctt.scores import centre
from edumetrics.ctt.stratified import bootstrap_alpha, stratified_alpha
from edumetrics.ctt.totals import totals
from edumetrics.results import Estimate, Insufficient, Reason

ITEMS = 20


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def careless(theta, rng, ease):
    """One pupil in twenty answers at random."""
    chance = logistic(theta[:, None] + ease)
    return np.where(rng.random((len(theta), 1)) < 0.05, 0.25, chance)


def guessed(theta, rng, ease):
    return 0.2 + 0.8 * logistic(1.5 * (theta[:, None] + ease))


def heavy_tails(theta, rng, ease):
    return logistic(1.3 * (theta * np.sqrt(2.0 / rng.chisquare(4, len(theta))))[:, None] + ease)


def hard(theta, rng, ease):
    return logistic(1.3 * (theta[:, None] - ease))


@pytest.mark.parametrize("n", [8, 12, 30, 100])
@pytest.mark.parametrize("ease", [1.5, 3.5])
def test_what_is_printed_holds(n, ease):
    """On papers that three quarters and that nineteen in twenty get right: eight seeds of items each."""
    rng = np.random.default_rng(int(10 * ease) + n)
    inside, seen = dict.fromkeys(("alpha", "omega", "sem", "mean", "deviation"), 0), 0
    known = dict(inside)
    for world in (careless, guessed, heavy_tails, hard):
        shift = rng.normal(0, 0.5, ITEMS) + ease

        def draw(size, world=world, shift=shift):
            chance = world(rng.normal(size=size), rng, shift)
            return (rng.random(chance.shape) < chance) * 1.0

        population = draw(40_000)
        whole = reliability(centre(response_matrix(population, 1.0)))
        true = {name: getattr(whole, name).value for name in ("alpha", "omega", "sem")}
        true["mean"], true["deviation"] = population.sum(axis=1).mean(), population.sum(axis=1).std()
        for _ in range(40):
            marks = draw(n)
            if not np.ptp(marks.sum(axis=1)):
                continue
            seen += 1
            mean, deviation = totals(marks.sum(axis=1), float(ITEMS), n)
            paper = reliability(centre(response_matrix(marks, 1.0)))
            found = {name: getattr(paper, name) for name in ("alpha", "omega", "sem")}
            for name, got in (found | {"mean": mean, "deviation": deviation}).items():
                if isinstance(got, Estimate):
                    known[name] += 1
                    inside[name] += got.low <= true[name] <= got.high
    for name, tries in known.items():
        if tries >= 20:
            assert inside[name] / tries >= 0.90 - 3 * np.sqrt(0.05 * 0.95 / tries), name
    assert known["mean"] == seen
    if n >= 30 and ease == 1.5:
        assert known["deviation"] >= 0.7 * seen, "a spread is refused only where it must be"


def test_refusals_name_the_reason():
    """Thirty pupils, two of whom lost a mark: no spread, no reliability by any method; the mean stands."""
    marks = np.ones((30, 10))
    marks[:2, 0] = marks[1, 1] = 0.0
    centred, rng = centre(response_matrix(marks, 1.0)), np.random.default_rng(1)
    mean, deviation = totals(marks.sum(axis=1), 10.0, 30)
    assert isinstance(mean, Estimate)
    assert mean.low < mean.value - 2.0 * (mean.high - mean.value), "somebody weak may be missing"
    paper = reliability(centred)
    for outcome in (
        deviation, paper.alpha, paper.omega, paper.sem,
        omega_bootstrap(centred, rng), bootstrap_alpha(centred, rng),
        stratified_alpha(centred, ["a", "b"] * 5),
    ):  # fmt: skip
        assert outcome == Insufficient(Reason.NEAR_EDGE, 30)
    assert conditional_sem(centred) == ()


def test_room_is_symmetric_and_grows_with_pupils():
    assert room(30, 0.9) == pytest.approx(room(30, 0.1)) == pytest.approx(room(120, 0.95))


@pytest.mark.parametrize(("a", "b"), [(0.9, 12.0), (5.0, 5.0), (40.0, 3.0)])
def test_kurtosis_between_ends_is_that_of_the_beta_distribution(a, b):
    mean, variance, excess = stats.beta.stats(a, b, moments="mvk")
    assert kurtosis_between_ends(float(mean), float(np.sqrt(variance))) == pytest.approx(3.0 + float(excess))
    assert kurtosis_between_ends(0.5, 0.0) == kurtosis_between_ends(0.5, 0.6) == 0.0
