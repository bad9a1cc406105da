"""Logistic-regression DIF: uniform and non-uniform, sized by the gain in explained variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from edumetrics.arrays import ResponseMatrix
from edumetrics.results import FloatArray, Insufficient, Reason

# Jodoin & Gierl (2001), Applied Measurement in Education 14, p. 338: limits of the change in R².
MODERATE_R2, LARGE_R2 = 0.035, 0.070
MIN_GROUP = 100


@dataclass(frozen=True, slots=True)
class LogisticDif:
    """DIF of one item by logistic regression on attainment, group and their product.

    `r2_change` is the gain in Nagelkerke's R² from the model with attainment alone; `size` is A below .035 or
    when the likelihood-ratio test (2 degrees of freedom) does not reject at 5 %, C from .070, else B.
    `kind` is "uniform" or "nonuniform" by the product's own test; None for size A.
    """

    item: str
    r2_change: float
    chi2: float
    size: Literal["A", "B", "C"]
    kind: Literal["uniform", "nonuniform"] | None
    n: int


def logistic_dif(
    matrix: ResponseMatrix, groups: ArrayLike, *, reference: str, focal: str, min_group: int = MIN_GROUP
) -> tuple[LogisticDif | Insufficient, ...]:
    """One result per item, in the order of the items.

    Marks between 0 and full count as shares (quasi-binomial): the size stays meaningful, the test is then
    conservative. Source: Swaminathan & Rogers (1990), Journal of Educational Measurement 27, 361–370.
    """
    label = np.asarray(groups, dtype=object)
    rows = np.flatnonzero(((label == reference) | (label == focal)) & matrix.present)
    shares = matrix.shares[rows]
    focal_rows = (label[rows] == focal).astype(np.float64)
    valid = np.isfinite(shares)
    total = np.where(valid, shares * matrix.full, 0.0).sum(axis=1)
    possible = np.where(valid, matrix.full, 0.0).sum(axis=1)
    attainment = total / possible
    spread = float(attainment.std())
    found: list[LogisticDif | Insufficient] = []
    for j, item in enumerate(matrix.items):
        use = valid[:, j]
        y, g = shares[use, j], focal_rows[use]
        smaller = int(min(g.sum(), len(g) - g.sum()))
        if smaller < min_group:
            found.append(Insufficient(Reason.TOO_FEW_PUPILS, smaller))
            continue
        if np.ptp(y) == 0 or spread == 0:
            found.append(Insufficient(Reason.CONSTANT_MARKS, int(use.sum())))
            continue
        x = (attainment[use] - attainment[use].mean()) / spread
        null = _fit(np.ones((len(y), 1)), y)
        base = _fit(np.column_stack([np.ones_like(x), x]), y)
        uniform = _fit(np.column_stack([np.ones_like(x), x, g]), y)
        full = _fit(np.column_stack([np.ones_like(x), x, g, g * x]), y)
        if None in (null, base, uniform, full):
            found.append(Insufficient(Reason.NOT_CONVERGED, len(y)))
            continue
        found.append(_result(item, len(y), null, base, uniform, full))  # type: ignore[arg-type]
    return tuple(found)


def _result(item: str, n: int, null: float, base: float, uniform: float, full: float) -> LogisticDif:
    chi2 = max(2 * (full - base), 0.0)
    change = _nagelkerke(full, null, n) - _nagelkerke(base, null, n)
    if stats.chi2.sf(chi2, 2) >= 0.05 or change < MODERATE_R2:
        return LogisticDif(item, change, chi2, "A", None, n)
    kind: Literal["uniform", "nonuniform"] = (
        "nonuniform" if stats.chi2.sf(max(2 * (full - uniform), 0.0), 1) < 0.05 else "uniform"
    )
    return LogisticDif(item, change, chi2, "C" if change >= LARGE_R2 else "B", kind, n)


def _nagelkerke(log_likelihood: float, null: float, n: int) -> float:
    return float((1 - np.exp(2 * (null - log_likelihood) / n)) / (1 - np.exp(2 * null / n)))


def _fit(design: FloatArray, y: FloatArray, ridge: float = 1e-6) -> float | None:
    """Maximum log-likelihood by Newton's method; None when it does not settle (perfect separation)."""
    beta = np.zeros(design.shape[1])
    former = -np.inf
    for _ in range(50):
        eta = np.clip(design @ beta, -35, 35)
        p = 1 / (1 + np.exp(-eta))
        log_likelihood = float((y * eta - np.logaddexp(0, eta)).sum())
        if abs(log_likelihood - former) < 1e-9 * (1 + abs(log_likelihood)):
            return log_likelihood
        former = log_likelihood
        information = (design * (p * (1 - p))[:, None]).T @ design + ridge * np.eye(design.shape[1])
        beta = beta + np.linalg.solve(information, design.T @ (y - p) - ridge * beta)
    return None
