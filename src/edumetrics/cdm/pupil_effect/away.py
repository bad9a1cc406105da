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
from edumetrics.cdm.pupil_effect.class_away import HowFar, WithAway, apart_from, moved_to
from edumetrics.cdm.pupil_effect.level import at_level, levels_of
from edumetrics.cdm.pupil_effect.model import AWAY_SHARE, GIVEN_UP, GUESSING, MASS_PSEUDO
from edumetrics.cdm.pupil_effect.moved import Moved, together
from edumetrics.cdm.results import ClassModelResult
from edumetrics.cdm.whole_posterior import heard, with_some_away
from edumetrics.results import FloatArray

# Pupils up to which limits move the whole way as if some guessed, and from which not for that: of mastery,
# and of shares of points with chances, of which those of 300 would else be held 99 times in 100. Of mastery,
# up to 500 would hold those who guess among 300 better (97 for 87 in 100), but of one in 300 who has nothing
# right in fifteen items a limit of 0.5 to 0.7 would be said. Of many, or as if some had given up, they move
# as far as two things say: the share of those away, from RARE to OFTEN, and twice the log-likelihood gained,
# from LITTLE to MUCH. Exams of 500 to 1,000 pupils without them have shares of 0.01 to 0.06 and gain more
# than 2 once in ten times; with one in twelve of 1,000 away shares are 0.035 and more but once in thirty,
# and nine in ten gain more than 2.
OF_MASTERY, OF_SHARES = (200, 430), (200, 400)
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
        with_them, loglik = _with_a_class_of_them(exam, result, first)
        often = (with_them.parameters.weight[-1] - RARE) / (OFTEN - RARE)
        little = LITTLE + found * float(np.log(n))
        gained = (2.0 * (loglik - without.loglik) - little) / (MUCH - LITTLE)
        told = float(np.clip(min(often, gained), 0.0, 1.0))
        untold = _untold(exam, result, with_them.parameters.probability) if guess else 0.0
        of_many = told if found else max(told, untold)
        of_mastery, of_shares = (
            _how_far(guess * fewness(n, *bounds), of_many, max(told, untold), untold)
            for bounds in (OF_MASTERY, OF_SHARES)
        )
        if max(of_mastery.part, of_shares.part) == 0.0:
            continue
        move = moved_to(exam, result, without, with_them, of_mastery, of_shares, of_many)
        if told * over_all > 0.0:
            whole = with_some_away(exam, result, with_them.problem, with_them.parameters, AWAY_SHARE)
            move = replace(move, whole=whole, reach=told * over_all)
        if not guess:
            given_up = move
        elif given_up is not None:  # of whom those who guess choices and leave the rest come beside
            move = together(move, given_up)
        moves.append(move)
    return moves


def fewness(n: int, few: int, many: int) -> float:
    """1 of ``few`` pupils and fewer, 0 of ``many`` and more."""
    return float(np.clip((many - n) / (many - few), 0.0, 1.0))


def _how_far(few: float, of_many: float, told: float, untold: float) -> HowFar:
    margin = max(told * MARGIN, few * (1.0 - untold) * MARGIN_OF_FEW)
    return HowFar(max(few, of_many), margin)


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


def _with_a_class_of_them(
    exam: Prepared, result: ClassModelResult, first: FloatArray
) -> tuple[WithAway, float]:
    """The maximum with them, items at levels that are learnt, and its log-likelihood.

    Parameters
    ----------
    first : (J,) float
        Log-odds at which they are first thought to answer.
    """
    bare, n_classes = result.problem, len(result.parameters.weight)
    items, width = np.arange(len(bare.group)), bare.pseudo.shape[1]
    wide = apart_from(bare)
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
    return WithAway(wide, at, weight / weight.sum()), fit.loglik
