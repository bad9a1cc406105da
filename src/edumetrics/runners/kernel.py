"""Owns the compiled loops over packed answers: tables, posteriors, sufficient statistics.

One kernel serves every discrete latent model: nodes are points of an ability grid or classes of
knowledge states. Per EM step a table row holds, for one byte value and all nodes, the product of
answer probabilities; a person's posterior is then a product of a few rows.
"""

from __future__ import annotations

import numba
import numpy as np

from edumetrics.runners.vectors import LANES, add_to_rows, multiply_rows, new_rows

# A person's likelihood below this could have lost nodes to the smallest float64 (1e−308); such a
# person is recomputed from logarithms. 1e−290 leaves eighteen digits for every node that matters.
RESCUE = 1e-290
HALFWAY = 1e-145  # two numbers above this multiply to one above 1e−290
NEGLIGIBLE = 1e-16  # a posterior probability below the rounding of one is added nowhere
LOG_FLOOR = -60.0  # eight items of a byte multiply to e^−480, inside double range


@numba.njit(cache=True, nogil=True)
def build_tables(logp, n_categories, base, first_item, first_row, tables, log_scale):  # type: ignore[no-untyped-def]
    """Fill ``tables`` (R, W) with products of probabilities, each row scaled to a maximum of one.

    W is the number of nodes Q, padded with zeros to whole vectors.
    """
    n_nodes = logp.shape[2]
    rows = 0
    for g in range(len(first_item) - 1):
        rows = max(rows, first_row[g + 1] - first_row[g])
    work = np.empty((rows, n_nodes))
    prob = np.empty(n_nodes)
    for g in range(len(first_item) - 1):
        size = 1
        for q in range(n_nodes):
            work[0, q] = 1.0
        for j in range(first_item[g], first_item[g + 1]):
            if base[j] > n_categories[j]:
                k = n_categories[j]
                for r in range(size):
                    for q in range(n_nodes):
                        work[r + k * size, q] = work[r, q]
            for k in range(n_categories[j] - 1, -1, -1):
                for q in range(n_nodes):
                    prob[q] = np.exp(max(logp[j, k, q], LOG_FLOOR))
                for r in range(size):
                    for q in range(n_nodes):
                        work[r + k * size, q] = work[r, q] * prob[q]
            size *= base[j]
        for r in range(size):
            top = 0.0
            for q in range(n_nodes):
                top = max(top, work[r, q])
            row = first_row[g] + r
            log_scale[row] = np.log(top)
            inverse = 1.0 / top
            for q in range(n_nodes):
                tables[row, q] = work[r, q] * inverse
            for q in range(n_nodes, tables.shape[1]):
                tables[row, q] = 0.0


@numba.njit(cache=True, nogil=True)
def exact_posterior(codes, n, logp, log_prior, h, n_categories, base, first_item, out):  # type: ignore[no-untyped-def]
    """Posterior of one person from logarithms (slow and safe). Returns the log-likelihood."""
    n_nodes = out.shape[0]
    for q in range(n_nodes):
        out[q] = log_prior[h, q]
    for g in range(len(first_item) - 1):
        rest = np.int64(codes[n, g])
        for j in range(first_item[g], first_item[g + 1]):
            k = rest % base[j]
            rest //= base[j]
            if k < n_categories[j]:
                for q in range(n_nodes):
                    out[q] += max(logp[j, k, q], LOG_FLOOR)
    top = out.max()
    total = 0.0
    for q in range(n_nodes):
        out[q] = np.exp(out[q] - top)
        total += out[q]
    for q in range(n_nodes):
        out[q] /= total
    return top + np.log(total)


@numba.njit(cache=True, nogil=True)
def find_rows(codes, n, first_row, population_row, width, starts):  # type: ignore[no-untyped-def]
    """Places of a person's rows in the flat tables into ``starts``: the population's, then one a byte."""
    starts[0] = population_row * width
    for g in range(codes.shape[1]):
        starts[g + 1] = (first_row[g] + codes[n, g]) * width


@numba.njit(cache=True, nogil=True)
def scale_of(codes, n, first_row, log_scale):  # type: ignore[no-untyped-def]
    """Log of what the rows of one person's bytes were divided by."""
    total = 0.0
    for g in range(codes.shape[1]):
        total += log_scale[first_row[g] + codes[n, g]]
    return total


@numba.njit(cache=True, nogil=True)
def accumulate(  # type: ignore[no-untyped-def]
    codes, population, tables, log_scale, first_row, log_prior, logp, n_categories, base, first_item, counts
):  # fmt: skip
    """Add every person's posterior to its table rows; returns the log-likelihood.

    ``counts`` (R + H, W), zero before, is float64 so that the order of persons, and with it the number
    of shards, moves a result by rounding of the last digits only. Its last rows are the populations'.
    """
    n_nodes, width, n_rows = logp.shape[2], tables.shape[1], first_row[-1]
    starts = np.empty(codes.shape[1] + 1, np.int64)
    post = new_rows(1, width)[0]
    post[:] = 0.0
    near = post[:n_nodes]
    flat, sums = tables.reshape(-1), counts.reshape(-1)
    loglik, product = 0.0, 1.0
    for n in range(codes.shape[0]):
        h = population[n]
        find_rows(codes, n, first_row, n_rows + h, width, starts)
        total = multiply_rows(flat, starts, post, width // LANES)
        if total > RESCUE:
            # A logarithm costs as much as the rest: it is taken of the product of many persons.
            if total < HALFWAY:
                loglik += np.log(total)
            else:
                product *= total
                if product < HALFWAY:
                    loglik += np.log(product)
                    product = 1.0
            add_to_rows(sums, starts, post, 1.0 / total, width // LANES, NEGLIGIBLE)
        else:
            exact = exact_posterior(codes, n, logp, log_prior, h, n_categories, base, first_item, near)
            loglik += exact - scale_of(codes, n, first_row, log_scale)
            add_to_rows(sums, starts, post, 1.0, width // LANES, NEGLIGIBLE)
    for row in range(counts.shape[0]):  # every person has one in all in each of his rows
        loglik += log_scale[row] * counts[row].sum()
    return loglik + np.log(product)


@numba.njit(cache=True, nogil=True)
def fold_counts(counts, n_categories, base, first_item, first_row, out):  # type: ignore[no-untyped-def]
    """Turn counts per byte value into counts per item and category, ``out`` (J, M, Q)."""
    n_nodes = out.shape[2]
    for g in range(len(first_item) - 1):
        size = first_row[g + 1] - first_row[g]
        work = counts[first_row[g] : first_row[g + 1]].copy()
        for j in range(first_item[g + 1] - 1, first_item[g] - 1, -1):
            size //= base[j]
            for k in range(base[j]):
                for r in range(size):
                    row = r + k * size
                    if k < n_categories[j]:
                        for q in range(n_nodes):
                            out[j, k, q] += work[row, q]
                    if k > 0:
                        for q in range(n_nodes):
                            work[r, q] += work[row, q]


@numba.njit(cache=True, nogil=True)
def posteriors(  # type: ignore[no-untyped-def]
    codes, population, tables, log_scale, first_row, log_prior, logp, n_categories, base, first_item,
    out, loglik,
):  # fmt: skip
    """Write every person's posterior over nodes into ``out`` (N, Q) and log-likelihood (N,)."""
    n_nodes, width, n_rows = logp.shape[2], tables.shape[1], first_row[-1]
    starts = np.empty(codes.shape[1] + 1, np.int64)
    post = new_rows(1, width)[0]
    post[:] = 0.0
    near = post[:n_nodes]
    flat = tables.reshape(-1)
    for n in range(codes.shape[0]):
        h = population[n]
        find_rows(codes, n, first_row, n_rows + h, width, starts)
        total = multiply_rows(flat, starts, post, width // LANES)
        scale = 1.0
        if total > RESCUE:
            loglik[n] = np.log(total) + scale_of(codes, n, first_row, log_scale)
            scale = 1.0 / total
        else:
            loglik[n] = exact_posterior(codes, n, logp, log_prior, h, n_categories, base, first_item, near)
        for q in range(n_nodes):
            out[n, q] = post[q] * scale
