"""Linking of two item calibrations by common items: Haebara and Stocking–Lord, with drift of anchors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from edumetrics.results import Caution, FloatArray, Insufficient, Provenance, Reason

# Kolen & Brennan (2014), p. 288: at least 20 % of the paper; with fewer than 4 anchors a single drifting
# item moves the whole scale and cannot be seen.
MIN_ANCHORS = 4
# Robust z beyond this marks an anchor that has drifted (Huynh & Meyer 2010).
DRIFT_Z = 2.7


@dataclass(frozen=True, slots=True)
class AnchorDrift:
    """How far one anchor is from where the link puts it: difference of difficulties and its robust z."""

    item: str
    difference: float
    robust_z: float
    drifted: bool


@dataclass(frozen=True, slots=True)
class ScaleLink:
    """``θ_old = slope · θ_new + intercept``; items go over by ``a/slope`` and ``slope·b + intercept``."""

    slope: float
    intercept: float
    slope_se: float | None
    intercept_se: float | None
    anchors: tuple[AnchorDrift, ...]
    provenance: Provenance


def link_scales(
    items: tuple[str, ...],
    a_new: ArrayLike,
    b_new: ArrayLike,
    a_old: ArrayLike,
    b_old: ArrayLike,
    *,
    c_new: ArrayLike | None = None,
    c_old: ArrayLike | None = None,
    difference_se: ArrayLike | None = None,
    method: Literal["stocking_lord", "haebara"] = "stocking_lord",
    drop_drifted: bool = True,
) -> ScaleLink | Insufficient:
    """Find the line that takes the new calibration's scale to the old one's.

    Parameters
    ----------
    items : ids of the common items
    a_new, b_new, a_old, b_old : array_like, common items
        Discriminations and difficulties of ``P = c + (1 − c) / (1 + exp(−a(θ − b)))``.
    difference_se : array_like, common items, optional
        Standard error of each anchor's difference of difficulties; without it the anchors' own spread is the
        measure of drift, which half of them drifting would hide.
    method
        Stocking–Lord compares the two paper curves, Haebara the curve of each item.
    drop_drifted
        Take anchors with a robust z beyond 2.7 out, once, and link again with the rest.

    Returns
    -------
    ScaleLink, or Insufficient: TOO_FEW_ITEMS; NOT_COMPARABLE when more than a third of the anchors drifted.

    Notes
    -----
    Stocking & Lord (1983), Applied Psychological Measurement 7, 201–210; Haebara (1980), Japanese
    Psychological Research 22, 144–149, both directions. Criterion over 41 normal nodes of each
    group. Standard
    errors by the jackknife over anchors: the anchors are the sample that the link rests on.
    """
    new = _parameters(a_new, b_new, c_new)
    old = _parameters(a_old, b_old, c_old)
    if len(items) != len(new) or len(items) != len(old):
        raise ValueError(f"{len(items)} anchors, {len(new)} new and {len(old)} old parameters")
    if len(items) < MIN_ANCHORS:
        return Insufficient(Reason.TOO_FEW_ITEMS, len(items))
    keep = np.ones(len(items), dtype=bool)
    slope, intercept = _solve(new, old, method)
    difference, z = _drift(new, old, difference_se)
    drifted = np.abs(z) > DRIFT_Z
    cautions: list[Caution] = []
    if drifted.any() and drop_drifted:
        if drifted.sum() * 3 > len(items) or (~drifted).sum() < MIN_ANCHORS:
            return Insufficient(Reason.NOT_COMPARABLE, int((~drifted).sum()))
        keep = ~drifted
        slope, intercept = _solve(new[keep], old[keep], method)
        cautions.append(Caution("anchor_drift", tuple(np.array(items)[drifted])))
    left_out = [
        _solve(np.delete(new[keep], i, axis=0), np.delete(old[keep], i, axis=0), method)
        for i in range(int(keep.sum()))
    ]
    n = len(left_out)
    errors = np.sqrt((n - 1) / n * ((np.array(left_out) - np.mean(left_out, axis=0)) ** 2).sum(axis=0))
    anchors = tuple(
        AnchorDrift(item, float(d), float(score), bool(gone))
        for item, d, score, gone in zip(items, difference, z, drifted, strict=True)
    )
    provenance = Provenance(method, "1", {"nodes": 41, "drift_z": DRIFT_Z}, tuple(cautions))
    return ScaleLink(slope, intercept, float(errors[0]), float(errors[1]), anchors, provenance)


def _parameters(a: ArrayLike, b: ArrayLike, c: ArrayLike | None) -> FloatArray:
    first = np.asarray(a, dtype=np.float64)
    guess = np.zeros_like(first) if c is None else np.asarray(c, dtype=np.float64)
    table = np.column_stack([first, np.asarray(b, dtype=np.float64), guess])
    if not np.isfinite(table).all() or (table[:, 0] <= 0).any() or (table[:, 2] < 0).any():
        raise ValueError("anchor parameters must be finite, a positive, c not negative")
    return table


def _curves(parameters: FloatArray, theta: FloatArray) -> FloatArray:
    a, b, c = parameters.T
    return np.asarray(c + (1 - c) / (1 + np.exp(-np.clip(a * (theta[:, None] - b), -500, 500))))


def _solve(new: FloatArray, old: FloatArray, method: str) -> tuple[float, float]:
    theta = np.linspace(-4, 4, 41)
    weight = stats.norm.pdf(theta)
    weight /= weight.sum()
    start_slope = float(np.exp(np.mean(np.log(new[:, 0] / old[:, 0]))))
    start = np.array([np.log(start_slope), old[:, 1].mean() - start_slope * new[:, 1].mean()])
    curve_old, curve_new = _curves(old, theta), _curves(new, theta)

    def loss(values: FloatArray) -> float:
        slope, intercept = float(np.exp(values[0])), float(values[1])
        forward = new.copy()
        forward[:, 0] /= slope
        forward[:, 1] = slope * new[:, 1] + intercept
        backward = old.copy()
        backward[:, 0] *= slope
        backward[:, 1] = (old[:, 1] - intercept) / slope
        there = curve_old - _curves(forward, theta)
        back = curve_new - _curves(backward, theta)
        if method == "stocking_lord":
            return float(weight @ there.sum(axis=1) ** 2 + weight @ back.sum(axis=1) ** 2)
        return float(weight @ (there**2).sum(axis=1) + weight @ (back**2).sum(axis=1))

    best = optimize.minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14})
    return float(np.exp(best.x[0])), float(best.x[1])


def _drift(
    new: FloatArray, old: FloatArray, difference_se: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Differences of difficulty around a median link: a fitted one leans towards the drifting anchors."""
    slope = float(np.exp(np.median(np.log(new[:, 0] / old[:, 0]))))
    shift = old[:, 1] - slope * new[:, 1]
    difference = np.median(shift) - shift
    if difference_se is not None:
        return difference, np.asarray(difference / np.asarray(difference_se, dtype=np.float64))
    quartiles = np.quantile(difference, [0.25, 0.75])
    # 0.74 · interquartile range estimates the standard deviation; the floor serves nearly equal anchors.
    spread = max(0.74 * float(quartiles[1] - quartiles[0]), 0.05)
    return difference, np.asarray(difference / spread)
