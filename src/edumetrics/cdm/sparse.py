"""Owns class models with many classes: most turn out empty, so the climb runs on the others.

The maximum over class weights is concave, and a class is rightly empty where the mean likelihood
ratio of the pupils for it is at most one (Lindsay 1983, Ann. Stat. 11, 86). Classes are dropped
early, and after the climb every dropped one is tested by that rule and taken back if it fails.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm import em
from edumetrics.results import FloatArray
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import Layout, Shard, make_layout, pack, unpack

SPARSE_ABOVE = 512  # below, passes over all classes are cheap
TABLE_BYTES = 800_000  # tables that stay in a core's second-level cache
WARM = 3  # evaluations on all classes before the first drop
KEPT_MASS = 0.995  # posterior mass that the kept classes must hold after the warm-up
EMPTY = 1e-4  # expected pupils below which a class is dropped in the climb
ROUNDS = 5
EXCESS = 1e-3  # mean likelihood ratio above one at which a dropped class is taken back


def runner_for(shard: Shard, n_classes: int) -> ThreadRunner:
    """Threads on answers packed so that the tables of so many classes stay in the cache."""
    lay = shard.layout
    wanted = layout_for(lay.n_categories, lay.base > lay.n_categories, n_classes)
    if wanted.n_bytes != lay.n_bytes:
        shard = pack(unpack(shard), wanted, shard.population)
    return ThreadRunner([shard], per_thread=max(200, 150_000 // n_classes))


def layout_for(n_categories: NDArray[np.int64], may_be_missing: NDArray[np.bool_], n_classes: int) -> Layout:
    """The layout with the fewest bytes whose tables fit, or the one with the smallest tables."""
    for max_rows in (256, 128, 64, 32, 16):
        layout = make_layout(n_categories, may_be_missing, max_rows)
        if layout.n_rows * n_classes * 12 <= TABLE_BYTES:
            break
    return layout


def fit(
    problem: em.Problem,
    shard: Shard,
    first: em.Parameters,
    tolerance: float,
    max_evaluations: int,
    *,
    verify: bool = True,
) -> em.Fit:
    """Climb from ``first`` to a local maximum, on few classes where there are many.

    ``verify``: test the dropped classes; off for the short runs that only choose a start.
    """
    n_classes = problem.group.shape[1]
    if n_classes <= SPARSE_ABOVE:
        with runner_for(shard, n_classes) as runner:
            return em.fit(problem, runner, first, tolerance, max_evaluations)
    with runner_for(shard, n_classes) as runner:
        if float((first.weight * shard.n > EMPTY).mean()) > 0.5:
            warm = em.fit(problem, runner, first, tolerance, WARM)
            parameters, spent, kept = warm.parameters, warm.evaluations, _heaviest(warm.class_counts)
        else:
            parameters, spent, kept = first, 0, first.weight * shard.n > EMPTY
        for _ in range(ROUNDS):
            found = _fit_on(problem, shard, kept, parameters, tolerance, max_evaluations - spent)
            parameters, spent = found.parameters, spent + found.evaluations
            if not verify or spent >= max_evaluations:
                break
            missed = _wrongly_empty(problem, runner, parameters)
            if not missed.any():
                break
            kept = (parameters.weight * shard.n > EMPTY) | missed
            weight = parameters.weight.copy()
            weight[missed] += 0.01 / missed.sum()
            parameters = em.Parameters(parameters.probability, weight / weight.sum())
        return em.evaluate(problem, runner, found.parameters, spent + 1, found.converged)


def _heaviest(counts: FloatArray) -> NDArray[np.bool_]:
    order = np.argsort(-counts)
    mass = np.cumsum(counts[order])
    kept = np.zeros(len(counts), dtype=np.bool_)
    kept[order[: int(np.searchsorted(mass, KEPT_MASS * mass[-1])) + 1]] = True
    return kept


def _fit_on(
    problem: em.Problem,
    shard: Shard,
    kept: NDArray[np.bool_],
    first: em.Parameters,
    tolerance: float,
    max_evaluations: int,
) -> em.Fit:
    """Climb on the kept classes, dropping those that empty; weights over all classes come back."""
    n_classes = len(kept)
    parameters, spent = first, 0
    for share in (0.1, 1.0):  # a first stretch empties most classes, the second runs to the end
        index = np.flatnonzero(kept)
        part = replace(problem, group=np.ascontiguousarray(problem.group[:, index]))
        part = replace(part, class_pseudo=problem.class_pseudo[index])
        weight = parameters.weight[index]
        with runner_for(shard, len(index)) as runner:
            found = em.fit(
                part, runner, em.Parameters(parameters.probability, weight / weight.sum()), tolerance,
                max(int(share * max_evaluations) - spent, 6),
            )  # fmt: skip
        spent += found.evaluations
        full = np.zeros(n_classes)
        full[index] = found.parameters.weight
        parameters = em.Parameters(found.parameters.probability, full)
        kept = full * shard.n > EMPTY
        if found.converged:
            break
    return replace(found, parameters=parameters, evaluations=spent)


def _wrongly_empty(problem: em.Problem, runner: ThreadRunner, parameters: em.Parameters) -> NDArray[np.bool_]:
    """Dropped classes that the likelihood would fill: mean ratio above one."""
    probe = 1e-9
    weight = np.maximum(parameters.weight, probe)
    s = runner.total(
        em.node_model(problem, em.Parameters(parameters.probability, weight / weight.sum()), runner.n)
    )
    ratio = s.nodes.sum(axis=0) / (weight / weight.sum()) / runner.n
    return np.asarray((ratio > 1.0 + EXCESS) & (parameters.weight * runner.n <= EMPTY))
