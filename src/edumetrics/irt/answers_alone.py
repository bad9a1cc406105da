"""Owns what answers alone say of items that can be guessed: limits that do not lean on the prior of c.

Answers to an easy item hardly tell its c, and whatever c is taken moves slope and difficulty along. The prior
of c is learnt from the other items of the exam, which are no guide where ability is not normal: there the
model takes c of easy items far above that of hard ones, up to 0.7, as a very large exam would show. So limits
reach over those under a second prior, of the same mean but worth hardly an answer (limits over a class of
priors: Berger 1994, Test 3, 5), and over the profile of the item's likelihood, which bends where the limits
of a normal law go straight on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from edumetrics.irt import em
from edumetrics.irt.errors import covariance
from edumetrics.irt.models import GUESSING, all_probabilities
from edumetrics.irt.mstep import MAX_GAMMA, MAX_SLOPE, all_gradients, maximise_items
from edumetrics.irt.report import _index, item_calibrations
from edumetrics.irt.results import AnswersAlone, Calibration, ItemCalibration
from edumetrics.irt.settings import Settings
from edumetrics.results import BoolArray, Estimate, FloatArray, IntArray, Outcome
from edumetrics.runners.local import Runner

LITTLE = 2.0  # answers that the second prior of c is worth
CHI_SQUARE_95 = 3.841458820694124
STEP_GAMMA, STEP_LOG_SLOPE, MOST_STEPS, PASSES = 0.25, 0.05, 40, 8
RIDGE = 1e-9
FIGURES = ("slope", "intercept", "difficulty", "c")


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
        second.problem, second.parameters, plain, carried, _reach(second, plain, np.flatnonzero(held))
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
    models = [item.model for item in found.items]
    others = item_calibrations(alone.problem, alone.parameters, found.coding, models, cov)
    return tuple(
        one if np.isnan(reach).all() else _wider(one, other, reach.tolist())
        for one, other, reach in zip(found.items, others, alone.reach, strict=True)
    )


def _wider(one: ItemCalibration, other: ItemCalibration, reach: list[list[float]]) -> ItemCalibration:
    if one.guessing is None or other.guessing is None:
        return one
    return replace(
        one,
        slope=_over(one.slope, other.slope, reach[0]),
        intercepts=(_over(one.intercepts[0], other.intercepts[0], reach[1]),),
        difficulties=(_over(one.difficulties[0], other.difficulties[0], reach[2]),),
        guessing=_over(one.guessing, other.guessing, reach[3]),
    )


def _over(one: Outcome, other: Outcome, reach: list[float]) -> Outcome:
    if not isinstance(one, Estimate):
        return one
    low, high = (other.low, other.high) if isinstance(other, Estimate) else (one.low, one.high)
    return replace(one, low=min(one.low, low, reach[0]), high=max(one.high, high, reach[1]))


def _reach(fit: em.Fit, cov: FloatArray, items: IntArray) -> FloatArray:
    """Ends (J, 4, 2) of the profiles of slope, intercept, difficulty and c of these items; NaN for others.

    Profiles are those of the expected log-likelihood at the maximum, all other items as they are; what it
    costs that ability is not seen comes in by the ratio of variances with and without seeing it. The ends
    of a slope are those of its own profile, of the others those on the profile of c.
    """
    problem, at = fit.problem, np.ascontiguousarray(fit.parameters.par[items])
    profile = _Profile(problem, fit.statistics.counts, items)
    seen = np.linalg.inv(profile.information(at)[:, :3, :3])
    unseen = np.diag(cov)[_index(problem)[items][:, :3]]
    out = np.full((len(problem.kind), len(FIGURES), 2), np.nan)
    out[items] = _figures(at)[:, :, None]
    for column, step, figures in ((0, STEP_LOG_SLOPE, [0]), (2, STEP_GAMMA, [1, 2, 3])):
        known = np.minimum(seen[:, column, column] / unseen[:, column], 1.0)
        for sign in (-step, step):
            for par, inside in profile.along(at, column, sign, CHI_SQUARE_95 / known):
                now = _figures(par[inside])
                for figure in figures:
                    ends = out[items[inside], figure]
                    ends[:, 0] = np.minimum(ends[:, 0], now[:, figure])
                    ends[:, 1] = np.maximum(ends[:, 1], now[:, figure])
                    out[items[inside], figure] = ends
    return out


def _figures(par: FloatArray) -> FloatArray:
    """Slope, intercept, difficulty and c (J, 4) of rows of parameters."""
    return np.column_stack([par[:, 0], par[:, 1], -par[:, 1] / par[:, 0], 1.0 / (1.0 + np.exp(-par[:, 2]))])


class _Profile:
    """Expected log-likelihood of some guessed items, each by itself, without any prior."""

    def __init__(self, problem: em.Problem, counts: FloatArray, items: IntArray) -> None:
        self.kind, self.n_categories = problem.kind[items], problem.n_categories[items]
        self.counts, self.theta = np.ascontiguousarray(counts[items]), problem.theta
        self.prior = np.zeros((len(items), problem.prior.shape[1]))

    def information(self, par: FloatArray) -> FloatArray:
        grad, hess = np.zeros(par.shape), np.zeros((*par.shape, par.shape[1]))
        all_gradients(self.kind, par, self.n_categories, self.counts, self.theta, self.prior, grad, hess)
        hess[:, range(3), range(3)] *= 1.0 + RIDGE  # an item whose c is next to nothing tells nothing of it
        return hess

    def value(self, par: FloatArray) -> FloatArray:
        logs = np.empty(self.counts.shape)
        all_probabilities(self.kind, par, self.n_categories, self.theta, True, logs)
        return np.asarray((logs * self.counts).sum(axis=(1, 2)))

    def along(
        self, at: FloatArray, column: int, step: float, most: FloatArray
    ) -> Iterator[tuple[FloatArray, BoolArray]]:
        """Parameters as one of them moves away and the others follow, and which items still lie inside.

        A slope moves by factors, logit c by differences, until twice the log-likelihood lost is above
        ``most``.
        """
        par, top = at.copy(), self.value(at)
        inside = np.ones(len(at), dtype=np.bool_)
        fixed = np.zeros(at.shape, dtype=np.bool_)
        fixed[:, column] = True
        for _ in range(MOST_STEPS):
            if column == 0:
                par[:, 0] = np.clip(par[:, 0] * np.exp(step), -MAX_SLOPE, MAX_SLOPE)
            else:
                par[:, column] = np.clip(par[:, column] + step, -MAX_GAMMA, MAX_GAMMA)
            maximise_items(
                self.kind, par, self.n_categories, self.counts, self.theta, self.prior, fixed, PASSES
            )
            inside = inside & (2.0 * (top - self.value(par)) <= most)
            if not inside.any():
                return
            yield par, inside
