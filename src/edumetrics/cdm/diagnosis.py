"""Owns the one call that diagnoses an exam, over its classes or, where they are too many, point by point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.cdm import em, sparse
from edumetrics.cdm.classes import ClassSpace, TooManyClasses, class_space
from edumetrics.cdm.conclusion import conclude
from edumetrics.cdm.estimation import estimate, inhabited, lean_on_ability, unpenalised_ridge
from edumetrics.cdm.higher_order import needs_ability, too_thin
from edumetrics.cdm.network.diagnosis import diagnose_network
from edumetrics.cdm.pairs import PairFit, pair_fit
from edumetrics.cdm.preparation import Prepared, make_problem, prepare
from edumetrics.cdm.report import class_bounds, mastery_reports, point_reports
from edumetrics.cdm.results import ClassModelResult
from edumetrics.cdm.rival import leaned, rule_holds, widened
from edumetrics.cdm.settings import Settings
from edumetrics.cdm.uncertainty import covariance
from edumetrics.irt.coding import Coding
from edumetrics.results import Caution, FloatArray, Insufficient
from edumetrics.runners.packing import Shard, pack
from edumetrics.runners.stats import posterior

SEEN_FROM = 1000  # pupils: a wrong rule is then found wherever it moves a figure by more than its error


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
    exam = prepare(matrix, q, model, points, prerequisites, settings)
    if isinstance(exam, Insufficient):
        return exam
    result, pairs = _diagnose_prepared(exam)
    # Pairs hardly betray an additive rule: it is judged by what the saturated model gains.
    # Few pupils betray none.
    unseen = pairs.fits and result.n < SEEN_FROM
    wanted = model != "gdina" and (unseen or not pairs.fits or model == "acdm")
    if not wanted or not _rival_in_reach(exam, result):
        return result
    quick = replace(settings, check_ridge=False)
    try:
        rival = diagnose(matrix, q, "gdina", prerequisites=prerequisites, settings=quick)
    except TooManyClasses:
        return result
    if not isinstance(rival, ClassModelResult):
        return result
    if pairs.fits and (model != "acdm" or rule_holds(result, rival)):
        return leaned(result, rival) if unseen else result
    if pairs.fits:
        note = Caution(
            "model_does_not_fit", data=MappingProxyType({"typical_residual": round(pairs.typical, 3)})
        )
        known = result.provenance
        result = replace(result, provenance=replace(known, warnings=(*known.warnings, note)))
    return widened(result, rival)


def _diagnose_prepared(exam: Prepared) -> tuple[ClassModelResult, PairFit]:
    """Over the classes, or as a network where they are too many for the machine or for the pupils."""
    space = None
    try:
        space = class_space(exam.q, exam.model, exam.prerequisites)
        if not too_thin(int(exam.present.sum()), space, exam.settings):
            return _diagnose_classes(exam, space)
        return diagnose_network(exam)
    except TooManyClasses:
        return diagnose_network(exam) if space is None else _diagnose_classes(exam, space)


def _diagnose_classes(exam: Prepared, space: ClassSpace) -> tuple[ClassModelResult, PairFit]:
    """Diagnosis over all classes of ``space``, and how pairs of items go together."""
    settings, coding = exam.settings, exam.coding
    cautions: list[Caution] = []
    categories = exam.answered
    shard = pack_for(space.n_classes, coding, categories)
    problem = make_problem(space, coding, exam.model, settings, int(exam.matrix.present.sum()))
    if settings.prior and needs_ability(shard.n, space, settings):
        problem = lean_on_ability(
            problem, shard, space, exam.shares, exam.model, exam.prerequisites, settings
        )
        cautions.append(Caution("class_weights_lean_on_ability", data=MappingProxyType({"n": shard.n})))
    best, ridge = estimate(problem, shard, exam.shares, settings)
    if settings.check_ridge:
        ridge |= unpenalised_ridge(problem, shard, best)
    n_classes, (space, problem, best) = space.n_classes, inhabited(space, problem, best, shard.n)
    cov = covariance(problem, best.parameters, categories, _posteriors(problem, best.parameters, shard))
    pairs = pair_fit(problem, best.parameters, categories, exam.worth)
    refused = space.never_known | exam.alone
    mastery, spread, bounds = mastery_reports(
        class_bounds(space, problem, best.parameters, cov, exam.categories, settings),
        exam.matrix, exam.categories, exam.q, refused, settings,
    )  # fmt: skip
    points = point_reports(bounds[:, exam.present], refused, spread, exam.names, exam.q)
    result = conclude(
        exam, space, problem, best, cov, pairs, space.never_known, mastery, points, ridge,
        "classes", n_classes, n_classes - 1, cautions,
    )  # fmt: skip
    return result, pairs


def _rival_in_reach(exam: Prepared, result: ClassModelResult) -> bool:
    """Whether the saturated model can be fitted beside this one at little cost."""
    if result.n_classes is None:
        return True
    try:
        return class_space(exam.q, "gdina", exam.prerequisites).n_classes <= sparse.SPARSE_ABOVE
    except TooManyClasses:
        return False


def pack_for(n_classes: int, coding: Coding, categories: NDArray[np.int16]) -> Shard:
    """Pack answers into bytes of so few values that the tables of all classes stay in the cache."""
    missing = np.asarray((categories < 0).any(axis=0))
    return pack(categories, sparse.layout_for(coding.n_categories, missing, n_classes))


def _posteriors(problem: em.Problem, parameters: em.Parameters, shard: Shard) -> FloatArray:
    return posterior(shard, em.node_model(problem, parameters))[0]
