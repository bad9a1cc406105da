"""Owns what is said of pupils where some of them may have answered by no point at all.

Answers of 200 pupils seldom show whether one in ten guessed or did not try: twice the log-likelihood gains
about what chance gains. Such a pupil looks like one who lacks everything, of whom a class model is sure.
So intervals of few pupils allow for it: their limits move as posteriors do when a class of pupils is added
who answer by no point. Most pupils do not look like it, and stay.
Of many pupils limits move where such a class takes in more of them, and gains more, than by chance, or where
items let pupils guess about as well as those who guess, which no number of answers tells.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit, kl_div

from edumetrics.cdm import em
from edumetrics.cdm.expectation import fold
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.level import at_level, levels_of
from edumetrics.cdm.pupil_effect.model import AWAY_SHARE, GIVEN_UP, GUESSING, MASS_PSEUDO, with_away
from edumetrics.cdm.pupil_effect.moved import Moved, between, together
from edumetrics.cdm.results import ClassModelResult
from edumetrics.cdm.whole_posterior import heard, with_some_away
from edumetrics.results import FloatArray
from edumetrics.runners.stats import posterior

# Of FEW pupils limits move the whole way as if some guessed. Of MANY, or as if some had given up, they move
# as far as two things say: the share of those away, from RARE to OFTEN, and twice the log-likelihood gained,
# from LITTLE to MUCH. Exams of 500 to 1,000 pupils without them have shares of 0.01 to 0.06 and gain more
# than 2 once in ten times; with one in twelve of 1,000 away shares are 0.035 and more but once in thirty, and
# nine in ten gain more than 2.
FEW, MANY = 200, 400
RARE, OFTEN = 0.02, 0.03
LITTLE, MUCH = 0.0, 2.0
# What answers of a pupil who guesses tell of it beside one who lacks everything (Kullback & Leibler 1951,
# Ann. Math. Stat. 22, 79): with less than ALIKE it cannot be told, with more than UNLIKE answers say whether
# there are such. Papers whose guesses are 0.2 to 0.3 have 0.05 to 0.23, where they are 0.1 to 0.3 0.33 to 2.
ALIKE, UNLIKE = 0.2, 0.35
# Standard errors above their share at which they are looked for in each pupil. Of few pupils a class of those
# who lack everything takes in most who guess, and their share comes out far too low: 0.03 to 0.06 where one
# in eight of 200 guesses. Six errors above it is about that.
MARGIN, MARGIN_OF_FEW = 1.0, 6.0
SELDOM = float(expit([GUESSING, GIVEN_UP]).mean())  # half-way between who guesses and who has given up
MOST_CELLS = 1_000_000  # pupils × classes
EDGE = 1e-6
PINNED = 1e6  # pseudo-answers to each item by which it has the level common to all
ROUNDS = 5  # in which their share and level are learnt
TOLERANCE, EVALUATIONS = 1e-3, 200


def moved_by_away(exam: Prepared, result: ClassModelResult) -> list[Moved]:
    """By how much limits move where some pupils guess, and where some have given up: none, some or all.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model over classes.
    """
    n = int(exam.present.sum())
    if result.n_classes is None or n * result.space.n_classes > MOST_CELLS:
        return []
    without, over_all = _without(exam, result), heard(exam, result)
    moves: list[Moved] = []
    given_up: Moved | None = None
    for first, guess, found in _firsts(result):
        apart, share, with_them = _with_a_class_of_them(exam, result, first)
        often = (with_them.parameters.weight[-1] - RARE) / (OFTEN - RARE)
        little = LITTLE + found * float(np.log(n))
        gained = (2.0 * (with_them.loglik - without.loglik) - little) / (MUCH - LITTLE)
        told = float(np.clip(min(often, gained), 0.0, 1.0))
        part, of_groups, margin, reach = told, told, told * MARGIN, told * over_all
        if guess:
            few = float(np.clip((MANY - n) / (MANY - FEW), 0.0, 1.0))
            untold = _untold(exam, result, with_them.parameters.probability)
            margin = max(max(told, untold) * MARGIN, few * (1.0 - untold) * MARGIN_OF_FEW)
            of_groups = told if found else max(told, untold)
            part = max(few, of_groups)
        if part > 0.0:
            move = _moved(exam, result, without, apart, share, with_them.parameters, part, of_groups, margin)
            if reach > 0.0:
                whole = with_some_away(exam, result, apart, with_them.parameters, AWAY_SHARE)
                move = replace(move, whole=whole, reach=reach)
            if not guess:
                given_up = move
            elif given_up is not None:  # of whom those who guess choices and leave the rest come beside
                move = together(move, given_up)
            moves.append(move)
    return moves


def _firsts(result: ClassModelResult) -> list[tuple[FloatArray, bool, bool]]:
    """Log-odds (J,) at which they may first be thought to answer each item, whether they guess, if found.

    Who guesses choices may guess what he must write too, or leave it: marks of items that have several, else
    items that pupils without the points seldom get right. Which these are is found from answers, and such
    levels fit those who lack everything on nearly every paper: that they do says nothing, and they must gain
    more (Schwarz 1978, Ann. Stat. 6, 461).
    """
    chance, partial = result.parameters.probability[:, 0, 1], result.problem.n_categories > 2
    firsts = [
        (np.full(len(partial), GUESSING), True, False),
        (np.full(len(partial), GIVEN_UP), False, False),
    ]
    to_write, found = (partial, False) if partial.any() else (chance < SELDOM, True)
    if to_write.any() and not to_write.all():
        firsts.append((np.where(to_write, GIVEN_UP, GUESSING), True, found))
    return firsts


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
    part: float,
    of_groups: float,
    margin: float,
) -> Moved:
    """From a maximum without them part of the way to one with them.

    Parameters
    ----------
    share : (C,) float
        Of the other classes, among those who are not away.
    part, of_groups : float
        Of the way: of mastery and shares of points, and of the chances of groups.
    margin : float
        Standard errors above their share at which they are looked for.
    """
    away, before = float(with_them.weight[-1]), without.parameters
    known = np.stack([result.space.known == 1, result.space.known != 0]).astype(np.float64)
    who = _posteriors(exam, apart, with_them)
    most, after = _at_most(away, who, margin)
    after = after[:, :-1] + after[:, -1:] * share
    theirs = np.zeros(len(exam.present))
    theirs[exam.present] = who[:, -1]
    mastery = np.zeros((len(known), *result.mastery.value.shape))
    mastery[:, exam.present] = part * between(
        _posteriors(exam, result.problem, before) @ known, after @ known
    )
    # the more are away, in proportion, the more of the others have a point.
    shares = part * most / away * between(before.weight @ known, share @ known)
    groups = of_groups * _of_groups(result, before.probability, with_them.probability, most)
    return Moved(mastery, shares, groups, without.counts.sum(axis=2), result.problem.n_groups, theirs)


def _untold(exam: Prepared, result: ClassModelResult, chance: FloatArray) -> float:
    """How far answers cannot tell a pupil of the last group of each item from one of the first, 0 to 1.

    Parameters
    ----------
    chance : (J, G + 1, M) float
    """
    away, lacking = chance[np.arange(len(chance)), result.problem.n_groups], chance[:, 0]
    of_items = kl_div(away, np.maximum(lacking, EDGE)).sum(axis=1)
    told = float((exam.answered >= 0).mean(axis=0) @ of_items)
    return float(np.clip((UNLIKE - told) / (UNLIKE - ALIKE), 0.0, 1.0))


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
    return between((chance * worth).sum(axis=2), (mixed * worth).sum(axis=2))


def _posteriors(exam: Prepared, problem: em.Problem, at: em.Parameters) -> FloatArray:
    shard = pack_for(len(at.weight), exam.coding, exam.answered)
    return posterior(shard, em.node_model(problem, at))[0]


def _with_a_class_of_them(
    exam: Prepared, result: ClassModelResult, first: FloatArray
) -> tuple[em.Problem, FloatArray, em.Fit]:
    """The problem with them as a last class, shares (C,) of the other classes, and its maximum.

    Parameters
    ----------
    first : (J,) float
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
    n, share, levels = float(patterns.copies.sum()), AWAY_SHARE, first
    of_classes = result.parameters.weight
    chance = np.zeros(wide.pseudo.shape)
    chance[:, :width] = result.parameters.probability
    chance[items, bare.n_groups] = at_level(bare, levels)
    at = em.Parameters(chance, np.append((1.0 - share) * of_classes, share))
    for _ in range(ROUNDS):
        pseudo = wide.pseudo.copy()
        pseudo[items, bare.n_groups] = PINNED * at_level(bare, levels)
        # What class weights lean on says nothing of the share of those away.
        others = bare.class_pseudo + MASS_PSEUDO * (1.0 - AWAY_SHARE) * of_classes
        away = MASS_PSEUDO * AWAY_SHARE + bare.class_pseudo.sum() * share / (1.0 - share)
        wide = replace(wide, pseudo=pseudo, class_pseudo=np.append(others, away))
        fit = em.fit(wide, patterns, at, TOLERANCE, EVALUATIONS)
        at, of_classes = fit.parameters, fit.class_counts[:-1] / fit.class_counts[:-1].sum()
        share = float((fit.class_counts[-1] + MASS_PSEUDO * AWAY_SHARE) / (n + MASS_PSEUDO))
        levels = levels_of(bare, fit.counts[items, bare.n_groups], first)
    weight = at.weight[:-1]
    return wide, weight / weight.sum(), fit
