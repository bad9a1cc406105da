"""Owns posteriors of ability over the nodes of a calibration: their means, spreads and limits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edumetrics.irt.em import node_model
from edumetrics.irt.persons import summarise
from edumetrics.irt.results import Calibration
from edumetrics.results import FloatArray, IntArray
from edumetrics.runners.packing import Shard, make_layout, pack
from edumetrics.runners.stats import NodeModel, posterior, prepare

NEAR = 2048  # persons whose posteriors fit into a core's cache


def packed(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray
) -> tuple[Shard, NodeModel]:
    """Answers and model as the compiled loops want them."""
    layout = make_layout(calibration.problem.n_categories, np.asarray((cats < 0).any(axis=0)))
    return pack(cats, layout, population), node_model(calibration.problem, calibration.parameters)


def _posteriors(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray
) -> Iterator[tuple[slice, FloatArray]]:
    """Posteriors over the nodes, some persons at a time."""
    shard, model = packed(calibration, cats, population)
    tables = prepare(model, shard.layout)
    for low in range(0, shard.n, NEAR):
        part = slice(low, low + NEAR)
        yield part, posterior(shard.take(part), model, tables)[0]


def posterior_moments(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and standard deviation of each person."""
    theta = calibration.problem.theta
    powers, out = np.column_stack([theta, theta**2]), np.empty((len(cats), 2))
    for part, post in _posteriors(calibration, cats, population):
        out[part] = post @ powers
    return out[:, 0], np.sqrt(np.maximum(out[:, 1] - out[:, 0] ** 2, 0.0))


def posterior_summary(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Posterior mean, standard deviation, and limits that leave 2.5 % on each side, of each person."""
    out = np.empty((4, len(cats)))
    for part, post in _posteriors(calibration, cats, population):
        summarise(post, calibration.problem.theta, 0.025, out[:, part])
    return out[0], out[1], out[2], out[3]
