"""Errors of measurement along the scale: their intervals hold on papers of unequal full marks as well."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.ctt.conditional import conditional_sem
from edumetrics.ctt.scores import centre
from edumetrics.results import Estimate

UNEQUAL = np.r_[np.full(18, 2.0), 4, 6, 6, 8, 10, 12]
EQUAL = np.full(20, 1.0)
LARGE = 300_000


def person_errors(marks, mean):
    """Error variance of each pupil around the item means given, written out."""
    items = marks.shape[1]
    apart = marks - mean - (marks - mean).mean(axis=1, keepdims=True)
    return items / (items - 1) * (apart**2).sum(axis=1)


def paper(full, rng):
    """Two kinds of pupils; items of up to 2 marks right or wrong, larger ones over-dispersed."""
    a, b = rng.lognormal(0.1, 0.3, len(full)), rng.normal(-0.2, 0.8, len(full))
    open_ = full > 2

    def draw(n):
        ability = np.where(rng.random(n) < 0.7, rng.normal(-0.5, 0.6, n), rng.normal(1.2, 0.5, n))
        chance = 1 / (1 + np.exp(-a * (ability[:, None] - b)))
        got = rng.beta(3 * chance[:, open_] + 1e-3, 3 * (1 - chance[:, open_]) + 1e-3)
        marks = (rng.random(chance.shape) < chance) * full
        marks[:, open_] = rng.binomial(full[open_].astype(int), got)
        return marks

    return draw


@pytest.mark.parametrize(("n", "rounds"), [(30, 200), (60, 150), (300, 40)])
@pytest.mark.parametrize("full", [UNEQUAL, EQUAL], ids=["unequal", "equal"])
def test_intervals_of_bands_hold(full, n, rounds):
    rng = np.random.default_rng(n)
    draw = paper(full, rng)
    population = draw(LARGE)
    error = person_errors(population, population.mean(axis=0))
    total = population.sum(axis=1).astype(int)
    top = int(full.sum()) + 1
    sums, counts = np.bincount(total, error, top), np.bincount(total, minlength=top)
    inside, ends = [], []
    for _ in range(rounds):
        bands = conditional_sem(centre(response_matrix(draw(n), full)))
        for place, band in enumerate(bands):
            low, high = int(band.low), int(band.high) + 1
            true = np.sqrt(sums[low:high].sum() / counts[low:high].sum())
            assert isinstance(band.sem, Estimate)
            inside.append(band.sem.low <= true <= band.sem.high)
            if place in (0, len(bands) - 1):
                ends.append(inside[-1])
    assert 0.92 <= np.mean(inside) <= 0.98
    assert np.mean(ends) >= 0.92  # 80 to 400 intervals: too few for an upper bound


@pytest.mark.parametrize("full", [UNEQUAL, EQUAL], ids=["unequal", "equal"])
def test_standard_errors_are_those_of_pupils_drawn_again(full):
    """Bootstrap of pupils: item means and the pupils between the same limits both move."""
    rng = np.random.default_rng(5)
    marks = paper(full, rng)(800)
    bands = conditional_sem(centre(response_matrix(marks, full)))
    again = np.empty((400, len(bands)))
    for draw in range(len(again)):
        chosen = marks[rng.integers(0, len(marks), len(marks))]
        error, total = person_errors(chosen, chosen.mean(axis=0)), chosen.sum(axis=1)
        for place, band in enumerate(bands):
            again[draw, place] = np.sqrt(error[(total >= band.low) & (total <= band.high)].mean())
    found = [band.sem.se for band in bands if isinstance(band.sem, Estimate)]
    np.testing.assert_allclose(found, again.std(axis=0), rtol=0.15)


def test_limits_stay_within_the_paper():
    """Two items of one mark, of which a band's pupils have both or none: next to no error, hardly known."""
    marks = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [15, 9, 8, 8], axis=0)
    for band in conditional_sem(centre(response_matrix(marks, 1.0))):
        assert isinstance(band.sem, Estimate)
        assert 0.0 <= band.sem.low <= band.sem.value <= band.sem.high <= 2.0 + 1e-9
