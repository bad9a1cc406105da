"""A practice log as checked arrays, in the order in which each learner answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    bad = (right != 0) & (right != 1)
    if bad.any():
        raise ValueError(f"answer {int(np.flatnonzero(bad)[0])} is neither right nor wrong")
    order = _order(who, when)
    if order is not None:
        who, what, right = who[order], what[order], right[order]
    codes = np.cumsum(np.diff(who, prepend=who[:1]) != 0)
    known = np.unique(what) if skills is None else np.asarray(skills, dtype=np.int64)
    index = _places(known, what)
    order = np.arange(len(who)) if order is None else order
    return PracticeLog(codes.astype(np.int64), index, right.astype(bool), order, known)


def _order(who: IntArray, when: NDArray[Any]) -> IntArray | None:
    """Stable order by learner and time; None where the answers stand in it already."""
    step = np.diff(who)
    if (step >= 0).all() and ((step > 0) | (when[1:] >= when[:-1])).all():
        return None
    return np.lexsort((when, who))


def _places(known: IntArray, what: IntArray) -> IntArray:
    """Place of each code among the known ones, −1 where it is not."""
    if len(known) == 0 or len(what) == 0:
        return np.full(len(what), -1, dtype=np.int64)
    low, high = int(what.min()), int(what.max())
    if high - low < 4 * len(what) + 1000:  # codes close together: a table instead of a search for each
        table = np.full(high - low + 1, -1, dtype=np.int64)
        inside = (known >= low) & (known <= high)
        table[known[inside] - low] = np.flatnonzero(inside)
        return table[what - low]
    place = np.minimum(np.searchsorted(known, what), len(known) - 1)
    return np.where(known[place] == what, place, -1)


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
    # The log is in order of learner and time, and a stable sort keeps it.
    narrow = log.skill.astype(np.int16) if len(log.skills) < 2**15 else log.skill
    rows = np.argsort(narrow, kind="stable")
    rows = rows[np.count_nonzero(narrow < 0) :]
    skill, learner = log.skill[rows], log.learner[rows]
    change = np.flatnonzero((skill[1:] != skill[:-1]) | (learner[1:] != learner[:-1])) + 1
    return rows, np.concatenate([[0], change, [len(rows)]]).astype(np.int64)
