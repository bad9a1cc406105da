"""Owns the estimation of a class model: starts, priors of small groups, ridges, empty classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm import em, sparse
from edumetrics.cdm.classes import ClassSpace
from edumetrics.cdm.higher_order import class_of_states, fit_weights
from edumetrics.cdm.settings import Settings
from edumetrics.cdm.starts import RIDGE_RUNAWAY, best_of, moved
from edumetrics.results import FloatArray
from edumetrics.runners.packing import Shard

HIGHER_ORDER_ROUNDS = 4
SHORT_RUN = 45  # evaluations per start before the best are chosen
RIDGE_RUN = 150
START_BUDGET = 20_000_000  # pupils × classes × starts: about ten seconds on two cores


def estimate(
    problem: em.Problem, shard: Shard, share: FloatArray, settings: Settings
) -> tuple[em.Fit, NDArray[np.bool_]]:
    """Best of many starts, and the items (J,) on which equally good starts disagree."""
    rng = np.random.default_rng(settings.seed)
    n_classes = problem.group.shape[1]
    starts = max(min(settings.starts, START_BUDGET // (shard.n * n_classes + 1)), min(settings.starts, 3))
    firsts = [em.start(problem, share, rng if at else None) for at in range(starts)]

    def climbs(at: Sequence[em.Parameters], tolerance: float, max_evaluations: int) -> list[em.Fit]:
        return _climbs(problem, shard, at, tolerance, max_evaluations)

    return best_of(firsts, climbs, SHORT_RUN, settings)


def _climbs(
    problem: em.Problem, shard: Shard, firsts: Sequence[em.Parameters], tolerance: float, max_evaluations: int
) -> list[em.Fit]:
    """A climb from each start: side by side where each is one compiled call."""

    def climb(first: em.Parameters) -> em.Fit:
        return sparse.fit(problem, shard, first, tolerance, max_evaluations)

    if problem.group.shape[1] > sparse.SPARSE_ABOVE or len(firsts) == 1:
        return [climb(first) for first in firsts]  # these use all cores by themselves
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(climb, firsts))


def lean_on_ability(
    problem: em.Problem,
    shard: Shard,
    space: ClassSpace,
    share: FloatArray,
    model: str,
    prerequisites: Sequence[tuple[int, int]],
    settings: Settings,
) -> em.Problem:
    """The problem with a higher-order prior on its class weights, found by a few alternating rounds."""
    states, class_of = class_of_states(space, model, prerequisites)
    parameters = em.start(problem, share)
    for _ in range(HIGHER_ORDER_ROUNDS):
        fit = sparse.fit(problem, shard, parameters, 1e-3, SHORT_RUN, verify=False)
        parameters = fit.parameters
        prior = shard.n * fit_weights(fit.class_counts + 1e-6, states, class_of)
        problem = replace(problem, class_pseudo=prior)
    return problem


def unpenalised_ridge(problem: em.Problem, shard: Shard, best: em.Fit) -> NDArray[np.bool_]:
    """Items (J,) whose chances run far away once the priors are taken off.

    There the likelihood is a ridge: many sets of parameters describe the answers equally well, and
    what is reported rests on the priors.
    """
    bare = replace(
        problem,
        pseudo=np.zeros_like(problem.pseudo),
        class_pseudo=np.zeros_like(problem.class_pseudo),
        monotone=False,
    )
    free = sparse.fit(bare, shard, best.parameters, 1e-3, RIDGE_RUN, verify=False)
    return moved(best, free) > RIDGE_RUNAWAY


def inhabited(
    space: ClassSpace, problem: em.Problem, fit: em.Fit, n: int
) -> tuple[ClassSpace, em.Problem, em.Fit]:
    """The same without classes that nobody is in, where there are too many to carry along."""
    if space.n_classes <= sparse.SPARSE_ABOVE:
        return space, problem, fit
    kept = np.flatnonzero(fit.parameters.weight * n > sparse.EMPTY)
    weight = fit.parameters.weight[kept]
    return (
        replace(space, known=space.known[kept], group=np.ascontiguousarray(space.group[:, kept])),
        replace(
            problem,
            group=np.ascontiguousarray(problem.group[:, kept]),
            class_pseudo=problem.class_pseudo[kept],
        ),
        replace(
            fit,
            parameters=em.Parameters(fit.parameters.probability, weight / weight.sum()),
            class_counts=fit.class_counts[kept],
        ),
    )
