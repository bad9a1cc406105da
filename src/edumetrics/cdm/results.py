"""Owns what a diagnosis hands back: items, points, pupils, and where nothing can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edumetrics.cdm.classes import ClassSpace
from edumetrics.cdm.em import Parameters, Problem
from edumetrics.cdm.uncertainty import Known
from edumetrics.irt.coding import Coding
from edumetrics.results import (
    Estimate,
    Estimates,
    FloatArray,
    Insufficient,
    IntArray,
    Outcome,
    Provenance,
    Reason,
)


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """What the categories of the items are worth, as shares of the full mark.

    Attributes
    ----------
    mean : (J, G, M) float
        In each group: of marks that were taken together, pupils with more points have the better ones.
    variance : (J, G) float
        Of the mean share of a group, from marks that were taken together.
    """

    mean: FloatArray
    variance: FloatArray


@dataclass(frozen=True, slots=True)
class GroupOnItem:
    """Pupils who master the same of an item's points.

    Attributes
    ----------
    mastered : tuple of str
        Which of the item's points; under DINA none-or-not-all is the empty tuple.
    share : Outcome
        Expected share of the full mark (for right/wrong items the chance of getting it right).
    n : float
        Expected number of pupils in the group.
    """

    mastered: tuple[str, ...]
    share: Outcome
    n: float


@dataclass(frozen=True, slots=True)
class ItemDiagnosis:
    """One item under the class model, groups from those who lack most to those who master all."""

    item: str
    points: tuple[str, ...]
    groups: tuple[GroupOnItem, ...]
    n: int

    @property
    def guess(self) -> Outcome:
        """Share reached without the points."""
        return self.groups[0].share

    @property
    def slip(self) -> Outcome:
        """Share lost in spite of all points."""
        top = self.groups[-1].share
        if isinstance(top, Insufficient):
            return top
        return Estimate(1.0 - top.value, top.se, 1.0 - top.high, 1.0 - top.low, top.n, top.method, top.level)


@dataclass(frozen=True, slots=True)
class PointDiagnosis:
    """How many pupils of the population they come from master a point.

    Attributes
    ----------
    prevalence : Outcome
        Share of pupils; the interval holds both sampling and what this Q-matrix leaves open.
    untold : float
        Share of pupils about whom this exam cannot tell, whatever they answer.
    items : int
        Items that need the point.
    """

    point: str
    prevalence: Outcome
    untold: float
    items: int


@dataclass(frozen=True, slots=True, eq=False)
class ClassModelResult:
    """A diagnosis.

    Attributes
    ----------
    model : str
    items : tuple of ItemDiagnosis
    points : tuple of PointDiagnosis
    mastery : Estimates, (N, K)
        Posterior probability that the pupil masters the point; the interval carries the
        uncertainty of the parameters and of states that this exam cannot tell apart.
    pupils : tuple of str, N
    excluded : mapping of item to Insufficient
    ridge : tuple of str
        Items whose parameters the answers do not settle (see the warnings).
    loglik : float
    n, n_parameters : int
    n_classes : int or None
        States that this Q-matrix can tell apart; None where they are too many to be listed and points
        were taken as independent given ability (``provenance.settings["way"]`` is "network").
    aic, bic : float
    provenance : Provenance
    space, problem, parameters, known, worth, coding
        The same in arrays, how well they are known, what categories are worth; of very many classes only
        those that anybody is in, and where they were not listed a single one about which nothing is known.
        Items and points stand in an order of their own (`own_order`), items in that of ``coding``.
    place : (K,) int
        Where each point of the arrays stands among ``points``.
    """

    model: str
    items: tuple[ItemDiagnosis, ...]
    points: tuple[PointDiagnosis, ...]
    mastery: Estimates
    pupils: tuple[str, ...]
    excluded: Mapping[str, Insufficient]
    ridge: tuple[str, ...]
    loglik: float
    n: int
    n_classes: int | None
    n_parameters: int
    aic: float
    bic: float
    provenance: Provenance
    space: ClassSpace
    problem: Problem
    parameters: Parameters
    known: Known
    worth: Worth
    coding: Coding
    place: IntArray

    def item(self, name: str) -> ItemDiagnosis | Insufficient:
        """The item of that name, or why it was left out.

        Raises
        ------
        KeyError
            If the exam has no such item.
        """
        for one in self.items:
            if one.item == name:
                return one
        return self.excluded[name]


def not_identified(n: int) -> Insufficient:
    """The answer "cannot tell"."""
    return Insufficient(Reason.NOT_IDENTIFIED, n)
