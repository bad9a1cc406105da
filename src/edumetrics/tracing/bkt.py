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
EM_TOLERANCE = (
    1e-3  # log-likelihood of a skill gained by one EM step: less moves no probability that is shown
)


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
    chosen: NDArray[np.int64],
    weight: NDArray[np.float64],
    parameters: NDArray[np.float64],
    counts: NDArray[np.float64],
    forward: NDArray[np.float64],
    scale: NDArray[np.float64],
    active: NDArray[np.bool_],
) -> None:
    """Scaled forward–backward over the active skills; `counts[skill]` gathers the expected numbers.

    Only the sequences `chosen` are walked, each standing for `weight` equal ones.
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
        total = 0.0
        learn, forget, guess, slip = parameters[k, 1], parameters[k, 2], parameters[k, 3], parameters[k, 4]
        p = parameters[k, 0]
        product = 1.0
        for t in range(first, last):
            e1 = 1 - slip if correct[t] else slip
            e0 = guess if correct[t] else 1 - guess
            z = p * e1 + (1 - p) * e0
            q = p * e1 / z
            scale[t], forward[t] = 1 / z, q
            # A logarithm per answer would cost as much as all the rest: take one when the product gets small.
            product *= z
            if product < 1e-200:
                total += np.log(product)
                product = 1.0
            p = q * (1 - forget) + (1 - q) * learn
        total += np.log(product)
        counts[k, 10] += w * total
        n0 = n1 = right0 = wrong1 = left0 = learned_all = left1 = forgot_all = 0.0
        b1, b0 = 1.0, 1.0
        for t in range(last - 1, first - 1, -1):
            q = forward[t]
            gamma = q * b1 / (q * b1 + (1 - q) * b0)
            n0 += 1 - gamma
            n1 += gamma
            if correct[t]:
                right0 += 1 - gamma
            else:
                wrong1 += gamma
            if t == first:
                counts[k, 1] += w * gamma
                break
            e1 = (1 - slip if correct[t] else slip) * scale[t] * b1
            e0 = (guess if correct[t] else 1 - guess) * scale[t] * b0
            q = forward[t - 1]
            learned = (1 - q) * learn * e1
            stayed0 = (1 - q) * (1 - learn) * e0
            forgot = q * forget * e0
            stayed1 = q * (1 - forget) * e1
            mass = 1 / (learned + stayed0 + forgot + stayed1)
            left0 += (learned + stayed0) * mass
            learned_all += learned * mass
            left1 += (forgot + stayed1) * mass
            forgot_all += forgot * mass
            b1, b0 = (1 - forget) * e1 + forget * e0, learn * e1 + (1 - learn) * e0
        counts[k, 0] += w
        counts[k, 2] += w * left0
        counts[k, 3] += w * learned_all
        counts[k, 4] += w * left1
        counts[k, 5] += w * forgot_all
        counts[k, 6] += w * n0
        counts[k, 7] += w * right0
        counts[k, 8] += w * n1
        counts[k, 9] += w * wrong1


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
    forgetting : bool
        False holds `forget` at zero (Corbett & Anderson 1995).
    iterations : int
        At most about so many passes over the answers.

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
        _e_step(correct, skill, starts, chosen, weight, at, counts, forward, scale, active)
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
    pairs = [("known", 1, 0), ("learn", 3, 2), ("forget", 5, 4), ("guess", 7, 6), ("slip", 9, 8)]
    out = np.empty((len(counts), 5))
    for column, (name, happened, possible) in enumerate(pairs):
        yes, no = _PRIORS[name]
        out[:, column] = (counts[:, happened] + yes - 1) / (counts[:, possible] + yes + no - 2)
    return _inside(out, forgetting)


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


def _log_prior(parameters: FloatArray, forgetting: bool) -> FloatArray:
    names = ["known", "learn", "forget", "guess", "slip"]
    yes, no = (np.array([_PRIORS[name][side] - 1 for name in names]) for side in (0, 1))
    inside = np.clip(parameters, 1e-9, 1 - 1e-9)
    use = np.array([True, True, forgetting, True, True])
    return np.asarray((yes * np.log(inside) + no * np.log(1 - inside))[:, use].sum(axis=1))


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
