"""Draws the pictures of docs/methods for item response and class models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edumetrics.arrays import response_matrix
from edumetrics.cdm import ClassModelResult, diagnose
from edumetrics.irt import Calibration, calibrate
from edumetrics.results import Estimate
from svg_plot import Plot

OUT = Path(__file__).resolve().parent.parent / "docs" / "methods"


def irt() -> str:
    rng = np.random.default_rng(1)
    a, d = (
        np.array([0.7, 1.2, 2.0, 1.0, 1.5, 0.9, 1.3, 1.1]),
        np.array([1.5, 0.4, -1.0, -0.5, 0.8, 0.0, -0.3, 0.6]),
    )
    theta = rng.normal(size=(1000, 1))
    marks = (rng.random((1000, 8)) < 1 / (1 + np.exp(-theta * a - d))).astype(float)
    found = calibrate(response_matrix(marks, 1.0))
    assert isinstance(found, Calibration)
    at = np.linspace(-3, 3, 61)
    plot = Plot(
        "Three of eight items, 1,000 pupils: estimated (lines) and true (dots)",
        (-3, 3),
        (0, 1),
        "ability θ",
        "chance",
    )
    for colour, j in enumerate((0, 1, 2)):
        slope, intercept = found.items[j].slope, found.items[j].intercepts[0]
        assert isinstance(slope, Estimate)
        assert isinstance(intercept, Estimate)
        curve = 1 / (1 + np.exp(-slope.value * at - intercept.value))
        label = f"a = {slope.value:.2f} ± {1.96 * (slope.se or 0):.2f}"
        plot.line(at, curve, colour=colour, label=label)
        plot.points(at[::6], 1 / (1 + np.exp(-a[j] * at[::6] - d[j])), colour=colour)
    return plot.svg((-3, -2, -1, 0, 1, 2, 3), (0, 0.25, 0.5, 0.75, 1))


def cdm() -> str:
    rng = np.random.default_rng(2)
    q = np.array([[1, 0]] * 3 + [[1, 1]] * 4)
    mastered = rng.random((600, 2)) < 0.6
    able = (mastered[:, None, :] >= q).all(axis=2)
    marks = (rng.random(able.shape) < np.where(able, 0.88, 0.2)).astype(float)
    found = diagnose(response_matrix(marks, 1.0), q, points=["A", "B"])
    assert isinstance(found, ClassModelResult)
    plot = Plot("Eight pupils; point B is asked only together with A", (0, 9), (0, 1), "pupil", "mastery")
    for k, name in enumerate(("A", "B")):
        known = [(i + 1 + 0.15 * k, found.mastery.at(i, k)) for i in range(8)]
        shown = [(x, e) for x, e in known if isinstance(e, Estimate)]
        plot.intervals([x for x, _ in shown], [e.low for _, e in shown], [e.high for _, e in shown], colour=k)
        plot.points([x for x, _ in shown], [e.value for _, e in shown], colour=k, label=f"point {name}")
    return plot.svg(range(1, 9), (0, 0.25, 0.5, 0.75, 1))


if __name__ == "__main__":
    for name, draw in (("irt", irt), ("cdm", cdm)):
        (OUT / f"{name}.svg").write_text(draw(), encoding="utf-8")
