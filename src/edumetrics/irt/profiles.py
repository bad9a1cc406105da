"""Owns the profile limits of items that can be guessed, one item at a time.

Slope, difficulty and c of such an item go along a bent ridge, on which the limits of a normal law go straight
on: to c above the share of right answers. Profiles (Venzon & Moolgavkar 1988, Appl. Stat. 37, 87) are those
of the expected log-likelihood at a maximum, all other items as they are. What it costs that ability is not
seen comes in by the ratio of a figure's variances with and without seeing it.
"""

from __future__ import annotations

import numpy as np

from edumetrics.irt import em
from edumetrics.irt.models import all_probabilities
from edumetrics.irt.mstep import MAX_GAMMA, MAX_INTERCEPT, MAX_SLOPE, PRIOR_COLUMNS, all_gradients
from edumetrics.irt.report import _index
from edumetrics.results import BoolArray, FloatArray, IntArray

FIGURES = ("slope", "intercept", "difficulty", "c")
CHI_SQUARE_95 = 3.841458820694124
STEP, MOST_STEPS = 0.4, 15  # of a standard error at the maximum: up to six
PASSES, HALVINGS, STILL = 6, 5, 1e-3  # in log-likelihood
RIDGE, TINY = 1e-9, 1e-12
BOUND: FloatArray = np.array([MAX_SLOPE, MAX_INTERCEPT, MAX_GAMMA])


def profile_limits(
    problem: em.Problem, parameters: em.Parameters, counts: FloatArray, cov: FloatArray, items: IntArray
) -> FloatArray:
    """95 % limits (J, 4, 2) of slope, intercept, difficulty and c of these items; NaN for others.

    Parameters
    ----------
    problem, parameters
        A maximum.
    counts : (J, M, Q) float
        Expected counts of categories at the nodes there.
    cov : (p, p) float
        Covariance of the free parameters, plain or robust.
    items : (I,) int
        Items of kind ``GUESSING`` none of whose parameters is fixed.
    """
    profile = _Profile(
        problem.kind[items], problem.n_categories[items], np.ascontiguousarray(counts[items]), problem.theta
    )
    at = np.ascontiguousarray(parameters.par[items])
    place = _index(problem)[items][:, :3]
    unseen, seen = cov[place[:, :, None], place[:, None, :]], np.linalg.inv(profile.terms(at)[1])
    out = np.full((len(problem.kind), len(FIGURES), 2), np.nan)
    for f, figure in enumerate(FIGURES):
        slope = _gradient(figure, at)
        with_ability, without = (np.einsum("ji,jik,jk->j", slope, of, slope) for of in (seen, unseen))
        most = CHI_SQUARE_95 * np.maximum(without / with_ability, 1.0)
        for end, sign in enumerate((-STEP, STEP)):
            x = _end(profile, figure, at, sign * np.sqrt(without), most)
            out[items, f, end] = _on_scale(figure, x, at)
    return out


def _coordinate(figure: str, par: FloatArray) -> FloatArray:
    """Where rows of parameters lie on the scale on which a figure is moved: log a, d, −d/a, logit c."""
    if figure == "slope":
        return np.asarray(np.log(np.abs(par[:, 0])))
    return par[:, 1] if figure == "intercept" else par[:, 2] if figure == "c" else -par[:, 1] / par[:, 0]


def _on_scale(figure: str, x: FloatArray, at: FloatArray) -> FloatArray:
    """The figure itself from its coordinate."""
    if figure == "slope":
        return np.asarray(np.sign(at[:, 0]) * np.exp(x))
    return np.asarray(1.0 / (1.0 + np.exp(-x))) if figure == "c" else x


def _gradient(figure: str, par: FloatArray) -> FloatArray:
    """Gradient (I, 3) of the coordinate by slope, intercept and logit c."""
    zero, one = np.zeros(len(par)), np.ones(len(par))
    of_difficulty = [par[:, 1] / par[:, 0] ** 2, -1.0 / par[:, 0], zero]
    of = {
        "slope": [1.0 / np.abs(par[:, 0]), zero, zero],
        "intercept": [zero, one, zero],
        "difficulty": of_difficulty,
        "c": [zero, zero, one],
    }
    return np.column_stack(of[figure])


def _moved(figure: str, par: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Parameters with the coordinate at ``x``, and the two directions (I, 3, 2) that leave it there."""
    out, free = par.copy(), np.zeros((len(par), 3, 2))
    if figure == "slope":
        out[:, 0] = np.sign(par[:, 0]) * np.exp(x)
        free[:, 1, 0] = free[:, 2, 1] = 1.0
    elif figure == "c":
        out[:, 2] = x
        free[:, 0, 0] = free[:, 1, 1] = 1.0
    else:
        out[:, 1] = x if figure == "intercept" else -x * par[:, 0]
        free[:, 0, 0] = free[:, 2, 1] = 1.0
        if figure == "difficulty":
            free[:, 1, 0] = -x
    return out, free


class _Profile:
    """Expected log-likelihood of guessed items, each by itself, without any prior."""

    def __init__(self, kind: IntArray, n_categories: IntArray, counts: FloatArray, theta: FloatArray) -> None:
        self._kind, self._n_categories, self._counts, self._theta = kind, n_categories, counts, theta
        self._prior = np.zeros((len(kind), PRIOR_COLUMNS))

    def of(self, live: BoolArray) -> _Profile:
        """Those of some of the items."""
        return _Profile(self._kind[live], self._n_categories[live], self._counts[live], self._theta)

    def terms(self, par: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient (I, 3) and information (I, 3, 3)."""
        grad, hess = np.zeros(par.shape), np.zeros((*par.shape, par.shape[1]))
        all_gradients(self._kind, par, self._n_categories, self._counts, self._theta, self._prior, grad, hess)
        return grad[:, :3], _safe(hess[:, :3, :3])

    def value(self, par: FloatArray) -> FloatArray:
        logs = np.empty(self._counts.shape)
        all_probabilities(self._kind, par, self._n_categories, self._theta, True, logs)
        return np.asarray((logs * self._counts).sum(axis=(1, 2)))

    def follow(self, par: FloatArray, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Parameters at the maximum along the free directions, by Newton's steps, and its value."""
        value = self.value(par)
        for _ in range(PASSES):
            grad, hess = self.terms(par)
            slope = np.einsum("jif,ji->jf", free, grad)[:, :, None]
            step = np.linalg.solve(_safe(free.transpose(0, 2, 1) @ hess @ free), slope)
            move = (free @ step)[:, :, 0]
            if float((slope * step).sum(axis=(1, 2)).max()) < STILL:
                break
            left = np.ones(len(par), dtype=np.bool_)
            for halving in range(HALVINGS):
                trial = par.copy()
                trial[left, :3] += 0.5**halving * move[left]
                new = self.value(trial)
                good = left & (new >= value) & (np.abs(trial[:, :3]) <= BOUND).all(axis=1)
                par, value = np.where(good[:, None], trial, par), np.where(good, new, value)
                left &= ~good
                if not left.any():
                    break
        return par, value


def _end(profile: _Profile, figure: str, at: FloatArray, step: FloatArray, most: FloatArray) -> FloatArray:
    """Coordinate (I,) at which twice the loss is ``most``, walking away from ``at``."""
    first, top = _coordinate(figure, at), profile.value(at)
    par, out, before = at, first.copy(), np.zeros(len(at))
    live = np.arange(len(at))
    for k in range(1, MOST_STEPS + 1):
        x = first[live] + k * step[live]
        if figure == "c":
            x = np.clip(x, -MAX_GAMMA, MAX_GAMMA)
        elif figure == "slope":
            x = np.minimum(x, np.log(MAX_SLOPE))
        par, value = profile.follow(*_moved(figure, par, x))
        loss, far = np.maximum(2.0 * (top[live] - value), 0.0), most[live]
        # the root of the loss goes nearly straight
        share = (np.sqrt(far) - np.sqrt(before)) / np.maximum(np.sqrt(loss) - np.sqrt(before), TINY)
        out[live] += np.where(loss > far, share, 1.0) * (x - out[live])
        inside = loss <= far
        if not inside.any():
            break
        profile, par, before, live = profile.of(inside), par[inside], loss[inside], live[inside]
    return out


def _safe(matrix: FloatArray) -> FloatArray:
    """Symmetric matrices with a ridge: an item whose c is next to nothing tells nothing of it."""
    size = np.trace(matrix, axis1=1, axis2=2)[:, None, None]
    return np.asarray(matrix + (RIDGE * size + TINY) * np.eye(matrix.shape[1]))
