"""Owns the E-step of a class model on answer patterns held in memory, and the climb in one compiled call.

The same tables of products as `runners.kernel`, built straight from the chances of an item's two or
few groups (no logarithm per class), one pass per distinct pattern however many pupils share it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.acceleration import DONE, FIRST, GUESSED, WOKEN, advance, new_memory
from edumetrics.cdm.maximisation import log_prior, maximise, project, uphill, uphill_weights
from edumetrics.results import FloatArray
from edumetrics.runners.kernel import HALFWAY, NEGLIGIBLE, RESCUE, fold_counts
from edumetrics.runners.packing import Layout, Shard, cut_into_bytes, make_layout, pack, unpack
from edumetrics.runners.vectors import LANES, add_to_rows, multiply_rows, new_rows, row_width

FEW_GROUPS = 4  # of an item: their sums in vector registers cost less than one place after the other


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
    base = lay.base.tolist()

    def cost(rows: int) -> int:
        first_item, first_row = cut_into_bytes(base, rows)
        return (len(first_item) - 1) * len(seen) + 3 * first_row[-1]

    wanted = make_layout(lay.n_categories, lay.base > lay.n_categories, min((16, 32, 64, 256), key=cost))
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
    """Climb from ``x``, in place.

    Returns
    -------
    evaluations, converged, loglik, counts (J, G, M), class_counts (C,)
        The last three at the ``x`` where it ended.
    """
    memory, image = new_memory(len(x)), np.zeros(len(x))
    gradient, curvature = np.empty(len(x)), np.empty(len(x))
    probability, weight = parts(rules, x)
    new_probability, new_weight = parts(rules, image)
    cut = probability.size
    counts, class_counts = np.empty(probability.shape), np.empty(len(weight))
    evaluations, kind, loglik = 0, FIRST, 0.0
    while kind != DONE and evaluations < max_evaluations:
        counts[:] = 0.0
        class_counts[:] = 0.0
        loglik = expect(patterns, group, rules[0], probability, weight, counts, class_counts)
        maximise(rules, counts, class_counts, probability, new_probability, new_weight)
        uphill(rules, counts, probability, new_probability, gradient[:cut], curvature[:cut])
        uphill_weights(rules, class_counts, weight, new_weight, gradient[cut:], curvature[cut:])
        evaluations += 1
        value = loglik + log_prior(rules, probability, weight)
        kind = advance(memory, x, image, gradient, curvature, value, tolerance)
        if kind in (GUESSED, WOKEN):
            project(rules, probability, weight)
    if kind != DONE:
        x[:] = memory[2][3]
        counts[:] = 0.0
        class_counts[:] = 0.0
        loglik = expect(patterns, group, rules[0], probability, weight, counts, class_counts)
        evaluations += 1
    return evaluations, kind == DONE, loglik, counts, class_counts


@numba.njit(cache=True, nogil=True)
def parts(rules, x):  # type: ignore[no-untyped-def]
    """Views of ``x``: probability (J, G, M) and weight (C,)."""
    pseudo = rules[2]
    return x[: pseudo.size].reshape(pseudo.shape), x[pseudo.size :]


@numba.njit(cache=True, nogil=True)
def expect(patterns, group, n_groups, probability, weight, counts, class_counts):  # type: ignore[no-untyped-def]
    """Add expected pupils to ``counts`` (J, G, M) and ``class_counts`` (C,); returns the log-likelihood."""
    n_categories, base, first_item, first_row = patterns[2:]
    n_classes = len(weight)
    top = _largest(probability, n_groups, n_categories)
    tables = new_rows(first_row[-1], row_width(n_classes))
    _tables(probability, top, group, weight, n_categories, base, first_item, first_row, tables)
    by_row = new_rows(*tables.shape)
    by_row[:] = 0.0
    loglik = _accumulate(patterns, tables, probability, top, group, weight, by_row)
    for r in range(first_row[1]):
        class_counts += by_row[r, :n_classes]
    by_class = np.zeros((len(group), counts.shape[2], n_classes))
    fold_counts(by_row, n_categories, base, first_item, first_row, by_class)
    for j in range(len(group)):
        for k in range(n_categories[j]):
            pupils = _by_group(by_class[j, k], group[j], counts[j, : n_groups[j], k])
            loglik += pupils * np.log(top[j, k])
    return loglik


@numba.njit(cache=True, nogil=True)
def _largest(probability, n_groups, n_categories):  # type: ignore[no-untyped-def]
    """Largest chance of each category (J, M) among the groups: tables hold chances divided by it."""
    out = np.ones((len(probability), probability.shape[2]))
    for j in range(len(n_groups)):
        for k in range(n_categories[j]):
            out[j, k] = probability[j, : n_groups[j], k].max()
    return out


@numba.njit(cache=True, nogil=True, fastmath=True)
def _by_group(values, group, out):  # type: ignore[no-untyped-def]
    """Add the values (C,) of the classes to their groups, ``out`` (G,); returns their sum."""
    added = 0.0
    if len(out) > FEW_GROUPS:
        for c in range(len(values)):
            out[group[c]] += values[c]
            added += values[c]
        return added
    for g in range(len(out)):
        total = 0.0
        for c in range(len(values)):
            total += values[c] if group[c] == g else 0.0
        out[g] += total
        added += total
    return added


@numba.njit(cache=True, nogil=True, fastmath=True)
def _tables(probability, top, group, weight, n_categories, base, first_item, first_row, tables):  # type: ignore[no-untyped-def]
    """Products of chances (R, W) per byte value and class, padded with zeros to whole vectors.

    The rows of the first byte hold the weight of the class as well: every pattern has one of them.
    """
    n_classes, width = group.shape[1], tables.shape[1]
    chance = np.zeros(width)
    for b in range(len(first_item) - 1):
        rows = tables[first_row[b] : first_row[b + 1]]
        size = 1
        rows[0] = 0.0
        for c in range(n_classes):
            rows[0, c] = weight[c] if b == 0 else 1.0
        for j in range(first_item[b], first_item[b + 1]):
            for k in range(base[j] - 1, -1, -1):
                if k == n_categories[j]:
                    for r in range(size):
                        rows[r + k * size] = rows[r]
                    continue
                inverse = 1.0 / top[j, k]
                for c in range(n_classes):
                    chance[c] = probability[j, group[j, c], k] * inverse
                for r in range(size):
                    for c in range(width):
                        rows[r + k * size, c] = rows[r, c] * chance[c]
            size *= base[j]


@numba.njit(cache=True, nogil=True)
def _accumulate(patterns, tables, probability, top, group, weight, by_row):  # type: ignore[no-untyped-def]
    """Add every pattern's posterior to its table rows; returns the log-likelihood less that of ``top``."""
    codes, copies, first_row = patterns[0], patterns[1], patterns[5]
    width = tables.shape[1]
    starts = np.empty(codes.shape[1], np.int64)
    post = new_rows(1, width)[0]
    post[:] = 0.0
    flat, sums = tables.reshape(-1), by_row.reshape(-1)
    loglik, product = 0.0, 1.0
    for n in range(len(codes)):
        for b in range(len(starts)):
            starts[b] = (first_row[b] + codes[n, b]) * width
        total = multiply_rows(flat, starts, post, width // LANES)
        if total > RESCUE:
            # A logarithm costs as much as the rest: it is taken of the product of many pupils.
            if copies[n] > 1.0 or total < HALFWAY:
                loglik += copies[n] * np.log(total)
            else:
                product *= total
                if product < HALFWAY:
                    loglik += np.log(product)
                    product = 1.0
        else:
            loglik += copies[n] * _exact(patterns, n, probability, top, group, weight, post)
            total = 1.0
        add_to_rows(sums, starts, post, copies[n] / total, width // LANES, NEGLIGIBLE)
    return loglik + np.log(product)


@numba.njit(cache=True, nogil=True)
def _exact(patterns, n, probability, top, group, weight, post):  # type: ignore[no-untyped-def]
    """Posterior of one pattern from logarithms (slow, safe). Returns the log of its chance over ``top``."""
    codes, n_categories, base, first_item = patterns[0], patterns[2], patterns[3], patterns[4]
    post[:] = -np.inf
    for c in range(group.shape[1]):
        post[c] = np.log(weight[c])
        for b in range(len(first_item) - 1):
            rest = np.int64(codes[n, b])
            for j in range(first_item[b], first_item[b + 1]):
                k = rest % base[j]
                rest //= base[j]
                if k < n_categories[j]:
                    post[c] += np.log(probability[j, group[j, c], k] / top[j, k])
    largest = post.max()
    total = 0.0
    for c in range(len(post)):
        post[c] = np.exp(post[c] - largest)
        total += post[c]
    for c in range(len(post)):
        post[c] /= total
    return largest + np.log(total)
