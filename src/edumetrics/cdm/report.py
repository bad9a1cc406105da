"""Owns the translation of a fitted class model into estimates for items, points and pupils."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri, stdtrit

from edumetrics.arrays import ResponseMatrix
from edumetrics.cdm import em
from edumetrics.cdm.classes import ClassSpace
from edumetrics.cdm.ends import Ends
from edumetrics.cdm.maximisation import CLASS_FLOOR
from edumetrics.cdm.pull import ALL, NONE, PARTIAL, SOME, Shares, mended
from edumetrics.cdm.results import GroupOnItem, ItemDiagnosis, PointDiagnosis, Worth, not_identified
from edumetrics.cdm.settings import Settings
from edumetrics.cdm.uncertainty import Z95, Known, draw_parameters, places
from edumetrics.irt.coding import Coding
from edumetrics.results import Estimate, Estimates, FloatArray, Outcome, Reason
from edumetrics.runners.packing import make_layout, pack
from edumetrics.runners.stats import posterior

METHOD = "posterior mode/score information"
CELLS = 4_000_000  # pupils × classes held at once
_EDGE = 1e-6
FARTHEST = 12.0  # of log-odds that an interval reaches
_ROUNDING = 1e-12
LEAST_SEEN = 1e-3  # pupils of a class: Dirichlet's parameters are above nothing


def worth_of_marks(
    space: ClassSpace,
    coding: Coding,
    reached: FloatArray,
    categories: NDArray[np.int16],
    posterior: FloatArray,
) -> Worth:
    """Mean share of the full mark in each category and group.

    Parameters
    ----------
    reached : (N, J) float
        Shares of the full mark.
    posterior : (N, C) float
    """
    width, most = int(space.n_groups.max()), int(coding.n_categories.max())
    mean, variance = np.zeros((len(coding.items), width, most)), np.zeros((len(coding.items), width))
    for j in range(len(coding.items)):
        member = (space.group[j][:, None] == np.arange(width)).astype(np.float64)
        in_group = posterior @ member
        size = np.maximum(in_group[categories[:, j] >= 0].sum(axis=0), _EDGE)
        for k in range(int(coding.n_categories[j])):
            here = categories[:, j] == k
            value, pupils = reached[here, j], in_group[here]
            if (value == value[0]).all():
                mean[j, :, k] = value[0]
                continue
            number = np.maximum(pupils.sum(axis=0), _EDGE)
            mean[j, :, k] = (value @ pupils + _EDGE * value.mean()) / (number + _EDGE)
            squares = ((value[:, None] - mean[j, :, k]) ** 2 * pupils).sum(axis=0)
            variance[j] += squares / size**2
    return Worth(mean, variance)


def estimated_shares(
    space: ClassSpace, problem: em.Problem, fit: em.Fit, cov: FloatArray, worth: Worth
) -> Shares:
    """Shares of the full mark that the groups of all items reach, item by item."""
    place = places(problem)
    rows = [(j, g) for j, mastered in enumerate(space.mastered) for g in range(len(mastered))]
    value, se, centre, weight = (np.empty(len(rows)) for _ in range(4))
    kind = np.empty(len(rows), dtype=np.int64)
    for at, (j, g) in enumerate(rows):
        m = int(problem.n_categories[j])
        here, own, pseudo = worth.mean[j, g, :m], place[j, g, 1:m], problem.pseudo[j, g, :m]
        slope = here[1:] - here[0]
        variance = float(slope @ cov[np.ix_(own, own)] @ slope) + worth.variance[j, g]
        value[at], se[at] = here @ fit.parameters.probability[j, g, :m], np.sqrt(max(variance, 0.0))
        weight[at] = pseudo.sum()
        centre[at] = pseudo @ here / weight[at] if weight[at] > 0.0 else 0.5
        kind[at] = NONE if g == 0 else ALL if g == len(space.mastered[j]) - 1 else SOME
        kind[at] += PARTIAL * (m > 2)
    return Shares(value, se, centre, weight, kind)


def item_reports(
    space: ClassSpace,
    problem: em.Problem,
    fit: em.Fit,
    cov: FloatArray,
    coding: Coding,
    worth: Worth,
    ends: Ends,
    names: tuple[str, ...],
) -> tuple[ItemDiagnosis, ...]:
    """Items with the share that each group of pupils reaches."""
    shares = estimated_shares(space, problem, fit, cov, worth)
    found = iter(zip(shares.value, shares.se, *mended(shares), strict=True))
    out = []
    for j, item in enumerate(coding.items):
        groups = []
        for g, mastered in enumerate(space.mastered[j]):
            n = float(fit.counts[j, g].sum())
            share = _share(next(found), round(n))
            last = int(problem.n_categories[j]) - 1
            least, most = map(float, worth.mean[j, g, [0, last]])
            distance = np.abs(np.array([least, most]) - share.value)
            nothing, everything = ends.open(j, g, distance, share.se or 0.0)
            low = min(share.low, least) if nothing else share.low
            share = replace(share, low=low, high=max(share.high, most) if everything else share.high)
            named = tuple(names[k] for k, has in zip(space.needs[j], mastered, strict=True) if has)
            groups.append(GroupOnItem(named, share, n))
        points = tuple(names[k] for k in space.needs[j])
        out.append(ItemDiagnosis(item, points, tuple(groups), int(coding.counts[j].sum())))
    return tuple(out)


def class_bounds(
    space: ClassSpace,
    problem: em.Problem,
    drawn: Sequence[em.Parameters],
    categories: NDArray[np.int16],
) -> Iterator[tuple[slice, FloatArray]]:
    """Chances (1 + draws, 2, n, K) that runs of pupils surely have a point, and do not surely lack it.

    The first at the estimate, the others at draws of the parameters, class weights included: what a pupil
    masters whose answers leave it open is read off the others.

    Parameters
    ----------
    drawn : sequence of Parameters
        The estimate, then draws around it (`drawn_around`).
    """
    layout = make_layout(problem.n_categories, [True] * len(problem.group), 64)
    models = [em.node_model(problem, parameters) for parameters in drawn]
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


def drawn_around(
    problem: em.Problem, parameters: em.Parameters, known: Known, settings: Settings, leaning: int
) -> list[em.Parameters]:
    """The estimate, then draws of all parameters around it.

    Parameters
    ----------
    leaning : int
        Pupils n whose class weights lean on ability; 0 where classes have weights of their own.
    """
    rng = np.random.default_rng(settings.seed + 1)
    upright = np.zeros(known.tilts.shape[1])
    drawn = draw_parameters(problem, parameters.probability, upright, known.cov, rng, settings.draws)
    return [parameters] + [
        em.Parameters(p, drawn_weights(parameters.weight, tilt, known, rng, leaning)) for p, tilt in drawn
    ]


def drawn_weights(
    weight: FloatArray, tilt: FloatArray, known: Known, rng: np.random.Generator, leaning: int
) -> FloatArray:
    """Class weights (C,) as far from ``weight`` as a tilt (F,) says, or as ``leaning`` pupils tell them.

    Weights that lean on ability are many: more may be wrong with them than the few directions of
    `joint_tilts`, which the shares of points hang on. They are drawn from Dirichlet(n·w), the posterior of
    shares that n pupils tell (Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., § 3.4); what they lean on
    was learnt from the same pupils and adds none.
    """
    return _seen_by(leaning, weight, rng) if leaning else known.weights(weight, tilt)


def _seen_by(n: int, weight: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Class weights (C,) drawn as n pupils tell them."""
    drawn = np.maximum(rng.gamma(np.maximum(n * weight, LEAST_SEEN)), CLASS_FLOOR)
    return np.asarray(drawn / drawn.sum())


def share_errors(space: ClassSpace, parameters: em.Parameters, known: Known) -> FloatArray:
    """Standard errors (2, K) of the shares of a population that surely have, surely lack a point."""
    return np.array(
        [
            [
                known.error_of_share(parameters.weight, (column == sure).astype(np.float64))
                for column in space.known.T
            ]
            for sure in (1, 0)
        ]
    )


def mastery_reports(
    runs: Iterable[tuple[slice, FloatArray]],
    matrix: ResponseMatrix,
    categories: NDArray[np.int16],
    q: NDArray[np.bool_],
    refused: NDArray[np.bool_],
    settings: Settings,
) -> tuple[Estimates, FloatArray]:
    """Mastery (N, K) of all pupils, and its bounds (2, N, K) at the estimate.

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
    for part, bounds in runs:
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
    return estimates, at_estimate


def point_reports(
    bounds: FloatArray,
    refused: NDArray[np.bool_],
    errors: FloatArray,
    names: tuple[str, ...],
    q: NDArray[np.bool_],
) -> tuple[PointDiagnosis, ...]:
    """Share of pupils who master each point, from bounds (2, N, K) of their mastery.

    ``errors`` (2, K) are those of the shares that surely have, surely lack the point.
    """
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
            value = float(sure.mean()) / told
            low = min(share_interval(float(sure.mean()), errors[0, k])[0], value)
            high = max(1.0 - share_interval(float(lack.mean()), errors[1, k])[0], value)
            prevalence = Estimate(value, None, low, high, n, "mean class posterior/identification bounds")
        out.append(PointDiagnosis(name, prevalence, untold, int(q[:, k].sum())))
    return tuple(out)


def share_interval(share: float, error: float) -> tuple[float, float]:
    """Interval of a share, on the scale of its log-odds: near 0 and 1 errors lean inwards."""
    p = min(max(share, _EDGE), 1.0 - _EDGE)
    half = min(Z95 * error / (p * (1.0 - p)), FARTHEST)
    low, high = expit(logit(p) + np.array([-half, half]))
    return min(float(low), share), max(float(high), share)


def _interval(bounds: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Value and interval from lower and upper bounds (draws, 2, N, K); draw 0 is the estimate.

    The value shares the open part as the told part is shared.
    """
    sure, upper = bounds[0]
    told = np.maximum(sure + 1.0 - upper, 1e-12)
    value = np.clip(sure / told, 0.0, 1.0)
    odds = logit(np.clip(bounds, _EDGE, 1.0 - _EDGE))
    half = stdtrit(len(odds) - 2, 0.975) * odds[1:].std(axis=0, ddof=1)  # of few draws: Student's t
    low, high = expit(odds[0, 0] - half[0]), expit(odds[0, 1] + half[1])
    return value, low, high


def _share(found: tuple[float, float, float, float], n: int) -> Estimate:
    """Estimate of a share from value, standard error, and centre and error of its log-odds."""
    value, se, centre, error = map(float, found)
    half = min(Z95 * error, FARTHEST)
    ends = expit(np.array([centre - half, centre, centre + half]))
    low, high = holding(value, float(ends[1]), float(ends[0]), float(ends[2]))
    return Estimate(value, se, low, high, n, METHOD)


def holding(value: float, centre: float, low: float, high: float) -> tuple[float, float]:
    """Limits that hold ``value`` and are right in 95 of 100 where ``low`` to ``high`` around ``centre`` are.

    An interval that must reach as far as a figure on one side misses on the other side alone, and may end
    there sooner.
    """
    below, above = max(centre - low, _EDGE), max(high - centre, _EDGE)
    if value < low:
        return value, centre + above * float(ndtri(0.95 + ndtr(-Z95 * (centre - value) / below))) / Z95
    if value > high:
        return centre - below * float(ndtri(0.95 + ndtr(-Z95 * (value - centre) / above))) / Z95, value
    return low, high
