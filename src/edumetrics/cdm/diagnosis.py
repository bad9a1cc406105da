"""Owns the one call that diagnoses an exam, over its classes or, where they are too many, point by point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.arrays import ResponseMatrix
from edumetrics.cdm import em, sparse
from edumetrics.cdm.classes import ClassSpace, TooManyClasses, class_space
from edumetrics.cdm.conclusion import conclude
from edumetrics.cdm.ends import ends_of
from edumetrics.cdm.estimation import estimate, inhabited, lean_on_ability, unpenalised_ridge
from edumetrics.cdm.higher_order import needs_ability, too_thin
from edumetrics.cdm.network.diagnosis import diagnose_network
from edumetrics.cdm.opinions import with_opinions
from edumetrics.cdm.own_order import as_given, in_own_order
from edumetrics.cdm.pairs import PairFit, pair_fit
from edumetrics.cdm.preparation import Prepared, make_problem, pack_for, prepare
from edumetrics.cdm.pull import KINDS, offsets
from edumetrics.cdm.report import (
    class_bounds,
    drawn_around,
    estimated_shares,
    mastery_reports,
    point_reports,
    share_errors,
    worth_of_marks,
)
from edumetrics.cdm.results import ClassModelResult, Worth
from edumetrics.cdm.settings import Settings
from edumetrics.cdm.uncertainty import (
    LEAST_WEIGHT,
    MAX_WEIGHTS,
    Known,
    in_groups,
    joint_tilts,
    of_few_marks,
    single_tilts,
    what_is_known,
)
from edumetrics.results import Caution, FloatArray, Insufficient
from edumetrics.runners.packing import Shard
from edumetrics.runners.stats import posterior

LEVEL_ROUNDS = 3  # in which the levels that priors lean on are learnt from all items
LEVEL_STILL = 0.1  # log-odds


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
        Marks; partial marks become up to five ordered categories, of many pupils up to ten, nothing is cut
        at a half.
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
    exam = in_own_order(exam)
    return as_given(with_opinions(exam, _diagnose_prepared), exam)


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
    leans = settings.prior and needs_ability(shard.n, space, settings)
    if leans:
        problem = lean_on_ability(
            problem, shard, space, exam.shares, exam.model, exam.prerequisites, settings
        )
        cautions.append(Caution("class_weights_lean_on_ability", data=MappingProxyType({"n": shard.n})))
    best, ridge = estimate(problem, shard, exam.shares, settings)
    if settings.check_ridge:
        ridge |= unpenalised_ridge(problem, shard, best)
    n_classes, (space, problem, best) = space.n_classes, inhabited(space, problem, best, shard.n)
    known, worth, posteriors = _judged(exam, space, problem, best, shard, leans)
    offset = np.zeros(KINDS)
    for _ in range(LEVEL_ROUNDS):
        more = offsets(estimated_shares(space, problem, best, known.of_probabilities, worth))
        if np.abs(more).max() < LEVEL_STILL:
            break
        offset += more
        learnt = make_problem(space, coding, exam.model, settings, int(exam.matrix.present.sum()), offset)
        problem = replace(problem, pseudo=learnt.pseudo)
        best = sparse.fit(
            problem, shard, best.parameters, settings.tolerance, settings.max_evaluations, verify=False
        )
        known, worth, posteriors = _judged(exam, space, problem, best, shard, leans)
    pairs = pair_fit(problem, best.parameters, categories, exam.worth)
    if exam.model == "gdina":  # others are held to it
        known = replace(known, cov=known.cov * pairs.widening)
    refused = space.never_known | exam.alone
    mastery, bounds = mastery_reports(
        class_bounds(
            space,
            problem,
            drawn_around(problem, best.parameters, known, settings, shard.n if leans else 0),
            exam.categories,
        ),
        exam.matrix, exam.categories, exam.q, refused, settings,
    )  # fmt: skip
    errors = share_errors(space, best.parameters, known)
    points = point_reports(bounds[:, exam.present], refused, errors, exam.names, exam.q)
    ends = ends_of(problem, best.parameters.probability, categories, in_groups(problem, posteriors))
    result = conclude(
        exam, space, problem, best, known, worth, ends, pairs, space.never_known, mastery, points, ridge,
        "classes", n_classes, n_classes - 1, cautions,
    )  # fmt: skip
    return result, pairs


def _judged(
    exam: Prepared, space: ClassSpace, problem: em.Problem, fit: em.Fit, shard: Shard, leans: bool
) -> tuple[Known, Worth, FloatArray]:
    """How well the parameters of a fit are known, what categories are worth under it, posteriors (N, C)."""
    posteriors = posterior(shard, em.node_model(problem, fit.parameters))[0]
    expected = posteriors.sum(axis=0)
    together = leans or int((expected >= LEAST_WEIGHT).sum()) > MAX_WEIGHTS
    tilts = joint_tilts(space.known) if together else single_tilts(expected)
    known = what_is_known(problem, fit.parameters, exam.answered, posteriors, tilts)
    known = replace(known, cov=of_few_marks(known.cov, problem, fit.counts))
    return known, worth_of_marks(space, exam.coding, exam.reached, exam.answered, posteriors), posteriors
