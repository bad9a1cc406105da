"""Recovery and coverage at the sizes of a village, a town and a district, answers drawn from other models."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings as ClassSettings
from edumetrics.cdm import diagnose
from edumetrics.exam import analyse_exam
from edumetrics.irt import Settings, calibrate, score

SIZES = [(200, 40), (1000, 20), (9054, 8)]
LARGE = 200_000
ITEMS = 30


def guessing_and_two_kinds_of_pupils(rng):
    """Three parameters an item, three pupils in ten far ahead: no model below assumes either."""
    a, b, c = rng.uniform(0.8, 2.0, ITEMS), rng.normal(0, 1, ITEMS), rng.uniform(0.05, 0.2, ITEMS)

    def draw(n):
        ahead = rng.random(n) < 0.3
        ability = np.where(ahead, rng.normal(1.1, 0.7, n), rng.normal(-0.47, 0.75, n))
        chance = c + (1 - c) / (1 + np.exp(-a * (ability[:, None] - b)))
        spread = np.sqrt(0.21 * 1.57**2 + 0.3 * 0.7**2 + 0.7 * 0.75**2)
        return (rng.random(chance.shape) < chance) * 1.0, (ability - 0.3 * 1.1 + 0.7 * 0.47) / spread

    return draw


@pytest.fixture(scope="module")
def paper():
    """A paper, what its figures are among very many pupils, and what the two-parameter model makes of it."""
    draw = guessing_and_two_kinds_of_pupils(np.random.default_rng(3))
    large = response_matrix(draw(LARGE)[0], 1.0)
    slopes = calibrate(large, "2pl", settings=Settings(standard_errors=False)).parameters.par[:, 0]
    return draw, analyse_exam(large), slopes


@pytest.mark.parametrize(("n", "rounds"), SIZES)
def test_items_and_abilities(paper, n, rounds):
    draw, truth, slopes = paper
    inside = {name: [] for name in ("facility", "rest_correlation", "slope", "ability")}
    off = []
    for _ in range(rounds):
        marks, ability = draw(n)
        matrix = response_matrix(marks, 1.0)
        exam, analysis = calibrate(matrix, "2pl"), analyse_exam(matrix)
        for name in ("facility", "rest_correlation"):
            got, true = getattr(analysis, name), getattr(truth, name).value
            inside[name].append(np.mean((got.low <= true) & (true <= got.high)))
        items = list(zip(exam.items, slopes, strict=True))
        inside["slope"].append(np.mean([one.slope.low <= true <= one.slope.high for one, true in items]))
        got = score(exam, matrix).ability
        inside["ability"].append(np.mean((got.low <= ability) & (ability <= got.high)))
        off.append(np.mean([one.slope.value - true for one, true in items]))
    for name, shares in inside.items():
        assert 0.9 <= np.mean(shares) <= 0.98, name
    assert abs(np.mean(off)) < 0.03


@pytest.mark.parametrize(("n", "rounds"), SIZES)
def test_points_that_each_help(n, rounds):
    """Sums of points, four to twenty items, points that hang together; each round another paper."""
    states = np.array(list(product([0, 1], repeat=4)))
    pupils, shares, chances = [], [], []
    for at in range(max(rounds // 2, 8)):
        rng = np.random.default_rng([41, at])
        q = np.zeros((20, 4), int)
        q[np.arange(20), np.arange(20) % 4] = 1
        q[np.arange(8, 20), rng.integers(0, 4, 12)] = 1
        cuts, low, high = rng.normal(0, 0.6, 4), rng.uniform(0.05, 0.3, 20), rng.uniform(0.7, 0.97, 20)
        chance = low + (high - low) * (states @ q.T / q.sum(axis=1))

        def state(size, rng=rng, cuts=cuts):
            return (rng.normal(size=(size, 1)) + rng.normal(size=(size, 4)) > cuts) @ (8, 4, 2, 1)

        weight = np.bincount(state(LARGE), minlength=16) / LARGE
        marks = (rng.random((n, 20)) < chance[state(n)]) * 1.0
        got = diagnose(response_matrix(marks, 1.0), q, "gdina", settings=ClassSettings(starts=3))
        for point, true in zip(got.points, weight @ states, strict=True):
            shares.append(point.prevalence.low <= true <= point.prevalence.high)
        for j, item in enumerate(got.items):
            chances += [
                item.groups[0].share.low <= low[j] <= item.groups[0].share.high,
                item.groups[-1].share.low <= high[j] <= item.groups[-1].share.high,
            ]
        each = np.exp(marks @ np.log(chance).T + (1 - marks) @ np.log1p(-chance).T) * weight
        true = each @ states / each.sum(axis=1, keepdims=True)
        open_ = (true > 0.05) & (true < 0.95)
        pupils.append(np.mean(((got.mastery.low <= true) & (true <= got.mastery.high))[open_]))
    assert 0.9 <= np.mean(pupils) <= 0.98
    assert 0.9 <= np.mean(chances) <= 0.98
    assert np.mean(shares) >= 0.9
