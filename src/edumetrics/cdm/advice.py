"""Owns advice on a Q-matrix: which points an item really seems to need.

Source: de la Torre & Chiu (2016) Psychometrika 81, 253–273: the proportion of variance accounted
for (PVAF) by a choice of points, out of what all points together account for.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from edumetrics.arrays import ResponseMatrix
from edumetrics.cdm import em
from edumetrics.cdm.classes import CANNOT_TELL
from edumetrics.cdm.preparation import pack_for
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import FloatArray, Insufficient, IntArray, Reason
from edumetrics.runners.stats import stats

ENOUGH = 0.95  # share of the explainable variance at which more points add only noise
MOST_POINTS = 8  # 255 choices per item; beyond, classes are too thin to choose between them
FEWEST = 500  # pupils below which the advice in the source's simulations was wrong too often
WORTH_CHANGING = 0.05  # a change that gains less is not worth a teacher's time


@dataclass(frozen=True, slots=True)
class QAdvice:
    """Advice on one item; a teacher decides.

    Attributes
    ----------
    given, suggested : tuple of str
        Points as given, and the fewest that explain `ENOUGH`.
    pvaf_given, pvaf_suggested : float
    change : bool
        Whether the suggestion differs and gains enough (or needs fewer points at no loss).
    """

    item: str
    given: tuple[str, ...]
    suggested: tuple[str, ...]
    pvaf_given: float
    pvaf_suggested: float
    change: bool


def q_advice(
    result: ClassModelResult, matrix: ResponseMatrix, fewest: int = FEWEST
) -> tuple[QAdvice, ...] | Insufficient:
    """Advice on every item that ``fewest`` pupils answered, from a diagnosis under "gdina".

    Parameters
    ----------
    result : ClassModelResult
        Of ``diagnose(…, model="gdina")``: only there are all states apart.
    matrix : ResponseMatrix
        The same answers.
    """
    if result.model != "gdina" or (result.space.known == CANNOT_TELL).any():
        return Insufficient(Reason.NOT_IDENTIFIED, result.n)
    n_points = result.space.known.shape[1]
    if n_points > MOST_POINTS:
        return Insufficient(Reason.NOT_IDENTIFIED, n_points)
    if result.n < fewest:
        return Insufficient(Reason.TOO_FEW_PUPILS, result.n)
    categories = result.coding.encode(matrix)
    shard = pack_for(result.space.n_classes, result.coding, categories[(categories >= 0).any(axis=1)])
    counts = stats(shard, em.node_model(result.problem, result.parameters)).counts

    def named(choice: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(result.points[k].point for k in sorted(result.place[list(choice)]))

    state = result.space.known.astype(np.int64) @ (1 << np.arange(n_points))
    choices = [c for size in range(1, n_points + 1) for c in combinations(range(n_points), size)]
    out = []
    row = {item: j for j, item in enumerate(result.coding.items)}
    for item, j in ((one.item, row[one.item]) for one in result.items):
        marks = result.coding.marks[j]
        given = result.space.needs[j]
        weight = counts[j, : len(marks)].sum(axis=0)
        reached = ((marks - marks[0]) / (marks[-1] - marks[0])) @ counts[j, : len(marks)]
        if round(weight.sum()) < fewest:
            continue
        share = {c: _explained(state, weight, reached, c) for c in choices}
        whole = share[tuple(range(n_points))]
        if whole <= 0.0:  # all points together explain no more than chance
            out.append(QAdvice(item, named(given), named(given), 0.0, 0.0, change=False))
            continue
        share = {c: value / whole for c, value in share.items()}
        best = next(
            max(same, key=lambda c: share[c])
            for same in ([c for c in choices if len(c) == k] for k in range(1, n_points + 1))
            if max(share[c] for c in same) >= min(ENOUGH, 1.0 - 1e-9)
        )
        better = share[best] > share[given] + WORTH_CHANGING or (
            len(best) < len(given) and share[best] >= ENOUGH
        )
        out.append(
            QAdvice(
                item, named(given), named(best), min(float(share[given]), 1.0), min(float(share[best]), 1.0),
                change=bool(best != given and better),
            )
        )  # fmt: skip
    return tuple(out)


def _explained(state: IntArray, weight: FloatArray, reached: FloatArray, choice: tuple[int, ...]) -> float:
    """Variance of the chances over the groups that the chosen points make."""
    mask = sum(1 << k for k in choice)
    _, group = np.unique(state & mask, return_inverse=True)
    size = np.bincount(group, weights=weight)
    chance = np.bincount(group, weights=reached) / np.maximum(size, 1e-9)
    mean = float(reached.sum() / weight.sum())
    explained = float((size * (chance - mean) ** 2).sum() / weight.sum())
    # Every further group explains something by chance: a share of what is left within the groups.
    inside = max(float((size * chance * (1.0 - chance)).sum() / weight.sum()), 0.0)
    return max(explained - (len(size) - 1) * inside / float(weight.sum()), 0.0)
