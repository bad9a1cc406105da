"""Knowledge mastery of each pupil at each point, as a Beta posterior shrunken towards the group."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import IntEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from edumetrics.arrays import ResponseMatrix
from edumetrics.ctt.scores import TIE
from edumetrics.errors import BadWeights, ShapeMismatch
from edumetrics.results import (
    BoolArray,
    Caution,
    Estimates,
    FloatArray,
    Insufficient,
    IntArray,
    Provenance,
    Reason,
)

VERSION = "mastery/3"
# How many pupils the first guess of an item's facility and of its error variance is worth.
FACILITY_PUPILS, VARIANCE_PUPILS = 4.0, 12.0


class MasteryState(IntEnum):
    """State of one pupil at one point. Stored: numbers never change."""

    NOT_TAUGHT = 0  # 未学
    NEEDS_WORK = 1  # 需巩固
    BASIC = 2  # 基本掌握
    MASTERED = 3  # 已掌握


@dataclass(frozen=True, slots=True)
class MasterySettings:
    """Thresholds and the least evidence.

    Attributes
    ----------
    basic, mastered : float
        Expected share of marks from which a point counts as basically mastered and as mastered.
    min_items : int
        Items with a mark below which nothing is said about a pupil's point.
    min_evidence : float
        Least effective number of items (items of very unequal weight count for less).
    default_icc : float
        Share of the variance of right answers that lies between pupils, before any data; typical of
        school exams.
    default_weight : float
        How many pupils with five items a point that default is worth against the class's own data.
    level : float
        Posterior probability of the interval.
    """

    basic: float = 0.60
    mastered: float = 0.85
    min_items: int = 2
    min_evidence: float = 1.5
    default_icc: float = 0.30
    default_weight: float = 24.0
    level: float = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class MasteryPrior:
    """Distribution of mastery in the group a pupil belongs to: Beta(mean·weight, (1−mean)·weight) at
    each point.

    `n` tells how many pupils it was estimated from (0: defaults only).
    """

    mean: FloatArray
    weight: FloatArray
    n: int


@dataclass(frozen=True, slots=True)
class Mastery:
    """One pupil at one point.

    Attributes
    ----------
    state : MasteryState
        The state of highest posterior probability.
    probability : float
        Posterior probability of that state: near 1 is sure, below about .5 is a guess that needs
        another look.
    estimate, low, high : float
        Posterior mean and interval of the expected share of marks on the point's items.
    n_items : int
        Items with a mark.
    """

    state: MasteryState
    probability: float
    estimate: float
    low: float
    high: float
    n_items: int


@dataclass(frozen=True, slots=True, eq=False)
class MasteryTable:
    """Mastery of all pupils (rows) at all points (columns)."""

    points: tuple[str, ...]
    pupils: tuple[str, ...]
    share: Estimates
    state: NDArray[np.int8]
    probability: FloatArray
    n_items: IntArray
    prior: MasteryPrior
    provenance: Provenance

    def at(self, pupil: int, point: int) -> Mastery | Insufficient:
        """One entry. A point that was not taught is a state, not a lack of evidence."""
        if self.state[pupil, point] == MasteryState.NOT_TAUGHT:
            return Insufficient(Reason.NOT_TAUGHT, 0)
        entry = self.share.at(pupil, point)
        if isinstance(entry, Insufficient):
            return entry
        return Mastery(
            MasteryState(int(self.state[pupil, point])),
            float(self.probability[pupil, point]),
            entry.value,
            entry.low,
            entry.high,
            int(self.n_items[pupil, point]),
        )


def item_weights(q: ArrayLike, full: ArrayLike) -> FloatArray:
    """Weights of items (rows) for points (columns): an item's full mark is shared by its points.

    Parameters
    ----------
    q : array_like, items × points
        0/1, or any non-negative shares (they are normed within the item).
    full : array_like, items

    Raises
    ------
    BadWeights
        On a negative or non-finite entry. Items without any point simply count for none.
    """
    table = np.asarray(q, dtype=np.float64)
    if table.ndim != 2:
        raise ShapeMismatch(value=f"q needs 2 dimensions, got {table.ndim}")
    bad = ~np.isfinite(table) | (table < 0)
    if bad.any():
        j = int(np.argwhere(bad)[0, 0])
        raise BadWeights(item=str(j + 1), value=float(table[bad][0]))
    total = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    return np.asarray(shares * np.asarray(full, dtype=np.float64)[:, None])


def mastery(
    matrix: ResponseMatrix,
    q: ArrayLike,
    points: tuple[str, ...] | list[str],
    *,
    taught: ArrayLike | None = None,
    prior: MasteryPrior | None = None,
    settings: MasterySettings | None = None,
) -> MasteryTable:
    r"""Posterior of the expected share of marks at each point for each pupil.

    Parameters
    ----------
    matrix : ResponseMatrix
    q : array_like, items × points
        Q-matrix (see `item_weights`).
    points : sequence of str
    taught : array_like of bool, points or pupils × points, optional
        Points that were taught; the others get the state 未学 whatever the marks.
    prior : MasteryPrior, optional
        Distribution in a larger group (the grade) to shrink towards; otherwise estimated from `matrix`.
    settings : MasterySettings, optional

    Returns
    -------
    MasteryTable

    Notes
    -----
    With weights :math:`w_{jk}` and shares :math:`x_{ij}` of the items that pupil i answered,
    :math:`\hat p_{ik} = \sum_j w_{jk} x_{ij} / \sum_j w_{jk}` is worth
    :math:`m_{ik} = (\sum_j w_{jk})^2 / \sum_j w_{jk}^2 v_{jk}` independent right/wrong items (Kish's
    effective number), where :math:`v_{jk} = (s_j^2/\mu_k(1-\mu_k) - \rho_k)/(1-\rho_k)`, between a tenth and
    1, is the error variance of the item relative to a coin: an item with partial credit varies less.
    The posterior is Beta(:math:`M\mu + m\hat p`, :math:`M(1-\mu) + m(1-\hat p)`).
    The prior weight is :math:`M_k = 1/\rho_k - 1`, where :math:`\rho_k` is the variance between pupils over
    that of a coin: the mean product of a pupil's deviations on two items of the point (the variance component
    of a pupils × items analysis of variance), shrunken to the mean over points and to a default that counts
    as `default_weight` pupils. With booklets the variance of the facilities of the pupils' own items is
    added. The posterior mean is Kelley's regressed score (Lord & Novick 1968, §23.4).
    """
    chosen = settings or MasterySettings()
    weights = item_weights(q, matrix.full)
    names = tuple(points)
    if weights.shape != (matrix.n_items, len(names)):
        raise ShapeMismatch(value=f"q is {weights.shape}, expected ({matrix.n_items}, {len(names)})")
    valid = matrix.valid
    shares = np.where(valid, matrix.shares, 0.0)
    mask = valid.astype(np.float64)
    weight = mask @ weights
    score = shares @ weights
    n_items = np.rint(mask @ (weights > 0)).astype(np.int64)
    mean = _group_means(score, weight)
    observed = np.divide(score, weight, out=np.zeros_like(weight), where=weight > 0)
    variance = _item_variances(shares, mask)
    cautions: list[Caution] = []
    if prior is not None:
        if prior.mean.shape != (len(names),) or prior.weight.shape != (len(names),):
            raise ShapeMismatch(value=f"prior has {prior.mean.shape} points, expected {len(names)}")
        evidence = _evidence(weights, mask, variance, mean, 1.0 / (prior.weight + 1.0))
    else:
        rough = _evidence(weights, mask, variance, mean, np.full(len(names), chosen.default_icc))
        between = _between_pupils(shares, mask, weights) + _between_booklets(shares, mask, weights, weight)
        prior = _estimate_prior(between, rough, n_items, mean, chosen)
        evidence = _evidence(weights, mask, variance, mean, 1.0 / (prior.weight + 1.0))
        if prior.n < chosen.default_weight:
            cautions.append(Caution("prior_mostly_default", data=MappingProxyType({"n": prior.n})))
    cautions.extend(_inseparable(np.asarray(q, dtype=np.float64), names))
    a = prior.mean * prior.weight + evidence * observed
    b = (1.0 - prior.mean) * prior.weight + evidence * (1.0 - observed)
    few_items = n_items < chosen.min_items
    few_marks = evidence < chosen.min_evidence
    refused = few_items | few_marks
    low, high, below, above = _beta_summary(a, b, ~refused, chosen)
    parts = np.stack([below, 1.0 - below - above, above])
    state = (np.argmax(parts, axis=0) + 1).astype(np.int8)
    untaught = (
        np.zeros_like(refused)
        if taught is None
        else ~np.broadcast_to(np.asarray(taught, bool), refused.shape)
    )
    state[untaught] = MasteryState.NOT_TAUGHT
    total = a + b
    share = Estimates.build(
        a / total,
        np.sqrt(a * b / (total**2 * (total + 1.0))),
        low,
        high,
        n_items,
        "beta-binomial/posterior",
        refuse=(
            (untaught, Reason.NOT_TAUGHT),
            (n_items == 0, Reason.NO_RESPONSES),
            (few_items, Reason.TOO_FEW_ITEMS),
            (few_marks, Reason.TOO_FEW_MARKS),
        ),
        level=chosen.level,
    )
    probability = np.where(share.known, parts.max(axis=0), np.nan)
    for array in (state, probability, n_items):
        array.flags.writeable = False
    provenance = Provenance("beta-binomial", VERSION, MappingProxyType(asdict(chosen)), tuple(cautions))
    return MasteryTable(names, matrix.pupils, share, state, probability, n_items, prior, provenance)


def _group_means(score: FloatArray, weight: FloatArray) -> FloatArray:
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


def _between_booklets(
    shares: FloatArray, mask: FloatArray, weights: FloatArray, weight: FloatArray
) -> FloatArray:
    """Variance at each point from pupils having had easier and harder items; 0 with one paper for all.

    An item's facility is drawn to that of all items with the weight of `FACILITY_PUPILS` pupils.
    """
    n = mask.sum(axis=0)
    overall = shares.sum() / max(float(n.sum()), 1.0)
    facility = (shares.sum(axis=0) + FACILITY_PUPILS * overall) / (n + FACILITY_PUPILS)
    had = weight > 0
    own = np.divide((mask * facility) @ weights, weight, out=np.zeros_like(weight), where=had)
    pupils = np.maximum(np.count_nonzero(had, axis=0), 1)
    usual = own.sum(axis=0) / pupils
    return np.asarray(np.where(had, (own - usual) ** 2, 0.0).sum(axis=0) / pupils)


def _item_variances(shares: FloatArray, mask: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Number of marks and variance of the share of marks of each item."""
    n = mask.sum(axis=0)
    safe = np.maximum(n, 1.0)
    mean = shares.sum(axis=0) / safe
    return n, np.maximum((shares**2).sum(axis=0) / safe - mean**2, 0.0)


def _evidence(
    weights: FloatArray,
    mask: FloatArray,
    item_variance: tuple[FloatArray, FloatArray],
    mean: FloatArray,
    icc: FloatArray,
) -> FloatArray:
    """Effective number of right/wrong items of each pupil at each point.

    The error variance of an item is what its variance exceeds the variance between pupils by; relative
    to a coin it lies between a tenth and 1 and is drawn to 1 with the weight of `VARIANCE_PUPILS`
    pupils: a small class tells little about a variance.
    """
    n, variance = item_variance
    ratio = np.clip((variance[:, None] / (mean * (1.0 - mean)) - icc) / (1.0 - icc), 0.1, 1.0)
    relative = (n[:, None] * ratio + VARIANCE_PUPILS) / (n[:, None] + VARIANCE_PUPILS)
    weight = mask @ weights
    squares = mask @ (weights**2 * relative)
    return np.asarray(np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0))


def _between_pupils(shares: FloatArray, mask: FloatArray, weights: FloatArray) -> FloatArray:
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


def _estimate_prior(
    between: FloatArray, evidence: FloatArray, n_items: IntArray, mean: FloatArray, settings: MasterySettings
) -> MasteryPrior:
    used = (n_items > 1) & (evidence > 1.0)
    n = used.sum(axis=0).astype(np.float64)
    m = np.where(used, evidence, 0.0).sum(axis=0) / np.maximum(n, 1.0)
    # Precision of an intraclass correlation from m items a pupil (Fisher 1925), in pupils with five items.
    precision = m * (m - 1.0) / (1.0 + 0.2 * (m - 1.0)) ** 2
    trust = np.where(n > 1, (n - 1.0) * np.maximum(precision, 0.0) / 6.17, 0.0)
    ratio = np.where(n > 1, between / (mean * (1.0 - mean)), 0.0)
    k = settings.default_weight
    pooled = np.clip((np.sum(trust * ratio) + k * settings.default_icc) / (np.sum(trust) + k), 0.0, 0.95)
    icc = np.clip((trust * ratio + k * pooled) / (trust + k), 0.01, 0.90)
    return MasteryPrior(mean, np.asarray(1.0 / icc - 1.0), int(n.max(initial=0.0)))


def _beta_summary(
    a: FloatArray, b: FloatArray, wanted: BoolArray, settings: MasterySettings
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Interval limits and the probabilities below `basic` and above `mastered`.

    Many pupils share the same pair (a, b), and an inverse beta costs microseconds: each pair is done once.
    """
    shape = a.shape
    known_a, known_b = np.round(a[wanted], 9), np.round(b[wanted], 9)
    first, inverse = _distinct(known_a, known_b)
    ua, ub = known_a[first], known_b[first]
    tail = (1.0 - settings.level) / 2.0
    columns = (
        special.betaincinv(ua, ub, tail),
        special.betaincinv(ua, ub, 1.0 - tail),
        special.betainc(ua, ub, settings.basic),
        special.betaincc(ua, ub, settings.mastered),
    )
    out = []
    for column in columns:
        full = np.full(shape, np.nan)
        full[wanted] = column[inverse]
        out.append(full)
    parts = np.nan_to_num(np.stack(out[2:]))
    return out[0], out[1], parts[0], parts[1]


def _distinct(a: FloatArray, b: FloatArray) -> tuple[IntArray, IntArray]:
    """Place of the first of each distinct pair, and which of them each pair is.

    One number that hardly two pairs share is sorted several times faster than pairs are; should two share it
    after all, pairs are sorted.
    """
    key = a * math.pi + b
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    if not (np.array_equal(a[first][inverse], a) and np.array_equal(b[first][inverse], b)):
        _, first, inverse = np.unique(a + 1j * b, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)


def _inseparable(q: FloatArray, points: tuple[str, ...]) -> list[Caution]:
    """Points with the same column of Q: their items are the same, so marks cannot tell them apart."""
    groups: dict[bytes, list[str]] = {}
    for k, point in enumerate(points):
        column = q[:, k]
        if column.any():
            groups.setdefault(column.tobytes(), []).append(point)
    return [Caution("points_inseparable", tuple(group)) for group in groups.values() if len(group) > 1]
