"""Owns the maximum of a class model with a pupil's effect: slopes from the E-step over classes and nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from edumetrics.cdm.expectation import Patterns, expect
from edumetrics.cdm.maximisation import CLASS_FLOOR, FLOOR
from edumetrics.cdm.pupil_effect.model import AWAY, KINDS, EffectModel
from edumetrics.results import FloatArray

# Normal priors of sizes (KINDS,), in log-odds: σ may be anything, those away guess or give up.
SIZE_MEAN = np.append(np.zeros(AWAY), -1.0)
SIZE_SD = np.append(np.full(AWAY, 2.0), 1.0)
TIE_SD = 1.5  # of the normal prior of the tie, mean 0
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
    mass : (D,) float
        Shares of the nodes in classes of middling breadth.
    tie : float
        By how much the effect's mean rises with breadth, in its variances.
    loglik : float
    counts : (J, G, M) float
        Expected pupils.
    class_counts : (C,) float
    """

    logits: FloatArray
    sizes: FloatArray
    weight: FloatArray
    mass: FloatArray
    tie: float
    loglik: float
    counts: FloatArray
    class_counts: FloatArray


class Objective:
    """Likelihood times priors over logits, log class weights, sizes, log node shares and the tie.

    Where it is not ``tied`` the tie stays as it is.
    """

    def __init__(self, model: EffectModel, patterns: Patterns, *, tied: bool = False) -> None:
        self.model, self.patterns, self.tied = model, patterns, tied
        self.place = model.place >= 0
        self.n_free, self.n_classes = int(self.place.sum()), model.bare.group.shape[1]
        self.pupils = float(patterns.copies.sum())

    def point(
        self, logits: FloatArray, weight: FloatArray, sizes: FloatArray, mass: FloatArray, tie: float = 0.0
    ) -> FloatArray:
        """The coordinates (P + C + KINDS + D + 1,) of a model."""
        logs = np.log(np.maximum(weight, LEAST_WEIGHT)), np.log(np.maximum(mass, LEAST_WEIGHT))
        return np.concatenate([logits[self.place], logs[0], sizes, logs[1], [tie]])

    def parts(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float]:
        """Logits (J, G, M), weights (C,), sizes (KINDS,), node shares (D,), tie of a point."""
        logits = np.zeros(self.place.shape)
        cut = self.n_free + self.n_classes
        logits[self.place] = x[: self.n_free]
        mass = _shares(x[cut + KINDS : -1])
        return logits, _shares(x[self.n_free : cut]), x[cut : cut + KINDS], mass, float(x[-1])

    def at(self, x: FloatArray) -> tuple[EffectFit, float, FloatArray]:
        """What is there, the objective and its slope (P + C + KINDS + D + 1,)."""
        model, (logits, weight, sizes, mass, tie) = self.model, self.parts(x)
        spread, of_classes, of_nodes = model.spread, model.bare.class_pseudo, model.mass_pseudo
        chance = np.maximum(model.chances(logits, sizes), FLOOR) * spread.used
        counts, by_node = np.zeros(chance.shape), np.zeros(self.n_classes * len(mass))
        answers, shares = self.patterns.arrays, model.of_nodes(mass, tie)
        joint = (weight[:, None] * shares).ravel()
        loglik = expect(answers, spread.group, spread.n_groups, chance, joint, counts, by_node)
        prior = float((spread.pseudo * np.log(np.where(spread.used, chance, 1.0))).sum())
        prior += float(of_classes @ np.log(weight)) + float(of_nodes @ np.log(mass))
        prior -= 0.5 * (float((((sizes - SIZE_MEAN) / SIZE_SD) ** 2).sum()) + (tie / TIE_SD) ** 2)
        seen = counts + spread.pseudo
        shape = (*logits.shape[:2], len(model.at), logits.shape[2])
        away = (seen - seen.sum(axis=2, keepdims=True) * chance).reshape(shape)
        of_kinds = (away * model.steps[model.kind]).sum(axis=(2, 3)).ravel()
        table = by_node.reshape(self.n_classes, len(mass))
        class_counts = table.sum(axis=1)
        beyond = table - class_counts[:, None] * shares  # what the shares of the nodes expect
        slope = np.concatenate(
            [
                away.sum(axis=2)[self.place],
                class_counts + of_classes - (self.pupils + of_classes.sum()) * weight,
                np.bincount(model.kind.ravel(), of_kinds, minlength=KINDS) - (sizes - SIZE_MEAN) / SIZE_SD**2,
                beyond.sum(axis=0) + of_nodes - of_nodes.sum() * mass,
                [self.tied * (float((beyond * model.tied).sum()) - tie / TIE_SD**2)],
            ]
        )
        by_group = counts.reshape(shape).sum(axis=2)
        fit = EffectFit(logits, sizes, weight, mass, tie, float(loglik), by_group, class_counts)
        return fit, float(loglik) + prior, slope

    def scale(self, logits: FloatArray, weight: FloatArray) -> FloatArray:
        """Roots (P + C + KINDS + D + 1,) of what would be known of each coordinate, were classes seen."""
        bare, mass = self.model.bare, self.model.mass
        chance = self.model.chances(logits, np.zeros(KINDS)).reshape(*logits.shape[:2], -1, logits.shape[2])
        base = chance[:, :, 0]
        size = np.array([np.bincount(row, weight, minlength=logits.shape[1]) for row in bare.group])
        known = np.maximum(self.pupils * size, 1.0)[:, :, None] + bare.pseudo.sum(axis=2, keepdims=True)
        of_logits = np.maximum(known * base * (1.0 - base), 0.1)[self.place]
        of_weights = (self.pupils + bare.class_pseudo.sum()) * weight + 0.5
        of_nodes = self.pupils * mass + 1.0
        rest = np.full(KINDS, self.pupils), of_nodes, [0.25 * self.pupils + 1.0]
        return np.sqrt(np.concatenate([of_logits, of_weights, *rest]))


def _shares(logs: FloatArray) -> FloatArray:
    share = np.exp(logs - logs.max())
    return np.asarray(np.maximum(share / share.sum(), CLASS_FLOOR))


def climb(
    model: EffectModel,
    patterns: Patterns,
    logits: FloatArray,
    weight: FloatArray,
    sizes: FloatArray,
    mass: FloatArray | None = None,
    tie: float | None = None,
) -> EffectFit:
    """Climb from a point to the maximum (L-BFGS, coordinates scaled by what would be known of them).

    Parameters
    ----------
    mass : (D,) float, optional
        Where shares of nodes set out from; what is first thought of them when left out.
    tie : float, optional
        Where it sets out from; when left out there is none.
    """
    objective = Objective(model, patterns, tied=tie is not None)
    scale = objective.scale(logits, weight)

    def loss(y: FloatArray) -> tuple[float, FloatArray]:
        _, value, slope = objective.at(y / scale)
        return -value, -slope / scale

    first = objective.point(logits, weight, sizes, model.mass if mass is None else mass, tie or 0.0) * scale
    best = minimize(loss, first, jac=True, method="L-BFGS-B", options=OPTIONS)
    return objective.at(best.x / scale)[0]
