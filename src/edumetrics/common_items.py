"""Growth of one group on the items that two exams share: observed shares, no scale, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from edumetrics import checks
from edumetrics.anchors import DRIFT_Z, LEAST_SPREAD, MIN_ANCHORS
from edumetrics.arrays import MARK_TOLERANCE
from edumetrics.errors import DuplicateItem, ShapeMismatch
from edumetrics.results import Caution, Estimate, FloatArray, Insufficient, Outcome, Provenance, Reason

# The t interval of a mean of bounded differences keeps its 95 % from about so many pupils on.
MIN_PUPILS = 20
METHOD = "ratio of paired differences/t"


@dataclass(frozen=True, slots=True)
class CommonItemGrowth:
    """Shares of the marks on the anchors before and after, and their difference, by the same pupils.

    `anchors` are those that count, `drifted` those that moved otherwise than the rest and do not.
    """

    before: float
    after: float
    growth: Estimate
    anchors: tuple[str, ...]
    drifted: tuple[str, ...]
    provenance: Provenance


def common_item_growth(
    items: tuple[str, ...], before: ArrayLike, after: ArrayLike, full: ArrayLike
) -> CommonItemGrowth | Insufficient:
    """Compare a group with itself on the items that it met twice.

    Parameters
    ----------
    items : ids of the A common items
    before, after : (P, A) array_like
        Marks of the same pupils in the two exams; NaN where there is none. Only cells known in both count.
    full : (A,) array_like
        Full marks of the items, the same in both exams.

    Returns
    -------
    CommonItemGrowth, or Insufficient: TOO_FEW_ITEMS below 4 anchors, TOO_FEW_PUPILS below 20,
    NOT_COMPARABLE when more than a third of the anchors drifted.

    Notes
    -----
    With d = after − before, the growth is Σd / Σ full over all known cells, a ratio estimator over pupils
    with linearised standard error (Cochran 1977, Sampling Techniques, 3rd ed., § 6.4) and Student's t. Two
    more pupils, one a mark above and one a mark below the rest, widen it after Agresti & Coull (1998),
    American Statistician 52, 119–126: of pupils whose marks hardly change a few may not show it. Where all
    change alike the size of another change was not seen, and they are an item's mean full mark off. The
    items are the fixed ones: the interval says nothing of items that were not in both exams. Drift: robust z
    of an anchor's change around the median change, 0.74 · interquartile range (Huynh & Meyer 2010) or the
    change's own standard error where that is larger.
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    marks = np.asarray(full, dtype=np.float64)
    shape = (len(first), len(items))
    if first.shape != shape or second.shape != shape or marks.shape != shape[1:]:
        raise ShapeMismatch(
            value=f"{len(items)} items, marks {first.shape} and {second.shape}, full {marks.shape}"
        )
    checks.full_marks(marks)
    for j, item in enumerate(items):
        if item in items[:j]:
            raise DuplicateItem(item=item)
    checks.marks(first, top=marks + MARK_TOLERANCE)
    checks.marks(second, top=marks + MARK_TOLERANCE)
    both = np.isfinite(first) & np.isfinite(second)
    met = both.any(axis=0)
    if met.sum() < MIN_ANCHORS:
        return Insufficient(Reason.TOO_FEW_ITEMS, int(met.sum()))
    pupils = int(both.any(axis=1).sum())
    if pupils < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, pupils)
    drifted = np.zeros(len(items), dtype=bool)
    drifted[met] = _drifted(first[:, met], second[:, met], both[:, met], marks[met])
    keep = met & ~drifted
    if drifted.sum() * 3 > met.sum() or keep.sum() < MIN_ANCHORS:
        return Insufficient(Reason.NOT_COMPARABLE, int(keep.sum()))
    growth = _growth(first[:, keep], second[:, keep], both[:, keep], marks[keep])
    if isinstance(growth, Insufficient):
        return growth
    names = np.array(items)
    moved = tuple(str(name) for name in names[drifted])
    cautions = (Caution("anchor_drift", moved),) if moved else ()
    known, offered = both[:, keep], float((both[:, keep] * marks[keep]).sum())
    return CommonItemGrowth(
        before=float(np.where(known, first[:, keep], 0.0).sum() / offered),
        after=float(np.where(known, second[:, keep], 0.0).sum() / offered),
        growth=growth,
        anchors=tuple(str(name) for name in names[keep]),
        drifted=moved,
        provenance=Provenance("common items", "1", {"drift_z": DRIFT_Z}, cautions),
    )


def _drifted(first: FloatArray, second: FloatArray, both: np.ndarray, full: FloatArray) -> np.ndarray:
    count = both.sum(axis=0)
    own = np.where(both, second - first, 0.0) / full
    change = own.sum(axis=0) / count
    # Of few pupils every item's change is rough: that is no drift.
    rough = np.sqrt((np.where(both, own - change, 0.0) ** 2).sum(axis=0)) / count
    quartiles = np.quantile(change, [0.25, 0.75])
    spread = np.maximum(rough, max(0.74 * float(quartiles[1] - quartiles[0]), LEAST_SPREAD))
    return np.asarray(np.abs(change - np.median(change)) > DRIFT_Z * spread)


def _growth(first: FloatArray, second: FloatArray, both: np.ndarray, full: FloatArray) -> Outcome:
    won = np.where(both, second - first, 0.0).sum(axis=1)
    offered = (both * full).sum(axis=1)
    here = offered > 0
    won, offered, n = won[here], offered[here], int(here.sum())
    if n < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    growth = float(won.sum() / offered.sum())
    residual = won - growth * offered
    alike = bool((np.abs(residual) < MARK_TOLERANCE).all())
    unseen = float(full.mean()) if alike else min(1.0, float(full.min()))
    se = float(np.sqrt(((residual**2).sum() + 2.0 * unseen**2) * n / (n - 1)) / offered.sum())
    half = float(stdtrit(n - 1, 0.975)) * se
    return Estimate(growth, se, max(growth - half, -1.0), min(growth + half, 1.0), n, METHOD)
