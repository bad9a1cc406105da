"""Item statistics with intervals: facility, item–rest correlation, upper–lower discrimination (D27)."""

from __future__ import annotations

import numpy as np
from scipy import special

from edumetrics.ctt.cells import Cells, cells
from edumetrics.ctt.scores import TIE, Centred, group_weights
from edumetrics.results import Estimates, FloatArray, IntArray, Reason

VERSION = "ctt-items/3"

MIN_PUPILS_GROUPS = 25  # below it no upper and lower group and no curve is formed
MIN_PUPILS_CORRELATION = 10
# A variance seen in a small class is trusted like this many further pupils with the normal-theory value.
CHUNK = 1024  # pupils whose marks stay in a core's cache
_PRIOR_PUPILS = 25.0
_FEWEST_DEGREES = 8.0  # a kurtosis is itself hardly known
# How much longer intervals of correlations are per excess of kurtosis of the scores, at one pupil.
_PER_TAIL, _LONGEST_TAIL = 0.3, 12.0


def facility(centred: Centred, *, level: float = 0.95) -> Estimates:
    r"""Mean share of the full mark of each item (得分率).

    Notes
    -----
    The interval is Wilson's (1927) at :math:`n_e = n\,p(1-p)/s^2` right/wrong answers, where
    :math:`s^2` is the variance of the share of marks: an item marked in steps varies less than a coin
    of the same mean. For right/wrong items it is exactly Wilson's interval, which stays inside [0, 1]
    and does not collapse when all pupils are right. :math:`s^2` is drawn towards :math:`p(1-p)` with
    the weight of two pupils.
    """
    n = centred.n
    p = centred.mean / centred.full
    variance = centred.squares / np.maximum(n, 1) / centred.full**2
    low, high, se = wilson(p, variance, n, level=level)
    return Estimates.build(
        p, se, low, high, n, "mean/wilson", refuse=((n == 0, Reason.NO_RESPONSES),), level=level
    )


def wilson(
    p: FloatArray, variance: FloatArray, n: IntArray, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Limits of Wilson's interval and the standard error for means of shares with a given variance."""
    z = float(special.ndtri(0.5 + level / 2.0))
    coin = p * (1.0 - p)
    drawn = (n * variance + 2.0 * coin) / (n + 2.0)
    # Nobody differs: then marks tell no more than answers that are all right or all wrong.
    ratio = np.divide(coin, drawn, out=np.ones_like(coin), where=variance > TIE)
    effective = np.maximum(n, 1) * ratio
    middle = (p + z**2 / (2.0 * effective)) / (1.0 + z**2 / effective)
    half = z / (1.0 + z**2 / effective) * np.sqrt(coin / effective + z**2 / (4.0 * effective**2))
    low = np.clip(np.minimum(middle - half, p), 0.0, 1.0)
    high = np.clip(np.maximum(middle + half, p), 0.0, 1.0)
    return low, high, np.sqrt(coin / effective)


def rest_correlation(centred: Centred, found: Cells | None = None, *, level: float = 0.95) -> Estimates:
    r"""Correlation of each item with the score on the other items (题目与其余得分的相关).

    Parameters
    ----------
    centred : Centred
    found : Cells, optional
        The cells of `centred`, if they were formed already.

    Notes
    -----
    The interval is symmetric in Fisher's :math:`z = \operatorname{artanh} r`. Its variance is not the normal
    :math:`1/(n-3)` (marks are not normal) but that of the influence function
    :math:`uv - r(u^2+v^2)/2` of standardised scores, divided by :math:`(1-r^2)^2 (n-3)` and drawn towards the
    normal value with the weight of 25 pupils. Where nearly everybody has the same mark the few others decide,
    and what their scores vary by is hardly known: Student's t with two degrees of freedom for each pupil who
    is not at the more frequent end of the marks, and not more than the kurtosis k of the influence function
    leaves, :math:`2n/(k-1)` (Satterthwaite 1946, Biometrics Bull. 2, 110) or 8. Where the scores on the other
    items have long tails (kurtosis K), whoever stands far out makes the correlation, and another class has
    others there: longer by :math:`0.3\,(K-3)/\sqrt n`.
    """
    found = cells(centred) if found is None else found
    n, item = found.n, found.item
    safe = np.maximum(n, 1.0)
    x = found.mark - (found.sums(found.mark) / safe)[item]
    y = found.rest - (found.sums(found.rest) / safe)[item]
    xx, yy = found.sums(x * x) / safe, found.sums(y * y) / safe
    flat_x, flat_y = xx <= TIE**2, yy <= TIE**2
    u = x / np.sqrt(np.where(flat_x, 1.0, xx))[item]
    v = y / np.sqrt(np.where(flat_y, 1.0, yy))[item]
    r = np.clip(found.sums(u * v) / safe, -1.0, 1.0)
    influence = u * v - (u * u + v * v) * (r / 2.0)[item]
    counts = n.astype(np.int64)
    ends = [found.mark <= TIE, found.mark >= centred.full[item] - TIE]
    most = np.maximum(*(found.sums(end.astype(np.float64)) for end in ends))
    others = counts - np.rint(most).astype(np.int64)
    squared = influence * influence
    spread, fourth = found.sums(squared) / safe, found.sums(squared * squared) / safe
    tail = found.sums((v * v) ** 2) / safe
    low, high, se = fisher_interval(r, spread, n, others, tail, level=level, fourth=fourth)
    return Estimates.build(
        r,
        se,
        low,
        high,
        counts,
        "pearson/fisher-z",
        refuse=(
            (counts == 0, Reason.NO_RESPONSES),
            (counts < MIN_PUPILS_CORRELATION, Reason.TOO_FEW_PUPILS),
            (flat_x, Reason.CONSTANT_MARKS),
            (flat_y, Reason.CONSTANT_REST),
        ),
        level=level,
    )


def fisher_interval(
    r: FloatArray,
    spread: FloatArray,
    n: FloatArray,
    others: IntArray,
    tail: FloatArray,
    *,
    level: float,
    fourth: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Limits and standard error of correlations whose influence function has the mean square `spread`.

    `others` counts the pupils who are not at the more frequent end of the marks, `tail` is the kurtosis of
    the scores on the other items; `fourth` is the mean fourth power of the influence function.
    """
    shrink = np.maximum(1.0 - r**2, 1e-6)
    own = spread / shrink**2
    variance = (n * own + _PRIOR_PUPILS) / (n + _PRIOR_PUPILS)
    se_z = np.sqrt(variance / np.maximum(n - 3.0, 1.0))
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    freedom = 2.0 * np.maximum(others, 1)
    if fourth is not None:
        excess = np.maximum(fourth / np.maximum(spread**2, 1e-24) - 1.0, 1e-6)
        freedom = np.minimum(freedom, np.maximum(2.0 * n / excess, _FEWEST_DEGREES))
    half = special.stdtrit(freedom, 0.5 + level / 2.0) * se_z
    half *= 1.0 + _PER_TAIL * np.clip(tail - 3.0, 0.0, _LONGEST_TAIL) / np.sqrt(np.maximum(n, 1.0))
    low, high = np.minimum(np.tanh(z - half), r), np.maximum(np.tanh(z + half), r)
    return low, high, se_z * shrink


def degrees(share: float, n: FloatArray | IntArray) -> FloatArray:
    """Degrees of freedom of a difference between two groups that are each that share of n pupils."""
    return np.asarray(np.maximum(2.0 * share * n - 2.0, 1.0))


def upper_lower(centred: Centred, *, share: float = 0.27, level: float = 0.95) -> Estimates:
    r"""Facility in the best `share` of pupils minus that in the weakest (鉴别指数 D, Kelley 1939).

    Ties at the cut are split by `group_weights`; pupils without a mark at the item count in neither group.

    Notes
    -----
    The cuts are themselves estimates. The variance is that of the influence function
    :math:`(x-m_H)1_H/h - (x-m_L)1_L/h`, where :math:`m_H` and :math:`m_L` are the item's facility near
    the two cuts (a tenth of the pupils on either side); limits by Student's t (`degrees`).
    """
    h = share
    windows = [
        [0.0, h],
        [1.0 - h, 1.0],
        [max(h - 0.1, 0.0), h + 0.1],
        [1.0 - h - 0.1, min(1.0 - h + 0.1, 1.0)],
    ]
    weights = group_weights(centred.ability(), windows)
    # Mean square of the influence function by sums over pupils of w²x², w²x and w² (no pupils × items table).
    products = (weights[:, 0] ** 2, weights[:, 1] ** 2, weights[:, 0] * weights[:, 1])
    rows = np.vstack([weights.T, *products])
    marks, full = centred.marks, centred.full
    if centred.complete:
        behind = np.repeat(rows.sum(axis=1)[:, None], len(centred.n), axis=1)
    else:
        behind = rows @ centred.valid.astype(np.float64)
    sums = rows @ marks / full
    two = np.zeros((3, len(full)))
    for low in range(0, len(marks), CHUNK):
        part = slice(low, low + CHUNK)
        two += rows[4:, part] @ (marks[part] * marks[part])
    size, none, one, two = behind[:4], behind[4:], sums[4:], two / full**2
    means = np.divide(sums[:4], size, out=np.zeros_like(size), where=size > 0)
    low_mean, high_mean, low_cut, high_cut = means
    n = centred.n
    n_safe = np.maximum(n, 1)
    # Shares of the item's own pupils in the two groups (h with complete data).
    h_low, h_high = np.maximum(size[0] / n_safe, 1e-12), np.maximum(size[1] / n_safe, 1e-12)
    low_part = (two[0] - 2 * low_cut * one[0] + low_cut**2 * none[0]) / h_low**2
    high_part = (two[1] - 2 * high_cut * one[1] + high_cut**2 * none[1]) / h_high**2
    both = (two[2] - (low_cut + high_cut) * one[2] + low_cut * high_cut * none[2]) / (h_low * h_high)
    centre = (high_mean - high_cut) - (low_mean - low_cut)
    spread = (low_part + high_part - 2 * both) / n_safe - centre**2
    d = np.clip(high_mean - low_mean, -1.0, 1.0)  # sums of many large marks are not exact
    # One pseudo-pupil of a coin in each group keeps the interval open when both groups agree to a man.
    floor = 0.25 / (h * n_safe**2) * 2.0
    se = np.sqrt(np.maximum(spread, 0.0) / n_safe + floor)
    half = special.stdtrit(degrees(h, n), 0.5 + level / 2.0) * se
    flat = centred.squares <= TIE**2
    return Estimates.build(
        d,
        se,
        np.clip(d - half, -1.0, 1.0),
        np.clip(d + half, -1.0, 1.0),
        n,
        "upper-lower/influence",
        refuse=(
            (n == 0, Reason.NO_RESPONSES),
            (n < MIN_PUPILS_GROUPS, Reason.TOO_FEW_PUPILS),
            ((size[0] < 3.0) | (size[1] < 3.0), Reason.TOO_FEW_PUPILS),
            (flat, Reason.CONSTANT_MARKS),
        ),
        level=level,
    )
