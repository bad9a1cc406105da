"""Owns a class model in which pupils also differ in care or luck: one effect of each pupil on all items.

``log P(k)/P(0) = β_jgk + σ·k·η``: η is the pupil's, standard normal over a few nodes, σ one for the groups of
all items that have none, some, all of their points. So some pupils slip more, or guess better, than others
who know the same (Qu, Tan & Kutner 1996, Biometrics 52, 797). Classes times nodes are classes again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edumetrics.cdm import em
from edumetrics.cdm.pull import ALL, NONE, SOME
from edumetrics.cdm.uncertainty import places
from edumetrics.results import FloatArray, IntArray

KINDS = 3  # of groups, each with a σ: none, some, all of an item's points


@dataclass(frozen=True, slots=True, eq=False)
class EffectModel:
    """A class model at H values of a pupil's effect; with one value the class model itself.

    Attributes
    ----------
    bare : Problem
        Without the effect.
    spread : Problem
        Group ``g·H + h`` of an item is its group g at node h, class ``c·H + h`` the class c there.
    kind : (J, G) int
        Of the groups.
    at, mass : (H,) float
        Values of the effect and how many pupils have them.
    """

    bare: em.Problem
    spread: em.Problem
    kind: IntArray
    at: FloatArray
    mass: FloatArray

    @property
    def steps(self) -> FloatArray:
        """By how much the log-odds of each category move with a σ (H, M)."""
        return np.asarray(self.at[:, None] * np.arange(self.bare.pseudo.shape[2]))

    def chances(self, logits: FloatArray, sizes: FloatArray) -> FloatArray:
        """Chances (J, G·H, M) of the categories.

        Parameters
        ----------
        logits : (J, G, M) float
            ``log P(k)/P(0)`` where the effect is 0.
        sizes : (KINDS,) float
            σ of each kind of groups.
        """
        n_items, width, most = logits.shape
        value = logits[:, :, None, :] + sizes[self.kind][:, :, None, None] * self.steps
        chance = np.exp(value - value.max(axis=3, keepdims=True)) * self.bare.used[:, :, None, :]
        chance /= np.maximum(chance.sum(axis=3, keepdims=True), 1e-300)
        return np.asarray(chance.reshape(n_items, width * len(self.at), most))

    def weights(self, weight: FloatArray) -> FloatArray:
        """Weights (C·H,) of the classes at each node, from those of the classes (C,)."""
        return np.outer(weight, self.mass).ravel()

    def over_nodes(self, values: FloatArray) -> FloatArray:
        """Sums (N, C) over the nodes of values (N, C·H)."""
        return np.asarray(values.reshape(len(values), -1, len(self.at)).sum(axis=2))

    def turned(self, chance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Derivatives by logits and sizes, (·, P + KINDS).

        Parameters
        ----------
        chance : (J, G·H, M) float

        Returns
        -------
        Of the free chances at the nodes, and (P, P + KINDS) of their means over the nodes.
        """
        rows, own = places(self.spread), places(self.bare)
        n_free, n_nodes = int(own.max()) + 1, len(self.at)
        by = np.zeros((int(rows.max()) + 1, n_free + KINDS))
        mean = np.zeros((n_free, n_free + KINDS))
        for j, g in np.argwhere(own[:, :, 1] >= 0):
            m = int(self.bare.n_categories[j])
            here = own[j, g, 1:m]
            for h in range(n_nodes):
                row, p = rows[j, g * n_nodes + h, 1:m], chance[j, g * n_nodes + h, 1:m]
                by_logit = np.diag(p) - np.outer(p, p)
                by[np.ix_(row, here)] = by_logit
                by[row, n_free + self.kind[j, g]] = by_logit @ self.steps[h, 1:m]
                mean[here] += self.mass[h] * by[row]
        return by, mean


def effect_model(problem: em.Problem, n_nodes: int) -> EffectModel:
    """The problem with a pupil's effect at an odd number of nodes (Gauss–Hermite).

    What chances lean on is said of a pupil whose effect is nothing: said of all of them, it would draw every
    σ to nothing (with 200 pupils a σ of 1 came out as 0.6 to 0.8).
    """
    at, mass = np.polynomial.hermite_e.hermegauss(n_nodes)
    mass /= mass.sum()
    n_items, n_classes = problem.group.shape
    group = problem.group[:, :, None] * n_nodes + np.arange(n_nodes)
    middle = (np.arange(n_nodes) == n_nodes // 2).astype(np.float64)
    pseudo = problem.pseudo[:, :, None, :] * middle[:, None]
    spread = replace(
        problem,
        group=np.ascontiguousarray(group.reshape(n_items, n_classes * n_nodes)),
        n_groups=problem.n_groups * n_nodes,
        pseudo=pseudo.reshape(n_items, -1, problem.pseudo.shape[2]),
        class_pseudo=np.outer(problem.class_pseudo, mass).ravel(),
        monotone=False,
        additive=np.zeros(n_items, dtype=np.bool_),
    )
    kind = np.full(problem.pseudo.shape[:2], SOME)
    kind[:, 0] = NONE
    kind[np.arange(n_items), problem.n_groups - 1] = ALL
    return EffectModel(problem, spread, kind, at, mass)
