"""What every method hands back: an estimate with its uncertainty, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Reason(StrEnum):
    """Why a figure cannot be known. The codes are stable: reports and stored results use them."""

    TOO_FEW_PUPILS = "too_few_pupils"
    TOO_FEW_ITEMS = "too_few_items"
    TOO_FEW_MARKS = "too_few_marks"
    NO_RESPONSES = "no_responses"
    CONSTANT_MARKS = "constant_marks"
    CONSTANT_REST = "constant_rest"
    NO_OPTIONS = "no_options"
    NO_KEY = "no_key"
    NOT_TAUGHT = "not_taught"
    NO_COMMON_PUPILS = "no_common_pupils"
    NOT_IDENTIFIED = "not_identified"
    NOT_CONVERGED = "not_converged"
    NOT_COMPARABLE = "not_comparable"
    BOUNDARY = "boundary"
    NEAR_EDGE = "near_edge"
    SMALL_GROUP = "small_group"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure with its uncertainty.

    Attributes
    ----------
    value : float
        The estimate.
    se : float or None
        Standard error on the scale of `value`; None where the interval comes from elsewhere.
    low, high : float
        Interval of confidence `level` (or of that posterior probability).
    n : int
        How many observations (pupils, unless `method` says otherwise) stand behind it.
    method : str
        Short name of the estimator and of the interval, e.g. ``"mean/t"``.
    level : float
        Confidence or posterior probability of the interval.
    """

    value: float
    se: float | None
    low: float
    high: float
    n: int
    method: str
    level: float = 0.95

    def __post_init__(self) -> None:
        # Written out: a paper of a school makes thousands of these.
        if not (
            math.isfinite(self.value)
            and math.isfinite(self.low)
            and math.isfinite(self.high)
            and (self.se is None or math.isfinite(self.se))
        ):
            parts = (self.value, self.low, self.high, self.se)
            raise ValueError(f"an estimate must be finite, got {parts}; use Insufficient")
        if self.low > self.high:
            raise ValueError(f"interval is upside down: {self.low} > {self.high}")


@dataclass(frozen=True, slots=True)
class Insufficient:
    """Not enough evidence: `reason` is a stable code, `n` is what there was."""

    reason: Reason
    n: int


Outcome = Estimate | Insufficient


@dataclass(frozen=True, slots=True)
class Caution:
    """Something a reader must know before using a result.

    `code` is stable (``"few_pupils"``, ``"prior_from_default"`` …), `subjects` are ids of the items,
    points or pupils concerned, `data` the figures to be put into the sentence.
    """

    code: str
    subjects: tuple[str, ...] = ()
    data: Mapping[str, float | int | str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a result came about, enough to compute it again.

    Attributes
    ----------
    model : str
        Name of the method, e.g. ``"ctt"``, ``"2pl"``.
    version : str
        Version of the algorithm: a change that can move a figure raises it.
    settings : mapping
        Every setting that was in force, defaults included.
    warnings : tuple of Caution
    """

    model: str
    version: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[Caution, ...] = ()


_REASONS: tuple[Reason, ...] = tuple(Reason)
_CODES: dict[Reason, int] = {reason: index + 1 for index, reason in enumerate(_REASONS)}


def reason_code(reason: Reason) -> int:
    """Small integer that stands for `reason` in `Estimates.reason` (0 there means: known)."""
    return _CODES[reason]


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Many estimates of one kind, as read-only arrays of equal shape.

    Entries without enough evidence hold NaN in `value`, `se`, `low` and `high` and a non-zero code in
    `reason`. Readers that leave the arrays (reports, JSON, tables) go through `at`, which never yields a NaN.
    """

    value: FloatArray
    se: FloatArray | None
    low: FloatArray
    high: FloatArray
    n: IntArray
    reason: NDArray[np.int8]
    method: str
    level: float = 0.95

    @classmethod
    def build(
        cls,
        value: FloatArray,
        se: FloatArray | None,
        low: FloatArray,
        high: FloatArray,
        n: IntArray | int,
        method: str,
        *,
        refuse: tuple[tuple[BoolArray | bool, Reason], ...] = (),
        level: float = 0.95,
    ) -> Estimates:
        """Apply the refusals in order (the first that holds names the reason) and freeze the arrays."""
        value = np.array(value, dtype=np.float64)
        shape = value.shape
        low = np.array(np.broadcast_to(low, shape), dtype=np.float64)
        high = np.array(np.broadcast_to(high, shape), dtype=np.float64)
        error = None if se is None else np.array(np.broadcast_to(se, shape), dtype=np.float64)
        counts = np.array(np.broadcast_to(n, shape), dtype=np.int64)
        code = np.zeros(shape, dtype=np.int8)
        for where, reason in refuse:
            code[(code == 0) & np.broadcast_to(where, shape)] = _CODES[reason]
        bad = ~(np.isfinite(value) & np.isfinite(low) & np.isfinite(high))
        if error is not None:
            bad |= ~np.isfinite(error)
        if np.any(bad & (code == 0)):
            raise ValueError("a figure without a value needs a reason")
        for array in (value, low, high, error):
            if array is not None:
                array[code != 0] = np.nan
                array.flags.writeable = False
        counts.flags.writeable = False
        code.flags.writeable = False
        return cls(value, error, low, high, counts, code, method, level)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def known(self) -> BoolArray:
        """Where there is an estimate."""
        return np.asarray(self.reason == 0)

    def at(self, *index: int) -> Outcome:
        """Return the entry at `index` as `Estimate` or `Insufficient`."""
        code = int(self.reason[index])
        if code:
            return Insufficient(_REASONS[code - 1], int(self.n[index]))
        se = None if self.se is None else float(self.se[index])
        return Estimate(
            float(self.value[index]),
            se,
            float(self.low[index]),
            float(self.high[index]),
            int(self.n[index]),
            self.method,
            self.level,
        )

    def part(self, rows: slice) -> Estimates:
        """Some entries, as views of the same arrays."""
        se = None if self.se is None else self.se[rows]
        columns = (self.low[rows], self.high[rows], self.n[rows], self.reason[rows])
        return Estimates(self.value[rows], se, *columns, self.method, self.level)

    def outcomes(self) -> list[Outcome]:
        """All entries of a one-dimensional array as `at` gives them, an array at a time."""
        size = len(self.value)
        errors = [None] * size if self.se is None else self.se.tolist()
        columns = (self.value, self.low, self.high, self.n, self.reason)
        value, low, high, n, codes = (column.tolist() for column in columns)
        return [
            Insufficient(_REASONS[codes[i] - 1], n[i])
            if codes[i]
            else Estimate(value[i], errors[i], low[i], high[i], n[i], self.method, self.level)
            for i in range(size)
        ]
