"""Owns the E-step of a class model on answer patterns held in memory, and the climb in one compiled call.

The same tables of products as `runners.kernel`, built straight from the chances of an item's two or
few groups (no logarithm per class), one pass per distinct pattern however many pupils share it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.acceleration import DONE, EXTRAPOLATED, FIRST, advance, new_memory
from edumetrics.cdm.maximisation import log_prior, maximise, project
from edumetrics.results import FloatArray
from edumetrics.runners.kernel import NEGLIGIBLE, RESCUE, find_rows, fold_counts, scale_of
from edumetrics.runners.packing import Layout, Shard, make_layout, pack, unpack
from edumetrics.runners.vectors import LANES, add_to_rows, multiply_rows


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Distinct answer patterns: ``codes`` (U, B) uint8, ``copies`` (U,) pupils of each, ``layout``."""

    codes: NDArray[np.uint8]
    copies: FloatArray
    layout: Layout

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        """What the compiled code wants."""
        lay = self.layout
        return (self.codes, self.copies, lay.n_categories, lay.base, lay.first_item, lay.first_row)


def fold(shard: Shard) -> Patterns:
    """Equal answer patterns become one, packed so that tables cost no more than patterns."""
    lay = shard.layout
    seen, first, copies = np.unique(_keys(shard.codes), return_index=True, return_counts=True)
    wanted = min(
        (make_layout(lay.n_categories, lay.base > lay.n_categories, rows) for rows in (16, 32, 64, 256)),
        key=lambda one: one.n_bytes * len(seen) + 3 * one.n_rows,
    )
    order = np.sort(first)  # by first pupil: the order of bytes would depend on the layout
    counts = np.zeros(shard.n)
    counts[first] = copies
    alone = shard.take(order)
    if wanted.n_bytes != lay.n_bytes:
        alone = pack(unpack(alone), wanted)
    return Patterns(alone.codes, counts[order], alone.layout)


def _keys(codes: NDArray[np.uint8]) -> NDArray[np.generic]:
    """One value (N,) per pupil, equal for equal answers; numbers where they suffice: these sort fastest."""
    n, n_bytes = codes.shape
    if n_bytes > 8:
        return np.ascontiguousarray(codes).view(np.dtype((np.void, n_bytes))).ravel()
    wide = np.zeros((n, 8), dtype=np.uint8)
    wide[:, :n_bytes] = codes
    return wide.view(np.uint64).ravel()


@numba.njit(cache=True, nogil=True)
def solve(patterns, group, rules, x, tolerance, max_evaluations):  # type: ignore[no-untyped-def]
    """Climb from ``x``, in place, and evaluate where it ends.

    Returns
    -------
    evaluations, converged, loglik, counts (J, G, M), class_counts (C,)
    """
    memory, image = new_memory(len(x)), np.empty(len(x))
    evaluations, kind = 0, FIRST
    while kind != DONE and evaluations < max_evaluations:
        value = _step(patterns, group, rules, x, image)
        evaluations += 1
        kind = advance(memory, x, image, value, tolerance)
        if kind == EXTRAPOLATED:
            probability, weight = parts(rules, x)
            project(rules, probability, weight)
    if kind != DONE:
        x[:] = memory[2][3]
    probability, weight = parts(rules, x)
    counts, class_counts = np.zeros(probability.shape), np.zeros(len(weight))
    loglik = expect(patterns, group, rules[0], probability, weight, counts, class_counts)
    return evaluations + 1, kind == DONE, loglik, counts, class_counts


@numba.njit(cache=True, nogil=True)
def parts(rules, x):  # type: ignore[no-untyped-def]
    """Views of ``x``: probability (J, G, M) and weight (C,)."""
    pseudo = rules[2]
    return x[: pseudo.size].reshape(pseudo.shape), x[pseudo.size :]


@numba.njit(cache=True, nogil=True)
def _step(patterns, group, rules, x, out):  # type: ignore[no-untyped-def]
    probability, weight = parts(rules, x)
    counts, class_counts = np.zeros(probability.shape), np.zeros(len(weight))
    loglik = expect(patterns, group, rules[0], probability, weight, counts, class_counts)
    out[: rules[2].size] = 0.0
    new_probability, new_weight = parts(rules, out)
    maximise(rules, counts, class_counts, probability, new_probability, new_weight)
    return loglik + log_prior(rules, probability, weight)


@numba.njit(cache=True, nogil=True)
def expect(patterns, group, n_groups, probability, weight, counts, class_counts):  # type: ignore[no-untyped-def]
    """Add expected pupils to ``counts`` (J, G, M) and ``class_counts`` (C,); returns the log-likelihood."""
    n_categories, base, first_item, first_row = patterns[2:]
    n_classes, n_rows = len(weight), first_row[-1]
    width = -(-n_classes // LANES) * LANES
    tables, log_scale = np.zeros((n_rows + 1, width)), np.zeros(n_rows + 1)
    _tables(probability, group, n_categories, base, first_item, first_row, tables, log_scale)
    tables[n_rows, :n_classes] = weight
    by_row = np.zeros(tables.shape)
    loglik = _accumulate(patterns, tables, log_scale, probability, group, by_row)
    class_counts += by_row[n_rows, :n_classes]
    by_class = np.zeros((len(group), counts.shape[2], n_classes))
    fold_counts(by_row, n_categories, base, first_item, first_row, by_class)
    for j in range(len(group)):
        for k in range(n_categories[j]):
            for c in range(n_classes):
                counts[j, group[j, c], k] += by_class[j, k, c]
    return loglik


@numba.njit(cache=True, nogil=True, fastmath=True)
def _tables(probability, group, n_categories, base, first_item, first_row, tables, log_scale):  # type: ignore[no-untyped-def]
    n_classes, width = group.shape[1], tables.shape[1]
    chance = np.ones(width)
    for b in range(len(first_item) - 1):
        rows = tables[first_row[b] : first_row[b + 1]]
        size = 1
        rows[0] = 1.0
        for j in range(first_item[b], first_item[b + 1]):
            for k in range(base[j] - 1, -1, -1):
                if k == n_categories[j]:
                    for r in range(size):
                        rows[r + k * size] = rows[r]
                    continue
                for c in range(n_classes):
                    chance[c] = probability[j, group[j, c], k]
                for r in range(size):
                    for c in range(width):
                        rows[r + k * size, c] = rows[r, c] * chance[c]
            size *= base[j]
        for r in range(size):
            top = 0.0
            for c in range(n_classes):
                top = max(top, rows[r, c])
            log_scale[first_row[b] + r] = np.log(top)
            inverse = 1.0 / top
            for c in range(width):
                rows[r, c] *= inverse


@numba.njit(cache=True, nogil=True)
def _accumulate(patterns, tables, log_scale, probability, group, by_row):  # type: ignore[no-untyped-def]
    """Add every pattern's posterior to its table rows and, last, to the row of the class weights."""
    codes, copies, first_row = patterns[0], patterns[1], patterns[5]
    width = tables.shape[1]
    starts = np.empty(codes.shape[1] + 1, np.int64)
    post = np.zeros(width)
    flat, sums = tables.reshape(-1), by_row.reshape(-1)
    loglik = 0.0
    for n in range(len(codes)):
        find_rows(codes, n, first_row, first_row[-1], width, starts)
        total = multiply_rows(flat, starts, post, width // LANES)
        if total > RESCUE:
            loglik += copies[n] * (np.log(total) + scale_of(codes, n, first_row, log_scale))
        else:
            loglik += copies[n] * _exact(patterns, n, probability, group, tables[-1], post)
            total = 1.0
        add_to_rows(sums, starts, post, copies[n] / total, width // LANES, NEGLIGIBLE)
    return loglik


@numba.njit(cache=True, nogil=True)
def _exact(patterns, n, probability, group, prior, post):  # type: ignore[no-untyped-def]
    """Posterior of one pattern from logarithms (slow and safe). Returns the log-likelihood."""
    codes, n_categories, base, first_item = patterns[0], patterns[2], patterns[3], patterns[4]
    post[:] = -np.inf
    for c in range(group.shape[1]):
        post[c] = np.log(prior[c])
        for b in range(len(first_item) - 1):
            rest = np.int64(codes[n, b])
            for j in range(first_item[b], first_item[b + 1]):
                k = rest % base[j]
                rest //= base[j]
                if k < n_categories[j]:
                    post[c] += np.log(probability[j, group[j, c], k])
    top = post.max()
    total = 0.0
    for c in range(len(post)):
        post[c] = np.exp(post[c] - top)
        total += post[c]
    for c in range(len(post)):
        post[c] /= total
    return top + np.log(total)
