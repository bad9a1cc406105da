"""Levels (等级) of a total by configurable bands on its share of the full mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics import checks
from edumetrics.errors import BadSetting

NO_LEVEL = -1
# 0.7 × 100 is 70.00000000000001 in binary: a pupil on the line belongs to the upper band.
_ON_THE_LINE = 1e-9


@dataclass(frozen=True, slots=True)
class Band:
    """One level: `code` is stored, `label` shown; it begins at `low` (share of the full mark, inclusive)."""

    code: str
    label: str
    low: float


@dataclass(frozen=True, slots=True)
class Bands:
    """Levels from the highest to the lowest. The lowest begins at 0, so that everybody has one."""

    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        lows = [band.low for band in self.bands]
        if not self.bands or lows[-1] != 0.0 or any(not 0.0 <= low < 1.0 for low in lows):
            raise BadSetting(value="bands need shares in [0, 1) and a lowest band that begins at 0")
        if any(upper <= lower for upper, lower in pairwise(lows)):
            raise BadSetting(value="bands must go down")
        if len({band.code for band in self.bands}) != len(self.bands):
            raise BadSetting(value="two bands have the same code")

    def assign(self, totals: ArrayLike, full: ArrayLike) -> NDArray[np.int8]:
        """Index of the band of each total; -1 where the total is NaN (no part in the exam).

        A negative or infinite total is refused (`NegativeMark`, `InfiniteMark`).

        Examples
        --------
        >>> [DEFAULT_BANDS.bands[i].code for i in DEFAULT_BANDS.assign([85, 84.5, 60, 0], 100)]
        ['A', 'B', 'C', 'D']
        """
        total = checks.marks(totals)
        share = total / checks.full_marks(full) + _ON_THE_LINE
        lows = np.array([band.low for band in self.bands[::-1]])
        index = (
            len(lows) - np.searchsorted(lows, np.where(np.isnan(share), 0.0, share), side="right")
        ).astype(np.int8)
        index[np.isnan(total)] = NO_LEVEL
        return index

    def counts(self, assigned: NDArray[np.int8]) -> NDArray[np.int64]:
        """How many pupils stand in each band."""
        return np.bincount(assigned[assigned >= 0], minlength=len(self.bands)).astype(np.int64)


def make_bands(rows: Sequence[tuple[str, str, float]]) -> Bands:
    """Bands from (code, label, low) rows in any order."""
    return Bands(tuple(Band(*row) for row in sorted(rows, key=lambda row: -row[2])))


# Common practice of Chinese schools; each school may set its own.
DEFAULT_BANDS = make_bands(
    [("A", "优秀", 0.85), ("B", "良好", 0.70), ("C", "合格", 0.60), ("D", "待合格", 0.0)]
)
