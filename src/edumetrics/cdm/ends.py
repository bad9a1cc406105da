"""Owns whether pupils of a group may get nothing, or everything: ends that no interval of log-odds reaches.

Where nobody can guess an item, or nobody who masters its points slips, the chance is 0 or 1 itself. An
interval ends there if the likelihood ratio to the end does not refute it at 5 % (Pawitan 2001, In All
Likelihood, § 5.3). The ratio is that of one chance moved while all else stays; what is lost when the rest
moves along is less, in the mean by the share of the information that is left of it beside the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.em import Problem
from edumetrics.cdm.maximisation import FLOOR
from edumetrics.results import BoolArray, FloatArray

REFUTED = 3.841458820694124  # χ², one degree of freedom, 95 %
LEAST_FACTOR = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """What moving a group of an item to an end of its marks would cost, all else as it was.

    Attributes
    ----------
    lost : (J, G, 2) float
        Twice the log-likelihood that is lost at no mark, at the full mark.
    squares : (J, G, 2) float
        Sum of squares of the pupils' scores on the way there, the whole way taken as one.
    """

    lost: FloatArray
    squares: FloatArray

    @classmethod
    def nothing(cls, problem: Problem) -> Ends:
        """Of no pupils."""
        n_items, most_groups = problem.pseudo.shape[:2]
        return cls(np.zeros((n_items, most_groups, 2)), np.zeros((n_items, most_groups, 2)))

    def __add__(self, other: Ends) -> Ends:
        return Ends(self.lost + other.lost, self.squares + other.squares)

    def open(self, j: int, g: int, distance: FloatArray, se: float) -> BoolArray:
        """Whether group ``g`` of item ``j`` may be at its ends (2,), a ``distance`` (2,) from its share."""
        told_alone = self.squares[j, g] * se**2
        left = np.minimum(distance**2 / np.maximum(told_alone, LEAST_FACTOR), 1.0)
        return np.asarray(self.lost[j, g] * left <= REFUTED)


def ends_of(
    problem: Problem, probability: FloatArray, categories: NDArray[np.int16], in_group: Iterable[FloatArray]
) -> Ends:
    """What it would cost to move each group to its ends.

    Parameters
    ----------
    categories : (N, J) int
        −1 where missing.
    in_group : iterable of (N, G_j) float
        For each item the posterior of its groups.
    """
    out = Ends.nothing(problem)
    for j, posterior in enumerate(in_group):
        answered = categories[:, j] >= 0
        category, inside = categories[answered, j], posterior[answered]
        for g in range(inside.shape[1]):
            chance = np.maximum(probability[j, g, category], FLOOR)
            for e, end in enumerate((0, int(problem.n_categories[j]) - 1)):
                change = inside[:, g] * ((category == end) / chance - 1.0)
                out.lost[j, g, e] = -2.0 * float(np.log(np.maximum(1.0 + change, LEAST_FACTOR)).sum())
                out.squares[j, g, e] = float(change @ change)
    return out
