"""Linking of two item calibrations by common items: Haebara and Stocking–Lord, with drift of anchors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from edumetrics import checks
from edumetrics.anchors import DRIFT_Z, LEAST_SPREAD, MIN_ANCHORS
from edumetrics.errors import BadParameter, ShapeMismatch
from edumetrics.linking.criterion import Link, Method, sensitivities, solve
from edumetrics.results import Caution, FloatArray, Insufficient, Provenance, Reason

# Anchors' difficulties may differ by this standard deviation beyond chance without any drift: no model
# holds exactly, and pupils of another level make that show. 95 % of them then stay within the 0.43 logits
# that are a negligible difference (ETS: one Δ).
MOST_MISFIT = 0.22
Z95 = 1.959963985


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
    method: Method = "stocking_lord",
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
        measure of drift, which half of them drifting would hide. With it, what the anchors differ by beyond
        chance counts as no drift up to a standard deviation of `MOST_MISFIT`: many pupils would else make
        every small misfit of the model a drift.
    covariance_new, covariance_old : array_like, (2A, 2A) or (3A, 3A), optional
        Covariances of all a, all b and (where lower asymptotes were estimated) all c of the anchors in the
        two calibrations (`link_calibrations` hands them in). Without them the standard errors know only what
        differs between anchors, and miss what all of them share: which pupils happened to be calibrated.
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
        A parameter that is not finite, a slope or standard error that is not positive, an asymptote outside
        0 … 1, an item twice (the item is named); a covariance that is none; an unknown method.

    Notes
    -----
    Stocking & Lord (1983), Applied Psychological Measurement 7, 201–210; Haebara (1980), Japanese
    Psychological Research 22, 144–149, both directions. Criterion over 41 normal nodes of each group.
    Standard errors by the jackknife over anchors, where each anchor taken out counts as the furthest of
    those kept (Winsorised: Tukey & McLaughlin 1963, Sankhyā A 25, 331–352); with covariances by the delta
    method (Ogasawara 2001, Applied Psychological Measurement 25, 53–67) plus what the jackknife sees beyond
    the errors of estimation of the anchors, which is drift, widened by Student's t for limits of 1.96 errors.
    The error of a lower asymptote goes along: it moves slope and difficulty of its item so that the curve
    hardly moves; without it a link of 3PL items looks twice as uncertain.
    """
    checks.one_of("method", method, get_args(Method))
    checks.distinct(items)
    new = _parameters(items, a_new, b_new, c_new)
    old = _parameters(items, a_old, b_old, c_old)
    if difference_se is not None:
        difference_se = checks.parameters(difference_se, items, above=0.0)
    if len(items) < MIN_ANCHORS:
        return Insufficient(Reason.TOO_FEW_ITEMS, len(items))
    keep = np.ones(len(items), dtype=bool)
    slope, intercept = solve(new, old, method)
    difference, z = _drift(new, old, difference_se)
    drifted = np.abs(z) > DRIFT_Z
    cautions: list[Caution] = []
    if drifted.any() and drop_drifted:
        if drifted.sum() * 3 > len(items) or (~drifted).sum() < MIN_ANCHORS:
            return Insufficient(Reason.NOT_COMPARABLE, int((~drifted).sum()))
        keep = ~drifted
        slope, intercept = solve(new[keep], old[keep], method)
        cautions.append(Caution("anchor_drift", tuple(np.array(items)[drifted])))
    left_out = [
        solve(np.delete(new[keep], i, axis=0), np.delete(old[keep], i, axis=0), method, (slope, intercept))
        for i in range(int(keep.sum()))
    ]
    n = len(left_out)
    moves = (np.array(left_out) - np.mean(left_out, axis=0)) ** 2
    # Without the furthest anchors the others seem closer together than anchors are.
    variances = (n - 1) / n * (moves.sum(axis=0) + (len(items) - n) * moves.max(axis=0))
    if covariance_new is not None and covariance_old is not None:
        covariances = [_anchor_block(c, keep) for c in (covariance_new, covariance_old)]
        whole, own = link_variances(new[keep], old[keep], (slope, intercept), covariances, method)
        variances = whole + _beyond_chance(variances, whole, own, n)
    errors = np.sqrt(variances)
    anchors = tuple(
        AnchorDrift(item, float(d), float(score), bool(gone))
        for item, d, score, gone in zip(items, difference, z, drifted, strict=True)
    )
    provenance = Provenance(method, "3", {"nodes": 41, "drift_z": DRIFT_Z}, tuple(cautions))
    return ScaleLink(slope, intercept, float(errors[0]), float(errors[1]), anchors, provenance)


def _parameters(items: tuple[str, ...], a: ArrayLike, b: ArrayLike, c: ArrayLike | None) -> FloatArray:
    guess = np.zeros(len(items)) if c is None else checks.parameters(c, items, least=0.0, below=1.0)
    return np.column_stack([checks.parameters(a, items, above=0.0), checks.parameters(b, items), guess])


def _anchor_block(covariance: ArrayLike, keep: np.ndarray) -> FloatArray:
    table = np.asarray(covariance, dtype=np.float64)
    kinds = 3 if len(table) == 3 * len(keep) else 2
    every = np.tile(keep, kinds)
    if table.shape != (len(every), len(every)) or not np.isfinite(table).all():
        raise ShapeMismatch(value=f"{len(keep)} anchors, covariance {table.shape}")
    lowest = float(np.linalg.eigvalsh(table)[0])
    if lowest < -1e-9 * float(np.abs(np.diag(table)).max(initial=0.0)):
        raise BadParameter(value=f"covariance with the eigenvalue {lowest}")
    return table[np.ix_(every, every)]


def link_variances(
    new: FloatArray, old: FloatArray, link: Link, covariances: list[FloatArray], method: Method
) -> tuple[FloatArray, FloatArray]:
    """Variances of slope and intercept by the delta method: in all, and from each anchor's own errors."""
    whole, own = np.zeros(2), np.zeros(2)
    for moved, covariance in zip(sensitivities(link, new, old, method), covariances, strict=True):
        known = moved[:, : len(covariance)]
        same = np.tile(np.eye(len(new), dtype=bool), (len(covariance) // len(new),) * 2)
        whole += np.einsum("ij,jk,ik->i", known, covariance, known)
        own += np.einsum("ij,jk,ik->i", known, np.where(same, covariance, 0.0), known)
    return whole, own


def _beyond_chance(jackknife: FloatArray, whole: FloatArray, own: FloatArray, anchors: int) -> FloatArray:
    """Variance between anchors that their errors of estimation do not bring.

    Those bring (own − whole/A)·A/(A − 1): what all anchors share moves every link alike. The rest is
    known from A anchors only, so it counts with Student's t of A − 1 degrees, for limits of 1.96 errors.
    """
    expected = np.maximum(own - whole / anchors, 0.0) * anchors / (anchors - 1)
    wider = float(stdtrit(anchors - 1, 0.975)) / Z95
    return np.asarray(np.maximum(jackknife - expected, 0.0) * wider**2)


def _drift(
    new: FloatArray, old: FloatArray, difference_se: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Differences of difficulty around a median link: a fitted one leans towards the drifting anchors."""
    slope = float(np.exp(np.median(np.log(new[:, 0] / old[:, 0]))))
    shift = old[:, 1] - slope * new[:, 1]
    difference = np.median(shift) - shift
    if difference_se is not None:
        chance = np.square(np.asarray(difference_se, dtype=np.float64))
        misfit = min(max(_spread(difference) ** 2 - float(np.median(chance)), 0.0), MOST_MISFIT**2)
        return difference, np.asarray(difference / np.sqrt(chance + misfit))
    return difference, np.asarray(difference / max(_spread(difference), LEAST_SPREAD))


def _spread(difference: FloatArray) -> float:
    """0.74 · interquartile range: the standard deviation of all but a few anchors (Huynh & Meyer 2010)."""
    quartiles = np.quantile(difference, [0.25, 0.75])
    return 0.74 * float(quartiles[1] - quartiles[0])
