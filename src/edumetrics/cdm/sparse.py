"""Owns class models with many classes: most turn out empty, so the climb runs on the others.

The maximum over class weights is concave, and a class is rightly empty where the mean likelihood
ratio of the pupils for it is at most one (Lindsay 1983, Ann. Stat. 11, 86). The climb starts on the
likeliest classes; after each stretch all others are tested by that rule: those that fail it the most
come in, those that emptied or are about to go out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm import em
from edumetrics.cdm.expectation import Patterns, fold
from edumetrics.cdm.maximisation import log_prior
from edumetrics.cdm.screening import likelihoods, ratios
from edumetrics.results import FloatArray
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import Layout, Shard, make_layout, pack, unpack

SPARSE_ABOVE = 512  # below, passes over all classes are cheap
TABLE_BYTES = 800_000  # tables that stay in a core's second-level cache
FIRST_CLASSES = 384  # that teach the items before the classes are chosen
TAKEN_IN = 1536  # classes that come in at once
LOOKS = 3  # EM steps over all classes before the likeliest are chosen
NOTICED = 0.05  # of the log-likelihood: less is not worth another stretch
NEW_MASS = 0.05  # of all weight, for the classes that come in
STRETCH = 16  # evaluations before the other classes are tested again
LEANING = 2.0  # pseudo-pupils in all classes: where these count, no class is empty
EMPTY = 1e-4  # expected pupils below which a class goes
FEW = 0.1  # share of classes still to come in at which the climb goes to the end
SMALL, SHORT = 0.5, 0.02  # expected pupils and mean ratio below one at which a class goes at once
EXCESS = 1e-3  # mean likelihood ratio above one at which a class comes in


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
        return em.fit(problem, fold(shard), first, tolerance, max_evaluations)
    if problem.class_pseudo.sum() > LEANING:
        with runner_for(shard, n_classes) as runner:
            return em.fit(problem, runner, first, tolerance, max_evaluations)
    patterns = fold(shard)
    parameters, spent, growing = first, 0, verify
    kept = first.weight * shard.n > EMPTY
    if kept.sum() > TAKEN_IN:  # nothing is known of the classes yet: a few of them teach the items
        parameters = _likeliest(problem, patterns, first, FIRST_CLASSES)
        taught = _fit_on(problem, shard, parameters.weight > 0, parameters, 1e-3, STRETCH)
        spent = taught.evaluations
        first = em.Parameters(taught.parameters.probability, first.weight)
        parameters = _likeliest(problem, patterns, first, TAKEN_IN)
        kept = parameters.weight > 0
    value = -np.inf
    while True:
        if growing:
            found = _fit_on(problem, shard, kept, parameters, max(tolerance, 1e-3), STRETCH)
        else:
            found = _fit_on(problem, shard, kept, parameters, tolerance, max_evaluations - spent)
        parameters, spent = found.parameters, spent + found.evaluations
        if not verify or spent >= max_evaluations:
            break
        ratio = _ratios(problem, patterns, parameters, kept)
        expected = parameters.weight * shard.n
        kept = (expected > EMPTY) & ~((expected < SMALL) & (ratio < 1.0 - SHORT))
        missed = ~kept & (ratio > 1.0 + EXCESS)
        if not growing and (not missed.any() or found.loglik - value < NOTICED):
            break
        value = found.loglik
        growing = growing and missed.sum() > FEW * kept.sum()
        missed &= _largest(np.where(missed, ratio, 0.0), TAKEN_IN)
        weight = np.where(kept, parameters.weight, 0.0)
        weight *= (1.0 - NEW_MASS) / weight.sum()
        weight[missed] = NEW_MASS / max(missed.sum(), 1)
        parameters = em.Parameters(parameters.probability, weight / weight.sum())
        kept |= missed
    return replace(found, evaluations=spent)


def _likeliest(problem: em.Problem, patterns: Patterns, first: em.Parameters, at_most: int) -> em.Parameters:
    """The same with the weights that a few EM steps over all classes give, the largest only."""
    weight = first.weight
    for _ in range(LOOKS):
        weight = weight * _ratios(problem, patterns, em.Parameters(first.probability, weight), weight > 0)
    weight = np.where(_largest(weight, at_most), weight, 0.0)
    return em.Parameters(first.probability, weight / weight.sum())


def _ratios(
    problem: em.Problem, patterns: Patterns, parameters: em.Parameters, kept: NDArray[np.bool_]
) -> FloatArray:
    """Mean likelihood ratio (C,) of every class against the mixture of the kept ones."""
    group, chance = problem.group, parameters.probability
    index = np.flatnonzero(kept)
    weight = parameters.weight[index] / parameters.weight[index].sum()
    mixture = likelihoods(patterns, np.ascontiguousarray(group[:, index]), chance, weight)
    return ratios(patterns, group, chance, mixture)


def _largest(values: FloatArray, at_most: int) -> NDArray[np.bool_]:
    chosen = np.zeros(len(values), dtype=np.bool_)
    chosen[np.argsort(-values, kind="stable")[:at_most]] = True
    return chosen


def _fit_on(
    problem: em.Problem,
    shard: Shard,
    kept: NDArray[np.bool_],
    first: em.Parameters,
    tolerance: float,
    max_evaluations: int,
) -> em.Fit:
    """Climb on the kept classes; weights and expected pupils of all classes come back."""
    index = np.flatnonzero(kept)
    part = replace(
        problem,
        group=np.ascontiguousarray(problem.group[:, index]),
        class_pseudo=problem.class_pseudo[index],
    )
    weight = first.weight[index]
    start = em.Parameters(first.probability, weight / weight.sum())
    with runner_for(shard, len(index)) as runner:
        found = em.fit(part, runner, start, tolerance, max_evaluations)
    weight, counts = np.zeros(len(kept)), np.zeros(len(kept))
    weight[index], counts[index] = found.parameters.weight, found.class_counts
    parameters = em.Parameters(found.parameters.probability, weight)
    prior = float(log_prior(problem.rules, parameters.probability, weight))
    return replace(found, parameters=parameters, class_counts=counts, objective=found.loglik + prior)
