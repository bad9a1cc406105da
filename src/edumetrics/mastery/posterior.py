"""Mastery of each pupil at each point: a Beta posterior, drawn to what his other answers let expect."""

from __future__ import annotations

import math
from dataclasses import asdict
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from edumetrics.arrays import ResponseMatrix
from edumetrics.errors import EmptyMatrix, ShapeMismatch
from edumetrics.mastery.borrowing import Answers, other_answers, own_prior
from edumetrics.mastery.evidence import effective_items, item_variances, item_weights
from edumetrics.mastery.prior import between_booklets, between_pupils, estimate_prior, point_means
from edumetrics.mastery.results import MasteryPrior, MasterySettings, MasteryState, MasteryTable
from edumetrics.results import BoolArray, Caution, Estimates, FloatArray, IntArray, Provenance, Reason

VERSION = "mastery/4"


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
        Distribution in a larger group (the grade) to shrink towards, for every pupil alike; otherwise
        estimated from `matrix`, for each pupil by his other answers.
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
    The posterior is Beta(:math:`M\mu + m\hat p`, :math:`M(1-\mu) + m(1-\hat p)`); its mean is Kelley's
    regressed score (Lord & Novick 1968, §23.4).

    The share :math:`\mu_{ik}` that the prior expects follows the pupil's own answers on items that do not
    test the point (augmented subscores: Wainer et al. 2001; Haberman 2008, J. Educ. Behav. Stat. 33, 204), by
    logistic regression on the logit of their share, see `borrowing`. Its weight is :math:`M = 1/\rho - 1`,
    :math:`\rho` the variance between pupils, over that of a coin, which those answers leave open. Where an
    exam has no other items, or with a given `prior`, :math:`\mu_k` is the facility of the point in the group
    and :math:`\rho_k` all the variance between pupils: the mean product of a pupil's deviations on two items
    of the point (the variance component of a pupils × items analysis of variance). Both are drawn to the mean
    over points and to a default that counts as `default_weight` pupils. With booklets the variance of the
    facilities of the pupils' own items is added.
    """
    chosen = settings or MasterySettings()
    weights = item_weights(q, matrix.full, matrix.items)
    names = tuple(points)
    if weights.shape != (matrix.n_items, len(names)):
        raise ShapeMismatch(value=f"q is {weights.shape}, expected ({matrix.n_items}, {len(names)})")
    if not names:
        raise EmptyMatrix(value="q without points")
    valid = matrix.valid
    shares = np.where(valid, matrix.shares, 0.0)
    mask = valid.astype(np.float64)
    weight = mask @ weights
    score = shares @ weights
    n_items = np.rint(mask @ (weights > 0)).astype(np.int64)
    mean = point_means(score, weight)
    observed = np.divide(score, weight, out=np.zeros_like(weight), where=weight > 0)
    variance = item_variances(shares, mask)
    cautions: list[Caution] = []
    expected: FloatArray
    worth: FloatArray
    if prior is not None:
        if prior.mean.shape != (len(names),) or prior.weight.shape != (len(names),):
            raise ShapeMismatch(value=f"prior has {prior.mean.shape} points, expected {len(names)}")
        evidence = effective_items(weights, mask, variance, mean, 1.0 / (prior.weight + 1.0))
        expected, worth = prior.mean, prior.weight
    else:
        rough = effective_items(weights, mask, variance, mean, np.full(len(names), chosen.default_icc))
        booklets = between_booklets(shares, mask, weights, weight)
        prior = estimate_prior(between_pupils(shares, mask, weights) + booklets, rough, n_items, mean, chosen)
        evidence = effective_items(weights, mask, variance, mean, 1.0 / (prior.weight + 1.0))
        answers = Answers(shares, mask, weights, matrix.full, observed, evidence, n_items)
        others = other_answers(answers, chosen.default_icc)
        expected, worth = own_prior(answers, others, prior, booklets, chosen)
        if prior.n < chosen.default_weight:
            cautions.append(Caution("prior_mostly_default", data=MappingProxyType({"n": prior.n})))
    cautions.extend(_inseparable(np.asarray(q, dtype=np.float64), names))
    a = expected * worth + evidence * observed
    b = (1.0 - expected) * worth + evidence * (1.0 - observed)
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
    value = a / total
    # Of a posterior heaped up at an end the mean may lie beyond the quantile: the interval reaches to it.
    low, high = np.minimum(low, value), np.maximum(high, value)
    share = Estimates.build(
        value,
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


def _beta_summary(
    a: FloatArray, b: FloatArray, wanted: BoolArray, settings: MasterySettings
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Interval limits and the probabilities below `basic` and above `mastered`.

    Many pupils share the same pair (a, b), and an inverse beta costs microseconds: each pair is done once.
    What is above is asked as what is below of the mirrored Beta: SciPy's complement takes ten times as long.
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
        special.betainc(ub, ua, 1.0 - settings.mastered),
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
