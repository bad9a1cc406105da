"""Owns how well a class model with a pupil's effect is known; compare `cdm.uncertainty`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm import em
from edumetrics.cdm.pupil_effect.climb import SIZE_SD, TIE_SD, EffectFit
from edumetrics.cdm.pupil_effect.model import KINDS, EffectModel
from edumetrics.cdm.uncertainty import (
    LARGEST_LOGIT_SD,
    MOST_PRODUCTS,
    Known,
    inverse,
    inverted,
    of_few_marks,
    places,
)
from edumetrics.results import FloatArray

NOT_FREE = 1e8  # information on what is nothing for sure


def what_is_known(
    problem: em.Problem,
    model: EffectModel,
    found: EffectFit,
    at: em.Parameters,
    at_nodes: FloatArray,
    categories: NDArray[np.int16],
    tilts: FloatArray,
) -> Known:
    """How well logits, sizes, class weights, node shares and the tie are known.

    Parameters
    ----------
    problem : Problem
        Without those who are away.
    at : Parameters
        Of classes at nodes.
    at_nodes : (N, C·D) float
        Posterior.
    categories : (N, J) int
        −1 where missing.
    tilts : (C, F) float
        Directions in which the logarithms of the class weights may be wrong.

    Returns
    -------
    Known
        Covariance of P logits, `KINDS` sizes, F tilts, of the logarithms of node shares, D − 1 beside the
        first, and of the tie; tilts (C·D, F + D).
    """
    n_nodes, n_free = len(found.mass), int(model.place.max()) + 1
    of_nodes = moves_of_nodes(model, found).reshape(-1, n_nodes)
    wide = np.column_stack([np.repeat(tilts, n_nodes, axis=0), of_nodes])
    answers = int((problem.n_categories - 1).sum())
    few = len(categories) * at_nodes.shape[1] * answers**2 <= MOST_PRODUCTS
    score, complete, chance = scores_and_products(model, at, at_nodes, categories, wide, products=few)
    squares, priors = score.T @ score, np.zeros_like(complete)
    priors[:n_free, :n_free] = _prior_information(problem, model, at.probability)
    priors[n_free:, n_free:] = np.diag(
        np.concatenate(
            [
                SIZE_SD**-2,
                np.full(tilts.shape[1], LARGEST_LOGIT_SD**-2),
                (model.mass_pseudo * (1.0 - model.mass))[1:],
                [TIE_SD**-2 if found.tie else NOT_FREE],
            ]
        )
    )
    if few:
        cov = inverse(squares - chance + priors, complete + priors)
    else:
        cov = inverted(squares, priors, len(categories))
    return Known(of_few_marks(cov, problem, found.counts[:, : problem.pseudo.shape[1]]), wide)


def moves_of_nodes(model: EffectModel, found: EffectFit) -> FloatArray:
    """How the log share of each node in each class moves (C, D, D) with D − 1 log node shares and the tie."""
    shares = model.of_nodes(found.mass, found.tie)
    by_mass = np.eye(shares.shape[1])[:, 1:] - shares[:, None, 1:]
    by_tie = model.tied - (shares * model.tied).sum(axis=1, keepdims=True)
    return np.concatenate([by_mass, by_tie[:, :, None]], axis=2)


def scores_and_products(
    model: EffectModel,
    at: em.Parameters,
    at_nodes: FloatArray,
    categories: NDArray[np.int16],
    wide: FloatArray,
    *,
    products: bool = True,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Scores (N, P + KINDS + F) of pupils, and sums of products of scores, were classes and nodes known.

    The first sum within items and within tilts: what there would be to know. The second between them, whose
    mean is nothing (see `uncertainty.products_of_answers`). Both are zeros where not asked for.

    Parameters
    ----------
    wide : (C·D, F) float
        Directions in which the logarithms of the weights of classes at nodes may be wrong.
    """
    place, n_values = model.place, len(model.at)
    n_free = int(place.max()) + 1
    first, size = n_free + KINDS, n_free + KINDS + wide.shape[1]
    item = np.repeat(np.arange(len(place)), model.bare.n_categories - 1)
    category = np.concatenate([np.arange(1, m) for m in model.bare.n_categories])
    right = (categories[:, item] == category).astype(np.float64)
    seen = (categories[:, item] >= 0).astype(np.float64)
    same = item[:, None] == item
    away = wide - at.weight @ wide
    score, within, between = np.zeros((len(categories), size)), np.zeros((size, size)), np.zeros((size, size))
    score[:, first:] = at_nodes @ away
    within[first:, first:] = len(categories) * (away.T * at.weight) @ away
    for c, post in enumerate(at_nodes.T):
        group, value = np.divmod(model.spread.group[item, c], n_values)
        kind = model.kind[item, group]
        moved = np.zeros((len(item), KINDS))
        moved[np.arange(len(item)), kind] = model.steps[kind, value, category]
        rows = place[item, group, category]
        own = np.flatnonzero(rows >= 0)
        each = (right - at.probability[item, model.spread.group[item, c], category]) * seen
        told = each * post[:, None]
        score[:, rows[own]] += told[:, own]
        score[:, n_free:first] += told @ moved
        if not products:
            continue
        sums = told.T @ each
        _add(within, sums * same, rows, own, moved, n_free)
        _add(between, sums * ~same, rows, own, moved, n_free)
        with_tilts = np.outer(told.sum(axis=0), away[c])
        between[rows[own], first:] += with_tilts[own]
        between[first:, rows[own]] += with_tilts[own].T
        between[n_free:first, first:] += moved.T @ with_tilts
        between[first:, n_free:first] += with_tilts.T @ moved
    return score, within, between


def _add(
    out: FloatArray,
    sums: FloatArray,
    rows: NDArray[np.int64],
    own: NDArray[np.int64],
    moved: FloatArray,
    n_free: int,
) -> None:
    """Add products (A, A) of scores of answers to those of the logits and sizes that they hang on."""
    sizes, of_sizes = slice(n_free, n_free + KINDS), sums @ moved
    out[np.ix_(rows[own], rows[own])] += sums[np.ix_(own, own)]
    out[rows[own], sizes] += of_sizes[own]
    out[sizes, rows[own]] += of_sizes[own].T
    out[sizes, sizes] += moved.T @ of_sizes


def _prior_information(problem: em.Problem, model: EffectModel, chance: FloatArray) -> FloatArray:
    """Curvature (P, P) of the priors by the logits, said of pupils without an effect."""
    place, n_values = places(problem), len(model.at)
    out = np.zeros((int(place.max()) + 1, int(place.max()) + 1))
    for j, g in np.argwhere(place[:, :, 1] >= 0):
        m = int(problem.n_categories[j])
        p, rows = chance[j, g * n_values + n_values // 2, 1:m], place[j, g, 1:m]
        out[np.ix_(rows, rows)] = problem.pseudo[j, g].sum() * (np.diag(p) - np.outer(p, p))
    return out
