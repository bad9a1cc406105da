"""Owns the maximum of a class model: EM over distinguishable classes on the packed-answer kernel.

Sources: DINA Haertel (1989), de la Torre (2009) J. Educ. Behav. Stat. 34, 115; G-DINA and ACDM de
la Torre (2011) Psychometrika 76, 179; DINO Templin & Henson (2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from edumetrics.cdm.additive import additive_step
from edumetrics.cdm.monotone import monotone_probabilities
from edumetrics.results import FloatArray, IntArray
from edumetrics.runners.local import Runner
from edumetrics.runners.squarem import climb
from edumetrics.runners.stats import NodeModel, Statistics

FLOOR = 1e-7  # a probability at zero or one would make a single careless answer impossible
CLASS_FLOOR = 1e-12


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
    pairs : tuple of tuple of (int, int)
        Per item the neighbouring groups (less, more).
    additive : tuple of (G, 1 + K_j) design or None, per item
    """

    group: IntArray
    n_groups: IntArray
    n_categories: IntArray
    pseudo: FloatArray
    class_pseudo: FloatArray
    monotone: bool
    pairs: tuple[tuple[tuple[int, int], ...], ...]
    additive: tuple[FloatArray | None, ...]

    @property
    def used(self) -> np.ndarray:
        """(J, G, M) bool: entries that exist."""
        g = np.arange(self.pseudo.shape[1])[None, :, None] < self.n_groups[:, None, None]
        m = np.arange(self.pseudo.shape[2])[None, None, :] < self.n_categories[:, None, None]
        return g & m


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """``probability`` (J, G, M) of each category in each group; ``weight`` (C,) of the classes."""

    probability: FloatArray
    weight: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A local maximum."""

    parameters: Parameters
    loglik: float
    objective: float
    counts: FloatArray
    class_counts: FloatArray
    evaluations: int
    converged: bool


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


def node_model(problem: Problem, parameters: Parameters, n: int) -> NodeModel:
    """The model at its classes, as the engine-free step wants it."""
    with_floor = np.where(problem.used, np.maximum(parameters.probability, FLOOR), 1.0)
    logp = np.empty((len(problem.group), problem.pseudo.shape[2], problem.group.shape[1]))
    _spread(np.log(with_floor), problem.group, logp)
    log_weight = np.log(np.maximum(parameters.weight, CLASS_FLOOR))[None, :]
    return NodeModel(logp, log_weight)


def random_start(problem: Problem, rng: np.random.Generator, share: FloatArray) -> Parameters:
    """A start between "knows nothing, gets little right" and the opposite, shaken.

    ``share`` (J, M) are the observed shares of the categories.
    """
    n_items, width, n_cats = problem.pseudo.shape
    probability = np.zeros((n_items, width, n_cats))
    for j in range(n_items):
        m, groups = int(problem.n_categories[j]) - 1, int(problem.n_groups[j])
        low, high = rng.uniform(0.05, 0.4), rng.uniform(0.6, 0.95)
        k = np.arange(m + 1)
        for g in range(groups):
            level = low + (high - low) * g / max(groups - 1, 1)
            shape = (share[j, : m + 1] + 0.02) * (level / (1.0 - level)) ** ((2.0 * k - m) / max(m, 1))
            if m == 1:
                shape = np.array([1.0 - level, level])
            probability[j, g, : m + 1] = shape / shape.sum()
    weight = rng.dirichlet(np.full(problem.group.shape[1], 2.0))
    return Parameters(probability, weight)


def log_prior(problem: Problem, parameters: Parameters) -> float:
    """Log-density of the priors, up to a constant."""
    used = problem.used & (problem.pseudo > 0)
    value = float((problem.pseudo[used] * np.log(np.maximum(parameters.probability[used], FLOOR))).sum())
    return value + float((problem.class_pseudo * np.log(np.maximum(parameters.weight, CLASS_FLOOR))).sum())


def maximise(problem: Problem, s: Statistics, old: Parameters) -> Parameters:
    """M-step."""
    counts = problem.pseudo.copy()
    _group_counts(s.counts, problem.group, counts)
    size = counts.sum(axis=2, keepdims=True)
    probability = np.where(size > 1e-9, counts / np.maximum(size, 1e-9), old.probability)
    if problem.monotone:
        monotone_probabilities(probability, size[:, :, 0], problem.pairs, problem.n_categories)
    for j, design in enumerate(problem.additive):
        if design is not None:
            g = len(design)
            probability[j, :g, 1] = additive_step(design, counts[j, :g, :2], old.probability[j, :g, 1])
            probability[j, :g, 0] = 1.0 - probability[j, :g, 1]
    weight = s.nodes.sum(axis=0) + problem.class_pseudo
    return Parameters(probability, weight / weight.sum())


def fit(
    problem: Problem,
    runner: Runner,
    first: Parameters,
    tolerance: float = 1e-4,
    max_evaluations: int = 3000,
) -> Fit:
    """Climb from ``first`` to a local maximum of the likelihood times the priors."""
    free = problem.used.copy()
    free[:, :, 0] = False
    cut = int(free.sum())

    def to_vector(p: Parameters) -> FloatArray:
        return np.concatenate([p.probability[free], p.weight])

    def to_parameters(x: FloatArray) -> Parameters:
        probability = np.zeros(free.shape)
        probability[free] = np.clip(x[:cut], FLOOR, 1.0 - FLOOR)
        above = probability.sum(axis=2)
        over = above > 1.0 - FLOOR
        probability[over] *= ((1.0 - FLOOR) / above[over])[:, None]
        probability[:, :, 0] = 1.0 - probability.sum(axis=2)
        weight = np.maximum(x[cut:], CLASS_FLOOR)
        return Parameters(probability, weight / weight.sum())

    def step(x: FloatArray) -> tuple[FloatArray, float]:
        p = to_parameters(x)
        s = runner.total(node_model(problem, p, runner.n))
        return to_vector(maximise(problem, s, p)), s.loglik + log_prior(problem, p)

    point = climb(
        step,
        to_vector(first),
        feasible=lambda x: bool(np.isfinite(x).all()),
        tolerance=tolerance,
        max_evaluations=max_evaluations,
    )
    return evaluate(problem, runner, to_parameters(point.x), point.evaluations + 1, point.converged)


def evaluate(
    problem: Problem, runner: Runner, parameters: Parameters, evaluations: int, converged: bool
) -> Fit:
    """Likelihood and expected counts at given parameters (one pass)."""
    s = runner.total(node_model(problem, parameters, runner.n))
    counts = np.zeros_like(problem.pseudo)
    _group_counts(s.counts, problem.group, counts)
    objective = s.loglik + log_prior(problem, parameters)
    return Fit(parameters, s.loglik, objective, counts, s.nodes.sum(axis=0), evaluations, converged)
