"""Owns mean and standard deviation of totals, with intervals that know the ends of the scale."""

from __future__ import annotations

import numpy as np
from scipy import special

from edumetrics.ctt.edge import ROOM_FOR_SPREAD, WIDER_SPREAD, kurtosis_between_ends, room, wider
from edumetrics.ctt.items import wilson
from edumetrics.ctt.limits import reach
from edumetrics.results import Estimate, FloatArray, Insufficient, Outcome, Reason

# A mean share nearer to an end than this may have missed the few pupils who lie far from it.
NEAR = 0.15
_PRIOR_PUPILS = 25.0
# Fewer pupils with the whole paper than this, and than half, do not speak for those who had a part of it.
FEWEST_OF_MANY = 10


def totals(marks: FloatArray, full: float, present: int, level: float = 0.95) -> tuple[Outcome, Outcome]:
    """Mean and standard deviation of totals.

    Parameters
    ----------
    marks : float array
        Totals of the pupils with (nearly) the whole paper.
    full : float
        Full mark of the paper.
    present : int
        Pupils who took part, on whatever part of it.

    Notes
    -----
    The interval of the mean is Student's; near an end of the scale, its limit away from the end is Wilson's
    where that is farther: nobody weak in a class does not mean that nobody is. Limits of the spread lie on
    the scale of its logarithm, as far as its influence function tells (`edge.wider`, `limits.reach`).
    """
    n = len(marks)
    if n < 2 or (n < FEWEST_OF_MANY and 2 * n < present):
        few = Insufficient(Reason.NOT_COMPARABLE if present >= 2 else Reason.TOO_FEW_PUPILS, n)
        return few, few
    mean, sd = float(marks.mean()), float(marks.std(ddof=1))
    se, share = sd / np.sqrt(n), mean / full
    half = float(special.stdtrit(n - 1, 0.5 + level / 2.0)) * se
    low, high = mean - half, mean + half
    if min(share, 1.0 - share) < NEAR:
        ends = wilson(np.array([share]), np.array([float(marks.var()) / full**2]), np.array([n]), level=level)
        low = min(low, float(ends[0][0]) * full) if share > 0.5 else low
        high = max(high, float(ends[1][0]) * full) if share < 0.5 else high
    centre = Estimate(mean, se, low, high, n, "mean/t", level)
    if sd == 0.0:
        return centre, Insufficient(Reason.CONSTANT_MARKS, n)
    if room(n, share) < ROOM_FOR_SPREAD:
        return centre, Insufficient(Reason.NEAR_EDGE, n)
    se_log, shift = _log_deviation_error(marks, sd, kurtosis_between_ends(share, sd / full))
    down, up = reach((marks - mean) ** 2, level)
    step = se_log * float(wider(room(n, share), WIDER_SPREAD))
    low, high = sd * shift * float(np.exp(-down * step)), sd * shift * float(np.exp(up * step))
    return centre, Estimate(sd, sd * se_log, min(low, sd), max(high, sd), n, "sd/bonett", level)


def _log_deviation_error(marks: FloatArray, sd: float, usual_kurtosis: float) -> tuple[float, float]:
    """Standard error of log s and the factor that centres it, for totals that are not normal.

    Bonett (2006), Computational Statistics & Data Analysis 50, 775–782: kurtosis around a trimmed mean, whose
    greater size makes up for the tails that a small class does not show. Where that of shares which lie as
    near to an end is greater, it is drawn there with the weight of `_PRIOR_PUPILS` pupils: two kinds of
    pupils have less of a tail.
    """
    n = len(marks)
    cut = int(n / (2.0 * np.sqrt(n - 4.0))) if n > 4 else 0
    middle = float(np.sort(marks)[cut : n - cut].mean())
    square = (marks - middle) ** 2
    kurtosis = n * float(square @ square) / ((n - 1) * sd**2) ** 2
    kurtosis = max(kurtosis, (n * kurtosis + _PRIOR_PUPILS * usual_kurtosis) / (n + _PRIOR_PUPILS))
    z = 1.959963984540054
    small = n / (n - z) if n > 4 else 2.0
    variance = max(kurtosis - (n - 3) / n, 2.0 / n) / (n - 1)
    return 0.5 * small * float(np.sqrt(variance)), float(np.sqrt(small))
