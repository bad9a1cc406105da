"""Performance-factors model: the next answer from counts of right and wrong ones, and from how long ago."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import optimize, sparse

from edumetrics.results import FloatArray, IntArray, Provenance
from edumetrics.tracing.log import PracticeLog

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


def fit_performance(log: PracticeLog, *, ridge: float = 1.0, iterations: int = 200) -> PerformanceModel:
    """Penalised logistic regression (Pavlik, Cen & Koedinger 2009; features as in Gervet et al. 2020).

    Parameters
    ----------
    ridge : float
        Penalty on skill intercepts and slopes, in units of one answer's information.
    """
    if len(log) == 0:
        raise ValueError("an empty log has nothing to learn from")
    n_skills = len(log.skills)
    raw = _features(log.learner, log.skill, log.correct, n_skills)
    centre, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-9)
    x = (raw - centre) / spread
    design = _design(log, x, n_skills)
    y = log.correct.astype(np.float64)
    share = float(np.clip(y.mean(), 1e-3, 1 - 1e-3))
    base = float(np.log(share / (1 - share)))

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        eta = base + design @ values
        value = float((np.logaddexp(0, eta) - y * eta).sum() + ridge / 2 * values @ values)
        return value, np.asarray(design.T @ (1 / (1 + np.exp(-eta)) - y)) + ridge * values

    best = optimize.minimize(
        loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": iterations}
    )
    intercepts, right, wrong, slopes = np.split(best.x, [n_skills, 2 * n_skills, 3 * n_skills])
    settings = {"ridge": ridge, "features": FEATURES}
    provenance = Provenance("pfa", "1", settings)
    return PerformanceModel(log.skills, intercepts, right, wrong, slopes, centre, spread, base, provenance)


def _design(log: PracticeLog, x: FloatArray, n_skills: int) -> sparse.csr_matrix:
    """Skill intercepts, slopes per skill of the first two features, then all features."""
    use = np.flatnonzero(log.skill >= 0)
    shape = (len(log), n_skills)
    place = (use, log.skill[use])
    blocks = [
        sparse.csr_matrix((values, place), shape=shape)
        for values in (np.ones(len(use)), x[use, 0], x[use, 1])
    ]
    return sparse.hstack([*blocks, sparse.csr_matrix(x)]).tocsr()


def predict_performance(model: PerformanceModel, log: PracticeLog) -> FloatArray:
    """Probability of a right answer before it is seen, in the caller's order.

    `log` is made with ``skills=model.skills``.
    """
    n_skills = len(model.skills)
    raw = _features(log.learner, log.skill, log.correct, n_skills)
    x = (raw - model.centre) / model.spread
    values = np.concatenate([model.intercepts, model.right_slopes, model.wrong_slopes, model.slopes])
    right = np.empty(len(log))
    right[log.order] = 1 / (1 + np.exp(-(model.base + _design(log, x, n_skills) @ values)))
    return right
