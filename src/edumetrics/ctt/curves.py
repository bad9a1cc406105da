"""Item curves by ability group: the facility of each item in each fifth of the pupils."""

from __future__ import annotations

import numpy as np

from edumetrics.ctt.items import MIN_PUPILS_GROUPS, wilson
from edumetrics.ctt.scores import Centred, group_weights
from edumetrics.results import Estimates, FloatArray, IntArray, Reason

VERSION = "ctt-curves/1"


def item_curves(centred: Centred, rest: FloatArray, *, groups: int = 5, level: float = 0.95) -> Estimates:
    """Facility in groups of equal size by rest score, weakest first (items × groups).

    An item below 25 pupils has no curve: a group would be a handful. Ties are split between groups.

    Parameters
    ----------
    rest : float array, pupils × items
        `Centred.rest`.
    """
    cuts = np.linspace(0.0, 1.0, groups + 1)
    edges = np.column_stack([cuts[:-1], cuts[1:]])
    rows = [group_moments(centred, group_weights(rest[:, j], edges), j) for j in range(rest.shape[1])]
    return curves_from_moments(np.stack(rows), np.isfinite(rest).sum(axis=0), level=level)


def group_moments(centred: Centred, weights: FloatArray, j: int) -> FloatArray:
    """Size, mean share and mean squared share of item j in each group (3 × groups)."""
    share = centred.marks[:, j] / centred.full[j]
    size = weights.sum(axis=0)
    table = np.stack([share, share * share]) @ weights / np.maximum(size, 1e-12)
    return np.vstack([size, table])


def curves_from_moments(moments: FloatArray, n: IntArray, *, level: float = 0.95) -> Estimates:
    """Curves from `group_moments` of all items (items × 3 × groups); `n` pupils have a rest score."""
    size, mean, square = moments[:, 0], np.clip(moments[:, 1], 0.0, 1.0), moments[:, 2]
    variance = np.maximum(square - mean**2, 0.0)
    counts = np.rint(size).astype(np.int64)
    low, high, se = wilson(mean, variance, np.maximum(counts, 1), level=level)
    few = (n < MIN_PUPILS_GROUPS)[:, None] | (size < 1.0)
    refuse = (((n == 0)[:, None], Reason.NO_RESPONSES), (few, Reason.TOO_FEW_PUPILS))
    return Estimates.build(mean, se, low, high, counts, "mean/wilson", refuse=refuse, level=level)
