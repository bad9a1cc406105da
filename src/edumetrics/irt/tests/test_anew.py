"""Owns the checks of answers that the model itself gives."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.irt import Settings, calibrate
from edumetrics.irt.anew import answered_anew
from edumetrics.irt.models import item_probabilities
from edumetrics.irt.tests.test_dependence import exam


@pytest.mark.parametrize("model", ["auto", "graded"])
def test_answers_anew_come_as_often_as_the_model_says_and_are_missing_where_they_were(model):
    rng = np.random.default_rng(30)
    calibration = calibrate(
        exam(rng.normal(size=600), rng, items=10, steps=3), model, settings=Settings(standard_errors=False)
    )
    cats = np.where(rng.random((50, 10)) < 0.3, -1, 0).astype(np.int16)
    ability, times = np.full(50, 0.7), 400
    again = answered_anew(calibration, cats, ability, np.zeros(50), times)
    np.testing.assert_array_equal(again < 0, np.tile(cats < 0, (times, 1)))
    problem, chance = calibration.problem, np.empty((calibration.parameters.par.shape[1] + 1, 1))
    for j in range(10):
        m = int(problem.n_categories[j]) - 1
        item_probabilities(problem.kind[j], calibration.parameters.par[j], m, ability[:1], chance)
        seen = again[again[:, j] >= 0, j]
        np.testing.assert_allclose(
            np.bincount(seen, minlength=m + 1) / len(seen), chance[: m + 1, 0], atol=0.02
        )


def test_abilities_are_spread_as_those_of_the_pupils():
    """All answers of a pupil hang on one ability, drawn about the pupil's own."""
    rng = np.random.default_rng(31)
    matrix = exam(rng.normal(size=1000), rng, items=30)
    calibration = calibrate(matrix, settings=Settings(standard_errors=False))
    cats = calibration.coding.encode(matrix)
    again = answered_anew(calibration, cats, np.zeros(1000), np.ones(1000), 10)
    assert again.sum(axis=1).std() == pytest.approx(cats.sum(axis=1).std(), rel=0.06)
