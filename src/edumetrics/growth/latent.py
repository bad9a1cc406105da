"""Latent regression: how ability depends on covariates (occasion, group), without plugging in estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from edumetrics.errors import BadParameter, ShapeMismatch
from edumetrics.results import Estimate, FloatArray, Insufficient, IntArray, Provenance, Reason

MIN_PUPILS = 30
METHOD = "latent regression/sandwich"


@dataclass(frozen=True, slots=True)
class LatentRegression:
    """Coefficients on the scale of the calibration, and the residual standard deviation."""

    coefficients: tuple[Estimate, ...]
    residual_sd: float
    log_likelihood: float
    iterations: int
    provenance: Provenance


def latent_regression(
    log_likelihood: ArrayLike,
    nodes: ArrayLike,
    design: ArrayLike,
    *,
    pupils: Sequence[object] | None = None,
    iterations: int = 500,
) -> LatentRegression | Insufficient:
    """Fit ``θ ~ Normal(X β, σ²)`` from each pupil's likelihood of the answers.

    Parameters
    ----------
    log_likelihood : array_like, pupils × nodes
        Of each pupil's answers at each ability node, item parameters fixed.
    nodes : array_like, nodes
        Evenly spaced ability grid.
    design : array_like, pupils × coefficients
        With a column of ones for the intercept; growth between two occasions is the coefficient of a 0/1
        column when the pupils of both occasions stand below each other.
    pupils : sequence, one name per row, optional
        Where rows are of the same pupil (two occasions) they are not independent: what a pupil is beyond
        the design stands in both, and growth of the same pupils is known more exactly than that of others.

    Returns
    -------
    LatentRegression, or Insufficient: TOO_FEW_PUPILS below 30 pupils, or five for each coefficient (a pupil
    of two rows is one); NOT_IDENTIFIED; NOT_CONVERGED.

    Raises
    ------
    ResponseError
        Arrays of different sizes; a node that is not finite; a row without a finite likelihood or covariate
        (it is named by its place, from 1).

    Notes
    -----
    Mislevy (1984), Psychometrika 49, 359–381, EM on the grid. Regressing ability *estimates* instead would
    shrink every coefficient. Standard errors by the sandwich (White 1982, Econometrica 50, 1; summed within
    pupils Liang & Zeger 1986, Biometrika 73, 13) of the observed information (Louis 1982, J. R. Stat. Soc.
    B 44, 226–233) and the rows' scores: one σ for all is an assumption, and where a small group differs
    more among itself than a large one the information alone claims too much. Each score is divided by the
    root of what the row's own leverage leaves of it, and Student's t has the degrees of freedom that the
    design leaves the squares (Bell & McCaffrey 2002, Survey Methodology 28, 169–181).
    """
    likelihood, grid = np.asarray(log_likelihood, dtype=np.float64), np.asarray(nodes, dtype=np.float64)
    x = np.asarray(design, dtype=np.float64)
    if x.ndim != 2 or grid.ndim != 1 or likelihood.shape != (len(x), len(grid)):
        raise ShapeMismatch(value=f"likelihood {likelihood.shape}, design {x.shape}, nodes {grid.shape}")
    if not np.isfinite(grid).all():
        raise BadParameter(value=f"node {grid[~np.isfinite(grid)][0]}")
    rows, k = x.shape
    # A pupil may rule out some abilities, not all.
    top = likelihood.max(axis=1, initial=-np.inf)
    bad = ~np.isfinite(x).all(axis=1) | ~np.isfinite(top)
    if bad.any():
        raise BadParameter(pupil=str(int(np.argmax(bad)) + 1), value=float(top[bad][0]))
    units: IntArray = np.arange(rows)
    if pupils is not None:
        if len(pupils) != rows:
            raise ShapeMismatch(value=f"{len(pupils)} pupils for {rows} rows")
        units = np.unique([str(name) for name in pupils], return_inverse=True)[1].reshape(-1)
    # What two rows of a pupil share is seen once: errors rest on the number of pupils.
    n = int(units.max(initial=-1)) + 1
    if k == 0:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    if n < max(MIN_PUPILS, 5 * k):
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    if np.linalg.matrix_rank(x) < k:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    likelihood = likelihood - likelihood.max(axis=1, keepdims=True)
    beta, variance, former, step = np.zeros(k), 1.0, -np.inf, 0
    inverse = np.linalg.inv(x.T @ x)
    posterior, fitted, value = np.empty((rows, len(grid))), np.empty(0), -np.inf
    while step < iterations:
        step += 1
        posterior, value = _posterior(likelihood, grid, x @ beta, variance)
        mean = posterior @ grid
        second = posterior @ grid**2
        beta = inverse @ (x.T @ mean)
        fitted = x @ beta
        variance = max(float((second - 2 * fitted * mean + fitted**2).mean()), 1e-4)
        if abs(value - former) < 1e-9 * max(1.0, abs(value)):
            break
        former = value
    else:
        return Insufficient(Reason.NOT_CONVERGED, n)
    found = _errors(posterior, grid, x, fitted, variance, units)
    if found is None:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    coefficients = tuple(
        Estimate(float(b), float(e), float(b - t * e), float(b + t * e), n, METHOD)
        for b, e, t in zip(beta, *found, strict=True)
    )
    provenance = Provenance("latent_regression", "2", {"nodes": len(grid), "iterations": iterations})
    return LatentRegression(coefficients, float(np.sqrt(variance)), value, step, provenance)


def _errors(
    posterior: FloatArray,
    grid: FloatArray,
    x: FloatArray,
    fitted: FloatArray,
    variance: float,
    units: IntArray,
) -> tuple[FloatArray, FloatArray] | None:
    """Standard errors of the coefficients and their quantiles of t, or None on a flat likelihood."""
    beyond = grid - fitted[:, None]
    first, square, cube, fourth = ((posterior * beyond**power).sum(axis=1) for power in (1, 2, 3, 4))
    n, k = x.shape
    # Information of the coefficients and of σ²: what it would be with ability seen, less what is not seen.
    seen = (1.0 - (square - first**2) / variance) / variance
    both = first / variance**2 - (cube - first * square) / (2.0 * variance**3)
    own = square / variance**3 - 0.5 / variance**2 - (fourth - square**2) / (4.0 * variance**4)
    information = np.empty((k + 1, k + 1))
    information[:k, :k] = x.T @ (x * seen[:, None])
    information[:k, k] = information[k, :k] = x.T @ both
    information[k, k] = own.sum()
    size = np.sqrt(np.maximum(np.diag(information), 0.0))
    if (size <= 0.0).any() or np.linalg.eigvalsh(information / np.outer(size, size))[0] <= 1e-9:
        return None
    bread = np.linalg.inv(information)
    # Rows as the least squares that the coefficients would be: a row near its own fit hides its error.
    root = x * np.sqrt(np.maximum(seen, 0.0))[:, None]
    hat = np.linalg.pinv(root.T @ root)
    left = np.maximum(1.0 - np.einsum("ij,jk,ik->i", root, hat, root), 1.0 / n)
    scores = np.column_stack([x * (first / variance)[:, None], (square - variance) / (2.0 * variance**2)])
    moved = (scores / np.sqrt(left)[:, None]) @ bread[:, :k]
    sums = np.zeros((int(units.max()) + 1, k))
    np.add.at(sums, units, moved)
    errors = np.sqrt((sums**2).sum(axis=0))
    return errors, stdtrit(_freedom(root, hat, left, units), 0.975)


def _freedom(root: FloatArray, hat: FloatArray, left: FloatArray, units: IntArray) -> FloatArray:
    """Degrees of freedom of the squares behind each coefficient's error, as if all rows were equally exact.

    With a the weights of a unit's rows and M the residual maker I − X(XᵀX)⁻¹Xᵀ: (Σ aᵀMa)² / Σ (aᵀMb)² over
    units and pairs of units.
    """
    weights = (root @ hat) / np.sqrt(left)[:, None]
    out = np.empty(weights.shape[1])
    for column, weight in enumerate(weights.T):
        size = np.bincount(units, weight**2)
        pull = np.zeros((len(size), root.shape[1]))
        np.add.at(pull, units, root * weight[:, None])
        inside = np.einsum("ij,jk,ik->i", pull, hat, pull)
        pairs = hat @ (pull.T @ pull)
        squares = float((size**2 - 2.0 * size * inside).sum() + np.trace(pairs @ pairs))
        out[column] = float((size - inside).sum()) ** 2 / max(squares, 1e-300)
    return np.maximum(out, 1.0)


def _posterior(
    likelihood: FloatArray, grid: FloatArray, centre: FloatArray, variance: float
) -> tuple[FloatArray, float]:
    prior = -0.5 * (grid - centre[:, None]) ** 2 / variance
    prior -= np.log(np.exp(prior - prior.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)) + prior.max(
        axis=1, keepdims=True
    )
    joint = likelihood + prior
    top = joint.max(axis=1, keepdims=True)
    weight = np.exp(joint - top)
    total = weight.sum(axis=1, keepdims=True)
    return weight / total, float((np.log(total) + top).sum())
