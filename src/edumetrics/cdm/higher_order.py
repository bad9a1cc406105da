"""Owns the class weights where pupils are few for them: points hang together through one general ability.

With few pupils a class the weights cannot be estimated one by one. A higher-order model has one place
per point and a common slope; its weights serve as the prior of the class weights, as heavy as the
group itself. Source: de la Torre & Douglas (2004) Psychometrika 69, 333–353.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from edumetrics.cdm.classes import ClassSpace
from edumetrics.cdm.settings import Settings
from edumetrics.results import FloatArray, IntArray

MOST_POINTS = 12  # 4,096 states are enumerated
PUPILS_PER_CLASS = 4  # with fewer, each pupil gets a class of his own and looks sure
MOST_CELLS = 3_000_000  # pupils × classes that are carried through every step, the empty ones too
_NODES = np.linspace(-4.0, 4.0, 17)
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
# Weak priors: log slope N(log 1.5, 0.5²), places N(0, 1.5²), so that a point that all master stays finite.
_SLOPE_MEAN, _SLOPE_SD, _PLACE_SD = float(np.log(1.5)), 0.5, 1.5


def needs_ability(n: int, space: ClassSpace, settings: Settings) -> bool:
    """Whether so many pupils are too few for weights of their own for all classes."""
    if space.n_classes * n > MOST_CELLS or settings.saturated_from == 0:
        return False
    few = n < settings.saturated_from and space.known.shape[1] <= MOST_POINTS
    return few or space.n_classes * PUPILS_PER_CLASS > n


def too_thin(n: int, space: ClassSpace, settings: Settings) -> bool:
    """Whether so many pupils are too few for their classes, and these too many to lean on ability.

    Weights of their own would give each pupil a class of his own: in simulations with 300 pupils and
    16,384 classes they state 0.997 and are right in 0.87.
    """
    if settings.saturated_from == 0 or not settings.prior:
        return False
    return space.n_classes * n > MOST_CELLS and space.n_classes * PUPILS_PER_CLASS > n


def class_of_states(
    space: ClassSpace, model: str, prerequisites: Sequence[tuple[int, int]]
) -> tuple[NDArray[np.int8], IntArray]:
    """All permitted states (S, K) and the class (S,) of each; of many points the classes themselves."""
    n_points = space.known.shape[1]
    if n_points > MOST_POINTS:
        return space.known, np.arange(space.n_classes)
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
    return states.astype(np.int8), np.array([index[row.tobytes()] for row in groups], dtype=np.int64)


def fit_weights(counts: FloatArray, states: NDArray[np.int8], class_of: IntArray) -> FloatArray:
    """Class weights (C,) of the higher-order model that fits expected counts (C,) best.

    P(state) = Σ_θ w(θ) Π_k σ(±a(θ − b_k)), summed over the states of each class.

    Parameters
    ----------
    states : (S, K) int8
        1 has the point, 0 lacks it, −1 either (such a point is no factor).
    class_of : (S,) int
        Class of each state.
    """
    n_points, n_classes = states.shape[1], len(counts)
    total = float(counts.sum())
    has, lacks = (states == 1).astype(np.float64), (states == 0).astype(np.float64)

    def given(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        z = np.exp(x[0]) * (_NODES[:, None] - x[None, 1:])
        log_state = -np.logaddexp(0.0, -z) @ has.T - np.logaddexp(0.0, z) @ lacks.T
        return z, _WEIGHTS[:, None] * np.exp(log_state)

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        z, joint = given(x)
        weight = np.maximum(np.bincount(class_of, weights=joint.sum(axis=0), minlength=n_classes), 1e-300)
        members = joint * (counts / weight)[class_of]
        right = expit(z)
        pull = (members @ has) * (1.0 - right) - (members @ lacks) * right  # of the log-likelihood, by z
        slope = np.concatenate([[float((pull * z).sum())], -np.exp(x[0]) * pull.sum(axis=0)])
        away = np.concatenate([[(x[0] - _SLOPE_MEAN) / _SLOPE_SD**2], x[1:] / _PLACE_SD**2])
        prior = ((x[0] - _SLOPE_MEAN) / _SLOPE_SD) ** 2 + ((x[1:] / _PLACE_SD) ** 2).sum()
        value = -float((counts * np.log(weight)).sum()) / total + 0.5 * float(prior) / total
        return value, np.asarray((away - slope) / total)

    first = np.concatenate([[_SLOPE_MEAN], np.zeros(n_points)])
    best = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
    out = np.bincount(class_of, weights=given(best)[1].sum(axis=0), minlength=n_classes)
    return np.asarray(out / out.sum())
