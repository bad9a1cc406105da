"""Owns the maximum on a network of points: EM through a runner, starts, ridges."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm import em, starts
from edumetrics.cdm.acceleration import climb
from edumetrics.cdm.maximisation import log_prior, maximise, project, uphill
from edumetrics.cdm.network import ability
from edumetrics.cdm.network.expectation import Parameters, Part, Statistics, statistics
from edumetrics.cdm.network.structure import Network
from edumetrics.cdm.settings import Settings
from edumetrics.cdm.starts import RIDGE_RUNAWAY, best_of, moved
from edumetrics.results import FloatArray

SHORT_RUN = 25  # evaluations per start before the best are chosen
STARTS = 3  # given ability and the priors, more found nothing better
RIDGE_RUN = 60
WORK = 10_000_000_000  # numbers that all climbs of a diagnosis may go through: about a minute on two cores
LEAST_RUN = 60  # evaluations that a climb gets in any case; it says so where it has not arrived
NO_CLASSES = np.ones(1)  # the M-step of the items asks for class weights; here are none

Total = Callable[[Parameters], Statistics]


@dataclass(frozen=True, slots=True, eq=False)
class Fit(starts.Fit[Parameters]):
    """A local maximum on the network."""


class Threads:
    """Statistics of all parts, in threads of this process, always summed in the same order."""

    def __init__(self, net: Network, parts: Sequence[Part]) -> None:
        self._net, self._parts = net, parts
        workers = min(os.cpu_count() or 1, len(parts))
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None

    def __call__(self, parameters: Parameters) -> Statistics:
        run = map if self._pool is None else self._pool.map
        return reduce(add, run(lambda part: statistics(self._net, part, parameters), self._parts))

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()


def fit(problem: em.Problem, total: Total, first: Parameters, tolerance: float, max_evaluations: int) -> Fit:
    """Climb from ``first`` to a local maximum of the likelihood times the priors."""
    rules, shape, size = problem.rules, problem.pseudo.shape, problem.pseudo.size

    def split(x: FloatArray) -> Parameters:
        return Parameters(x[:size].reshape(shape), x[size:].reshape(2, -1))

    def mend(point: FloatArray) -> None:
        at = split(point)
        project(rules, at.probability, NO_CLASSES.copy())
        ability.feasible(at.chance)

    def step(point: FloatArray, image: FloatArray, gradient: FloatArray, curvature: FloatArray) -> float:
        at, to = split(point), split(image)
        s = total(at)
        maximise(rules, s.counts, np.zeros(1), at.probability, to.probability, NO_CLASSES.copy())
        ability.maximise(s.having, s.free, ability.LINE, at.chance, to.chance)
        uphill(rules, s.counts, at.probability, to.probability, gradient[:size], curvature[:size])
        ability.uphill(s.having, s.free, ability.LINE, at.chance, gradient[size:], curvature[size:])
        return s.loglik + _prior(problem, at)

    x = np.concatenate([first.probability.ravel(), first.chance.ravel()])
    mend(x)
    x, evaluations, converged = climb(step, mend, x, tolerance, max_evaluations)
    at = split(x.copy())
    s = total(at)
    return Fit(at, s.loglik, s.loglik + _prior(problem, at), s.counts, evaluations + 1, converged)


def _prior(problem: em.Problem, at: Parameters) -> float:
    return float(log_prior(problem.rules, at.probability, NO_CLASSES)) + float(ability.log_prior(at.chance))


def affordable(settings: Settings, cells: int) -> Settings:
    """The same settings with the starts and evaluations that `WORK` allows.

    Parameters
    ----------
    cells : int
        Numbers that one evaluation goes through.
    """
    evaluations = WORK // max(cells, 1)
    one = evaluations < 4 * STARTS * SHORT_RUN  # what is left follows one start, rather than several halfway
    return replace(
        settings,
        starts=1 if one else min(settings.starts, STARTS),
        followed=1 if one else settings.followed,
        check_ridge=settings.check_ridge and not one,
        max_evaluations=max(LEAST_RUN, min(settings.max_evaluations, evaluations // (1 if one else 2))),
    )


def estimate(
    problem: em.Problem, total: Total, share: FloatArray, n_points: int, settings: Settings
) -> tuple[Fit, NDArray[np.bool_]]:
    """Best of a few starts, and the items (J,) on which equally good starts disagree."""
    rng = np.random.default_rng(settings.seed)
    firsts = [
        Parameters(em.start(problem, share, rng if at else None).probability, ability.start(n_points))
        for at in range(settings.starts)
    ]

    def climbs(at: Sequence[Parameters], tolerance: float, max_evaluations: int) -> list[Fit]:
        return [fit(problem, total, one, tolerance, max_evaluations) for one in at]

    return best_of(firsts, climbs, SHORT_RUN, settings)


def unpenalised_ridge(problem: em.Problem, total: Total, best: Fit) -> NDArray[np.bool_]:
    """Items (J,) whose chances run far away once their priors are taken off."""
    bare = replace(problem, pseudo=np.zeros_like(problem.pseudo), monotone=False)
    free = fit(bare, total, best.parameters, 1e-3, RIDGE_RUN)
    return moved(best, free) > RIDGE_RUNAWAY
