"""Owns what a class model with a pupil's effect says of items, points and pupils, and how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from edumetrics.cdm import em
from edumetrics.cdm.ends import ends_of
from edumetrics.cdm.maximisation import FLOOR
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.climb import SIZE_SD, EffectFit
from edumetrics.cdm.pupil_effect.model import KINDS, EffectModel
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


def diagnosed(
    exam: Prepared, result: ClassModelResult, model: EffectModel, found: EffectFit, leaning: int
) -> ClassModelResult:
    """``result`` with items, points, mastery and what is known of them under the effect.

    Parameters
    ----------
    leaning : int
        Pupils whose class weights lean on ability; 0 where classes have weights of their own.
    """
    space, problem, n_nodes = result.space, result.problem, len(found.mass)
    chance = np.maximum(model.chances(found.logits, found.sizes), FLOOR) * model.spread.used
    at = em.Parameters(chance, np.outer(found.weight, found.mass).ravel())
    shard = pack_for(len(at.weight), exam.coding, exam.answered)
    at_nodes = posterior(shard, em.node_model(model.spread, at))[0]
    known = what_is_known(exam, problem, model, found, at, at_nodes, result.known.tilts)
    rng = np.random.default_rng(exam.settings.seed + 2)
    drawn = [at, *drawn_around(model, found, known, result.known.tilts, rng, exam.settings.draws, leaning)]
    nodes = replace(space, known=np.repeat(space.known, n_nodes, axis=0), group=model.spread.group)
    refused = space.never_known | exam.alone
    mastery, bounds = mastery_reports(
        class_bounds(nodes, model.spread, drawn, exam.categories),
        exam.matrix, exam.categories, exam.q, refused, exam.settings,
    )  # fmt: skip
    mean, of_means = over_nodes(problem, model, found, chance, known, result.known.tilts)
    in_classes = at_nodes.reshape(len(at_nodes), -1, n_nodes).sum(axis=2)
    worth = worth_of_marks(space, exam.coding, exam.reached, exam.answered, in_classes)
    ends = ends_of(problem, mean.probability, exam.answered, in_groups(problem, in_classes))
    counts = found.counts[:, : problem.pseudo.shape[1]]
    fit = em.Fit(mean, found.loglik, found.loglik, counts, 0, True, found.class_counts)
    cov, errors = of_means.of_probabilities, share_errors(space, mean, of_means)
    return replace(
        result,
        items=item_reports(space, problem, fit, cov, exam.coding, worth, ends, exam.names),
        points=point_reports(bounds[:, exam.present], refused, errors, exam.names, exam.q),
        mastery=mastery,
        loglik=found.loglik,
        parameters=mean,
        known=of_means,
        worth=worth,
    )


def what_is_known(
    exam: Prepared,
    problem: em.Problem,
    model: EffectModel,
    found: EffectFit,
    at: em.Parameters,
    at_nodes: FloatArray,
    tilts: FloatArray,
) -> Known:
    """How well logits, sizes, class weights and node shares are known; compare `uncertainty.what_is_known`.

    Parameters
    ----------
    problem : Problem
        Without those who are away.
    at : Parameters
        Of classes at nodes.
    at_nodes : (N, C·D) float
        Posterior.
    tilts : (C, F) float
        Directions in which the logarithms of the class weights may be wrong.

    Returns
    -------
    Known
        Covariance of P logits, `KINDS` sizes, F tilts and, beside the first node, D − 1 of the logarithms of
        node shares; tilts (C·D, F + D − 1).
    """
    n_nodes, categories = len(found.mass), exam.answered
    of_nodes = np.tile(np.eye(n_nodes)[:, 1:], (len(tilts), 1))
    wide = np.column_stack([np.repeat(tilts, n_nodes, axis=0), of_nodes])
    by = model.turned(at.probability)
    n_wide, n_free = wide.shape[1], by.shape[1] - KINDS
    turn = np.zeros((len(by) + n_wide, by.shape[1] + n_wide))
    turn[: len(by), : by.shape[1]] = by
    turn[len(by) :, by.shape[1] :] = np.eye(n_wide)
    items = item_scores(model.spread, at.probability, categories, in_groups(model.spread, at_nodes))
    score = np.hstack([items @ by, at_nodes @ wide - at.weight @ wide])
    squares = score.T @ score
    priors = turn.T @ prior_information(model.spread, at.probability, len(turn)) @ turn
    priors += np.diag(
        np.concatenate(
            [
                np.zeros(n_free),
                SIZE_SD**-2,
                np.full(tilts.shape[1], LARGEST_LOGIT_SD**-2),
                (model.mass_pseudo * (1.0 - model.mass))[1:],
            ]
        )
    )
    answers = int((model.bare.n_categories - 1).sum())
    if len(categories) * at_nodes.shape[1] * answers**2 > MOST_PRODUCTS:
        cov = inverted(squares, priors, len(categories))
    else:
        complete, chance = products_of_answers(model.spread, at, categories, at_nodes, wide)
        cov = inverse(squares - turn.T @ chance @ turn + priors, turn.T @ complete @ turn + priors)
    counts = found.counts[:, : problem.pseudo.shape[1]]
    return Known(of_few_marks(cov, problem, counts), wide)


def drawn_around(
    model: EffectModel,
    found: EffectFit,
    known: Known,
    tilts: FloatArray,
    rng: np.random.Generator,
    draws: int,
    leaning: int,
) -> Iterator[em.Parameters]:
    """Draws around a maximum: logits and sizes normal, weights as `report.drawn_weights` draws them."""
    place, n_tilts = model.place, known.tilts.shape[1]
    at = np.concatenate([found.logits[place >= 0], found.sizes, np.zeros(n_tilts)])
    sd = np.sqrt(np.maximum(np.diag(known.cov), 0.0))
    shrink = np.minimum(1.0, LARGEST_LOGIT_SD / np.maximum(sd, 1e-12))
    values, vectors = np.linalg.eigh(known.cov * shrink[:, None] * shrink)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    n_free, of_classes = len(at) - KINDS - n_tilts, Known(known.cov, tilts)
    for y in at + rng.normal(size=(draws, len(at))) @ root.T:
        logits = np.where(place >= 0, np.clip(y[place], -20.0, 20.0), 0.0)
        sizes, tilt, of_nodes = np.split(y[n_free:], [KINDS, KINDS + tilts.shape[1]])
        # by their roots: logarithms of a share that hardly anybody is behind would be drawn up to one half
        mass = found.mass * (1.0 + np.append(0.0, of_nodes) / 2.0) ** 2
        weight = drawn_weights(found.weight, tilt, of_classes, rng, leaning)
        yield em.Parameters(model.chances(logits, sizes), np.outer(weight, mass / mass.sum()).ravel())


def over_nodes(
    problem: em.Problem,
    model: EffectModel,
    found: EffectFit,
    chance: FloatArray,
    known: Known,
    tilts: FloatArray,
) -> tuple[em.Parameters, Known]:
    """What pupils of a group get whatever their effect, in the mean over the nodes, and how well it is known.

    Parameters
    ----------
    problem : Problem
        Without those who are away.
    chance : (J, G·H, M) float
    known : Known
        See `what_is_known`.
    tilts : (C, F) float
    """
    own, rows, by = places(problem), places(model.spread), model.turned(chance)
    n_own, n_by, n_nodes = int(own.max()) + 1, by.shape[1], len(found.mass)
    turn = np.zeros((n_own + tilts.shape[1], len(known.cov)))
    turn[n_own:, n_by : n_by + tilts.shape[1]] = np.eye(tilts.shape[1])
    mean = np.zeros(problem.pseudo.shape)
    for j, g in np.argwhere(own[:, :, 1] >= 0):
        m = int(problem.n_categories[j])
        groups = model.at_nodes(j, g)
        p, here = chance[j, groups, :m], own[j, g, 1:m]
        mean[j, g, :m] = found.mass @ p
        turn[here, :n_by] = np.tensordot(found.mass, by[rows[j, groups, 1:m]], axes=1)
        turn[here, len(known.cov) - n_nodes + 1 :] = (found.mass[1:, None] * (p[1:, 1:] - mean[j, g, 1:m])).T
    return em.Parameters(mean, found.weight), Known(turn @ known.cov @ turn.T, tilts)
