"""Linking of two whole calibrations by the right/wrong items that they share, with the errors of both."""

from __future__ import annotations

from typing import Literal

import numpy as np

from edumetrics.anchors import MIN_ANCHORS
from edumetrics.irt.models import GUESSING
from edumetrics.irt.report import _index
from edumetrics.irt.results import Calibration
from edumetrics.linking.irt_scale import ScaleLink, link_scales
from edumetrics.results import FloatArray, Insufficient, Reason


def link_calibrations(
    new: Calibration,
    old: Calibration,
    *,
    method: Literal["stocking_lord", "haebara"] = "stocking_lord",
    drop_drifted: bool = True,
) -> ScaleLink | Insufficient:
    """Find the line that takes the abilities of `new` to the scale of `old`.

    Items with the same id, two categories and a positive slope in both are anchors. Their covariances go into
    the standard errors, so that these hold which pupils happened to be calibrated (see `link_scales`).

    Returns
    -------
    ScaleLink, or Insufficient: TOO_FEW_ITEMS; NOT_COMPARABLE when more than a third of the anchors drifted;
    NOT_IDENTIFIED where a calibration has no standard errors.
    """
    place = {item: j for j, item in enumerate(old.coding.items)}
    rows = [(j, place[item]) for j, item in enumerate(new.coding.items) if item in place]
    rows = [(j, k) for j, k in rows if _usable(new, j) and _usable(old, k)]
    if len(rows) < MIN_ANCHORS:
        return Insufficient(Reason.TOO_FEW_ITEMS, len(rows))
    parts = [_anchors(new, [j for j, _ in rows]), _anchors(old, [k for _, k in rows])]
    if parts[0] is None or parts[1] is None:
        return Insufficient(Reason.NOT_IDENTIFIED, len(rows))
    (table_new, covariance_new), (table_old, covariance_old) = parts[0], parts[1]
    b = slice(len(rows), 2 * len(rows))
    # The new difficulties are taken to the old scale before they are compared.
    scale = float(np.median(table_new[0] / table_old[0]))
    spread = scale**2 * np.diag(covariance_new)[b] + np.diag(covariance_old)[b]
    return link_scales(
        tuple(new.coding.items[j] for j, _ in rows),
        table_new[0],
        table_new[1],
        table_old[0],
        table_old[1],
        c_new=table_new[2],
        c_old=table_old[2],
        difference_se=np.sqrt(np.maximum(spread, 1e-12)),
        covariance_new=covariance_new,
        covariance_old=covariance_old,
        method=method,
        drop_drifted=drop_drifted,
    )


def _usable(calibration: Calibration, j: int) -> bool:
    return calibration.problem.n_categories[j] == 2 and calibration.parameters.par[j, 0] > 0.0


def _anchors(calibration: Calibration, rows: list[int]) -> tuple[FloatArray, FloatArray] | None:
    """(a, b, c) of the items (3, A), and the covariance of all a, all b, all c (3A, 3A)."""
    if calibration.covariance is None:
        return None
    par, guesses = calibration.parameters.par[rows], calibration.problem.kind[rows] == GUESSING
    c = np.zeros(len(rows))
    c[guesses] = 1.0 / (1.0 + np.exp(-par[guesses, 2]))
    a, b = par[:, 0], -par[:, 1] / par[:, 0]
    index = np.concatenate(list(_index(calibration.problem)[rows, :3].T))
    free = index >= 0
    raw = np.zeros((len(index), len(index)))
    raw[np.ix_(free, free)] = calibration.covariance[np.ix_(index[free], index[free])]
    size = len(rows)
    slopes = np.eye(3 * size)
    slopes[size : 2 * size, :size] = np.diag(-b / a)
    slopes[size : 2 * size, size : 2 * size] = np.diag(-1.0 / a)
    slopes[2 * size :, 2 * size :] = np.diag(c * (1.0 - c))
    return np.vstack([a, b, c]), slopes @ raw @ slopes.T
