"""An order of pupils that hangs on what they answered, and not on the order of rows and columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edumetrics.options import COMPILED_FROM
from edumetrics.results import IntArray

CHUNK = 2048  # rows whose numbers stay in a core's cache


def by_answers(table: NDArray[np.floating | np.integer]) -> IntArray:
    """Rows in an order of their own: who is drawn or dealt from it does not change when a file is sorted.

    The order is arbitrary but the same for any arrangement of the rows and columns. Rows with the same
    answers stand together; which of them comes first makes no difference to any figure.

    Parameters
    ----------
    table : array, pupils × items
        Marks (NaN where there is none) or categories.

    Returns
    -------
    int array, pupils

    Examples
    --------
    >>> import numpy as np
    >>> table = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 1]])
    >>> turned = table[::-1, [2, 0, 1]]
    >>> bool((turned[by_answers(turned)] == table[by_answers(table)][:, [2, 0, 1]]).all())
    True
    """
    rows, columns = np.zeros(len(table), np.uint64), np.zeros(table.shape[1], np.uint64)
    out = np.zeros_like(rows)
    # Sums modulo 2⁶⁴ are the same in any order. Rows are told apart by what they have, columns by who has
    # what in them, rows again by what they have in which.
    if table.size >= COMPILED_FROM and table.dtype == np.float64:
        from edumetrics.ctt.loops import number_rows

        if number_rows(table, out):
            return np.asarray(np.argsort(out, kind="stable"), dtype=np.int64)
    whole = _is_whole(table)
    for part, bits in _bits(table, whole):
        rows[part] = bits.sum(axis=1)
    rows = mixed(rows)
    for part, bits in _bits(table, whole):
        columns += rows[part] @ bits
    columns = mixed(columns)
    for part, bits in _bits(table, whole):
        out[part] = bits @ columns
    return np.asarray(np.argsort(out, kind="stable"), dtype=np.int64)


def _bits(
    table: NDArray[np.floating | np.integer], whole: bool
) -> Iterator[tuple[slice, NDArray[np.uint64]]]:
    """Some rows at a time as whole numbers; parts of marks, whose last digits are mostly 0, stirred."""
    for low in range(0, len(table), CHUNK):
        part = slice(low, low + CHUNK)
        known = _known(table[part])
        yield part, known.astype(np.int64).view(np.uint64) if whole else mixed(known.view(np.uint64))


def _is_whole(table: NDArray[np.floating | np.integer]) -> bool:
    parts = (_known(table[low : low + CHUNK]) for low in range(0, len(table), CHUNK))
    return table.dtype.kind != "f" or all(
        (np.abs(part) < 2**62).all() and (part == np.rint(part)).all() for part in parts
    )


def _known(part: NDArray[np.floating | np.integer]) -> NDArray[np.floating | np.integer]:
    if part.dtype.kind != "f":
        return part
    wide = part.astype(np.float64)
    return np.where(np.isnan(wide), -1.0, wide) + 0.0  # no −0


def mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Finaliser of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, 459)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
