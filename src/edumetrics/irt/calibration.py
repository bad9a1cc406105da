"""Owns the one call that calibrates an exam: choice of model, fit, standard errors, warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.errors import BadSetting, GroupTooSmall, ShapeMismatch, UnknownName
from edumetrics.irt import em
from edumetrics.irt.answers_alone import with_answers_alone
from edumetrics.irt.classical import classical
from edumetrics.irt.coding import Coded, Coding, learn_coding
from edumetrics.irt.errors import covariance
from edumetrics.irt.information import exam_information
from edumetrics.irt.learnt_priors import with_learnt_asymptotes, with_learnt_slopes
from edumetrics.irt.models import GPCM, GRADED, GUESSING
from edumetrics.irt.mstep import MAX_SLOPE
from edumetrics.irt.report import LEAST_GROUP, item_calibrations, n_parameters, population_reports
from edumetrics.irt.results import Calibration, Classical
from edumetrics.irt.settings import MODELS, VERSION, LogNormal, Settings
from edumetrics.irt.spread_limits import with_limits_of_few
from edumetrics.linked import papers_apart
from edumetrics.results import Caution, FloatArray, Insufficient, IntArray, Provenance, Reason
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
    _check_model(model, matrix.items)
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
        _rest_correlation(coding, cats) if _may_hold_slopes(wanted, n, settings) else np.ones(len(wanted))
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


def make_problem(
    coding: Coding,
    wanted: Sequence[str],
    n_populations: int,
    settings: Settings,
    rest_correlation: FloatArray,
    n: int,
) -> em.Problem:
    """Translate names of models and settings into arrays."""
    n_items = len(coding.items)
    n_categories = coding.n_categories
    kinds: IntArray = np.array(
        [GUESSING if w == "3pl" else GRADED if w == "graded" else GPCM for w in wanted], dtype=np.int64
    )
    shared = wanted[0] in ("rasch", "pcm")
    prior = np.zeros((n_items, 5))
    slope = settings.slope_prior
    if slope == "auto":
        slope = LogNormal() if n < settings.weak_data else None
    if isinstance(slope, LogNormal) and not shared:
        prior[rest_correlation > 0, 0:2] = slope.mean, slope.sd
    if settings.intercept_sd is not None:
        prior[:, 2] = settings.intercept_sd
    guess = kinds == GUESSING
    prior[guess, 3:5] = settings.guessing_prior
    if slope is None and not shared:  # c and a of one item trade against each other: a always needs a hold
        prior[guess & (rest_correlation > 0), 0:2] = 0.0, 1.0
    width = max(int(n_categories.max()), 3)
    free = np.arange(n_populations) > 0
    return em.Problem(kinds, n_categories, prior, np.zeros((n_items, width), bool), shared, free, em.grid())


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


def _check_model(model: str | Mapping[str, str], items: Sequence[str]) -> None:
    named = [model] if isinstance(model, str) else list(model.values())
    for one in named:
        if one not in MODELS:
            raise BadSetting(value=f"unknown model {one!r}; known are {', '.join(MODELS)}")
    if not isinstance(model, str):
        unknown = set(model) - set(items)
        if unknown:
            raise UnknownName(value=f"the exam has no item {sorted(unknown)[0]!r}")


def choose_models(
    coding: Coding, n: int, model: str | Mapping[str, str], settings: Settings
) -> tuple[tuple[str, ...], list[Caution]]:
    """Model of each item after the fallback, and what the reader must be told."""
    asked = [model if isinstance(model, str) else model.get(item, "auto") for item in coding.items]
    several = coding.n_categories > 2
    counts = MappingProxyType({"n": n, "needed": settings.minimum_2pl})
    if n < settings.minimum_2pl or all(a == "rasch" for a in asked):
        forced = tuple(item for item, a in zip(coding.items, asked, strict=True) if a != "rasch")
        notes = [Caution("fell_back_to_rasch", forced, counts)] if forced else []
        return tuple("pcm" if s else "rasch" for s in several), notes
    if "rasch" in asked:
        raise BadSetting(value="a shared slope holds for all items or for none: Rasch cannot be mixed")
    out, refused = [], []
    for item, a, s in zip(coding.items, asked, several, strict=True):
        if a == "3pl" and not s and n < settings.minimum_3pl:
            refused.append(item)
        if a == "graded":
            out.append("graded" if s else "2pl")
        elif a == "3pl" and not s and n >= settings.minimum_3pl:
            out.append("3pl")
        else:
            out.append("gpcm" if s else "2pl")
    counts = MappingProxyType({"n": n, "needed": settings.minimum_3pl})
    notes = [Caution("fell_back_to_2pl", tuple(refused), counts)] if refused else []
    return tuple(out), notes


def _may_hold_slopes(wanted: Sequence[str], n: int, settings: Settings) -> bool:
    """Whether a slope could get a prior, which only an item that goes with the others may have."""
    automatic = settings.slope_prior == "auto"
    prior = n < settings.weak_data if automatic else settings.slope_prior is not None
    return prior or "3pl" in wanted


def _rest_correlation(coding: Coding, cats: NDArray[np.int16]) -> FloatArray:
    """Correlation of each item with the mean share of the others (zero where undefined)."""
    share = cats / (coding.n_categories - 1.0)
    seen = cats >= 0
    share = np.where(seen, share, 0.0)
    total, answered = share.sum(axis=1), seen.sum(axis=1)
    out = np.zeros(cats.shape[1])
    for j in range(cats.shape[1]):
        rows = seen[:, j] & (answered > 1)
        if rows.sum() > 2:
            x = share[rows, j]
            rest = (total[rows] - x) / (answered[rows] - 1)
            x, rest = x - x.mean(), rest - rest.mean()
            size = float(np.sqrt((x @ x) * (rest @ rest)))
            out[j] = float(x @ rest) / size if size > 0 else 0.0
    return out


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
