"""Points that presuppose each other though nobody said so: held where class weights lean on ability."""

from __future__ import annotations

from itertools import product

import numpy as np

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose

QUICK = Settings(check_ridge=False, starts=3)
STATES = np.array(list(product([0, 1], repeat=4)))
TOLD = (STATES[:, 0] >= STATES[:, 1]) & (STATES[:, 1] >= STATES[:, 2])  # the fourth stands apart


def held(seed: int, n: int) -> float:
    """Share of open pupils' mastery that is held."""
    rng = np.random.default_rng(seed)
    q = np.zeros((20, 4), int)
    q[np.arange(20), np.arange(20) % 4] = 1
    q[np.arange(8, 20), rng.integers(0, 4, 12)] = 1
    weight = np.where(TOLD, rng.dirichlet(np.full(16, 3.0)), 0.0)
    weight /= weight.sum()
    low, high = rng.uniform(0.05, 0.3, 20), rng.uniform(0.7, 0.95, 20)
    chance = low + (high - low) * (STATES @ q.T / q.sum(axis=1)) ** 2
    marks = (rng.random((n, 20)) < chance[rng.choice(16, n, p=weight)]).astype(float)
    logs = marks @ np.log(chance).T + (1.0 - marks) @ np.log1p(-chance).T
    each = np.exp(logs) * weight
    true = each @ STATES / each.sum(axis=1, keepdims=True)
    mastery = diagnose(response_matrix(marks, 1.0), q, "gdina", settings=QUICK).mastery
    open_ = (true > 0.05) & (true < 0.95) & mastery.known
    return float(((mastery.low <= true) & (true <= mastery.high))[open_].mean())


def test_mastery_is_held_where_nobody_said_what_presupposes_what():
    found = [held(seed, 280) for seed in range(10)]
    assert 0.92 <= np.mean(found) <= 0.985  # leaning alone: 0.85
