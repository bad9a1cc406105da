"""Owns the one call that diagnoses an exam, over its classes or, where they are too many, point by point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.arrays import ResponseMatrix
from edumetrics.cdm import em, sparse
from edumetrics.cdm.advice import FEWEST
from edumetrics.cdm.another_q import Another, with_another_q
from edumetrics.cdm.classes import ClassSpace, TooManyClasses, class_space
from edumetrics.cdm.conclusion import conclude
from edumetrics.cdm.ends import ends_of
from edumetrics.cdm.estimation import estimate, inhabited, lean_on_ability, unpenalised_ridge
from edumetrics.cdm.higher_order import needs_ability, too_thin
from edumetrics.cdm.network.diagnosis import diagnose_network
from edumetrics.cdm.own_order import as_given, in_own_order
from edumetrics.cdm.pairs import PairFit, pair_fit
from edumetrics.cdm.preparation import Prepared, make_problem, pack_for, prepare
from edumetrics.cdm.pull import KINDS, offsets
from edumetrics.cdm.pupil_effect.away import moved_by_away
from edumetrics.cdm.pupil_effect.moved import Moved, moving
from edumetrics.cdm.pupil_effect.opinion import PARAMETERS, Effect, with_pupil_effect
from edumetrics.cdm.pupil_effect.partway import Partway, told_of_partway
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
from edumetrics.cdm.rival import held, leaned, reaching, rule_holds, share_of_gain, stretched
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
NEARLY = 0.8  # of the way to the effect: with less, intervals reach too short for those away whom it finds
TINY = 1e-9  # of the pupils: nobody


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
    exam = in_own_order(exam)
    return as_given(_with_opinions(exam), exam)


def _with_opinions(exam: Prepared) -> ClassModelResult:
    """The diagnosis, its intervals beside those of freer models.

    These are the saturated model; class weights of their own; pupils who also differ in care or luck;
    another Q-matrix.
    """
    result, pairs = _diagnose_prepared(exam)
    if not _saturated_in_reach(exam, result):
        return result
    quick = replace(exam.settings, check_ridge=False)
    saturated = result, pairs
    if exam.model != "gdina":
        try:
            saturated = _diagnose_prepared(replace(exam, model="gdina", settings=quick))
        except TooManyClasses:
            return result
        result = _beside(result, pairs, saturated[0])
    result = _beside_own_weights(result, saturated[0], replace(exam, model="gdina", settings=quick))
    effect = with_pupil_effect(exam, saturated[0])
    other = with_another_q(exam, saturated, _diagnose_prepared)
    bare = result
    if effect is not None:
        result = _careless(result, effect)
    for moved in moved_by_away(exam, saturated[0]):
        result = moving(result, bare, moved, 1.0 - _reached(moved, effect))
    partway = told_of_partway(exam, *saturated, _rivals(saturated[0], effect, other))
    if partway is not None:
        result = _leaving_a_part(result, bare, partway, exam)
    return result if other is None else _doubtful(result, other)


def _beside(result: ClassModelResult, pairs: PairFit, rival: ClassModelResult) -> ClassModelResult:
    """``result`` with the intervals that it can claim beside the saturated ``rival``.

    Pairs of items hardly betray an additive rule: it is judged by what the saturated model gains. Other
    rules may hide too.
    """
    if not pairs.fits:
        return held(result, rival)
    if result.model != "acdm" or rule_holds(result, rival):
        return leaned(result, rival)
    note = Caution("model_does_not_fit", data=MappingProxyType({"typical_residual": round(pairs.typical, 3)}))
    return held(_with(result, [note]), rival)


def _beside_own_weights(
    result: ClassModelResult, saturated: ClassModelResult, exam: Prepared
) -> ClassModelResult:
    """``result`` with intervals that reach to those under class weights that do not lean on ability.

    Points may hang together otherwise, as where one presupposes another and nobody said so: by as much as
    weights of their own gain, if there are pupils enough for them.
    """
    n, n_classes = saturated.n, saturated.n_classes or 0
    own = replace(exam.settings, saturated_from=min(n, exam.settings.saturated_from))
    leaning, freely = needs_ability(n, saturated.space, exam.settings), needs_ability(n, saturated.space, own)
    if not (exam.settings.prior and leaning) or freely or not n_classes:
        return result
    free = _diagnose_prepared(replace(exam, settings=own))[0]
    gain = 2.0 * (free.loglik - saturated.loglik)
    return reaching(result, free, share_of_gain(gain, n_classes - 2 - len(exam.names)))


def _careless(result: ClassModelResult, effect: Effect) -> ClassModelResult:
    """``result`` with intervals that reach over those of pupils who also differ in care or luck."""
    data = dict(zip(("none", "some", "all"), effect.sigma.round(2).tolist(), strict=True))
    data["away"] = round(effect.away, 3)
    notes = [Caution("pupils_differ_beside_points", data=MappingProxyType(data))] if effect.sure else []
    result = reaching(_with(result, notes), effect.result, effect.heard)
    return result if effect.tied is None else reaching(result, effect.tied, effect.tied_heard)


def _reached(moved: Moved, effect: Effect | None) -> float:
    """What part of those away, as a class of them finds it, intervals reach over with the effect.

    An effect that is not `NEARLY` wholly heard reaches too short for any of them.
    """
    if effect is None:
        return 0.0
    return max((effect.heard - NEARLY) / (1.0 - NEARLY), 0.0) * min(effect.away / max(moved.away, TINY), 1.0)


def _leaving_a_part(
    result: ClassModelResult, bare: ClassModelResult, partway: Partway, exam: Prepared
) -> ClassModelResult:
    """``result`` with intervals that reach over those where some pupils leave a part of the paper."""
    data = MappingProxyType({"share": round(partway.share, 3)})
    notes = [Caution("part_of_paper_left", exam.items_where(partway.left), data)] if partway.sure else []
    return moving(_with(result, notes), bare, partway.moved, 1.0)


def _rivals(saturated: ClassModelResult, effect: Effect | None, other: Another | None) -> Iterator[float]:
    """Log-likelihoods of the opinions, less half the parameters that they cost beside the saturated model."""
    if effect is not None:
        yield effect.result.loglik - PARAMETERS / 2.0
    if other is not None:
        yield other.results[0].loglik - (other.results[0].n_parameters - saturated.n_parameters) / 2.0


def _doubtful(result: ClassModelResult, other: Another) -> ClassModelResult:
    """``result`` with intervals that reach over those under another Q-matrix, and a word on why.

    Of the saturated model `q_advice` says more than which items are doubted.
    """
    notes = []
    if other.doubted and result.model != "gdina" and result.n >= FEWEST:
        notes.append(Caution("points_in_doubt", other.doubted))
    if other.unnamed:
        notes.append(Caution("point_nobody_named", other.unnamed))
    result = _with(result, notes)
    for one in other.results:
        result = stretched(result, one, other.heard)
    return result


def _with(result: ClassModelResult, notes: list[Caution]) -> ClassModelResult:
    known = result.provenance
    return replace(result, provenance=replace(known, warnings=(*known.warnings, *notes)))


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


def _saturated_in_reach(exam: Prepared, result: ClassModelResult) -> bool:
    """Whether the saturated model can be fitted beside or again at little cost."""
    if result.n_classes is None:
        return True
    try:
        return class_space(exam.q, "gdina", exam.prerequisites).n_classes <= sparse.SPARSE_ABOVE
    except TooManyClasses:
        return False
