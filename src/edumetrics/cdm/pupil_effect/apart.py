"""Owns a class model with further classes of pupils who answer by no point, each all items at levels of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edumetrics.cdm import em
from edumetrics.cdm.expectation import fold
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.level import at_level, levels_of
from edumetrics.cdm.pupil_effect.model import AWAY_SHARE, MASS_PSEUDO, with_away
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import FloatArray
from edumetrics.runners.stats import posterior

PINNED = 1e6  # pseudo-answers to each item by which it has the level common to all
ROUNDS = 5  # in which their shares and levels are learnt
TOLERANCE, EVALUATIONS = 1e-3, 200


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """A maximum with F kinds of them as last classes, which have last groups of each item.

    Attributes
    ----------
    problem : Problem
        Of C + F classes and, on item j, G_j + F groups.
    parameters : Parameters
    loglik : float
    n_classes : int
        C.
    first : (J,) int
        Group of the first kind on each item.
    """

    problem: em.Problem
    parameters: em.Parameters
    loglik: float
    n_classes: int
    first: IntArray

    @property
    def shares(self) -> FloatArray:
        """Of the kinds (F,)."""
        return self.parameters.weight[self.n_classes :]

    @property
    def others(self) -> FloatArray:
        """Shares (C,) of the other classes, among those who are not away."""
        weight = self.parameters.weight[: self.n_classes]
        return np.asarray(weight / weight.sum())

    @property
    def levels(self) -> FloatArray:
        """Chances (J, F, M) of the categories, of each kind."""
        return levels_in(self.parameters.probability, self.first, len(self.shares))

    def posteriors(self, exam: Prepared) -> FloatArray:
        """(N, C + F)."""
        shard = pack_for(len(self.parameters.weight), exam.coding, exam.answered)
        return posterior(shard, em.node_model(self.problem, self.parameters))[0]
