"""Owns what partial-credit answers cannot say about the parameters because ability is not seen.

For each person it is the posterior covariance of the score that the parameters would have with ability
seen. Source: Louis (1982) J. R. Stat. Soc. B 44, 226, eq. 3.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edumetrics.irt.em import Parameters, Problem, node_model
from edumetrics.irt.models import all_probabilities
from edumetrics.runners.packing import Floats, Ints, Shard, unpack
from edumetrics.runners.stats import posterior, prepare

TOGETHER = 32  # persons with the same items from which a product of matrices for them alone pays
CHUNK = 2048  # persons whose posteriors fit into a core's cache
# A score is smooth over one posterior: a polynomial of this degree misses less than 1e−5 of its variance.
DEGREE = 6


def lost_information(problem: Problem, at: Parameters, shard: Shard) -> Floats:
    """Sum over the persons of a shard of the posterior covariance of their complete-data score.

    All items are of kind `GPCM`.

    Returns
    -------
    (p, p) float
        Used item parameters row by row, then means, then standard deviations of the free populations.

    Notes
    -----
    The score is k·θ − θ·E(θ) by a slope and [k = h] − P_h(θ) by an intercept: a person's own answers
    stand before θ only. Persons who saw the same items are therefore summed by products of matrices
    without writing out anybody's score; the others by their scores in orthogonal polynomials.
    """
    cats, model = unpack(shard), node_model(problem, at)
    tables = prepare(model, shard.layout)
    used = problem.used
    place = np.cumsum(used).reshape(used.shape) - 1
    owner = np.nonzero(used)[0]  # the item of each parameter
    free = np.flatnonzero(problem.free_populations)
    basis = _population_scores(problem, at, free)
    member = np.tile(shard.population[:, None] == free[None, :], (1, 2)).astype(np.float64)
    level = _common_part(problem, at)
    size = len(level) + len(basis)
    out = np.zeros((size, size))
    together, apart = _same_items(cats)
    for rows, seen in together:
        inside = np.isin(owner, seen)
        entries = np.concatenate([np.flatnonzero(inside), np.arange(len(level), size)])
        first = np.searchsorted(np.flatnonzero(inside), place[seen, 0])
        total = np.zeros((len(entries), len(entries)))
        for part in _chunks(rows):
            known = (cats[part] if len(seen) == cats.shape[1] else cats[part][:, seen]).astype(np.float64)
            weight = posterior(shard.take(part), model, tables)[0]
            total += _closed_form(known, first, weight, level[inside], problem.theta, basis, member[part])
        out[np.ix_(entries, entries)] += total
    for part in _chunks(apart):
        weight = posterior(shard.take(part), model, tables)[0]
        out += _by_polynomials(
            cats[part], place[:, 0], owner, weight, level, problem.theta, basis, member[part]
        )
    return out


def _closed_form(
    known: Floats, first: Ints, weight: Floats, level: Floats, theta: Floats, basis: Floats, member: Floats
) -> Floats:
    """Persons (N) who saw the same items.

    Parameters
    ----------
    known : (N, J) float
        Categories.
    first : (J,) int
        Rows of the slopes in ``level``.
    weight : (N, Q) float
        Posterior.
    level : (p, Q) float
        The part of the score that does not depend on the answers.
    basis, member : (B, Q), (N, B) float
        Scores of the populations' parameters, and who belongs to them.
    """
    p, size = len(level), len(level) + len(basis)
    out = np.zeros((size, size))
    out[:p, :p] = level @ (np.diag(weight.sum(axis=0)) - weight.T @ weight) @ level.T
    # What a person's own answers and population multiply: a function of ability each.
    parts = [(first, known, theta)]
    parts += [(np.array([p + b]), member[:, b : b + 1], basis[b]) for b in range(len(basis))]
    for at, (rows, own, function) in enumerate(parts):
        moved = weight * (function - (weight @ function)[:, None])
        cross = (own.T @ moved) @ level.T
        out[rows, :p] += cross
        out[:p, rows] += cross.T
        spread = own * np.sqrt(np.maximum(moved @ function, 0.0))[:, None]
        out[np.ix_(rows, rows)] += spread.T @ spread
        for others, theirs, other in parts[at + 1 :]:
            both = own.T @ (theirs * (moved @ other)[:, None])
            out[np.ix_(rows, others)] += both
            out[np.ix_(others, rows)] += both.T
    return out


def _by_polynomials(
    cats: NDArray[np.int16],
    slopes: Ints,
    owner: Ints,
    weight: Floats,
    level: Floats,
    theta: Floats,
    basis: Floats,
    member: Floats,
) -> Floats:
    """Persons with items of their own: scores (N, p) along each polynomial of each posterior.

    The variance of a function is the sum of its squared components along polynomials that are
    orthonormal under the posterior, the constant left out.
    """
    p, size = len(level), len(level) + len(basis)
    seen = (cats >= 0)[:, owner]
    out = np.zeros((size, size))
    former, now = np.zeros_like(weight), np.ones_like(weight)
    norm = np.ones((len(weight), 1))
    for _ in range(DEGREE):
        # Three-term recurrence (Stieltjes); a posterior on a few nodes has no further polynomial.
        centre = ((weight * now * now) @ theta)[:, None]
        further = (theta - centre) * now - norm * former
        norm = np.sqrt((weight * further * further).sum(axis=1, keepdims=True))
        former = now
        now = np.divide(further, norm, out=np.zeros_like(further), where=norm > 1e-9)
        along = weight * now
        component = np.empty((len(cats), size))
        component[:, :p] = along @ level.T
        component[:, slopes] += cats * (along @ theta)[:, None]
        component[:, :p] *= seen
        component[:, p:] = (along @ basis.T) * member
        out += component.T @ component
    return out


def _same_items(cats: NDArray[np.int16]) -> tuple[list[tuple[Ints, Ints]], Ints]:
    """Persons by the items that they saw, and those with few companions."""
    seen = cats >= 0
    if seen.all():
        return [(np.arange(len(cats)), np.arange(cats.shape[1]))], np.empty(0, dtype=np.int64)
    bits = np.packbits(seen, axis=1)
    key = bits.view(np.dtype((np.void, bits.shape[1]))).reshape(-1)
    _, first, group, size = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    large = np.flatnonzero(size >= TOGETHER)
    together = [(np.flatnonzero(group == g), np.flatnonzero(seen[first[g]])) for g in large]
    return together, np.flatnonzero(size[group] < TOGETHER)


def _chunks(rows: Ints) -> list[Ints | slice]:
    """Runs of rows; slices, which copy nothing, where the rows follow each other."""
    ends = [(low, min(low + CHUNK, len(rows))) for low in range(0, len(rows), CHUNK)]
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return [slice(int(rows[0]) + low, int(rows[0]) + high) for low, high in ends]
    return [rows[low:high] for low, high in ends]


def _population_scores(problem: Problem, at: Parameters, free: Ints) -> Floats:
    """Scores (2·H, Q) of the free means, then of the free standard deviations."""
    mean, sd = at.mean[free, None], at.sd[free, None]
    deviation = problem.theta[None, :] - mean
    return np.concatenate([deviation / sd**2, deviation**2 / sd**3 - 1.0 / sd])


def _common_part(problem: Problem, at: Parameters) -> Floats:
    """−θ·E(θ) of each slope and −P_h(θ) of each intercept (p, Q)."""
    n_items, width = problem.used.shape
    chance = np.empty((n_items, int(problem.n_categories.max()), len(problem.theta)))
    all_probabilities(problem.kind, at.par, problem.n_categories, problem.theta, False, chance)
    out = np.zeros((n_items, width, len(problem.theta)))
    for j, m in enumerate((problem.n_categories - 1).tolist()):
        out[j, 0] = -problem.theta * (np.arange(m + 1) @ chance[j, : m + 1])
        out[j, 1 : m + 1] = -chance[j, 1 : m + 1]
    return out[problem.used]
