"""Owns the settings of a diagnosis and what they default to, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from edumetrics.errors import BadSetting

VERSION = "cdm-26"  # raised when a change can move a figure
LEAST_CATEGORIES = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """How to diagnose.

    Attributes
    ----------
    minimum_pupils : int
        Below, class weights and chances cannot be told apart; the shrunken Beta posterior of
        `edumetrics.mastery` is the better answer.
    saturated_from : int
        Below so many pupils the class weights lean on a higher-order model as heavy as the pupils
        themselves (`higher_order`), if there are at most 12 points; so they do with fewer than four
        pupils per class, whatever the number of pupils, and where that is too much to compute points
        are taken as independent given ability (`network`). 0: never, unless classes cannot be listed.
    prior : bool
        Beta (for partial marks Dirichlet) priors on every chance: centred at ``prior_low`` for
        pupils without the points and ``prior_high`` for those with all, as heavy as
        ``prior_share`` of the pupils, but between 4 and 50 (G-DINA, ACDM: 10). Without them a
        likelihood can lean on a chance of 0 or 1 that nobody believes.
    prior_low, prior_high, prior_share : float
    monotone : bool
        Mastering more never lowers the chances.
    starts : int
        Random starts; the best few are followed to the end.
    check_ridge : bool
        Follow the likelihood without priors from the solution and report items that run away.
    followed : int
    seed : int
        Of the generator that makes the starts and draws.
    draws : int
        Parameter draws behind the mastery intervals.
    tolerance : float
    max_evaluations : int
    most_untold : float
        A point is refused where more than this share of the posterior lies in classes that leave
        it open.
    max_categories, pupils_per_category : int
        Partial marks are as many ordered categories at most: one for so many pupils, but always
        `LEAST_CATEGORIES`. Neighbouring marks taken together tell less of a pupil than the marks did.
    """

    minimum_pupils: int = 30
    saturated_from: int = 300
    prior: bool = True
    prior_low: float = 0.2
    prior_high: float = 0.8
    prior_share: float = 0.005
    monotone: bool = True
    starts: int = 8
    check_ridge: bool = True
    followed: int = 2
    seed: int = 20_240_901
    draws: int = 20
    tolerance: float = 1e-5
    max_evaluations: int = 3000
    most_untold: float = 0.5
    max_categories: int = 10
    pupils_per_category: int = 150

    def __post_init__(self) -> None:
        if not (0 < self.prior_low < self.prior_high < 1):
            raise BadSetting(value="0 < prior_low < prior_high < 1 must hold")
        if self.starts < 1 or self.followed < 1 or self.draws < 2:
            raise BadSetting(value="at least one start, one followed and two draws are needed")
        if self.max_categories < 2 or self.pupils_per_category < 1:
            raise BadSetting(value="at least two categories and one pupil for each are needed")

    def categories_of(self, n: int) -> int:
        """Categories that the marks of an item become at most, of ``n`` pupils."""
        return min(max(n // self.pupils_per_category, LEAST_CATEGORIES), self.max_categories)

    def as_mapping(self) -> Mapping[str, Any]:
        """Every setting by name, for the provenance of a result."""
        return MappingProxyType({name: getattr(self, name) for name in self.__dataclass_fields__})
