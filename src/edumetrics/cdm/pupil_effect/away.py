"""Owns what is said of pupils where some of them may have answered by no point at all.

Answers of 200 pupils seldom show whether one in ten guessed or did not try: twice the log-likelihood gains
about what chance gains. Such a pupil looks like one who lacks everything, of whom a class model is sure.
So intervals of few pupils allow for it: their limits move as posteriors do when a class of pupils without a
point of their own, answering all items at one level, is added. Most pupils do not look like it, and stay.
Of many pupils limits move where such a class gains more than chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from edumetrics.cdm import em
from edumetrics.cdm.expectation import fold
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.climb import SIZE_MEAN
from edumetrics.cdm.pupil_effect.model import AWAY, AWAY_SHARE, MASS_PSEUDO, with_away
from edumetrics.cdm.results import ClassModelResult
from edumetrics.cdm.rival import METHOD
from edumetrics.results import Estimate, FloatArray
from edumetrics.runners.stats import posterior

# Up to FEW pupils limits move the whole way; from MANY on as far as twice the log-likelihood gained goes from
# LITTLE to MUCH: of exams drawn without such pupils one in ten gains more than 2, with one in twelve of them
# nine in ten more than 2.5.
FEW, MANY = 200, 400
LITTLE, MUCH = 1.0, 4.0
MOST_CELLS = 1_000_000  # pupils × classes
PSEUDO_ANSWERS = 10.0  # behind the first guess of their level
PINNED = 1e6  # pseudo-answers to each item by which it has the level common to all
ROUNDS = 5  # in which their share and level are learnt
TOLERANCE, EVALUATIONS = 1e-3, 200
EDGE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """By how much log-odds move, of surely having a point and of perhaps having it.

    Attributes
    ----------
    mastery : (2, N, K) float
    shares : (2, K) float
        Of the pupils who have the point.
    """

    mastery: FloatArray
    shares: FloatArray


def moved_by_away(exam: Prepared, result: ClassModelResult) -> Moved | None:
    """By how much mastery and shares of points move where some pupils are away; None where they do not.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model over classes.
    """
    n = int(exam.present.sum())
    if result.n_classes is None or n * result.space.n_classes > MOST_CELLS:
        return None
    apart, share, with_them = _with_a_class_of_them(exam, result)
    free = replace(result.problem, monotone=False)
    patterns = fold(pack_for(len(share), exam.coding, exam.answered))
    without = em.fit(free, patterns, result.parameters, TOLERANCE, EVALUATIONS)
    told = (2.0 * (with_them.loglik - without.loglik) - LITTLE) / (MUCH - LITTLE)
    part = float(np.clip(max((MANY - n) / (MANY - FEW), told), 0.0, 1.0))
    if part <= 0.0:
        return None
    known = np.stack([result.space.known == 1, result.space.known != 0]).astype(np.float64)
    before = _posteriors(exam, free, without.parameters)
    after = _posteriors(exam, apart, with_them.parameters)
    after = after[:, :-1] + after[:, -1:] * share
    mastery = np.zeros((len(known), *result.mastery.value.shape))
    mastery[:, exam.present] = part * _between(before @ known, after @ known)
    return Moved(mastery, part * _between(without.parameters.weight @ known, share @ known))


def _between(before: FloatArray, after: FloatArray) -> FloatArray:
    """From one chance to another on the scale of log-odds."""
    odds = logit(np.clip(np.stack([before, after]), EDGE, 1.0 - EDGE))
    return np.asarray(odds[1] - odds[0])


def moving(result: ClassModelResult, moved: Moved, share: float = 1.0) -> ClassModelResult:
    """``result`` with limits of mastery and of shares of points moved outwards a ``share`` of the way."""
    mine = result.mastery
    low, high = _outwards(mine.low, mine.high, share * moved.mastery)
    points = []
    for point, away in zip(result.points, moved.shares.T, strict=True):
        found = point.prevalence
        if isinstance(found, Estimate):
            ends = _outwards(np.array(found.low), np.array(found.high), share * away)
            found = replace(found, low=float(ends[0]), high=float(ends[1]), method=METHOD)
        points.append(replace(point, prevalence=found))
    return replace(result, mastery=replace(mine, low=low, high=high, method=METHOD), points=tuple(points))


def _outwards(low: FloatArray, high: FloatArray, moved: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Limits moved by log-odds (2, …), never inwards; NaN where there are none."""
    lower = expit(logit(low) + np.minimum(moved[0], 0.0))
    upper = expit(logit(high) + np.maximum(moved[1], 0.0))
    return np.fmin(lower, low), np.fmax(upper, high)


def _posteriors(exam: Prepared, problem: em.Problem, at: em.Parameters) -> FloatArray:
    shard = pack_for(len(at.weight), exam.coding, exam.answered)
    return posterior(shard, em.node_model(problem, at))[0]


def _with_a_class_of_them(exam: Prepared, result: ClassModelResult) -> tuple[em.Problem, FloatArray, em.Fit]:
    """The problem with them as a last class, shares (C,) of the other classes, and its maximum."""
    bare, n_classes = result.problem, len(result.parameters.weight)
    items, width = np.arange(len(bare.group)), bare.pseudo.shape[1]
    wide, _ = with_away(bare, np.zeros(bare.pseudo.shape[:2], dtype=np.int64))
    wide = replace(
        wide,
        group=np.ascontiguousarray(np.column_stack([bare.group, bare.n_groups])),
        monotone=False,
        additive=np.zeros(len(items), dtype=np.bool_),
    )
    patterns = fold(pack_for(n_classes + 1, exam.coding, exam.answered))
    n, share, level = float(patterns.copies.sum()), AWAY_SHARE, float(SIZE_MEAN[AWAY])
    of_classes = result.parameters.weight
    chance = np.zeros(wide.pseudo.shape)
    chance[:, :width] = result.parameters.probability
    chance[items, bare.n_groups] = _at_level(bare, level)
    at = em.Parameters(chance, np.append((1.0 - share) * of_classes, share))
    for _ in range(ROUNDS):
        pseudo = wide.pseudo.copy()
        pseudo[items, bare.n_groups] = PINNED * _at_level(bare, level)
        # What class weights lean on says nothing of the share of those away.
        others = bare.class_pseudo + MASS_PSEUDO * (1.0 - AWAY_SHARE) * of_classes
        away = MASS_PSEUDO * AWAY_SHARE + bare.class_pseudo.sum() * share / (1.0 - share)
        wide = replace(wide, pseudo=pseudo, class_pseudo=np.append(others, away))
        fit = em.fit(wide, patterns, at, TOLERANCE, EVALUATIONS)
        at, of_classes = fit.parameters, fit.class_counts[:-1] / fit.class_counts[:-1].sum()
        share = float((fit.class_counts[-1] + MASS_PSEUDO * AWAY_SHARE) / (n + MASS_PSEUDO))
        level = _level(bare, fit.counts[items, bare.n_groups], float(SIZE_MEAN[AWAY]))
    weight = at.weight[:-1]
    return wide, weight / weight.sum(), fit


def _at_level(problem: em.Problem, level: float) -> FloatArray:
    """Chances (J, M) of the categories where each is ``level`` log-odds from the one below."""
    most = problem.pseudo.shape[2]
    chance = np.exp(level * np.arange(most)) * (np.arange(most) < problem.n_categories[:, None])
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def _level(problem: em.Problem, counts: FloatArray, first: float) -> float:
    """Log-odds of a category to the one below over all items, from counts (J, M) of the categories.

    Pseudo-answers stand at the first guess.
    """
    highest = counts[np.arange(len(counts)), problem.n_categories - 1]
    above, below = float(counts[:, 1:].sum()), float(counts.sum() - highest.sum())
    up = PSEUDO_ANSWERS / (1.0 + np.exp(-first))
    return float(np.log((above + up) / (below + PSEUDO_ANSWERS - up)))
