"""Adaptive re-test: the next item by information, within the blueprint, without wearing items out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.errors import BadParameter, BadSetting, ShapeMismatch
from edumetrics.results import FloatArray


@dataclass(frozen=True, slots=True)
class AdaptivePlan:
    """Rules of one adaptive practice.

    Attributes
    ----------
    shares : dict of content → share of the items, sums to 1
    longest, shortest : int
        Bounds on the number of items.
    wanted_se : float
        Stop when the ability's standard error is this small (logits).
    spread : int
        Choose at random among so many best items (randomesque exposure control, Kingsbury & Zara 1989).
    most_exposed : float
        An item already given to more than this share of pupils is left out while others remain.
    """

    shares: dict[str, float]
    longest: int = 20
    shortest: int = 5
    wanted_se: float = 0.35
    spread: int = 5
    most_exposed: float = 0.3

    def __post_init__(self) -> None:
        if not abs(sum(self.shares.values()) - 1) <= 1e-9 or min(self.shares.values()) < 0:
            raise BadSetting(value="content shares must sum to 1")
        if not 1 <= self.shortest <= self.longest:
            raise BadSetting(value="shortest and longest are upside down")


Stop = Literal["precise", "longest", "no_items"]


def information(theta: float, a: ArrayLike, b: ArrayLike, c: ArrayLike | float = 0.0) -> FloatArray:
    """Fisher information of each 3PL item at `theta` (Lord 1980, p. 73)."""
    slope, place, guess = np.asarray(a), np.asarray(b), np.asarray(c)
    p = guess + (1 - guess) / (1 + np.exp(-np.clip(slope * (theta - place), -500, 500)))
    return np.asarray(slope**2 * (1 - p) / p * ((p - guess) / (1 - guess)) ** 2)


def next_item(
    plan: AdaptivePlan,
    *,
    theta: float,
    se: float | None,
    a: ArrayLike,
    b: ArrayLike,
    content: list[str],
    given: list[int],
    exposure: ArrayLike,
    rng: np.random.Generator,
    c: ArrayLike | float = 0.0,
) -> int | Stop:
    """Index of the next item, or why the practice ends.

    Parameters
    ----------
    theta, se : float
        Current ability and its standard error (None before the first answer).
    a, b, c : array_like, bank
    content : list of str, bank
        Content area of each item.
    given : list of int
        Items that this pupil has had.
    exposure : array_like, bank
        Share of pupils who have had each item.

    Notes
    -----
    The content furthest behind its share is served first (Kingsbury & Zara 1989, Applied Measurement in
    Education 2, 359–375); within it the `spread` most informative items are drawn with equal chances.
    """
    n = len(given)
    bank = [np.asarray(a, dtype=float), np.asarray(b, dtype=float), np.asarray(exposure, dtype=float)]
    asymptote = np.asarray(c, dtype=float)
    if any(part.shape != (len(content),) for part in bank) or not set(given) <= set(range(len(content))):
        raise ShapeMismatch(
            value=f"a bank of {len(content)} items: a, b, exposure or the given items do not fit"
        )
    if not all(np.isfinite(part).all() for part in (*bank, asymptote, np.array([theta, se or 0.0]))):
        raise BadParameter(value="item parameters, exposure and ability must be finite")
    if (asymptote < 0).any() or (asymptote >= 1).any():
        raise BadParameter(value="lower asymptotes lie from 0 to below 1")
    if n >= plan.longest:
        return "longest"
    if n >= plan.shortest and se is not None and se <= plan.wanted_se:
        return "precise"
    area = np.array(content, dtype=object)
    free = np.ones(len(area), dtype=bool)
    free[given] = False
    free &= np.isin(area, list(plan.shares))
    if not free.any():
        return "no_items"
    fresh = free & (np.asarray(exposure) <= plan.most_exposed)
    pool = fresh if fresh.any() else free
    had = {name: sum(content[i] == name for i in given) for name in plan.shares}
    behind = {
        name: share * (n + 1) - had[name] for name, share in plan.shares.items() if (area[pool] == name).any()
    }
    wanted = max(behind, key=lambda name: behind[name])
    candidates = np.flatnonzero(pool & (area == wanted))
    value = information(
        theta,
        np.asarray(a)[candidates],
        np.asarray(b)[candidates],
        np.broadcast_to(np.asarray(c), area.shape)[candidates],
    )
    best = candidates[np.argsort(-value, kind="stable")[: plan.spread]]
    return int(rng.choice(best))
