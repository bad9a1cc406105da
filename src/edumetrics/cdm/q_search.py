"""Owns the search for the Q-matrix that answers speak for, from the one that people marked.

Structural EM (Friedman 1998, UAI 14, 129): given how many pupils of each class are expected to give each
answer, the points of one item can be chosen apart from all others. A choice is worth the log-likelihood of
the item's answers, less a price for each chance that it needs and for each mark that it changes. That stops
where marks are wrong in a way that gives a point another meaning: two items of a point also need a second
one, so that it comes to mean both. From there the search goes on with such meanings exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, combinations, permutations

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from edumetrics.cdm import em
from edumetrics.cdm.classes import MAX_POINTS_PER_ITEM, ClassSpace, class_space
from edumetrics.cdm.expectation import fold
from edumetrics.cdm.preparation import Prepared, make_problem, pack_for
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import FloatArray
from edumetrics.runners.stats import stats

# Log-likelihood that a further chance and a changed mark must gain: one mark in 20 is wrong. More than MANY
# pupils give a mark that says nothing up the easier the more they are.
CHANCE, MARK, MANY = 1.5, 3.0, 200
LEAST_GAIN = 1.0  # of an item whose points are changed
STILL = 0.1  # gained by a climb that has come to its end
CLOSE = 3.0  # to the best: Q-matrices of which answers do not tell which is right
MOST = 3  # of those
FEWEST_ITEMS = 2  # that a point keeps
ROUNDS = 8
TOLERANCE, EVALUATIONS = 1e-2, 100
MOST_WORK = 1.5e9  # pupils × classes × chances of items: some seconds
CHOICE = 30  # of that work, to weigh one choice of points by one expected count


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A Q-matrix (J, K), pupils of each class with each answer (J, M, C) under it, and what it is worth."""

    q: NDArray[np.bool_]
    counts: FloatArray
    weight: FloatArray
    value: float


class Search:
    """Q-matrices near that of an exam, as long as there is work left.

    Parameters
    ----------
    result : ClassModelResult
        Of the saturated model, over classes.
    """

    def __init__(self, exam: Prepared, result: ClassModelResult) -> None:
        self._exam, self._result, self._left = exam, result, MOST_WORK
        self._shard = pack_for(result.space.n_classes, exam.coding, exam.answered)
        self._patterns = fold(self._shard)
        n_points = exam.q.shape[1]
        sizes = range(1, min(n_points, MAX_POINTS_PER_ITEM) + 1)
        self._choices = list(chain.from_iterable(combinations(range(n_points), size) for size in sizes))
        self._marked = np.zeros((len(self._choices), n_points), dtype=np.bool_)
        for row, choice in zip(self._marked, self._choices, strict=True):
            row[list(choice)] = True
        self._space = class_space(self._marked, "gdina", exam.prerequisites)  # an item for each choice
        self._seen: dict[bytes, Candidate] = {}

    def found(self) -> list[NDArray[np.bool_]]:
        """Q-matrices worth most, best first; none where that is the given one."""
        given = self._result
        if not np.array_equal(given.space.known, self._space.known):
            return []
        counts = stats(self._shard, em.node_model(given.problem, given.parameters)).counts
        first = self._fitted(self._exam.q, counts, given.parameters.weight)
        seen = [self._climbed(first), *(self._climbed(one) for one in self._apart(first))]
        best = max(seen, key=lambda one: one.value)
        if best is first:
            return []
        for _ in range(ROUNDS):
            others = [self._climbed(one) for one in self._exchanged(best)]
            seen += others
            top = max(seen, key=lambda one: one.value)
            if top.value <= best.value + LEAST_GAIN:
                break
            best = top
        near: list[NDArray[np.bool_]] = []
        for one in sorted(seen, key=lambda one: -one.value):
            new = not any((one.q == q).all() for q in (self._exam.q, *near))
            if new and one.value > best.value - CLOSE and len(near) < MOST:
                near.append(one.q)
        return near

    def _apart(self, first: Candidate) -> Iterator[Candidate]:
        """Where one of the items that need a point alone needs another one too, or all but one of them do."""
        alone = first.q.sum(axis=1) == 1
        for point, other in permutations(range(first.q.shape[1]), 2):
            items = np.flatnonzero(alone & first.q[:, point])
            ones = [(int(item),) for item in items] if len(items) > 1 else []
            rests = [tuple(items[items != item].tolist()) for item in items] if len(items) > 2 else []
            for some in dict.fromkeys(ones + rests):
                q = first.q.copy()
                q[list(some), other] = True
                one = self._tried(q, first)
                if one is not None:
                    yield one

    def _exchanged(self, best: Candidate) -> Iterator[Candidate]:
        """Where a point means itself and another: its items need that one if they did not, and only then."""
        for point, other in permutations(range(best.q.shape[1]), 2):
            q = best.q.copy()
            q[q[:, point], other] ^= True
            one = self._tried(q, best)
            if one is not None:
                yield one

    def _climbed(self, one: Candidate) -> Candidate:
        """Items change their points, the likeliest first, until nothing is gained."""
        at_once = len(one.q)
        for _ in range(ROUNDS):
            worth = self._worth(one.counts) - self._price(self._marked, self._exam.q[:, None])
            now = (self._marked == one.q[:, None]).all(axis=2)
            gain = worth.max(axis=1) - np.where(now, worth, -np.inf).max(axis=1)
            items = np.argsort(-gain, kind="stable")[:at_once]
            items = items[gain[items] > LEAST_GAIN]
            q = one.q.copy()
            q[items] = self._marked[worth[items].argmax(axis=1)]
            other = self._tried(q, one) if len(items) else None
            if other is not None and other.value > one.value + STILL:
                one = other
            elif at_once == 1 or not len(items):
                break
            else:
                at_once = 1
        return one

    def _tried(self, q: NDArray[np.bool_], near: Candidate) -> Candidate | None:
        """The candidate with another Q-matrix; None where it is none, or no work is left."""
        if (q.sum(axis=0) < np.minimum(self._exam.q.sum(axis=0), FEWEST_ITEMS)).any():
            return None
        if (q.sum(axis=1) > MAX_POINTS_PER_ITEM).any():
            return None
        key = q.tobytes()
        if key not in self._seen:
            self._left -= float(np.exp2(q.sum(axis=1)).sum()) * len(near.weight) * self._shard.n
            self._left -= float(CHOICE * near.counts.size * len(self._choices))
            if self._left < 0.0:
                return None
            self._fitted(q, near.counts, near.weight)
        return self._seen[key]

    def _fitted(self, q: NDArray[np.bool_], counts: FloatArray, weight: FloatArray) -> Candidate:
        """The maximum near expected counts (J, M, C) and class weights."""
        exam = self._exam
        problem = make_problem(self._of(q), exam.coding, "gdina", exam.settings, self._shard.n)
        problem = replace(problem, class_pseudo=self._result.problem.class_pseudo)
        start = em.Parameters(_by_group(counts, problem), weight)
        fit = em.fit(problem, self._patterns, start, TOLERANCE, EVALUATIONS)
        at = stats(self._shard, em.node_model(problem, fit.parameters))
        chances = float((problem.n_groups * (exam.coding.n_categories - 1)).sum())
        value = fit.loglik - CHANCE * chances - float(self._price(q, exam.q).sum())
        self._seen[q.tobytes()] = Candidate(q, at.counts, fit.parameters.weight, value)
        return self._seen[q.tobytes()]

    def _of(self, q: NDArray[np.bool_]) -> ClassSpace:
        """The classes with the items of a Q-matrix, put together from those of all choices."""
        rows = (self._marked == q[:, None]).all(axis=2).argmax(axis=1)
        whole = self._space
        return ClassSpace(
            whole.known,
            np.ascontiguousarray(whole.group[rows]),
            whole.n_groups[rows],
            tuple(whole.mastered[row] for row in rows),
            tuple(whole.needs[row] for row in rows),
        )

    def _price(self, q: NDArray[np.bool_], given: NDArray[np.bool_]) -> FloatArray:
        """Of the marks that are changed, over the last axis."""
        less = min(1.0, MANY / self._shard.n)
        return np.asarray(MARK * ((q & ~given).sum(axis=-1) + less * (given & ~q).sum(axis=-1)))

    def _worth(self, counts: FloatArray) -> FloatArray:
        """What each choice of points is worth for each item (J, choices), but for the marks it changes."""
        n_items, most, _ = counts.shape
        n_points = self._exam.q.shape[1]
        state = (self._result.space.known == 1) @ (1 << np.arange(n_points)[::-1])
        table = np.zeros((n_items, most, 2**n_points))
        table[:, :, state] = counts
        there = np.zeros(2**n_points)
        there[state] = 1.0
        shape = (2,) * n_points
        table, there = table.reshape(n_items, most, *shape), there.reshape(shape)
        further = self._exam.coding.n_categories - 1
        out = np.zeros((n_items, len(self._choices)))
        for at, choice in enumerate(self._choices):
            rest = tuple(k for k in range(n_points) if k not in choice)
            n = table.sum(axis=tuple(2 + k for k in rest)).reshape(n_items, most, -1)
            groups = int((there.sum(axis=rest) > 0).sum())
            share = n / np.maximum(n.sum(axis=1, keepdims=True), 1e-12)
            out[:, at] = xlogy(n, share).sum(axis=(1, 2)) - CHANCE * groups * further
        return out


def _by_group(counts: FloatArray, problem: em.Problem) -> FloatArray:
    """Chances (J, G, M) of a problem's groups, from pupils (J, M, C) of each class with each answer."""
    chance = problem.pseudo + np.where(problem.used, 1e-3, 0.0)
    for j, group in enumerate(problem.group):
        m = int(problem.n_categories[j])
        np.add.at(chance[j, :, :m], group, counts[j, :m].T)
    return np.asarray(chance / np.maximum(chance.sum(axis=2, keepdims=True), 1e-12))
