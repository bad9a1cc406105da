"""A practice log as checked arrays, in the order in which each learner answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics import checks
from edumetrics.errors import BadAnswer, BadCode, DuplicateItem, UnknownName
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
        Known skill codes (of a fitted model), each once, in any order; other skills get the code −1 and are
        answered by the prior over all skills.

    Raises
    ------
    ResponseError
        Columns of different lengths; a code that is no whole number; an answer that is neither 0 nor 1 (it is
        named by its place, from 0); a skill that is known twice.
    """
    who, what = _codes("learner", learner), _codes("skill", skill)
    right, when = np.asarray(correct), np.asarray(time)
    checks.same_length(learner=who, time=when, skill=what, correct=right)
    bad = (right != 0) & (right != 1)
    if bad.any():
        raise BadAnswer(value=f"answer {int(np.flatnonzero(bad)[0])} is neither right nor wrong")
    order = _order(who, when)
    if order is not None:
        who, what, right = who[order], what[order], right[order]
    codes = np.cumsum(np.diff(who, prepend=who[:1]) != 0)
    known = np.unique(what) if skills is None else _known(skills)
    index = _places(known, what)
    order = np.arange(len(who)) if order is None else order
    return PracticeLog(codes.astype(np.int64), index, right.astype(bool), order, known)


def same_skills(log: PracticeLog, skills: IntArray) -> None:
    """Refuse a log whose skill codes are not those of the model that is to read it."""
    if not np.array_equal(log.skills, skills):
        raise UnknownName(value="the log has other skills than the model: make it with skills=model.skills")


def _known(skills: ArrayLike) -> IntArray:
    known = _codes("skills", skills)
    found, times = np.unique(known, return_counts=True)
    if len(found) < len(known):
        raise DuplicateItem(item=str(found[np.argmax(times)]))
    return known


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
    order = np.argsort(known)
    place = order[np.minimum(np.searchsorted(known, what, sorter=order), len(known) - 1)]
    return np.where(known[place] == what, place, -1)


def _codes(name: str, values: ArrayLike) -> IntArray:
    table = np.asarray(values)
    if np.issubdtype(table.dtype, np.integer):
        return table.astype(np.int64)
    if not np.issubdtype(table.dtype, np.floating):
        raise BadCode(value=f"{name} needs whole-number codes, got {table.dtype}")
    bad = ~(np.isfinite(table) & (table == np.floor(table)) & (np.abs(table) < 2.0**63))
    if bad.any():
        raise BadCode(value=f"{name} needs whole-number codes, got {table[bad][0]}")
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
    ends = [len(rows)] if len(rows) else []  # no answers: no sequence, not one without answers
    return rows, np.concatenate([[0], change, ends]).astype(np.int64)
