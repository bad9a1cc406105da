"""What in an exam asks for a person: settings of an analysis, flags of items and when they are raised."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from edumetrics import checks
from edumetrics.arrays import ResponseMatrix
from edumetrics.ctt.distractors import OptionAnalysis
from edumetrics.ctt.omissions import Omissions
from edumetrics.errors import BadSetting
from edumetrics.levels import DEFAULT_BANDS, Bands
from edumetrics.mastery import MasterySettings
from edumetrics.results import Estimate, Estimates, Insufficient, Reason


class Flag(StrEnum):
    """What a teacher should look at. Stable codes."""

    KEY_ERROR = "key_error"
    NEGATIVE_DISCRIMINATION = "negative_discrimination"
    LOW_DISCRIMINATION = "low_discrimination"
    VERY_HARD = "very_hard"
    VERY_EASY = "very_easy"
    NON_FUNCTIONING = "non_functioning_options"
    MANY_OMITTED = "many_omitted"
    MANY_NOT_REACHED = "many_not_reached"
    NO_VARIANCE = "no_variance"
    NO_RESPONSES = "no_responses"


_ORDER = tuple(Flag)


@dataclass(frozen=True, slots=True)
class ExamSettings:
    """Thresholds of flags and the confidence of intervals.

    Attributes
    ----------
    level : float
        Confidence of every interval.
    group_share : float
        Size of the upper and the lower group.
    low_discrimination : float
        D27 below it is flagged, from 25 pupils.
    very_hard, very_easy : float
        Facilities outside are flagged when the whole interval is outside.
    many_blank : float
        Share of presented answers left blank from which an item is flagged.
    seed : int
        Deals pupils into the jackknife blocks of ω.

    Raises
    ------
    BadSetting
        A level or a threshold outside 0 … 1, a group of nobody or of more than half.
    """

    level: float = 0.95
    group_share: float = 0.27
    low_discrimination: float = 0.20
    very_hard: float = 0.20
    very_easy: float = 0.95
    many_blank: float = 0.15
    seed: int = 20
    mastery: MasterySettings = field(default_factory=MasterySettings)
    bands: Bands = DEFAULT_BANDS

    def __post_init__(self) -> None:
        checks.between("level", self.level, 0.0, 1.0)
        if not 0.0 < self.group_share <= 0.5:
            raise BadSetting(value=f"group_share {self.group_share}: more than 0, at most a half")
        checks.within("low_discrimination", self.low_discrimination, -1.0, 1.0)
        for name in ("very_hard", "very_easy", "many_blank"):
            checks.within(name, getattr(self, name), 0.0, 1.0)


def flag_items(
    facility: Estimates,
    discrimination: Estimates,
    correlation: Estimates,
    option_results: tuple[OptionAnalysis | Insufficient, ...],
    blanks: Omissions,
    matrix: ResponseMatrix,
    settings: ExamSettings,
) -> tuple[tuple[Flag, ...], ...]:
    """Flags of each item, in the order of `Flag`.

    Very hard and very easy need the whole interval outside the limits, a negative discrimination an
    interval below 0; a low discrimination is the estimate alone, from the 25 pupils on that D27 needs.
    """
    out: list[tuple[Flag, ...]] = []
    not_offered = blanks.not_presented + blanks.absent + blanks.deferred + blanks.exempt
    presented = np.maximum(matrix.n_pupils - not_offered, 1)
    many_omitted = (blanks.omitted / presented >= settings.many_blank).tolist()
    many_not_reached = (blanks.not_reached / presented >= settings.many_blank).tolist()
    eases, powers, links = facility.outcomes(), discrimination.outcomes(), correlation.outcomes()
    for j in range(matrix.n_items):
        flags: list[Flag] = []
        option = option_results[j]
        if isinstance(option, OptionAnalysis):
            if option.key_error is not None:
                flags.append(Flag.KEY_ERROR)
            if option.non_functioning:
                flags.append(Flag.NON_FUNCTIONING)
        ease, power, link = eases[j], powers[j], links[j]
        if isinstance(ease, Insufficient):
            flags.append(Flag.NO_RESPONSES)
        else:
            if ease.high < settings.very_hard:
                flags.append(Flag.VERY_HARD)
            if ease.low > settings.very_easy:
                flags.append(Flag.VERY_EASY)
        if isinstance(link, Estimate) and link.high < 0.0:
            flags.append(Flag.NEGATIVE_DISCRIMINATION)
        elif isinstance(power, Estimate) and power.value < settings.low_discrimination:
            flags.append(Flag.LOW_DISCRIMINATION)
        if isinstance(power, Insufficient) and power.reason is Reason.CONSTANT_MARKS:
            flags.append(Flag.NO_VARIANCE)
        if many_omitted[j]:
            flags.append(Flag.MANY_OMITTED)
        if many_not_reached[j]:
            flags.append(Flag.MANY_NOT_REACHED)
        out.append(tuple(flag for flag in _ORDER if flag in flags) if flags else ())
    return tuple(out)
