"""Value added: how far a class's pupils came beyond what their earlier marks let expect, shrunken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from edumetrics import checks
from edumetrics.errors import ShapeMismatch, UnknownName
from edumetrics.results import Caution, Estimate, FloatArray, Insufficient, Provenance, Reason

MIN_PER_GROUP = 10  # domain rule: publish only from 10 pupils on
GRID, LEAST_SPREAD = 48, 0.1  # points of the average over the spread of classes, and its least reach
EXACT = 1e-9  # of the spread of marks: what differs by less is rounding
MIN_GROUPS = 5  # fewer groups do not show how much groups differ, so there is nothing to shrink by


@dataclass(frozen=True, slots=True)
class ValueAdded:
    """One figure per group, in the order given by the caller; no order of groups is implied.

    `between_share` is the share of the variance beyond the earlier marks that lies between groups.
    """

    groups: tuple[str, ...]
    effect: tuple[Estimate | Insufficient, ...]
    slope: float
    between_share: float
    provenance: Provenance


def value_added(
    final: ArrayLike, prior: ArrayLike, groups: ArrayLike, *, order: tuple[str, ...]
) -> ValueAdded | Insufficient:
    """Random-intercept model ``final = a + b·prior + u_group + e``, by restricted maximum likelihood.

    Parameters
    ----------
    final, prior : array_like, pupils
        Marks on comparable scales; pupils without both are left out and counted.
    groups : array_like of str, pupils
    order : tuple of str
        Groups in the order in which results are wanted (a natural one: class number).

    Notes
    -----
    Best linear unbiased prediction (Robinson 1991, Statistical Science 6, 15–32); intervals from the
    prediction error variance, which holds the uncertainty of the coefficients and, averaged over a grid, of
    the spread of classes. A small class is pulled to the mean.
    """
    label = np.asarray(groups, dtype=object).astype(str)
    checks.same_length(final=final, prior=prior, groups=label)
    y, x = checks.marks(final, negative=True), checks.marks(prior, negative=True)
    use = np.isfinite(y) & np.isfinite(x)
    lost = int((~use).sum())
    y, x, label = y[use], x[use], label[use]
    index = {name: g for g, name in enumerate(order)}
    if len(index) < len(order):
        raise ShapeMismatch(value=f"{len(order)} places for {len(index)} groups")
    if missing := sorted(set(label) - set(order)):
        raise UnknownName(value=f"groups without a place in the order: {missing}")
    g = np.array([index[name] for name in label], dtype=np.int64)
    counts = np.bincount(g, minlength=len(order))
    if (counts > 0).sum() < MIN_GROUPS:
        return Insufficient(Reason.TOO_FEW_PUPILS, int((counts > 0).sum()))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Insufficient(Reason.CONSTANT_MARKS, len(y))
    design = np.column_stack([np.ones_like(x), x - x.mean()])
    beyond = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    if np.ptp(beyond) <= EXACT * np.ptp(y):
        return Insufficient(Reason.BOUNDARY, len(y))  # nothing beyond the earlier marks: the same marks twice
    best = optimize.minimize_scalar(
        lambda value: _reml(float(np.exp(value)), design, y, g, counts)[0], bounds=(-12, 4), method="bounded"
    )
    ratio = float(np.exp(best.x))
    slope = float(_reml(ratio, design, y, g, counts)[1][1])
    effects, errors = _effects(ratio, design, y, g, counts)
    outcome: list[Estimate | Insufficient] = []
    for group in range(len(order)):
        if counts[group] < MIN_PER_GROUP:
            outcome.append(Insufficient(Reason.TOO_FEW_PUPILS, int(counts[group])))
            continue
        value, error = float(effects[group]), float(errors[group])
        half = 1.959963985 * error
        outcome.append(Estimate(value, error, value - half, value + half, int(counts[group]), "blup/reml"))
    cautions = (Caution("without_prior", data={"pupils": lost}),) if lost else ()
    provenance = Provenance("value_added", "2", {"min_per_group": MIN_PER_GROUP}, cautions)
    return ValueAdded(order, tuple(outcome), slope, ratio / (1 + ratio), provenance)


def _effects(
    peak: float, design: FloatArray, y: FloatArray, g: np.ndarray, counts: np.ndarray
) -> tuple[FloatArray, FloatArray]:
    """Class effects at the most likely spread of classes; errors averaged over the spreads that may be.

    With six classes nobody knows how much classes differ, and the error at a single ratio is too small. The
    restricted likelihood weighs a grid of ratios, flat in σ_u/σ_e (Gelman 2006).
    """
    safe = np.maximum(counts, 1)
    by_class = np.column_stack([np.bincount(g, weights=c, minlength=len(counts)) / safe for c in design.T])

    def at(ratio: float) -> tuple[float, FloatArray, FloatArray]:
        loss, beta, variance, covariance = _reml(ratio, design, y, g, counts)
        shrink = ratio * counts / (1 + ratio * counts)
        residual = np.bincount(g, weights=y - design @ beta, minlength=len(counts)) / safe
        coefficients = shrink**2 * np.einsum("gi,ij,gj->g", by_class, covariance, by_class)
        return loss, shrink * residual, variance * ratio * (1 - shrink) + coefficients

    best = at(peak)[1]
    spreads = np.linspace(0.0, 4.0 * max(np.sqrt(peak), LEAST_SPREAD), GRID)
    found = [at(ratio) for ratio in (spreads**2).tolist()]
    losses = np.array([loss for loss, _, _ in found])
    weight = np.exp(losses.min() - losses)
    squares = np.array([variance + (value - best) ** 2 for _, value, variance in found])
    return best, np.sqrt(weight @ squares / weight.sum())


def _reml(
    ratio: float, design: FloatArray, y: FloatArray, g: np.ndarray, counts: np.ndarray
) -> tuple[float, FloatArray, float, FloatArray]:
    """Minus the restricted log-likelihood at ``ratio = σ²_u/σ²_e``, profiled; β, σ²_e and cov(β)."""
    factor = ratio / (1 + ratio * counts)

    def solve(left: FloatArray, right: FloatArray) -> FloatArray:
        by_left = np.stack([np.bincount(g, weights=c, minlength=len(counts)) for c in left.T])
        by_right = np.stack([np.bincount(g, weights=c, minlength=len(counts)) for c in right.T])
        return np.asarray(left.T @ right - (by_left * factor) @ by_right.T)

    column = y[:, None]
    cross = solve(design, design)
    beta = np.linalg.solve(cross, solve(design, column))[:, 0]
    residual = (y - design @ beta)[:, None]
    freedom = len(y) - design.shape[1]
    variance = float(solve(residual, residual)[0, 0]) / freedom
    value = 0.5 * (freedom * np.log(variance) + np.log1p(ratio * counts).sum() + np.linalg.slogdet(cross)[1])
    return float(value), np.asarray(beta), float(variance), np.asarray(variance * np.linalg.inv(cross))
