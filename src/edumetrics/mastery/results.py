"""What mastery says: states, settings, the prior, one entry and the table of all pupils and points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edumetrics import checks
from edumetrics.errors import BadSetting
from edumetrics.results import Estimates, FloatArray, Insufficient, IntArray, Provenance, Reason


class MasteryState(IntEnum):
    """State of one pupil at one point. Stored: numbers never change."""

    NOT_TAUGHT = 0  # 未学
    NEEDS_WORK = 1  # 需巩固
    BASIC = 2  # 基本掌握
    MASTERED = 3  # 已掌握


@dataclass(frozen=True, slots=True)
class MasterySettings:
    """Thresholds and the least evidence.

    Attributes
    ----------
    basic, mastered : float
        Expected share of marks from which a point counts as basically mastered and as mastered.
    min_items : int
        Items with a mark below which nothing is said about a pupil's point.
    min_evidence : float
        Least effective number of items (items of very unequal weight count for less).
    default_icc : float
        Share of the variance of right answers that lies between pupils, before any data; typical of
        school exams.
    default_left_open : float
        Share of the variance of right answers that a pupil's other answers leave open, before any data.
    default_weight : float
        How many pupils with five items a point those defaults are worth against the class's own data.
    level : float
        Posterior probability of the interval.

    Raises
    ------
    BadSetting
        A level or a share outside 0 … 1, or thresholds that are upside down.
    """

    basic: float = 0.60
    mastered: float = 0.85
    min_items: int = 2
    min_evidence: float = 1.5
    default_icc: float = 0.30
    default_left_open: float = 0.15
    default_weight: float = 24.0
    level: float = 0.95

    def __post_init__(self) -> None:
        checks.between("level", self.level, 0.0, 1.0)
        if not 0.0 < self.basic <= self.mastered < 1.0:
            raise BadSetting(value=f"basic {self.basic}, mastered {self.mastered}: rising shares")
        for name in ("default_icc", "default_left_open"):
            checks.between(name, getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class MasteryPrior:
    """Distribution of mastery in the group a pupil belongs to: Beta(mean·weight, (1−mean)·weight) at
    each point, before his answers on other points are looked at.

    `n` tells how many pupils it was estimated from (0: defaults only).
    """

    mean: FloatArray
    weight: FloatArray
    n: int


@dataclass(frozen=True, slots=True)
class Mastery:
    """One pupil at one point.

    Attributes
    ----------
    state : MasteryState
        The state of highest posterior probability.
    probability : float
        Posterior probability of that state: near 1 is sure, below about .5 is a guess that needs
        another look.
    estimate, low, high : float
        Posterior mean and interval of the expected share of marks on the point's items.
    n_items : int
        Items with a mark.
    """

    state: MasteryState
    probability: float
    estimate: float
    low: float
    high: float
    n_items: int


@dataclass(frozen=True, slots=True, eq=False)
class MasteryTable:
    """Mastery of all pupils (rows) at all points (columns)."""

    points: tuple[str, ...]
    pupils: tuple[str, ...]
    share: Estimates
    state: NDArray[np.int8]
    probability: FloatArray
    n_items: IntArray
    prior: MasteryPrior
    provenance: Provenance

    def at(self, pupil: int, point: int) -> Mastery | Insufficient:
        """One entry. A point that was not taught is a state, not a lack of evidence."""
        if self.state[pupil, point] == MasteryState.NOT_TAUGHT:
            return Insufficient(Reason.NOT_TAUGHT, 0)
        entry = self.share.at(pupil, point)
        if isinstance(entry, Insufficient):
            return entry
        return Mastery(
            MasteryState(int(self.state[pupil, point])),
            float(self.probability[pupil, point]),
            entry.value,
            entry.low,
            entry.high,
            int(self.n_items[pupil, point]),
        )
