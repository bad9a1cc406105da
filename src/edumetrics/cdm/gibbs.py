"""Owns draws from the whole posterior of a class model, by Gibbs sampling in compiled code.

Each sweep draws the class of every pupil given chances and weights, then chances and weights given the
classes (Dirichlet). Chances that a constraint forbids are not accepted. Sources: Hoijtink (1998), Stat.
Sinica 8, 691, latent classes under inequalities; Culpepper (2015), J. Educ. Behav. Stat. 40, 454, DINA.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm import em
from edumetrics.cdm.maximisation import FLOOR
from edumetrics.cdm.monotone import breaks
from edumetrics.results import FloatArray

TRIES = 5  # at chances that no constraint forbids, before a group keeps its own


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Chances (S, J, G, M) and class weights (S, C) of S sweeps."""

    probability: FloatArray
    weight: FloatArray


def draw(
    problem: em.Problem,
    first: em.Parameters,
    categories: NDArray[np.int16],
    class_prior: FloatArray,
    rng: np.random.Generator,
    sweeps: int,
    kept: int,
) -> Draws:
    """Draws from the posterior, the first fifth of the sweeps left out.

    Parameters
    ----------
    problem : Problem
        Without additive items.
    first : Parameters
        Where the chain sets out, a maximum.
    categories : (N, J) int16
        −1 where missing.
    class_prior : (C,) float
        Of Dirichlet's law of the class weights, instead of the pseudo-pupils of the problem.
    kept : int
        Draws, as far apart as they can be.
    """
    every = max(sweeps * 4 // 5 // kept, 1)
    probability = np.empty((kept, *first.probability.shape))
    weight = np.empty((kept, len(first.weight)))
    _sweep(
        categories, problem.group, problem.rules, first.probability.copy(), first.weight.copy(),
        class_prior, rng, sweeps - every * kept, every, probability, weight,
    )  # fmt: skip
    return Draws(probability, weight)


@numba.njit(cache=True, nogil=True)
def _sweep(categories, group, rules, chance, share, class_prior, rng, burn, every, probability, weight):  # type: ignore[no-untyped-def]
    """Sweep, and write every so many into ``probability`` (S, J, G, M) and ``weight`` (S, C)."""
    n_classes = len(share)
    counts, class_counts = np.zeros(chance.shape), np.zeros(n_classes)
    logs = np.empty((chance.shape[0], chance.shape[2], n_classes))
    for s in range(burn + every * len(weight)):
        _table(chance, group, logs)
        counts[:], class_counts[:] = 0.0, 0.0
        _draw_classes(categories, group, logs, np.log(np.maximum(share, FLOOR)), rng, counts, class_counts)
        _draw_chances(rules, counts, rng, chance)
        total = 0.0
        for c in range(n_classes):
            share[c] = rng.standard_gamma(class_counts[c] + class_prior[c])
            total += share[c]
        share /= total
        at = (s - burn) // every
        if s >= burn and (s - burn) % every == every - 1:
            probability[at], weight[at] = chance, share


@numba.njit(cache=True, nogil=True)
def _table(chance, group, logs):  # type: ignore[no-untyped-def]
    for j in range(logs.shape[0]):
        for k in range(logs.shape[1]):
            for c in range(logs.shape[2]):
                logs[j, k, c] = np.log(max(chance[j, group[j, c], k], FLOOR))


@numba.njit(cache=True, nogil=True)
def _draw_classes(categories, group, logs, log_share, rng, counts, class_counts):  # type: ignore[no-untyped-def]
    """Add each pupil, in a class drawn for him, to ``counts`` (J, G, M) and ``class_counts`` (C,)."""
    n_classes = len(log_share)
    each = np.empty(n_classes)
    for i in range(len(categories)):
        each[:] = log_share
        for j in range(len(logs)):
            k = categories[i, j]
            if k >= 0:
                for c in range(n_classes):
                    each[c] += logs[j, k, c]
        most, total = each.max(), 0.0
        for c in range(n_classes):
            total += np.exp(each[c] - most)
            each[c] = total
        mine, at = rng.random() * total, 0
        while at < n_classes - 1 and each[at] < mine:
            at += 1
        class_counts[at] += 1.0
        for j in range(len(logs)):
            k = categories[i, j]
            if k >= 0:
                counts[j, group[j, at], k] += 1.0


@numba.njit(cache=True, nogil=True)
def _draw_chances(rules, counts, rng, chance):  # type: ignore[no-untyped-def]
    """Draw ``chance`` (J, G, M) given the answers of each group; pseudo-pupils are added here."""
    n_groups, n_categories, pseudo, _, monotone, links, first_link = rules[:7]
    own = np.empty(chance.shape[2])
    for j in range(len(n_groups)):
        m, here = n_categories[j], links[first_link[j] : first_link[j + 1]]
        for g in range(n_groups[j]):
            own[:] = chance[j, g]
            for _ in range(TRIES):
                total = 0.0
                for k in range(m):
                    chance[j, g, k] = rng.standard_gamma(counts[j, g, k] + pseudo[j, g, k] + 1.0)
                    total += chance[j, g, k]
                chance[j, g, :m] /= total
                if not monotone or not breaks(chance[j], here, m - 1):
                    break
                chance[j, g] = own
