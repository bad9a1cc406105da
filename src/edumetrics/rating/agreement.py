"""Agreement of two independent markings of the same answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from edumetrics import checks
from edumetrics.arrays import MARK_TOLERANCE
from edumetrics.errors import BadSetting
from edumetrics.results import Estimate, FloatArray, Insufficient, Reason

AT_RANDOM = 3.0  # squared gap of a mark at random: up to three times that of marks dealt at random
MIN_ANSWERS = 30  # below this an interval of kappa covers most of its range


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well two markings of one item agree.

    Attributes
    ----------
    exact, adjacent : Estimate
        Share of answers with the same mark, and with marks at most one step apart (Wilson intervals).
    kappa : Estimate or Insufficient
        Quadratic weighted kappa, interval by the jackknife on the scale of log(1 − κ), with
        room for marks at random that a small sample does not show; no standard error
        where no marks differ; none where all marks are the same, or all but one answer's, on which both
        markings would rest.
    difference : Estimate
        Mean of first minus second marking: one marker is stricter when the interval leaves zero out.
    """

    exact: Estimate
    adjacent: Estimate
    kappa: Estimate | Insufficient
    difference: Estimate
    n: int


def _both(first: ArrayLike, second: ArrayLike) -> tuple[FloatArray, FloatArray]:
    checks.same_length(first=first, second=second)
    one, two = checks.marks(first), checks.marks(second)
    use = np.isfinite(one) & np.isfinite(two)
    return one[use], two[use]


def _share(hits: NDArray[np.bool_], method: str) -> Estimate:
    """A share with Wilson's interval, a little wider where a single answer falls out.

    Wilson's limit is then a share of which a sixth of such samples has one out, and all of these would
    miss it: here it is that of which a tenth has (on modified intervals: Brown, Cai & DasGupta 2001,
    Statistical Science 16, 112).
    """
    n = len(hits)
    share, z = float(hits.mean()), 1.959963985
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    low, high, rare = centre - half, centre + half, 1.0 - 0.9 ** (1.0 / n)
    low = min(low, rare) if hits.sum() == 1 else low
    high = max(high, 1.0 - rare) if hits.sum() == n - 1 else high
    # Rounding must not put the estimate outside its own interval at 0 and 1.
    return Estimate(share, None, min(share, low), max(share, high), n, method)


def double_marking(first: ArrayLike, second: ArrayLike, *, step: float = 1.0) -> Agreement | Insufficient:
    """Compare two markings; answers without both marks are left out.

    Parameters
    ----------
    first, second : (n,) array_like
        Marks of the same answers, NaN where there is none.
    step : float
        Marks this far apart are adjacent; gaps that a sample did not meet are taken to be of this size.

    Notes
    -----
    Weighted kappa: Cohen (1968), Psychological Bulletin 70, 213–220, with squared weights, computed as
    ``1 − Σ(x−y)² / Σ_ij (x_i−y_j)²/n``. Wilson (1927), JASA 22, 209–212.

    The interval of the difference is Student's t with the spread of two more answers, one a step above and
    one a step below the mean, after Agresti & Coull (1998), American Statistician 52, 119–126: where markings
    hardly ever differ the few gaps seen, or none, would else pass for all there are. See `_kappa_limits`.
    """
    if not 0.0 <= step < np.inf:
        raise BadSetting(value=f"step {step}: a number of marks")
    one, two = _both(first, second)
    n = len(one)
    if n < MIN_ANSWERS:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    gap = one - two
    same = np.abs(gap) <= MARK_TOLERANCE
    gap[same] = 0.0
    mean = float(gap.mean())
    se = float(np.sqrt((((gap - mean) ** 2).sum() + 2 * step**2) / (n * (n - 1))))
    half = float(stdtrit(n - 1, 0.975)) * se
    difference = Estimate(mean, se, mean - half, mean + half, n, "mean difference/t")
    return Agreement(
        _share(same, "share/wilson"),
        _share(np.abs(gap) <= step + MARK_TOLERANCE, "share/wilson"),
        _kappa(one, two, step),
        difference,
        n,
    )


def _kappa(one: FloatArray, two: FloatArray, step: float) -> Estimate | Insufficient:
    n = len(one)
    if min(np.ptp(one), np.ptp(two)) <= MARK_TOLERANCE:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    # Kappa knows differences only: from the usual mark they are exact where the marks are large.
    usual = np.median([one, two])
    one, two = one - usual, two - usual
    two = np.where(np.abs(one - two) <= MARK_TOLERANCE, one, two)
    if np.count_nonzero(np.maximum(np.abs(one), np.abs(two)) > MARK_TOLERANCE) == 1:
        return Insufficient(Reason.BOUNDARY, n)  # without that answer there is no kappa
    value = float(np.clip(_kappa_sums(np.array([n]), *_sums(one, two))[0], -1.0, 1.0))
    left = _kappa_sums(np.full(n, n - 1), *(total - part for total, part in _parts(one, two)))
    error = float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))
    low, high = _kappa_limits(one, two, value, error, step)
    return Estimate(value, error if value < 1.0 else None, low, high, n, "qwk/log jackknife")


def _kappa_limits(
    one: FloatArray, two: FloatArray, value: float, error: float, step: float
) -> tuple[float, float]:
    """95 % limits of kappa from its jackknife error, on the scale of u = 1 − κ = D/E.

    Notes
    -----
    u is positive and skewed, so its limits are u·exp(±t·error/u). Few answers hold most of D and E, and a
    sample without them sees neither their size nor their error. So the upper limit of u is that of a sample
    with two more gaps like the largest (two as in Agresti & Coull 1998, American Statistician 52, 119–126),
    the lower that of one with one more answer as far from the means as the furthest. That choice is our own,
    made on simulated markings. Where no gap was seen, the upper limit is that of Clopper & Pearson (1934,
    Biometrika 26, 404–413) for the share of answers that are a step apart.

    Marks at random (a slip of the pen, a wrong row) are few, and a sample may well hold none: the upper limit
    leaves room for the share of answers that 95 of 100 such samples would show at least once (Clopper &
    Pearson), each with a gap of `AT_RANDOM` times what chance gives. Kappa is then hardly ever below its
    limits, so all of the 5 % are left to the other side.
    """
    n, gaps = len(one), (one - two) ** 2
    mean_one, mean_two = one.mean(), two.mean()
    spread = (one - mean_two) ** 2 + (two - mean_one) ** 2 - (mean_one - mean_two) ** 2
    apart, t = 1.0 - value, float(stdtrit(n - 1, 0.975))
    unseen = apart + AT_RANDOM * (1.0 - 0.05 ** (1.0 / n))
    if value >= 1.0:
        stepwise = n * (1.0 - 0.025 ** (1.0 / n)) * step**2 / float(spread.sum())
        return max(-1.0, 1.0 - max(stepwise, unseen)), 1.0
    largest = float(gaps.max() / spread.sum())
    more = apart + 2.0 * largest
    high = max(unseen, more * float(np.exp(t * np.sqrt(error**2 + 2.0 * largest**2) / more)))
    one_sided = float(stdtrit(n - 1, 0.95))
    low = apart * float(spread.sum() / (spread.sum() + spread.max()) * np.exp(-one_sided * error / apart))
    return max(-1.0, 1.0 - high), 1.0 - low


def _parts(one: FloatArray, two: FloatArray) -> list[tuple[float, FloatArray]]:
    columns = [one, two, one**2, two**2, one * two]
    return [(float(column.sum()), column) for column in columns]


def _sums(one: FloatArray, two: FloatArray) -> list[float]:
    return [total for total, _ in _parts(one, two)]


def _kappa_sums(
    n: NDArray[np.int64],
    x: float | FloatArray,
    y: float | FloatArray,
    xx: float | FloatArray,
    yy: float | FloatArray,
    xy: float | FloatArray,
) -> FloatArray:
    observed = xx + yy - 2 * xy
    expected = xx + yy - 2 * x * y / n
    return np.atleast_1d(np.asarray(1 - observed / expected))


def arbitration(
    first: ArrayLike, second: ArrayLike, full: float, *, tolerance: float = 0.15
) -> NDArray[np.int64]:
    """Indices of answers for a third marker: markings further apart than `tolerance` of the full mark.

    One sixth of the full mark is a usual limit of double marking in China's large exams (a
    setting, not a law);
    on items of few marks one step apart is never sent on.
    """
    if not 0.0 <= tolerance <= 1.0:
        raise BadSetting(value=f"tolerance {tolerance}: a share of the full mark")
    checks.same_length(first=first, second=second)
    top = checks.full_marks(full) + MARK_TOLERANCE
    one, two = checks.marks(first, top=top), checks.marks(second, top=top)
    limit = max(tolerance * full, 1.0)
    return np.flatnonzero(np.abs(one - two) > limit + MARK_TOLERANCE)
