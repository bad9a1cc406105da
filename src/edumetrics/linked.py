"""Owns which items are linked by pupils who had them together: papers without such pupils stand apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edumetrics.results import BoolArray, IntArray

CHUNK = 65_536  # pupils


def sets_of_items(together: BoolArray) -> IntArray:
    """Number (J,) of the set that each item is in: items of a set are linked, if only through others.

    Parameters
    ----------
    together : (J, J) bool
        Whether pupils had both items.

    Examples
    --------
    >>> import numpy as np
    >>> sets_of_items(np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 1], [0, 0, 1, 1]], dtype=bool)).tolist()
    [0, 1, 0, 0]
    """
    linked = together | together.T | np.eye(len(together), dtype=np.bool_)
    first = np.arange(len(linked))
    while True:
        least = np.where(linked, first, len(first)).min(axis=1)
        if (least == first).all():
            return np.unique(first, return_inverse=True)[1].astype(np.int64)
        first = least


def papers_apart(categories: NDArray[np.int16]) -> int:
    """How many sets of items no pupil links.

    Parameters
    ----------
    categories : (N, J) int
        −1 where missing.
    """
    together = np.zeros((categories.shape[1],) * 2, dtype=np.bool_)
    for at in range(0, len(categories), CHUNK):
        seen = (categories[at : at + CHUNK] >= 0).astype(np.float32)
        together |= seen.T @ seen > 0
        number = int(sets_of_items(together).max()) + 1
        if number == 1:
            break
    return number
