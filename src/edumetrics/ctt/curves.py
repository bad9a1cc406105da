"""Item curves by ability group: the facility of each item in each fifth of the pupils."""

from __future__ import annotations

import numpy as np

from edumetrics.ctt.cells import Cells, Cuts
from edumetrics.ctt.items import MIN_PUPILS_GROUPS, wilson
from edumetrics.results import Estimates, FloatArray, Reason

VERSION = "ctt-curves/1"
GROUPS = 5


def item_curves(found: Cells, full: FloatArray, cuts: Cuts, *, level: float = 0.95) -> Estimates:
    """Facility in groups of equal size by rest score, weakest first (items × groups).

    An item below 25 pupils has no curve: a group would be a handful. Ties are split between groups.

    Parameters
    ----------
    full : float array, items
    cuts : Cuts
        The first ones divide the pupils into groups; see `edumetrics.ctt.distractors.CUTS`.
    """
    share = found.mark / full[found.item]
    every = np.arange(len(found.n))
    size, first, second = (
        groups_between(*cuts.below(found.item, found.count * power, every))
        for power in (np.ones_like(share), share, share * share)
    )
    return curves_from_moments(size, first, second, found.n, level=level)


def groups_between(below: FloatArray, whole: FloatArray) -> FloatArray:
    """Sums of the groups that the first cuts (at fifths) make, from sums below the cuts and of all."""
    ends = np.concatenate([np.zeros_like(below[:, :1]), below[:, : GROUPS - 1], whole[:, None]], axis=1)
    return np.diff(ends, axis=1)


def curves_from_moments(
    size: FloatArray, first: FloatArray, second: FloatArray, n: FloatArray, *, level: float = 0.95
) -> Estimates:
    """Curves from sizes, sums of shares and of squared shares (items × groups); `n` have a rest score."""
    safe = np.maximum(size, 1e-12)
    mean, square = np.clip(first / safe, 0.0, 1.0), second / safe
    variance = np.maximum(square - mean**2, 0.0)
    counts = np.rint(size).astype(np.int64)
    low, high, se = wilson(mean, variance, np.maximum(counts, 1), level=level)
    few = (n < MIN_PUPILS_GROUPS)[:, None] | (size < 1.0)
    refuse = (((n == 0)[:, None], Reason.NO_RESPONSES), (few, Reason.TOO_FEW_PUPILS))
    return Estimates.build(mean, se, low, high, counts, "mean/wilson", refuse=refuse, level=level)
