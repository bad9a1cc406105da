"""Logistic-regression DIF: uniform and non-uniform, sized by the gain in explained variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from edumetrics.arrays import ResponseMatrix
from edumetrics.dif.tables import DECIMALS, answers
from edumetrics.results import BoolArray, FloatArray, Insufficient, IntArray, Reason

# Jodoin & Gierl (2001), Applied Measurement in Education 14, p. 338: limits of the change in R².
MODERATE_R2, LARGE_R2 = 0.035, 0.070
MIN_GROUP = 100
MOST_AT_ONCE = 500_000  # cells of all items that are fitted together (4 MB an array)


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
    given = answers(matrix, groups, reference, focal)
    attainment = given.attainment(np.ones(matrix.n_items, dtype=np.bool_))
    spread = float(attainment.std()) if len(attainment) else 0.0
    smaller = given.n.min(axis=0)
    found: dict[int, LogisticDif | Insufficient] = {}
    for j in range(matrix.n_items):
        if smaller[j] < min_group:
            found[j] = Insufficient(Reason.TOO_FEW_PUPILS, int(smaller[j]))
        elif given.constant[j] or spread == 0:
            found[j] = Insufficient(Reason.CONSTANT_MARKS, int(given.n[:, j].sum()))
    usable = np.array([j for j in range(matrix.n_items) if j not in found], dtype=np.int64)
    if len(usable) == 0:
        return tuple(found[j] for j in range(matrix.n_items))
    # Pupils of one group and one attainment are one cell: their number and their marks are all that counts.
    values, place = np.unique(np.round(attainment, DECIMALS), return_inverse=True)
    cell = 2 * place + given.focal
    x = np.repeat((values - attainment.mean()) / spread, 2)
    g = np.tile([0.0, 1.0], len(values))
    design = np.column_stack([np.ones_like(x), x, g, g * x])
    step = max(1, MOST_AT_ONCE // len(x))
    for low in range(0, len(usable), step):
        items = usable[low : low + step]
        n, total, _ = given.tally(cell, len(x), items)
        for j, result in zip(items.tolist(), _sizes(matrix.items, items, design, n.T, total.T), strict=True):
            found[j] = result
    return tuple(found[j] for j in range(matrix.n_items))


def _sizes(
    names: tuple[str, ...], items: IntArray, design: FloatArray, n: FloatArray, total: FloatArray
) -> list[LogisticDif | Insufficient]:
    """Items (rows of ``n`` and ``total``) under attainment alone, with the group, and with their product."""
    pupils = n.sum(axis=1)
    share = total.sum(axis=1) / pupils
    null = pupils * (share * np.log(share) + (1 - share) * np.log1p(-share))
    beta = np.zeros((len(items), 1))
    likelihoods, settled = [], np.ones(len(items), dtype=np.bool_)
    for width in (2, 3, 4):
        start = np.pad(beta, ((0, 0), (0, width - beta.shape[1])))
        beta, likelihood, done = _fit(design[:, :width], n, total, start)
        likelihoods.append(likelihood)
        settled &= done
    base, uniform, full = likelihoods
    chi2 = np.maximum(2 * (full - base), 0.0)
    p_both, p_product = chdtrc(2, chi2), chdtrc(1, np.maximum(2 * (full - uniform), 0.0))
    change = _nagelkerke(full, null, pupils) - _nagelkerke(base, null, pupils)
    out: list[LogisticDif | Insufficient] = []
    columns = (chi2.tolist(), change.tolist(), p_both.tolist(), p_product.tolist(), settled.tolist())
    for j, count, (x2, gain, p, q, known) in zip(
        items.tolist(), pupils.astype(int).tolist(), zip(*columns, strict=True), strict=True
    ):
        if not known:
            out.append(Insufficient(Reason.NOT_CONVERGED, count))
        elif p >= 0.05 or gain < MODERATE_R2:
            out.append(LogisticDif(names[j], gain, x2, "A", None, count))
        else:
            kind: Literal["uniform", "nonuniform"] = "nonuniform" if q < 0.05 else "uniform"
            out.append(LogisticDif(names[j], gain, x2, "C" if gain >= LARGE_R2 else "B", kind, count))
    return out


def _nagelkerke(log_likelihood: FloatArray, null: FloatArray, n: FloatArray) -> FloatArray:
    return np.asarray((1 - np.exp(2 * (null - log_likelihood) / n)) / (1 - np.exp(2 * null / n)))


def _fit(
    design: FloatArray, n: FloatArray, total: FloatArray, beta: FloatArray, ridge: float = 1e-6
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Newton's method for all items at once.

    Parameters
    ----------
    design : (C, k) float
        Cells of equal pupils.
    n, total : (J, C) float
        Pupils and sums of shares of each item.
    beta : (J, k) float
        Start.

    Returns
    -------
    beta, log-likelihood, and whether it settled (it does not under perfect separation).
    """
    beta = beta.copy()
    k = design.shape[1]
    squares = (design[:, :, None] * design[:, None, :]).reshape(len(design), k * k)
    value, settled = np.full(len(n), -np.inf), np.zeros(len(n), dtype=np.bool_)
    active = np.arange(len(n))
    for _ in range(50):
        eta = np.clip(beta[active] @ design.T, -35, 35)
        p = 1 / (1 + np.exp(-eta))
        # log(1 + e^η) = η − log p
        now = (total[active] * eta - n[active] * (eta - np.log(p))).sum(axis=1)
        done = np.abs(now - value[active]) < 1e-9 * (1 + np.abs(now))
        value[active] = now
        settled[active[done]] = True
        going = ~done
        if not going.any():
            break
        active, p = active[going], p[going]
        weight = n[active] * p * (1 - p)
        information = (weight @ squares).reshape(-1, k, k) + ridge * np.eye(k)
        gradient = (total[active] - n[active] * p) @ design - ridge * beta[active]
        beta[active] += np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
    return beta, value, settled
