"""Standard error of measurement along the scale of totals."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from edumetrics.ctt.edge import ROOM_FOR_SPREAD, near_edge
from edumetrics.ctt.scores import TIE, Centred
from edumetrics.results import Estimate, FloatArray, Insufficient, Outcome, Reason


@dataclass(frozen=True, slots=True)
class ConditionalSem:
    """Standard error of measurement of pupils whose totals lie in [`low`, `high`]."""

    low: float
    high: float
    sem: Outcome


def conditional_sem(centred: Centred, *, bands: int = 8, level: float = 0.95) -> tuple[ConditionalSem, ...]:
    r"""Standard error of measurement along the scale of totals.

    Notes
    -----
    :math:`e_i^2 = \frac{J}{J-1}\sum_j (x_{ij}-\bar x_j-(X_i-\bar X)/J)^2` is an estimate of pupil i's error
    variance whose mean is :math:`\mathrm{SEM}^2` exactly; it is averaged within bands of equal numbers
    of pupils, whole totals kept together (Feldt & Qualls 1996; Brennan 1998). Needs complete marks and
    25 pupils, and room to show a spread (`edumetrics.ctt.edge`).
    """
    present = centred.present
    items = centred.valid.shape[1]
    if present.sum() < 25 or items < 2 or not centred.complete:
        return ()
    if near_edge(centred, ROOM_FOR_SPREAD) is not None:
        return ()
    own = _person_error(centred)
    totals = centred.of_present(centred.score)
    order = np.argsort(totals)
    ordered = totals[order]
    wanted = max(1, min(bands, len(ordered) // 15))
    edges = [0]
    for cut in (np.arange(1, wanted) * len(ordered)) // wanted:
        place = int(np.searchsorted(ordered, ordered[cut] - TIE))
        if place > edges[-1]:
            edges.append(place)
    edges.append(len(ordered))
    out = []
    for first, last in pairwise(edges):
        errors = own[order[first:last]]
        out.append(ConditionalSem(float(ordered[first]), float(ordered[last - 1]), _root_mean(errors, level)))
    return tuple(out)


def _person_error(centred: Centred) -> FloatArray:
    total, own = centred.of_present(centred.total), centred.of_present(centred.own)
    items, n = centred.valid.shape[1], len(total)
    residual = np.maximum(own - total**2 / items, 0.0)
    return np.asarray(residual * items / (items - 1) * n / max(n - 1, 1))


def _root_mean(squares: FloatArray, level: float) -> Outcome:
    n = len(squares)
    mean = float(squares.mean())
    if n < 5:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    if mean <= TIE:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    se = float(np.std(squares, ddof=1)) / np.sqrt(n)
    half = float(special.stdtrit(n - 1, 0.5 + level / 2.0)) * se / mean
    root = float(np.sqrt(mean))
    return Estimate(
        root,
        se / (2.0 * root),
        root * float(np.exp(-half / 2.0)),
        root * float(np.exp(half / 2.0)),
        n,
        "anova/log-normal",
        level,
    )
