"""Owns the check of intervals with few pupils: sharp items under a prior, reliability of the scores."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import Settings, calibrate, score
from edumetrics.results import Estimate


@pytest.mark.parametrize(("model", "n"), [("2pl", 200), ("rasch", 60)])
def test_slopes_and_reliability_are_covered(model, n):
    """Slopes around 1.4, above the centre of a prior that knows nothing of the exam."""
    rng = np.random.default_rng(23)
    slope = rng.uniform(0.8, 2.2, 20) if model == "2pl" else np.full(20, 1.4)
    place = rng.normal(0, 1, 20)

    def draw(size):
        theta = rng.normal(size=size)
        p = 1 / (1 + np.exp(-slope * (theta[:, None] - place)))
        return response_matrix((rng.random(p.shape) < p) * 1.0, 1.0), theta

    matrix, theta = draw(20_000)
    large = score(calibrate(matrix, model), matrix).ability.value
    reliability = float(np.corrcoef(large, theta)[0, 1] ** 2)
    inside = known = reliable = 0
    rounds = 60
    for _ in range(rounds):
        matrix, _ = draw(n)
        exam = calibrate(matrix, model)
        for item in exam.items[: 20 if model == "2pl" else 1]:
            assert isinstance(item.slope, Estimate)
            true = slope[int(item.item) - 1]
            inside += item.slope.low <= true <= item.slope.high
            known += 1
        got = score(exam, matrix).reliability
        assert isinstance(got, Estimate)
        reliable += got.low <= reliability <= got.high
    slack = 3 * np.sqrt(0.05 * 0.95 / rounds)
    assert 0.90 - (slack if known == rounds else 0.0) <= inside / known <= 0.99
    assert reliable / rounds >= 0.90 - slack


def test_the_slopes_of_a_small_exam_are_not_drawn_down_together():
    """A prior's mode in a, not in log a, took 6 % off all slopes of 200 pupils, and made whoever is put on
    their scale look more spread out."""
    rng = np.random.default_rng(23)
    slope, place = rng.uniform(0.8, 2.2, 20), rng.normal(0, 1, 20)
    level = []
    for _ in range(20):
        theta = rng.normal(size=(200, 1))
        right = rng.random((200, 20)) < 1 / (1 + np.exp(-slope * (theta - place)))
        exam = calibrate(response_matrix(right * 1.0, 1.0), "2pl", settings=Settings(standard_errors=False))
        level.append(np.log(exam.parameters.par[:, 0] / slope).mean())
    # The standard error of this mean is 0.015.
    assert abs(np.mean(level)) < 0.045
