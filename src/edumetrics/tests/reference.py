"""Slow, obvious twins of the classical statistics: loops over pupils and items."""

from __future__ import annotations

import math

import numpy as np


def facility(marks, full):
    out = []
    for j, ceiling in enumerate(full):
        column = [row[j] for row in marks if not math.isnan(row[j])]
        out.append(sum(column) / len(column) / ceiling)
    return out


def rest_correlation(marks):
    """Complete marks only."""
    out = []
    for j in range(len(marks[0])):
        x = [row[j] for row in marks]
        y = [sum(row) - row[j] for row in marks]
        out.append(float(np.corrcoef(x, y)[0, 1]))
    return out


def upper_lower(marks, full, share=0.27):
    """D with ties: average of D over orders of tied pupils, done exactly by unit slices of a pupil."""
    n = len(marks)
    totals = [sum(row) for row in marks]
    size = share * n

    def weights(sign):
        left = size
        out = [0.0] * n
        for value in sorted(set(totals), key=lambda t: sign * t):
            tied = [i for i in range(n) if totals[i] == value]
            take = min(1.0, left / len(tied))
            for i in tied:
                out[i] = take
            left -= take * len(tied)
            if left <= 0:
                break
        return out

    high, low = weights(-1), weights(1)
    return [
        sum(w * row[j] for w, row in zip(high, marks, strict=True)) / size / full[j]
        - sum(w * row[j] for w, row in zip(low, marks, strict=True)) / size / full[j]
        for j in range(len(full))
    ]


def alpha(marks):
    table = np.asarray(marks)
    items = table.shape[1]
    variances = [float(np.var(table[:, j], ddof=1)) for j in range(items)]
    return items / (items - 1) * (1 - sum(variances) / float(np.var(table.sum(axis=1), ddof=1)))


def moodle(marks):
    """Moodle's walkers: one pass for averages, one for sums of differences, sorted lists shifted in step."""
    rows = len(marks)
    out = []
    for j in range(len(marks[0])):
        mine = [row[j] for row in marks]
        others = [sum(row) - row[j] for row in marks]
        mine_mean, others_mean = sum(mine) / rows, sum(others) / rows
        mine_sorted, others_sorted = sorted(mine), sorted(others)
        sums = dict.fromkeys(("var", "othervar", "cov", "covmax"), 0.0)
        for i in range(rows):
            a, b = mine[i] - mine_mean, others[i] - others_mean
            sums["var"] += a * a
            sums["othervar"] += b * b
            sums["cov"] += a * b
            sums["covmax"] += (mine_sorted[i] - mine_mean) * (others_sorted[i] - others_mean)
        out.append((sums["cov"] / math.sqrt(sums["var"] * sums["othervar"]), sums["cov"] / sums["covmax"]))
    return out
