"""Owns one look at all classes, however many: would the pupils' likelihood fill them?

The mean likelihood ratio of a class (Lindsay 1983, Ann. Stat. 11, 86) needs no normalised posterior
over all classes, so classes are looked at block by block with tables that stay in the cache.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np

from edumetrics.cdm.expectation import Patterns
from edumetrics.results import FloatArray, IntArray

BLOCK = 128  # classes whose tables fit a core's second-level cache
SMALLEST_LOG = -690.0  # a likelihood below is taken as this: its inverse is still a number


def likelihoods(
    patterns: Patterns, group: IntArray, probability: FloatArray, weight: FloatArray
) -> FloatArray:
    """Likelihood (U,) of every pattern under classes (C,) with these weights."""
    parts = _in_threads(
        len(weight),
        lambda part: _totals(
            patterns.arrays, np.ascontiguousarray(group[:, part]), probability, weight[part]
        ),
    )
    return np.asarray(np.maximum(np.sum(parts, axis=0), np.exp(SMALLEST_LOG)))


def ratios(
    patterns: Patterns, group: IntArray, probability: FloatArray, likelihood: FloatArray
) -> FloatArray:
    """Mean over pupils of the likelihood of each class (C,) over ``likelihood`` (U,)."""
    share = patterns.copies / patterns.copies.sum() / likelihood
    return np.concatenate(
        _in_threads(
            group.shape[1],
            lambda part: _ratios(patterns.arrays, np.ascontiguousarray(group[:, part]), probability, share),
        )
    )


def _in_threads(n_classes: int, work):  # type: ignore[no-untyped-def]
    workers = min(os.cpu_count() or 1, max(n_classes // (4 * BLOCK), 1))
    edges = np.linspace(0, n_classes, workers + 1).astype(int)
    ranges = [slice(low, high) for low, high in pairwise(edges)]
    if workers == 1:
        return [work(ranges[0])]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, ranges))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _totals(patterns, group, probability, weight):  # type: ignore[no-untyped-def]
    codes, first_row = patterns[0], patterns[5]
    out = np.zeros(len(codes))
    tables, joint, prior = np.empty((first_row[-1], BLOCK)), np.empty(BLOCK), np.zeros(BLOCK)
    for low in range(0, group.shape[1], BLOCK):
        size = min(BLOCK, group.shape[1] - low)
        _block(patterns, group[:, low : low + size], probability, tables)
        prior[:size] = weight[low : low + size]
        prior[size:] = 0.0
        for n in range(len(codes)):
            _joint(codes, n, first_row, tables, joint)
            total = 0.0
            for c in range(BLOCK):
                total += prior[c] * joint[c]
            out[n] += total
    return out


@numba.njit(cache=True, nogil=True, fastmath=True)
def _ratios(patterns, group, probability, share):  # type: ignore[no-untyped-def]
    codes, first_row = patterns[0], patterns[5]
    n_classes = group.shape[1]
    out = np.empty(n_classes)
    tables, joint, total = np.empty((first_row[-1], BLOCK)), np.empty(BLOCK), np.empty(BLOCK)
    for low in range(0, n_classes, BLOCK):
        size = min(BLOCK, n_classes - low)
        _block(patterns, group[:, low : low + size], probability, tables)
        total[:] = 0.0
        for n in range(len(codes)):
            _joint(codes, n, first_row, tables, joint)
            for c in range(BLOCK):
                total[c] += share[n] * joint[c]
        out[low : low + size] = total[:size]
    return out


@numba.njit(cache=True, nogil=True, fastmath=True)
def _joint(codes, n, first_row, tables, out):  # type: ignore[no-untyped-def]
    """Likelihood of pattern ``n`` in every class of the block."""
    n_bytes = codes.shape[1]
    r0 = first_row[0] + codes[n, 0]
    for c in range(BLOCK):
        out[c] = tables[r0, c]
    b = 1
    while b + 3 <= n_bytes:
        r0, r1 = first_row[b] + codes[n, b], first_row[b + 1] + codes[n, b + 1]
        r2 = first_row[b + 2] + codes[n, b + 2]
        for c in range(BLOCK):
            out[c] *= tables[r0, c] * (tables[r1, c] * tables[r2, c])
        b += 3
    while b < n_bytes:
        r0 = first_row[b] + codes[n, b]
        for c in range(BLOCK):
            out[c] *= tables[r0, c]
        b += 1


@numba.njit(cache=True, nogil=True)
def _block(patterns, group, probability, tables):  # type: ignore[no-untyped-def]
    """Products of chances per row and class of the block; places without a class hold ones."""
    n_categories, base, first_item, first_row = patterns[2], patterns[3], patterns[4], patterns[5]
    chance = np.ones(BLOCK)
    for b in range(len(first_item) - 1):
        rows = tables[first_row[b] : first_row[b + 1]]
        size = 1
        rows[0] = 1.0
        for j in range(first_item[b], first_item[b + 1]):
            for k in range(base[j] - 1, -1, -1):
                for c in range(group.shape[1]):
                    chance[c] = probability[j, group[j, c], k] if k < n_categories[j] else 1.0
                for r in range(size):
                    for c in range(BLOCK):
                        rows[r + k * size, c] = rows[r, c] * chance[c]
            size *= base[j]
