"""Owns item and test information: how sharply the items measure at each ability."""

from __future__ import annotations

import numba
import numpy as np

from edumetrics.irt.em import Parameters, Problem
from edumetrics.irt.models import GPCM, GRADED, GUESSING, _sigmoid, item_probabilities
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
    _information(problem.kind, parameters.par, problem.n_categories, at, out)
    return out


@numba.njit(cache=True, nogil=True)
def _information(kind, par, n_categories, theta, out):  # type: ignore[no-untyped-def]
    for j in range(len(kind)):
        m = n_categories[j] - 1
        p = np.empty((m + 1, len(theta)))
        item_probabilities(kind[j], par[j], m, theta, p)
        c = _sigmoid(par[j, 2]) if kind[j] == GUESSING else 0.0
        for q in range(len(theta)):
            if kind[j] == GPCM:
                mean, square = 0.0, 0.0
                for k in range(m + 1):
                    mean += k * p[k, q]
                for k in range(m + 1):
                    square += (k - mean) ** 2 * p[k, q]
            elif kind[j] == GRADED:
                square, former = 0.0, 0.0
                for k in range(m + 1):
                    above = _sigmoid(par[j, 0] * theta[q] + par[j, k + 1]) if k < m else 0.0
                    now = above * (1.0 - above)
                    square += (former - now) ** 2 / p[k, q]
                    former = now
            else:
                square = p[0, q] / p[1, q] * ((p[1, q] - c) / (1.0 - c)) ** 2
            out[j, q] = par[j, 0] ** 2 * square


def exam_information(problem: Problem, parameters: Parameters, theta: FloatArray | None = None) -> FloatArray:
    """Sum of the information of all items (Q,)."""
    return np.asarray(item_information(problem, parameters, theta).sum(axis=0))
