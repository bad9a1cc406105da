"""Owns intervals from the whole posterior, of which the curvature at its mode says too little.

Where points are hardly told apart, as by items that most pupils without them get right too, the likelihood is
a bent ridge: shares, chances and mastery far from its maximum explain the answers about as well, and limits
from its curvature are too short. Of 200 to 1,000 pupils shares of such points were held 81 to 86 times in
100. Where nearly nobody is in a class, its weight is next to nothing at the maximum and may be several times
as much: mastery was held 88 times. Intervals come to reach over what draws from the whole posterior say;
where points are told well, that is where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edumetrics.cdm import em
from edumetrics.cdm.gibbs import Draws, draw
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.results import ClassModelResult, ItemDiagnosis
from edumetrics.cdm.rival import METHOD
from edumetrics.results import Estimate, FloatArray, Outcome
from edumetrics.runners.stats import posterior

MOST_CELLS = 100_000  # pupils × classes: seconds
SWEEPS, KEPT = 1000, 200
OF_PUPILS = 2  # every so many draws for pupils
TAILS = np.array([0.025, 0.975])
# Of chances: 95 of 100 on one side. Where these reach farther than others, the other limit is seldom missed.
TAILS_OF_GROUPS = np.array([0.05, 0.95])
# Of mastery and chances: by how much nearer to the figure limits are taken than draws have them. Where all is
# told well, two intervals with the noise of their draws would else reach a tenth farther than either.
NEARER = 0.8
# Pupils from which intervals come to reach over the whole posterior, and over all of it: those of fewer are
# wide as they are.
FEW, MANY = 40, 100
# Of Dirichlet's law of the class weights, for each class. With 1 about half of the pupils would have each
# point: shares of 0.2 to 0.4 that answers hardly tell were drawn up, and held 89 times in 100 where 95 are.
CLASS_PRIOR = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Lower and upper limits: of groups (2, J, G), of shares of points (2, K), of mastery (2, N, K)."""

    groups: FloatArray
    points: FloatArray
    mastery: FloatArray


def heard(exam: Prepared, result: ClassModelResult) -> float:
    """How far intervals are to reach over those of the whole posterior, 0 to 1.

    0 where drawing from it takes too long, and where chances are additive: these are bound to each other.
    """
    n = len(exam.answered)
    if result.n_classes is None or n * result.space.n_classes > MOST_CELLS or result.problem.additive.any():
        return 0.0
    return float(np.clip((n - FEW) / (MANY - FEW), 0.0, 1.0))


def with_whole_posterior(exam: Prepared, result: ClassModelResult) -> ClassModelResult:
    """``result`` with intervals of the whole posterior."""
    prior = np.full(len(result.parameters.weight), CLASS_PRIOR)
    draws = _drawn(exam, result.problem, result.parameters, prior)
    return _within(result, _limits(exam, result, result.problem, draws, draws))


def with_some_away(
    exam: Prepared, result: ClassModelResult, apart: em.Problem, first: em.Parameters, share: float
) -> ClassModelResult:
    """``result`` with intervals of the whole posterior where some pupils answer by no point.

    Parameters
    ----------
    apart : Problem
        With them as a last class that has a last group of each item.
    first : Parameters
        Its maximum.
    share : float
        Of them, as is first thought.
    """
    n_classes, n_items = len(result.parameters.weight), len(apart.group)
    of_them = CLASS_PRIOR * n_classes * share / (1.0 - share)
    prior = np.append(np.full(n_classes, CLASS_PRIOR), of_them)
    draws = _drawn(exam, replace(apart, monotone=result.problem.monotone), first, prior)
    away = draws.weight[:, -1:]
    weight = draws.weight[:, :-1] / (1.0 - away)
    level = draws.probability[:, np.arange(n_items), result.problem.n_groups]
    away = away[:, :, None, None]
    by_points = draws.probability[:, :, : result.problem.pseudo.shape[1]]
    chance = (1.0 - away) * by_points + away * level[:, :, None]
    return _within(result, _limits(exam, result, apart, draws, Draws(chance, weight)))


def _drawn(exam: Prepared, problem: em.Problem, first: em.Parameters, prior: FloatArray) -> Draws:
    rng = np.random.default_rng(exam.settings.seed + 3)
    answers = exam.answered[np.lexsort(exam.answered.T)]  # draws are the same in whatever order pupils stand
    return draw(problem, first, answers, prior, rng, SWEEPS, KEPT)


def _limits(
    exam: Prepared, result: ClassModelResult, problem: em.Problem, draws: Draws, of_all: Draws
) -> Limits:
    """Limits from draws for the classes of a problem, and for all pupils of the classes of ``result``.

    The former may have one class more, of pupils of whom nothing is known but what all others have.
    """
    known = np.stack([result.space.known == 1, result.space.known != 0]).astype(np.float64)
    groups = np.quantile((of_all.probability * result.worth.mean).sum(axis=3), TAILS_OF_GROUPS, axis=0)
    points = np.stack(
        [np.quantile(of_all.weight @ of, tail, axis=0) for of, tail in zip(known, TAILS, strict=True)]
    )
    n_classes, n_further = known.shape[1], draws.weight.shape[1] - known.shape[1]
    shard = pack_for(n_classes + n_further, exam.coding, exam.answered)
    some = range(0, KEPT, OF_PUPILS)
    bounds = np.empty((len(some), 2, len(exam.answered), known.shape[2]), dtype=np.float32)
    for at, s in enumerate(some):
        model = em.node_model(problem, em.Parameters(draws.probability[s], draws.weight[s]))
        further = np.repeat((of_all.weight[s] @ known)[:, None], n_further, axis=1)
        bounds[at] = posterior(shard, model)[0] @ np.concatenate([known, further], axis=1)
    mastery = np.full((2, *result.mastery.value.shape), np.nan)
    for side, tail in enumerate(TAILS):
        mastery[side, exam.present] = np.quantile(bounds[:, side], tail, axis=0)
    return Limits(groups, points, np.where(result.mastery.known, mastery, np.nan))


def _within(result: ClassModelResult, limits: Limits) -> ClassModelResult:
    """``result`` within other limits."""
    low, high = (_nearer(limit, result.mastery.value) for limit in limits.mastery)
    items = zip(result.items, limits.groups.transpose(1, 2, 0), strict=True)
    return replace(
        result,
        items=tuple(_item(item, of) for item, of in items),
        points=tuple(
            replace(point, prevalence=_figure(point.prevalence, of))
            for point, of in zip(result.points, limits.points.T, strict=True)
        ),
        mastery=replace(result.mastery, low=low, high=high, method=METHOD),
    )


def _item(item: ItemDiagnosis, limits: FloatArray) -> ItemDiagnosis:
    """With limits (G, 2)."""
    groups = []
    for group, of in zip(item.groups, limits, strict=False):
        share = group.share
        if isinstance(share, Estimate):
            share = _figure(share, _nearer(of, share.value))
        groups.append(replace(group, share=share))
    return replace(item, groups=tuple(groups))


def _nearer(limit: FloatArray, value: FloatArray | float) -> FloatArray:
    return np.asarray(value + NEARER * (limit - value))


def _figure(figure: Outcome, limits: FloatArray) -> Outcome:
    if not isinstance(figure, Estimate):
        return figure
    low, high = map(float, limits)
    return replace(figure, low=min(low, figure.value), high=max(high, figure.value), method=METHOD)
