"""Owns the maximum of a class model: EM over distinguishable classes, here or through a runner.

Sources: DINA Haertel (1989), de la Torre (2009) J. Educ. Behav. Stat. 34, 115; G-DINA and ACDM de
la Torre (2011) Psychometrika 76, 179; DINO Templin & Henson (2006).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np

from edumetrics.cdm import starts
from edumetrics.cdm.acceleration import climb
from edumetrics.cdm.expectation import Patterns, parts, solve
from edumetrics.cdm.maximisation import (
    CLASS_FLOOR,
    FLOOR,
    log_prior,
    maximise,
    project,
    uphill,
    uphill_weights,
)
from edumetrics.results import FloatArray, IntArray
from edumetrics.runners.local import Runner
from edumetrics.runners.stats import NodeModel


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is to be estimated.

    Attributes
    ----------
    group : (J, C) int
        Group of each class on each item.
    n_groups, n_categories : (J,) int
    pseudo : (J, G, M) float
        Pseudo-pupils per item, group and category (Dirichlet or Beta prior minus one).
    class_pseudo : (C,) float
        Pseudo-pupils per class.
    monotone : bool
        A group that masters more never does worse.
    links, first_link : (L, 2) int, (J + 1,) int
        Neighbouring groups (less, more); those of item j are ``first_link[j] … first_link[j + 1]``.
    additive : (J,) bool
        Whether the chances of the item's groups are a sum over points.
    design : (J, G, 1 + K) float
        Of additive items: ones, then 0/1 per point.
    """

    group: IntArray
    n_groups: IntArray
    n_categories: IntArray
    pseudo: FloatArray
    class_pseudo: FloatArray
    monotone: bool
    links: IntArray
    first_link: IntArray
    additive: np.ndarray
    design: FloatArray

    @property
    def used(self) -> np.ndarray:
        """(J, G, M) bool: entries that exist."""
        g = np.arange(self.pseudo.shape[1])[None, :, None] < self.n_groups[:, None, None]
        m = np.arange(self.pseudo.shape[2])[None, None, :] < self.n_categories[:, None, None]
        return g & m

    @property
    def rules(self) -> tuple[Any, ...]:
        """Priors and constraints, as the compiled code wants them."""
        return (
            self.n_groups, self.n_categories, self.pseudo, self.class_pseudo, self.monotone, self.links,
            self.first_link, self.additive, self.design,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """``probability`` (J, G, M) of each category in each group; ``weight`` (C,) of the classes."""

    probability: FloatArray
    weight: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Fit(starts.Fit[Parameters]):
    """A local maximum, with the expected pupils of the classes."""

    class_counts: FloatArray


@numba.njit(cache=True, nogil=True)
def _group_counts(counts, group, out):  # type: ignore[no-untyped-def]
    for j in range(counts.shape[0]):
        for k in range(counts.shape[1]):
            for c in range(counts.shape[2]):
                out[j, group[j, c], k] += counts[j, k, c]


@numba.njit(cache=True, nogil=True)
def _spread(log_probability, group, out):  # type: ignore[no-untyped-def]
    for j in range(out.shape[0]):
        for k in range(out.shape[1]):
            for c in range(out.shape[2]):
                out[j, k, c] = log_probability[j, group[j, c], k]


def node_model(problem: Problem, parameters: Parameters) -> NodeModel:
    """The model at its classes, as the engine-free step wants it."""
    with_floor = np.where(problem.used, np.maximum(parameters.probability, FLOOR), 1.0)
    logp = np.empty((len(problem.group), problem.pseudo.shape[2], problem.group.shape[1]))
    _spread(np.log(with_floor), problem.group, logp)
    log_weight = np.log(np.maximum(parameters.weight, CLASS_FLOOR))[None, :]
    return NodeModel(logp, log_weight)


def start(problem: Problem, share: FloatArray, rng: np.random.Generator | None = None) -> Parameters:
    """A start between "knows nothing, gets little right" and the opposite; even, or shaken by ``rng``.

    ``share`` (J, M) are the observed shares of the categories.
    """
    n_items, width = problem.pseudo.shape[:2]
    n_classes = problem.group.shape[1]
    low: FloatArray = np.full(n_items, 0.2)
    high: FloatArray = np.full(n_items, 0.8)
    weight: FloatArray = np.full(n_classes, 1.0 / n_classes)
    if rng is not None:
        low, high = (np.asarray(rng.uniform(*ends, n_items)) for ends in ((0.05, 0.4), (0.6, 0.95)))
        weight = rng.dirichlet(np.full(n_classes, 2.0))
    part = np.arange(width) / np.maximum(problem.n_groups[:, None] - 1, 1)
    level: FloatArray = low[:, None] + (high - low)[:, None] * np.minimum(part, 1.0)
    return Parameters(graded(level, share + 0.02, problem.n_groups, problem.n_categories), weight)


def graded(level: FloatArray, share: FloatArray, n_groups: IntArray, n_categories: IntArray) -> FloatArray:
    """Chances (J, G, M) of the categories for groups at levels (J, G) between 0 and 1.

    Right/wrong items have the level itself; ordered categories with shares (J, M) are tilted by it.
    """
    chance = np.zeros((*level.shape, share.shape[1]))
    two = n_categories == 2
    chance[two, :, 0] = 1.0 - level[two]
    chance[two, :, 1] = level[two]
    if not two.all():
        more = ~two
        top = (n_categories[more] - 1)[:, None, None]
        category = np.arange(share.shape[1])
        odds = (level[more] / (1.0 - level[more]))[:, :, None]
        tilted = share[more][:, None, :] * odds ** ((2.0 * category - top) / np.maximum(top, 1))
        chance[more] = tilted * (category <= top)
    chance *= (np.arange(level.shape[1]) < n_groups[:, None])[:, :, None]
    return np.asarray(chance / np.maximum(chance.sum(axis=2, keepdims=True), 1e-300))


def fit(
    problem: Problem,
    answers: Runner | Patterns,
    first: Parameters,
    tolerance: float = 1e-4,
    max_evaluations: int = 3000,
) -> Fit:
    """Climb from ``first`` to a local maximum of the likelihood times the priors.

    On patterns in memory the whole climb is one compiled call; through a runner each step asks it.
    """
    rules, cut = problem.rules, problem.pseudo.size
    x = np.concatenate([first.probability.ravel(), first.weight])
    project(rules, *parts(rules, x))
    if isinstance(answers, Patterns):
        evaluations, converged, loglik, counts, class_counts = solve(
            answers.arrays, problem.group, rules, x, tolerance, max_evaluations
        )
        parameters = Parameters(*parts(rules, x))
        objective = loglik + float(log_prior(rules, parameters.probability, parameters.weight))
        return Fit(parameters, loglik, objective, counts, evaluations, converged, class_counts)

    def step(point: FloatArray, image: FloatArray, gradient: FloatArray, curvature: FloatArray) -> float:
        here, there = parts(rules, point), parts(rules, image)
        at = evaluate(problem, answers, Parameters(*here))
        maximise(rules, at.counts, at.class_counts, here[0], *there)
        uphill(rules, at.counts, here[0], there[0], gradient[:cut], curvature[:cut])
        uphill_weights(rules, at.class_counts, here[1], there[1], gradient[cut:], curvature[cut:])
        return at.objective

    x, evaluations, converged = climb(
        step, lambda point: project(rules, *parts(rules, point)), x, tolerance, max_evaluations
    )
    found = evaluate(problem, answers, Parameters(*parts(rules, x)))
    return replace(found, evaluations=evaluations + 1, converged=converged)


def evaluate(problem: Problem, runner: Runner, parameters: Parameters) -> Fit:
    """Likelihood and expected counts at given parameters (one pass)."""
    s = runner.total(node_model(problem, parameters))
    counts = np.zeros_like(problem.pseudo)
    _group_counts(s.counts, problem.group, counts)
    objective = s.loglik + float(log_prior(problem.rules, parameters.probability, parameters.weight))
    return Fit(parameters, s.loglik, objective, counts, 1, False, s.nodes.sum(axis=0))
