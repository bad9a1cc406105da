"""What a pupil's other answers tell about a point: the share they let expect, and what they leave open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from edumetrics.ctt.scores import TIE
from edumetrics.mastery.evidence import item_facilities
from edumetrics.mastery.prior import drawn_to_points, trusted
from edumetrics.mastery.results import MasteryPrior, MasterySettings
from edumetrics.results import BoolArray, FloatArray, IntArray

# First guess of the slope on the logit scale: points of a paper go together, but not one for one.
_DEFAULT_SLOPE = 0.6
_NEWTON_STEPS = 6
# How many pupils it is worth that points of a paper are alike in what is left open.
_POINT_PUPILS = 80.0
# What an item asks that no other of its point does.
_PECULIAR = 0.01
# The same of the slopes of a point's items.
_ITEM_PUPILS = 24.0
_GRID = np.linspace(-10.0, 10.0, 201)
_FAR = 6.0  # logits: beyond lies nothing that a share of marks can tell


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What pupils answered, by item and summed by point.

    Attributes
    ----------
    shares, mask : float arrays, pupils × items
        Share of the full mark, 0 where there is none; 1 where there is one.
    weights : float array, items × points
    full : float array, items
    observed, evidence, n_items : arrays, pupils × points
        Share of the marks, how many right/wrong items it is worth, and how many items it is from.
    """

    shares: FloatArray
    mask: FloatArray
    weights: FloatArray
    full: FloatArray
    observed: FloatArray
    evidence: FloatArray
    n_items: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class OtherAnswers:
    """A pupil's answers on the items that do not test the point.

    Attributes
    ----------
    level : float array, pupils × points
        Logit of the share of their marks, as far as it is to be trusted, minus the mean of all pupils.
    reliability : float array, pupils × points
        Share of that logit's variance that is not chance, by the number of items; 0 without such items.
    """

    level: FloatArray
    reliability: FloatArray


def other_answers(answers: Answers, icc: float) -> OtherAnswers:
    """Share of marks on all items that do not test the point, regressed to the mean like any score.

    Only items that have nothing to do with the point: their errors are not those of its items. Where pupils
    had different items, each mark counts by its distance from the facility of its item.
    """
    shares, mask = answers.shares, answers.mask
    others = np.where(answers.weights <= 0, answers.full[:, None], 0.0)
    offered, squares = mask @ others, mask @ others**2
    items = np.divide(offered**2, squares, out=np.zeros_like(offered), where=squares > 0)
    facility = item_facilities(shares, mask)
    ahead = ((shares - facility) * mask) @ others
    whole = others.sum(axis=0)
    usual = np.divide(facility @ others, whole, out=np.full_like(whole, 0.5), where=whole > 0)
    usual = np.clip(usual, 0.02, 0.98)
    got = np.clip(usual + np.divide(ahead, offered, out=np.zeros_like(ahead), where=offered > 0), 0.0, 1.0)
    # Kelley: that many items at the usual share are as good as knowing nothing.
    nothing = 1.0 / icc - 1.0
    regressed = (got * items + usual * nothing) / (items + nothing)
    there = offered > 0
    level = np.where(there, special.logit(np.clip(regressed, 0.005, 0.995)), 0.0)
    mean = level.sum(axis=0) / np.maximum(np.count_nonzero(there, axis=0), 1)
    return OtherAnswers(np.where(there, level - mean, 0.0), items / (items + nothing))


def own_prior(
    answers: Answers,
    others: OtherAnswers,
    prior: MasteryPrior,
    booklets: FloatArray,
    settings: MasterySettings,
) -> tuple[FloatArray, FloatArray]:
    """Mean and weight of each pupil's own prior at each point: pupils × points.

    What the other answers leave open is hard to tell from few items: its share is drawn to the mean over
    points with the weight of `_POINT_PUPILS` pupils. `booklets` is the variance at each point from pupils
    having had easier and harder items.
    """
    there = others.reliability > 0
    known = there & (answers.evidence > 0)
    evidence = np.where(known, answers.evidence, 0.0)
    fitted = expected_shares(answers.observed, evidence, others.level, prior.mean, settings.default_weight)
    expected = np.where(there, fitted, prior.mean)
    coin = (expected * (1.0 - expected)).sum(axis=0) / len(expected)
    n, trust = trusted(answers.evidence, answers.n_items)
    enough = n > 2
    left = left_open(answers, others.level, expected)
    share = drawn_to_points(
        np.where(enough, left / coin, 0.0),
        np.where(enough, trust, 0.0),
        settings.default_left_open,
        settings.default_weight,
        _POINT_PUPILS,
    )
    icc = 1.0 / (prior.weight + 1.0)
    share = np.maximum(share, 0.0) + _PECULIAR + booklets / coin
    # Who left most other items out is known less well than the rest.
    usual = others.reliability.sum(axis=0) / np.maximum(np.count_nonzero(known, axis=0), 1)
    less = 1.0 - np.divide(others.reliability, usual, out=np.zeros_like(expected), where=usual > 0)
    own = share + np.maximum(icc - share, 0.0) * np.clip(less, 0.0, 1.0)
    own += _error_of_fit(others.level, known, evidence, share, settings.default_weight)
    own = np.where(there, np.clip(own, 0.01, 0.9), icc)
    return expected, np.asarray(1.0 / own - 1.0)


def _error_of_fit(
    level: FloatArray, known: BoolArray, evidence: FloatArray, share: FloatArray, pupils: float
) -> FloatArray:
    """Squared error of the regression's own mean and slope, relative to a coin: large with few pupils."""
    n = np.count_nonzero(known, axis=0) + 1.0
    items = np.maximum(evidence.sum(axis=0) / n, 1.0)
    spread = (level**2 * known).sum(axis=0)
    slope = np.divide(level**2, spread, out=np.zeros_like(level), where=spread > TIE)
    return np.asarray((share + (1.0 - share) / items) * (1.0 / n + slope * n / (n + pupils)))


def expected_shares(
    observed: FloatArray, evidence: FloatArray, level: FloatArray, mean: FloatArray, pupils: float
) -> FloatArray:
    r"""Share of a point's marks that the other answers let expect: pupils × points.

    Logistic regression :math:`\operatorname{logit}\mu_{ik} = \alpha_k + \beta_k x_{ik}` of each point by
    Newton's steps. Slopes are drawn to their mean over points with the weight of `pupils` pupils, and that to
    `_DEFAULT_SLOPE` with the same; one pupil of the mean of all keeps the intercept finite.
    """
    n = np.count_nonzero(evidence > 0, axis=0) + 1.0
    own = evidence.sum(axis=0) / n
    items, got = _by_level(level, evidence), _by_level(level, evidence * observed)
    grid = _GRID[:, None]
    alpha, beta, common = special.logit(mean), np.full(len(mean), _DEFAULT_SLOPE), _DEFAULT_SLOPE
    for _ in range(_NEWTON_STEPS):
        fitted = special.expit(np.clip(alpha + beta * grid, -_FAR, _FAR))
        usual = special.expit(alpha)
        gap, spread = got - items * fitted, items * fitted * (1.0 - fitted)
        information = (spread * grid**2).sum(axis=0)
        drawn = pupils / n * information
        to_alpha = gap.sum(axis=0) + own * (mean - usual)
        to_beta = (gap * grid).sum(axis=0) - drawn * (beta - common)
        aa = spread.sum(axis=0) + own * usual * (1.0 - usual) + TIE
        ab, bb = (spread * grid).sum(axis=0), information + drawn + TIE
        whole = aa * bb - ab**2
        alpha = alpha + np.clip((bb * to_alpha - ab * to_beta) / whole, -1.5, 1.5)
        beta = np.clip(beta + np.clip((aa * to_beta - ab * to_alpha) / whole, -1.0, 1.0), 0.0, None)
        seen = float(information.sum())
        told = float((information * beta).sum()) / seen if seen > 0 else _DEFAULT_SLOPE
        common = (n.mean() * told + pupils * _DEFAULT_SLOPE) / (n.mean() + pupils)
    edge = 0.5 / n
    fitted = special.expit(np.clip(alpha + beta * level, -_FAR, _FAR))
    return np.asarray(np.clip(fitted, edge, 1.0 - edge))


def _by_level(level: FloatArray, weight: FloatArray) -> FloatArray:
    """Sums of weights on a grid of levels (grid × points), each split between its two neighbours."""
    place = np.clip((level - _GRID[0]) / (_GRID[1] - _GRID[0]), 0.0, len(_GRID) - 1.001)
    lower = place.astype(np.int64)
    upper_part = (place - lower) * weight
    points = level.shape[1]
    cell = (lower * points + np.arange(points)).ravel()
    size = len(_GRID) * points
    low = np.bincount(cell, (weight - upper_part).ravel(), size)
    high = np.bincount(cell + points, upper_part.ravel(), size)
    return np.asarray((low + high).reshape(len(_GRID), points))


def left_open(answers: Answers, level: FloatArray, expected: FloatArray) -> FloatArray:
    """Variance between pupils at each point that their other answers do not account for.

    Mean product of a pupil's residuals on two *different* items of the point: free of the items' errors. An
    item may be steeper or flatter than its point (a slope of its own, drawn to none where few pupils had it);
    that does not pass for what two items have in common.
    """
    shares, mask, weights = answers.shares, answers.mask, answers.weights
    n = np.maximum(mask.sum(axis=0), 1.0)
    deviations = (shares - shares.sum(axis=0) / n) * mask
    ahead = expected - expected.sum(axis=0) / len(expected)
    few = _ITEM_PUPILS * (level**2).sum(axis=0) / len(level) + TIE
    steeper = (deviations.T @ level - mask.T @ (ahead * level)) / (mask.T @ level**2 + few)
    squares, sloped = weights**2, weights * steeper
    both = squares * steeper
    residual = deviations @ weights - ahead * (mask @ weights) - level * (mask @ sloped)
    alone = deviations**2 @ squares + ahead**2 * (mask @ squares) + level**2 * (mask @ sloped**2)
    crossed = ahead * (deviations @ squares) + level * (deviations @ both - ahead * (mask @ both))
    pairs = ((mask @ weights) ** 2 - mask @ squares).sum(axis=0)
    common = (residual**2 - alone + 2.0 * crossed).sum(axis=0)
    whole = weights.sum(axis=0)
    behind = np.divide(n @ weights, whole, out=np.zeros_like(whole), where=whole > 0)
    free = behind / np.maximum(behind - 2.0, 1.0)
    return np.asarray(np.divide(common, pairs, out=np.zeros_like(pairs), where=pairs > TIE) * free)
