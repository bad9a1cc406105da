"""More classes than pupils: the rule is right, but hardly any class is seen, and mastery must say so."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose

POINTS, ITEMS = 8, 40
STATES = np.array(list(product([0, 1], repeat=POINTS)))


def world(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Q-matrix, chances (C, J) of answers that each needed point makes likelier, weights (C,)."""
    q = np.zeros((ITEMS, POINTS), int)
    q[np.arange(ITEMS), np.arange(ITEMS) % POINTS] = 1
    q[np.arange(16, ITEMS), rng.integers(0, POINTS, ITEMS - 16)] = 1
    low, high = rng.uniform(0.1, 0.25, ITEMS), rng.uniform(0.75, 0.92, ITEMS)
    chance = low + (high - low) * (STATES @ q.T / q.sum(axis=1)) ** rng.choice([1.0, 2.0, 4.0], ITEMS)
    has = rng.normal(size=(200_000, 1)) + rng.normal(size=(200_000, POINTS)) > rng.normal(0, 0.7, POINTS)
    weight = np.bincount(has @ (1 << np.arange(POINTS)[::-1]), minlength=len(STATES)) / 200_000
    return q, chance, weight


@pytest.mark.slow
def test_mastery_of_eight_points_by_the_model_that_is_true():
    """Before, 72 % of sixty pupils: the error of each class's weight was in no draw."""
    n, held = 60, []
    for at in range(3):
        rng = np.random.default_rng([8, n, at])
        q, chance, weight = world(rng)
        marks = (rng.random((n, ITEMS)) < chance[rng.choice(len(weight), n, p=weight)]) * 1.0
        logs = marks @ np.log(chance).T + (1.0 - marks) @ np.log(1.0 - chance).T
        each = np.exp(logs) * weight
        true = each @ STATES / each.sum(axis=1, keepdims=True)
        quick = Settings(check_ridge=False, starts=3)
        mastery = diagnose(response_matrix(marks, 1.0), q, "gdina", settings=quick).mastery
        vague = (true > 0.05) & (true < 0.95) & mastery.known
        held.append(((mastery.low <= true) & (true <= mastery.high))[vague].mean())
    assert 0.9 <= np.mean(held) <= 0.985
