"""Owns how well a class model's parameters are known: information from each pupil's own score.

The information is the sum of squares of the pupils' scores (Berndt, Hall, Hall & Hausman 1974;
for class models Philipp et al. 2018, J. Educ. Behav. Stat. 43, 88, who find that the class weights
must be part of it) plus the curvature of the priors.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.em import Parameters, Problem
from edumetrics.cdm.maximisation import FLOOR
from edumetrics.results import FloatArray, IntArray

# More class weights than this are taken as known: the matrix would outgrow the answers.
MAX_WEIGHTS = 300
CHUNK = 2048
LEAST_WEIGHT = 1.0  # a class that expects fewer pupils has no weight to speak of
LARGEST_LOGIT_SD = 3.0
LEAST_FREEDOM = 0.4  # share of the pupils that is left of them beside the parameters


def places(problem: Problem) -> IntArray:
    """Row (J, G, M) of each free probability in the covariance, −1 where none."""
    free = problem.used.copy()
    free[:, :, 0] = False
    out = np.full(free.shape, -1, dtype=np.int64)
    out[free] = np.arange(int(free.sum()))
    return out


def covariance(
    problem: Problem, parameters: Parameters, categories: NDArray[np.int16], posterior: FloatArray
) -> FloatArray:
    """Covariance (P, P) of the free probabilities, class weights marginalised.

    Parameters
    ----------
    categories : (N, J) int
        −1 where missing.
    posterior : (N, C) float
    """
    n_par = int(places(problem).max()) + 1
    weight = parameters.weight
    expected = posterior.sum(axis=0)
    kept = np.flatnonzero(expected >= LEAST_WEIGHT)
    kept = kept[1:] if len(kept) <= MAX_WEIGHTS else kept[:0]  # weights sum to one: one is no parameter
    information = np.zeros((n_par + len(kept), n_par + len(kept)))
    members = [
        (problem.group[j][:, None] == np.arange(problem.n_groups[j])).astype(np.float64)
        for j in range(len(problem.group))
    ]
    for at in range(0, len(categories), CHUNK):
        post = posterior[at : at + CHUNK]
        in_group = (post @ inside for inside in members)
        items = item_scores(problem, parameters.probability, categories[at : at + CHUNK], in_group)
        score = np.hstack([items, post[:, kept] - weight[kept]])
        information += score.T @ score
    information[np.arange(n_par, len(information)), np.arange(n_par, len(information))] += 1e-3
    return inverted(problem, parameters.probability, information, len(categories))[:n_par, :n_par]


def item_scores(
    problem: Problem, probability: FloatArray, categories: NDArray[np.int16], in_group: Iterable[FloatArray]
) -> FloatArray:
    """Score (N, P) of each pupil for the free probabilities.

    ``in_group`` yields for each item the posterior (N, G_j) of its groups.
    """
    place = places(problem)
    score = np.zeros((len(categories), int(place.max()) + 1))
    floored = np.maximum(probability, FLOOR)
    for j, posterior in enumerate(in_group):
        for g in range(posterior.shape[1]):
            wrong = posterior[:, g] * (categories[:, j] == 0) / floored[j, g, 0]
            for k in range(1, int(problem.n_categories[j])):
                right = posterior[:, g] * (categories[:, j] == k) / floored[j, g, k]
                score[:, place[j, g, k]] = right - wrong
    return score


def inverted(
    problem: Problem,
    probability: FloatArray,
    information: FloatArray,
    n: int,
    of_priors: FloatArray | None = None,
) -> FloatArray:
    """Covariance from the information of the answers, with the priors of the P free probabilities added.

    Parameters
    ----------
    information : (P + F, P + F) float
        Free probabilities first.
    n : int
        Pupils. A sum of squares of n scores is right in the mean, its inverse too large, n/(n − p − 1) times
        (inverse Wishart): with 60 pupils and 50 parameters intervals would hold 99 %.
    of_priors : (P + F, P + F) float, optional
        Curvature of the priors of the further parameters.
    """
    place, floored = places(problem), np.maximum(probability, FLOOR)
    of_answers = information
    information = information.copy() if of_priors is None else information + of_priors
    for j, g, k in np.argwhere(place >= 0):
        for h in range(1, int(problem.n_categories[j])):
            information[place[j, g, k], place[j, g, h]] += problem.pseudo[j, g, 0] / floored[j, g, 0] ** 2
        information[place[j, g, k], place[j, g, k]] += problem.pseudo[j, g, k] / floored[j, g, k] ** 2
    told = float(np.sum(of_answers * np.linalg.inv(information + 1e-9 * np.eye(len(information)))))
    information += of_answers * (n / max(n - told - 1.0, LEAST_FREEDOM * n) - 1.0)
    scale = np.sqrt(np.maximum(np.diag(information), 1e-12))
    values, vectors = np.linalg.eigh(information / scale[:, None] / scale[None, :])
    # directions that the answers leave open get the variance of an uninformed probability, no infinity
    inverse = (vectors / np.maximum(values, 1e-6)) @ vectors.T
    return np.asarray(inverse / scale[:, None] / scale[None, :])


def draw_parameters(
    problem: Problem,
    probability: FloatArray,
    further: FloatArray,
    cov: FloatArray,
    rng: np.random.Generator,
    draws: int,
) -> list[tuple[FloatArray, FloatArray]]:
    """Random probabilities (J, G, M) and ``further`` parameters (F,) around the estimate.

    Normal, the probabilities on the scale of log-ratios, the others on their own.
    """
    place = places(problem)
    n_par = int(place.max()) + 1
    jacobian = np.eye(len(cov))
    floored = np.maximum(probability, FLOOR)
    at = np.concatenate([np.zeros(n_par), further])
    for j, g in np.argwhere(place[:, :, 1] >= 0):
        ks = np.arange(1, int(problem.n_categories[j]))
        rows = place[j, g, ks]
        jacobian[np.ix_(rows, rows)] = 1.0 / floored[j, g, 0]
        jacobian[rows, rows] += 1.0 / floored[j, g, ks]
        at[rows] = np.log(floored[j, g, ks] / floored[j, g, 0])
    cov_y = jacobian @ cov @ jacobian.T
    sd = np.sqrt(np.maximum(np.diag(cov_y), 0.0))
    shrink = np.minimum(1.0, LARGEST_LOGIT_SD / np.maximum(sd, 1e-12))
    cov_y *= shrink[:, None] * shrink[None, :]
    values, vectors = np.linalg.eigh(cov_y)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    out = []
    for _ in range(draws):
        y = at + root @ rng.normal(size=len(at))
        drawn = np.where(place >= 0, np.exp(np.clip(y[place], -20.0, 20.0)), 0.0)
        drawn[:, :, 0] = problem.used[:, :, 0]
        total = drawn.sum(axis=2, keepdims=True)
        out.append((np.where(total > 0, drawn / np.maximum(total, 1e-300), 0.0), y[n_par:]))
    return out
