"""Owns a class model whose pupils answer all of a paper by their points, a part of it, or nothing.

Its maximum is climbed to by EM over the classes of each kind, as products of matrices over distinct patterns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from edumetrics.cdm import em
from edumetrics.cdm.maximisation import CLASS_FLOOR, FLOOR
from edumetrics.cdm.pupil_effect.level import at_level, levels_of
from edumetrics.cdm.pupil_effect.model import AWAY_SHARE, GIVEN_UP, GUESSING, MASS_PSEUDO
from edumetrics.results import FloatArray, IntArray

COIN_PSEUDO = 0.1  # answers by points, and answers left, behind the coin of each item
TOLERANCE = 0.03  # in log-likelihood


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """Pupils who answer all by their points, a part of it, nothing of it: the model, and who they may be.

    Attributes
    ----------
    chance : (J, G, M) float
        Of the categories where an item is answered by its points.
    weight : (C,) float
        Of the classes, the same in each kind.
    shares : (3,) float
        Of the kinds: by points, partway, away.
    left : (J,) float
        Chance that a pupil who is partway has left the item.
    at_left, at_away : (J, M) float
        Of the categories where items are left, and of those who are away.
    """

    chance: FloatArray
    weight: FloatArray
    shares: FloatArray
    left: FloatArray
    at_left: FloatArray
    at_away: FloatArray

    def by_class(self, group: IntArray) -> FloatArray:
        """Chances (J, M, C) by points, of classes whose groups are (J, C)."""
        chance = np.maximum(self.chance[np.arange(len(group))[:, None], group], FLOOR)
        return np.ascontiguousarray(chance.transpose(0, 2, 1))

    def partway(self, by_points: FloatArray) -> FloatArray:
        """The same of pupils who are partway."""
        left = self.left[:, None, None]
        return np.asarray((1.0 - left) * by_points + left * self.at_left[:, :, None])

    @property
    def mean(self) -> FloatArray:
        """Chances (J, G, M) of all pupils of a group, of whatever kind."""
        by_points, partway, away = self.shares
        left = self.left[:, None, None]
        of_partway = (1.0 - left) * self.chance + left * self.at_left[:, None]
        return np.asarray(by_points * self.chance + partway * of_partway + away * self.at_away[:, None])


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Distinct answer patterns: ``of`` (U, J·M) 0/1, their ``copies`` (U,), and which each pupil has (N,)."""

    of: FloatArray
    copies: FloatArray
    pattern: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Where a climb ended: the model, and posteriors (U, C) of the classes for each pattern."""

    kinds: Kinds
    loglik: float
    posteriors: FloatArray


def patterns(problem: em.Problem, categories: NDArray[np.int16]) -> Answers:
    """Answers (N, J) as climbs want them; −1 where missing."""
    distinct, pattern, copies = np.unique(categories, axis=0, return_inverse=True, return_counts=True)
    one_hot = distinct[:, :, None] == np.arange(problem.pseudo.shape[2])
    return Answers(
        one_hot.reshape(len(distinct), -1).astype(np.float64), copies.astype(np.float64), pattern.ravel()
    )


def start(problem: em.Problem, first: em.Parameters, left: FloatArray, *, partway: bool, away: bool) -> Kinds:
    """Where a climb sets out: a class model at ``first``, and chances (J,) that items are left.

    A kind that is nobody stays so.
    """
    shares = np.array([0.0, partway * AWAY_SHARE, away * AWAY_SHARE])
    shares[0] = 1.0 - shares.sum()
    levels = (np.maximum(at_level(problem, level), FLOOR) for level in (GIVEN_UP, GUESSING))
    return Kinds(first.probability, first.weight, shares, left, *levels)


def climb(problem: em.Problem, answers: Answers, kinds: Kinds, steps: int) -> Fit:
    """Climb by EM, at most so many steps. Nobody is behind a kind that has no share."""
    n_items, _, most = problem.pseudo.shape
    n_classes = len(kinds.weight)
    pseudo = np.where(kinds.shares > 0.0, MASS_PSEUDO * AWAY_SHARE, 0.0)
    pseudo[0] = MASS_PSEUDO - pseudo[1:].sum()
    loglik = -np.inf
    for _ in range(steps):
        before, by_points = loglik, kinds.by_class(problem.group)
        partway = kinds.partway(by_points)
        logs = _logs(answers.of, kinds, by_points, partway)
        each = logsumexp(logs, axis=1, keepdims=True)
        loglik, posterior = float(answers.copies @ each[:, 0]), np.exp(logs - each)
        found, expected = kinds, posterior * answers.copies[:, None]
        if abs(loglik - before) < TOLERANCE:
            break
        counts = (answers.of.T @ expected).reshape(n_items, most, -1)
        sure, some, nothing = np.split(counts, [n_classes, 2 * n_classes], axis=2)
        left = kinds.left[:, None, None] * kinds.at_left[:, :, None] / partway
        kinds = _maximised(problem, sure, some, left, nothing[:, :, 0], expected.sum(axis=0), pseudo)
    in_classes = posterior[:, :n_classes] + posterior[:, n_classes:-1] + posterior[:, -1:] * found.weight
    return Fit(found, loglik, in_classes)


def _logs(answers: FloatArray, kinds: Kinds, by_points: FloatArray, partway: FloatArray) -> FloatArray:
    """Log-probabilities (U, 2C + 1) of answers with the classes by points, the same partway, those away."""
    chances = np.concatenate([by_points, partway, kinds.at_away[:, :, None]], axis=2)
    of_kinds = np.log(np.maximum(kinds.shares, CLASS_FLOOR))
    weight = np.log(np.maximum(kinds.weight, CLASS_FLOOR))
    logs = answers @ np.log(chances).reshape(answers.shape[1], -1)
    return np.asarray(logs + np.concatenate([weight + of_kinds[0], weight + of_kinds[1], of_kinds[2:]]))


def _maximised(
    problem: em.Problem,
    sure: FloatArray,
    some: FloatArray,
    left: FloatArray,
    away: FloatArray,
    pupils: FloatArray,
    pseudo: FloatArray,
) -> Kinds:
    """The model that expected answers speak for.

    Parameters
    ----------
    sure, some : (J, M, C) float
        Answers of pupils who answer all by points, and of those who are partway.
    left : (J, M, C) float
        Share of the latter that is left.
    away : (J, M) float
        Answers of those who are away.
    pupils : (2C + 1,) float
    pseudo : (3,) float
        Pseudo-pupils of the kinds.
    """
    n_items, _, n_classes = sure.shape
    counts = problem.pseudo.copy()
    by_points = sure + some * (1.0 - left)
    np.add.at(counts, (np.arange(n_items)[:, None], problem.group), by_points.transpose(0, 2, 1))
    counts *= problem.used
    of_classes = pupils[:n_classes] + pupils[n_classes:-1]
    weight = of_classes + problem.class_pseudo
    of_kinds = np.array([pupils[:n_classes].sum(), pupils[n_classes:-1].sum(), pupils[-1]]) + pseudo
    at_left = (some * left).sum(axis=2)
    coins = at_left.sum(axis=1) + COIN_PSEUDO, some.sum(axis=(1, 2)) + 2.0 * COIN_PSEUDO
    return Kinds(
        counts / np.maximum(counts.sum(axis=2, keepdims=True), FLOOR),
        weight / weight.sum(),
        of_kinds / of_kinds.sum(),
        coins[0] / coins[1],
        np.maximum(at_level(problem, levels_of(problem, at_left, np.full(n_items, GIVEN_UP))), FLOOR),
        np.maximum(at_level(problem, levels_of(problem, away, np.full(n_items, GUESSING))), FLOOR),
    )
