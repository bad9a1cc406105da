"""Figures do not hang on how a file is sorted: neither who is sampled nor who is dealt into which block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edumetrics.arrays import response_matrix
from edumetrics.ctt.omega_bootstrap import omega_bootstrap
from edumetrics.ctt.reliability import reliability
from edumetrics.ctt.scores import centre
from edumetrics.irt import Settings, calibrate, score
from edumetrics.order import by_answers


def draw(n: int, items: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    chance = 1.0 / (1.0 + np.exp(np.linspace(-1.5, 1.5, items) - rng.normal(size=(n, 1))))
    return (rng.random((n, items)) < chance) * 1.0


def shuffled(marks: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(len(marks)), rng.permutation(marks.shape[1])
    return marks[np.ix_(rows, columns)], rows, columns


@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 6), st.booleans())
def test_the_same_pupils_in_the_same_places(seed, n, items, whole):
    rng = np.random.default_rng(seed)
    table = (
        rng.integers(-1, 3, (n, items)).astype(np.int16)
        if whole
        else rng.choice([0.0, 0.5, np.nan], (n, items))
    )
    other = shuffled(table, seed)[0]
    # Columns that hold the same for other pupils may change places; what a pupil has as a whole may not.
    np.testing.assert_array_equal(
        np.sort(other[by_answers(other)], axis=1), np.sort(table[by_answers(table)], axis=1)
    )
    np.testing.assert_array_equal(np.sort(by_answers(table)), np.arange(n))


@pytest.mark.parametrize("values", [(0.0, 1.0, np.nan), (-0.0, 0.0, 3.0), (0.0, 0.5, 1.0)])
def test_many_answers_are_ordered_as_few_are(values, monkeypatch):
    """The compiled sums are those of NumPy, whole numbers or not."""
    table = np.random.default_rng(3).choice(values, (300, 9))
    slow = by_answers(table)
    monkeypatch.setattr("edumetrics.order.COMPILED_FROM", 1)
    np.testing.assert_array_equal(by_answers(table), slow)
    turned = np.asfortranarray(table)
    np.testing.assert_array_equal(by_answers(turned), slow)


def test_zero_has_one_sign():
    np.testing.assert_array_equal(by_answers(np.array([[-0.0, 1.0], [0.0, 1.0]])), [0, 1])


@pytest.mark.parametrize("values", [(0.0, 1.0, np.nan), (0.0, 0.5, np.nan)])
def test_short_floats_are_ordered_as_long_ones(values):
    table = np.random.default_rng(1).choice(values, (50, 7))
    np.testing.assert_array_equal(by_answers(table.astype(np.float32)), by_answers(table))


@pytest.mark.parametrize("figure", ["omega", "bootstrap"])
@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_intervals_of_omega(figure, missing):
    marks = draw(600, 8, 1)
    marks[np.random.default_rng(2).random(marks.shape) < missing] = np.nan
    found = []
    for table in (marks, shuffled(marks, 3)[0]):
        centred, rng = centre(response_matrix(table, 1.0)), np.random.default_rng(20)
        one = reliability(centred, rng=rng).omega if figure == "omega" else omega_bootstrap(centred, rng)
        found.append((one.value, one.se, one.low, one.high))
    np.testing.assert_allclose(found[0], found[1], atol=1e-10)


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_errors_of_abilities_of_more_pupils_than_are_looked_at(model):
    marks = draw(5000, 12, 5000)
    other, rows, columns = shuffled(marks, 4)
    items = [f"q{j}" for j in range(12)]
    straight = response_matrix(marks, 1.0, items=items)
    calibration = calibrate(straight, model, settings=Settings(standard_errors=False))
    one = score(calibration, straight)
    two = score(calibration, response_matrix(other, 1.0, items=[items[j] for j in columns]))
    np.testing.assert_allclose(two.ability.se, one.ability.se[rows], atol=1e-10)
    assert two.reliability.low == pytest.approx(one.reliability.low, abs=1e-10)
