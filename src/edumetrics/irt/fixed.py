"""Owns calibration on an old scale: common items keep their parameters, the population moves.

Source: Kim (2006) J. Educ. Meas. 43, 355–381 (multiple weight updating, multiple EM cycles).
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.irt import em
from edumetrics.irt.calibration import calibrate_runner
from edumetrics.irt.choice import choose_models, make_problem
from edumetrics.irt.coding import Coding, learn_coding
from edumetrics.irt.report import _index
from edumetrics.irt.results import Calibration
from edumetrics.irt.settings import Settings
from edumetrics.results import Caution, FloatArray, Insufficient, IntArray, Reason
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import make_layout, pack

FEWEST_COMMON = 5  # with fewer, one item that drifted moves the whole scale
LEAST_SHARE = 0.2  # of the new paper: the usual rule for an anchor (Kolen & Brennan 2014, ch. 8)


def calibrate_on_scale(
    old: Calibration, matrix: ResponseMatrix, *, settings: Settings | None = None
) -> Calibration | Insufficient:
    """Calibrate a new paper on the scale of an old calibration through their common items.

    Parameters
    ----------
    old : Calibration
    matrix : ResponseMatrix
        Items that bear the same id in both are common; their old parameters stay.
    settings : Settings, optional

    Returns
    -------
    Calibration or Insufficient
        ``populations[0]`` has the mean and spread of the new pupils on the old scale.
        ``NOT_COMPARABLE`` with too few common items (`n` counts them).
    """
    settings = Settings() if settings is None else settings
    present = matrix.present
    n = int(present.sum())
    if n < settings.minimum_rasch:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    matrix = matrix.take_pupils(present)
    common = [item for item in old.coding.items if item in set(matrix.items)]
    if len(common) < FEWEST_COMMON or len(common) < LEAST_SHARE * matrix.n_items:
        return Insufficient(Reason.NOT_COMPARABLE, len(common))
    coded = learn_coding(matrix, settings.max_categories)
    new = coded.coding.take(
        np.array([item not in set(common) for item in coded.coding.items], dtype=np.bool_)
    )
    coding = _join(old.coding, common, new, matrix)
    shared = bool(old.problem.shared_slope)
    if new.items and not shared and n < settings.minimum_2pl:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)  # new slopes could not be estimated
    wanted_new, notes = choose_models(new, max(n, settings.minimum_2pl), "auto", settings)
    if shared:
        wanted_new = tuple("pcm" if c > 2 else "rasch" for c in new.n_categories)
    models = {item.item: item.model for item in old.items}
    wanted = [*(models[item] for item in common), *wanted_new]
    problem = make_problem(coding, wanted, 1, settings, np.ones(len(wanted)), n)
    place = {item: j for j, item in enumerate(old.coding.items)}
    rows = [place[item] for item in common]
    width = max(problem.fixed.shape[1], old.parameters.par.shape[1])
    fixed = np.zeros((len(wanted), width), dtype=np.bool_)
    fixed[: len(common)] = True
    fixed[:, 0] |= shared
    # New slopes are drawn to the level of the old paper.
    prior = problem.prior.copy()
    held = prior[:, 1] > 0.0
    prior[held, 0] = np.log(np.clip(old.parameters.par[:, 0], 0.1, 5.0)).mean()
    kind = np.concatenate([old.problem.kind[rows], problem.kind[len(common) :]])
    problem = em.Problem(
        kind, coding.n_categories, prior, fixed, False, np.ones(1, dtype=np.bool_), problem.theta
    )
    cats = coding.encode(matrix)
    seen = (cats >= 0).any(axis=1)
    layout = make_layout(coding.n_categories, np.asarray((cats < 0).any(axis=0)))
    with ThreadRunner([pack(cats[seen], layout)]) as runner:
        start = _start(problem, runner, old, rows, shared)
        anchored = Caution("common_items_fixed", tuple(common), MappingProxyType({"n": len(common)}))
        excluded = {item: why for item, why in coded.excluded.items() if item not in set(common)}
        return calibrate_runner(
            runner, problem, coding, wanted, ["all"], [int(seen.sum())], settings,
            excluded=MappingProxyType(excluded), cautions=[*coded.cautions, *notes, anchored], start=start,
            of_fixed=_covariance_of_fixed(problem, old, rows),
        )  # fmt: skip


def _covariance_of_fixed(problem: em.Problem, old: Calibration, rows: list[int]) -> FloatArray | None:
    """Covariance of the entries that stay as they were, item by item; a slope that all share is one entry."""
    if old.covariance is None:
        return None
    index = _index(old.problem)
    place: IntArray = np.array(
        [index[rows[j], h] if j < len(rows) else 0 for j, h in np.argwhere(problem.used & problem.fixed)]
    )
    # What was fixed in the old calibration as well has no covariance of its own there.
    own = (place >= 0).astype(np.float64)
    return np.asarray(old.covariance[np.ix_(place, place)] * own[:, None] * own)


def _start(
    problem: em.Problem, runner: ThreadRunner, old: Calibration, rows: list[int], shared: bool
) -> em.Parameters:
    first = em.start(problem, runner)
    par = first.par
    n_common = len(rows)
    par[:n_common] = 0.0
    par[:n_common, : old.parameters.par.shape[1]] = old.parameters.par[rows]
    if shared:
        par[:, 0] = old.parameters.par[0, 0]
    return em.Parameters(par, first.mean, first.sd)


def _join(old: Coding, common: list[str], new: Coding, matrix: ResponseMatrix) -> Coding:
    """Old categories of the common items, counted in the new answers, then the new items."""
    kept: NDArray[np.bool_] = np.array([item in set(common) for item in old.items], dtype=np.bool_)
    part = old.take(kept)
    cats = part.encode(matrix)
    counts = tuple(
        np.bincount(cats[cats[:, j] >= 0, j], minlength=int(m)).astype(np.int64)
        for j, m in enumerate(part.n_categories)
    )
    return Coding(part.items + new.items, part.edges + new.edges, part.marks + new.marks, counts + new.counts)
