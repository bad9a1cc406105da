"""Owns the statistics of many persons under models whose posterior depends on a weighted score only.

Under 2PL and partial credit the likelihood of complete answers is exp(tθ) × a function of θ × one of the
answers, where t is the sum of the scores of the chosen categories. The posterior is therefore a smooth
function of one number: within a bin of t it is a polynomial to eleven digits, and what is added up per person
is eight values of polynomials in t and not a posterior over all nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from edumetrics.runners.kernel import NEGLIGIBLE, fold_counts
from edumetrics.runners.packing import Floats, Ints, Layout, Shard
from edumetrics.runners.vectors import LANES, add_to_rows, new_rows

# Half a bin is so many posterior standard deviations wide: the ninth Chebyshev coefficient of a node's
# posterior is then below 1e−10 of the largest node's.
HALF_WIDTH = 0.25
PROBES = 65  # scores at which the posterior standard deviation is taken
AT_ONCE = 131_072  # persons sorted together: their copies stay near the cores
CELLS = 4096  # equal parts of the range of scores; a bin is a run of them


@dataclass(frozen=True, eq=False)
class Line:
    """Log-odds of categories that are straight lines in ability.

    Attributes
    ----------
    score, level : (J, M) float
        Slope and intercept of the log-odds of category m against 0; unused ones hold anything finite.
    theta : (Q,) float
        Ability at the nodes.
    """

    score: Floats
    level: Floats
    theta: Floats


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of the score for one model: equal for all shards, so that a sum does not depend on their number.

    Attributes
    ----------
    line : Line
    row_score : (R,) float
        Score of each byte value, NaN where an answer is missing.
    log_weight : (H, Q) float
        Log-weight of the nodes in each population, and of category 0 on every item there.
    lowest, cell : float
        Where the scores begin, and how wide a cell is.
    bin_of : (CELLS,) int
    first_cell : (B + 1,) int
    """

    line: Line
    row_score: Floats
    log_weight: Floats
    lowest: float
    cell: float
    bin_of: Ints
    first_cell: Ints


def make_bins(line: Line, log_prior: Floats, layout: Layout) -> Bins:
    """Bins for a model whose populations have weights ``log_prior`` (H, Q) at the nodes."""
    used = np.arange(line.score.shape[1]) < layout.n_categories[:, None]
    low = float(np.where(used, line.score, np.inf).min(axis=1).sum())
    high = float(np.where(used, line.score, -np.inf).max(axis=1).sum())
    odds = line.level[:, :, None] + line.score[:, :, None] * line.theta
    weight = log_prior - np.logaddexp.reduce(np.where(used[:, :, None], odds, -np.inf), axis=1).sum(axis=0)
    cell = max(high - low, 1e-9) * (1.0 + 1e-9) / CELLS
    probes = np.linspace(low, high, PROBES)
    spread = np.max([_deviations(row, line.theta, probes) for row in weight], axis=0)
    # The wider the posterior, the narrower the bin: places that grow by the deviation are cut evenly.
    steps = 0.5 * (spread[1:] + spread[:-1]) * np.diff(probes)
    place = np.interp(low + cell * np.arange(CELLS), probes, np.cumsum([0.0, *steps]))
    bin_of = np.floor(place / (2.0 * HALF_WIDTH)).astype(np.int64)
    _, first = np.unique(bin_of, return_index=True)
    row_score = np.zeros(layout.n_rows)
    _score_rows(line.score, layout.n_categories, layout.base, layout.first_item, layout.first_row, row_score)
    bins = np.repeat(np.arange(len(first)), np.diff([*first.tolist(), CELLS]))
    return Bins(line, row_score, weight, low, cell, bins, np.array([*first.tolist(), CELLS], dtype=np.int64))


def _deviations(log_weight: Floats, theta: Floats, scores: Floats) -> Floats:
    """Posterior standard deviation at each score."""
    log_p = log_weight + scores[:, None] * theta
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    mean = p @ theta
    return np.asarray(np.sqrt(np.maximum(p @ theta**2 - mean**2, 0.0)))


def total_by_score(shard: Shard, bins: Bins) -> tuple[Floats, Floats, float, Ints]:
    """Expected counts (J, M, Q) and (H, Q) of persons with complete answers, and their log-likelihood.

    Last come the other persons: their posteriors also depend on which items they saw.
    """
    lay, line = shard.layout, bins.line
    counts = np.zeros((*line.score.shape, len(line.theta)))
    nodes = np.zeros(bins.log_weight.shape)
    loglik, left = 0.0, []
    for low in range(0, shard.n, AT_ONCE):
        part = shard.take(slice(low, low + AT_ONCE))
        codes, place, start, others = _sort(
            part.codes, part.population, bins.row_score, lay.first_row, bins.lowest, bins.cell, bins.bin_of,
            bins.first_cell, len(nodes),
        )  # fmt: skip
        loglik += _accumulate(
            codes, place, start, lay.n_categories, lay.base, lay.first_item, lay.first_row, line.level,
            line.theta, bins.log_weight, bins.lowest, bins.cell, bins.first_cell, counts, nodes,
        )  # fmt: skip
        left.append(others + low)
    return counts, nodes, float(loglik), np.concatenate([np.empty(0, np.int64), *left])


@numba.njit(cache=True, nogil=True)
def _score_rows(score, n_categories, base, first_item, first_row, out):  # type: ignore[no-untyped-def]
    for g in range(len(first_item) - 1):
        for row in range(first_row[g], first_row[g + 1]):
            rest = row - first_row[g]
            for j in range(first_item[g], first_item[g + 1]):
                k = rest % base[j]
                out[row] += score[j, k] if k < n_categories[j] else np.nan
                rest //= base[j]


@numba.njit(cache=True, nogil=True)
def _sort(codes, population, row_score, first_row, lowest, cell, bin_of, first_cell, n_populations):  # type: ignore[no-untyped-def]
    """Codes by population and bin, places within the bins (−1 … 1), where each bin starts; the other persons.

    Codes are copied in their new order: to fetch them again person by person would wait for memory.
    """
    n, n_bins = len(codes), len(first_cell) - 1
    last = n_populations * n_bins
    where, at = np.empty(n, np.int32), np.empty(n)
    start = np.zeros(last + 2, np.int64)
    for i in range(n):
        score = 0.0
        for g in range(codes.shape[1]):
            score += row_score[first_row[g] + codes[i, g]]
        where[i] = last
        if not np.isnan(score):
            cells = (score - lowest) / cell
            b = bin_of[min(max(int(cells), 0), len(bin_of) - 1)]
            low, high = first_cell[b], first_cell[b + 1]
            at[i] = (2.0 * cells - low - high) / (high - low)
            where[i] = population[i] * n_bins + b
        start[where[i] + 1] += 1
    start = np.cumsum(start)
    following = start.copy()
    ordered, place = np.empty(codes.shape, np.uint8), np.empty(n)
    others = np.empty(n - start[last], np.int64)
    for i in range(n):
        to = following[where[i]]
        following[where[i]] = to + 1
        if where[i] == last:
            others[to - start[last]] = i
            continue
        place[to] = at[i]
        for g in range(codes.shape[1]):
            ordered[to, g] = codes[i, g]
    return ordered, place, start[:-1], others


@numba.njit(cache=True, nogil=True)
def _accumulate(  # type: ignore[no-untyped-def]
    codes, place, start, n_categories, base, first_item, first_row, level, theta, log_weight, lowest,
    cell, first_cell, counts, nodes,
):  # fmt: skip
    """Add all persons to ``counts`` and ``nodes``; returns the log-likelihood."""
    n_bins, n_bytes = len(first_cell) - 1, codes.shape[1]
    rows = new_rows(first_row[-1], LANES)
    by_item = np.empty((counts.shape[0], counts.shape[1], LANES))
    starts, basis = np.empty(n_bytes, np.int64), new_rows(1, LANES)[0]
    posterior, log_norm = np.empty((LANES, len(theta))), np.empty(LANES)
    loglik = 0.0
    for bin_place in range(len(start) - 1):
        if start[bin_place] == start[bin_place + 1]:
            continue
        h, b = bin_place // n_bins, bin_place % n_bins
        rows[:] = 0.0
        flat = rows.reshape(-1)
        for i in range(start[bin_place], start[bin_place + 1]):
            for g in range(n_bytes):
                starts[g] = (first_row[g] + codes[i, g]) * LANES
            _chebyshev(place[i], basis)
            add_to_rows(flat, starts, basis, 1.0, 1, NEGLIGIBLE)
        by_item[:] = 0.0
        fold_counts(rows, n_categories, base, first_item, first_row, by_item)
        middle = lowest + 0.5 * cell * (first_cell[b] + first_cell[b + 1])
        half = 0.5 * cell * (first_cell[b + 1] - first_cell[b])
        _coefficients(log_weight[h], theta, middle, half, posterior, log_norm)
        for m in range(LANES):
            everybody = 0.0
            for k in range(n_categories[0]):
                everybody += by_item[0, k, m]
            loglik += everybody * log_norm[m]
            for q in range(len(theta)):
                nodes[h, q] += everybody * posterior[m, q]
        for j in range(counts.shape[0]):
            for k in range(n_categories[j]):
                loglik += by_item[j, k, 0] * level[j, k]
                _add_products(by_item[j, k], posterior, counts[j, k])
    return loglik


@numba.njit(cache=True, nogil=True, fastmath={"contract"})
def _add_products(weight, rows, out):  # type: ignore[no-untyped-def]
    for q in range(len(out)):
        total = out[q]
        for m in range(LANES):
            total += weight[m] * rows[m, q]
        out[q] = total


@numba.njit(cache=True, nogil=True)
def _chebyshev(x, out):  # type: ignore[no-untyped-def]
    """Chebyshev polynomials T₀(x) … T₇(x)."""
    out[0], out[1] = 1.0, x
    for m in range(2, LANES):
        out[m] = 2.0 * x * out[m - 1] - out[m - 2]


@numba.njit(cache=True, nogil=True)
def _coefficients(log_weight, theta, middle, half, posterior, log_norm):  # type: ignore[no-untyped-def]
    """Chebyshev coefficients of each node's posterior (8, Q) and of the log of its norm (8,) over a bin."""
    posterior[:], log_norm[:] = 0.0, 0.0
    p, basis = np.empty(len(theta)), np.empty(LANES)
    for i in range(LANES):
        x = np.cos(np.pi * (i + 0.5) / LANES)
        score = middle + half * x
        top = -np.inf
        for q in range(len(theta)):
            p[q] = log_weight[q] + score * theta[q]
            top = max(top, p[q])
        total = 0.0
        for q in range(len(theta)):
            p[q] = np.exp(p[q] - top)
            total += p[q]
        _chebyshev(x, basis)
        for m in range(LANES):
            share = basis[m] * (2.0 if m > 0 else 1.0) / LANES
            log_norm[m] += share * (top + np.log(total))
            for q in range(len(theta)):
                posterior[m, q] += share / total * p[q]
