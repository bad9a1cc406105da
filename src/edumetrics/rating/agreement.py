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

MIN_ANSWERS = 30  # below this an interval of kappa covers most of its range


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well two markings of one item agree.

    Attributes
    ----------
    exact, adjacent : Estimate
        Share of answers with the same mark, and with marks at most one step apart (Wilson intervals).
    kappa : Estimate or Insufficient
        Quadratic weighted kappa, interval by the jackknife; none where all marks are the same, or all but
        one answer's, on which both markings would rest.
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
    n = len(hits)
    share, z = float(hits.mean()), 1.959963985
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    # Rounding must not put the estimate outside its own interval at 0 and 1.
    return Estimate(share, None, min(share, centre - half), max(share, centre + half), n, method)


def double_marking(first: ArrayLike, second: ArrayLike, *, step: float = 1.0) -> Agreement | Insufficient:
    """Compare two markings; answers without both marks are left out.

    Notes
    -----
    Weighted kappa: Cohen (1968), Psychological Bulletin 70, 213–220, with squared weights, computed as
    ``1 − Σ(x−y)² / Σ_ij (x_i−y_j)²/n``. Wilson (1927), JASA 22, 209–212.
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
    mean, se = float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(n))
    half = float(stdtrit(n - 1, 0.975)) * se
    difference = Estimate(mean, se, mean - half, mean + half, n, "mean difference/t")
    return Agreement(
        _share(same, "share/wilson"),
        _share(np.abs(gap) <= step + MARK_TOLERANCE, "share/wilson"),
        _kappa(one, two),
        difference,
        n,
    )


def _kappa(one: FloatArray, two: FloatArray) -> Estimate | Insufficient:
    n = len(one)
    if min(np.ptp(one), np.ptp(two)) <= MARK_TOLERANCE:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    # Kappa knows differences only: from the usual mark they are exact where the marks are large.
    usual = np.median([one, two])
    one, two = one - usual, two - usual
    if np.count_nonzero(np.maximum(np.abs(one), np.abs(two)) > MARK_TOLERANCE) == 1:
        return Insufficient(Reason.BOUNDARY, n)  # without that answer there is no kappa
    value = float(np.clip(_kappa_sums(np.array([n]), *_sums(one, two))[0], -1.0, 1.0))
    left = _kappa_sums(np.full(n, n - 1), *(total - part for total, part in _parts(one, two)))
    error = float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))
    low, high = max(-1.0, value - 1.96 * error), min(1.0, value + 1.96 * error)
    return Estimate(value, error, low, high, n, "qwk/jackknife")


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
