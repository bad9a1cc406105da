"""Owns class weights of points that hang together through one general ability.

With few pupils a class the weights cannot be estimated one by one. A higher-order model has one place
per point and a common slope; its weights serve as the prior of the class weights, as heavy as the
group itself. Source: de la Torre & Douglas (2004) Psychometrika 69, 333–353.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit, logit

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
    total, ability = float(counts.sum()), _Ability(states, class_of, len(counts))

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        at = ability.at(x)
        value = float((counts * np.log(at.weight)).sum()) + ability.log_prior(x)
        return -value / total, -ability.slope(x, at, counts / at.weight) / total

    best = minimize(loss, ability.first, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
    out = ability.at(best).weight
    return np.asarray(out / out.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """What answers say of pupils who come to one class beside those whom one ability makes expected there.

    Attributes
    ----------
    gain : float
        Twice the log-likelihood.
    share : float
        Of all pupils.
    without, beside : (C,) float
        Class weights if there are none, and of the others if there are.
    """

    gain: float
    share: float
    without: FloatArray
    beside: FloatArray


def excess_in(
    at: int, likelihood: FloatArray, states: NDArray[np.int8], class_of: IntArray, first: float
) -> Excess:
    """Pupils of class ``at`` beyond a higher-order model, given likelihoods (N, C) of the pupils in each.

    Parameters
    ----------
    first : float
        Share that is first thought.
    """
    n, n_classes = likelihood.shape
    ability = _Ability(states, class_of, n_classes)

    def loss(x: FloatArray, more: bool) -> tuple[float, FloatArray]:
        here, share = ability.at(x[:-1]), float(expit(x[-1])) if more else 0.0
        total = here.weight.sum()
        expected = likelihood @ here.weight / total
        mixed = (1.0 - share) * expected + share * likelihood[:, at]
        by_weight = (1.0 - share) / total * ((likelihood.T - expected) @ (1.0 / mixed))
        by_share = float(((likelihood[:, at] - expected) / mixed).sum()) * share * (1.0 - share)
        value = float(np.log(mixed).sum()) + ability.log_prior(x[:-1])
        return -value / n, -np.append(ability.slope(x[:-1], here, by_weight), by_share) / n

    def best(x: FloatArray, more: bool) -> OptimizeResult:
        return minimize(loss, x, args=(more,), jac=True, method="L-BFGS-B", options={"maxiter": 200})

    without = best(np.append(ability.first, logit(first)), False)
    beside = best(np.append(without.x[:-1], logit(first)), True)
    weights = [ability.at(one.x[:-1]).weight for one in (without, beside)]
    gain = max(2.0 * n * float(without.fun - beside.fun), 0.0)
    return Excess(gain, float(expit(beside.x[-1])), *(weight / weight.sum() for weight in weights))


@dataclass(frozen=True, slots=True, eq=False)
class _At:
    """At one place: log-odds (T, K) of the points, chances (T, S) of node and state, weights (C,)."""

    odds: FloatArray
    joint: FloatArray
    weight: FloatArray


class _Ability:
    """Class weights as a function of the log slope and the places, ``x`` (1 + K,)."""

    def __init__(self, states: NDArray[np.int8], class_of: IntArray, n_classes: int) -> None:
        self.has, self.lacks = (states == 1).astype(np.float64), (states == 0).astype(np.float64)
        self.class_of, self.n_classes = class_of, n_classes
        self.first = np.append(_SLOPE_MEAN, np.zeros(states.shape[1]))

    def at(self, x: FloatArray) -> _At:
        z = np.exp(x[0]) * (_NODES[:, None] - x[None, 1:])
        log_state = -np.logaddexp(0.0, -z) @ self.has.T - np.logaddexp(0.0, z) @ self.lacks.T
        joint = _WEIGHTS[:, None] * np.exp(log_state)
        weight = np.bincount(self.class_of, weights=joint.sum(axis=0), minlength=self.n_classes)
        return _At(z, joint, np.maximum(weight, 1e-300))

    def log_prior(self, x: FloatArray) -> float:
        return -0.5 * float(((x[0] - _SLOPE_MEAN) / _SLOPE_SD) ** 2 + ((x[1:] / _PLACE_SD) ** 2).sum())

    def slope(self, x: FloatArray, at: _At, by_weight: FloatArray) -> FloatArray:
        """Of what has derivatives ``by_weight`` (C,), and of the prior, by ``x``."""
        members, right = at.joint * by_weight[self.class_of], expit(at.odds)
        pull = (members @ self.has) * (1.0 - right) - (members @ self.lacks) * right  # by the log-odds
        slope = np.concatenate([[float((pull * at.odds).sum())], -np.exp(x[0]) * pull.sum(axis=0)])
        away = np.concatenate([[(x[0] - _SLOPE_MEAN) / _SLOPE_SD**2], x[1:] / _PLACE_SD**2])
        return np.asarray(slope - away)
