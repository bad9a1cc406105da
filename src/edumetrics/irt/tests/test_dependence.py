"""Owns the check of ability intervals under populations and dependence that no model assumes."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import Settings, calibrate, score
from edumetrics.irt.dependence import score_inflation
from edumetrics.irt.posteriors import posterior_moments, posterior_summary

QUICK = Settings(standard_errors=False)


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def humps(n, rng):
    weak = rng.random(n) < 0.4
    return np.where(weak, rng.normal(-1.13, 0.36, n), rng.normal(0.75, 0.40, n))


def skewed(n, rng):
    return (rng.chisquare(3, n) - 3) / np.sqrt(6)


def exam(theta, rng, *, items=30, own=0.0, steps=1):
    """Marks; ``own`` is the spread of an ability of its own for each text of five items."""
    slope, place = rng.uniform(0.6, 2.0, items), np.sort(rng.normal(0, 1, (items, steps)), axis=1)
    texts = own * rng.normal(size=(len(theta), items // 5))[:, np.arange(items) // 5]
    chance = logistic(slope[:, None] * ((theta[:, None] + texts)[:, :, None] - place))
    return response_matrix((rng.random(chance.shape) < chance).sum(axis=2) * 1.0, float(steps))


@pytest.mark.parametrize("draw", [humps, skewed])
@pytest.mark.parametrize(("n", "rounds"), [(100, 10), (1000, 3)])
@pytest.mark.parametrize("steps", [1, 4])
def test_abilities_of_populations_that_are_not_normal(draw, n, rounds, steps):
    rng = np.random.default_rng(11)
    inside, known = dict.fromkeys(("eap", "map", "wle"), 0), dict.fromkeys(("eap", "map", "wle"), 0)
    for _ in range(rounds):
        theta = draw(n, rng)
        matrix = exam(theta, rng, items=30 if steps == 1 else 10, steps=steps)
        calibration = calibrate(matrix, settings=QUICK)
        for method in inside:
            got = score(calibration, matrix, method).ability
            inside[method] += int(((got.low <= theta) & (theta <= got.high))[got.known].sum())
            known[method] += int(got.known.sum())
    for method, hits in inside.items():
        assert 0.90 <= hits / known[method] <= 0.985, method


@pytest.mark.parametrize("own", [0.7, 1.0])
def test_texts_with_an_ability_of_their_own_widen_the_errors(own):
    rng = np.random.default_rng(12)
    inside = naive = 0
    for _ in range(3):
        theta = rng.normal(size=1000)
        matrix = exam(theta, rng, own=own)
        calibration = calibrate(matrix, settings=QUICK)
        found = score(calibration, matrix)
        eap, sd = posterior_moments(calibration, calibration.coding.encode(matrix), np.zeros(1000, np.int64))
        naive += int((abs(theta - eap) <= 1.96 * sd).sum())
        inside += int(((found.ability.low <= theta) & (theta <= found.ability.high)).sum())
        assert [note.code for note in found.provenance.warnings] == ["errors_widened_for_dependence"]
        true = float(np.corrcoef(found.ability.value, theta)[0, 1] ** 2)
        assert found.reliability.low <= true <= found.reliability.high
    assert naive / 3000 < 0.90 <= inside / 3000 <= 0.98


def test_independent_answers_are_left_alone():
    rng = np.random.default_rng(13)
    for n, items in ((60, 30), (200, 60), (1000, 10), (2000, 30)):
        matrix = exam(rng.normal(size=n), rng, items=items)
        assert score(calibrate(matrix, settings=QUICK), matrix).provenance.warnings == ()


@pytest.mark.parametrize(("items", "slope"), [(6, 1.3), (6, 2.0), (10, 2.0), (10, 3.0)])
def test_short_and_sharp_papers_of_one_ability_show_no_dependence(items, slope):
    """Ability fitted to few or sharp items leaves them covariances that the model has by itself."""
    rng = np.random.default_rng(18)
    place = rng.permutation(np.linspace(-1.8, 1.8, items))

    def drawn(n):
        theta = rng.normal(size=n)
        chance = logistic(slope * (theta[:, None] - place))
        return theta, response_matrix((rng.random(chance.shape) < chance) * 1.0, 1.0)

    many, answers = drawn(20_000)
    held = 0
    for _ in range(4):
        matrix = drawn(2000)[1]
        calibration = calibrate(matrix)
        found = score(calibration, matrix)
        assert found.provenance.warnings == ()
        eap, _ = posterior_moments(
            calibration, calibration.coding.encode(answers), np.zeros(20_000, np.int64)
        )
        true = float(np.corrcoef(eap, many)[0, 1] ** 2)
        held += found.reliability.low <= true <= found.reliability.high
    assert held >= 3


@pytest.mark.parametrize(("items", "slope"), [(6, 1.3), (10, 2.0)])
def test_dependence_does_not_hang_on_the_order_of_items_or_pupils(items, slope):
    rng = np.random.default_rng(20)
    chance = logistic(slope * (rng.normal(size=(1000, 1)) - np.linspace(-1.8, 1.8, items)))
    marks = (rng.random(chance.shape) < chance) * 1.0
    turned = marks[rng.permutation(1000)][:, rng.permutation(items)]
    values = []
    for these in (marks, turned):
        matrix = response_matrix(these, 1.0)
        values.append(score(calibrate(matrix, settings=QUICK), matrix).provenance.settings["inflation"])
    assert values[1] == pytest.approx(values[0], abs=2e-3)


def two_abilities(theta, rng, common, items=40):
    """Marks of a paper whose halves ask for an ability each; ``common`` is the variance that they share."""
    slope, place = rng.uniform(0.8, 1.8, items), rng.normal(0, 1, items)
    own = np.sqrt(1.0 - common) * rng.normal(size=(len(theta), 2))[:, np.arange(items) * 2 // items]
    chance = logistic(slope * (np.sqrt(common) * theta[:, None] + own - place))
    return response_matrix((rng.random(chance.shape) < chance) * 1.0, 1.0)


@pytest.mark.parametrize("common", [0.5, 0.8])
@pytest.mark.parametrize(("n", "rounds"), [(60, 25), (100, 15), (1000, 3)])
def test_two_abilities_taken_as_one_hold_their_common_part(common, n, rounds):
    rng = np.random.default_rng(16)
    inside = naive = 0
    for _ in range(rounds):
        theta = rng.normal(size=n)
        matrix = two_abilities(theta, rng, common)
        calibration = calibrate(matrix, settings=QUICK)
        found = score(calibration, matrix).ability
        cats = calibration.coding.encode(matrix)
        _, _, low, high = posterior_summary(calibration, cats, np.zeros(n, np.int64))
        naive += int(((low <= theta) & (theta <= high)).sum())
        inside += int(((found.low <= theta) & (theta <= found.high)).sum())
    assert naive / (n * rounds) < 0.86
    assert 0.89 <= inside / (n * rounds) <= 0.98


@pytest.mark.parametrize(("n", "items"), [(60, 60), (100, 30), (200, 60), (1000, 40)])
def test_room_for_unseen_dependence_is_not_too_wide(n, items):
    """One ability, and few pupils who could not show a second: the intervals still tell something."""
    rng = np.random.default_rng(17)
    inside = 0
    rounds = 1500 // n + 1
    for _ in range(rounds):
        theta = rng.normal(size=n)
        matrix = exam(theta, rng, items=items)
        found = score(calibrate(matrix, settings=QUICK), matrix)
        assert found.provenance.warnings == ()
        inside += int(((found.ability.low <= theta) & (theta <= found.ability.high)).sum())
    assert 0.92 <= inside / (n * rounds) <= 0.98


def test_booklets_widen_by_the_pairs_that_pupils_had():
    """Half the items of every text: what a pupil's answers share is half as much."""
    rng = np.random.default_rng(14)
    whole = exam(rng.normal(size=2000), rng, items=30, own=1.2)
    half = np.where(rng.random((2000, 30)) < 0.5, whole.marks, np.nan)
    values = []
    for matrix in (whole, response_matrix(half, 1.0)):
        calibration = calibrate(matrix, settings=QUICK)
        cats = calibration.coding.encode(matrix)
        values.append(
            score_inflation(
                calibration, cats, *posterior_moments(calibration, cats, np.zeros(2000, np.int64))
            ).value
        )
    assert (values[1] - 1.0) / (values[0] - 1.0) == pytest.approx(0.5, abs=0.15)


def test_limits_of_the_posterior_by_a_finer_sum():
    rng = np.random.default_rng(15)
    matrix = exam(rng.normal(size=200), rng, items=10)
    calibration = calibrate(matrix, settings=QUICK)
    cats = calibration.coding.encode(matrix)
    mean, sd, low, high = posterior_summary(calibration, cats, np.zeros(200, np.int64))
    par = calibration.parameters.par
    theta = np.linspace(-6, 6, 4001)
    p = logistic(par[:, :1] * theta + par[:, 1:2])
    log = cats @ np.log(p) + (1 - cats) @ np.log1p(-p) - 0.5 * theta**2
    post = np.exp(log - log.max(axis=1, keepdims=True))
    post /= post.sum(axis=1, keepdims=True)
    below = np.cumsum(post, axis=1)
    for found, tail in ((low, 0.025), (high, 0.975)):
        slow = theta[(below < tail).sum(axis=1)]
        np.testing.assert_allclose(found, slow, atol=0.03)
    np.testing.assert_allclose(mean, post @ theta, atol=1e-4)
    np.testing.assert_allclose(sd, np.sqrt(post @ theta**2 - mean**2), atol=1e-3)
