"""Short easy papers on which much can be guessed: how much is learnt from them, and draws no mastery up."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose

QUICK = Settings(check_ridge=False, starts=3)
STATES = np.array(list(product([0, 1], repeat=4)))
Q = np.array(
    [np.eye(4, dtype=int)[list(some)].sum(axis=0) for r in (1, 2) for some in combinations(range(4), r)]
)


def paper(seed, n):
    """Chances (16, 10), shares (16,) of the states, answers of n: each point helps, most pupils have most."""
    rng = np.random.default_rng(seed)
    low, high = rng.uniform(0.3, 0.55, 10), rng.uniform(0.9, 0.98, 10)
    part = rng.uniform(0.2, 0.7, (10, 4))
    has, needed = STATES @ Q.T, Q.sum(axis=1)
    chance = low + (high - low) * np.where(has == needed, 1.0, (STATES[:, None] * Q * part).sum(axis=2))
    share = np.where(STATES == 1, (point := rng.uniform(0.75, 0.9, 4)), 1.0 - point).prod(axis=1)
    state = rng.choice(16, n, p=share)
    return chance, share, (rng.random((n, 10)) < chance[state]).astype(float)


@pytest.mark.parametrize("model", ["dina", "gdina"])
def test_mastery_and_shares_of_points_are_held(model):
    mastery, points = [], []
    for seed in range(500, 516):
        chance, share, marks = paper(seed, 400)
        got = diagnose(response_matrix(marks, 1.0), Q, model, settings=QUICK)
        logs = marks @ np.log(chance.T) + (1.0 - marks) @ np.log1p(-chance.T) + np.log(share)
        each = np.exp(logs - logs.max(axis=1, keepdims=True))
        true = each @ STATES / each.sum(axis=1, keepdims=True)
        open_ = (true > 0.05) & (true < 0.95)
        mastery.append(((got.mastery.low <= true) & (true <= got.mastery.high))[open_].mean())
        for k, point in enumerate(got.points):
            points.append(point.prevalence.low <= share @ STATES[:, k] <= point.prevalence.high)
    assert 0.9 < np.mean(mastery) < 0.985  # by DINA, where the level of guesses is not learnt, 0.897
    assert np.mean(points) > 0.9  # 0.797
