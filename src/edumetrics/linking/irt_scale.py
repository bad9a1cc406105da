"""Linking of two item calibrations by common items: Haebara and Stocking–Lord, with drift of anchors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from edumetrics import checks
from edumetrics.errors import ShapeMismatch
from edumetrics.results import Caution, FloatArray, Insufficient, Provenance, Reason

# Kolen & Brennan (2014), p. 288: at least 20 % of the paper; with fewer than 4 anchors a single drifting
# item moves the whole scale and cannot be seen.
MIN_ANCHORS = 4
# Robust z beyond this marks an anchor that has drifted (Huynh & Meyer 2010).
DRIFT_Z = 2.7
THETA = np.linspace(-4, 4, 41)
WEIGHT = stats.norm.pdf(THETA) / stats.norm.pdf(THETA).sum()
STEP = 1e-4


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
    covariance_new: ArrayLike | None = None,
    covariance_old: ArrayLike | None = None,
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
    covariance_new, covariance_old : array_like, (2A, 2A), optional
        Covariances of (a, b) of the anchors in the two calibrations (`link_calibrations` hands them in).
        Without them the standard errors know only what differs between anchors, and miss what all of them
        share: which pupils happened to be calibrated.
    method
        Stocking–Lord compares the two paper curves, Haebara the curve of each item.
    drop_drifted
        Take anchors with a robust z beyond 2.7 out, once, and link again with the rest.

    Returns
    -------
    ScaleLink, or Insufficient: TOO_FEW_ITEMS; NOT_COMPARABLE when more than a third of the anchors drifted.

    Raises
    ------
    ResponseError
        A parameter that is not finite, a slope or standard error that is not positive (the item is named).

    Notes
    -----
    Stocking & Lord (1983), Applied Psychological Measurement 7, 201–210; Haebara (1980), Japanese
    Psychological Research 22, 144–149, both directions. Criterion over 41 normal nodes of each group.
    Standard errors by the jackknife over anchors; with covariances by the delta method (Ogasawara 2001,
    Applied Psychological Measurement 25, 53–67) plus what the jackknife sees beyond the anchors' own errors
    of estimation, which is drift.
    """
    new = _parameters(items, a_new, b_new, c_new)
    old = _parameters(items, a_old, b_old, c_old)
    if difference_se is not None:
        difference_se = checks.parameters(difference_se, items, above=0.0)
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
    variances = (n - 1) / n * ((np.array(left_out) - np.mean(left_out, axis=0)) ** 2).sum(axis=0)
    if covariance_new is not None and covariance_old is not None:
        covariances = [_anchor_block(c, keep) for c in (covariance_new, covariance_old)]
        whole, own = link_variances(new[keep], old[keep], (slope, intercept), covariances, method)
        variances = whole + np.maximum(variances - own, 0.0)
    errors = np.sqrt(variances)
    anchors = tuple(
        AnchorDrift(item, float(d), float(score), bool(gone))
        for item, d, score, gone in zip(items, difference, z, drifted, strict=True)
    )
    provenance = Provenance(method, "1", {"nodes": 41, "drift_z": DRIFT_Z}, tuple(cautions))
    return ScaleLink(slope, intercept, float(errors[0]), float(errors[1]), anchors, provenance)


def _parameters(items: tuple[str, ...], a: ArrayLike, b: ArrayLike, c: ArrayLike | None) -> FloatArray:
    guess = np.zeros(len(items)) if c is None else checks.parameters(c, items, least=0.0)
    return np.column_stack([checks.parameters(a, items, above=0.0), checks.parameters(b, items), guess])


def _anchor_block(covariance: ArrayLike, keep: np.ndarray) -> FloatArray:
    table = np.asarray(covariance, dtype=np.float64)
    twice = np.concatenate([keep, keep])
    if table.shape != (len(twice), len(twice)) or not np.isfinite(table).all():
        raise ShapeMismatch(value=f"{len(keep)} anchors, covariance {table.shape}")
    return table[np.ix_(twice, twice)]


def _curves(parameters: FloatArray, theta: FloatArray) -> FloatArray:
    a, b, c = parameters.T
    return np.asarray(c + (1 - c) / (1 + np.exp(-np.clip(a * (theta[:, None] - b), -500, 500))))


def _solve(new: FloatArray, old: FloatArray, method: str) -> tuple[float, float]:
    start_slope = float(np.exp(np.mean(np.log(new[:, 0] / old[:, 0]))))
    start = np.array([np.log(start_slope), old[:, 1].mean() - start_slope * new[:, 1].mean()])
    best = optimize.minimize(
        lambda values: _loss(float(np.exp(values[0])), float(values[1]), new, old, method),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-14},
    )
    return float(np.exp(best.x[0])), float(best.x[1])


def _loss(slope: float, intercept: float, new: FloatArray, old: FloatArray, method: str) -> float:
    """What is left between the two sets of curves, from both sides."""
    forward, backward = new.copy(), old.copy()
    forward[:, 0] /= slope
    forward[:, 1] = slope * new[:, 1] + intercept
    backward[:, 0] *= slope
    backward[:, 1] = (old[:, 1] - intercept) / slope
    there = _curves(old, THETA) - _curves(forward, THETA)
    back = _curves(new, THETA) - _curves(backward, THETA)
    if method == "stocking_lord":
        return float(WEIGHT @ there.sum(axis=1) ** 2 + WEIGHT @ back.sum(axis=1) ** 2)
    return float(WEIGHT @ (there**2).sum(axis=1) + WEIGHT @ (back**2).sum(axis=1))


def link_variances(
    new: FloatArray,
    old: FloatArray,
    link: tuple[float, float],
    covariances: list[FloatArray],
    method: str,
) -> tuple[FloatArray, FloatArray]:
    """Variances of slope and intercept by the delta method: in all, and from each anchor's own errors alone.

    The link is where the criterion is flat, so its derivatives by a parameter p are −H⁻¹ ∂²L/∂link∂p.
    """
    anchors = len(new)

    def gradient(slope: float, intercept: float, tables: list[FloatArray]) -> FloatArray:
        def at(s: float, i: float) -> float:
            return _loss(s, i, tables[0], tables[1], method)

        by_slope = at(slope + STEP, intercept) - at(slope - STEP, intercept)
        by_intercept = at(slope, intercept + STEP) - at(slope, intercept - STEP)
        return np.array([by_slope, by_intercept]) / (2 * STEP)

    s, i = link
    pair = [new, old]
    up, down = gradient(s + STEP, i, pair), gradient(s - STEP, i, pair)
    right, left = gradient(s, i + STEP, pair), gradient(s, i - STEP, pair)
    hessian = np.column_stack([up - down, right - left]) / (2 * STEP)
    whole, own = np.zeros(2), np.zeros(2)
    same = np.tile(np.eye(anchors, dtype=bool), (2, 2))
    for form, covariance in enumerate(covariances):
        mixed = np.empty((2, 2 * anchors))
        for column in range(2):
            for j in range(anchors):
                ends = []
                for step in (STEP, -STEP):
                    tables = [table.copy() for table in pair]
                    tables[form][j, column] += step
                    ends.append(gradient(s, i, tables))
                mixed[:, column * anchors + j] = (ends[0] - ends[1]) / (2 * STEP)
        slopes = -np.linalg.solve(hessian, mixed)
        whole += np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
        own += np.einsum("ij,jk,ik->i", slopes, np.where(same, covariance, 0.0), slopes)
    return whole, own


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
