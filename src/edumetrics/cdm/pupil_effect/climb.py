"""Owns the maximum of a class model with a pupil's effect: slopes from the E-step over classes and nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from edumetrics.cdm.expectation import Patterns, expect
from edumetrics.cdm.maximisation import CLASS_FLOOR, FLOOR
from edumetrics.cdm.pupil_effect.model import KINDS, EffectModel
from edumetrics.cdm.uncertainty import places
from edumetrics.results import FloatArray

SIZE_SD = 2.0  # of the normal prior of a σ, in log-odds
OPTIONS = {"maxiter": 300, "ftol": 1e-9, "maxcor": 20}
LEAST_WEIGHT = 1e-6  # of a class where a climb starts: at nothing it could not come back


@dataclass(frozen=True, slots=True, eq=False)
class EffectFit:
    """A maximum.

    Attributes
    ----------
    logits : (J, G, M) float
    sizes : (KINDS,) float
    weight : (C,) float
    loglik : float
    counts : (J, G, M) float
        Expected pupils.
    class_counts : (C,) float
    """

    logits: FloatArray
    sizes: FloatArray
    weight: FloatArray
    loglik: float
    counts: FloatArray
    class_counts: FloatArray


class Objective:
    """Likelihood times priors of an effect model, over logits, logarithms of class weights, and sizes."""

    def __init__(self, model: EffectModel, patterns: Patterns) -> None:
        self.model, self.patterns = model, patterns
        self.free = places(model.bare) >= 0
        self.n_free, self.n_classes = int(self.free.sum()), model.bare.group.shape[1]
        self.pupils = float(patterns.copies.sum())

    def parts(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Logits (J, G, M), weights (C,), sizes (KINDS,) of a point (P + C + KINDS,)."""
        logits = np.zeros(self.free.shape)
        logits[self.free] = x[: self.n_free]
        log_weight = x[self.n_free : self.n_free + self.n_classes]
        weight = np.exp(log_weight - log_weight.max())
        return logits, np.maximum(weight / weight.sum(), CLASS_FLOOR), x[self.n_free + self.n_classes :]

    def at(self, x: FloatArray) -> tuple[EffectFit, float, FloatArray]:
        """What is there, the objective and its slope (P + C + KINDS,)."""
        model, (logits, weight, sizes) = self.model, self.parts(x)
        spread, prior_of_classes = model.spread, model.bare.class_pseudo
        chance = np.maximum(model.chances(logits, sizes), FLOOR) * spread.used
        counts, by_node = np.zeros(chance.shape), np.zeros(self.n_classes * len(model.at))
        loglik = expect(
            self.patterns.arrays,
            spread.group,
            spread.n_groups,
            chance,
            model.weights(weight),
            counts,
            by_node,
        )
        prior = float((spread.pseudo * np.log(np.where(spread.used, chance, 1.0))).sum())
        prior += float(prior_of_classes @ np.log(weight)) - 0.5 * float(sizes @ sizes) / SIZE_SD**2
        seen = counts + spread.pseudo
        shape = (*logits.shape[:2], len(model.at), logits.shape[2])
        away = (seen - seen.sum(axis=2, keepdims=True) * chance).reshape(shape)
        of_kinds = (away * model.steps).sum(axis=(2, 3)).ravel()
        class_counts = by_node.reshape(self.n_classes, -1).sum(axis=1)
        slope = np.concatenate(
            [
                away.sum(axis=2)[self.free],
                class_counts + prior_of_classes - (self.pupils + prior_of_classes.sum()) * weight,
                np.bincount(model.kind.ravel(), of_kinds, minlength=KINDS) - sizes / SIZE_SD**2,
            ]
        )
        fit = EffectFit(logits, sizes, weight, float(loglik), counts.reshape(shape).sum(axis=2), class_counts)
        return fit, float(loglik) + prior, slope

    def scale(self, logits: FloatArray, weight: FloatArray) -> FloatArray:
        """Roots (P + C + KINDS,) of what would be known of each coordinate, were classes seen."""
        bare = self.model.bare
        chance = self.model.chances(logits, np.zeros(KINDS)).reshape(*logits.shape[:2], -1, logits.shape[2])
        base = chance[:, :, 0]
        size = np.array([np.bincount(row, weight, minlength=logits.shape[1]) for row in bare.group])
        known = np.maximum(self.pupils * size, 1.0)[:, :, None] + bare.pseudo.sum(axis=2, keepdims=True)
        of_logits = np.maximum(known * base * (1.0 - base), 0.1)[self.free]
        of_weights = (self.pupils + bare.class_pseudo.sum()) * weight + 0.5
        return np.sqrt(np.concatenate([of_logits, of_weights, np.full(KINDS, self.pupils)]))


def climb(
    model: EffectModel, patterns: Patterns, logits: FloatArray, weight: FloatArray, sizes: FloatArray
) -> EffectFit:
    """Climb from a point to the maximum (L-BFGS, coordinates scaled by what would be known of them).

    With one node the sizes say nothing and stay nothing.
    """
    objective = Objective(model, patterns)
    scale = objective.scale(logits, weight)
    first = np.concatenate([logits[objective.free], np.log(np.maximum(weight, LEAST_WEIGHT)), sizes])

    def loss(y: FloatArray) -> tuple[float, FloatArray]:
        _, value, slope = objective.at(y / scale)
        return -value, -slope / scale

    best = minimize(loss, first * scale, jac=True, method="L-BFGS-B", options=OPTIONS)
    return objective.at(best.x / scale)[0]
