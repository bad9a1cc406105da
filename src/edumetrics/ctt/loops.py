"""Compiled loops of the classical figures, for exams of many answers; imported only by those.

The NumPy forms beside their callers say the same: a class does not wait for a compiler to be loaded.
"""

from __future__ import annotations

import numba
import numpy as np

from edumetrics.compiler import start_compiler
from edumetrics.order import mixed

start_compiler()  # these loops are imported when they are called
_mixed = numba.njit(nogil=True)(mixed)


@numba.njit(cache=True, nogil=True)
def whole(marks, scale):  # type: ignore[no-untyped-def]
    """Whether so many times each mark is a whole number."""
    for n in range(len(marks)):
        broken = 0.0
        for j in range(marks.shape[1]):
            part = marks[n, j] * scale
            broken += abs(part - np.rint(part))
        if broken != 0.0:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def count(marks, scale, rank, kinds, choices, base, codes, table):  # type: ignore[no-untyped-def]
    """Count pupils by item, total (``rank``), kind of mark and choice (the first is none)."""
    for n in range(len(marks)):
        for j in range(len(kinds)):
            at = (rank[n] * kinds[j] + int(marks[n, j] * scale + 0.5)) * choices[j]
            if len(codes):
                at += codes[n, j] + 1
            table[base[j] + at] += 1


@numba.njit(cache=True, nogil=True)
def products(item, count, rest, by_mark, mark, out):  # type: ignore[no-untyped-def]
    """Let pupils stand in a row, item after item, once by rest score and once by mark, and add products.

    Between two ends of cells of either row both stay the same.
    """
    here = there = 0
    left = right = 0.0
    for _ in range(2 * len(count)):
        if left == 0.0:
            if here == len(count):
                break
            left = count[here]
            here += 1
        if right == 0.0:
            right = count[by_mark[there]]
            there += 1
        width = min(left, right)
        out[item[here - 1]] += width * rest[here - 1] * mark[by_mark[there - 1]]
        left -= width
        right -= width


@numba.njit(cache=True, nogil=True)
def number_rows(table, out):  # type: ignore[no-untyped-def]
    """Numbers of rows of whole marks as `order.by_answers` forms them; False where a mark is not whole."""
    bits = np.empty(table.shape, np.uint64)
    for n in range(len(table)):
        broken, total = False, np.uint64(0)
        for j in range(table.shape[1]):
            mark = table[n, j]
            known = -1.0 if np.isnan(mark) else mark
            broken |= not (abs(known) < 2.0**62 and known == np.rint(known))
            bits[n, j] = np.uint64(np.int64(known))
            total += bits[n, j]
        if broken:
            return False
        out[n] = _mixed(total)
    columns = np.zeros(table.shape[1], np.uint64)
    for n in range(len(table)):
        for j in range(table.shape[1]):
            columns[j] += bits[n, j] * out[n]
    for j in range(len(columns)):
        columns[j] = _mixed(columns[j])
    for n in range(len(table)):
        total = np.uint64(0)
        for j in range(table.shape[1]):
            total += bits[n, j] * columns[j]
        out[n] = total
    return True


@numba.njit(cache=True, nogil=True)
def seen(points):  # type: ignore[no-untyped-def]
    most = np.uint32(0)
    for point in points:
        most = max(most, point)
    found = np.zeros(most + 1, np.bool_)
    for point in points:
        found[point] = True
    return found


@numba.njit(cache=True, nogil=True)
def look_up(table, points, out):  # type: ignore[no-untyped-def]
    for i in range(len(out)):
        out[i] = table[points[i]]
