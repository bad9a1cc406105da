"""A practice log as checked arrays, in the order in which each learner answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics.results import BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class PracticeLog:
    """Answers sorted by learner and time.

    Attributes
    ----------
    learner, skill : int array, answers
        Codes 0 … n−1; skills are indices into `skills`.
    correct : bool array, answers
    order : int array, answers
        Place in the caller's arrays: ``result[log.order]`` goes back.
    skills : int array
        The caller's skill codes.
    """

    learner: IntArray
    skill: IntArray
    correct: BoolArray
    order: IntArray
    skills: IntArray

    def __len__(self) -> int:
        return len(self.learner)


def practice_log(
    learner: ArrayLike,
    time: ArrayLike,
    skill: ArrayLike,
    correct: ArrayLike,
    *,
    skills: ArrayLike | None = None,
) -> PracticeLog:
    """Check and sort a log.

    Parameters
    ----------
    learner, skill : array_like of int, answers
    time : array_like, answers
        Anything that orders one learner's answers; ties keep their order.
    correct : array_like of 0/1
    skills : array_like, optional
        Known skill codes (of a fitted model); other skills get the code −1 and are answered by the prior
        over all skills.

    Raises
    ------
    ValueError
        Lengths differ, or an answer is neither 0 nor 1.
    """
    who, what = _codes("learner", learner), _codes("skill", skill)
    right, when = np.asarray(correct), np.asarray(time)
    if not len(who) == len(what) == len(right) == len(when):
        raise ValueError("learner, time, skill and correct differ in length")
    bad = ~np.isin(right, (0, 1))
    if bad.any():
        raise ValueError(f"answer {int(np.flatnonzero(bad)[0])} is neither right nor wrong")
    order = np.lexsort((np.arange(len(who)), when, who))
    _, codes = np.unique(who[order], return_inverse=True)
    known = np.unique(what) if skills is None else np.asarray(skills, dtype=np.int64)
    place = np.searchsorted(known, what[order])
    place = np.minimum(place, max(len(known) - 1, 0))
    index = np.where(known[place] == what[order], place, -1) if len(known) else np.full(len(who), -1)
    return PracticeLog(
        codes.astype(np.int64), index.astype(np.int64), right[order].astype(bool), order, known
    )


def _codes(name: str, values: ArrayLike) -> IntArray:
    table = np.asarray(values)
    if not np.issubdtype(table.dtype, np.number) or not np.array_equal(table, np.floor(table)):
        raise ValueError(f"{name} needs whole-number codes, got {table.dtype}")
    return table.astype(np.int64)


def by_skill(log: PracticeLog) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Answers regrouped into one sequence per learner and skill.

    Returns
    -------
    rows : int array, answers of known skills
        Indices into the log, sequence after sequence, in time within a sequence.
    starts : int array, sequences + 1
        Where each sequence begins in `rows`; sequences are sorted by skill.
    """
    rows = np.flatnonzero(log.skill >= 0)
    rows = rows[np.lexsort((rows, log.learner[rows], log.skill[rows]))]
    key = log.skill[rows] * (int(log.learner.max(initial=0)) + 1) + log.learner[rows]
    change = np.flatnonzero(np.diff(key)) + 1
    return rows, np.concatenate([[0], change, [len(rows)]]).astype(np.int64)
