"""Owns item and test information: how sharply the items measure at each ability."""

from __future__ import annotations

import numpy as np

from edumetrics.irt.em import Parameters, Problem
from edumetrics.irt.models import GPCM, GRADED, item_probabilities
from edumetrics.results import FloatArray


def item_information(problem: Problem, parameters: Parameters, theta: FloatArray | None = None) -> FloatArray:
    """Fisher information (J, Q) of each item: Σ_k P′_k(θ)² / P_k(θ).

    Parameters
    ----------
    theta : (Q,) float, optional
        Abilities; the nodes of the problem when left out.
    """
    at = problem.theta if theta is None else np.asarray(theta, dtype=np.float64)
    out = np.empty((len(problem.kind), len(at)))
    for j, m in enumerate((problem.n_categories - 1).tolist()):
        row = parameters.par[j]
        p = np.empty((m + 1, len(at)))
        item_probabilities(problem.kind[j], row, m, at, p)
        if problem.kind[j] == GPCM:
            k = np.arange(m + 1)[:, None]
            mean = (k * p).sum(axis=0)
            out[j] = row[0] ** 2 * ((k - mean) ** 2 * p).sum(axis=0)
        elif problem.kind[j] == GRADED:
            above = 1.0 / (1.0 + np.exp(-(row[0] * at[None, :] + row[1 : m + 1, None])))
            w = np.zeros((m + 2, len(at)))
            w[1 : m + 1] = above * (1.0 - above)
            out[j] = row[0] ** 2 * ((w[:-1] - w[1:]) ** 2 / p).sum(axis=0)
        else:
            c = 1.0 / (1.0 + np.exp(-row[2]))
            out[j] = row[0] ** 2 * (p[0] / p[1]) * ((p[1] - c) / (1.0 - c)) ** 2
    return out


def exam_information(problem: Problem, parameters: Parameters, theta: FloatArray | None = None) -> FloatArray:
    """Sum of the information of all items (Q,)."""
    return np.asarray(item_information(problem, parameters, theta).sum(axis=0))
