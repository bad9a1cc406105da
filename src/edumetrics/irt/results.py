"""Owns what a calibration hands back: items, populations, and the reasons where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edumetrics.irt.coding import Coding
from edumetrics.irt.em import Parameters, Problem
from edumetrics.results import Estimate, FloatArray, Insufficient, IntArray, Outcome, Provenance


@dataclass(frozen=True, slots=True)
class ItemCalibration:
    """One calibrated item, on the logistic scale (no factor 1.7).

    Attributes
    ----------
    item : str
    model : str
        ``"rasch"``, ``"pcm"``, ``"2pl"``, ``"gpcm"``, ``"graded"`` or ``"3pl"``.
    slope : Outcome
        Discrimination a.
    intercepts : tuple of Outcome, m
        d₁ … d_m as in `edumetrics.irt.models`.
    difficulties : tuple of Outcome, m
        Where on the ability scale the steps lie: −d₁/a for two categories and for graded items
        −d_k/a, for partial credit −(d_k − d_{k−1})/a.
    guessing : Outcome or None
        Lower asymptote c of a 3PL item.
    category_marks : tuple of float, m + 1
        Mean mark behind each category.
    n : int
        Pupils with a mark.
    """

    item: str
    model: str
    slope: Outcome
    intercepts: tuple[Outcome, ...]
    difficulties: tuple[Outcome, ...]
    guessing: Outcome | None
    category_marks: tuple[float, ...]
    n: int


@dataclass(frozen=True, slots=True)
class Population:
    """Ability of one group. The first is the reference: mean 0, standard deviation 1 by definition."""

    label: str
    mean: Outcome
    sd: Outcome
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class AnswersAlone:
    """A second maximum of an exam whose items can be guessed: its prior of c is worth hardly an answer.

    Attributes
    ----------
    problem, parameters
        As those of `Calibration`.
    counts : (J, M, Q) float
        Expected counts of categories at the nodes.
    guessed : (I,) int
        Items whose prior it was.
    plain_covariance, carried_covariance
        As those of `Calibration`.
    """

    problem: Problem
    parameters: Parameters
    counts: FloatArray
    guessed: IntArray
    plain_covariance: FloatArray
    carried_covariance: FloatArray | None


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A calibrated exam.

    Attributes
    ----------
    model : str
        What was fitted in the end, which may be simpler than what was asked for (see the warnings).
    items : tuple of ItemCalibration
    excluded : mapping of item to Insufficient
        Items that say nothing, with the reason.
    populations : tuple of Population
    loglik : float
        Marginal log-likelihood; without priors.
    n, n_parameters : int
    aic, bic : float
    provenance : Provenance
    coding, problem, parameters, covariance
        The same in arrays, for scoring and for fit.
    plain_covariance
        What the covariance would be if the model held and all kept items were known. That of the intervals
        may be robust, in parts or as a whole; every robust one is made from this.
    carried_covariance
        On an old scale: what the errors of the kept items add to either; None elsewhere.
    alone : AnswersAlone or None
        Where items can be guessed: what limits reach over besides (see `edumetrics.irt.answers_alone`).
    """

    model: str
    items: tuple[ItemCalibration, ...]
    excluded: Mapping[str, Insufficient]
    populations: tuple[Population, ...]
    loglik: float
    n: int
    n_parameters: int
    aic: float
    bic: float
    provenance: Provenance
    coding: Coding
    problem: Problem
    parameters: Parameters
    covariance: FloatArray | None
    plain_covariance: FloatArray | None
    carried_covariance: FloatArray | None
    alone: AnswersAlone | None = None

    def item(self, name: str) -> ItemCalibration | Insufficient:
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


@dataclass(frozen=True, slots=True, eq=False)
class Classical:
    """What remains where no response model can be had: facilities with their intervals.

    Attributes
    ----------
    reason : Insufficient
        Why there is no calibration.
    facility : mapping of item to Outcome
        Share of the full mark reached.
    provenance : Provenance
    """

    reason: Insufficient
    facility: Mapping[str, Estimate | Insufficient]
    provenance: Provenance
