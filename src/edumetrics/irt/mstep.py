"""Owns the maximisation step: Newton (Fisher scoring) per item on expected counts, compiled.

For GPCM and 2PL the parameters are natural and Fisher scoring *is* Newton's method. Priors enter
as in maximum a posteriori estimation: normal on the log of a slope, normal on intercepts, Beta on c. The
mode is that of log a: the density of a itself has its mode a quarter below its median, and would draw all
slopes of a small exam down together. So is that of logit c, where Beta(α, β) has it at its mean α/(α + β).
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from edumetrics.irt.models import (
    GPCM,
    GRADED,
    GUESSING,
    _sigmoid,
    item_derivatives,
    item_probabilities,
    n_parameters,
)
from edumetrics.runners.packing import Floats, Ints

MAX_SLOPE = 12.0  # steeper than any published item; an item at this bound is reported, not believed
MAX_INTERCEPT = 40.0
MAX_GAMMA = 8.0  # c between 0.0003 and 0.9997
SHORT = 0.02  # a Newton step taken without asking whether it climbs

# Columns of the prior array: mean and sd of log a (sd 0: none), sd of d (0: none), Beta(α, β) on c (0: none)
PRIOR_COLUMNS = 5


@numba.njit(cache=True, nogil=True)
def prior_terms(kind, par, m, prior, grad, hess):  # type: ignore[no-untyped-def]
    """Log-prior of one item; adds its gradient and (negative, kept positive) curvature."""
    value = 0.0
    if prior[1] > 0.0:
        a = max(par[0], 1e-4)
        z = (np.log(a) - prior[0]) / (prior[1] * prior[1])
        value -= 0.5 * z * (np.log(a) - prior[0])
        grad[0] -= z / a
        hess[0, 0] += max((1.0 / (prior[1] * prior[1]) - z) / (a * a), 0.0)
    if prior[2] > 0.0:
        precision = 1.0 / (prior[2] * prior[2])
        for h in range(1, m + 1):
            value -= 0.5 * precision * par[h] * par[h]
            grad[h] -= precision * par[h]
            hess[h, h] += precision
    if kind == GUESSING and prior[3] > 0.0:
        c = _sigmoid(par[2])
        value += prior[3] * np.log(c) + prior[4] * np.log(1.0 - c)
        grad[2] += prior[3] * (1.0 - c) - prior[4] * c
        hess[2, 2] += (prior[3] + prior[4]) * c * (1.0 - c)
    return value


@numba.njit(cache=True, nogil=True)
def item_objective(kind, par, m, r, theta, prior, P):  # type: ignore[no-untyped-def]
    """Expected complete log-likelihood plus log-prior of one item."""
    item_probabilities(kind, par, m, theta, P)
    value = 0.0
    for k in range(m + 1):
        for q in range(len(theta)):
            if r[k, q] > 0.0:
                value += r[k, q] * np.log(P[k, q])
    return with_log_prior(value, kind, par, m, prior)


@numba.njit(cache=True, nogil=True)
def with_log_prior(value, kind, par, m, prior):  # type: ignore[no-untyped-def]
    """``value`` plus the log-prior of one item."""
    if prior[1] > 0.0:
        if par[0] <= 1e-4:
            return -np.inf
        z = (np.log(par[0]) - prior[0]) / prior[1]
        value -= 0.5 * z * z
    if prior[2] > 0.0:
        for h in range(1, m + 1):
            value -= 0.5 * (par[h] / prior[2]) ** 2
    if kind == GUESSING and prior[3] > 0.0:
        c = _sigmoid(par[2])
        value += prior[3] * np.log(c) + prior[4] * np.log(1.0 - c)
    return value


@numba.njit(cache=True, nogil=True)
def partial_credit_terms(par, m, r, theta, grad, hess):  # type: ignore[no-untyped-def]
    """Log-likelihood of one GPCM item at expected counts, its gradient and information.

    The parameters are natural, so sums of counts, means and variances of categories are all there is:
    one exponential per category and node, one logarithm per node.
    """
    p = np.empty(m + 1)
    grad[: m + 1] = 0.0
    hess[: m + 1, : m + 1] = 0.0
    value = 0.0
    for q in range(len(theta)):
        t = theta[q]
        total = 0.0
        for k in range(m + 1):
            total += r[k, q]
        if total <= 0.0:
            continue
        top = 0.0
        for k in range(1, m + 1):
            p[k] = k * par[0] * t + par[k]
            top = max(top, p[k])
        value -= total * top
        p[0] = np.exp(-top)
        norm = p[0]
        for k in range(1, m + 1):
            value += r[k, q] * p[k]
            p[k] = np.exp(p[k] - top)
            norm += p[k]
        value -= total * np.log(norm)
        mean, square = 0.0, 0.0
        for k in range(1, m + 1):
            p[k] /= norm
            mean += k * p[k]
            square += k * k * p[k]
        hess[0, 0] += total * t * t * (square - mean * mean)
        for k in range(1, m + 1):
            over = r[k, q] - total * p[k]
            grad[0] += k * t * over
            grad[k] += over
            weight = total * p[k]
            hess[k, 0] += weight * t * (k - mean)
            for i in range(1, k):
                hess[k, i] -= weight * p[i]
            hess[k, k] += weight * (1.0 - p[k])
    for k in range(m + 1):
        for i in range(k):
            hess[i, k] = hess[k, i]
    return value


@numba.njit(cache=True, nogil=True)
def item_gradient(kind, par, m, r, theta, prior, P, grad, hess):  # type: ignore[no-untyped-def]
    """Gradient and expected information of one item; returns nothing.

    ``r`` (m + 1, Q) are expected counts, ``P`` (m + 1, Q) receives the probabilities.
    """
    if kind == GPCM:
        partial_credit_terms(par, m, r, theta, grad, hess)
        prior_terms(kind, par, m, prior, grad, hess)
        return
    n_par = n_parameters(kind, m)
    dp = np.empty((m + 1, n_par))
    p = np.empty(m + 1)
    grad[:n_par] = 0.0
    hess[:n_par, :n_par] = 0.0
    item_probabilities(kind, par, m, theta, P)
    for q in range(len(theta)):
        total = 0.0
        for k in range(m + 1):
            total += r[k, q]
            p[k] = P[k, q]
        if total <= 0.0:
            continue
        item_derivatives(kind, par, m, theta[q], p, dp)
        for k in range(m + 1):
            share = r[k, q] / p[k]
            weight = total / p[k]
            for h in range(n_par):
                grad[h] += share * dp[k, h]
                for i in range(h + 1):
                    hess[h, i] += weight * dp[k, h] * dp[k, i]
    for h in range(n_par):
        for i in range(h):
            hess[i, h] = hess[h, i]
    prior_terms(kind, par, m, prior, grad, hess)


@numba.njit(cache=True, nogil=True)
def feasible(kind, par, m):  # type: ignore[no-untyped-def]
    """Whether a parameter row is inside its bounds and, for graded items, its steps in order."""
    if not (abs(par[0]) <= MAX_SLOPE):
        return False
    for k in range(1, m + 1):
        if not (abs(par[k]) <= MAX_INTERCEPT):
            return False
        if kind == GRADED and k > 1 and par[k] >= par[k - 1]:
            return False
    return not (kind == GUESSING and not (abs(par[2]) <= MAX_GAMMA))


@numba.njit(cache=True, nogil=True)
def all_feasible(kind, par, n_categories):  # type: ignore[no-untyped-def]
    """Whether every item is."""
    inside = True
    for j in range(len(kind)):
        inside = inside and feasible(kind[j], par[j], n_categories[j] - 1)
    return inside


@numba.njit(cache=True, nogil=True)
def solve(hess, grad, n, fixed, step):  # type: ignore[no-untyped-def]
    """Solve hess·step = grad for the free parameters by Cholesky with a growing ridge."""
    ridge = 0.0
    top = 1e-12
    for i in range(n):
        top = max(top, hess[i, i])
    L = np.zeros((n, n))
    for _ in range(30):
        ok = True
        for i in range(n):
            for k in range(i + 1):
                s = hess[i, k]
                if fixed[i] or fixed[k]:
                    s = 0.0
                if i == k:
                    s += ridge
                    if fixed[i]:
                        s = 1.0
                for h in range(k):
                    s -= L[i, h] * L[k, h]
                if i == k:
                    if s <= 1e-13 * top and not fixed[i]:
                        ok = False
                        break
                    L[i, i] = np.sqrt(s)
                else:
                    L[i, k] = s / L[k, k]
            if not ok:
                break
        if ok:
            break
        ridge = max(ridge * 10.0, 1e-9 * top)
    for i in range(n):
        s = 0.0 if fixed[i] else grad[i]
        for h in range(i):
            s -= L[i, h] * step[h]
        step[i] = s / L[i, i]
    for i in range(n - 1, -1, -1):
        s = step[i]
        for h in range(i + 1, n):
            s -= L[h, i] * step[h]
        step[i] = s / L[i, i]


@numba.njit(cache=True, nogil=True)
def item_terms(kind, par, m, r, theta, prior, P, grad, hess):  # type: ignore[no-untyped-def]
    """Objective of one item; its gradient and information into ``grad`` and ``hess``."""
    if kind == GPCM:
        if prior[1] > 0.0 and par[0] <= 1e-4:
            return -np.inf
        return partial_credit_terms(par, m, r, theta, grad, hess) + prior_terms(
            kind, par, m, prior, grad, hess
        )
    item_gradient(kind, par, m, r, theta, prior, P, grad, hess)
    return item_objective(kind, par, m, r, theta, prior, P)


def maximise_items(
    kind: Ints, par: Floats, n_categories: Ints, counts: Floats, theta: Floats, prior: Floats,
    fixed: NDArray[np.bool_], passes: int,
) -> None:  # fmt: skip
    """Improve every item's row of ``par`` in place by up to ``passes`` Newton steps."""
    n_items, width = par.shape
    grad, hess = np.zeros((n_items, width)), np.zeros((n_items, width, width))
    _climb(kind, par, n_categories, counts, theta, prior, fixed, passes, grad, hess)


def all_gradients(
    kind: Ints, par: Floats, n_categories: Ints, counts: Floats, theta: Floats, prior: Floats,
    grad: Floats, hess: Floats,
) -> None:  # fmt: skip
    """Gradients (J, P) and information (J, P, P) of all items at the given counts."""
    fixed = np.zeros(par.shape, np.bool_)
    _climb(kind, par, n_categories, counts, theta, prior, fixed, 0, grad, hess)


@numba.njit(cache=True, nogil=True)
def _climb(kind, par, n_categories, counts, theta, prior, fixed, passes, grads, hesses):  # type: ignore[no-untyped-def]
    """Up to ``passes`` Newton steps per item; without any, gradients and information.

    Both are one compiled function because a process would load nearly the same code twice.

    The steps end with one shorter than `SHORT`: what it leaves, its square, is far below what the next
    pass over the persons changes. Nothing is lost at the maximum, where all steps vanish.
    """
    width = par.shape[1]
    for j in range(len(kind)):
        m = n_categories[j] - 1
        n_par = n_parameters(kind[j], m)
        P = np.empty((m + 1, len(theta)))
        grad, hess = grads[j], hesses[j]
        if passes == 0:
            item_gradient(kind[j], par[j], m, counts[j], theta, prior[j], P, grad, hess)
            continue
        grad_new, hess_new = np.zeros(width), np.zeros((width, width))
        step = np.zeros(width)
        trial = par[j].copy()
        value = item_terms(kind[j], par[j], m, counts[j], theta, prior[j], P, grad, hess)
        for _ in range(passes):
            solve(hess, grad, n_par, fixed[j], step)
            size = 0.0
            for h in range(n_par):
                size = max(size, abs(step[h]))
            if size == 0.0:
                break
            scale = min(1.0, 3.0 / size)  # an early step may overshoot where few persons are
            if size < SHORT:
                for h in range(n_par):
                    trial[h] = par[j, h] + step[h]
                if feasible(kind[j], trial, m):
                    for h in range(n_par):
                        par[j, h] = trial[h]
                    break
            better = False
            for _ in range(25):
                for h in range(n_par):
                    trial[h] = par[j, h] + scale * step[h]
                if feasible(kind[j], trial, m):
                    new = item_terms(kind[j], trial, m, counts[j], theta, prior[j], P, grad_new, hess_new)
                    if new >= value:
                        better = True
                        break
                scale *= 0.5
            if not better:
                break
            value = new
            for h in range(n_par):
                par[j, h] = trial[h]
            grad, grad_new = grad_new, grad
            hess, hess_new = hess_new, hess


def log_prior_sum(kind: Ints, par: Floats, n_categories: Ints, prior: Floats) -> float:
    """Log-prior of all items; large exams have none, and need no loop for it."""
    return float(_log_prior_sum(kind, par, n_categories, prior)) if (prior[:, 1:4] > 0.0).any() else 0.0


@numba.njit(cache=True, nogil=True)
def _log_prior_sum(kind, par, n_categories, prior):  # type: ignore[no-untyped-def]
    total = 0.0
    for j in range(len(kind)):
        total += with_log_prior(0.0, kind[j], par[j], n_categories[j] - 1, prior[j])
    return total
