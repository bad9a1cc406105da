"""Owns what is said where more pupils lack everything than one ability behind the points makes expected.

Item by item, who guesses choices and leaves what he must write answers as those who lack everything do; then
no number of answers tells the two apart. What tells is how many they are: points hang together, so that those
who lack one often lack others, and beyond those whom that makes expected some may have answered by no point.
Limits move as if these had.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edumetrics.cdm import em
from edumetrics.cdm.estimation import lean_on_ability
from edumetrics.cdm.expectation import fold
from edumetrics.cdm.higher_order import MOST_POINTS, Excess, class_of_states, excess_in
from edumetrics.cdm.maximisation import CLASS_FLOOR
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.away import MOST_CELLS, fewness
from edumetrics.cdm.pupil_effect.class_away import HowFar, WithAway, apart_from, moved_to, posteriors_of
from edumetrics.cdm.pupil_effect.model import AWAY_SHARE
from edumetrics.cdm.pupil_effect.moved import Moved
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import FloatArray

# Twice the log-likelihood that they must gain, and from which limits move the whole way: by chance, where
# there are none, one exam in ten gains the one and one in twenty the other (half of χ² with 1 degree of
# freedom, for a share is not below nothing; Self & Liang 1987, J. Am. Stat. Assoc. 82, 605).
LITTLE, MUCH = 1.64, 2.71
# Pupils up to which limits do not move for that, for they move as if some guessed, and from which wholly.
FEW, MANY = 200, 300
MARGIN = 1.0  # standard errors above their share at which they are looked for in each pupil
TOLERANCE, EVALUATIONS = 1e-3, 200


def moved_by_lacking(exam: Prepared, result: ClassModelResult) -> list[Moved]:
    """By how much limits move where those beyond expectation answered by no point: nothing or one move.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model over classes.
    """
    n, space = int(exam.present.sum()), result.space
    nothing = np.flatnonzero((space.group == 0).all(axis=0))
    whole = result.n_classes == space.n_classes and n * space.n_classes <= MOST_CELLS and len(nothing) == 1
    if not whole or space.known.shape[1] > MOST_POINTS:
        return []
    shard = pack_for(space.n_classes, exam.coding, exam.answered)
    problem = lean_on_ability(
        result.problem, shard, space, exam.shares, "gdina", exam.prerequisites, exam.settings
    )
    fit = em.fit(problem, fold(shard), em.start(problem, exam.shares), TOLERANCE, EVALUATIONS)
    weight = np.maximum(fit.parameters.weight, CLASS_FLOOR)
    likelihood = posteriors_of(exam, problem, fit.parameters) / weight
    likelihood /= likelihood.max(axis=1, keepdims=True)
    states, class_of = class_of_states(space, "gdina", exam.prerequisites)
    excess = excess_in(int(nothing[0]), likelihood, states, class_of, AWAY_SHARE)
    part = (1.0 - fewness(n, FEW, MANY)) * float(np.clip((excess.gain - LITTLE) / (MUCH - LITTLE), 0.0, 1.0))
    if part == 0.0:
        return []
    chance = fit.parameters.probability
    without = replace(fit, parameters=em.Parameters(chance, excess.without))
    how_far = HowFar(part, MARGIN)
    return [moved_to(exam, result, without, _with_them(problem, chance, excess), how_far, how_far, part)]


def _with_them(problem: em.Problem, chance: FloatArray, excess: Excess) -> WithAway:
    """Those beyond expectation as a class apart, who answer as those who lack everything."""
    apart = apart_from(problem)
    theirs = np.zeros(apart.pseudo.shape)
    theirs[:, : chance.shape[1]] = chance
    theirs[np.arange(len(chance)), problem.n_groups] = chance[:, 0]
    weight = np.append((1.0 - excess.share) * excess.beside, excess.share)
    return WithAway(apart, em.Parameters(theirs, weight), excess.beside)
