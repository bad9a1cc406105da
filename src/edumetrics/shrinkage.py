"""How far means of groups are drawn to the whole, and how far off the drawn means may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from edumetrics.results import BoolArray, FloatArray

# The spread between groups that the data just do not rule out (one-sided 95 %), and the one in their middle.
_LARGEST, _MIDDLE = 0.05, 0.5
_NEWTON_STEPS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Means of groups (rows) drawn to the whole, for quantities (columns).

    Attributes
    ----------
    value, error : float arrays, groups × quantities
        Drawn mean, and its standard error around the group's true mean.
    between : float array, quantities
        Variance between groups, in the middle of what the data allow; 0 where they differ no more than
        chance.
    """

    value: FloatArray
    error: FloatArray
    between: FloatArray


def draw_to_whole(mean: FloatArray, n: FloatArray, pooled: FloatArray, freedom: FloatArray) -> Drawn:
    r"""Draw means to the whole by the largest spread between groups that the data do not rule out.

    Parameters
    ----------
    mean, n : float arrays, groups × quantities
        Means and pupils of the groups; a group without pupils (n = 0) counts for nothing.
    pooled, freedom : float arrays, quantities
        Variance within groups and its degrees of freedom.

    Notes
    -----
    With :math:`v_g = s^2/n_g` and :math:`\mu_t` the mean weighted by :math:`1/(t+v_g)`,
    :math:`Q(t) = \sum_g (\bar y_g-\mu_t)^2/(t+v_g)` falls in t, and is :math:`(k-1)F_{k-1,f}` at the true
    variance between k groups: a quantile of F gives a bound of :math:`\tau^2` (Q profile; Viechtbauer 2007,
    Statistics in Medicine 26, 37). With :math:`u^2` its upper 95 % bound and :math:`\tau^2` the bound at the
    median, the drawn mean is :math:`w\bar y_g+(1-w)\mu` where

    .. math:: w/(1-w) = \max(u^2/v_g,\ u/\sqrt{v_g}).

    The first would be the least mean square error if u were the spread. The second leaves a group that lies u
    from the whole no more drawn, (1−w)u, than it has error of its own left, :math:`w\sqrt{v_g}` (limited
    translation; Efron & Morris 1972, JASA 67, 130). Its squared error is

    .. math:: w^2v_g + 2w(1-w)a_gv_g + (1-w)^2\Big[\sum_j a_j^2v_j + \tau^2\big(1-2a_g+\sum_j a_j^2\big)\Big]

    with the shares :math:`a_j` of the groups in μ. Drawing by the likeliest spread would be nearer where
    groups hardly differ, but three to forty groups do not tell a spread of 0 from one of half an error: an
    interval for the one holds 99 to 100 % where the other is true. Drawn less, both are held.
    """
    there = n > 0
    deviation = np.where(there, mean - _average(mean, n), 0.0)
    # Groups without any spread inside: next to none, so that nothing is divided by 0.
    least = 1e-12 * (deviation**2).max(axis=0) + 1e-30
    error = np.maximum(pooled, least) / np.where(there, n, 1.0)
    groups = there.sum(axis=0)
    several = np.maximum(groups - 1, 1)
    largest, middle = (
        _spread_at(mean, error, there, several * special.fdtri(several, np.maximum(freedom, 1.0), tail))
        for tail in (_LARGEST, _MIDDLE)
    )
    ratio = largest / error
    odds = np.maximum(ratio, np.sqrt(ratio))
    keep = odds / (1.0 + odds)
    weight = np.where(there, 1.0 / (middle + error), 0.0)
    share = weight / np.maximum(weight.sum(axis=0), np.finfo(float).tiny)
    squares = share**2
    outside = (squares * error).sum(axis=0) + middle * (1.0 - 2.0 * share + squares.sum(axis=0))
    inside = keep**2 * error + 2.0 * keep * (1.0 - keep) * share * error
    value = keep * mean + (1.0 - keep) * (share * mean).sum(axis=0)
    variance = np.where(there & (pooled > 0), inside + (1.0 - keep) ** 2 * outside, 0.0)
    return Drawn(np.where(pooled > 0, value, mean), np.sqrt(variance), middle)


def _average(mean: FloatArray, weight: FloatArray) -> FloatArray:
    total = weight.sum(axis=0)
    return np.divide((weight * mean).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)


def _spread_at(mean: FloatArray, error: FloatArray, there: BoolArray, target: FloatArray) -> FloatArray:
    """Variance t between groups at which Q(t) is `target`; 0 where Q(0) is below it.

    1/Q rises and is concave in t, so Newton's steps on it come from below and never go too far; with groups
    of one size it is a line. (Newton on Q itself: DerSimonian & Kacker 2007, Contemp. Clin. Trials 28, 105.)
    """
    spread = np.zeros(mean.shape[1])
    for _ in range(_NEWTON_STEPS):
        weight = np.where(there, 1.0 / (spread + error), 0.0)
        squared = (weight * (mean - _average(mean, weight))) ** 2
        q = np.divide(squared, weight, out=np.zeros_like(squared), where=there).sum(axis=0)
        slope = squared.sum(axis=0)
        step = np.divide(q * (q - target), target * slope, out=np.zeros_like(q), where=slope > 0)
        ahead = np.maximum(spread + step, 0.0)
        if np.all(np.abs(ahead - spread) <= 1e-12 * ahead):
            return ahead
        spread = ahead
    return spread
