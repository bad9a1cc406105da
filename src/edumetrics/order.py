"""An order of pupils that hangs on what they answered, and not on the order of rows and columns."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.results import IntArray

# Of the binary form of a float: beyond twice this without its sign there are only NaN.
INFINITE, MINUS_ZERO = np.uint64(0x7FF0000000000000 << 1), np.uint64(1 << 63)


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
    bits = np.ascontiguousarray(table, dtype=np.float64).view(np.uint64)
    return np.asarray(np.argsort(_numbers(bits), kind="stable"), dtype=np.int64)


@numba.njit(cache=True, nogil=True)
def _numbers(bits):  # type: ignore[no-untyped-def]
    """A number (N,) for each row of whole numbers (N, J).

    Sums modulo 2⁶⁴ are the same in any order. Rows are told apart by what they have, columns by who has
    what in them, rows again by what they have in which.
    """
    rows, columns = np.zeros(bits.shape[0], np.uint64), np.zeros(bits.shape[1], np.uint64)
    for n in range(bits.shape[0]):
        for j in range(bits.shape[1]):
            rows[n] += _mixed(bits[n, j])
        rows[n] = _mixed(rows[n])
    for n in range(bits.shape[0]):
        for j in range(bits.shape[1]):
            columns[j] += rows[n] * _mixed(bits[n, j])
    for j in range(bits.shape[1]):
        columns[j] = _mixed(columns[j])
    out = np.zeros(bits.shape[0], np.uint64)
    for n in range(bits.shape[0]):
        for j in range(bits.shape[1]):
            out[n] += columns[j] * _mixed(bits[n, j])
    return out


@numba.njit(cache=True, nogil=True)
def _mixed(bits):  # type: ignore[no-untyped-def]
    """Finaliser of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, 459); all NaN are one, and so are ±0.0."""
    if bits << np.uint64(1) > INFINITE or bits == MINUS_ZERO:
        bits = np.uint64(bits != MINUS_ZERO)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
