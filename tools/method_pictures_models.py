"""Draws the pictures of docs/methods for item response and class models and the engines that fit them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edumetrics.arrays import response_matrix
from edumetrics.cdm import ClassModelResult, diagnose
from edumetrics.irt import Calibration, calibrate, em
from edumetrics.results import Estimate
from edumetrics.runners.federated import FederatedRunner
from edumetrics.runners.local import Runner, ThreadRunner
from edumetrics.runners.packing import make_layout, pack
from edumetrics.runners.stats import NodeModel, Statistics, stats
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
    plot = Plot("Eight pupils; point B is asked only together with A", (0, 9), (0, 1.25), "pupil", "mastery")
    for k, name in enumerate(("A", "B")):
        known = [(i + 1 + 0.15 * k, found.mastery.at(i, k)) for i in range(8)]
        shown = [(x, e) for x, e in known if isinstance(e, Estimate)]
        plot.intervals([x for x, _ in shown], [e.low for _, e in shown], [e.high for _, e in shown], colour=k)
        plot.points([x for x, _ in shown], [e.value for _, e in shown], colour=k, label=f"point {name}")
    return plot.svg(range(1, 9), (0, 0.25, 0.5, 0.75, 1))


class _Watched:
    """A runner that notes the log-likelihood of every pass."""

    def __init__(self, runner: Runner) -> None:
        self.layout, self.n, self.sample = runner.layout, runner.n, runner.sample
        self._runner, self.seen = runner, list[float]()

    def total(self, model: NodeModel) -> Statistics:
        found = self._runner.total(model)
        self.seen.append(found.loglik)
        return found


def runners() -> str:
    rng = np.random.default_rng(3)
    theta, n_items, n = rng.normal(size=(3000, 1)), 30, 3000
    a, d = np.exp(rng.normal(0, 0.3, n_items)), rng.normal(0, 1, n_items)
    cats = (rng.random((n, n_items)) < 1 / (1 + np.exp(-theta * a - d))).astype(np.int8)
    layout = make_layout([2] * n_items, [False] * n_items)
    shards = pack(cats, layout).split(3)
    none = np.zeros((n_items, 5))
    problem = em.Problem(
        np.zeros(n_items, np.int64),
        layout.n_categories,
        none,
        none[:, :2] > 0,
        False,
        np.zeros(1, bool),
        em.grid(),
    )
    parties = [lambda model, one=one: stats(one, model) for one in shards]
    alone = _Watched(ThreadRunner(shards))
    together = _Watched(FederatedRunner(layout, n, parties))
    best = em.fit(problem, alone, tolerance=1e-9).loglik
    distance = []
    for runner in (alone, together):
        first = em.start(problem, runner)
        runner.seen.clear()
        em.fit(problem, runner, first, tolerance=1e-5)
        distance.append(np.log10(np.maximum(best - np.array(runner.seen), 1e-8)))
    alone.seen.clear()
    parameters = first
    for _ in range(12):
        counts = alone.total(em.node_model(problem, parameters)).counts
        parameters = em.Parameters(em.maximise(problem, counts, parameters.par), first.mean, first.sd)
    plain = np.log10(best - np.array(alone.seen))
    plot = Plot(
        "3,000 pupils × 30 items: what is still missing after each pass over the answers",
        (1, 12),
        (-8, 6),
        "pass",
        "log₁₀(maximum − log-likelihood)",
    )
    plot.line(range(1, 13), plain, colour=1, label="plain EM")
    passes = range(1, len(distance[0]) + 1)
    plot.line(passes, distance[0], label="ours, answers on one machine")
    plot.points(passes, distance[1], colour=2, label="ours, answers stay in three districts")
    return plot.svg(range(1, 13), (-8, -6, -4, -2, 0, 2, 4, 6))


if __name__ == "__main__":
    for name, draw in (("irt", irt), ("cdm", cdm), ("runners", runners)):
        (OUT / f"{name}.svg").write_text(draw(), encoding="utf-8")
