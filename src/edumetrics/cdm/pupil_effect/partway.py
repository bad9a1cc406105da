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

from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.pairs import PairFit
from edumetrics.cdm.preparation import Prepared
from edumetrics.cdm.pupil_effect.kinds import climb, patterns, start
from edumetrics.cdm.pupil_effect.moved import Moved, between
from edumetrics.cdm.results import ClassModelResult

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
FIRST_STEPS, STEPS = 30, 200  # from each start; from the best


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


def told_of_partway(exam: Prepared, result: ClassModelResult, pairs: PairFit, rival: float) -> Partway | None:
    """What answers tell of pupils who are partway, and by how much limits move; None where of nobody.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model over classes.
    pairs : PairFit
        Under it. Items left go together beyond their points, and apart from the others: a climb sets out
        from either side.
    rival : float
        Log-likelihood of what else would explain how answers go together, less half the parameters it costs.
    """
    n, problem = int(exam.present.sum()), result.problem
    if result.n_classes is None or n * result.space.n_classes > MOST_CELLS:
        return None
    answers, first = patterns(problem, exam.answered), result.parameters
    even, side = np.full(len(problem.group), 0.5), np.linalg.eigh(np.nan_to_num(pairs.z))[1][:, -1]
    plain, away = (
        climb(problem, answers, start(problem, first, even, partway=False, away=some), STEPS)
        for some in (False, True)
    )
    coins = even, *(np.where(one, 1.0 - CLEAR, CLEAR) for one in (side > 0.0, side < 0.0))
    tries = (start(problem, first, left, partway=True, away=True) for left in coins)
    best = max((climb(problem, answers, one, FIRST_STEPS) for one in tries), key=attrgetter("loglik"))
    both = climb(problem, answers, best.kinds, STEPS)
    by_chance = CHANCE * len(problem.group)
    beyond_chance = (2.0 * (both.loglik - away.loglik) / by_chance - 1.0) / (MUCH / CHANCE - 1.0)
    beyond_rivals = (2.0 * (both.loglik - rival) - by_chance) / ENOUGH
    told = float(np.clip(min(beyond_chance, beyond_rivals), 0.0, 1.0))
    if told == 0.0:
        return None
    known = np.stack([result.space.known == 1, result.space.known != 0]).astype(np.float64)
    mastery = np.zeros((len(known), *result.mastery.value.shape))
    of_patterns = between(plain.posteriors @ known, both.posteriors @ known)
    mastery[:, exam.present] = told * of_patterns[:, answers.pattern]
    points = told * between(plain.kinds.weight @ known, both.kinds.weight @ known)
    worth, size = result.worth.mean, np.zeros(problem.pseudo.shape[:2])
    np.add.at(size, (np.arange(len(size))[:, None], problem.group), answers.copies @ plain.posteriors)
    before, after = ((one * worth).sum(axis=2) for one in (plain.kinds.chance, both.kinds.mean))
    moved = Moved(mastery, points, told * between(before, after), size, problem.n_groups)
    return Partway(moved, float(both.kinds.shares[1]), both.kinds.left > MOST, told == 1.0)
