"""Owns the criterion of a link: how far two sets of item curves are apart, its minimum and what moves it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import optimize

from edumetrics.results import FloatArray

Method = Literal["stocking_lord", "haebara"]
Link = tuple[float, float]

THETA = np.linspace(-4, 4, 41)
WEIGHT = np.exp(-(THETA**2) / 2) / np.exp(-(THETA**2) / 2).sum()
STEP = 1e-5


def solve(new: FloatArray, old: FloatArray, method: Method, start: Link | None = None) -> Link:
    """Slope and intercept at the minimum.

    Parameters
    ----------
    new, old : (A, 3) float
        Slope, difficulty and lower asymptote of the anchors in the two calibrations.
    start : link, optional
        Where to begin; else where means of log slopes and of difficulties agree.
    """
    if start is None:
        slope = float(np.exp(np.mean(np.log(new[:, 0] / old[:, 0]))))
        start = slope, float(old[:, 1].mean() - slope * new[:, 1].mean())

    def apart(x: FloatArray) -> FloatArray:
        return differences((float(np.exp(x[0])), float(x[1])), new, old, method)[0]

    def moved(x: FloatArray) -> FloatArray:
        slope = float(np.exp(x[0]))
        return differences((slope, float(x[1])), new, old, method)[1] * [slope, 1.0]

    first = np.array([np.log(start[0]), start[1]])
    best = optimize.least_squares(apart, first, moved, method="lm", xtol=1e-10, ftol=1e-12)
    return float(np.exp(best.x[0])), float(best.x[1])


def differences(
    link: Link, new: FloatArray, old: FloatArray, method: Method
) -> tuple[FloatArray, FloatArray]:
    """What is left between the curves from both sides (R,), and how slope and intercept move it (R, 2).

    Their squares sum to the criterion: at each node the paper's curves (Stocking & Lord) or each item's
    (Haebara), times the root of the node's weight.
    """
    slope, intercept = link
    on_new = (THETA - intercept) / slope
    there, there_rise = _curves(new, on_new)
    back, back_rise = _curves(old, slope * THETA + intercept)
    left = np.stack([_curves(old, THETA)[0] - there, _curves(new, THETA)[0] - back])
    by_slope = np.stack([there_rise * (on_new / slope)[:, None], -back_rise * THETA[:, None]])
    by_intercept = np.stack([there_rise / slope, -back_rise])
    parts = np.stack([left, by_slope, by_intercept]) * np.sqrt(WEIGHT)[:, None]
    if method == "stocking_lord":
        parts = parts.sum(axis=3, keepdims=True)
    flat = parts.reshape(3, -1)
    return flat[0], flat[1:].T


def sensitivities(
    link: Link, new: FloatArray, old: FloatArray, method: Method
) -> tuple[FloatArray, FloatArray]:
    """Derivatives (2, 3A) of slope and intercept by all a, all b, all c of the new and the old anchors.

    The link is where the criterion L is flat, so they are −H⁻¹ ∂²L/∂link∂p.
    """

    def slope_of(at: Link, tables: list[FloatArray]) -> FloatArray:
        left, moved = differences(at, tables[0], tables[1], method)
        return np.asarray(left @ moved)

    (s, i), pair = link, [new, old]
    ends = [((s + STEP, i), (s - STEP, i)), ((s, i + STEP), (s, i - STEP))]
    hessian = np.column_stack([slope_of(up, pair) - slope_of(down, pair) for up, down in ends])
    out: list[FloatArray] = []
    for form in range(2):
        mixed = np.empty((2, 3 * len(new)))
        for column in range(3):
            for j in range(len(new)):
                ends_of_j = []
                for step in (STEP, -STEP):
                    tables = [table.copy() for table in pair]
                    tables[form][j, column] += step
                    ends_of_j.append(slope_of(link, tables))
                mixed[:, column * len(new) + j] = ends_of_j[0] - ends_of_j[1]
        out.append(np.asarray(-np.linalg.solve(hessian, mixed), dtype=np.float64))
    return out[0], out[1]


def _curves(parameters: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Chances of a right answer (Q, A) and how steeply they rise with ability."""
    a, b, c = parameters.T
    able = 1 / (1 + np.exp(-np.clip(a * (theta[:, None] - b), -500, 500)))
    return np.asarray(c + (1 - c) * able), np.asarray((1 - c) * a * able * (1 - able))
