"""Owns what answers alone say of items that can be guessed: limits that do not lean on the prior of c.

Answers to an easy item hardly tell its c, and whatever c is taken moves slope and difficulty along. The prior
of c is learnt from the other items of the exam, which are no guide where ability is not normal: there the
model takes c of easy items far above that of hard ones, up to 0.8, as a very large exam would show. So limits
reach over the profile limits under a second prior, of the same mean but worth hardly an answer (limits over a
class of priors: Berger 1994, Test 3, 5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edumetrics.irt import em
from edumetrics.irt.errors import covariance
from edumetrics.irt.models import GUESSING
from edumetrics.irt.profiles import profile_limits
from edumetrics.irt.results import AnswersAlone, Calibration, ItemCalibration
from edumetrics.irt.settings import Settings
from edumetrics.results import Estimate, FloatArray, Outcome
from edumetrics.runners.local import Runner

LITTLE = 2.0  # answers that the second prior of c is worth


def with_answers_alone(
    found: Calibration,
    fit: em.Fit,
    runner: Runner,
    settings: Settings,
    finer: Callable[[em.Problem, em.Parameters], em.Problem],
    of_fixed: FloatArray | None = None,
) -> Calibration:
    """The calibration with limits of guessed items as wide as the answers alone leave them.

    Parameters
    ----------
    found : Calibration
    fit : em.Fit
        The maximum that it reports.
    runner : Runner
        The answers.
    settings : Settings
    finer, of_fixed
        As in `edumetrics.irt.em.fit` and `edumetrics.irt.errors.covariance`.

    Returns
    -------
    Calibration
        Unchanged where no item can be guessed, its prior of c is worth as little already, there are no
        standard errors, or the likelihood without that prior is flat.
    """
    prior = fit.problem.prior
    held = (prior[:, 3] > 0.0) & (prior[:, 3:5].sum(axis=1) > LITTLE) & ~fit.problem.fixed.any(axis=1)
    held &= fit.problem.kind == GUESSING
    if found.covariance is None or not held.any():
        return found
    looser = prior.copy()
    looser[held, 3:5] *= LITTLE / prior[held, 3:5].sum(axis=1, keepdims=True)
    second = em.fit(
        replace(fit.problem, prior=looser), runner, fit.parameters,
        settings.tolerance, settings.max_evaluations, finer,
    )  # fmt: skip
    plain = covariance(second.problem, runner, second)
    if plain is None:
        return found
    cov = plain if of_fixed is None else covariance(second.problem, runner, second, of_fixed)
    carried = None if cov is None or cov is plain else cov - plain
    alone = AnswersAlone(
        second.problem, second.parameters, second.statistics.counts, np.flatnonzero(held), plain, carried
    )
    return replace(found, alone=alone, items=joined(found, alone, plain if cov is None else cov))


def as_calibration(found: Calibration, alone: AnswersAlone) -> Calibration:
    """The second maximum in the place of the first, for what makes errors from a calibration."""
    return replace(
        found, problem=alone.problem, parameters=alone.parameters, plain_covariance=alone.plain_covariance,
        covariance=alone.plain_covariance, carried_covariance=alone.carried_covariance, alone=None,
    )  # fmt: skip


def joined(found: Calibration, alone: AnswersAlone, cov: FloatArray) -> tuple[ItemCalibration, ...]:
    """Items of the calibration with limits that reach over those of the answers alone, of this covariance."""
    reach = profile_limits(alone.problem, alone.parameters, alone.counts, cov, alone.guessed)
    return tuple(
        one if np.isnan(limits).any() else _wider(one, limits)
        for one, limits in zip(found.items, reach, strict=True)
    )


def _wider(one: ItemCalibration, reach: FloatArray) -> ItemCalibration:
    if one.guessing is None:
        return one
    slope, intercept, difficulty, c = reach.tolist()
    return replace(
        one,
        slope=_over(one.slope, *slope),
        intercepts=(_over(one.intercepts[0], *intercept),),
        difficulties=(_over(one.difficulties[0], *difficulty),),
        guessing=_over(one.guessing, *c),
    )


def _over(one: Outcome, low: float, high: float) -> Outcome:
    if not isinstance(one, Estimate):
        return one
    return replace(one, low=min(one.low, low), high=max(one.high, high))
