"""Pupils put together say the same as one by one, and cuts share ties as group weights do."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics import options as options_module
from edumetrics.arrays import response_matrix
from edumetrics.ctt import cells as module
from edumetrics.ctt import moodle as moodle_module
from edumetrics.ctt.cells import cells, cut
from edumetrics.ctt.distractors import CUTS
from edumetrics.ctt.moodle import moodle_statistics
from edumetrics.ctt.scores import centre, group_weights
from edumetrics.options import option_responses

GROUPS = [(0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1), (0.73, 1)]


def exam(seed: int, pupils: int, *, missing: float = 0.0):
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=(pupils, 1))
    marks = (ability + rng.normal(size=(pupils, 9)) > 0).astype(float)
    marks[:, 7] *= rng.integers(1, 4, pupils) / 2
    marks[rng.random(marks.shape) < missing] = np.nan
    answers = [np.where(np.nan_to_num(column) > 0, "A", "B") for column in marks.T]
    options = option_responses(answers, ["A"] * 9)
    return response_matrix(marks, [1] * 7 + [2, 1], options=options)


@pytest.mark.parametrize(
    ("seed", "pupils", "missing"), [(1, 300, 0.0), (2, 40, 0.0), (3, 300, 0.2), (4, 3, 0.0)]
)
def test_sums_below_the_cuts_are_those_of_group_weights(seed, pupils, missing):
    matrix = exam(seed, pupils, missing=missing)
    centred = centre(matrix)
    found = cells(centred, matrix.options)
    cuts = cut(found, CUTS)
    below, whole = cuts.below(found.item, found.count * found.mark, np.arange(9))
    rest = centred.rest()
    for j in range(9):
        weights = group_weights(rest[:, j], GROUPS)
        expected = weights.T @ centred.marks[:, j]
        first, second, third, fourth, best = below[j]
        got = [first, second - first, third - second, fourth - third, whole[j] - fourth, whole[j] - best]
        np.testing.assert_allclose(got, expected, atol=1e-9)


def test_pupils_put_together_equal_pupils_one_by_one(monkeypatch):
    matrix = exam(5, 400)
    centred = centre(matrix)
    together = cells(centred, matrix.options)
    monkeypatch.setattr(module, "ROOM", 0)
    apart = cells(centred, matrix.options)
    assert len(together.count) < len(apart.count) / 3
    assert len(apart.count) == 400 * 9
    for values in ("rest", "mark", "pattern"):
        one, other = (getattr(which, values).astype(float) for which in (together, apart))
        np.testing.assert_allclose(together.sums(one), apart.sums(other), atol=1e-9)
        np.testing.assert_allclose(
            together.sums(one * together.rest), apart.sums(other * apart.rest), atol=1e-9
        )


def test_marks_of_many_kinds_are_taken_one_by_one():
    marks = np.random.default_rng(6).random((50, 4))
    found = cells(centre(response_matrix(marks, 1.0)))
    assert len(found.count) == 200
    assert all(np.all(np.diff(found.rest[found.start[j] : found.start[j + 1]]) >= 0) for j in range(4))


def test_compiled_loops_say_what_numpy_says(monkeypatch):
    rng = np.random.default_rng(12)
    answers = [rng.choice(list("ABCD"), 300, p=[0.5, 0.2, 0.2, 0.1]) for _ in range(6)]
    answers[2][::17] = ""
    many = [[f"{a}{b}" for a, b in zip(answers[0], answers[1], strict=True)]]  # texts of two letters
    marks = rng.integers(0, 9, (300, 6)) / 4.0
    keys = ["A", "A", "B", "A", "A/C", "D"]

    def figures():
        options = option_responses(answers, keys)
        centred = centre(response_matrix(marks, 2.0))
        found = cells(centred, options)
        moodle = moodle_statistics(centred, found)
        parts = [options.codes, option_responses(many, ["AB"]).codes, found.item, found.count, found.mark]
        return [
            np.asarray(one, dtype=float) for one in (*parts, found.rest, moodle.discriminative_efficiency)
        ]

    plain = figures()
    for part in (module, moodle_module, options_module):
        monkeypatch.setattr(part, "COMPILED_FROM", 0)
    for one, other in zip(plain, figures(), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-12)
