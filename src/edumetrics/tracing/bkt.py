"""Bayesian knowledge tracing with forgetting, fitted by EM; all skills in one compiled pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edumetrics.results import Caution, FloatArray, IntArray, Provenance
from edumetrics.tracing.log import PracticeLog, by_skill

# Beta priors: imagined observations of "happened" and "did not". They hold guess and slip below one half,
# without which "knows" and "does not know" can change places (Beck & Chang 2007).
_PRIORS = {
    "known": (1.5, 1.5),
    "learn": (1.5, 3.0),
    "forget": (1.2, 12.0),
    "guess": (2.0, 6.0),
    "slip": (2.0, 10.0),
}
MIN_ANSWERS = 200  # below this a skill's parameters rest on the prior; the result says so
EM_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class KnowledgeTracing:
    """Parameters of every skill.

    Attributes
    ----------
    skills : int array
        Skill codes.
    known, learn, forget, guess, slip : float arrays, skills
        Probability of knowing at first, of learning and of forgetting between two answers, of a right
        answer without and of a wrong one with knowledge.
    answers : int array, skills
    log_likelihood : float
    iterations : int
    provenance : Provenance
    """

    skills: IntArray
    known: FloatArray
    learn: FloatArray
    forget: FloatArray
    guess: FloatArray
    slip: FloatArray
    answers: IntArray
    log_likelihood: float
    iterations: int
    provenance: Provenance


@njit(cache=True)
def _e_step(
    correct: NDArray[np.bool_],
    skill: NDArray[np.int64],
    starts: NDArray[np.int64],
    parameters: NDArray[np.float64],
    counts: NDArray[np.float64],
    forward: NDArray[np.float64],
    scale: NDArray[np.float64],
) -> float:
    """Scaled forward–backward; `counts[skill]` gathers the expected numbers, returns the log-likelihood.

    counts columns: sequences, known at start, transitions from not known, learned, transitions from known,
    forgotten, answers without knowledge, right among them, answers with knowledge, wrong among them.
    """
    total = 0.0
    for s in range(len(starts) - 1):
        first, last = starts[s], starts[s + 1]
        k = skill[first]
        known, learn, forget, guess, slip = (
            parameters[k, 0],
            parameters[k, 1],
            parameters[k, 2],
            parameters[k, 3],
            parameters[k, 4],
        )
        p = known
        for t in range(first, last):
            if t > first:
                q = forward[t - 1]
                p = q * (1 - forget) + (1 - q) * learn
            e1 = 1 - slip if correct[t] else slip
            e0 = guess if correct[t] else 1 - guess
            z = p * e1 + (1 - p) * e0
            scale[t] = z
            forward[t] = p * e1 / z
            total += np.log(z)
        b1, b0 = 1.0, 1.0
        for t in range(last - 1, first - 1, -1):
            gamma = forward[t] * b1 / (forward[t] * b1 + (1 - forward[t]) * b0)
            if correct[t]:
                counts[k, 7] += 1 - gamma
            else:
                counts[k, 9] += gamma
            counts[k, 6] += 1 - gamma
            counts[k, 8] += gamma
            if t == first:
                counts[k, 0] += 1
                counts[k, 1] += gamma
                break
            e1 = 1 - slip if correct[t] else slip
            e0 = guess if correct[t] else 1 - guess
            q = forward[t - 1]
            # Both marginals of the pair of states around this step, each divided by the same scale.
            learned = (1 - q) * learn * e1 * b1 / scale[t]
            stayed0 = (1 - q) * (1 - learn) * e0 * b0 / scale[t]
            forgot = q * forget * e0 * b0 / scale[t]
            stayed1 = q * (1 - forget) * e1 * b1 / scale[t]
            mass = learned + stayed0 + forgot + stayed1
            counts[k, 2] += (learned + stayed0) / mass
            counts[k, 3] += learned / mass
            counts[k, 4] += (forgot + stayed1) / mass
            counts[k, 5] += forgot / mass
            n1 = ((1 - forget) * e1 * b1 + forget * e0 * b0) / scale[t]
            n0 = (learn * e1 * b1 + (1 - learn) * e0 * b0) / scale[t]
            b1, b0 = n1, n0
    return total


@njit(cache=True)
def _predict(
    correct: NDArray[np.bool_],
    skill: NDArray[np.int64],
    starts: NDArray[np.int64],
    parameters: NDArray[np.float64],
    right: NDArray[np.float64],
    knows: NDArray[np.float64],
) -> None:
    """Probability of a right answer before it is seen, and of knowing after it."""
    for s in range(len(starts) - 1):
        k = skill[starts[s]]
        p = parameters[k, 0]
        learn, forget, guess, slip = parameters[k, 1], parameters[k, 2], parameters[k, 3], parameters[k, 4]
        for t in range(starts[s], starts[s + 1]):
            right[t] = p * (1 - slip) + (1 - p) * guess
            after = p * (1 - slip) / right[t] if correct[t] else p * slip / (1 - right[t])
            knows[t] = after
            p = after * (1 - forget) + (1 - after) * learn


def fit_bkt(log: PracticeLog, *, forgetting: bool = True, iterations: int = 200) -> KnowledgeTracing:
    """Fit all skills by EM (maximum a posteriori under weak Beta priors).

    Parameters
    ----------
    log : PracticeLog
    forgetting : bool
        False holds `forget` at zero (Corbett & Anderson 1995).
    iterations : int
        At most so many EM steps.

    Notes
    -----
    Corbett & Anderson (1995), User Modeling and User-Adapted Interaction 4, 253–278; forgetting as in Khajah,
    Lindsey & Mozer (2016), EDM.
    """
    if len(log) == 0:
        raise ValueError("an empty log has nothing to learn from")
    rows, starts = by_skill(log)
    correct, skill = log.correct[rows], log.skill[rows]
    n_skills = len(log.skills)
    parameters = np.tile(np.array([0.4, 0.15, 0.02 if forgetting else 0.0, 0.25, 0.1]), (n_skills, 1))
    forward, scale = np.empty(len(rows)), np.empty(len(rows))
    former, log_likelihood, step = -np.inf, -np.inf, 0
    while step < iterations:
        step += 1
        counts = np.zeros((n_skills, 10))
        log_likelihood = float(_e_step(correct, skill, starts, parameters, counts, forward, scale))
        parameters = _m_step(counts, forgetting)
        if abs(log_likelihood - former) < EM_TOLERANCE * max(1.0, abs(log_likelihood)) / 10:
            break
        former = log_likelihood
    answers = np.bincount(skill, minlength=n_skills).astype(np.int64)
    thin = tuple(str(code) for code in log.skills[answers < MIN_ANSWERS])
    cautions = (Caution("prior_from_default", thin),) if thin else ()
    provenance = Provenance(
        "bkt", "1", {"forgetting": forgetting, "iterations": iterations, "priors": dict(_PRIORS)}, cautions
    )
    known, learn, forget, guess, slip = np.ascontiguousarray(parameters.T)
    return KnowledgeTracing(
        log.skills, known, learn, forget, guess, slip, answers, log_likelihood, step, provenance
    )


def _m_step(counts: FloatArray, forgetting: bool) -> FloatArray:
    pairs = [("known", 1, 0), ("learn", 3, 2), ("forget", 5, 4), ("guess", 7, 6), ("slip", 9, 8)]
    out = np.empty((len(counts), 5))
    for column, (name, happened, possible) in enumerate(pairs):
        yes, no = _PRIORS[name]
        out[:, column] = (counts[:, happened] + yes - 1) / (counts[:, possible] + yes + no - 2)
    if not forgetting:
        out[:, 2] = 0.0
    # Away from the edges, where a single answer would settle everything for good.
    out[:, (0, 1, 3, 4)] = np.clip(out[:, (0, 1, 3, 4)], 1e-4, 1 - 1e-4)
    return out


def trace_bkt(model: KnowledgeTracing, log: PracticeLog) -> tuple[FloatArray, FloatArray]:
    """Follow learners through a log made with ``skills=model.skills``.

    Returns
    -------
    right : float array, answers in the caller's order
        Probability of a right answer, before it is seen.
    knows : float array, answers in the caller's order
        Probability that the learner knows the skill, after the answer; NaN for a skill that the model has
        never seen (there `right` is the share of right answers over all skills).
    """
    parameters = np.column_stack([model.known, model.learn, model.forget, model.guess, model.slip])
    rows, starts = by_skill(log)
    right, knows = np.empty(len(rows)), np.empty(len(rows))
    if len(rows):
        _predict(log.correct[rows], log.skill[rows], starts, parameters, right, knows)
    weights = model.answers / max(int(model.answers.sum()), 1)
    unknown = float(weights @ (model.known * (1 - model.slip) + (1 - model.known) * model.guess))
    all_right, all_knows = np.full(len(log), unknown), np.full(len(log), np.nan)
    all_right[log.order[rows]] = right
    all_knows[log.order[rows]] = knows
    return all_right, all_knows
