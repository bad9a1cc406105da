"""Owns the calibration of answers that lie in Parquet files, in bounded memory (needs polars)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edumetrics.errors import TooFewPupils
from edumetrics.irt.calibration import calibrate_runner
from edumetrics.irt.choice import choose_models, make_problem
from edumetrics.irt.coding import coding_from_tallies
from edumetrics.irt.results import Calibration
from edumetrics.irt.settings import Settings
from edumetrics.runners.packing import make_layout
from edumetrics.runners.parquet import BATCH, ParquetRunner, tally_columns


def calibrate_parquet(
    paths: Sequence[str | Path],
    items: Sequence[str],
    model: str = "auto",
    *,
    settings: Settings | None = None,
    keep: bool = True,
    batch: int = BATCH,
) -> Calibration:
    """Calibrate answers that lie in Parquet files, one row a pupil, one column an item.

    Parameters
    ----------
    paths : sequence of path
    items : sequence of str
        Columns of marks; null or NaN where there is none.
    model : str
        As in `calibrate`.
    keep : bool
        Hold packed answers between passes, ten bytes a pupil; False reads the files in every pass.
    batch : int
        Rows in memory at once.

    Raises
    ------
    TooFewPupils
        If there are fewer pupils than a slope needs: then `calibrate` is the right call.
    """
    settings = Settings() if settings is None else settings
    counted = tally_columns(paths, items)
    most = max((int(freq.sum()) for _, freq in counted), default=0)
    if most < settings.minimum_2pl:
        raise TooFewPupils(value=f"{most} pupils: use calibrate, which falls back to simpler models")
    coding, excluded, cautions = coding_from_tallies(items, counted, settings.max_categories)
    layout = make_layout(coding.n_categories, [True] * len(coding.items))
    runner = ParquetRunner(paths, coding.items, layout, encode=coding.encode_columns, keep=keep, batch=batch)
    wanted, notes = choose_models(coding, runner.n, model, settings)
    trusted = np.ones(len(coding.items))  # so many pupils need no prior that a wrong key could hide behind
    problem = make_problem(coding, wanted, 1, settings, trusted, runner.n)
    return calibrate_runner(
        runner, problem, coding, wanted, ["all"], [runner.n], settings,
        excluded=excluded, cautions=[*cautions, *notes],
    )  # fmt: skip
