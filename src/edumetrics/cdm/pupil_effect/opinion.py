"""Owns a further opinion on a diagnosis: what it would be if pupils also differed in care or luck.

Class models take answers as independent given the points. Where some pupils slip more than others who know
the same, weights of classes and chances take up how items then go together, and posteriors are wrong and no
less sure: intervals of mastery held 64 to 83 % where log-odds vary by 0.5 to 0.7, worse with more pupils.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtrc

from edumetrics.cdm import em
from edumetrics.cdm.ends import ends_of
from edumetrics.cdm.expectation import Patterns, fold
from edumetrics.cdm.higher_order import class_of_states, fit_weights, needs_ability
from edumetrics.cdm.maximisation import FLOOR
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.climb import SIZE_SD, EffectFit, climb
from edumetrics.cdm.pupil_effect.model import KINDS, EffectModel, effect_model
from edumetrics.cdm.report import (
    class_bounds,
    drawn_weights,
    item_reports,
    mastery_reports,
    point_reports,
    share_errors,
    worth_of_marks,
)
from edumetrics.cdm.results import ClassModelResult
from edumetrics.cdm.uncertainty import (
    LARGEST_LOGIT_SD,
    MOST_PRODUCTS,
    Known,
    in_groups,
    inverse,
    inverted,
    item_scores,
    of_few_marks,
    places,
    prior_information,
    products_of_answers,
)
from edumetrics.results import FloatArray
from edumetrics.runners.stats import posterior

NODES = 7
MOST_CELLS = 8_000_000  # pupils × classes × nodes: 64 MB, some seconds
START = 1.0  # σ, in log-odds, from which the climb sets out
CLOSE = 1e-4  # to nothing: least chance from which it does
LEANING_ROUNDS = 3  # in which what class weights lean on is learnt again
# Gain of twice the log-likelihood from which intervals reach over both: one σ more, which cannot be below
# nothing, gains as much by chance in one exam of twenty (Self & Liang 1987, J. Am. Stat. Assoc. 82, 605).
HEARD = 2.7
ALPHA = 0.01  # of the likelihood ratio from which it is said


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """The saturated diagnosis with a pupil's effect; ``sure`` where chance does not explain what it gains."""

    result: ClassModelResult
    sizes: FloatArray
    sure: bool


def with_pupil_effect(exam: Prepared, result: ClassModelResult) -> Effect | None:
    """What the saturated diagnosis would be with a pupil's effect; None where answers do not speak for one.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model over classes.
    """
    space, problem, n = result.space, result.problem, int(exam.present.sum())
    if result.n_classes is None or n * space.n_classes * NODES > MOST_CELLS:
        return None
    patterns = fold(pack_for(space.n_classes * NODES, exam.coding, exam.answered))
    chance = np.clip(result.parameters.probability, CLOSE, 1.0)
    logits = np.where(problem.used, np.log(chance / chance[:, :, :1]), 0.0)
    without = climb(effect_model(problem, 1), patterns, logits, result.parameters.weight, np.zeros(KINDS))
    model = effect_model(problem, NODES)
    found = climb(model, patterns, without.logits, without.weight, np.full(KINDS, START))
    gain = 2.0 * (found.loglik - without.loglik)
    if gain < HEARD:
        return None
    leaning = n if exam.settings.prior and needs_ability(n, space, exam.settings) else 0
    if leaning:
        model, found = _leaning_again(exam, result, model, found, patterns)
    return Effect(_diagnosed(exam, result, model, found, leaning), found.sizes, chdtrc(KINDS, gain) < ALPHA)


def _leaning_again(
    exam: Prepared, result: ClassModelResult, model: EffectModel, found: EffectFit, patterns: Patterns
) -> tuple[EffectModel, EffectFit]:
    """The same with class weights that lean on the ability that points show beside the effect."""
    states, class_of = class_of_states(result.space, "gdina", exam.prerequisites)
    for _ in range(LEANING_ROUNDS):
        prior = patterns.copies.sum() * fit_weights(found.class_counts + 1e-6, states, class_of)
        model = effect_model(replace(result.problem, class_pseudo=prior), NODES)
        found = climb(model, patterns, found.logits, found.weight, found.sizes)
    return model, found


def _diagnosed(
    exam: Prepared, result: ClassModelResult, model: EffectModel, found: EffectFit, leaning: int
) -> ClassModelResult:
    """``result`` with items, points, mastery and what is known of them under the effect."""
    space, settings = result.space, exam.settings
    chance = np.maximum(model.chances(found.logits, found.sizes), FLOOR) * model.spread.used
    at = em.Parameters(chance, model.weights(found.weight))
    shard = pack_for(len(at.weight), exam.coding, exam.answered)
    at_nodes = posterior(shard, em.node_model(model.spread, at))[0]
    known = what_is_known(exam, model, found, at, at_nodes, result.known.tilts)
    rng = np.random.default_rng(settings.seed + 2)
    models = [at] + [
        em.Parameters(drawn, model.weights(drawn_weights(found.weight, tilt, known, rng, leaning)))
        for drawn, tilt in drawn_chances(model, found, known, rng, settings.draws)
    ]
    nodes = replace(space, known=np.repeat(space.known, len(model.at), axis=0), group=model.spread.group)
    refused = space.never_known | exam.alone
    mastery, bounds = mastery_reports(
        class_bounds(nodes, model.spread, models, exam.categories),
        exam.matrix, exam.categories, exam.q, refused, settings,
    )  # fmt: skip
    # items are reported by what pupils of a group get in the mean, whatever their effect
    shape = (*found.logits.shape[:2], len(model.at), found.logits.shape[2])
    mean = em.Parameters((chance.reshape(shape) * model.mass[:, None]).sum(axis=2), found.weight)
    of_means = _of_means(model, chance, known)
    in_classes = model.over_nodes(at_nodes)
    worth = worth_of_marks(space, exam.coding, exam.reached, exam.answered, in_classes)
    ends = ends_of(model.bare, mean.probability, exam.answered, in_groups(model.bare, in_classes))
    fit = em.Fit(mean, found.loglik, found.loglik, found.counts, 0, True, found.class_counts)
    return replace(
        result,
        items=item_reports(
            space, model.bare, fit, of_means.of_probabilities, exam.coding, worth, ends, exam.names
        ),
        points=point_reports(
            bounds[:, exam.present], refused, share_errors(space, mean, of_means), exam.names, exam.q
        ),
        mastery=mastery,
        loglik=found.loglik,
        parameters=mean,
        known=of_means,
        worth=worth,
    )


def what_is_known(
    exam: Prepared,
    model: EffectModel,
    found: EffectFit,
    at: em.Parameters,
    at_nodes: FloatArray,
    tilts: FloatArray,
) -> Known:
    """How well logits, sizes and class weights are known; compare `uncertainty.what_is_known`.

    Parameters
    ----------
    at : Parameters
        Of classes and nodes.
    at_nodes : (N, C·H) float
        Posterior.
    tilts : (C, F) float
        Directions in which the logarithms of the class weights may be wrong.

    Returns
    -------
    Known, with a covariance (P + KINDS + F, P + KINDS + F)
    """
    spread, categories = model.spread, exam.answered
    by, _ = model.turned(at.probability)
    n_tilts, n_free = tilts.shape[1], by.shape[1] - KINDS
    turn = np.zeros((len(by) + n_tilts, by.shape[1] + n_tilts))
    turn[: len(by), : by.shape[1]] = by
    turn[len(by) :, by.shape[1] :] = np.eye(n_tilts)
    wide = np.repeat(tilts, len(model.at), axis=0)
    items = item_scores(spread, at.probability, categories, in_groups(spread, at_nodes))
    score = items @ by
    score = np.hstack([score, at_nodes @ wide - at.weight @ wide])
    squares = score.T @ score
    priors = turn.T @ prior_information(spread, at.probability, len(turn)) @ turn
    own = np.r_[np.full(n_free, 0.0), np.full(KINDS, SIZE_SD**-2), np.full(n_tilts, LARGEST_LOGIT_SD**-2)]
    priors += np.diag(own)
    answers = int((model.bare.n_categories - 1).sum())
    if len(categories) * at_nodes.shape[1] * answers**2 > MOST_PRODUCTS:
        cov = inverted(squares, priors, len(categories))
    else:
        complete, chance = products_of_answers(spread, at, categories, at_nodes, wide)
        cov = inverse(squares - turn.T @ chance @ turn + priors, turn.T @ complete @ turn + priors)
    return Known(of_few_marks(cov, model.bare, found.counts), tilts)


def _of_means(model: EffectModel, chance: FloatArray, known: Known) -> Known:
    """What is known of the mean chances of groups, from what is known of logits and sizes."""
    _, mean = model.turned(chance)
    n_tilts = known.tilts.shape[1]
    turn = np.zeros((len(mean) + n_tilts, mean.shape[1] + n_tilts))
    turn[: len(mean), : mean.shape[1]] = mean
    turn[len(mean) :, mean.shape[1] :] = np.eye(n_tilts)
    return Known(turn @ known.cov @ turn.T, known.tilts)


def drawn_chances(
    model: EffectModel, found: EffectFit, known: Known, rng: np.random.Generator, draws: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Random chances (J, G·H, M) and tilts (F,) around a maximum; logits and sizes are normal."""
    place = places(model.bare)
    at = np.concatenate([found.logits[place >= 0], found.sizes, np.zeros(known.tilts.shape[1])])
    sd = np.sqrt(np.maximum(np.diag(known.cov), 0.0))
    shrink = np.minimum(1.0, LARGEST_LOGIT_SD / np.maximum(sd, 1e-12))
    values, vectors = np.linalg.eigh(known.cov * shrink[:, None] * shrink)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    n_free = int(place.max()) + 1
    for y in at + rng.normal(size=(draws, len(at))) @ root.T:
        logits = np.where(place >= 0, np.clip(y[place], -20.0, 20.0), 0.0)
        yield model.chances(logits, y[n_free : n_free + KINDS]), y[n_free + KINDS :]
