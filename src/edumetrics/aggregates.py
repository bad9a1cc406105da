"""Figures of classes, grades, schools and the district: means shrunken towards the whole, never an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from edumetrics import checks
from edumetrics.errors import EmptyMatrix, ShapeMismatch
from edumetrics.results import Estimates, FloatArray, IntArray, Provenance, Reason
from edumetrics.shrinkage import draw_to_whole

VERSION = "aggregates/3"


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
        Small groups are drawn towards the whole. The one to compare with.
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
    Plain means have the variance within groups, pooled, and Student's t. How far small groups are drawn to
    the whole is told in `shrinkage.draw_to_whole`; their limits are by the same t.

    Examples
    --------
    >>> table = group_means([[0.2], [0.4], [0.9], [0.7]], ["b", "b", "a", "a"])
    >>> table.groups, [round(float(v), 3) for v in table.raw.value[:, 0]]
    (('a', 'b'), [0.8, 0.3])
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != len(groups):
        raise ShapeMismatch(value=f"values are {table.shape}, groups {len(groups)}")
    if len(table) == 0:
        raise EmptyMatrix(value="no pupil")
    checks.between("level", level, 0.0, 1.0)
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
    counts = n.astype(np.int64)
    no_spread = freedom < 1
    half = special.stdtrit(np.maximum(freedom, 1.0), 0.5 + level / 2.0)
    refuse = ((counts == 0, Reason.NO_RESPONSES), (np.broadcast_to(no_spread, shape), Reason.TOO_FEW_PUPILS))
    se = np.sqrt(error)
    raw = Estimates.build(
        mean, se, mean - half * se, mean + half * se, counts, "mean/t", refuse=refuse, level=level
    )
    drawn = draw_to_whole(mean, n, pooled, freedom)
    shrunken = Estimates.build(
        drawn.value,
        drawn.error,
        drawn.value - half * drawn.error,
        drawn.value + half * drawn.error,
        counts,
        "limited-translation/t",
        refuse=refuse,
        level=level,
    )
    whole = _whole(table, valid, level)
    provenance = Provenance("normal-normal", VERSION, MappingProxyType({"level": level}))
    deviation = np.sqrt(drawn.between)
    deviation.flags.writeable = False
    counts.flags.writeable = False
    return GroupTable(
        tuple(str(label) for label in labels), counts, raw, shrunken, whole, deviation, provenance
    )


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
