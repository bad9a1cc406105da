"""Owns the M-step of a class model in compiled code: counts to probabilities under all constraints."""

from __future__ import annotations

import numba
import numpy as np

from edumetrics.cdm.additive import additive_step, nearest_additive
from edumetrics.cdm.monotone import monotone_item

FLOOR = 1e-7  # a probability at zero or one would make a single careless answer impossible
CLASS_FLOOR = 1e-12
FEWEST = 1e-6  # pupils behind a block that nobody is in


@numba.njit(cache=True, nogil=True)
def maximise(rules, counts, class_counts, old, probability, weight):  # type: ignore[no-untyped-def]
    """Write the M-step into ``probability`` (J, G, M) and ``weight`` (C,).

    Parameters
    ----------
    rules : tuple, see `em.Problem.rules`
    counts : (J, G, M) float
        Expected pupils; pseudo-pupils are added here.
    class_counts : (C,) float
    old : (J, G, M) float
        Kept where nobody is.
    """
    n_groups, n_categories, pseudo, class_pseudo, monotone, links, first_link, additive, design = rules
    size = np.empty(counts.shape[1])
    for j in range(len(n_groups)):
        for g in range(n_groups[j]):
            size[g] = 0.0
            for k in range(n_categories[j]):
                size[g] += counts[j, g, k] + pseudo[j, g, k]
            for k in range(n_categories[j]):
                if size[g] > 1e-9:
                    probability[j, g, k] = (counts[j, g, k] + pseudo[j, g, k]) / size[g]
                else:
                    probability[j, g, k] = old[j, g, k]
        if monotone:
            monotone_item(probability[j], size, links[first_link[j] : first_link[j + 1]], n_categories[j])
        if additive[j]:
            additive_step(
                design[j, : n_groups[j]], counts[j] + pseudo[j], old[j, : n_groups[j], 1], probability[j]
            )
    total = 0.0
    for c in range(len(weight)):
        weight[c] = class_counts[c] + class_pseudo[c]
        total += weight[c]
    for c in range(len(weight)):
        weight[c] /= total
    floors(rules, probability, weight)


@numba.njit(cache=True, nogil=True)
def uphill(rules, counts, probability, image, gradient, curvature):  # type: ignore[no-untyped-def]
    """Slope of the objective by the roots of the chances, and EM's information about them.

    Of a block whose M-step from p leads to q with n expected pupils behind it: 2n(q − p)/√p and 4n (in
    directions that the constraints allow, where there are any).

    Parameters
    ----------
    counts : (J, G, M) float
    probability, image : (J, G, M) float
        Where the counts were taken, and what `maximise` made of them.
    gradient, curvature : (J·G·M,) float, overwritten
    """
    n_groups, n_categories, pseudo = rules[0], rules[1], rules[2]
    gradient[:], curvature[:] = 0.0, 1.0
    slope, bent = gradient.reshape(pseudo.shape), curvature.reshape(pseudo.shape)
    for j in range(len(n_groups)):
        for g in range(n_groups[j]):
            size = FEWEST
            for k in range(n_categories[j]):
                size += counts[j, g, k] + pseudo[j, g, k]
            for k in range(n_categories[j]):
                p = probability[j, g, k]
                slope[j, g, k] = 2.0 * size * (image[j, g, k] - p) / np.sqrt(p)
                bent[j, g, k] = 4.0 * size


@numba.njit(cache=True, nogil=True)
def uphill_weights(rules, class_counts, weight, image, gradient, curvature):  # type: ignore[no-untyped-def]
    """The same by the roots of the class weights, all (C,)."""
    size = class_counts.sum() + rules[3].sum()
    for c in range(len(weight)):
        gradient[c] = 2.0 * size * (image[c] - weight[c]) / np.sqrt(weight[c])
        curvature[c] = 4.0 * size


@numba.njit(cache=True, nogil=True)
def floors(rules, probability, weight):  # type: ignore[no-untyped-def]
    """Keep every probability off zero and every block at a sum of one."""
    n_groups, n_categories = rules[0], rules[1]
    for j in range(len(n_groups)):
        for g in range(n_groups[j]):
            total = 0.0
            for k in range(n_categories[j]):
                probability[j, g, k] = max(probability[j, g, k], FLOOR)
                total += probability[j, g, k]
            for k in range(n_categories[j]):
                probability[j, g, k] /= total
    total = 0.0
    for c in range(len(weight)):
        weight[c] = max(weight[c], CLASS_FLOOR)
        total += weight[c]
    for c in range(len(weight)):
        weight[c] /= total


@numba.njit(cache=True, nogil=True)
def project(rules, probability, weight):  # type: ignore[no-untyped-def]
    """Make a point that was guessed feasible again, in place."""
    n_groups, n_categories, _, _, monotone, links, first_link, additive, design = rules
    floors(rules, probability, weight)
    if monotone:
        even = np.ones(probability.shape[1])
        for j in range(len(n_groups)):
            monotone_item(probability[j], even, links[first_link[j] : first_link[j + 1]], n_categories[j])
    for j in range(len(n_groups)):
        if additive[j]:
            nearest_additive(design[j, : n_groups[j]], probability[j])


@numba.njit(cache=True, nogil=True)
def log_prior(rules, probability, weight):  # type: ignore[no-untyped-def]
    """Log-density of the priors, up to a constant."""
    n_groups, n_categories, pseudo, class_pseudo = rules[0], rules[1], rules[2], rules[3]
    value = 0.0
    for j in range(len(n_groups)):
        for g in range(n_groups[j]):
            for k in range(n_categories[j]):
                if pseudo[j, g, k] > 0.0:
                    value += pseudo[j, g, k] * np.log(max(probability[j, g, k], FLOOR))
    for c in range(len(weight)):
        if class_pseudo[c] > 0.0:
            value += class_pseudo[c] * np.log(max(weight[c], CLASS_FLOOR))
    return value
