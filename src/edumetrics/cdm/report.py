"""Owns the translation of a fitted class model into estimates for items, points and pupils."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.cdm import em
from edumetrics.cdm.classes import ClassSpace
from edumetrics.cdm.results import GroupOnItem, ItemDiagnosis, PointDiagnosis, not_identified
from edumetrics.cdm.settings import Settings
from edumetrics.cdm.uncertainty import draw_parameters, places
from edumetrics.irt.coding import Coding
from edumetrics.results import Estimate, Estimates, FloatArray, Outcome, Reason
from edumetrics.runners.packing import make_layout, pack
from edumetrics.runners.stats import posterior

Z95 = 1.959963984540054
METHOD = "posterior mode/score information"
CELLS = 4_000_000  # pupils × classes held at once
_EDGE = 1e-6
_ROUNDING = 1e-12
LEAST_OF_ANSWERS = 0.25  # of what is known of a share comes from the answers, whatever the prior


def item_reports(
    space: ClassSpace,
    problem: em.Problem,
    fit: em.Fit,
    cov: FloatArray,
    coding: Coding,
    names: tuple[str, ...],
) -> tuple[ItemDiagnosis, ...]:
    """Items with the share that each group of pupils reaches."""
    place = places(problem)
    out = []
    for j, item in enumerate(coding.items):
        marks = coding.marks[j]
        worth = (marks - marks[0]) / (marks[-1] - marks[0])
        groups = []
        for g, mastered in enumerate(space.mastered[j]):
            p = fit.parameters.probability[j, g, : len(marks)]
            rows = place[j, g, 1 : len(marks)]
            variance = float(worth[1:] @ cov[np.ix_(rows, rows)] @ worth[1:])
            n = float(fit.counts[j, g].sum())
            value, se = float(worth @ p), float(np.sqrt(max(variance, 0.0)))
            between = 0 < g < len(space.mastered[j]) - 1
            drawn = _drawn_by_prior(value, se, problem.pseudo[j, g, : len(marks)], worth) if between else 0.0
            share = _on_logit(value, se, round(n), drawn)
            named = tuple(names[k] for k, has in zip(space.needs[j], mastered, strict=True) if has)
            groups.append(GroupOnItem(named, share, n))
        points = tuple(names[k] for k in space.needs[j])
        out.append(ItemDiagnosis(item, points, tuple(groups), int(coding.counts[j].sum())))
    return tuple(out)


def class_bounds(
    space: ClassSpace,
    problem: em.Problem,
    parameters: em.Parameters,
    cov: FloatArray,
    categories: NDArray[np.int16],
    settings: Settings,
) -> Iterator[tuple[slice, FloatArray]]:
    """Chances (1 + draws, 2, n, K) that runs of pupils surely have a point, and do not surely lack it.

    The first at the estimate, the others at draws of the parameters.
    """
    layout = make_layout(problem.n_categories, [True] * len(problem.group), 64)
    rng = np.random.default_rng(settings.seed + 1)
    drawn = draw_parameters(problem, parameters.probability, np.zeros(0), cov, rng, settings.draws)
    models = [
        em.node_model(problem, em.Parameters(p, parameters.weight))
        for p in [parameters.probability, *(p for p, _ in drawn)]
    ]
    sure = (space.known == 1).astype(np.float64)
    lack = (space.known == 0).astype(np.float64)
    n, n_points = len(categories), sure.shape[1]
    chunk = max(CELLS // (space.n_classes + n_points * len(models)), 64)
    for at in range(0, n, chunk):
        part = slice(at, min(at + chunk, n))
        shard = pack(categories[part], layout)
        bounds = np.empty((len(models), 2, shard.n, n_points))
        for d, model in enumerate(models):
            post = posterior(shard, model)[0]
            bounds[d, 0], bounds[d, 1] = post @ sure, 1.0 - post @ lack
        yield part, bounds


def mastery_reports(
    runs: Iterable[tuple[slice, FloatArray]],
    matrix: ResponseMatrix,
    categories: NDArray[np.int16],
    q: NDArray[np.bool_],
    refused: NDArray[np.bool_],
    settings: Settings,
) -> tuple[Estimates, FloatArray, FloatArray]:
    """Mastery (N, K) of all pupils, the spread (2, K) of its mean over parameter draws, and its bounds.

    Parameters
    ----------
    runs : iterable of (slice, (1 + draws, 2, n, K) float)
        See `class_bounds`.
    refused : (K,) bool
        Points about which these items say nothing.
    """
    shape = (len(categories), q.shape[1])
    value, low, high = (np.empty(shape) for _ in range(3))
    at_estimate = np.empty((2, *shape))
    means = np.zeros((1 + settings.draws, 2, shape[1]))
    for part, bounds in runs:
        means += bounds.sum(axis=2) / shape[0]
        value[part], low[part], high[part] = _interval(bounds)
        at_estimate[:, part] = bounds[0]
    answered = (categories >= 0).astype(np.int64) @ q.astype(np.int64)
    estimates = Estimates.build(
        value, None, np.minimum(low, value), np.maximum(high, value), answered,
        "class posterior/parameter draws and identification bounds",
        refuse=(
            (~matrix.present[:, None], Reason.NO_RESPONSES),
            (refused[None, :], Reason.NOT_IDENTIFIED),
            (answered == 0, Reason.TOO_FEW_MARKS),
            (at_estimate[1] - at_estimate[0] > settings.most_untold, Reason.NOT_IDENTIFIED),
        ),
    )  # fmt: skip
    return estimates, means[1:].std(axis=0, ddof=1), at_estimate


def point_reports(
    bounds: FloatArray,
    refused: NDArray[np.bool_],
    spread: FloatArray,
    names: tuple[str, ...],
    q: NDArray[np.bool_],
) -> tuple[PointDiagnosis, ...]:
    """Share of pupils who master each point, from bounds (2, N, K) of their mastery."""
    n = bounds.shape[1]
    out = []
    for k, name in enumerate(names):
        sure, lack = bounds[0, :, k], 1.0 - bounds[1, :, k]
        told = float(sure.mean() + lack.mean())
        untold = 1.0 if refused[k] else 1.0 - told if told < 1.0 - _ROUNDING else 0.0
        prevalence: Outcome
        if refused[k] or untold > 0.5:
            prevalence = not_identified(n)
        else:
            error = [_share_error(x, float(spread[side, k])) for side, x in enumerate((sure, lack))]
            value = float(sure.mean()) / told
            low = min(max(float(sure.mean()) - Z95 * error[0], 0.0), value)
            high = max(min(1.0 - float(lack.mean()) + Z95 * error[1], 1.0), value)
            prevalence = Estimate(value, None, low, high, n, "mean class posterior/identification bounds")
        out.append(PointDiagnosis(name, prevalence, untold, int(q[:, k].sum())))
    return tuple(out)


def _share_error(posterior: FloatArray, spread: float) -> float:
    """Standard error of the share of a population whose members are seen only through their posteriors.

    The information about a share π is Σ (pᵢ − π)² / (π(1 − π))²: the vaguer the posteriors, the less of it.
    """
    mean, n = float(posterior.mean()), len(posterior)
    coin = mean * (1.0 - mean)
    variance = max(float(posterior.var(ddof=1)), 1e-3 * coin)
    sampling = coin * coin / (n * variance) if variance > 0.0 else 0.0
    return float(np.sqrt(sampling + spread**2))


def _interval(bounds: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Value and interval from lower and upper bounds (draws, 2, N, K); draw 0 is the estimate.

    The value shares the open part as the told part is shared.
    """
    sure, upper = bounds[0]
    told = np.maximum(sure + 1.0 - upper, 1e-12)
    value = np.clip(sure / told, 0.0, 1.0)
    logit = np.clip(bounds, _EDGE, 1.0 - _EDGE)
    logit = np.log(logit / (1.0 - logit))
    sd = logit[1:].std(axis=0, ddof=1)
    low = 1.0 / (1.0 + np.exp(-(logit[0, 0] - Z95 * sd[0])))
    high = 1.0 / (1.0 + np.exp(-(logit[0, 1] + Z95 * sd[1])))
    return value, low, high


def _drawn_by_prior(value: float, se: float, pseudo: FloatArray, worth: FloatArray) -> float:
    """How far, in logits, the prior has drawn the share of pupils who master some of an item's points.

    That those with none get little and those with all get much is known; the level in between is a guess,
    and the interval reaches back over what it moved. One Newton step from the estimate to the maximum
    without it.
    """
    p, weight = min(max(value, _EDGE), 1.0 - _EDGE), float(pseudo.sum())
    if weight <= 0.0 or se <= 0.0:
        return 0.0
    coin = p * (1.0 - p)
    precision = (coin / se) ** 2
    of_answers = max(precision - weight * coin, LEAST_OF_ANSWERS * precision)
    farthest = Z95 * se / coin
    return min(max(float(pseudo @ worth - weight * p) / of_answers, -farthest), farthest)


def _on_logit(value: float, se: float, n: int, drawn: float) -> Outcome:
    """Estimate of a share: its interval stays within 0 and 1 and reaches back over what a prior did."""
    p = min(max(value, _EDGE), 1.0 - _EDGE)
    half = min(Z95 * se / (p * (1.0 - p)), 12.0)
    centre = float(np.log(p / (1.0 - p)))
    ends = centre - half - max(drawn, 0.0), centre + half - min(drawn, 0.0)
    low, high = (float(1.0 / (1.0 + np.exp(-x))) for x in ends)
    return Estimate(value, se, min(low, value), max(high, value), n, METHOD)
