"""Owns what a class model with a pupil's effect says of items, points and pupils, and how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from edumetrics.cdm import em
from edumetrics.cdm.ends import ends_of
from edumetrics.cdm.maximisation import CLASS_FLOOR, FLOOR
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.climb import EffectFit
from edumetrics.cdm.pupil_effect.information import moves_of_nodes, what_is_known
from edumetrics.cdm.pupil_effect.model import AWAY, KINDS, EffectModel
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
from edumetrics.cdm.uncertainty import LARGEST_LOGIT_SD, Known, in_groups, places
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
    at, at_nodes = _at_nodes(exam, model, found)
    tilts = result.known.tilts
    known = what_is_known(problem, model, found, at, at_nodes, exam.answered, tilts)
    rng = np.random.default_rng(exam.settings.seed + 2)
    drawn = [at, *drawn_around(model, found, known, tilts, rng, exam.settings.draws, leaning)]
    nodes = replace(space, known=np.repeat(space.known, n_nodes, axis=0), group=model.spread.group)
    refused = space.never_known | exam.alone
    mastery, bounds = mastery_reports(
        class_bounds(nodes, model.spread, drawn, exam.categories),
        exam.matrix, exam.categories, exam.q, refused, exam.settings,
    )  # fmt: skip
    mean, of_means = over_nodes(problem, model, found, at.probability, known, tilts)
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


def away_under(exam: Prepared, model: EffectModel, found: EffectFit) -> FloatArray:
    """Chance (N,) that each pupil answers by no point; 0 of who answered nothing."""
    at_nodes, chance = _at_nodes(exam, model, found)[1], np.zeros(len(exam.present))
    chance[exam.present] = at_nodes.reshape(len(at_nodes), -1, len(found.mass))[:, :, -1].sum(axis=1)
    return chance


def _at_nodes(exam: Prepared, model: EffectModel, found: EffectFit) -> tuple[em.Parameters, FloatArray]:
    """The maximum as a class model, and each pupil's posterior (N, C·D) under it."""
    chance = np.maximum(model.chances(found.logits, found.sizes), FLOOR) * model.spread.used
    shares = model.of_nodes(found.mass, found.tie)
    at = em.Parameters(chance, (found.weight[:, None] * shares).ravel())
    shard = pack_for(len(at.weight), exam.coding, exam.answered)
    return at, posterior(shard, em.node_model(model.spread, at))[0]


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
        mass = found.mass * (1.0 + np.append(0.0, of_nodes[:-1]) / 2.0) ** 2
        weight = drawn_weights(found.weight, tilt, of_classes, rng, leaning)
        joint = weight[:, None] * model.of_nodes(mass, found.tie + float(of_nodes[-1]))
        yield em.Parameters(model.chances(logits, sizes), joint.ravel())


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
    own, steps, n_tilts = places(problem), model.steps, tilts.shape[1]
    n_own = int(own.max()) + 1
    of_tilts, of_nodes = slice(n_own + KINDS, n_own + KINDS + n_tilts), slice(n_own + KINDS + n_tilts, None)
    turn = np.zeros((n_own + n_tilts, len(known.cov)))
    turn[n_own:, of_tilts] = np.eye(n_tilts)
    mean = np.zeros(problem.pseudo.shape)
    shares, moves = model.of_nodes(found.mass, found.tie), moves_of_nodes(model, found)
    for j, g in np.argwhere(own[:, :, 1] >= 0):
        m, inside = int(problem.n_categories[j]), problem.group[j] == g
        p, here = chance[j, model.at_nodes(j, g), :m], own[j, g, 1:m]
        weight = found.weight[inside] / max(float(found.weight[inside].sum()), CLASS_FLOOR)
        at_nodes = shares[inside] * weight[:, None]
        mean[j, g, :m] = at_nodes.sum(axis=0) @ p
        for d, (share, q) in enumerate(zip(at_nodes.sum(axis=0), p[:, 1:], strict=True)):
            by_logit = share * (np.diag(q) - np.outer(q, q))
            kind, value = (model.kind[j, g], d) if d < len(model.at) else (AWAY, 0)
            if kind != AWAY:
                turn[np.ix_(here, here)] += by_logit
            turn[here, n_own + kind] += by_logit @ steps[kind, value, 1:m]
        off = weight[:, None] * (shares[inside] @ p[:, 1:] - mean[j, g, 1:m])
        turn[here, of_tilts] += off.T @ tilts[inside]
        turn[here, of_nodes] += np.einsum("cd,dm,cdf->mf", at_nodes, p[:, 1:], moves[inside])
    return em.Parameters(mean, found.weight), Known(turn @ known.cov @ turn.T, tilts)
