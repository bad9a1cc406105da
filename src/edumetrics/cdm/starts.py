"""Owns where climbs end, the choice among several, and the items on which equally good ones disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.settings import Settings
from edumetrics.results import FloatArray

RIDGE_LOGLIK, RIDGE_DISTANCE = 1.0, 0.05  # starts as likely as this that differ by that much
RIDGE_RUNAWAY = 0.3  # a chance that moves so far once the priors are off was held by them alone
SHORT_TOLERANCE = 1e-3


class HasProbability(Protocol):
    """Parameters with the chances (J, G, M) of the categories in the groups."""

    @property
    def probability(self) -> FloatArray:
        """(J, G, M)."""


Place = TypeVar("Place", bound=HasProbability)


@dataclass(frozen=True, slots=True, eq=False)
class Fit(Generic[Place]):
    """A local maximum; ``counts`` (J, G, M) are expected pupils there."""

    parameters: Place
    loglik: float
    objective: float
    counts: FloatArray
    evaluations: int
    converged: bool


End = TypeVar("End", bound=Fit[Any])


def best_of(
    starts: Sequence[HasProbability],
    climbs: Callable[[Sequence[Any], float, int], list[End]],
    short_run: int,
    settings: Settings,
) -> tuple[End, NDArray[np.bool_]]:
    """Short climbs from all starts, long ones from the best.

    Parameters
    ----------
    starts : sequence of parameters
    climbs : callable
        (parameters, tolerance, most evaluations) → where the climbs from them end.
    short_run : int
        Evaluations of a short climb.

    Returns
    -------
    best, ridge (J,) bool
        The latter marks items on which equally good climbs disagree.
    """
    short = sorted(climbs(starts, SHORT_TOLERANCE, short_run), key=lambda end: -end.objective)
    followed = [end.parameters for end in short[: settings.followed]]
    best, *others = sorted(
        climbs(followed, settings.tolerance, settings.max_evaluations), key=lambda end: -end.objective
    )
    ridge = np.zeros(len(best.parameters.probability), dtype=np.bool_)
    for other in others:
        if best.objective - other.objective < RIDGE_LOGLIK:
            ridge |= moved(best, other) > RIDGE_DISTANCE
    return best, ridge


def moved(one: Fit[Any], other: Fit[Any]) -> FloatArray:
    """Largest difference (J,) between the chances of two ends."""
    return np.asarray(np.abs(one.parameters.probability - other.parameters.probability).max(axis=(1, 2)))
