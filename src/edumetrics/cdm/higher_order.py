"""Owns the class weights of a small group: points hang together through one general ability.

With few pupils the weights of many classes cannot be estimated one by one. A higher-order model
has one place per point and a common slope; its weights serve as the prior of the class weights,
as heavy as the group itself. Source: de la Torre & Douglas (2004) Psychometrika 69, 333–353.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from edumetrics.cdm.classes import ClassSpace
from edumetrics.results import FloatArray, IntArray

MOST_POINTS = 12  # 4,096 states are enumerated
_NODES = np.linspace(-4.0, 4.0, 17)
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
# Weak priors: log slope N(log 1.5, 0.5²), places N(0, 1.5²), so that a point that all master stays finite.
_SLOPE_MEAN, _SLOPE_SD, _PLACE_SD = float(np.log(1.5)), 0.5, 1.5


def class_of_states(
    space: ClassSpace, model: str, prerequisites: Sequence[tuple[int, int]]
) -> tuple[NDArray[np.bool_], IntArray]:
    """All permitted states (S, K) and the class (S,) of each."""
    n_points = space.known.shape[1]
    states = np.array(list(product([False, True], repeat=n_points)), dtype=np.bool_)
    for before, after in prerequisites:
        states = states[~states[:, after] | states[:, before]]
    groups = np.empty((len(states), len(space.needs)), dtype=np.int64)
    for j, needs in enumerate(space.needs):
        has = states[:, list(needs)]
        if model == "dina":
            groups[:, j] = has.all(axis=1)
        elif model == "dino":
            groups[:, j] = has.any(axis=1)
        else:
            code = 1 << np.arange(len(needs))
            place = {int(m @ code): g for g, m in enumerate(space.mastered[j].astype(np.int64))}
            groups[:, j] = [place[int(c)] for c in has.astype(np.int64) @ code]
    index = {space.group[:, c].tobytes(): c for c in range(space.n_classes)}
    return states, np.array([index[row.tobytes()] for row in groups], dtype=np.int64)


def fit_weights(counts: FloatArray, states: NDArray[np.bool_], class_of: IntArray) -> FloatArray:
    """Class weights (C,) of the higher-order model that fits expected counts (C,) best.

    P(state) = Σ_θ w(θ) Π_k σ(±a(θ − b_k)), summed over the states of each class.
    """
    n_points, n_classes = states.shape[1], len(counts)
    total = float(counts.sum())

    def weights(x: FloatArray) -> FloatArray:
        z = np.exp(x[0]) * (_NODES[:, None] - x[None, 1:])
        log_has, log_lacks = -np.logaddexp(0.0, -z), -np.logaddexp(0.0, z)
        log_state = log_lacks.sum(axis=1)[:, None] + (log_has - log_lacks) @ states.T.astype(np.float64)
        state = _WEIGHTS @ np.exp(log_state)
        out = np.bincount(class_of, weights=state, minlength=n_classes)
        return np.asarray(out / out.sum())

    def loss(x: FloatArray) -> float:
        prior = ((x[0] - _SLOPE_MEAN) / _SLOPE_SD) ** 2 + ((x[1:] / _PLACE_SD) ** 2).sum()
        return float(-(counts * np.log(np.maximum(weights(x), 1e-300))).sum() / total + 0.5 * prior / total)

    first = np.concatenate([[_SLOPE_MEAN], np.zeros(n_points)])
    return weights(minimize(loss, first, method="L-BFGS-B", options={"maxiter": 60}).x)
