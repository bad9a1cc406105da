"""Owns what is said of pupils where some answer only a part of the paper by their points.

Who gives up half-way, or leaves all long tasks, has nothing or little right there, whatever he knows: 6 % who
stop after three fifths of a paper make posteriors of 1,000 pupils wrong and no less sure, and slips of the
items left larger. Whether such a pupil has left an item is a coin of the item; all that is left is answered
at one level. Which items are left is learnt from answers, not from the order of the paper: it may be any part
of it. Limits move to where posteriors, shares and chances are then, as far as answers tell.

Source: classes of pupils who answer to some point by what they know, then at random: Yamamoto & Everson
(1997), in Rost & Langeheine (eds), Applications of Latent Trait and Latent Class Models in the Social
Sciences, 89.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from edumetrics.cdm import em
from edumetrics.cdm.maximisation import CLASS_FLOOR, FLOOR
from edumetrics.cdm.pairs import PairFit
from edumetrics.cdm.preparation import Prepared
from edumetrics.cdm.pupil_effect.level import at_level, level_of
from edumetrics.cdm.pupil_effect.model import AWAY_SHARE, GIVEN_UP, GUESSING, MASS_PSEUDO
from edumetrics.cdm.pupil_effect.moved import Moved, between
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import FloatArray, IntArray

# Twice the log-likelihood gained, per item, from which answers tell, and at which they do. Exams of 200 to
# 1,000 pupils who all answer all by their points gain 0.8 to 2.1; with 6 % who stop after three fifths of the
# paper 200 gain 1.0 to 6.6, 400 1.8 to 7.6, 1,000 5 and more.
CHANCE, MUCH = 1.7, 3.0
MOST_CELLS = 1_000_000  # pupils × classes
MOST = 0.5  # of those who are partway
# Twice the log-likelihood gained over what else would explain answers, each less what chance gains, at which
# they tell.
ENOUGH = 6.0
CLEAR = 0.1  # chance that an item is left from which a climb sets out where it does not seem so
COIN_PSEUDO = 0.1  # answers by points, and answers left, behind the coin of each item
TOLERANCE, STEPS = 0.03, 200


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
class Partway:
    """What answers tell of pupils who are partway.

    Attributes
    ----------
    moved : Moved
    share : float
        Of the pupils.
    left : (J,) bool
        Items that most of them have left.
    sure : bool
        Whether neither chance nor another opinion explains what they gain.
    """

    moved: Moved
    share: float
    left: NDArray[np.bool_]
    sure: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """A maximum, with posteriors (N, C) of the classes and expected pupils (J, G) by points in each group."""

    kinds: Kinds
    loglik: float
    posteriors: FloatArray
    size: FloatArray


def told_of_partway(
    exam: Prepared, result: ClassModelResult, pairs: PairFit, rivals: Iterable[float]
) -> Partway | None:
    """What answers tell of pupils who are partway, and by how much limits move; None where of nobody.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model over classes.
    pairs : PairFit
        Under it. Items left go together beyond their points, and apart from the others: a climb sets out
        from either side.
    rivals : iterable of float
        Log-likelihoods of what else would explain how answers go together, less half their parameters.
    """
    n, problem = int(exam.present.sum()), result.problem
    if result.n_classes is None or n * result.space.n_classes > MOST_CELLS:
        return None
    answered, first = exam.answered, result.parameters
    even, side = np.full(len(problem.group), 0.5), np.linalg.eigh(np.nan_to_num(pairs.z))[1][:, -1]
    apart = (np.where(one, 1.0 - CLEAR, CLEAR) for one in (side > 0.0, side < 0.0))
    plain = _fit(problem, answered, first, np.array([1.0, 0.0, 0.0]), even)
    away = _fit(problem, answered, first, np.array([1.0 - AWAY_SHARE, 0.0, AWAY_SHARE]), even)
    shares = np.array([1.0 - 2.0 * AWAY_SHARE, AWAY_SHARE, AWAY_SHARE])
    both = max((_fit(problem, answered, first, shares, left) for left in (even, *apart)), key=_loglik)
    by_chance = CHANCE * len(problem.group)
    beyond_chance = (2.0 * (both.loglik - away.loglik) / by_chance - 1.0) / (MUCH / CHANCE - 1.0)
    beyond_rivals = (2.0 * (both.loglik - max(rivals, default=-np.inf)) - by_chance) / ENOUGH
    told = float(np.clip(min(beyond_chance, beyond_rivals), 0.0, 1.0))
    if told == 0.0:
        return None
    known = np.stack([result.space.known == 1, result.space.known != 0]).astype(np.float64)
    mastery = np.zeros((len(known), *result.mastery.value.shape))
    mastery[:, exam.present] = told * between(plain.posteriors @ known, both.posteriors @ known)
    points = told * between(plain.kinds.weight @ known, both.kinds.weight @ known)
    worth = result.worth.mean
    before, after = ((one * worth).sum(axis=2) for one in (plain.kinds.chance, both.kinds.mean))
    not_all = float(both.kinds.shares[1:].sum())
    moved = Moved(mastery, points, told * between(before, after), plain.size, problem.n_groups, not_all)
    return Partway(moved, float(both.kinds.shares[1]), both.kinds.left > MOST, told == 1.0)


def _loglik(fit: _Fit) -> float:
    return fit.loglik


def _fit(
    problem: em.Problem,
    categories: NDArray[np.int16],
    first: em.Parameters,
    shares: FloatArray,
    left: FloatArray,
) -> _Fit:
    """The maximum by EM, from ``shares`` (3,) of the kinds and chances (J,) that items are left.

    A kind that is nobody stays so.

    Parameters
    ----------
    categories : (N, J) int
        −1 where missing.
    """
    patterns, pattern, copies = np.unique(categories, axis=0, return_inverse=True, return_counts=True)
    n_items, _, most = problem.pseudo.shape
    n_classes = len(first.weight)
    answers = (patterns[:, :, None] == np.arange(most)).reshape(len(patterns), -1).astype(np.float64)
    kinds = Kinds(
        first.probability,
        first.weight,
        shares,
        left,
        np.maximum(at_level(problem, GIVEN_UP), FLOOR),
        np.maximum(at_level(problem, GUESSING), FLOOR),
    )
    pseudo = MASS_PSEUDO * shares
    loglik = -np.inf
    for _ in range(STEPS):
        before, by_points = loglik, kinds.by_class(problem.group)
        partway = kinds.partway(by_points)
        logs = _logs(answers, kinds, by_points, partway)
        each = logsumexp(logs, axis=1, keepdims=True)
        loglik, posterior = float(copies @ each[:, 0]), np.exp(logs - each)
        if abs(loglik - before) < TOLERANCE:
            break
        expected = answers.T @ (posterior * copies[:, None])
        counts = expected.reshape(n_items, most, -1)
        sure, some, nothing = np.split(counts, [n_classes, 2 * n_classes], axis=2)
        of_some = kinds.left[:, None, None] * kinds.at_left[:, :, None] / partway
        kinds = _maximised(problem, sure, some, of_some, nothing[:, :, 0], copies @ posterior, pseudo)
    in_classes = posterior[:, :n_classes] + posterior[:, n_classes:-1] + posterior[:, -1:] * kinds.weight
    size = np.zeros(problem.pseudo.shape[:2])
    np.add.at(size, (np.arange(n_items)[:, None], problem.group), copies @ in_classes)
    return _Fit(kinds, loglik, in_classes[pattern.ravel()], size)


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
        np.maximum(at_level(problem, level_of(problem, at_left, GIVEN_UP)), FLOOR),
        np.maximum(at_level(problem, level_of(problem, away, GUESSING)), FLOOR),
    )
