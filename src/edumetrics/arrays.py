"""The answers of one exam as checked, read-only arrays: marks, states, options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics.errors import (
    BadFullMark,
    DuplicateItem,
    DuplicatePupil,
    EmptyMatrix,
    InfiniteMark,
    MarkOverFull,
    MarkWithoutAnswer,
    NegativeMark,
    ShapeMismatch,
)
from edumetrics.options import OptionResponses
from edumetrics.results import BoolArray, FloatArray

StateArray = NDArray[np.int8]
Scalar = TypeVar("Scalar", bound=np.generic)


class State(IntEnum):
    """What happened between one pupil and one item. Stored in databases: numbers never change."""

    ANSWERED = 0
    BLANK = 1  # presented, nothing written; carries NaN, or a mark where the markers scored it (usually 0)
    ABSENT = 2  # 缺考
    NOT_PRESENTED = 3  # not in this pupil's booklet
    DEFERRED = 4  # 缓考
    EXEMPT = 5  # 免考
    NOT_REACHED = 6  # presented at the end of the paper, but time ran out


_NEVER_MARKED = (State.ABSENT, State.NOT_PRESENTED, State.DEFERRED, State.EXEMPT)

# A mark may exceed the full mark by this much: sums of binary fractions such as 0.1 + 0.2.
MARK_TOLERANCE = 1e-9
# A full mark above it is a slip; products of four such marks of a million pupils are still numbers.
MOST_FULL = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class ResponseMatrix:
    """Answers of `n_pupils` pupils to `n_items` items. Build it with `response_matrix`.

    Attributes
    ----------
    marks : float array, pupils × items
        Marks in units of the item's full mark; NaN wherever there is none. A figure uses exactly the
        finite marks.
    states : int8 array, pupils × items
        `State` of each cell.
    full : float array, items
        Full marks, all positive.
    pupils, items : tuple of str
        Unique ids, in the order of rows and columns.
    options : OptionResponses or None
        Chosen options, where items have them.
    """

    marks: FloatArray
    states: StateArray
    full: FloatArray
    pupils: tuple[str, ...]
    items: tuple[str, ...]
    options: OptionResponses | None = None

    @property
    def n_pupils(self) -> int:
        """Number of rows."""
        return len(self.pupils)

    @property
    def n_items(self) -> int:
        """Number of columns."""
        return len(self.items)

    @property
    def valid(self) -> BoolArray:
        """Where there is a mark (pupils × items)."""
        return np.isfinite(self.marks)

    @property
    def present(self) -> BoolArray:
        """Pupils with at least one mark (实考); the others took no part and count nowhere."""
        return np.asarray(self.valid.any(axis=1))

    @property
    def shares(self) -> FloatArray:
        """Marks divided by full marks, NaN where there is none."""
        return np.asarray(self.marks / self.full)

    def take_pupils(self, rows: ArrayLike) -> ResponseMatrix:
        """Rows chosen by a mask or by indices, e.g. one class."""
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        if index.size == 0:
            raise EmptyMatrix(value="no pupil chosen")
        return ResponseMatrix(
            _frozen(self.marks[index]),
            _frozen(self.states[index]),
            self.full,
            tuple(self.pupils[i] for i in index),
            self.items,
            None if self.options is None else self.options.take(index, slice(None)),
        )

    def take_items(self, columns: ArrayLike) -> ResponseMatrix:
        """Columns chosen by a mask or by indices, e.g. one section of a paper."""
        index = np.asarray(columns)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        if index.size == 0:
            raise EmptyMatrix(value="no item chosen")
        return ResponseMatrix(
            _frozen(self.marks[:, index]),
            _frozen(self.states[:, index]),
            _frozen(self.full[index]),
            self.pupils,
            tuple(self.items[i] for i in index),
            None if self.options is None else self.options.take(slice(None), index),
        )


def response_matrix(
    marks: ArrayLike,
    full: ArrayLike,
    *,
    pupils: Sequence[str] | None = None,
    items: Sequence[str] | None = None,
    states: ArrayLike | None = None,
    options: OptionResponses | None = None,
) -> ResponseMatrix:
    """Check marks and build a `ResponseMatrix`.

    Parameters
    ----------
    marks : array_like, pupils × items
        Marks; NaN where there is none.
    full : array_like, items (or one number for all)
        Full marks.
    pupils, items : sequences of str, optional
        Unique ids; numbered from 1 when left out.
    states : array_like of `State`, optional
        Left out: a finite mark is ANSWERED, NaN is NOT_PRESENTED when the pupil has another mark, else
        ABSENT.
    options : OptionResponses, optional
        Chosen options of the same pupils and items.

    Raises
    ------
    ResponseError
        One of its subclasses, naming the first pupil and item at fault.

    Examples
    --------
    >>> matrix = response_matrix([[1, 0], [2, float("nan")]], [2, 1], items=["1", "2"])
    >>> matrix.n_pupils, int(matrix.states[1, 1]) == State.NOT_PRESENTED
    (2, True)
    """
    try:
        table = np.array(marks, dtype=np.float64)
    except ValueError as error:  # rows of different lengths, or words
        raise ShapeMismatch(value=f"marks are no table of numbers: {error}") from error
    if table.ndim != 2:
        raise ShapeMismatch(value=f"marks need 2 dimensions, got {table.ndim}")
    if table.shape[0] == 0 or table.shape[1] == 0:
        raise EmptyMatrix(value=f"{table.shape[0]} pupils, {table.shape[1]} items")
    n_pupils, n_items = table.shape
    pupil_ids = _ids(pupils, n_pupils, DuplicatePupil, "pupil")
    item_ids = _ids(items, n_items, DuplicateItem, "item")
    ceiling = np.array(full, dtype=np.float64)
    if ceiling.shape not in ((), (1,), (n_items,)):
        raise ShapeMismatch(value=f"full marks {ceiling.shape} for {n_items} items")
    ceiling = np.array(np.broadcast_to(ceiling, (n_items,)))
    for j in np.flatnonzero(~((ceiling > 0) & (ceiling <= MOST_FULL))):
        raise BadFullMark(item=item_ids[j], value=float(ceiling[j]))
    lowest, highest = np.fmin.reduce(table, axis=0), np.fmax.reduce(table, axis=0)  # NaN: item without marks
    if not ((lowest >= 0) & (highest <= ceiling) | np.isnan(lowest)).all():
        _refuse_impossible(table, ceiling, pupil_ids, item_ids)
        np.minimum(table, ceiling, out=table)
    codes = _states(table, states, pupil_ids, item_ids)
    if options is not None and options.codes.shape != table.shape:
        raise ShapeMismatch(value=f"options are {options.codes.shape}, marks {table.shape}")
    return ResponseMatrix(_frozen(table), _frozen(codes), _frozen(ceiling), pupil_ids, item_ids, options)


def _refuse_impossible(
    table: FloatArray, ceiling: FloatArray, pupils: tuple[str, ...], items: tuple[str, ...]
) -> None:
    for bad, error in (
        (np.isinf(table), InfiniteMark),
        (table < 0, NegativeMark),
        (table > ceiling + MARK_TOLERANCE * np.maximum(1.0, ceiling), MarkOverFull),
    ):
        if bad.any():
            i, j = np.argwhere(bad)[0]
            raise error(pupil=pupils[i], item=items[j], value=float(table[i, j]))


def split_not_reached(matrix: ResponseMatrix) -> ResponseMatrix:
    """Turn each pupil's unbroken run of blanks at the end of the paper into NOT_REACHED.

    The first blank of the run stays BLANK: the pupil may have looked at that item and given up, the usual
    convention of NAEP and TIMSS for telling omitted from not reached. Items must be in the order of
    the paper. Marks are left as they are. Items that were not presented do not break a run.
    """
    empty = matrix.states == State.BLANK
    if not empty.any():
        return matrix
    skipped = matrix.states == State.NOT_PRESENTED
    tail = np.logical_and.accumulate((empty | skipped)[:, ::-1], axis=1)[:, ::-1] & empty
    first = tail & (np.cumsum(tail, axis=1) == 1)
    states = np.where(tail & ~first, np.int8(State.NOT_REACHED), matrix.states)
    return ResponseMatrix(
        matrix.marks, _frozen(states), matrix.full, matrix.pupils, matrix.items, matrix.options
    )


def _states(
    table: FloatArray, states: ArrayLike | None, pupils: tuple[str, ...], items: tuple[str, ...]
) -> StateArray:
    finite = np.isfinite(table)
    if states is None and finite.all():
        return np.zeros(table.shape, dtype=np.int8)  # all State.ANSWERED
    if states is None:
        codes = np.where(finite, State.ANSWERED, State.NOT_PRESENTED).astype(np.int8)
        codes[~finite.any(axis=1)] = State.ABSENT
        return codes
    given = np.asarray(states)
    if given.shape != table.shape:
        raise ShapeMismatch(value=f"states are {given.shape}, marks {table.shape}")
    with np.errstate(invalid="ignore"):  # NaN is no state: it differs from whatever number it becomes
        codes = given.astype(np.int8)
    wrong = ((codes == State.ANSWERED) & ~finite) | (np.isin(codes, _NEVER_MARKED) & finite)
    wrong |= (codes < 0) | (codes > max(State)) | (codes != given)
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise MarkWithoutAnswer(pupil=pupils[i], item=items[j], value=given[i, j].item())
    return codes


def _ids(
    given: Sequence[str] | None, n: int, error: type[DuplicatePupil] | type[DuplicateItem], axis: str
) -> tuple[str, ...]:
    if given is None:
        return tuple(map(str, range(1, n + 1)))
    ids = tuple(str(one) for one in given)
    if len(ids) != n:
        raise ShapeMismatch(value=f"{len(ids)} {axis} ids for {n} rows or columns")
    if len(set(ids)) != n:
        seen: set[str] = set()
        for one in ids:
            if one in seen:
                raise error(**{axis: one})
            seen.add(one)
    return ids


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    array.flags.writeable = False
    return array
