"""Draws the pictures of docs/methods for DIF, linking, tracing, marking and growth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edumetrics.arrays import response_matrix
from edumetrics.dif import mantel_haenszel
from edumetrics.growth import ValueAdded, value_added
from edumetrics.linking import EquatedScale, LinearLink, equipercentile, tucker
from edumetrics.rating import RaterSeverity, rater_severity
from edumetrics.results import Estimate
from edumetrics.tracing import fit_bkt, practice_log, trace_bkt
from svg_plot import Plot

OUT = Path(__file__).resolve().parent.parent / "docs" / "methods"


def dif() -> str:
    rng = np.random.default_rng(1)
    group = np.where(np.arange(2000) % 2 == 0, "城镇", "乡村")
    theta = rng.normal(size=2000) - 0.4 * (group == "乡村")
    place = rng.normal(0, 0.8, 20)
    planted = np.zeros(20)
    planted[[4, 12]] = 0.5, 0.9
    chance = theta[:, None] - place - planted * (group == "乡村")[:, None]
    marks = (chance + rng.logistic(size=(2000, 20)) / 1.7 > 0).astype(float)
    found = mantel_haenszel(response_matrix(marks, np.ones(20)), group, reference="城镇", focal="乡村")
    known = [(j + 1, i.effect) for j, i in enumerate(found.items) if isinstance(i.effect, Estimate)]
    plot = Plot(
        "DIF of 20 items, 2 × 1,000 pupils; items 5 and 13 were made harder for one group",
        (0, 21),
        (-4, 2),
        "item",
        "MH D-DIF (delta)",
    )
    plot.intervals([j for j, _ in known], [e.low for _, e in known], [e.high for _, e in known])
    plot.points([j for j, _ in known], [e.value for _, e in known])
    for limit in (-1.5, 1.5):
        plot.line([0, 21], [limit, limit], colour=1, label="limit of size C" if limit > 0 else "")
    return plot.svg(range(1, 21, 2), (-4, -3, -2, -1, 0, 1, 2))


def linking() -> str:
    rng = np.random.default_rng(2)
    ability = rng.normal(size=4000)
    anchor = rng.binomial(12, 1 / (1 + np.exp(-ability)))
    easy = rng.binomial(40, 1 / (1 + np.exp(-(ability + 0.5))))
    hard = rng.binomial(40, 1 / (1 + np.exp(-(ability - 0.2))))
    half = 2000
    line = tucker(hard[:half], anchor[:half], easy[half:], anchor[half:])
    curve = equipercentile(np.bincount(hard[:half], minlength=41), np.bincount(easy[half:], minlength=41))
    assert isinstance(line, LinearLink)
    assert isinstance(curve, EquatedScale)
    marks = np.arange(2, 39)
    plot = Plot(
        "A hard form on the scale of an easy one, 2,000 pupils each",
        (0, 40),
        (0, 40),
        "mark on form X (hard)",
        "mark of form Y (easy)",
    )
    plot.line([0, 40], [0, 40], colour=3, label="same mark")
    plot.line(marks, np.clip(line(marks), 0, 40), colour=0, label="Tucker")
    plot.line(marks, np.clip(curve.equated[marks], 0, 40), colour=1, label="equipercentile")
    return plot.svg(range(0, 41, 10), range(0, 41, 10))


def tracing() -> str:
    rng = np.random.default_rng(3)
    learners, length = 3000, 10
    knows = rng.random(learners) < 0.3
    right = np.empty((learners, length), dtype=int)
    for t in range(length):
        right[:, t] = np.where(knows, rng.random(learners) > 0.1, rng.random(learners) < 0.2)
        knows = np.where(knows, rng.random(learners) > 0.03, rng.random(learners) < 0.2)
    who = np.repeat(np.arange(learners), length)
    model = fit_bkt(
        practice_log(who, np.tile(np.arange(length), learners), np.zeros(len(who)), right.ravel())
    )
    plot = Plot("What two answer series say about knowing", (0, 11), (0, 1), "answer", "P(knows)")
    for colour, answers in ((0, [0, 0, 1, 1, 1, 1, 0, 1, 1, 1]), (1, [1, 0, 0, 1, 0, 0, 0, 1, 0, 0])):
        log = practice_log([0] * 10, range(10), [0] * 10, answers, skills=model.skills)
        _, after = trace_bkt(model, log)
        plot.line(range(1, 11), after, colour=colour, label=" ".join("✓" if a else "✗" for a in answers))
    return plot.svg(range(1, 11), (0, 0.25, 0.5, 0.75, 1))


def rating() -> str:
    rng = np.random.default_rng(4)
    severity = np.array([-0.5, -0.1, 0.0, 0.1, 0.5, 0.0])
    pupils = np.repeat(np.arange(900), 2)
    markers = rng.integers(0, 6, 1800)
    ability = rng.normal(size=900)
    chance = 1 / (1 + np.exp(-(ability[pupils] - severity[markers])))
    found = rater_severity(pupils, np.zeros(1800), markers, rng.binomial(12, chance), np.full(1800, 12.0))
    assert isinstance(found, RaterSeverity)
    known = [e for e in found.severity if isinstance(e, Estimate)]
    plot = Plot("Severity of six markers, 300 answers each", (0, 7), (-1, 1), "marker", "severity (logits)")
    plot.line([0, 7], [0, 0], colour=3)
    plot.intervals(range(1, 7), [e.low for e in known], [e.high for e in known])
    plot.points(range(1, 7), [e.value for e in known])
    return plot.svg(range(1, 7), (-1, -0.5, 0, 0.5, 1))


def growth() -> str:
    rng = np.random.default_rng(5)
    sizes = [45, 42, 38, 30, 24, 18, 12, 10]
    group = np.repeat(np.arange(8), sizes)
    effect = rng.normal(0, 2.5, 8)
    prior = rng.normal(70, 10, len(group))
    final = 20 + 0.7 * prior + effect[group] + rng.normal(0, 7, len(group))
    found = value_added(final, prior, group, order=tuple("01234567"))
    assert isinstance(found, ValueAdded)
    known = [e for e in found.effect if isinstance(e, Estimate)]
    raw = [
        float((final - 0.7 * prior)[group == g].mean()) - float((final - 0.7 * prior).mean())
        for g in range(8)
    ]
    plot = Plot(
        "Value added with 95 % intervals; classes of 45 down to 10 pupils",
        (0, 9),
        (-8, 8),
        "class, by size",
        "marks beyond expectation",
    )
    plot.line([0, 9], [0, 0], colour=3)
    plot.intervals(range(1, 9), [e.low for e in known], [e.high for e in known])
    plot.points(range(1, 9), [e.value for e in known], label="shrunken")
    plot.points(range(1, 9), raw, colour=1, label="raw mean")
    return plot.svg(range(1, 9), (-8, -4, 0, 4, 8))


if __name__ == "__main__":
    for name, draw in (
        ("dif", dif),
        ("linking", linking),
        ("tracing", tracing),
        ("rating", rating),
        ("growth", growth),
    ):
        (OUT / f"{name}.svg").write_text(draw(), encoding="utf-8")
