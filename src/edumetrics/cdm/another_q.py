"""Owns a second opinion on the Q-matrix: the diagnosis under the points that the answers speak for.

Points are marked by people, and a wrong mark makes the posteriors of many pupils wrong and no less sure:
with 5 % of the entries wrong and 1,000 pupils, intervals of mastery held 83 %. Items are judged again by the
variance that choices of points account for (`advice`), and where items still go together, by a point that
nobody named. Answers alone correct no Q-matrix: figures stay, intervals reach over both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from edumetrics.cdm import sparse
from edumetrics.cdm.advice import q_advice
from edumetrics.cdm.classes import TooManyClasses
from edumetrics.cdm.pairs import PairFit
from edumetrics.cdm.preparation import Prepared
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import Insufficient

Diagnosed = tuple[ClassModelResult, PairFit]
Diagnose = Callable[[Prepared], Diagnosed]

FEWEST = 60  # pupils who answered an item, for its points to be doubted
ROUNDS = 3
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


@dataclass(frozen=True, slots=True, eq=False)
class Another:
    """The diagnosis under another Q-matrix; a point that nobody named stands last.

    Attributes
    ----------
    result : ClassModelResult
    doubted : tuple of str
        Items that would need other of the named points.
    unnamed : tuple of str
        Items that go together beyond what their points explain.
    heard : float
        Share of the way that intervals are to reach.
    """

    result: ClassModelResult
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
    given = replace(exam, model="gdina", settings=settings)
    tried = _Tries(diagnose)
    exam, (result, pairs) = _advised(given, found, tried)
    together = going_together(pairs)
    if together.sum() >= FEWEST_ITEMS and 2 * (result.n_classes or 0) <= sparse.SPARSE_ABOVE:
        wider = replace(
            exam,
            q=np.column_stack([exam.q, together]),
            names=(*exam.names, UNNAMED),
            place=np.append(exam.place, len(exam.place)),
        )
        first = tried(wider)
        if first is not None:
            wider, (other, _) = _advised(wider, first, tried)
            gain, df = 2.0 * (other.loglik - result.loglik), other.n_parameters - result.n_parameters
            if df > 0 and chdtrc(df, max(gain, 0.0)) < ALPHA:
                exam, result = wider, other
    if result is found[0]:
        return None
    n_points = given.q.shape[1]
    doubted = np.asarray((exam.q[:, :n_points] != given.q).any(axis=1))
    unnamed = np.asarray(exam.q[:, n_points:].any(axis=1))
    given_result = found[0]
    gain = 2.0 * (result.loglik - given_result.loglik) - (result.n_parameters - given_result.n_parameters)
    heard = float(np.clip(max(gain / ENOUGH, (MANY - result.n) / (MANY - FEW)), 0.0, 1.0))
    return Another(result, exam.items_where(doubted), exam.items_where(unnamed), heard)


def _advised(exam: Prepared, found: Diagnosed, tried: _Tries) -> tuple[Prepared, Diagnosed]:
    """The exam with the Q-matrix to which advice leads, and its diagnosis."""
    row = {item: j for j, item in enumerate(exam.coding.items)}
    for _ in range(ROUNDS):
        advice = q_advice(found[0], exam.matrix, FEWEST)
        if isinstance(advice, Insufficient):
            break
        q = exam.q.copy()
        for one in advice:
            if one.change:
                q[row[one.item]] = np.isin(exam.names, one.suggested)
        deserted = q.sum(axis=0) < np.minimum(exam.q.sum(axis=0), FEWEST_ITEMS)
        kept = exam.q[:, deserted].any(axis=1)
        q[kept] = exam.q[kept]
        changed = replace(exam, q=q)
        next_ = None if (q == exam.q).all() else tried(changed)
        if next_ is None:
            break
        exam, found = changed, next_
    return exam, found


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
