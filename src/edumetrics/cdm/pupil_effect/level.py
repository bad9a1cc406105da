"""Owns answers of pupils who answer by no point: all items at one level of their own."""

from __future__ import annotations

import numpy as np

from edumetrics.cdm import em
from edumetrics.results import FloatArray

PSEUDO_ANSWERS = 10.0  # behind the first guess of the level


def at_level(problem: em.Problem, level: float) -> FloatArray:
    """Chances (J, M) of the categories where each is ``level`` log-odds from the one below."""
    most = problem.pseudo.shape[2]
    chance = np.exp(level * np.arange(most)) * (np.arange(most) < problem.n_categories[:, None])
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def level_of(problem: em.Problem, counts: FloatArray, first: float) -> float:
    """Log-odds of a category to the one below over all items, from counts (J, M) of the categories.

    Pseudo-answers stand at the first guess.
    """
    highest = counts[np.arange(len(counts)), problem.n_categories - 1]
    above, below = float(counts[:, 1:].sum()), float(counts.sum() - highest.sum())
    up = PSEUDO_ANSWERS / (1.0 + np.exp(-first))
    return float(np.log((above + up) / (below + PSEUDO_ANSWERS - up)))
