"""Performance-factors model: the next answer from counts of right and wrong ones, and from how long ago."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edumetrics.errors import EmptyMatrix
from edumetrics.results import FloatArray, IntArray, Provenance
from edumetrics.tracing.log import PracticeLog, same_skills

# What the model sees before each answer, besides the skill itself.
FEATURES = (
    "right on the skill",
    "wrong on the skill",
    "recent share right on the skill",
    "answers since the skill was last practised",
    "right on all skills",
    "wrong on all skills",
    "recent share right on all skills",
    "share right of this learner",
    "first time on the skill",
    "right on the answer before",
    "share right on the last two answers of the skill",
)
OWN = 3  # coefficients of a skill's own: an intercept and slopes of the first two features
TOLERANCE = 1e-9  # of the loss, gained by a step


@dataclass(frozen=True, slots=True, eq=False)
class PerformanceModel:
    """Coefficients of standardised features.

    `intercepts`, `right_slopes` and `wrong_slopes` hold one number a skill, `slopes` one a feature.
    """

    skills: IntArray
    intercepts: FloatArray
    right_slopes: FloatArray
    wrong_slopes: FloatArray
    slopes: FloatArray
    centre: FloatArray
    spread: FloatArray
    base: float
    provenance: Provenance


@njit(cache=True)
def _features(
    learner: NDArray[np.int64], skill: NDArray[np.int64], correct: NDArray[np.bool_], n_skills: int
) -> NDArray[np.float64]:
    n = len(learner)
    out = np.zeros((n, 11))
    right = np.zeros(n_skills + 1)
    wrong = np.zeros(n_skills + 1)
    recent = np.full(n_skills + 1, 0.5)
    latest = np.full(n_skills + 1, 0.5)
    last = np.full(n_skills + 1, -1)
    all_right, all_wrong, all_recent, before, start = 0.0, 0.0, 0.5, 0.5, 0
    for t in range(n):
        if t == 0 or learner[t] != learner[t - 1]:
            right[:] = 0
            wrong[:] = 0
            recent[:] = 0.5
            latest[:] = 0.5
            last[:] = -1
            all_right, all_wrong, all_recent, before, start = 0.0, 0.0, 0.5, 0.5, t
        k = skill[t] if skill[t] >= 0 else n_skills
        out[t, 0] = np.log1p(right[k])
        out[t, 1] = np.log1p(wrong[k])
        out[t, 2] = recent[k]
        out[t, 3] = np.log1p(t - start - last[k]) if last[k] >= 0 else 0.0
        out[t, 4] = np.log1p(all_right)
        out[t, 5] = np.log1p(all_wrong)
        out[t, 6] = all_recent
        out[t, 7] = (all_right + 2) / (all_right + all_wrong + 3)
        out[t, 8] = 1.0 if last[k] < 0 else 0.0
        out[t, 9] = before
        out[t, 10] = latest[k]
        y = 1.0 if correct[t] else 0.0
        before = y
        latest[k] = 0.5 * latest[k] + 0.5 * y
        right[k] += y
        wrong[k] += 1 - y
        recent[k] = 0.8 * recent[k] + 0.2 * y
        all_right += y
        all_wrong += 1 - y
        all_recent = 0.8 * all_recent + 0.2 * y
        last[k] = t - start
    return out


def fit_performance(log: PracticeLog, *, ridge: float = 1.0, iterations: int = 50) -> PerformanceModel:
    """Penalised logistic regression (Pavlik, Cen & Koedinger 2009; features as in Gervet et al. 2020).

    Parameters
    ----------
    ridge : float
        Penalty on skill intercepts and slopes, in units of one answer's information.
    iterations : int
        At most so many Newton steps; with the penalty the maximum is one and is reached in about ten.
    """
    if len(log) == 0:
        raise EmptyMatrix(value="an empty log has nothing to learn from")
    n_skills = len(log.skills)
    raw = _features(log.learner, log.skill, log.correct, n_skills)
    centre, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-9)
    x = (raw - centre) / spread
    share = float(np.clip(log.correct.mean(), 1e-3, 1 - 1e-3))
    base = float(np.log(share / (1 - share)))
    own, common = np.zeros((n_skills, OWN)), np.zeros(x.shape[1])
    loss, steps = np.inf, 0
    step_own, step_common = own, common
    while steps < iterations:
        now, parts = _pass(log, x, base, own, common, ridge)
        steps += 1
        if now > loss:  # too far: half of the way back
            step_own, step_common = step_own / 2, step_common / 2
            own, common = own - step_own, common - step_common
            continue
        gained, loss = loss - now, now
        if gained < TOLERANCE * (1 + abs(loss)):
            break
        step_own, step_common = _newton(parts, own, common, ridge)
        own, common = own + step_own, common + step_common
    settings = {"ridge": ridge, "features": FEATURES}
    provenance = Provenance("pfa", "2", settings)
    intercepts, right, wrong = np.ascontiguousarray(own.T)
    return PerformanceModel(log.skills, intercepts, right, wrong, common, centre, spread, base, provenance)


_Parts = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]


def _pass(
    log: PracticeLog, x: FloatArray, base: float, own: FloatArray, common: FloatArray, ridge: float
) -> tuple[float, _Parts]:
    """Penalised loss at some coefficients; gradients and information of skills, between, and of features."""
    skills, f = len(own), len(common)
    parts = (
        np.zeros((skills, OWN)),
        np.zeros(f),
        np.zeros((skills, OWN, OWN)),
        np.zeros((skills, OWN, f)),
        np.zeros((f, f)),
    )
    eta = base + _linear(log.skill, x, own, common)
    value = float(np.logaddexp(0, eta).sum() - eta[log.correct].sum())
    p = 1 / (1 + np.exp(-eta))
    _gather(log.skill, x, p - log.correct, p * (1 - p), parts[0], *parts[2:4])
    weighted = x * (p * (1 - p))[:, None]
    parts[4][:] = weighted.T @ x
    parts[1][:] = (p - log.correct) @ x
    return value + ridge / 2 * float((own**2).sum() + (common**2).sum()), parts


def _newton(
    parts: _Parts, own: FloatArray, common: FloatArray, ridge: float
) -> tuple[FloatArray, FloatArray]:
    """Newton's step; skills touch each other through the common features only (block elimination)."""
    g_own, g_common, blocks, between, whole = parts
    g_own, g_common = g_own + ridge * own, g_common + ridge * common
    blocks = blocks + ridge * np.eye(OWN)
    solved = np.linalg.solve(blocks, np.concatenate([between, g_own[:, :, None]], axis=2))
    inner, right = solved[:, :, :-1], solved[:, :, -1]
    schur = whole + ridge * np.eye(len(common)) - np.einsum("kaf,kag->fg", between, inner)
    step_common = -np.linalg.solve(schur, g_common - np.einsum("kaf,ka->f", between, right))
    return -right - inner @ step_common, step_common


@njit(cache=True, nogil=True)
def _gather(skill, x, residual, weight, g_own, blocks, between):  # type: ignore[no-untyped-def]
    """Sums over the answers of each known skill; its own design is 1 and the first two features."""
    f = x.shape[1]
    z = np.ones(OWN)
    for t in range(len(skill)):
        k = skill[t]
        if k < 0:
            continue
        z[1], z[2] = x[t, 0], x[t, 1]
        for a in range(OWN):
            g_own[k, a] += residual[t] * z[a]
            w = weight[t] * z[a]
            for b in range(OWN):
                blocks[k, a, b] += w * z[b]
            for c in range(f):
                between[k, a, c] += w * x[t, c]


def _linear(skill: IntArray, x: FloatArray, own: FloatArray, common: FloatArray) -> FloatArray:
    """Skill intercept, the skill's slopes of the first two features, and all features' slopes."""
    eta = x @ common
    if len(own):
        mine = np.where((skill >= 0)[:, None], own[skill], 0.0)
        eta += mine[:, 0] + mine[:, 1] * x[:, 0] + mine[:, 2] * x[:, 1]
    return np.asarray(eta)


def predict_performance(model: PerformanceModel, log: PracticeLog) -> FloatArray:
    """Probability of a right answer before it is seen, in the caller's order.

    `log` is made with ``skills=model.skills``; `UnknownName` where it was not.
    """
    same_skills(log, model.skills)
    raw = _features(log.learner, log.skill, log.correct, len(model.skills))
    x = (raw - model.centre) / model.spread
    own = np.column_stack([model.intercepts, model.right_slopes, model.wrong_slopes])
    right = np.empty(len(log))
    right[log.order] = 1 / (1 + np.exp(-(model.base + _linear(log.skill, x, own, model.slopes))))
    return right
