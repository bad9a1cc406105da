"""Owns how far the priors have drawn the chances of items, which the items of an exam tell of each other.

Every chance leans on a guess of what pupils with none, some or all of an item's points get. Where pupils
are few the guess weighs, and how wrong it is can be seen: the items of an exam are off in the same way
where points help otherwise than was thought, and differ among each other by more or less than the prior
says. An interval is that of the estimator (its noise, and what of the guess is in it), not of the prior
(Morris 1983, J. Am. Stat. Assoc. 78, 47; the variance among items after DerSimonian & Laird 1986, Control.
Clin. Trials 7, 177).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from edumetrics.results import BoolArray, FloatArray, IntArray

LEAST_OF_ANSWERS = 0.1  # of what is known of a share comes from the answers, whatever the prior
EDGE = 1e-6
FARTHEST = 6.0  # of log-odds between a chance and what the prior says
ROUNDS = 8
# Kinds of groups: none, some, all of an item's points; of partial marks 3 more.
NONE, SOME, ALL, PARTIAL, KINDS = 0, 1, 2, 3, 6
WEIGHS = 0.005  # share of the prior in what is known, from which its level is learnt


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Shares of the full mark of groups (S,) as they were estimated under a prior.

    Attributes
    ----------
    value, se : (S,) float
    centre, weight : (S,) float
        What the prior says of the share, and the pseudo-pupils behind it; 0 without a prior.
    kind : (S,) int
        Shares of one kind are off in the same way.
    """

    value: FloatArray
    se: FloatArray
    centre: FloatArray
    weight: FloatArray
    kind: IntArray


def mended(shares: Shares) -> tuple[FloatArray, FloatArray]:
    """Centre and standard error (S,) of the log-odds of what is true, prior taken off in the mean.

    On the scale of log-odds an estimate is ``(1 − w)(truth + noise) + w·centre of the prior``, w the share
    of the prior in what is known.
    """
    known, of_answers = _known(shares)
    pull = 1.0 - of_answers / known
    centre, variance = logit(_inside(shares.value)), of_answers / known**2
    for kind in np.unique(shares.kind):
        here = (shares.kind == kind) & (shares.weight > 0.0)
        if not here.any():
            continue
        mean, error, among = _offset(shares, here, of_answers)
        centre[here] += pull[here] * mean
        variance[here] += pull[here] ** 2 * (among + error)
    return centre, np.sqrt(variance)


def offsets(shares: Shares) -> FloatArray:
    """How far, in log-odds, the prior misses the shares of each kind (`KINDS`,).

    0 where the prior weighs little. What pupils with none of the points get hangs on how far items let them
    guess: on short easy papers where that was 0.3 to 0.55 a prior of 0.2 drew mastery up, and intervals of it
    held 76 to 90 %. What partial marks come to hangs on how many steps there are, and on whether one must be
    passed before the next.
    """
    known, of_answers = _known(shares)
    pull, out = 1.0 - of_answers / known, np.zeros(KINDS)
    for kind in range(KINDS):
        here = (shares.kind == kind) & (shares.weight > 0.0)
        if here.any() and float(np.mean(pull[here])) >= WEIGHS:
            out[kind] = _offset(shares, here, of_answers)[0]
    return out


def _inside(share: FloatArray) -> FloatArray:
    return np.asarray(np.clip(share, EDGE, 1.0 - EDGE))


def _known(shares: Shares) -> tuple[FloatArray, FloatArray]:
    """Precision (S,) of the log-odds, and of that what the answers tell without the prior."""
    p = _inside(shares.value)
    coin = p * (1.0 - p)
    known = (coin / np.maximum(shares.se, EDGE * coin)) ** 2
    return known, np.maximum(known - shares.weight * coin, LEAST_OF_ANSWERS * known)


def _offset(shares: Shares, here: BoolArray, of_answers: FloatArray) -> tuple[float, float, float]:
    """Mean of what the prior misses, the variance of that mean, and the variance among shares.

    The prior itself counts as one share more, at nothing and with the variance that it claims. The variance
    among shares is taken a standard error too large: few items tell little of it.
    """
    p, prior, weight = _inside(shares.value[here]), _inside(shares.centre[here]), shares.weight[here]
    step = weight * (p - prior) / of_answers[here]  # to the maximum without the prior
    away = np.clip(logit(p) + step - logit(prior), -FARTHEST, FARTHEST)
    noise, believed = 1.0 / of_answers[here], float(np.mean(1.0 / (weight * prior * (1.0 - prior))))
    among, error, mean, told = believed, 0.0, 0.0, 1.0
    for _ in range(ROUNDS):
        precision = 1.0 / (noise + among)
        error = 1.0 / (float(precision.sum()) + 1.0 / believed)
        mean = float(precision @ away) * error
        # what squares of deviations have beyond their noise, weighted by what they tell of it
        beyond = float(precision**2 @ ((away - mean) ** 2 - noise)) + 1.0 / believed
        told = float((precision**2).sum()) + 1.0 / believed**2
        among = max(beyond / told, 0.0)
    return mean, error, among + float(np.sqrt(2.0 / told))
