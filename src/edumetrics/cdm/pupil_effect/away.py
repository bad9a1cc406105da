"""Owns what is said of pupils where some of them may have answered by no point at all.

Answers of 200 pupils seldom show whether one in ten guessed or did not try: twice the log-likelihood gains
about what chance gains. Such a pupil looks like one who lacks everything, of whom a class model is sure.
So intervals of few pupils allow for it: their limits move as posteriors do when a class of pupils without a
point of their own, answering all items at one level, is added. Most pupils do not look like it, and stay.
Of many pupils limits move where such a class takes in more of them, and gains more, than by chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from edumetrics.cdm import em
from edumetrics.cdm.expectation import fold
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.model import AWAY_SHARE, GIVEN_UP, GUESSING, MASS_PSEUDO, with_away
from edumetrics.cdm.results import ClassModelResult, GroupOnItem, ItemDiagnosis
from edumetrics.cdm.rival import METHOD, parts_of
from edumetrics.results import Estimate, FloatArray, IntArray, Outcome
from edumetrics.runners.stats import posterior

# Of FEW pupils limits move the whole way as if some guessed. Of MANY, or as if some had given up, they move
# as far as two things say: the share of those away, from RARE to OFTEN, and twice the log-likelihood gained,
# from LITTLE to MUCH. Exams of 500 to 1,000 pupils without them have shares of 0.01 to 0.06 and gain more
# than 2 once in ten times; with one in twelve of 1,000 away shares are 0.035 and more but once in thirty, and
# nine in ten gain more than 2.
FEW, MANY = 200, 400
RARE, OFTEN = 0.02, 0.03
LITTLE, MUCH = 0.0, 2.0
# Standard errors above their share at which they are looked for in each pupil. Of few pupils a class of those
# who lack everything takes in most who guess, and their share comes out far too low: 0.03 to 0.06 where one
# in eight of 200 guesses. Six errors above it is about that.
MARGIN, MARGIN_OF_FEW = 1.0, 6.0
MOST_CELLS = 1_000_000  # pupils × classes
PSEUDO_ANSWERS = 10.0  # behind the first guess of their level
PINNED = 1e6  # pseudo-answers to each item by which it has the level common to all
ROUNDS = 5  # in which their share and level are learnt
TOLERANCE, EVALUATIONS = 1e-3, 200
EDGE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """By how much limits move, in log-odds.

    Attributes
    ----------
    mastery : (2, N, K) float
        Of surely having a point and of perhaps having it.
    shares : (2, K) float
        Of the pupils who have the point.
    groups : (J, G) float
        Of the share of the full mark that each group of an item reaches.
    size : (J, G) float
        Pupils in each.
    n_groups : (J,) int
        Of the saturated model.
    away : float
        Share of the pupils who are away.
    """

    mastery: FloatArray
    shares: FloatArray
    groups: FloatArray
    size: FloatArray
    n_groups: IntArray
    away: float


def moved_by_away(exam: Prepared, result: ClassModelResult) -> list[Moved]:
    """By how much limits move where some pupils guess, and where some have given up: none, one or both.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model over classes.
    """
    n = int(exam.present.sum())
    if result.n_classes is None or n * result.space.n_classes > MOST_CELLS:
        return []
    without, moves = _without(exam, result), []
    for level in (GUESSING, GIVEN_UP):
        apart, share, with_them = _with_a_class_of_them(exam, result, level)
        often = (with_them.parameters.weight[-1] - RARE) / (OFTEN - RARE)
        gained = (2.0 * (with_them.loglik - without.loglik) - LITTLE) / (MUCH - LITTLE)
        told = float(np.clip(min(often, gained), 0.0, 1.0))
        few = min((MANY - n) / (MANY - FEW), 1.0) if level == GUESSING else 0.0
        if max(few, told) > 0.0:
            moves.append(_moved(exam, result, without, apart, share, with_them.parameters, few, told))
    return moves


def _without(exam: Prepared, result: ClassModelResult) -> em.Fit:
    """The maximum of the same without them."""
    patterns = fold(pack_for(len(result.parameters.weight), exam.coding, exam.answered))
    free = replace(result.problem, monotone=False)
    return em.fit(free, patterns, result.parameters, TOLERANCE, EVALUATIONS)


def _moved(
    exam: Prepared,
    result: ClassModelResult,
    without: em.Fit,
    apart: em.Problem,
    share: FloatArray,
    with_them: em.Parameters,
    few: float,
    told: float,
) -> Moved:
    """From a maximum without them part of the way to one with them.

    Parameters
    ----------
    share : (C,) float
        Of the other classes, among those who are not away.
    few, told : float
        Of the way, because pupils are few and because answers tell of some who are away.
    """
    away, before = float(with_them.weight[-1]), without.parameters
    known = np.stack([result.space.known == 1, result.space.known != 0]).astype(np.float64)
    part = max(few, told)
    most, after = _at_most(away, _posteriors(exam, apart, with_them), max(told * MARGIN, few * MARGIN_OF_FEW))
    after = after[:, :-1] + after[:, -1:] * share
    mastery = np.zeros((len(known), *result.mastery.value.shape))
    mastery[:, exam.present] = part * _between(
        _posteriors(exam, result.problem, before) @ known, after @ known
    )
    # the more are away, in proportion, the more of the others have a point.
    shares = part * most / away * _between(before.weight @ known, share @ known)
    groups = told * _of_groups(result, before.probability, with_them.probability, most)
    return Moved(mastery, shares, groups, without.counts.sum(axis=2), result.problem.n_groups, away)


def _at_most(away: float, posteriors: FloatArray, margin: float) -> tuple[float, FloatArray]:
    """A share of those away that is larger by ``margin`` standard errors, and posteriors (N, C + 1) under it.

    The score of a pupil for the share, squared, is what is known of it.
    """
    theirs = posteriors[:, -1]
    score = theirs / away - (1.0 - theirs) / (1.0 - away)
    known = float(score @ score) + MASS_PSEUDO * AWAY_SHARE / away**2
    most = min(away + margin / float(np.sqrt(known)), 0.5)
    turned = posteriors * np.append(
        np.full(posteriors.shape[1] - 1, (1.0 - most) / (1.0 - away)), most / away
    )
    return most, turned / turned.sum(axis=1, keepdims=True)


def _of_groups(
    result: ClassModelResult, chance: FloatArray, with_them: FloatArray, away: float
) -> FloatArray:
    """`Moved.groups` as (J, G), where a share ``away`` has the last of ``with_them`` (J, G + 1, M)."""
    level = with_them[np.arange(len(chance)), result.problem.n_groups]
    mixed = (1.0 - away) * with_them[:, : chance.shape[1]] + away * level[:, None]
    worth = result.worth.mean
    return _between((chance * worth).sum(axis=2), (mixed * worth).sum(axis=2))


def _between(before: FloatArray, after: FloatArray) -> FloatArray:
    """From one chance to another on the scale of log-odds."""
    odds = logit(np.clip(np.stack([before, after]), EDGE, 1.0 - EDGE))
    return np.asarray(odds[1] - odds[0])


def moving(result: ClassModelResult, bare: ClassModelResult, moved: Moved, share: float) -> ClassModelResult:
    """``result`` with limits that reach as far as those of ``bare`` moved a ``share`` of the way.

    Parameters
    ----------
    result, bare : ClassModelResult
        Of the same exam by the same rule, with and without what other opinions say.
    """
    ends = _outwards(bare.mastery.low, bare.mastery.high, share * moved.mastery)
    low, high = np.fmin(result.mastery.low, ends[0]), np.fmax(result.mastery.high, ends[1])
    points = tuple(
        replace(mine, prevalence=_reaching(mine.prevalence, theirs.prevalence, share * by))
        for mine, theirs, by in zip(result.points, bare.points, moved.shares.T, strict=True)
    )
    items = tuple(
        replace(mine, groups=_groups(result.model, mine, theirs, share * by[:g], size[:g]))
        for mine, theirs, by, size, g in zip(
            result.items, bare.items, moved.groups, moved.size, moved.n_groups, strict=True
        )
    )
    mastery = replace(result.mastery, low=low, high=high, method=METHOD)
    return replace(result, mastery=mastery, points=points, items=items)


def _groups(
    model: str, mine: ItemDiagnosis, bare: ItemDiagnosis, moved: FloatArray, size: FloatArray
) -> tuple[GroupOnItem, ...]:
    """Groups of an item: each is one of the saturated model's, or several together."""
    parts = parts_of(model, mine, len(size))
    return tuple(
        replace(
            group,
            share=_reaching(group.share, other.share, np.average(moved[part], weights=size[part] + EDGE)),
        )
        for group, other, part in zip(mine.groups, bare.groups, parts, strict=True)
    )


def _reaching(mine: Outcome, bare: Outcome, by: ArrayLike) -> Outcome:
    """An interval that reaches as far as the ``bare`` one moved by log-odds, (2,) of its limits or ()."""
    if not isinstance(mine, Estimate) or not isinstance(bare, Estimate):
        return mine
    low, high = _outwards(np.array(bare.low), np.array(bare.high), np.broadcast_to(by, 2))
    return replace(mine, low=min(mine.low, float(low)), high=max(mine.high, float(high)), method=METHOD)


def _outwards(low: FloatArray, high: FloatArray, moved: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Limits moved by log-odds (2, …), never inwards; NaN where there are none."""
    lower = expit(logit(np.clip(low, 0.0, 1.0)) + np.minimum(moved[0], 0.0))
    upper = expit(logit(np.clip(high, 0.0, 1.0)) + np.maximum(moved[1], 0.0))
    return np.fmin(lower, low), np.fmax(upper, high)


def _posteriors(exam: Prepared, problem: em.Problem, at: em.Parameters) -> FloatArray:
    shard = pack_for(len(at.weight), exam.coding, exam.answered)
    return posterior(shard, em.node_model(problem, at))[0]


def _with_a_class_of_them(
    exam: Prepared, result: ClassModelResult, level: float
) -> tuple[em.Problem, FloatArray, em.Fit]:
    """The problem with them as a last class, shares (C,) of the other classes, and its maximum.

    Parameters
    ----------
    level : float
        Log-odds at which they are first thought to answer.
    """
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
    n, share, first = float(patterns.copies.sum()), AWAY_SHARE, level
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
        level = _level(bare, fit.counts[items, bare.n_groups], first)
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
