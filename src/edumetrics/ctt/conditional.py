"""Standard error of measurement along the scale of totals."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from edumetrics.ctt.edge import ROOM_FOR_SPREAD, near_edge
from edumetrics.ctt.scores import TIE, Centred
from edumetrics.results import Estimate, FloatArray, Insufficient, IntArray, Outcome, Reason


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

    Pupils are taken as drawn, and with them the item means, which all :math:`e_i^2` share: on a paper of
    unequal full marks these move an end band as a whole (`_through_item_means`).
    """
    present = centred.present
    items = centred.valid.shape[1]
    if present.sum() < 25 or items < 2 or not centred.complete:
        return ()
    if near_edge(centred, ROOM_FOR_SPREAD) is not None:
        return ()
    errors, residuals = _person_error(centred), _residuals(centred)
    gram = residuals.T @ residuals
    most = float(np.sqrt(items / (items - 1) * np.sum(centred.full**2)))
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
        band = order[first:last]
        moved = _through_item_means(residuals, gram, band)
        sem = _root_mean(errors, moved, band, most, level)
        out.append(ConditionalSem(float(ordered[first]), float(ordered[last - 1]), sem))
    return tuple(out)


def _person_error(centred: Centred) -> FloatArray:
    total, own = centred.of_present(centred.total), centred.of_present(centred.own)
    items, n = centred.valid.shape[1], len(total)
    residual = np.maximum(own - total**2 / items, 0.0)
    return np.asarray(residual * items / (items - 1) * n / max(n - 1, 1))


def _residuals(centred: Centred) -> FloatArray:
    """Deviations less the pupil's mean deviation: pupils × items, rows and columns sum to 0."""
    deviations, total = centred.of_present(centred.deviations), centred.of_present(centred.total)
    return np.asarray(deviations - total[:, None] / centred.valid.shape[1])


def _through_item_means(residuals: FloatArray, gram: FloatArray, band: IntArray) -> FloatArray:
    r"""How far each pupil of the exam moves the band's mean :math:`e^2` through the item means.

    Parameters
    ----------
    residuals : float array, pupils × items
    gram : float array, items × items
        Products of the columns of `residuals`, summed over all pupils.
    band : int array
        Rows of the band's pupils.

    Notes
    -----
    With :math:`\bar r_j` the band's mean residual at item j, the mean :math:`e^2` changes by
    :math:`-\frac{2J}{J-1}\bar r_j` per mark of :math:`\bar x_j`, and pupil i of N moves :math:`\bar x_j` by
    :math:`(x_{ij}-\bar x_j)/N`; as :math:`\sum_j\bar r_j = 0`, his residual does as well as his deviation.
    Where full marks are unequal, pupils of the lowest band all fall short at the big items, those of the
    highest all stand above, and :math:`\bar r_j` is large there.

    Chance alone gives :math:`\bar r` some size too. What it adds to the sum of squares over pupils,
    :math:`N(1/n-1/N)\,\mathrm{tr}(S_{band}S)` with n pupils in the band, is taken off: it would make
    intervals of 30 and 60 pupils on papers of equal full marks too wide.
    """
    (pupils, items), n = residuals.shape, len(band)
    here = residuals[band]
    lean = here.mean(axis=0)
    moved = residuals @ lean
    apart = here - lean
    chance = (1.0 / n - 1.0 / pupils) * float(np.sum(apart.T @ apart * gram)) / max(n - 1, 1)
    square = float(moved @ moved)
    if square <= chance:
        return np.zeros(pupils)
    beyond = float(np.sqrt(1.0 - chance / square))
    return np.asarray(-2.0 * items / ((items - 1) * (pupils - 1)) * beyond * moved)


def _root_mean(errors: FloatArray, moved: FloatArray, band: IntArray, most: float, level: float) -> Outcome:
    """Root of the mean error variance in a band; `moved` as `_through_item_means` gives it.

    `most` marks are the largest root that full marks allow: where two or three items show hardly any error,
    the scale of logarithms would go far beyond.
    """
    n = len(band)
    squares = errors[band]
    mean = float(squares.mean())
    if n < 5:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    if mean <= TIE:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    influence = moved.copy()
    influence[band] += (squares - mean) / n
    se = float(np.sqrt(n / (n - 1) * (influence @ influence)))
    half = float(special.stdtrit(n - 1, 0.5 + level / 2.0)) * se / mean
    root = float(np.sqrt(mean))
    return Estimate(
        root,
        se / (2.0 * root),
        root * float(np.exp(-half / 2.0)),
        root * float(np.exp(min(half / 2.0, np.log(most / root)))),
        n,
        "anova/log-normal",
        level,
    )
