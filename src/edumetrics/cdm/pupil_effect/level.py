"""Owns answers of those who answer by no point: items like each other at one level."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import binom, expit

from edumetrics.cdm import em
from edumetrics.results import FloatArray

PSEUDO_ANSWERS = 10.0  # behind the first guess of a level


def at_level(problem: em.Problem, level: ArrayLike) -> FloatArray:
    """Chances (J, M) of the categories where each mark of an item is got with log-odds ``level``, () or (J,).

    Marks are got one by one (binomial). As steps that are equally hard, each from the one before, those who
    guess a quarter of four marks would nearly always get none.
    """
    k, most = np.arange(problem.pseudo.shape[2]), (problem.n_categories - 1)[:, None]
    odds = np.broadcast_to(level, len(problem.group))[:, None]
    chance = binom(most, k) * np.exp(odds * k) * (k <= most)
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def levels_of(problem: em.Problem, counts: FloatArray, first: FloatArray) -> FloatArray:
    """Log-odds (J,) of each mark over all items like each other, from counts (J, M).

    Right/wrong items of one first guess (J,) are, and others of one. Pseudo-answers stand at it. Those who
    guess choices leave open what they must write.
    """
    levels, most = np.empty(len(counts)), problem.n_categories - 1
    got, answers = counts @ np.arange(counts.shape[1]), counts.sum(axis=1)
    for partial, start in set(zip((most > 1).tolist(), first.tolist(), strict=True)):
        alike = ((most > 1) == partial) & (first == start)
        up = PSEUDO_ANSWERS * float(expit(start))
        above, all_marks = got[alike].sum() + up, (answers * most)[alike].sum() + PSEUDO_ANSWERS
        levels[alike] = np.log(above / (all_marks - above))
    return levels
