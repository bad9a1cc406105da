"""The calibration of a paper as stored with a version: frozen, to JSON and back. No person, no ability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edumetrics.results import Estimate, Insufficient, Outcome, Reason
from smartschool.contexts.diagnosis.figures import dump_outcome, load_outcome

# Places of the stored curve, in standard deviations of the pupils who sat the paper; 4 % lie outside.
GRID = tuple(step / 4 for step in range(-8, 9))
DIGITS = 4  # of a stored curve: finer than any picture


@dataclass(frozen=True, slots=True)
class ItemCurve:
    """Expected shares of the full mark, low to high; steps between neighbours; second step minus first.

    Low, middle and high are a standard deviation below the middle, the middle, one above. `path` holds
    (share, low, high) at the places of `GRID`.
    """

    shares: tuple[Estimate, Estimate, Estimate]
    steps: tuple[Estimate, Estimate]
    bend: Estimate
    whole: Estimate  # high minus low
    n: int
    path: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SumScoreCheck:
    """S-X² of an item: statistic, degrees of freedom, p, size of the misfit, pupils."""

    statistic: float
    df: int
    p: float
    rmsea: float
    n: int


@dataclass(frozen=True, slots=True)
class ItemFit:
    """How well the curve describes the answers. `linked` are (place, Q3) of items that hang on this one."""

    s_x2: SumScoreCheck | Insufficient
    infit: Outcome
    outfit: Outcome
    misfit: bool
    linked: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ItemCalibration:
    """One item: its model's parameters with errors, curve, information at the places of `GRID`, fit.

    `difficulties` has one entry per step of a mark. `curve` and `fit` say why where they are missing.
    """

    model: str
    slope: Outcome
    difficulties: tuple[Outcome, ...]
    curve: ItemCurve | Insufficient
    information: tuple[float, ...] = ()
    fit: ItemFit | None = None


@dataclass(frozen=True, slots=True)
class PaperCalibration:
    """All items of a paper in its order; `refusal` is why there is no calibration at all."""

    model: str
    algorithm: str
    settings: Mapping[str, Any]
    n: int
    cautions: tuple[tuple[str, tuple[str, ...]], ...]
    items: tuple[ItemCalibration, ...]
    refusal: Insufficient | None = None


def dump_item(item: ItemCalibration) -> dict[str, Any]:
    """JSON of one item."""
    return {
        "model": item.model,
        "a": dump_outcome(item.slope),
        "b": [dump_outcome(step) for step in item.difficulties],
        "curve": _dump_curve(item.curve),
        "info": [round(value, DIGITS) for value in item.information],
        "fit": None if item.fit is None else _dump_fit(item.fit),
    }


def load_item(data: Mapping[str, Any]) -> ItemCalibration:
    """Inverse of `dump_item`."""
    return ItemCalibration(
        model=data["model"],
        slope=load_outcome(data["a"]),
        difficulties=tuple(load_outcome(step) for step in data["b"]),
        curve=_load_curve(data["curve"]),
        information=tuple(data["info"]),
        fit=None if data["fit"] is None else _load_fit(data["fit"]),
    )


def dump_refusal(refusal: Insufficient | None) -> dict[str, Any] | None:
    """JSON of a reason."""
    return None if refusal is None else dump_outcome(refusal)


def load_refusal(data: Mapping[str, Any] | None) -> Insufficient | None:
    """Inverse of `dump_refusal`."""
    return None if data is None else Insufficient(Reason(data["r"]), int(data["n"]))


def _dump_curve(curve: ItemCurve | Insufficient) -> dict[str, Any]:
    if isinstance(curve, Insufficient):
        return dump_outcome(curve)
    parts = (*curve.shares, *curve.steps, curve.bend, curve.whole)
    return {
        "n": curve.n,
        "parts": [dump_outcome(part) for part in parts],
        "path": [[round(value, DIGITS) for value in place] for place in curve.path],
    }


def _load_curve(data: Mapping[str, Any]) -> ItemCurve | Insufficient:
    if "r" in data:
        return Insufficient(Reason(data["r"]), int(data["n"]))
    low, middle, high, first, second, bend, whole = (_estimate(part) for part in data["parts"])
    return ItemCurve(
        (low, middle, high), (first, second), bend, whole, int(data["n"]), tuple(map(tuple, data["path"]))
    )


def _estimate(data: Mapping[str, Any]) -> Estimate:
    found = load_outcome(data)
    if not isinstance(found, Estimate):
        raise ValueError("a part of a stored curve is no estimate")
    return found


def _dump_fit(fit: ItemFit) -> dict[str, Any]:
    s = fit.s_x2
    return {
        "sx2": dump_outcome(s) if isinstance(s, Insufficient) else [s.statistic, s.df, s.p, s.rmsea, s.n],
        "infit": dump_outcome(fit.infit),
        "outfit": dump_outcome(fit.outfit),
        "misfit": fit.misfit,
        "linked": fit.linked,
    }


def _load_fit(data: Mapping[str, Any]) -> ItemFit:
    s = data["sx2"]
    return ItemFit(
        s_x2=SumScoreCheck(*s) if isinstance(s, list) else Insufficient(Reason(s["r"]), int(s["n"])),
        infit=load_outcome(data["infit"]),
        outfit=load_outcome(data["outfit"]),
        misfit=data["misfit"],
        linked=tuple((int(place), float(q3)) for place, q3 in data["linked"]),
    )
