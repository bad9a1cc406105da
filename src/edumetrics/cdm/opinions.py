"""Owns how intervals of a diagnosis reach over what it would be under freer models of the same answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edumetrics.cdm import sparse
from edumetrics.cdm.advice import FEWEST
from edumetrics.cdm.another_q import TINY, Another, Diagnose, groups_under, with_another_q
from edumetrics.cdm.classes import TooManyClasses, class_space
from edumetrics.cdm.higher_order import needs_ability
from edumetrics.cdm.pairs import PairFit
from edumetrics.cdm.preparation import Prepared
from edumetrics.cdm.pupil_effect.away import moved_by_away
from edumetrics.cdm.pupil_effect.lacking import moved_by_lacking
from edumetrics.cdm.pupil_effect.moved import Moved, between, beyond, items_moving, moving
from edumetrics.cdm.pupil_effect.opinion import Effect, with_pupil_effect
from edumetrics.cdm.pupil_effect.partway import Partway, told_of_partway
from edumetrics.cdm.results import ClassModelResult
from edumetrics.cdm.rival import (
    doubt_of_rule,
    held,
    leaned,
    reaching,
    rule_holds,
    share_of_gain,
    stretched,
    tail_of_whole,
)
from edumetrics.cdm.whole_posterior import heard, with_whole_posterior
from edumetrics.results import Caution, FloatArray

NEARLY = 0.8  # of the way to the effect: with less, intervals reach too short for those away whom it finds


def with_opinions(exam: Prepared, diagnose: Diagnose) -> ClassModelResult:
    """The diagnosis, its intervals beside those of freer models.

    These are the saturated model; class weights of their own; pupils who also differ in care or luck, answer
    by no point or leave a part of the paper; another Q-matrix.

    Parameters
    ----------
    diagnose : callable
        What makes one alone.
    """
    result, pairs = diagnose(exam)
    if not _saturated_in_reach(exam, result):
        return result
    quick = replace(exam.settings, check_ridge=False)
    saturated, doubt, alone = (result, pairs), 1.0, result  # who has no rule has nothing to lean on
    if exam.model != "gdina":
        try:
            saturated = diagnose(replace(exam, model="gdina", settings=quick))
        except TooManyClasses:
            return result
        doubt = doubt_of_rule(result, saturated[0]) if pairs.fits else 1.0
        result = _beside(result, pairs, saturated[0])
    tail = tail_of_whole(result, doubt)
    for one, share in ((alone, 1.0 - doubt), (saturated[0], doubt)):
        result = _over_whole(result, exam, one, share, tail)
    result = _beside_own_weights(result, saturated[0], replace(exam, model="gdina", settings=quick), diagnose)
    effect = with_pupil_effect(exam, saturated[0])
    other = with_another_q(exam, saturated, diagnose)
    bare = result
    if effect is not None:
        result = _careless(result, effect)
    for moved in (*moved_by_away(exam, saturated[0]), *moved_by_lacking(exam, saturated[0])):
        result = moving(result, bare, _beyond(moved, effect))
        if moved.whole is not None:
            result = reaching(result, moved.whole, moved.reach, tail)
    by_effect, by_q = _explained(saturated[0], effect, other)
    partway = told_of_partway(exam, *saturated, max(by_effect, by_q))
    if partway is not None:
        result = _leaving_a_part(result, bare, partway, exam)
    if other is None:
        return result
    result = _doubtful(result, bare, saturated[0], other)
    return _careless_beside(result, other) if by_q > by_effect else result


def _over_whole(
    result: ClassModelResult, exam: Prepared, one: ClassModelResult, share: float, tail: float
) -> ClassModelResult:
    """``result`` with intervals a ``share`` of the way to the whole posterior's of ``one``, if drawn."""
    share *= heard(exam, one)
    return reaching(result, with_whole_posterior(exam, one), share, tail) if share > 0.0 else result


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
    result: ClassModelResult, saturated: ClassModelResult, exam: Prepared, diagnose: Diagnose
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
    free = diagnose(replace(exam, settings=own))[0]
    gain = 2.0 * (free.loglik - saturated.loglik)
    return reaching(result, free, share_of_gain(gain, n_classes - 2 - len(exam.names)))


def _careless(result: ClassModelResult, effect: Effect) -> ClassModelResult:
    """``result`` with intervals that reach over those of pupils who also differ in care or luck."""
    data = {kind: round(sigma, 2) for kind, sigma in effect.sigma.items()}
    data["away"] = round(float(effect.away.sum()) / result.n, 3)
    notes = [Caution("pupils_differ_beside_points", data=MappingProxyType(data))] if effect.sure else []
    result = reaching(_with(result, notes), effect.result, effect.heard)
    return result if effect.tied is None else reaching(result, effect.tied, effect.tied_heard)


def _beyond(moved: Moved, effect: Effect | None) -> Moved:
    """What an effect leaves of how limits move by a class of those away: nothing of pupils whom it has too.

    It has one kind of those away, and may have others than the class. And an effect that is not `NEARLY`
    wholly heard reaches too short for any of them.
    """
    if effect is None:
        return moved
    return beyond(moved, effect.away, max((effect.heard - NEARLY) / (1.0 - NEARLY), 0.0))


def _leaving_a_part(
    result: ClassModelResult, bare: ClassModelResult, partway: Partway, exam: Prepared
) -> ClassModelResult:
    """``result`` with intervals that reach over those where some pupils leave a part of the paper."""
    data = MappingProxyType({"share": round(partway.share, 3)})
    notes = [Caution("part_of_paper_left", exam.items_where(partway.left), data)] if partway.sure else []
    return moving(_with(result, notes), bare, partway.moved)


def _explained(
    saturated: ClassModelResult, effect: Effect | None, other: Another | None
) -> tuple[float, float]:
    """Log-likelihoods of an effect and another Q-matrix, less half the parameters that each costs."""
    by_effect = -np.inf if effect is None else effect.result.loglik - effect.parameters / 2.0
    if other is None:
        return by_effect, -np.inf
    best = other.results[0]
    return by_effect, best.loglik - (best.n_parameters - saturated.n_parameters) / 2.0


def _doubtful(
    result: ClassModelResult, bare: ClassModelResult, saturated: ClassModelResult, other: Another
) -> ClassModelResult:
    """``result`` with intervals that reach over those under another Q-matrix, and a word on why.

    Of the saturated model `q_advice` says more than which items are doubted.
    """
    notes = []
    if other.doubted and result.model != "gdina" and result.n >= FEWEST:
        notes.append(Caution("points_in_doubt", other.doubted))
    if other.unnamed:
        notes.append(Caution("point_nobody_named", other.unnamed))
    result = _with(result, notes)
    before = groups_under(saturated, saturated)
    for one in other.results:
        result = stretched(result, one, other.heard)
        by = _between_groups(before, groups_under(saturated, one), other.heard)
        result = replace(result, items=items_moving(result, bare, saturated.problem.n_groups, by))
    return result


def _careless_beside(result: ClassModelResult, other: Another) -> ClassModelResult:
    """``result`` with mastery and shares of points that reach over pupils who differ, under another Q-matrix.

    A wrong mark that explains more than an effect does may hide one.
    """
    effect = with_pupil_effect(other.exam, other.results[0])
    if effect is None:
        return result
    return stretched(result, effect.result, other.heard * effect.heard)


def _between_groups(
    before: tuple[FloatArray, FloatArray], after: tuple[FloatArray, FloatArray], heard: float
) -> Callable[[int, slice], float]:
    """By how much log-odds of groups together move from some shares and sizes (J, G) to others."""

    def by(j: int, part: slice) -> float:
        sizes = before[1][j, part], after[1][j, part]
        if min(size.sum() for size in sizes) < TINY:
            return 0.0
        here, there = (
            np.asarray(np.average(shares[j, part], weights=size[j, part])) for shares, size in (before, after)
        )
        return heard * float(between(here, there))

    return by


def _with(result: ClassModelResult, notes: list[Caution]) -> ClassModelResult:
    known = result.provenance
    return replace(result, provenance=replace(known, warnings=(*known.warnings, *notes)))


def _saturated_in_reach(exam: Prepared, result: ClassModelResult) -> bool:
    """Whether the saturated model can be fitted beside or again at little cost."""
    if result.n_classes is None:
        return True
    try:
        return class_space(exam.q, "gdina", exam.prerequisites).n_classes <= sparse.SPARSE_ABOVE
    except TooManyClasses:
        return False
