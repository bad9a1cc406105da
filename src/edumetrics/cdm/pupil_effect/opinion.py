"""Owns a further opinion on a diagnosis: what it would be if pupils also differed in care or luck.

Class models take answers as independent given the points. Where some pupils slip more than others who know
the same, or answer by no point at all, weights of classes and chances take up how items then go together, and
posteriors are wrong and no less sure: with 1,000 pupils intervals of mastery held 50 to 70 %.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtrc

from edumetrics.cdm.expectation import Patterns, fold
from edumetrics.cdm.higher_order import class_of_states, fit_weights, needs_ability
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pull import PARTIAL
from edumetrics.cdm.pupil_effect.climb import EffectFit, climb
from edumetrics.cdm.pupil_effect.model import (
    AWAY,
    GIVEN_UP,
    GUESSING,
    KINDS,
    EffectModel,
    breadth_of,
    effect_model,
)
from edumetrics.cdm.pupil_effect.report import away_under, diagnosed
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import FloatArray

NAMES = ("none", "some", "all")
NODES = 7
MOST_CELLS = 8_000_000  # pupils × classes × nodes: 64 MB, some seconds
SIGMA = 0.5  # in log-odds, from which climbs set out
CLOSE = 1e-4  # to nothing: least chance from which they do
LEANING_ROUNDS = 3  # in which what class weights lean on is learnt again
# Intervals come to reach over both where twice the log-likelihood gained, less the logarithm of pupils / FEW
# (Schwarz 1978, Ann. Stat. 6, 461), goes from nothing to MUCH: with many pupils an effect that matters gains
# far more than chance; with few it does not, and their intervals are wide beside it.
FEW, MUCH = 45.0, 4.0
ALPHA = 0.01  # of the likelihood ratio from which it is said


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """The saturated diagnosis with a pupil's effect.

    Attributes
    ----------
    result : ClassModelResult
    tied : ClassModelResult or None
        The same where the effect rises with how many points a pupil has, if answers leave that open.
    sigma : mapping of kind to float
        By how much log-odds vary among pupils with none, some, all of an item's points; where only some of
        the items have partial marks, those of one more mark apart.
    parameters : int
        That an effect costs.
    away : (N,) float
        Chance that each pupil answers by no point; 0 of who answered nothing.
    heard, tied_heard : float
        Share of the way that intervals are to reach to ``result`` and to ``tied``.
    sure : bool
        Whether chance does not explain what it gains.
    """

    result: ClassModelResult
    tied: ClassModelResult | None
    sigma: dict[str, float]
    parameters: int
    away: FloatArray
    heard: float
    tied_heard: float
    sure: bool


def with_pupil_effect(exam: Prepared, result: ClassModelResult) -> Effect | None:
    """What the saturated diagnosis would be with a pupil's effect; None where answers do not speak for one.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model over classes.
    """
    space, problem, n = result.space, result.problem, int(exam.present.sum())
    if result.n_classes is None or n * space.n_classes * (NODES + 1) > MOST_CELLS:
        return None
    patterns = fold(pack_for(space.n_classes * (NODES + 1), exam.coding, exam.answered))
    chance = np.clip(result.parameters.probability, CLOSE, 1.0)
    logits = np.where(problem.used, np.log(chance / chance[:, :, :1]), 0.0)
    without = climb(effect_model(problem), patterns, logits, result.parameters.weight, np.zeros(KINDS))
    model = effect_model(problem, NODES, breadth_of(space.known, without.weight))
    logits = np.concatenate([without.logits, np.zeros_like(without.logits[:, :1])], axis=1)
    found = max(
        (
            climb(model, patterns, logits, without.weight, np.append(np.full(AWAY, SIGMA), level))
            for level in (GUESSING, GIVEN_UP)
        ),
        key=lambda fit: fit.loglik,
    )
    gain = 2.0 * (found.loglik - without.loglik)
    heard = min((gain - float(np.log(n / FEW))) / MUCH, 1.0)
    if heard <= 0.0:
        return None
    # Who has more points may do better beside them too. A tie that gains less hides pupils who are away.
    tied = climb(model, patterns, found.logits, found.weight, found.sizes, found.mass, 0.0)
    by_tie = 2.0 * (tied.loglik - found.loglik) / float(np.log(n)) if tied.tie > 0.0 else 0.0
    if by_tie >= 1.0:
        found, by_tie = tied, 0.0
    beside = _diagnosed(exam, result, model, tied, patterns)[0] if by_tie > 0.0 else None
    said, found, model = _diagnosed(exam, result, model, found, patterns)
    return Effect(
        result=said,
        tied=beside,
        sigma=_named(model, found),
        parameters=model.parameters,
        away=away_under(exam, model, found),
        heard=heard,
        tied_heard=heard * max(by_tie, 0.0),
        sure=bool(chdtrc(model.parameters, gain) < ALPHA),
    )


def _named(model: EffectModel, found: EffectFit) -> dict[str, float]:
    """`Effect.sigma`."""
    kinds = [int(kind) for kind in model.kinds if kind != AWAY]
    mixed = min(kinds) < PARTIAL <= max(kinds)
    return {
        NAMES[kind % PARTIAL] + "_partial" * (mixed and kind >= PARTIAL): abs(float(found.sizes[kind]))
        for kind in kinds
    }


def _diagnosed(
    exam: Prepared, result: ClassModelResult, model: EffectModel, found: EffectFit, patterns: Patterns
) -> tuple[ClassModelResult, EffectFit, EffectModel]:
    """What is said under an effect, with its fit and model where class weights lean on ability again."""
    n = int(exam.present.sum())
    leaning = n if exam.settings.prior and needs_ability(n, result.space, exam.settings) else 0
    if leaning:
        model, found = _leaning_again(exam, result, model, found, patterns)
    return diagnosed(exam, result, model, found, leaning), found, model


def _leaning_again(
    exam: Prepared, result: ClassModelResult, model: EffectModel, found: EffectFit, patterns: Patterns
) -> tuple[EffectModel, EffectFit]:
    """The same with class weights that lean on the ability that points show beside the effect."""
    states, class_of = class_of_states(result.space, "gdina", exam.prerequisites)
    for _ in range(LEANING_ROUNDS):
        prior = patterns.copies.sum() * fit_weights(found.class_counts + 1e-6, states, class_of)
        model = replace(model, bare=replace(model.bare, class_pseudo=prior))
        tie = found.tie if found.tie else None
        found = climb(model, patterns, found.logits, found.weight, found.sizes, found.mass, tie)
    return model, found
