"""Checks of what comes without a response matrix: totals, markings, counts, parameters, settings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.errors import (
    BadCount,
    BadFullMark,
    BadParameter,
    BadSetting,
    DuplicateItem,
    InfiniteMark,
    MarkOverFull,
    NegativeMark,
    ShapeMismatch,
)
from edumetrics.results import FloatArray


def same_length(**arrays: ArrayLike) -> None:
    """Refuse columns of different lengths."""
    sizes = {name: np.shape(values) for name, values in arrays.items()}
    if len(set(sizes.values())) > 1 or any(len(size) != 1 for size in sizes.values()):
        raise ShapeMismatch(value=", ".join(f"{name} {size}" for name, size in sizes.items()))


def marks(values: ArrayLike, *, top: ArrayLike = np.inf, negative: bool = False) -> FloatArray:
    """A column of marks, NaN where there is none; the first bad one is named by its place, from 1.

    `negative` admits marks below zero (residuals, scores on another scale).
    """
    table = np.asarray(values, dtype=np.float64)
    bad = [(np.isinf(table), InfiniteMark), (table > np.asarray(top), MarkOverFull)]
    if not negative:
        bad.insert(1, (table < 0, NegativeMark))
    for where, error in bad:
        if where.any():
            place = np.argwhere(where)[0]
            raise error(pupil=str(int(place[0]) + 1), value=float(table[tuple(place)]))
    return table


def full_marks(values: ArrayLike) -> FloatArray:
    """Full marks, which are positive numbers."""
    table = np.asarray(values, dtype=np.float64)
    bad = ~(np.isfinite(table) & (table > 0))
    if bad.any():
        raise BadFullMark(value=float(table[bad][0]))
    return table


def counts(values: ArrayLike) -> FloatArray:
    """Numbers of pupils: whole and not negative."""
    table = np.asarray(values, dtype=np.float64)
    bad = ~(np.isfinite(table) & (table >= 0) & (table == np.floor(table)))
    if bad.any():
        raise BadCount(value=float(table[bad][0]))
    return table


def parameters(
    values: ArrayLike,
    items: Sequence[str],
    *,
    above: float = -np.inf,
    least: float = -np.inf,
    below: float = np.inf,
) -> FloatArray:
    """One finite number per item, more than `above`, at least `least` and less than `below`."""
    table = np.asarray(values, dtype=np.float64)
    if table.shape != (len(items),):
        raise ShapeMismatch(value=f"{len(items)} items, {table.shape} parameters")
    bad = ~(np.isfinite(table) & (table > above) & (table >= least) & (table < below))
    if bad.any():
        j = int(np.argmax(bad))
        raise BadParameter(item=items[j], value=float(table[j]))
    return table


def within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a setting outside `low` … `high`, the ends included, or that is no number."""
    if not low <= value <= high:
        raise BadSetting(value=f"{name} {value}: from {low} to {high}")


def between(name: str, value: float, low: float, high: float) -> None:
    """Refuse a setting that is not more than `low` and less than `high`."""
    if not low < value < high:
        raise BadSetting(value=f"{name} {value}: between {low} and {high}")


def at_least(name: str, value: int, least: int) -> None:
    """Refuse a number of times that is not whole or less than `least`."""
    if not isinstance(value, int | np.integer) or value < least:
        raise BadSetting(value=f"{name} {value}: a whole number from {least} on")


def one_of(name: str, value: object, known: Sequence[object]) -> None:
    """Refuse a choice that there is not."""
    if value not in known:
        raise BadSetting(value=f"{name} {value!r}: one of {', '.join(map(str, known))}")


def distinct(items: Sequence[str]) -> None:
    """Refuse an item that stands twice."""
    seen: set[str] = set()
    for item in items:
        if item in seen:
            raise DuplicateItem(item=item)
        seen.add(item)
