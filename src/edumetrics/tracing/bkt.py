"""Bayesian knowledge tracing with forgetting, fitted by EM; all skills in one compiled pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edumetrics.errors import EmptyMatrix
from edumetrics.results import Caution, FloatArray, IntArray, Provenance
from edumetrics.tracing.log import PracticeLog, by_skill, same_skills

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
# Log-likelihood of a skill gained by one EM step: less moves no probability that is shown.
EM_TOLERANCE = 1e-3


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


# Probabilities of so many answers multiply to no less than 1e−200: no scaling, no division on the way.
SHORT = 48


@njit(cache=True, nogil=True)
def _e_step(
    correct: NDArray[np.bool_],
    skill: NDArray[np.int64],
    starts: NDArray[np.int64],
    chosen: NDArray[np.int64],
    weight: NDArray[np.float64],
    parameters: NDArray[np.float64],
    counts: NDArray[np.float64],
    forward: NDArray[np.float64],
    active: NDArray[np.bool_],
) -> None:
    """Forward–backward over the active skills; `counts[skill]` gathers the expected numbers.

    Only the sequences `chosen` are walked, each standing for `weight` equal ones. `forward` (answers × 3) is
    room to work in.
    counts columns: sequences, known at start, transitions from not known, learned, transitions from known,
    forgotten, answers without knowledge, right among them, answers with knowledge, wrong among them,
    log-likelihood.
    """
    for u in range(len(chosen)):
        s, w = chosen[u], weight[u]
        first, last = starts[s], starts[s + 1]
        k = skill[first]
        if not active[k]:
            continue
        known, learn, forget = parameters[k, 0], parameters[k, 1], parameters[k, 2]
        guess, slip = parameters[k, 3], parameters[k, 4]
        stay1, stay0 = 1 - forget, 1 - learn
        scaled = last - first > SHORT
        total = 0.0
        a1, a0 = known, 1 - known
        for t in range(first, last):
            if t > first:
                a1, a0 = a1 * stay1 + a0 * learn, a1 * forget + a0 * stay0
            a1 *= 1 - slip if correct[t] else slip
            a0 *= guess if correct[t] else 1 - guess
            forward[t, 2] = 1.0
            if scaled and a1 + a0 < 1e-100:
                total += np.log(a1 + a0)
                forward[t, 2] = 1 / (a1 + a0)
                a1, a0 = a1 * forward[t, 2], a0 * forward[t, 2]
            forward[t, 0], forward[t, 1] = a1, a0
        chance = a1 + a0
        # With 1/chance in the backward numbers every product below is an expected number already.
        b1 = b0 = 1 / chance
        n1, right, right1, learned, forgot, g1 = 0.0, 0, 0.0, 0.0, 0.0, 0.0
        end1 = a1 * b1
        for t in range(last - 1, first - 1, -1):
            g1 = forward[t, 0] * b1
            n1 += g1
            if correct[t]:
                right += 1
                right1 += g1
            if t > first:
                rescale = forward[t, 2] if scaled else 1.0
                c1 = (1 - slip if correct[t] else slip) * b1 * rescale
                c0 = (guess if correct[t] else 1 - guess) * b0 * rescale
                learned += forward[t - 1, 1] * c1
                forgot += forward[t - 1, 0] * c0
                b1, b0 = stay1 * c1 + forget * c0, learn * c1 + stay0 * c0
        size = last - first
        left1 = n1 - end1
        counts[k, 0] += w
        counts[k, 1] += w * g1
        counts[k, 2] += w * (size - 1 - left1)
        counts[k, 3] += w * learned * learn
        counts[k, 4] += w * left1
        counts[k, 5] += w * forgot * forget
        counts[k, 6] += w * (size - n1)
        counts[k, 7] += w * (right - right1)
        counts[k, 8] += w * n1
        counts[k, 9] += w * (n1 - right1)
        counts[k, 10] += w * (total + np.log(chance))


@njit(cache=True)
def _hash(
    correct: NDArray[np.bool_], skill: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """64 bits per sequence from its skill, length and answers (FNV-1a over whole values)."""
    prime = np.uint64(1099511628211)
    out = np.empty(len(starts) - 1, dtype=np.uint64)
    for s in range(len(starts) - 1):
        value = np.uint64(14695981039346656037)
        value = (value ^ np.uint64(skill[starts[s]])) * prime
        value = (value ^ np.uint64(starts[s + 1] - starts[s])) * prime
        for t in range(starts[s], starts[s + 1]):
            value = (value ^ np.uint64(2 if correct[t] else 1)) * prime
            value ^= value >> np.uint64(29)
        out[s] = value
    return out


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
        `EmptyMatrix` where no answer is of a known skill.
    forgetting : bool
        False holds `forget` at zero (Corbett & Anderson 1995).
    iterations : int
        At most about so many passes over the answers.

    Notes
    -----
    Corbett & Anderson (1995), User Modeling and User-Adapted Interaction 4, 253–278; forgetting as in Khajah,
    Lindsey & Mozer (2016), EDM.
    """
    rows, starts = by_skill(log)
    if len(rows) == 0:
        raise EmptyMatrix(value="a log without an answer of a known skill has nothing to learn from")
    correct, skill = log.correct[rows], log.skill[rows]
    n_skills = len(log.skills)
    parameters = np.tile(np.array([0.4, 0.15, 0.02 if forgetting else 0.0, 0.25, 0.1]), (n_skills, 1))
    forward = np.empty((len(rows), 3))
    # Most sequences are short and many are equal: each distinct one is walked once, with its number.
    _, chosen, times = np.unique(_hash(correct, skill, starts), return_index=True, return_counts=True)
    by_place = np.argsort(chosen)
    chosen, weight = chosen[by_place].astype(np.int64), times[by_place].astype(np.float64)
    active = np.ones(n_skills, dtype=bool)
    total = np.zeros(n_skills)
    passes = 0

    def em(at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """One EM step of the active skills: (what it climbs, the next parameters)."""
        nonlocal passes
        counts = np.zeros((n_skills, 11))
        _e_step(correct, skill, starts, chosen, weight, at, counts, forward, active)
        total[active] = counts[active, 10]
        passes += 1
        return counts[:, 10] + _log_prior(at, forgetting), _m_step(counts, forgetting)

    while active.any() and passes < iterations:
        before, first = em(parameters)
        after, second = em(first)
        # SQUAREM (Varadhan & Roland 2008, S3), each skill with a step length of its own.
        start, one, two = (_logit(values) for values in (parameters, first, second))
        r, v = one - start, two - 2 * one + start
        reach = np.linalg.norm(r, axis=1) / np.maximum(np.linalg.norm(v, axis=1), 1e-12)
        reach = np.clip(reach, 1.0, 30.0)[:, None]
        leap = _inside(_sigmoid(start + 2 * reach * r + reach**2 * v), forgetting)
        climbed, landed = em(leap)
        better = (climbed >= after) & active
        settled = active & (np.abs(after - before) < EM_TOLERANCE)
        parameters = np.where(active[:, None], np.where(better[:, None], landed, second), parameters)
        active = active & ~settled
    active[:] = True
    em(parameters)
    log_likelihood = float(total.sum())
    answers = np.bincount(skill, minlength=n_skills).astype(np.int64)
    thin = tuple(str(code) for code in log.skills[answers < MIN_ANSWERS])
    cautions = (Caution("prior_from_default", thin),) if thin else ()
    provenance = Provenance(
        "bkt", "1", {"forgetting": forgetting, "iterations": iterations, "priors": dict(_PRIORS)}, cautions
    )
    known, learn, forget, guess, slip = np.ascontiguousarray(parameters.T)
    return KnowledgeTracing(
        log.skills, known, learn, forget, guess, slip, answers, log_likelihood, passes, provenance
    )


def _m_step(counts: FloatArray, forgetting: bool) -> FloatArray:
    happened, possible = counts[:, [1, 3, 5, 7, 9]], counts[:, [0, 2, 4, 6, 8]]
    return _inside((happened + _YES) / (possible + _YES + _NO), forgetting)


def _inside(parameters: FloatArray, forgetting: bool) -> FloatArray:
    """Away from the edges, where a single answer would settle everything for good."""
    out = np.clip(parameters, 1e-4, 1 - 1e-4)
    if not forgetting:
        out[:, 2] = 0.0
    return out


def _logit(parameters: FloatArray) -> FloatArray:
    inside = np.clip(parameters, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inside / (1 - inside)))


def _sigmoid(values: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))))


_YES, _NO = (np.array([_PRIORS[name][side] - 1 for name in _PRIORS]) for side in (0, 1))


def _log_prior(parameters: FloatArray, forgetting: bool) -> FloatArray:
    inside = np.clip(parameters, 1e-9, 1 - 1e-9)
    terms = np.log(inside) * _YES + np.log1p(-inside) * _NO
    if not forgetting:
        terms[:, 2] = 0.0
    return np.asarray(terms.sum(axis=1))


def trace_bkt(model: KnowledgeTracing, log: PracticeLog) -> tuple[FloatArray, FloatArray]:
    """Follow learners through a log made with ``skills=model.skills``; `UnknownName` where it was not.

    Returns
    -------
    right : float array, answers in the caller's order
        Probability of a right answer, before it is seen.
    knows : float array, answers in the caller's order
        Probability that the learner knows the skill, after the answer; NaN for a skill that the model has
        never seen (there `right` is the share of right answers over all skills).
    """
    same_skills(log, model.skills)
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
