"""Owns the calibration that continues a former one, after late or corrected marks."""

from __future__ import annotations

import numpy as np

from edumetrics.arrays import ResponseMatrix
from edumetrics.irt.calibration import calibrate, calibrate_runner
from edumetrics.irt.coding import coding_from_tallies, tallies
from edumetrics.irt.results import Calibration, Classical
from edumetrics.irt.robust import with_robust_guessing
from edumetrics.irt.settings import LogNormal, Settings
from edumetrics.irt.spread_limits import with_limits_of_few
from edumetrics.results import Provenance
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import make_layout, pack


def recalibrate(calibration: Calibration, matrix: ResponseMatrix) -> Calibration | Classical:
    """Calibrate again after late or corrected marks, starting from the former parameters.

    Parameters
    ----------
    calibration : Calibration
        Of one population.
    matrix : ResponseMatrix
        All answers, the late ones included.

    Returns
    -------
    Calibration or Classical
        Where the late marks bring new items or new kinds of marks, the exam is calibrated from scratch.
    """
    settings = _settings_of(calibration.provenance)
    fresh = coding_from_tallies(matrix.items, tallies(matrix), settings.max_categories)[0]
    same = len(calibration.populations) == 1 and fresh.items == calibration.coding.items
    same = same and all(
        len(a) == len(b) and np.array_equal(a, b)
        for a, b in zip(fresh.edges, calibration.coding.edges, strict=True)
    )
    if not same:
        return calibrate(matrix, settings=settings)
    cats = fresh.encode(matrix)
    cats = cats[(cats >= 0).any(axis=1)]
    layout = make_layout(fresh.n_categories, np.asarray((cats < 0).any(axis=0)))
    with ThreadRunner([pack(cats, layout)]) as runner:
        found = calibrate_runner(
            runner,
            calibration.problem,
            fresh,
            [item.model for item in calibration.items],
            [calibration.populations[0].label],
            [len(cats)],
            settings,
            excluded=calibration.excluded,
            start=calibration.parameters,
        )
    one = np.zeros(len(cats), dtype=np.int64)
    found = with_robust_guessing(found, cats, one)
    return with_limits_of_few(found, cats, one, len(cats) < settings.minimum_2pl)


def _settings_of(provenance: Provenance) -> Settings:
    values = dict(provenance.settings)
    if isinstance(values["slope_prior"], dict):
        values["slope_prior"] = LogNormal(**values["slope_prior"])
    return Settings(**values)
