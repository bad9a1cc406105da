"""Owns when marks stand too near an end of the scale for so few pupils to show how they spread.

Where nearly everybody gets nearly all, a few pupils decide how far totals lie apart, and a class may
happen to have none of them: then its marks look alike, whatever formula reads them. The room
:math:`n e^2` with the distance e of the mean share from the nearer end tells when that happens: over 100
worlds of easy, hard, speeded, guessed and carelessly answered papers, intervals held their level where it
was larger than the bounds below, and not where it was smaller (docs/methods/coverage.md).
"""

from __future__ import annotations

import numpy as np

from edumetrics.ctt.scores import Centred
from edumetrics.results import FloatArray, Insufficient, Reason

# Least room for a spread (SEM, standard deviation), and for a reliability, which is a ratio of two spreads.
# A class of 30 has it where the mean share lies between 7 and 93 %, and between 15 and 85 %.
ROOM_FOR_SPREAD, ROOM_FOR_RELIABILITY = 0.15, 0.70
# How much wider intervals are where there is little room, as a share of their width at a room of 1.
WIDER_SPREAD, WIDER_RELIABILITY = 0.05, 0.15
_LEAST_ROOM = 0.05


def room(n: int, share: float) -> float:
    """How much n pupils with that mean share of the full marks can show of a spread.

    Examples
    --------
    >>> round(room(30, 0.9), 2), round(room(30, 0.7), 2)
    (0.3, 2.7)
    """
    return n * min(share, 1.0 - share) ** 2


def room_of(centred: Centred) -> float:
    """The room that the pupils of an exam have; that of the middle of the scale without any marks."""
    n, offered = int(centred.present.sum()), float(centred.offered.sum())
    return room(n, float(centred.score.sum()) / offered if offered > 0.0 else 0.5)


def wider(room: FloatArray | float, by: float) -> FloatArray:
    """Factor of an interval's length on either side: pupils who are missing widen nothing themselves.

    Examples
    --------
    >>> wider(np.array([25.0, 0.5]), WIDER_RELIABILITY).round(3).tolist()
    [1.006, 1.3]
    """
    return np.asarray(1.0 + by / np.maximum(room, _LEAST_ROOM))


def near_edge(centred: Centred, least: float) -> Insufficient | None:
    """The refusal where the pupils of an exam have less room than that."""
    if not centred.present.any() or room_of(centred) >= least:
        return None
    return Insufficient(Reason.NEAR_EDGE, int(centred.present.sum()))


def kurtosis_between_ends(share: float, deviation: float) -> float:
    """Kurtosis of the beta distribution with that mean and standard deviation; 0 where there is none.

    Shares of a full mark lie between two ends: the nearer their mean to one of them, the longer their tail,
    whether or not a class happens to show it.
    """
    coin, variance = share * (1.0 - share), deviation**2
    if not 0.0 < variance < coin:
        return 0.0
    size = coin / variance - 1.0
    skew = (1.0 - 2.0 * share) ** 2 * (size + 1.0)
    excess = 6.0 * (skew - coin * (size + 2.0)) / (coin * (size + 2.0) * (size + 3.0))
    return float(np.maximum(3.0 + excess, 0.0))
