"""Owns a class model in which pupils also differ in care or luck: one effect of each pupil on all items.

``log P(k)/P(0) = β_jgk + σ·k·η``: η is the pupil's, over a few nodes, σ one for the groups of all items that
have none, some, all of their points, and the same of partial marks, each of which tells less. So some pupils
slip more, or guess better, than others who know the same (Qu, Tan & Kutner 1996, Biometrics 52, 797). The
effect may hang together with how many points a pupil has, as a general ability does. A share of the pupils
may answer by no point at all, all items at one level: those who guess or did not try. Classes times nodes
are classes again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm import em, pull
from edumetrics.cdm.classes import CANNOT_TELL
from edumetrics.cdm.pull import ALL, NONE, PARTIAL, SOME
from edumetrics.cdm.uncertainty import places
from edumetrics.results import FloatArray, IntArray

# Kinds of groups: none, some, all of an item's points, the same of partial marks, each with a σ; those who
# are away, with a level.
AWAY, KINDS = pull.KINDS, pull.KINDS + 1
AWAY_SHARE = 0.05  # of them, as is first thought
GUESSING, GIVEN_UP = -1.0, -3.0  # log-odds at which they may answer, from which climbs set out
MASS_PSEUDO = 30.0  # pupils behind what is first thought of the shares of the nodes


@dataclass(frozen=True, slots=True, eq=False)
class EffectModel:
    """A class model at H values of a pupil's effect and away from all points; with one node the class model.

    σ of the kinds of groups and the level of those away are its ``sizes`` (KINDS,).

    Attributes
    ----------
    bare : Problem
        Without the effect; where pupils may be away, with one more group for them on each item.
    spread : Problem
        Group ``g·H + h`` of an item is its group g at value h of the effect; class ``c·D + d`` is the class c
        at node d, of which the first H are values of the effect and a last one those who are away.
    kind : (J, G) int
        Of the groups of ``bare``.
    at : (H,) float
        Values of the effect.
    mass : (D,) float
        Share of the pupils at each node, as is first thought.
    breadth : (C,) float
        How many of the points each class has, as a share, twice its distance from the mean.
    """

    bare: em.Problem
    spread: em.Problem
    kind: IntArray
    at: FloatArray
    mass: FloatArray
    breadth: FloatArray

    @property
    def steps(self) -> FloatArray:
        """By how much the log-odds of each category move with the size of a kind (KINDS, H, M)."""
        moved = np.append(np.broadcast_to(self.at, (AWAY, len(self.at))), np.ones((1, len(self.at))), axis=0)
        return np.asarray(moved[:, :, None] * np.arange(self.bare.pseudo.shape[2]))

    @property
    def kinds(self) -> IntArray:
        """That there are on this paper, ascending."""
        return np.unique(self.kind[self.bare.used[:, :, 0]])

    @property
    def parameters(self) -> int:
        """Of the effect: sizes of the kinds that there are, and the share of those away."""
        return len(self.kinds) + 1

    @property
    def place(self) -> IntArray:
        """Where each free logit stands among them (J, G, M), −1 where none: those away have none."""
        out = places(self.bare)
        out[self.kind == AWAY] = -1
        out[out >= 0] = np.arange(int((out >= 0).sum()))
        return out

    @property
    def tied(self) -> FloatArray:
        """By how much the log share of each node in each class moves with the tie (C, D)."""
        at = np.append(self.at, np.zeros(len(self.mass) - len(self.at)))
        return np.asarray(self.breadth[:, None] * at)

    def of_nodes(self, mass: FloatArray, tie: float) -> FloatArray:
        """Shares (C, D) of the nodes in each class, from those in classes of middling breadth (D,)."""
        moved = tie * self.tied
        share = mass * np.exp(moved - moved.max(axis=1, keepdims=True))
        return np.asarray(share / share.sum(axis=1, keepdims=True))

    @property
    def mass_pseudo(self) -> FloatArray:
        """Pseudo-pupils (D,) at the nodes."""
        return np.asarray(MASS_PSEUDO * self.mass)

    def at_nodes(self, j: int, g: int) -> IntArray:
        """Groups (D,) of item ``j`` in ``spread`` where pupils of its group ``g`` are at each node."""
        n_values = len(self.at)
        groups = g * n_values + np.arange(n_values)
        away = (int(self.bare.n_groups[j]) - 1) * n_values + n_values // 2
        return np.append(groups, away) if len(self.mass) > n_values else groups

    def chances(self, logits: FloatArray, sizes: FloatArray) -> FloatArray:
        """Chances (J, G·H, M) of the categories.

        Parameters
        ----------
        logits : (J, G, M) float
            ``log P(k)/P(0)`` where the effect is 0.
        sizes : (KINDS,) float
        """
        n_items, width, most = logits.shape
        value = logits[:, :, None, :] + (sizes[:, None, None] * self.steps)[self.kind]
        chance = np.exp(value - value.max(axis=3, keepdims=True)) * self.bare.used[:, :, None, :]
        chance /= np.maximum(chance.sum(axis=3, keepdims=True), 1e-300)
        return np.asarray(chance.reshape(n_items, width * len(self.at), most))


def breadth_of(known: NDArray[np.int8], weight: FloatArray) -> FloatArray:
    """`EffectModel.breadth` (C,) of classes that know points (C, K), some of which nobody can tell."""
    share = np.where(known == CANNOT_TELL, 0.5, known).mean(axis=1)
    return np.asarray(2.0 * (share - weight @ share))


def effect_model(problem: em.Problem, n_values: int = 1, breadth: FloatArray | None = None) -> EffectModel:
    """The problem with a pupil's effect at an odd number of values (Gauss–Hermite), and pupils who are away.

    One value: the class model alone. What chances lean on is said of a pupil whose effect is nothing: said of
    all of them, it would draw every σ to nothing (with 200 pupils a σ of 1 came out as 0.6 to 0.8).
    """
    at, mass = np.polynomial.hermite_e.hermegauss(n_values)
    mass = mass / mass.sum()
    n_items, n_classes = problem.group.shape
    bare, kind = problem, np.full(problem.pseudo.shape[:2], SOME)
    kind[:, 0] = NONE
    kind[np.arange(n_items), problem.n_groups - 1] = ALL
    kind += PARTIAL * (problem.n_categories > 2)[:, None]
    group = problem.group[:, :, None] * n_values + np.arange(n_values)
    if n_values > 1:
        bare, kind = with_away(problem, kind)
        mass = np.append((1.0 - AWAY_SHARE) * mass, AWAY_SHARE)
        last = (problem.n_groups * n_values + n_values // 2)[:, None, None]
        group = np.concatenate([group, np.broadcast_to(last, (n_items, n_classes, 1))], axis=2)
    middle = (np.arange(n_values) == n_values // 2).astype(np.float64)
    spread = replace(
        bare,
        group=np.ascontiguousarray(group.reshape(n_items, -1)),
        n_groups=bare.n_groups * n_values,
        pseudo=(bare.pseudo[:, :, None, :] * middle[:, None]).reshape(n_items, -1, bare.pseudo.shape[2]),
        monotone=False,
        additive=np.zeros(n_items, dtype=np.bool_),
    )
    breadth = np.zeros(n_classes) if breadth is None else breadth
    return EffectModel(bare, spread, kind, at, mass, breadth)


def with_away(problem: em.Problem, kind: IntArray) -> tuple[em.Problem, IntArray]:
    """The problem with a last group on each item."""
    n_items, width, most = problem.pseudo.shape
    items = np.arange(n_items)
    pseudo, kinds = np.zeros((n_items, width + 1, most)), np.full((n_items, width + 1), SOME)
    pseudo[:, :width], kinds[:, :width] = problem.pseudo, kind
    kinds[items, problem.n_groups] = AWAY
    return replace(problem, pseudo=pseudo, n_groups=problem.n_groups + 1), kinds
