"""Owns a second opinion on the Q-matrix: the diagnosis under the points that the answers speak for.

Points are marked by people, and a wrong mark makes the posteriors of many pupils wrong and no less sure:
with 5 % of the entries wrong and 1,000 pupils, intervals of mastery held 83 %. Answers speak for other points
of items (`q_search`), and where items still go together, for a point that nobody named. They correct no
Q-matrix: figures stay, intervals reach over all that may be right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from edumetrics.cdm import sparse
from edumetrics.cdm.advice import MOST_POINTS
from edumetrics.cdm.classes import CANNOT_TELL, TooManyClasses
from edumetrics.cdm.pairs import PairFit
from edumetrics.cdm.preparation import Prepared
from edumetrics.cdm.q_search import Search
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import FloatArray

Diagnosed = tuple[ClassModelResult, PairFit]
Diagnose = Callable[[Prepared], Diagnosed]

FEWEST_ITEMS = 2  # that a point keeps
STARTS = 3
MOST_WORK = 3e8  # pupils × classes × chances of items: about ten seconds of two cores
BELONGS = 0.2  # of an eigenvector's length: an item that goes with the others
ALPHA = 0.01  # of the likelihood ratio that speaks for a point nobody named
UNNAMED = ""
# Twice the log-likelihood gained, less the parameters it cost, at which MANY speak for another Q-matrix.
# Where the given one was right, others gained up to 5; where it had four wrong entries nearly always more.
# Answers of 60 pupils do not tell.
ENOUGH, FEW, MANY = 6.0, 60, 200
TINY = 1e-9  # of the pupils: nobody


@dataclass(frozen=True, slots=True, eq=False)
class Another:
    """The diagnosis under another Q-matrix; a point that nobody named stands last.

    Attributes
    ----------
    exam : Prepared
        Of the likeliest.
    results : tuple of ClassModelResult
        The likeliest first, then others of which answers do not tell whether they are right.
    doubted : tuple of str
        Items that would need other of the named points.
    unnamed : tuple of str
        Items that go together beyond what their points explain.
    heard : float
        Share of the way that intervals are to reach.
    """

    exam: Prepared
    results: tuple[ClassModelResult, ...]
    doubted: tuple[str, ...]
    unnamed: tuple[str, ...]
    heard: float


def with_another_q(exam: Prepared, found: Diagnosed, diagnose: Diagnose) -> Another | None:
    """The saturated diagnosis under an advised Q-matrix; None where nothing is advised.

    Parameters
    ----------
    found : ClassModelResult and PairFit
        Of the saturated model under the Q-matrix of ``exam``.
    diagnose : callable
        What made them.
    """
    if found[0].n_classes is None:
        return None
    settings = replace(exam.settings, check_ridge=False, starts=min(exam.settings.starts, STARTS))
    given = exam = replace(exam, model="gdina", settings=settings)
    tried, best = _Tries(diagnose), found
    results: list[ClassModelResult] = []
    for q in _near(given, found[0]):
        other = tried(replace(given, q=q))
        if other is not None:
            if not results:
                exam, best = replace(given, q=q), other
            results.append(other[0])
    wider = _with_a_point(exam, best, tried)
    if wider is not None:
        exam, best = wider
        results = [best[0], *results[1:]]
    if not results:
        return None
    n_points = given.q.shape[1]
    doubted = np.asarray((exam.q[:, :n_points] != given.q).any(axis=1))
    unnamed = np.asarray(exam.q[:, n_points:].any(axis=1))
    gain, df = _gained(found[0], best[0])
    heard = float(np.clip(max((gain - df) / ENOUGH, (MANY - best[0].n) / (MANY - FEW)), 0.0, 1.0))
    return Another(exam, tuple(results), exam.items_where(doubted), exam.items_where(unnamed), heard)


def _with_a_point(exam: Prepared, found: Diagnosed, tried: _Tries) -> tuple[Prepared, Diagnosed] | None:
    """The exam with a point that nobody named, of items that go together; None where it may be chance."""
    together = going_together(found[1])
    if together.sum() < FEWEST_ITEMS or 2 * (found[0].n_classes or 0) > sparse.SPARSE_ABOVE:
        return None
    wider = replace(
        exam,
        q=np.column_stack([exam.q, together]),
        names=(*exam.names, UNNAMED),
        place=np.append(exam.place, len(exam.place)),
    )
    other = tried(wider)
    if other is None:
        return None
    for q in _near(wider, other[0])[:1]:
        better = tried(replace(wider, q=q))
        if better is not None:
            wider, other = replace(wider, q=q), better
    gain, df = _gained(found[0], other[0])
    return (wider, other) if df > 0 and chdtrc(df, max(gain, 0.0)) < ALPHA else None


def groups_under(result: ClassModelResult, other: ClassModelResult) -> tuple[FloatArray, FloatArray]:
    """Share of the full mark (J, G) that groups of ``result`` reach if ``other`` is right, and sizes (J, G).

    Items of a wrong mark take the wrong pupils together; so do, a little, those that share their points.

    Parameters
    ----------
    result, other : ClassModelResult
        Of the saturated model; ``other`` has the same points, perhaps one more, and may be ``result``.
    """
    worth = (other.parameters.probability * other.worth.mean).sum(axis=2)
    of_classes = worth[np.arange(len(worth))[:, None], other.problem.group]
    shares, sizes = np.zeros((2, *result.problem.pseudo.shape[:2]))
    has = other.space.known == 1
    for j, (needs, mastered) in enumerate(zip(result.space.needs, result.space.mastered, strict=True)):
        inside = (has[:, None, list(needs)] == mastered).all(axis=2) * other.parameters.weight[:, None]
        size = inside.sum(axis=0)
        sizes[j, : len(size)] = size
        shares[j, : len(size)] = of_classes[j] @ inside / np.maximum(size, TINY)
    return shares, sizes


def _gained(mine: ClassModelResult, other: ClassModelResult) -> tuple[float, int]:
    """Twice the log-likelihood that another diagnosis gains, and the parameters it costs."""
    return 2.0 * (other.loglik - mine.loglik), other.n_parameters - mine.n_parameters


def _near(exam: Prepared, result: ClassModelResult) -> list[NDArray[np.bool_]]:
    """Other Q-matrices that answers speak for, best first; none of too many points."""
    told = not (result.space.known == CANNOT_TELL).any()
    if exam.q.shape[1] > MOST_POINTS or not told or result.n_classes is None:
        return []
    return Search(exam, result).found()


class _Tries:
    """Diagnoses under other Q-matrices, as long as these can be computed and work is left."""

    def __init__(self, diagnose: Diagnose) -> None:
        self._diagnose, self._left = diagnose, MOST_WORK

    def __call__(self, exam: Prepared) -> Diagnosed | None:
        """The diagnosis; None where the Q-matrix tells more apart than can be computed, or soon."""
        chances = float(np.exp2(exam.q.sum(axis=1)) @ (exam.coding.n_categories - 1))
        self._left -= chances * 2.0 ** exam.q.shape[1] * len(exam.answered)
        if self._left < 0.0:
            return None
        try:
            return self._diagnose(exam)
        except TooManyClasses:
            return None


def going_together(pairs: PairFit) -> NDArray[np.bool_]:
    """Items (J,) that go together beyond what their points explain; none where it may be chance.

    The largest eigenvalue of a symmetric matrix of independent errors of size one is about 2√J (Wigner 1958,
    Ann. Math. 67, 325); its vector tells which items make it larger.
    """
    z = np.nan_to_num(pairs.z)
    values, vectors = np.linalg.eigh(z)
    if values[-1] <= 2.0 * np.sqrt(len(z)):
        return np.zeros(len(z), dtype=np.bool_)
    side = vectors[:, -1] * np.sign(vectors[:, -1].sum())
    return np.asarray(side > BELONGS)
