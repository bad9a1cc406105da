"""Figures of one group of pupils on one paper as stored: frozen, to JSON and back without loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edumetrics.results import Estimate, Insufficient, Outcome, Reason

SCHEMA = 1

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


def dump(figures: GroupFigures) -> dict[str, Any]:
    """JSON of all figures of a group."""
    return {
        "schema": SCHEMA,
        "n": [figures.n_listed, figures.n_present, figures.n_totals],
        "mean": dump_outcome(figures.mean),
        "quartiles": figures.quartiles,
        "passed": figures.passed,
        "bins": figures.bins,
        "levels": figures.levels,
        "alpha": dump_outcome(figures.alpha),
        "sem": dump_outcome(figures.sem),
        "items": [
            {
                "f": dump_outcome(item.facility),
                "d": dump_outcome(item.discrimination),
                "r": dump_outcome(item.rest),
                "n": [item.n, item.lost, item.blank],
                "o": [[o.label, o.n, o.key, o.groups] for o in item.options],
                "x": [item.rival, item.idle],
                "g": item.groups,
                "e": item.easier_for,
            }
            for item in figures.items
        ],
        "points": [
            {
                "p": dump_outcome(point.share),
                "n": [point.n, point.lost],
                "s": point.states,
                "g": point.groups,
            }
            for point in figures.points
        ],
        "groups": figures.group_sizes,
        "cautions": figures.cautions,
    }


def load(data: Mapping[str, Any]) -> GroupFigures:
    """Inverse of `dump`."""
    if data["schema"] != SCHEMA:
        raise ValueError(f"figures of schema {data['schema']}, this version reads {SCHEMA}")
    n_listed, n_present, n_totals = data["n"]
    return GroupFigures(
        n_listed=n_listed,
        n_present=n_present,
        n_totals=n_totals,
        mean=load_outcome(data["mean"]),
        quartiles=_three(data["quartiles"]),
        passed=data["passed"],
        bins=tuple(data["bins"]),
        levels=tuple(data["levels"]),
        alpha=load_outcome(data["alpha"]),
        sem=load_outcome(data["sem"]),
        items=tuple(_load_item(item) for item in data["items"]),
        points=tuple(_load_point(point) for point in data["points"]),
        group_sizes=_three(data["groups"]),
        cautions=tuple(data["cautions"]),
    )


def _load_item(item: Mapping[str, Any]) -> ItemFigures:
    n, lost, blank = item["n"]
    return ItemFigures(
        facility=load_outcome(item["f"]),
        discrimination=load_outcome(item["d"]),
        rest=load_outcome(item["r"]),
        n=n,
        lost=lost,
        blank=blank,
        options=tuple(OptionCount(o[0], o[1], o[2], _three(o[3])) for o in item["o"]),
        rival=item["x"][0],
        idle=tuple(item["x"][1]),
        groups=_three(item["g"]),
        easier_for=item.get("e", ""),
    )


def _load_point(point: Mapping[str, Any]) -> PointFigures:
    n, lost = point["n"]
    return PointFigures(load_outcome(point["p"]), n, lost, tuple(point["s"]), _three(point["g"]))


def _three(value: Any) -> Any:
    return None if value is None else tuple(value)
