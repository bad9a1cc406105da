"""Figures of classes, grades, schools and the district: means shrunken towards the whole, never an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from edumetrics import checks
from edumetrics.errors import ShapeMismatch
from edumetrics.results import Estimates, FloatArray, IntArray, Provenance, Reason

VERSION = "aggregates/2"
# Prior of the spread between groups: half-Cauchy, its scale in spreads of pupils; points that stand for it.
_PRIOR_SCALE, _STEPS = 0.5, 48


@dataclass(frozen=True, slots=True, eq=False)
class GroupTable:
    """Means of groups (rows, in the order of their labels) for quantities (columns).

    Attributes
    ----------
    groups : tuple of str
    n : int array, groups × quantities
        Pupils behind each cell.
    raw : Estimates, groups × quantities
        Plain means with t intervals.
    shrunken : Estimates, groups × quantities
        Empirical Bayes: small groups are drawn towards the whole. The one to compare with.
    whole : Estimates, quantities
        All pupils together.
    between : float array, quantities
        Estimated standard deviation between groups; 0 where the groups differ no more than chance allows.
    """

    groups: tuple[str, ...]
    n: IntArray
    raw: Estimates
    shrunken: Estimates
    whole: Estimates
    between: FloatArray
    provenance: Provenance


def group_means(values: ArrayLike, groups: Sequence[str], *, level: float = 0.95) -> GroupTable:
    r"""Mean of each quantity in each group, plain and shrunken.

    Parameters
    ----------
    values : array_like, pupils × quantities
        For instance shares of marks at points; NaN where unknown.
    groups : sequence of str, pupils
        Class, grade or school of each pupil. Groups come back sorted by label, never by value.
    level : float
        Confidence of the intervals.

    Notes
    -----
    With :math:`\bar y_g` the mean of :math:`n_g` pupils, :math:`s^2` the pooled variance within groups and
    :math:`\tau^2` the variance between groups by the method of moments (DerSimonian & Laird 1986), the
    shrunken mean is :math:`B\bar y_g + (1-B)\mu` with :math:`B = \tau^2/(\tau^2 + s^2/n_g)` and
    :math:`\mu` the precision-weighted mean. Given :math:`\tau`, its variance is :math:`B s^2/n_g + (1-B)^2
    \mathrm{Var}(\mu)` (Morris 1983). A few classes hardly tell :math:`\tau`: the error is the mean square
    distance from the shrunken mean over the posterior of :math:`\tau`, whose prior is half-Cauchy (Gelman
    2006, Bayesian Analysis 1, 515) with `_PRIOR_SCALE` times the spread of pupils as its scale. Limits by
    Student's t as for plain means.

    Examples
    --------
    >>> table = group_means([[0.2], [0.4], [0.9], [0.7]], ["b", "b", "a", "a"])
    >>> table.groups, [round(float(v), 3) for v in table.raw.value[:, 0]]
    (('a', 'b'), [0.8, 0.3])
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != len(groups):
        raise ShapeMismatch(value=f"values are {table.shape}, groups {len(groups)}")
    checks.marks(table, negative=True)
    labels, member = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    member = member.reshape(-1)
    valid = np.isfinite(table)
    filled = np.where(valid, table, 0.0)
    shape = (len(labels), table.shape[1])
    n = np.zeros(shape)
    total = np.zeros(shape)
    np.add.at(n, member, valid)
    np.add.at(total, member, filled)
    mean = np.divide(total, n, out=np.zeros(shape), where=n > 0)
    inner = np.zeros(shape)
    np.add.at(inner, member, np.where(valid, (filled - mean[member]) ** 2, 0.0))
    freedom = np.sum(np.maximum(n - 1.0, 0.0), axis=0)
    pooled = np.divide(inner.sum(axis=0), freedom, out=np.zeros(shape[1]), where=freedom > 0)
    error = np.divide(pooled, n, out=np.zeros(shape), where=n > 0)
    between = _between_variance(mean, n, pooled)
    counts = n.astype(np.int64)
    no_spread = freedom < 1
    half = special.stdtrit(np.maximum(freedom, 1.0), 0.5 + level / 2.0)
    refuse = ((counts == 0, Reason.NO_RESPONSES), (np.broadcast_to(no_spread, shape), Reason.TOO_FEW_PUPILS))
    se = np.sqrt(error)
    raw = Estimates.build(
        mean, se, mean - half * se, mean + half * se, counts, "mean/t", refuse=refuse, level=level
    )
    centre = _centre(mean, n, pooled, between)
    denominator = between + error
    keep = np.where(n > 0, np.divide(between, denominator, out=np.ones(shape), where=denominator > 0), 0.0)
    value = keep * mean + (1.0 - keep) * centre
    spread = np.sqrt(_posterior_variance(value, mean, n, pooled))
    shrunken = Estimates.build(
        value,
        spread,
        value - half * spread,
        value + half * spread,
        counts,
        "empirical-bayes/t",
        refuse=refuse,
        level=level,
    )
    whole = _whole(table, valid, level)
    provenance = Provenance("normal-normal", VERSION, MappingProxyType({"level": level}))
    deviation = np.sqrt(between)
    deviation.flags.writeable = False
    counts.flags.writeable = False
    return GroupTable(
        tuple(str(label) for label in labels), counts, raw, shrunken, whole, deviation, provenance
    )


def _between_variance(mean: FloatArray, n: FloatArray, pooled: FloatArray) -> FloatArray:
    """DerSimonian–Laird: Q minus its expectation, over its slope."""
    total = n.sum(axis=0)
    grand = np.divide((n * mean).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    spread = (n * (mean - grand) ** 2).sum(axis=0)
    groups = np.count_nonzero(n > 0, axis=0)
    slope = total - np.divide((n**2).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    excess = spread - (groups - 1) * pooled
    return np.asarray(np.maximum(np.divide(excess, slope, out=np.zeros_like(total), where=slope > 0), 0.0))


def _centre(mean: FloatArray, n: FloatArray, pooled: FloatArray, between: FloatArray) -> FloatArray:
    # (τ² + s²/n)⁻¹ without a division by zero where both vanish: then plain counts are right.
    denominator = between * n + pooled
    weight = np.where(
        denominator > 0, np.divide(n, denominator, out=np.zeros_like(n), where=denominator > 0), n
    )
    total = weight.sum(axis=0)
    return np.divide((weight * mean).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)


def _posterior_variance(value: FloatArray, mean: FloatArray, n: FloatArray, pooled: FloatArray) -> FloatArray:
    """Mean square distance of the groups' true means from `value`, over what the data leave open of τ."""
    # Quantiles of the prior: each stands for the same share of it.
    steps = np.tan(0.5 * np.pi * (np.arange(_STEPS) + 0.5) / _STEPS)
    tau = (_PRIOR_SCALE * steps[:, None] * np.sqrt(pooled))[:, None, :] ** 2
    there = n > 0
    total = tau + np.divide(pooled, n, out=np.zeros_like(n), where=there)
    weight = np.divide(1.0, total, out=np.zeros_like(total), where=there & (pooled > 0))
    whole = weight.sum(axis=1)
    safe = np.where(whole > 0, whole, 1.0)
    centre = (weight * mean).sum(axis=1) / safe
    away = mean - centre[:, None, :]
    logs = np.log(np.where(weight > 0, weight, 1.0)).sum(axis=1) - np.log(safe)
    logs -= (weight * away**2).sum(axis=1)
    share = np.exp(0.5 * (logs - logs.max(axis=0)))
    share /= share.sum(axis=0)
    keep = tau * weight
    inside = np.where(there, (total - tau) * keep, 0.0) + (1.0 - keep) ** 2 / safe[:, None, :]
    distance = inside + (centre[:, None, :] + keep * away - value) ** 2
    return np.asarray(np.where(there & (pooled > 0), (share[:, None, :] * distance).sum(axis=0), 0.0))


def _whole(
    table: FloatArray, valid: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], level: float
) -> Estimates:
    n = valid.sum(axis=0)
    safe = np.maximum(n, 1)
    mean = np.where(valid, table, 0.0).sum(axis=0) / safe
    variance = np.where(valid, (np.where(valid, table, 0.0) - mean) ** 2, 0.0).sum(axis=0) / np.maximum(
        n - 1, 1
    )
    se = np.sqrt(variance / safe)
    half = special.stdtrit(np.maximum(n - 1.0, 1.0), 0.5 + level / 2.0) * se
    refuse = ((n == 0, Reason.NO_RESPONSES), (n < 2, Reason.TOO_FEW_PUPILS))
    return Estimates.build(mean, se, mean - half, mean + half, n, "mean/t", refuse=refuse, level=level)
