"""Owns the EM step of testlet models: an ability and an intercept per testlet, integrated one by one.

Given ability θ the testlets are independent, so that the integral over all intercepts is a product of
one-dimensional ones (Gibbons & Hedeker 1992, Psychometrika 57, 423). Answers to one testlet are few different
patterns: for each, a table row over θ holds its probability with the intercept integrated out, a pupil is a
product of rows, and the statistics are additions of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.irt.em import Problem
from edumetrics.irt.models import item_probabilities
from edumetrics.irt.mstep import all_gradients, log_prior_sum, maximise_items
from edumetrics.results import FloatArray, IntArray

EFFECT_NODES = 15  # Gauss–Hermite: exact for the smooth integrands of a testlet of school size
STEP = 1e-3  # of the differences by which the spread of an intercept is improved
MOST_SPREAD = 4.0  # a testlet sixteen times as strong as ability is no exam
LARGEST_MOVE = 0.4


@dataclass(frozen=True, eq=False)
class Group:
    """Items with one intercept (or a single item without), and the patterns that occur on them.

    Attributes
    ----------
    items : (m,) int
    patterns : (C, m) int16
        −1 where there is no mark.
    row : (N,) int
        Pattern of each pupil.
    testlet : int
        Place of its spread, −1 for a single item.
    """

    items: IntArray
    patterns: NDArray[np.int16]
    row: IntArray
    testlet: int


@dataclass(frozen=True, eq=False)
class State:
    """Item parameters (J, P) and spreads of the intercepts (S,)."""

    par: FloatArray
    spread: FloatArray


@dataclass(frozen=True, eq=False)
class Expected:
    """What one pass over the pupils brings: log-likelihood, counts per group, first two moments of ability.

    ``counts[g]`` has shape (m, M, nodes): for a testlet the nodes are all pairs (θ, intercept).
    """

    loglik: float
    counts: tuple[FloatArray, ...]
    mean: FloatArray
    sd: FloatArray


def effect_nodes() -> tuple[FloatArray, FloatArray]:
    """Standard normal nodes and weights of an intercept."""
    z, w = np.polynomial.hermite_e.hermegauss(EFFECT_NODES)
    return z, w / w.sum()


def group_items(cats: NDArray[np.int16], testlets: list[IntArray]) -> tuple[Group, ...]:
    """Testlets first, then every other item alone."""
    inside = np.concatenate(testlets) if testlets else np.zeros(0, dtype=np.int64)
    alone = [np.array([j]) for j in np.setdiff1d(np.arange(cats.shape[1]), inside)]
    out = []
    for place, items in enumerate([*testlets, *alone]):
        patterns, row = np.unique(cats[:, items], axis=0, return_inverse=True)
        out.append(
            Group(
                np.asarray(items, dtype=np.int64),
                np.ascontiguousarray(patterns, dtype=np.int16),
                np.asarray(row, dtype=np.int64).reshape(-1),
                place if place < len(testlets) else -1,
            )
        )
    return tuple(out)


def nodes_of(group: Group, theta: FloatArray, state: State) -> FloatArray:
    """Where on the ability scale the items of a group are asked: θ + spread·z, pairs flattened."""
    if group.testlet < 0:
        return theta
    z, _ = effect_nodes()
    return np.asarray((theta[:, None] + state.spread[group.testlet] * z[None, :]).ravel())


def expect(problem: Problem, groups: tuple[Group, ...], state: State) -> Expected:
    """One pass over the pupils."""
    theta = problem.theta
    prior = np.exp(-0.5 * theta**2)
    prior /= prior.sum()
    _, w = effect_nodes()
    width = int(problem.n_categories.max())
    tables, probabilities, logs = [], [], []
    for group in groups:
        at = nodes_of(group, theta, state)
        p = np.ones((len(group.items), width, len(at)))
        for place, j in enumerate(group.items):
            item_probabilities(problem.kind[j], state.par[j], int(problem.n_categories[j]) - 1, at, p[place])
        weights = w if group.testlet >= 0 else np.ones(1)
        table = np.empty((len(group.patterns), len(theta)))
        _pattern_rows(group.patterns, p, weights, table)
        top = table.max(axis=1, keepdims=True)
        tables.append(table / top)
        logs.append(np.log(top[:, 0]))
        probabilities.append(p)
    starts = np.cumsum([0, *(len(t) for t in tables)])
    rows = np.stack([g.row + s for g, s in zip(groups, starts[:-1], strict=True)], axis=1)
    table = np.concatenate(tables)
    shared = np.zeros_like(table)
    mean, square = np.empty(len(rows)), np.empty(len(rows))
    loglik = _persons(rows, table, np.concatenate(logs), prior, theta, shared, mean, square)
    counts = []
    for g, group in enumerate(groups):
        weights = w if group.testlet >= 0 else np.ones(1)
        out = np.zeros((len(group.items), width, len(theta) * len(weights)))
        _spread_counts(group.patterns, probabilities[g], weights, shared[starts[g] : starts[g + 1]], out)
        counts.append(out)
    return Expected(loglik, tuple(counts), mean, np.sqrt(np.maximum(square - mean**2, 0.0)))


def improve(problem: Problem, groups: tuple[Group, ...], state: State, found: Expected) -> State:
    """Maximise items at the expected counts, then each spread by one guarded Newton step."""
    par, spread = state.par.copy(), state.spread.copy()
    for group, counts in zip(groups, found.counts, strict=True):
        part = par[group.items]
        maximise_items(
            problem.kind[group.items], part, problem.n_categories[group.items], counts,
            nodes_of(group, problem.theta, state), problem.prior[group.items], problem.fixed[group.items], 3,
        )  # fmt: skip
        par[group.items] = part
        if group.testlet >= 0:
            spread[group.testlet] = _better_spread(problem, group, State(par, spread), counts)
    return State(par, spread)


def objective(problem: Problem, state: State, loglik: float) -> float:
    """Log-likelihood plus log-priors."""
    return loglik + log_prior_sum(problem.kind, state.par, problem.n_categories, problem.prior)


def gradient(problem: Problem, groups: tuple[Group, ...], state: State, found: Expected) -> FloatArray:
    """Gradient of the objective: used item parameters row by row, then spreads (Fisher's identity)."""
    n_items, width = state.par.shape
    grad = np.zeros((n_items, width))
    by_spread = np.zeros(len(state.spread))
    for group, counts in zip(groups, found.counts, strict=True):
        at = nodes_of(group, problem.theta, state)
        g, h = np.zeros((len(group.items), width)), np.zeros((len(group.items), width, width))
        all_gradients(
            problem.kind[group.items], state.par[group.items], problem.n_categories[group.items], counts, at,
            problem.prior[group.items], g, h,
        )  # fmt: skip
        grad[group.items] = g
        if group.testlet >= 0:
            up, down = (
                _complete(problem, group, state, counts, float(state.spread[group.testlet]) + move)
                for move in (STEP, -STEP)
            )
            by_spread[group.testlet] = (up - down) / (2.0 * STEP)
    return np.concatenate([grad[problem.used], by_spread])


def _complete(problem: Problem, group: Group, state: State, counts: FloatArray, spread: float) -> float:
    """Expected complete log-likelihood of a testlet as a function of its spread."""
    moved = state.spread.copy()
    moved[group.testlet] = spread
    at = nodes_of(group, problem.theta, State(state.par, moved))
    total = 0.0
    for place, j in enumerate(group.items):
        m = int(problem.n_categories[j]) - 1
        p = np.empty((m + 1, len(at)))
        item_probabilities(problem.kind[j], state.par[j], m, at, p)
        total += float((counts[place, : m + 1] * np.log(p)).sum())
    return total


def _better_spread(problem: Problem, group: Group, state: State, counts: FloatArray) -> float:
    now = float(state.spread[group.testlet])

    def value(spread: float) -> float:
        return _complete(problem, group, state, counts, spread)

    here, up, down = value(now), value(now + STEP), value(now - STEP)
    slope, bend = (up - down) / (2.0 * STEP), (up - 2.0 * here + down) / STEP**2
    move = -slope / bend if bend < 0.0 else np.sign(slope) * LARGEST_MOVE
    move = float(np.clip(move, -LARGEST_MOVE, LARGEST_MOVE))
    for _ in range(8):
        trial = min(abs(now + move), MOST_SPREAD)
        if value(trial) >= here:
            return trial
        move *= 0.5
    return now


@numba.njit(cache=True, nogil=True)
def _pattern_rows(patterns, p, weights, table):  # type: ignore[no-untyped-def]
    """Probability (C, Q) of each pattern at each θ, the intercept integrated out."""
    n_effect = len(weights)
    for c in range(patterns.shape[0]):
        for q in range(table.shape[1]):
            total = 0.0
            for u in range(n_effect):
                product = weights[u]
                for j in range(patterns.shape[1]):
                    k = patterns[c, j]
                    if k >= 0:
                        product *= p[j, k, q * n_effect + u]
                total += product
            table[c, q] = max(total, 1e-300)


@numba.njit(cache=True, nogil=True)
def _persons(rows, table, logs, prior, theta, shared, mean, square):  # type: ignore[no-untyped-def]
    """Posterior of each pupil as a product of rows; adds it to the rows' statistics."""
    n_nodes = len(theta)
    post = np.empty(n_nodes)
    loglik = 0.0
    for i in range(rows.shape[0]):
        post[:] = prior
        scale = 0.0
        for g in range(rows.shape[1]):
            row = rows[i, g]
            scale += logs[row]
            for q in range(n_nodes):
                post[q] *= table[row, q]
            if g % 16 == 15:  # many rows of values up to one: keep the product away from zero
                top = post.max()
                scale += np.log(top)
                for q in range(n_nodes):
                    post[q] /= top
        total = post.sum()
        loglik += scale + np.log(total)
        m, s = 0.0, 0.0
        for q in range(n_nodes):
            post[q] /= total
            m += post[q] * theta[q]
            s += post[q] * theta[q] * theta[q]
        mean[i], square[i] = m, s
        for g in range(rows.shape[1]):
            row = rows[i, g]
            for q in range(n_nodes):
                shared[row, q] += post[q]
    return loglik


@numba.njit(cache=True, nogil=True)
def _spread_counts(patterns, p, weights, shared, out):  # type: ignore[no-untyped-def]
    """Expected counts (m, M, Q·U): a pattern's posterior over θ times that of the intercept given θ."""
    n_effect = len(weights)
    part = np.empty(n_effect)
    for c in range(patterns.shape[0]):
        for q in range(shared.shape[1]):
            if shared[c, q] <= 0.0:
                continue
            total = 0.0
            for u in range(n_effect):
                part[u] = weights[u]
                for j in range(patterns.shape[1]):
                    k = patterns[c, j]
                    if k >= 0:
                        part[u] *= p[j, k, q * n_effect + u]
                total += part[u]
            factor = shared[c, q] / max(total, 1e-300)
            for u in range(n_effect):
                for j in range(patterns.shape[1]):
                    k = patterns[c, j]
                    if k >= 0:
                        out[j, k, q * n_effect + u] += factor * part[u]
