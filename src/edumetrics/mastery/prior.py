"""The prior of mastery: facility of each point in the group, and how far its pupils differ."""

from __future__ import annotations

import numpy as np

from edumetrics.ctt.scores import TIE
from edumetrics.mastery.evidence import item_facilities
from edumetrics.mastery.results import MasteryPrior, MasterySettings
from edumetrics.results import FloatArray, IntArray


def point_means(score: FloatArray, weight: FloatArray) -> FloatArray:
    """Facility of each point, kept off 0 and 1 by one pseudo-pupil with the mean of all points."""
    total = weight.sum(axis=0)
    pupils = np.count_nonzero(weight > 0, axis=0)
    per_pupil = np.divide(total, pupils, out=np.ones_like(total), where=pupils > 0)
    taking_part = max(int(np.count_nonzero(weight.any(axis=1))), 1)
    unit = weight.sum() / taking_part
    overall = (score.sum() + 0.5 * unit) / (weight.sum() + unit) if unit > 0 else 0.5
    mean = (score.sum(axis=0) + per_pupil * overall) / (total + per_pupil)
    # All right so far: the next pupil may still be the first who fails.
    edge = 0.5 / (pupils + 1.0)
    return np.asarray(np.clip(mean, edge, 1.0 - edge))


def between_booklets(
    shares: FloatArray, mask: FloatArray, weights: FloatArray, weight: FloatArray
) -> FloatArray:
    """Variance at each point from pupils having had easier and harder items; 0 with one paper for all."""
    had = weight > 0
    own = np.divide(
        (mask * item_facilities(shares, mask)) @ weights, weight, out=np.zeros_like(weight), where=had
    )
    pupils = np.maximum(np.count_nonzero(had, axis=0), 1)
    usual = own.sum(axis=0) / pupils
    return np.asarray(np.where(had, (own - usual) ** 2, 0.0).sum(axis=0) / pupils)


def between_pupils(shares: FloatArray, mask: FloatArray, weights: FloatArray) -> FloatArray:
    """Variance between pupils at each point: what two items of the point have in common.

    Products of a pupil's deviations on two *different* items are free of the items' errors, however
    finely the items are marked.
    """
    n = np.maximum(mask.sum(axis=0), 1.0)
    deviations = (shares - shares.sum(axis=0) / n) * mask
    squares = weights**2
    products = (deviations @ weights) ** 2 - deviations**2 @ squares
    pairs = (mask @ weights) ** 2 - mask @ squares
    total, whole = pairs.sum(axis=0), weights.sum(axis=0)
    between = np.divide(products.sum(axis=0), total, out=np.zeros_like(total), where=total > TIE)
    behind = np.divide(n @ weights, whole, out=np.zeros_like(whole), where=whole > 0)
    return np.asarray(between * behind / np.maximum(behind - 1.0, 1.0))


def estimate_prior(
    between: FloatArray, evidence: FloatArray, n_items: IntArray, mean: FloatArray, settings: MasterySettings
) -> MasteryPrior:
    """Share of the variance between pupils at each point, drawn to the mean over points and to a default."""
    n, trust = trusted(evidence, n_items)
    ratio = np.where(n > 1, between / (mean * (1.0 - mean)), 0.0)
    k = settings.default_weight
    icc = np.clip(drawn_to_points(ratio, trust, settings.default_icc, k, k), 0.01, 0.90)
    return MasteryPrior(mean, np.asarray(1.0 / icc - 1.0), int(n.max(initial=0.0)))


def trusted(evidence: FloatArray, n_items: IntArray) -> tuple[FloatArray, FloatArray]:
    """Pupils with two items or more at each point, and how many with five items each they are worth."""
    used = (n_items > 1) & (evidence > 1.0)
    n = used.sum(axis=0).astype(np.float64)
    m = np.where(used, evidence, 0.0).sum(axis=0) / np.maximum(n, 1.0)
    # Precision of an intraclass correlation from m items a pupil (Fisher 1925), in pupils with five items.
    precision = m * (m - 1.0) / (1.0 + 0.2 * (m - 1.0)) ** 2
    return n, np.where(n > 1, (n - 1.0) * np.maximum(precision, 0.0) / 6.17, 0.0)


def drawn_to_points(
    ratio: FloatArray, trust: FloatArray, default: float, default_weight: float, weight: float
) -> FloatArray:
    """Draw each point's figure to the mean of all points, and that mean to a default; weights in pupils."""
    whole = (np.sum(trust * ratio) + default_weight * default) / (np.sum(trust) + default_weight)
    pooled = np.clip(whole, 0.0, 0.95)
    return np.asarray((trust * ratio + weight * pooled) / (trust + weight))
