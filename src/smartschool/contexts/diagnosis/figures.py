"""Figures of one group of pupils on one paper: as read, and as stored in numbers and few words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from edumetrics.results import Estimate, Estimates, FloatArray, Insufficient, Outcome, Reason, reason_code

SCHEMA = 2

# Ten-point columns of the share of the full mark; the first gathers all below 40.
BIN_LABELS = ("40 以下", "40–49", "50–59", "60–69", "70–79", "80–89", "90–100")
BIN_EDGES = (0.40, 0.50, 0.60, 0.70, 0.80, 0.90)
BINS_BELOW_PASS = 3


@dataclass(frozen=True, slots=True)
class OptionCount:
    """One option of an objective item; `groups` are its shares in the low, middle and top third."""

    label: str
    n: int
    key: bool
    groups: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """One item in one group. `lost` counts pupils below the full mark, blanks included."""

    facility: Outcome
    discrimination: Outcome
    rest: Outcome
    n: int
    lost: int
    blank: int
    options: tuple[OptionCount, ...] = ()
    rival: str = ""  # the option that seems to be right instead of the key
    idle: tuple[str, ...] = ()  # distractors that nearly nobody takes
    groups: tuple[float, float, float] | None = None  # mean shares: low, middle, top
    easier_for: str = ""  # "male" or "female": large DIF at equal attainment over the whole paper


@dataclass(frozen=True, slots=True)
class PointFigures:
    """One knowledge point in one group; `states` counts pupils: unknown, 需巩固, 基本掌握, 已掌握."""

    share: Outcome
    n: int
    lost: int
    states: tuple[int, int, int, int]
    groups: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One class, or all pupils of the paper. Totals are shares of the full mark (0…1)."""

    n_listed: int
    n_present: int
    n_totals: int
    mean: Outcome
    quartiles: tuple[float, float, float] | None
    passed: int
    bins: tuple[int, ...]
    levels: tuple[int, ...]
    alpha: Outcome
    sem: Outcome
    items: tuple[ItemFigures, ...]
    points: tuple[PointFigures, ...]
    group_sizes: tuple[int, int, int] | None
    cautions: tuple[str, ...] = ()


def dump_outcome(outcome: Outcome) -> dict[str, Any]:
    """JSON of one outcome; numbers keep full precision."""
    if isinstance(outcome, Insufficient):
        return {"r": outcome.reason.value, "n": outcome.n}
    return {
        "v": outcome.value,
        "s": outcome.se,
        "l": outcome.low,
        "h": outcome.high,
        "n": outcome.n,
        "m": outcome.method,
        "c": outcome.level,
    }


def load_outcome(data: Mapping[str, Any]) -> Outcome:
    """Inverse of `dump_outcome`."""
    if "r" in data:
        return Insufficient(Reason(data["r"]), int(data["n"]))
    return Estimate(
        data["v"], data["s"], data["l"], data["h"], int(data["n"]), str(data["m"]), float(data["c"])
    )


# What is stored of an outcome, an item, a point, in this order; NaN stands for nothing. A reason is a code
# whose word is beside the array, because codes are no promise.
OUTCOME = ("value", "se", "low", "high", "n", "reason")
ITEM_OUTCOMES = ("facility", "discrimination", "rest")
ITEM_WIDTH = len(ITEM_OUTCOMES) * len(OUTCOME) + 6  # then n, lost, blank, and the means of the three thirds
POINT_WIDTH = (
    len(OUTCOME) + 9
)  # the share, then n, lost, four counts of states, the means of the three thirds


class Stored(NamedTuple):
    """Figures of one group as two columns of a row: many numbers and few words.

    `numbers` are the items' rows of ITEM_WIDTH, then the points' rows of POINT_WIDTH. A paper of a school has
    ten thousand of them: as words of JSON they took longer to write than to compute.
    """

    numbers: FloatArray
    words: dict[str, Any]

    @property
    def n_present(self) -> int:
        """Pupils who took part."""
        return int(self.words["n"][1])


def fill_outcomes(block: FloatArray, found: Estimates) -> None:
    """Write estimates into the last axis of `block`, which is as wide as OUTCOME."""
    block[..., 0] = found.value
    block[..., 1] = np.nan if found.se is None else found.se
    block[..., 2], block[..., 3] = found.low, found.high
    block[..., 4], block[..., 5] = found.n, found.reason


def fill_nothing(block: FloatArray, reason: Reason) -> None:
    """Write that nothing is known, of nobody."""
    block[..., :4] = np.nan
    block[..., 4], block[..., 5] = 0, reason_code(reason)


def method_words(found: Estimates | None) -> list[Any]:
    """What an array of estimates has in common."""
    return ["", 0.95] if found is None else [found.method, found.level]


def load(numbers: Sequence[float], words: Mapping[str, Any]) -> GroupFigures:
    """The figures of a stored row."""
    if words["schema"] != SCHEMA:
        raise ValueError(f"figures of schema {words['schema']}, this version reads {SCHEMA}")
    n_items, n_points = words["size"]
    middle = n_items * ITEM_WIDTH
    reasons = {int(code): Reason(word) for code, word in words["reasons"].items()}
    n_listed, n_present, n_totals = words["n"]
    return GroupFigures(
        n_listed=n_listed,
        n_present=n_present,
        n_totals=n_totals,
        mean=load_outcome(words["mean"]),
        quartiles=_three(words["quartiles"]),
        passed=words["passed"],
        bins=tuple(words["bins"]),
        levels=tuple(words["levels"]),
        alpha=load_outcome(words["alpha"]),
        sem=load_outcome(words["sem"]),
        items=tuple(
            _load_item(numbers[j * ITEM_WIDTH : (j + 1) * ITEM_WIDTH], str(j), words, reasons)
            for j in range(n_items)
        ),
        points=tuple(
            _load_point(numbers[start : start + POINT_WIDTH], words["methods"]["share"], reasons)
            for start in range(middle, middle + n_points * POINT_WIDTH, POINT_WIDTH)
        ),
        group_sizes=_three(words["groups"]),
        cautions=tuple(words["cautions"]),
    )


def _load_item(
    row: Sequence[float], place: str, words: Mapping[str, Any], reasons: Mapping[int, Reason]
) -> ItemFigures:
    width = len(OUTCOME)
    facility, discrimination, rest = (
        _outcome(row[k * width : (k + 1) * width], words["methods"][name], reasons)
        for k, name in enumerate(ITEM_OUTCOMES)
    )
    n, lost, blank, *groups = row[len(ITEM_OUTCOMES) * width :]
    rival, idle = words["doubts"].get(place, ("", ()))
    return ItemFigures(
        facility=facility,
        discrimination=discrimination,
        rest=rest,
        n=int(n),
        lost=int(lost),
        blank=int(blank),
        options=tuple(OptionCount(o[0], o[1], o[2], _three(o[3])) for o in words["options"].get(place, ())),
        rival=rival,
        idle=tuple(idle),
        groups=_thirds(groups),
        easier_for=words["easier"].get(place, ""),
    )


def _load_point(row: Sequence[float], method: Sequence[Any], reasons: Mapping[int, Reason]) -> PointFigures:
    n, lost, unknown, needs, basic, mastered, *groups = row[len(OUTCOME) :]
    return PointFigures(
        _outcome(row[: len(OUTCOME)], method, reasons),
        int(n),
        int(lost),
        (int(unknown), int(needs), int(basic), int(mastered)),
        _thirds(groups),
    )


def _outcome(row: Sequence[float], method: Sequence[Any], reasons: Mapping[int, Reason]) -> Outcome:
    value, se, low, high, n, reason = row
    if reason:
        return Insufficient(reasons[int(reason)], int(n))
    return Estimate(value, None if math.isnan(se) else se, low, high, int(n), method[0], method[1])


def _thirds(groups: Sequence[float]) -> tuple[float, float, float] | None:
    low, middle, top = groups
    return None if math.isnan(low) else (low, middle, top)


def _three(value: Any) -> Any:
    return None if value is None else tuple(value)
