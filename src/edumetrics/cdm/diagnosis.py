"""Owns the one call that diagnoses an exam: checks, priors, starts, fit, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.cdm import em, sparse
from edumetrics.cdm.classes import ClassSpace, TooManyClasses, class_space
from edumetrics.cdm.estimation import estimate, inhabited, lean_on_ability, unpenalised_ridge
from edumetrics.cdm.higher_order import needs_ability
from edumetrics.cdm.monotone import neighbours
from edumetrics.cdm.pairs import pair_fit
from edumetrics.cdm.report import item_reports, mastery_reports, point_reports
from edumetrics.cdm.results import ClassModelResult
from edumetrics.cdm.rival import rule_holds, widened
from edumetrics.cdm.settings import VERSION, Settings
from edumetrics.cdm.uncertainty import covariance, places
from edumetrics.errors import BadWeights, ShapeMismatch
from edumetrics.irt.coding import Coding, learn_coding
from edumetrics.results import Caution, FloatArray, Insufficient, Provenance, Reason
from edumetrics.runners.packing import Shard, pack
from edumetrics.runners.stats import posterior

FEWEST_MEMBERS = 15.0  # expected pupils behind a chance that is to be believed
RIDGE_SE = 0.15
EXTREME = 0.6  # a slip or guess beyond this makes the item's points doubtful


def diagnose(
    matrix: ResponseMatrix,
    q: ArrayLike,
    model: str = "dina",
    *,
    points: Sequence[str] | None = None,
    prerequisites: Sequence[tuple[int, int]] = (),
    settings: Settings | None = None,
) -> ClassModelResult | Insufficient:
    """Diagnose which pupils master which points.

    Parameters
    ----------
    matrix : ResponseMatrix
        Marks; partial marks become up to five ordered categories, nothing is cut at a half.
    q : (J, K) array of 0/1
        Points that each item needs.
    model : {"dina", "dino", "gdina", "acdm"}
    points : sequence of str, optional
        Names of the points; numbered from 1 when left out.
    prerequisites : sequence of (before, after)
        Indices of points: nobody masters ``after`` without ``before``.
    settings : Settings, optional

    Returns
    -------
    ClassModelResult or Insufficient

    Raises
    ------
    ShapeMismatch, BadWeights, TooManyClasses, CircularPrerequisites
    """
    settings = Settings() if settings is None else settings
    needs = _checked_q(q, matrix)
    names = tuple(str(k + 1) for k in range(needs.shape[1])) if points is None else tuple(points)
    if len(names) != needs.shape[1]:
        raise ShapeMismatch(value=f"{len(names)} names for {needs.shape[1]} points")
    n = int(matrix.present.sum())
    if n < settings.minimum_pupils:
        return Insufficient(Reason.NO_RESPONSES if n == 0 else Reason.TOO_FEW_PUPILS, n)
    coded = learn_coding(matrix, settings.max_categories)
    row = {item: j for j, item in enumerate(matrix.items)}
    kept = np.array([needs[row[item]].any() for item in coded.coding.items], dtype=np.bool_)
    excluded = dict(coded.excluded)
    cautions = list(coded.cautions)
    pointless = tuple(item for item, keep in zip(coded.coding.items, kept, strict=True) if not keep)
    for item in pointless:
        excluded[item] = Insufficient(Reason.NOT_IDENTIFIED, n)
    if pointless:
        cautions.append(Caution("item_without_point", pointless))
    if kept.sum() < 2:
        return Insufficient(Reason.TOO_FEW_ITEMS, int(kept.sum()))
    coding = coded.coding.take(kept)
    categories = np.ascontiguousarray(coded.categories[:, kept])
    used_q = needs[[row[item] for item in coding.items]]
    space = class_space(used_q, model, prerequisites)
    problem = make_problem(space, coding, model, settings, n)
    present = (categories >= 0).any(axis=1)
    shard = pack_for(space.n_classes, coding, categories[present])
    lean = settings.prior and needs_ability(shard.n, space, settings)
    if lean:
        problem = lean_on_ability(problem, shard, space, _shares(coding), model, prerequisites, settings)
        cautions.append(Caution("class_weights_lean_on_ability", data=MappingProxyType({"n": shard.n})))
    best, ridge = estimate(problem, shard, _shares(coding), settings)
    if settings.check_ridge:
        ridge |= unpenalised_ridge(problem, shard, best)
    implied = [
        len(m) - 1 - m.shape[1] for m, sums in zip(space.mastered, problem.additive, strict=True) if sums
    ]
    k_free = int((places(problem) >= 0).sum()) - sum(implied) + space.n_classes - 1
    n_classes, (space, problem, best) = space.n_classes, inhabited(space, problem, best, shard.n)
    post = _posteriors(problem, best.parameters, shard)
    cov = covariance(problem, best.parameters, categories[present], post)
    pairs = pair_fit(problem, best.parameters, categories[present], _worth(coding))
    if not pairs.fits:
        odd = tuple(coding.items[j] for j in np.flatnonzero(pairs.odd))
        data = MappingProxyType({"typical_residual": round(pairs.typical, 3)})
        cautions.append(Caution("model_does_not_fit", odd, data))
    unsettled = ridge | _weakly_known(problem, cov)
    cautions += _cautions(space, coding, names, best, unsettled, model)
    mastery, spread = mastery_reports(
        space, problem, best.parameters, cov, matrix, categories, used_q, settings
    )
    n_used = shard.n
    result = ClassModelResult(
        model=model,
        items=item_reports(space, problem, best, cov, coding, names),
        points=point_reports(space, post, spread, names, used_q),
        mastery=mastery,
        pupils=matrix.pupils,
        excluded=MappingProxyType(excluded),
        ridge=tuple(coding.items[j] for j in np.flatnonzero(unsettled)),
        loglik=best.loglik,
        n=n_used,
        n_classes=n_classes,
        n_parameters=k_free,
        aic=-2.0 * best.loglik + 2.0 * k_free,
        bic=-2.0 * best.loglik + float(np.log(n_used)) * k_free,
        provenance=Provenance(model, VERSION, settings.as_mapping(), tuple(cautions)),
        space=space,
        problem=problem,
        parameters=best.parameters,
        coding=coding,
    )
    # Pairs hardly betray an additive rule: it is judged by what the saturated model gains.
    if model == "gdina" or (pairs.fits and model != "acdm"):
        return result
    try:
        if class_space(used_q, "gdina", prerequisites).n_classes > sparse.SPARSE_ABOVE:
            return result
    except TooManyClasses:
        return result
    quick = replace(settings, check_ridge=False)
    rival = diagnose(matrix, needs, "gdina", prerequisites=prerequisites, settings=quick)
    if not isinstance(rival, ClassModelResult) or (pairs.fits and rule_holds(result, rival)):
        return result
    if pairs.fits:
        note = Caution(
            "model_does_not_fit", data=MappingProxyType({"typical_residual": round(pairs.typical, 3)})
        )
        known = result.provenance
        result = replace(result, provenance=replace(known, warnings=(*known.warnings, note)))
    return widened(result, rival)


def _worth(coding: Coding) -> FloatArray:
    """Share of the full mark (J, M) of each category."""
    out = np.zeros((len(coding.items), int(coding.n_categories.max())))
    for j, marks in enumerate(coding.marks):
        out[j, : len(marks)] = (marks - marks[0]) / (marks[-1] - marks[0])
    return out


def make_problem(space: ClassSpace, coding: Coding, model: str, settings: Settings, n: int) -> em.Problem:
    """Priors and constraints as arrays."""
    n_categories = coding.n_categories
    n_items, width, n_cats = len(coding.items), int(space.n_groups.max()), int(n_categories.max())
    n_groups = np.asarray(space.n_groups, dtype=np.int64)
    share = np.zeros((n_items, width))  # of the item's points that a group masters
    for j, mastered in enumerate(space.mastered):
        share[j, : len(mastered)] = mastered.sum(axis=1) / mastered.shape[1]
    weight = float(np.clip(settings.prior_share * n, 4.0, 50.0)) if settings.prior else 0.0
    level = settings.prior_low + (settings.prior_high - settings.prior_low) * share
    pairs = [neighbours(m) for m in space.mastered]
    links = np.concatenate([*pairs, np.zeros((0, 2), dtype=np.int64)])
    additive = (n_categories == 2) & (model == "acdm")
    most_points = max(m.shape[1] for m in space.mastered) if additive.any() else 0
    design = np.zeros((n_items, width, 1 + most_points))
    for item in np.flatnonzero(additive):
        groups, points = space.mastered[item].shape
        design[item, :groups, 0] = 1.0
        design[item, :groups, 1 : 1 + points] = space.mastered[item]
    return em.Problem(
        group=space.group,
        n_groups=n_groups,
        n_categories=n_categories,
        pseudo=weight * em.graded(level, np.ones((n_items, n_cats)), n_groups, n_categories),
        class_pseudo=np.full(space.n_classes, 1.0 / space.n_classes if settings.prior else 0.0),
        monotone=settings.monotone,
        links=links,
        first_link=np.concatenate([[0], np.cumsum([len(p) for p in pairs])]),
        additive=additive,
        design=design,
    )


def pack_for(n_classes: int, coding: Coding, categories: NDArray[np.int16]) -> Shard:
    """Pack answers into bytes of so few values that the tables of all classes stay in the cache."""
    missing = np.asarray((categories < 0).any(axis=0))
    return pack(categories, sparse.layout_for(coding.n_categories, missing, n_classes))


def _checked_q(q: ArrayLike, matrix: ResponseMatrix) -> NDArray[np.bool_]:
    array = np.asarray(q, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != matrix.n_items or array.shape[1] == 0:
        raise ShapeMismatch(value=f"Q-matrix of shape {array.shape} for {matrix.n_items} items")
    bad = ~(np.isfinite(array) & (array >= 0))
    if bad.any():
        j, k = np.argwhere(bad)[0]
        raise BadWeights(item=matrix.items[j], value=float(array[j, k]))
    return np.asarray(array > 0)


def _shares(coding: Coding) -> FloatArray:
    out = np.zeros((len(coding.items), int(coding.n_categories.max())))
    for j, counts in enumerate(coding.counts):
        out[j, : len(counts)] = counts / counts.sum()
    return out


def _posteriors(problem: em.Problem, parameters: em.Parameters, shard: Shard) -> FloatArray:
    return posterior(shard, em.node_model(problem, parameters))[0]


def _weakly_known(problem: em.Problem, cov: FloatArray) -> NDArray[np.bool_]:
    place = places(problem)
    out = np.zeros(len(place), dtype=np.bool_)
    for j in range(len(place)):
        rows = place[j][place[j] >= 0]
        out[j] = bool((np.sqrt(np.maximum(np.diag(cov)[rows], 0.0)) > RIDGE_SE).any())
    return out


def _cautions(
    space: ClassSpace,
    coding: Coding,
    names: tuple[str, ...],
    fit: em.Fit,
    unsettled: NDArray[np.bool_],
    model: str,
) -> list[Caution]:
    notes = []
    if not fit.converged:
        notes.append(Caution("not_converged", data=MappingProxyType({"evaluations": fit.evaluations})))
    if unsettled.any():
        notes.append(Caution("ridge_likelihood", tuple(coding.items[j] for j in np.flatnonzero(unsettled))))
    size = fit.counts.sum(axis=2)
    groups = np.arange(size.shape[1])[None, :] < space.n_groups[:, None]
    empty = (np.where(groups, size, np.inf) < FEWEST_MEMBERS).any(axis=1)
    if empty.any():
        notes.append(Caution("group_nearly_empty", tuple(coding.items[j] for j in np.flatnonzero(empty))))
    if model in ("dina", "dino"):
        worth = [np.linspace(0.0, 1.0, int(c)) for c in coding.n_categories]
        chance = fit.parameters.probability
        low = np.array([chance[j, 0, : len(w)] @ w for j, w in enumerate(worth)])
        top = np.array([chance[j, 1, : len(w)] @ w for j, w in enumerate(worth)])
        odd = (top < 1.0 - EXTREME) | (low > EXTREME)
        if odd.any():
            notes.append(
                Caution("extreme_slip_or_guess", tuple(coding.items[j] for j in np.flatnonzero(odd)))
            )
    open_points = tuple(names[k] for k in np.flatnonzero(space.never_known))
    if open_points:
        notes.append(Caution("point_cannot_be_told", open_points))
    return notes
