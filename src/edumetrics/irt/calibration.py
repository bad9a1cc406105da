"""Owns the one call that calibrates an exam: fit, standard errors, warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.errors import GroupTooSmall, ShapeMismatch
from edumetrics.irt import em
from edumetrics.irt.answers_alone import with_answers_alone
from edumetrics.irt.choice import (
    check_model,
    choose_models,
    make_problem,
    may_hold_slopes,
    rest_correlation,
)
from edumetrics.irt.classical import classical
from edumetrics.irt.coding import Coded, Coding, learn_coding
from edumetrics.irt.errors import covariance
from edumetrics.irt.information import exam_information
from edumetrics.irt.learnt_priors import with_learnt_asymptotes, with_learnt_slopes
from edumetrics.irt.mstep import MAX_SLOPE
from edumetrics.irt.report import LEAST_GROUP, item_calibrations, n_parameters, population_reports
from edumetrics.irt.results import Calibration, Classical
from edumetrics.irt.robust import with_robust_guessing
from edumetrics.irt.settings import VERSION, Settings
from edumetrics.irt.spread_limits import with_limits_of_few
from edumetrics.linked import papers_apart
from edumetrics.results import Caution, FloatArray, Insufficient, Provenance, Reason
from edumetrics.runners.local import Runner, ThreadRunner
from edumetrics.runners.packing import make_layout, pack
from edumetrics.runners.vectors import padded

# A large calibration starts from the maximum of a sample: full passes are then few.
SAMPLE_START_ABOVE, SAMPLE_START, SAMPLE_TOLERANCE = 50_000, 6_000, 0.05
# The sum over nodes equals the integral to 1e−5 while the spacing is below this many posterior sds.
SPACING_PER_SD, MOST_NODES = 1.25, 384
# A population wider than the reference is cut off where a millionth of it lies outside the nodes; a grid
# made for one is a little wider, so that the last steps do not ask for another.
REACH_SDS, REACH_MARGIN = 4.5, 1.05


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    labels: tuple[str, ...]
    index: NDArray[np.int64]
    sizes: tuple[int, ...]


def calibrate(
    matrix: ResponseMatrix,
    model: str | Mapping[str, str] = "auto",
    *,
    groups: Sequence[object] | None = None,
    settings: Settings | None = None,
) -> Calibration | Classical:
    """Calibrate an exam.

    Parameters
    ----------
    matrix : ResponseMatrix
        Marks, NaN where there is none (by design or otherwise): such cells do not count.
    model : str or mapping of item to str
        ``"auto"`` takes 2PL for right/wrong items and generalised partial credit for others, as
        far as the number of pupils allows. ``"rasch"``, ``"2pl"``, ``"3pl"``, ``"gpcm"``,
        ``"graded"`` ask for one; items with more than two categories become GPCM under ``"2pl"``
        and ``"3pl"``. A mapping mixes; items that it does not name are ``"auto"``.
    groups : sequence, one label per pupil, optional
        Populations with their own mean and spread of ability; the largest is the reference, which must have
        two pupils or more (`GroupTooSmall` names it).
    settings : Settings, optional

    Returns
    -------
    Calibration or Classical
        `Classical` where there are too few pupils or usable items for any response model.
    """
    settings = Settings() if settings is None else settings
    check_model(model, matrix.items)
    if groups is not None and len(groups) != matrix.n_pupils:
        raise ShapeMismatch(value=f"{len(groups)} groups for {matrix.n_pupils} pupils")
    present = matrix.present
    n = int(present.sum())
    if n < matrix.n_pupils and n > 0:
        groups = None if groups is None else [g for g, here in zip(groups, present, strict=True) if here]
        matrix = matrix.take_pupils(present)
    if n < settings.minimum_rasch:
        reason = Reason.NO_RESPONSES if n == 0 else Reason.TOO_FEW_PUPILS
        return classical(matrix, Insufficient(reason, n), settings)
    coded = learn_coding(matrix, settings.max_categories)
    if len(coded.coding.items) < settings.minimum_items:
        return classical(matrix, Insufficient(Reason.TOO_FEW_ITEMS, len(coded.coding.items)), settings)
    return _calibrate_coded(coded, n, model, _group(groups, n), settings)


def _calibrate_coded(
    coded: Coded, n: int, model: str | Mapping[str, str], groups: _Groups, settings: Settings
) -> Calibration:
    coding, cats = coded.coding, coded.categories
    wanted, cautions = choose_models(coding, n, model, settings)
    with_rest = (
        rest_correlation(coding, cats) if may_hold_slopes(wanted, n, settings) else np.ones(len(wanted))
    )
    problem = make_problem(coding, wanted, len(groups.labels), settings, with_rest, n)
    notes = [*coded.cautions, *cautions]
    missing = np.asarray((cats < 0).any(axis=0))
    if missing.all() and (papers := papers_apart(cats)) > 1:
        notes.append(Caution("papers_not_linked", data=MappingProxyType({"papers": papers})))
    layout = make_layout(coding.n_categories, missing)
    with ThreadRunner([pack(cats, layout, groups.index)]) as runner:
        found = calibrate_runner(
            runner, problem, coding, wanted, groups.labels, groups.sizes, settings,
            excluded=coded.excluded, cautions=notes,
        )  # fmt: skip
    found = with_robust_guessing(found, cats, groups.index)
    return with_limits_of_few(found, cats, groups.index, n < settings.minimum_2pl)


def calibrate_runner(
    runner: Runner,
    problem: em.Problem,
    coding: Coding,
    wanted: Sequence[str],
    labels: Sequence[str],
    sizes: Sequence[int],
    settings: Settings,
    *,
    excluded: Mapping[str, Insufficient] = MappingProxyType({}),
    cautions: Sequence[Caution] = (),
    start: em.Parameters | None = None,
    of_fixed: FloatArray | None = None,
) -> Calibration:
    """Calibrate answers that some engine holds (see `edumetrics.runners`).

    ``start`` continues from former parameters: when one school's late marks arrive, a few passes do.
    ``of_fixed`` is the covariance of the problem's fixed entries (see `edumetrics.irt.errors.covariance`).
    """
    problem, fit = fit_model(problem, runner, settings, start)
    notes = [*cautions, *_fit_cautions(problem, coding, fit)]
    plain = covariance(problem, runner, fit) if settings.standard_errors else None
    cov = plain if plain is None or of_fixed is None else covariance(problem, runner, fit, of_fixed)
    if settings.standard_errors and cov is None:
        notes.append(Caution("flat_likelihood"))
    k = n_parameters(problem)
    model = "+".join(sorted(set(wanted)))
    found = Calibration(
        model=model,
        items=item_calibrations(problem, fit.parameters, coding, wanted, cov),
        excluded=excluded,
        populations=population_reports(problem, fit.parameters, labels, sizes, cov),
        loglik=fit.loglik,
        n=runner.n,
        n_parameters=k,
        aic=-2.0 * fit.loglik + 2.0 * k,
        bic=-2.0 * fit.loglik + float(np.log(runner.n)) * k,
        provenance=Provenance(model, VERSION, settings.as_mapping(), tuple(notes)),
        coding=coding,
        problem=problem,
        parameters=fit.parameters,
        covariance=cov,
        plain_covariance=plain,
        carried_covariance=None if cov is None or plain is None or plain is cov else cov - plain,
    )
    return with_answers_alone(found, fit, runner, settings, _fine_enough, of_fixed)


def fit_model(
    problem: em.Problem, runner: Runner, settings: Settings, start: em.Parameters | None
) -> tuple[em.Problem, em.Fit]:
    """Climb to the maximum on a grid fine enough for it; returns the problem with that grid."""
    first = start
    if start is None and settings.slope_prior == "auto":
        problem = with_learnt_slopes(problem, runner)
    if start is None:
        problem = with_learnt_asymptotes(problem, runner)
    if start is None and runner.n > SAMPLE_START_ABOVE:
        sample = runner.sample(SAMPLE_START)
        if sample is not None:
            with ThreadRunner([sample], per_thread=SAMPLE_START // 3) as small:
                rough = em.fit(problem, small, None, SAMPLE_TOLERANCE, 60, _fine_enough)
            problem, first = rough.problem, rough.parameters
    fit = em.fit(problem, runner, first, settings.tolerance, settings.max_evaluations, _fine_enough)
    return fit.problem, fit


def _fine_enough(problem: em.Problem, parameters: em.Parameters) -> em.Problem:
    """The problem itself, or with nodes as close as its posteriors and as far out as its populations need."""
    information = float(exam_information(problem, parameters).max())
    narrowest = 1.0 / np.sqrt(information + 1.0 / float(parameters.sd.min()) ** 2)
    reach = float(np.max(np.abs(parameters.mean) + REACH_SDS * parameters.sd))
    wide = reach <= problem.theta[-1]
    spacing = float(problem.theta[1] - problem.theta[0])
    if wide and (spacing <= SPACING_PER_SD * narrowest or len(problem.theta) >= MOST_NODES):
        return problem
    bound = float(problem.theta[-1]) if wide else REACH_MARGIN * reach
    needed = padded(int(np.ceil(2.0 * bound / (SPACING_PER_SD * narrowest))) + 1)
    return problem.with_nodes(min(max(needed, len(problem.theta)), MOST_NODES), bound)


def _fit_cautions(problem: em.Problem, coding: Coding, fit: em.Fit) -> list[Caution]:
    slopes = fit.parameters.par[:, 0]
    notes = []
    if not fit.converged:
        notes.append(Caution("not_converged", data=MappingProxyType({"evaluations": fit.evaluations})))
    for code, where in (
        ("negative_slope", slopes < 0),
        ("slope_at_bound", np.abs(slopes) > 0.95 * MAX_SLOPE),
    ):
        named = tuple(coding.items[j] for j in np.flatnonzero(where))
        if named:
            notes.append(Caution(code, named))
    return notes


def _group(groups: Sequence[object] | None, n: int) -> _Groups:
    if groups is None:
        return _Groups(("all",), np.zeros(n, dtype=np.int64), (n,))
    labels, index, sizes = np.unique([str(g) for g in groups], return_inverse=True, return_counts=True)
    order = np.argsort(-sizes, kind="stable")
    if sizes[order[0]] < LEAST_GROUP:
        raise GroupTooSmall(value=str(labels[order[0]]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return _Groups(tuple(str(labels[i]) for i in order), place[index], tuple(int(sizes[i]) for i in order))
