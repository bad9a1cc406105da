"""Owns answers that the model itself gives: pupils of the same abilities answer the same items anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edumetrics.irt.models import item_probabilities
from edumetrics.irt.results import Calibration
from edumetrics.order import by_answers
from edumetrics.results import FloatArray

SEED = 1979  # any: what is drawn is the same in every run


def answered_anew(
    calibration: Calibration,
    cats: NDArray[np.int16],
    ability: FloatArray,
    error: FloatArray,
    times: int,
) -> NDArray[np.int16]:
    """Categories (times · N, J) that hang on nothing but ability, missing where ``cats`` (N, J) are.

    Abilities are drawn anew each time from N(ability, error²), so that they are spread as the pupils' are,
    whatever the shape. The draws hang on the answers and not on the order of items.
    """
    rng = np.random.default_rng(SEED)
    problem, par = calibration.problem, calibration.parameters.par
    theta = np.tile(ability, times) + np.tile(error, times) * rng.normal(size=times * len(cats))
    drawn = np.empty((cats.shape[1], len(theta)), dtype=np.int16)
    for j in by_answers(cats.T).tolist():
        m = int(problem.n_categories[j]) - 1
        chance = np.empty((par.shape[1] + 1, len(theta)))
        item_probabilities(problem.kind[j], par[j], m, theta, chance)
        below = np.cumsum(chance[:m], axis=0)
        drawn[j] = (rng.random(len(theta)) >= below).sum(axis=0)
    return np.where(np.tile(cats >= 0, (times, 1)), drawn.T, np.int16(-1))
