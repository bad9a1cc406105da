"""Owns the priors that an exam teaches: level and spread of slopes, place and spread of lower asymptotes.

Parametric empirical Bayes (Morris 1983, J. Am. Stat. Assoc. 78, 47): the items of one exam are draws from
one law, whose moments are those of the items' posteriors taken together. They come by EM (Dempster, Laird &
Rubin 1977, J. R. Stat. Soc. B 39, 1); what the answers alone say of an item is taken for normal.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edumetrics.irt import em
from edumetrics.irt.errors import covariance
from edumetrics.irt.models import GUESSING
from edumetrics.results import BoolArray, FloatArray
from edumetrics.runners.local import Runner, ThreadRunner

ROUNDS, ROUGH, MOST_EVALUATIONS = 2, 1e-2, 40
FIRST_GUESS_ITEMS = 2  # so many items the first guess counts as
# A prior is widened and never narrowed: one item may be unlike all others, and where slopes are alike the
# first spread holds them well enough. Beyond the upper bound it holds nothing.
MOST_SPREAD = 2.0
LOG_SLOPES: FloatArray = np.linspace(-5.0, 2.5, 61, dtype=np.float64)
MOST_STEPS = 200
ASYMPTOTES: FloatArray = np.linspace(0.005, 0.995, 100, dtype=np.float64)
LEAST_HELD = 4.0  # a Beta prior that counts as fewer answers holds nothing
ENOUGH = 5000  # pupils among whom the law of the asymptotes is learnt: errors among more would cost a fit


def with_learnt_slopes(problem: em.Problem, runner: Runner) -> em.Problem:
    """The problem with its slope prior moved to the level of this exam's slopes, as wide as they are spread.

    A prior around 1 would pull all slopes of a sharp exam down together, a narrow one all blunt items up to
    the others. The level is the mean log slope, one as `FIRST_GUESS_ITEMS` items; each round takes four
    fifths of the way that is left.
    """
    held = (problem.prior[:, 1] > 0) & (problem.kind != GUESSING)
    if not held.any():
        return problem
    first = problem.prior[held][0]
    fit: em.Fit | None = None
    for _ in range(ROUNDS):
        fit = em.fit(problem, runner, None if fit is None else fit.parameters, ROUGH, MOST_EVALUATIONS)
        logs = np.log(np.clip(fit.parameters.par[held, 0], 0.1, 5.0))
        problem = _with_slopes(problem, held, logs.sum() / (len(logs) + FIRST_GUESS_ITEMS), first[1])
    for _ in range(ROUNDS):
        fit = em.fit(problem, runner, None if fit is None else fit.parameters, ROUGH, MOST_EVALUATIONS)
        variance = _variances(fit, runner)
        if variance is None:
            break
        level, spread = moments(
            fit.parameters.par[held, 0], variance[held, 0], problem.prior[held][0, 0:2], first[0:2]
        )
        if spread <= first[1]:
            break
        problem = _with_slopes(problem, held, level, min(spread, MOST_SPREAD))
    return problem


def moments(
    slope: FloatArray, variance: FloatArray, prior: FloatArray, guess: FloatArray
) -> tuple[float, float]:
    """Mean and standard deviation of the normal law that the log slopes are draws from.

    Parameters
    ----------
    slope, variance : (J,) float
        Posterior modes under ``prior`` and the inverse of the posterior's curvature there.
    prior : (2,) float
        Mean and sd of the log slope that they hold.
    guess : (2,) float
        Mean and sd that count as `FIRST_GUESS_ITEMS` items.
    """
    # Answers alone are taken for normal: the prior's parts of curvature and gradient come off.
    pull = (np.log(slope) - prior[0]) / prior[1] ** 2
    precision = np.maximum(1.0 / variance - np.maximum(1.0 / prior[1] ** 2 - pull, 0.0) / slope**2, 1e-6)
    alone = slope + pull / slope / precision
    likelihood = -0.5 * precision[:, None] * (np.exp(LOG_SLOPES) - alone[:, None]) ** 2
    n = len(slope) + FIRST_GUESS_ITEMS
    mean, square = float(prior[0]), float(prior[1] ** 2)
    for _ in range(MOST_STEPS):
        weight = _taken_together(likelihood - 0.5 * (LOG_SLOPES - mean) ** 2 / square)
        new_mean = float(weight @ LOG_SLOPES + FIRST_GUESS_ITEMS * guess[0]) / n
        scatter = float(weight @ (LOG_SLOPES - new_mean) ** 2)
        new_square = (scatter + FIRST_GUESS_ITEMS * float(guess[1]) ** 2) / n
        moved = abs(new_mean - mean) + abs(new_square - square)
        mean, square = new_mean, new_square
        if moved < 1e-4:
            break
    return mean, float(np.sqrt(square))


def _with_slopes(problem: em.Problem, held: BoolArray, level: float, spread: float) -> em.Problem:
    prior = problem.prior.copy()
    prior[held, 0], prior[held, 1] = level, spread
    return replace(problem, prior=prior)


def with_learnt_asymptotes(problem: em.Problem, runner: Runner) -> em.Problem:
    """The problem with the Beta prior of c moved to the mean of this exam's, as wide as they are spread."""
    guess = (problem.kind == GUESSING) & (problem.prior[:, 3] > 0)
    if not guess.any():
        return problem
    sample = runner.sample(ENOUGH) if runner.n > ENOUGH else None
    if sample is not None:
        with ThreadRunner([sample]) as few:
            return with_learnt_asymptotes(problem, few)
    first, fit = problem.prior[guess][0, 3:5], None
    for _ in range(ROUNDS):
        fit = em.fit(problem, runner, None if fit is None else fit.parameters, ROUGH, MOST_EVALUATIONS)
        variance = _variances(fit, runner)
        if variance is None:
            break
        prior = problem.prior.copy()
        prior[guess, 3:5] = beta_of(
            fit.parameters.par[guess, 2], variance[guess, 2], prior[guess][0, 3:5], first
        )
        problem = replace(problem, prior=prior)
    return problem


def beta_of(
    gamma: FloatArray, variance: FloatArray, prior: FloatArray, guess: FloatArray
) -> tuple[float, float]:
    """Beta law that the lower asymptotes are draws from, never narrower than the first guess.

    Parameters
    ----------
    gamma, variance : (J,) float
        Posterior modes of logit c under ``prior`` and the inverse of the posterior's curvature there.
    prior : (2,) float
        Beta(α, β) that they hold.
    guess : (2,) float
        Beta(α, β) that counts as `FIRST_GUESS_ITEMS` items.
    """
    c = 1.0 / (1.0 + np.exp(-gamma))
    size = c * (1.0 - c)
    # Answers alone are taken for normal on the scale of c, where those to an easy item are flat.
    pull = prior[0] * (1.0 - c) - prior[1] * c
    precision = np.maximum((1.0 / variance - prior.sum() * size - pull * (1.0 - 2.0 * c)) / size**2, 1e-3)
    alone = c - pull / size / precision
    likelihood = -0.5 * precision[:, None] * (ASYMPTOTES - alone[:, None]) ** 2
    n = len(c) + FIRST_GUESS_ITEMS
    most = float(guess.sum())
    own = float(guess[0]) / most
    square_of_guess = own * (1.0 - own) / (most + 1.0) + own**2
    alpha, beta = float(prior[0]), float(prior[1])
    for _ in range(MOST_STEPS):
        law = (alpha - 1.0) * np.log(ASYMPTOTES) + (beta - 1.0) * np.log1p(-ASYMPTOTES)
        weight = _taken_together(likelihood + law)
        mean = float(weight @ ASYMPTOTES + FIRST_GUESS_ITEMS * own) / n
        square = float(weight @ ASYMPTOTES**2 + FIRST_GUESS_ITEMS * square_of_guess) / n
        held = min(max(mean * (1.0 - mean) / (square - mean**2) - 1.0, LEAST_HELD), most)
        moved = abs(mean * held - alpha) + abs((1.0 - mean) * held - beta)
        alpha, beta = mean * held, (1.0 - mean) * held
        if moved < 1e-3:
            break
    return alpha, beta


def _taken_together(logs: FloatArray) -> FloatArray:
    """Sum (V,) of the items' posteriors over V values, from logarithms (J, V) but for a constant each."""
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray((weight / weight.sum(axis=1, keepdims=True)).sum(axis=0))


def _variances(fit: em.Fit, runner: Runner) -> FloatArray | None:
    """Posterior variance (J, P) of every entry, items apart; None where the maximum is flat."""
    cov = covariance(fit.problem, runner, fit)
    if cov is None:
        return None
    out = np.zeros(fit.problem.used.shape)
    free = fit.problem.used & ~fit.problem.fixed
    out[free] = np.diag(cov)[: int(free.sum())]
    return out
