"""Latent regression: how ability depends on covariates (occasion, group), without plugging in estimates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.errors import BadParameter, ShapeMismatch
from edumetrics.results import Estimate, FloatArray, Insufficient, Provenance, Reason

MIN_PUPILS = 30


@dataclass(frozen=True, slots=True)
class LatentRegression:
    """Coefficients on the scale of the calibration, and the residual standard deviation."""

    coefficients: tuple[Estimate, ...]
    residual_sd: float
    log_likelihood: float
    iterations: int
    provenance: Provenance


def latent_regression(
    log_likelihood: ArrayLike, nodes: ArrayLike, design: ArrayLike, *, iterations: int = 500
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

    Notes
    -----
    Mislevy (1984), Psychometrika 49, 359–381, EM on the grid. Standard errors from the observed information
    of the coefficients by Louis (1982), J. R. Stat. Soc. B 44, 226–233. Regressing ability
    *estimates* instead
    would shrink every coefficient.
    """
    likelihood, grid = np.asarray(log_likelihood, dtype=np.float64), np.asarray(nodes, dtype=np.float64)
    x = np.asarray(design, dtype=np.float64)
    if x.ndim != 2 or likelihood.shape != (len(x), len(grid)):
        raise ShapeMismatch(value=f"likelihood {likelihood.shape}, design {x.shape}, nodes {grid.shape}")
    n, k = x.shape
    # A pupil may rule out some abilities, not all.
    top = likelihood.max(axis=1, initial=-np.inf)
    bad = ~np.isfinite(x).all(axis=1) | ~np.isfinite(top)
    if bad.any():
        raise BadParameter(pupil=str(int(np.argmax(bad)) + 1), value=float(top[bad][0]))
    if k == 0:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    if n < max(MIN_PUPILS, 5 * k):
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    if np.linalg.matrix_rank(x) < k:
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    likelihood = likelihood - likelihood.max(axis=1, keepdims=True)
    beta, variance, former, step = np.zeros(k), 1.0, -np.inf, 0
    inverse = np.linalg.inv(x.T @ x)
    mean = second = np.empty(0)
    value = -np.inf
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
    spread = second - mean**2
    # Louis: complete information minus the variance of the complete score, given the answers.
    information = x.T @ (x * ((1 - spread / variance) / variance)[:, None])
    errors = np.sqrt(np.maximum(np.diag(np.linalg.inv(information)), 0.0))
    z = 1.959963985
    coefficients = tuple(
        Estimate(float(b), float(e), float(b - z * e), float(b + z * e), n, "latent regression/louis")
        for b, e in zip(beta, errors, strict=True)
    )
    provenance = Provenance("latent_regression", "1", {"nodes": len(grid), "iterations": iterations})
    return LatentRegression(coefficients, float(np.sqrt(variance)), value, step, provenance)


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
