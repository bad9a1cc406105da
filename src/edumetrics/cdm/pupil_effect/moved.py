"""Owns intervals whose limits move as estimates do under another model of the same pupils and points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from edumetrics.cdm.results import ClassModelResult, ItemDiagnosis
from edumetrics.cdm.rival import METHOD, parts_of
from edumetrics.results import Estimate, FloatArray, IntArray, Outcome

EDGE, TINY = 1e-6, 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """By how much limits move, in log-odds.

    Attributes
    ----------
    mastery : (2, N, K) float
        Of surely having a point and of perhaps having it.
    shares : (2, K) float
        Of the pupils who have the point.
    groups : (J, G) float
        Of the share of the full mark that each group of an item reaches.
    size : (J, G) float
        Pupils in each.
    n_groups : (J,) int
        Of the saturated model.
    away : (N,) float or None
        Chance that each pupil answers by no point, where the other model allows for it.
    whole : ClassModelResult or None
        With intervals of its whole posterior, where that was drawn from.
    reach : float
        How far to reach over them, 0 to 1.
    """

    mastery: FloatArray
    shares: FloatArray
    groups: FloatArray
    size: FloatArray
    n_groups: IntArray
    away: FloatArray | None = None
    whole: ClassModelResult | None = None
    reach: float = 0.0


def between(before: FloatArray, after: FloatArray) -> FloatArray:
    """From one chance to another on the scale of log-odds."""
    odds = logit(np.clip(np.stack([before, after]), EDGE, 1.0 - EDGE))
    return np.asarray(odds[1] - odds[0])


def beyond(moved: Moved, away: FloatArray | None, wholly: float = 1.0) -> Moved:
    """What is left of a move where some of its pupils have been found ``away`` (N,) already, and moved."""
    if moved.away is None or away is None:
        return moved
    both = np.minimum(away, moved.away)
    of_each = 1.0 - wholly * both / np.maximum(moved.away, TINY)
    of_all = 1.0 - wholly * float(both.sum() / max(float(moved.away.sum()), TINY))
    return replace(
        moved,
        mastery=of_each[:, None] * moved.mastery,
        shares=of_all * moved.shares,
        groups=of_all * moved.groups,
    )


def together(move: Moved, other: Moved) -> Moved:
    """``other`` and what is left of ``move`` beyond it, each outwards; the whole posterior of ``move``."""
    left = beyond(move, other.away)
    away = None if left.away is None or other.away is None else np.maximum(left.away, other.away)
    return replace(
        left,
        mastery=_clipped(left.mastery) + _clipped(other.mastery),
        shares=_clipped(left.shares) + _clipped(other.shares),
        groups=left.groups + other.groups,
        away=away,
    )


def moving(result: ClassModelResult, bare: ClassModelResult, moved: Moved) -> ClassModelResult:
    """``result`` with limits that reach as far as those of ``bare`` moved.

    Parameters
    ----------
    result, bare : ClassModelResult
        Of the same exam by the same rule, with and without what other opinions say.
    """
    ends = _outwards(bare.mastery.low, bare.mastery.high, moved.mastery)
    low, high = np.fmin(result.mastery.low, ends[0]), np.fmax(result.mastery.high, ends[1])
    points = tuple(
        replace(mine, prevalence=_reaching(mine.prevalence, theirs.prevalence, by))
        for mine, theirs, by in zip(result.points, bare.points, moved.shares.T, strict=True)
    )
    mastery = replace(result.mastery, low=low, high=high, method=METHOD)

    def of_groups(j: int, part: slice) -> float:
        weights = moved.size[j, part] + EDGE
        return float(np.average(moved.groups[j, part], weights=weights))

    items = items_moving(result, bare, moved.n_groups, of_groups)
    return replace(result, mastery=mastery, points=points, items=items)


def items_moving(
    result: ClassModelResult, bare: ClassModelResult, n_groups: IntArray, by: Callable[[int, slice], float]
) -> tuple[ItemDiagnosis, ...]:
    """Items of ``result`` whose groups reach as far as those of ``bare`` moved.

    Parameters
    ----------
    n_groups : (J,) int
        Of the saturated model; groups of other rules are several of them together.
    by : callable
        Log-odds by which those groups of an item move.
    """
    return tuple(
        replace(
            mine,
            groups=tuple(
                replace(group, share=_reaching(group.share, other.share, by(j, part)))
                for group, other, part in zip(
                    mine.groups, theirs.groups, parts_of(result.model, mine, int(n_groups[j])), strict=True
                )
            ),
        )
        for j, (mine, theirs) in enumerate(zip(result.items, bare.items, strict=True))
    )


def _reaching(mine: Outcome, bare: Outcome, by: ArrayLike) -> Outcome:
    """An interval that reaches as far as the ``bare`` one moved by log-odds, (2,) of its limits or ()."""
    if not isinstance(mine, Estimate) or not isinstance(bare, Estimate):
        return mine
    low, high = _outwards(np.array(bare.low), np.array(bare.high), np.broadcast_to(by, 2))
    return replace(mine, low=min(mine.low, float(low)), high=max(mine.high, float(high)), method=METHOD)


def _outwards(low: FloatArray, high: FloatArray, moved: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Limits moved by log-odds (2, …), never inwards; NaN where there are none."""
    down, up = _clipped(moved)
    lower = expit(logit(np.clip(low, 0.0, 1.0)) + down)
    upper = expit(logit(np.clip(high, 0.0, 1.0)) + up)
    return np.fmin(lower, low), np.fmax(upper, high)


def _clipped(moved: FloatArray) -> FloatArray:
    """What of log-odds (2, …) moves a lower limit down and an upper one up."""
    return np.stack([np.minimum(moved[0], 0.0), np.maximum(moved[1], 0.0)])
