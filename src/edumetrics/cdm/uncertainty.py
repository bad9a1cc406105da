"""Owns how well a class model's parameters are known: information from each pupil's own score.

The information is the sum of squares of the pupils' scores (Berndt, Hall, Hall & Hausman 1974;
for class models Philipp et al. 2018, J. Educ. Behav. Stat. 43, 88, who find that the class weights
must be part of it) plus the curvature of the priors. From few pupils that sum is mostly chance: what
can be taken off, are products of answers to different items given the class, which are nothing in the
mean. The rest is the curvature of the likelihood (Louis 1982, J. R. Stat. Soc. B 44, 226).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from edumetrics.cdm.em import Parameters, Problem
from edumetrics.cdm.maximisation import CLASS_FLOOR, FLOOR
from edumetrics.results import FloatArray, IntArray

# More class weights than this move together only: the matrix would outgrow the answers.
MAX_WEIGHTS = 300
CHUNK = 2048
LEAST_WEIGHT = 1.0  # a class that expects fewer pupils has no weight to speak of
LARGEST_LOGIT_SD = 3.0
MOST_PRODUCTS = 1_000_000_000  # of answers; from more pupils the sum of squares tells enough by itself
LEAST_TOLD = 0.05  # of what would be known, were the classes seen
FEWEST_IN_GROUP, LEAST_DEGREES = 2.0, 3.0  # of a group's own pupils, where their variance is judged
Z95 = 1.959963984540054
LEAST_FREEDOM = 0.4  # share of the pupils that is left of them beside the parameters


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of the parameters of classes.

    Attributes
    ----------
    cov : (P + F, P + F) float
        Covariance of the free probabilities, then of the tilts.
    tilts : (C, F) float
        Directions in which the logarithms of the class weights may be wrong.
    """

    cov: FloatArray
    tilts: FloatArray

    @property
    def of_probabilities(self) -> FloatArray:
        """Covariance (P, P) of the free probabilities."""
        n_free = len(self.cov) - self.tilts.shape[1]
        return self.cov[:n_free, :n_free]

    @property
    def of_tilts(self) -> FloatArray:
        """Covariance (F, F) of the tilts."""
        n_free = len(self.cov) - self.tilts.shape[1]
        return self.cov[n_free:, n_free:]

    def weights(self, weight: FloatArray, tilt: FloatArray) -> FloatArray:
        """Class weights (C,) after tilts (F,)."""
        log = np.log(np.maximum(weight, CLASS_FLOOR)) + self.tilts @ tilt
        out = np.exp(log - log.max())
        return np.asarray(out / out.sum())

    def error_of_share(self, weight: FloatArray, inside: FloatArray) -> float:
        """Standard error of the share of pupils in classes marked by ``inside`` (C,)."""
        away = self.tilts.T @ (weight * (inside - weight @ inside))
        return float(np.sqrt(max(float(away @ self.of_tilts @ away), 0.0)))


def single_tilts(expected: FloatArray) -> FloatArray:
    """A direction (C, F) for every class that expects a pupil, but for one: weights sum to one."""
    kept = np.flatnonzero(expected >= LEAST_WEIGHT)[1:]
    return np.asarray(np.eye(len(expected))[:, kept])


def joint_tilts(known: NDArray[np.int8]) -> FloatArray:
    """Directions (C, K + 1): more pupils with a point, and points that hang together more or less.

    The first terms of the log-linear model of the classes (Xu & von Davier 2008, ETS RR-08-27): where
    weights lean on ability, or are more than the answers tell one by one, they can be wrong in no other way.

    Parameters
    ----------
    known : (C, K) int8
        1 has the point, 0 lacks it, −1 either.
    """
    has = np.where(known < 0, 0.5, known)
    number = has.sum(axis=1)
    return np.column_stack([has, (number - number.mean()) ** 2])


def places(problem: Problem) -> IntArray:
    """Row (J, G, M) of each free probability in the covariance, −1 where none."""
    free = problem.used.copy()
    free[:, :, 0] = False
    out = np.full(free.shape, -1, dtype=np.int64)
    out[free] = np.arange(int(free.sum()))
    return out


def what_is_known(
    problem: Problem,
    parameters: Parameters,
    categories: NDArray[np.int16],
    posterior: FloatArray,
    tilts: FloatArray,
) -> Known:
    """How well the free probabilities and the class weights are known.

    Parameters
    ----------
    categories : (N, J) int
        −1 where missing.
    posterior : (N, C) float
    tilts : (C, F) float
        Directions in which the logarithms of the class weights may be wrong.
    """
    n_par = int(places(problem).max()) + 1
    expected = parameters.weight @ tilts
    information = np.zeros((n_par + len(expected), n_par + len(expected)))
    for at in range(0, len(categories), CHUNK):
        post = posterior[at : at + CHUNK]
        items = item_scores(
            problem, parameters.probability, categories[at : at + CHUNK], in_groups(problem, post)
        )
        score = np.hstack([items, post @ tilts - expected])
        information += score.T @ score
    priors = prior_information(problem, parameters.probability, len(information))
    priors[np.arange(n_par, len(priors)), np.arange(n_par, len(priors))] = 1.0 / LARGEST_LOGIT_SD**2
    answers = int((problem.n_categories - 1).sum())
    if len(categories) * posterior.shape[1] * answers**2 > MOST_PRODUCTS:
        return Known(inverted(information, priors, len(categories)), tilts)
    complete, chance = products_of_answers(problem, parameters, categories, posterior, tilts)
    return Known(inverse(information - chance + priors, complete + priors), tilts)


def products_of_answers(
    problem: Problem,
    parameters: Parameters,
    categories: NDArray[np.int16],
    posterior: FloatArray,
    tilts: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Sums (P + F, P + F) over pupils and classes of products of scores, were the classes known.

    The first within items and within tilts: what there would be to know. The second between them: given
    the class, answers to different items are independent, and its mean is nothing.
    """
    place, floored = places(problem), np.maximum(parameters.probability, FLOOR)
    n_par = int(place.max()) + 1
    within, between = (np.zeros((n_par + tilts.shape[1], n_par + tilts.shape[1])) for _ in range(2))
    item = np.repeat(np.arange(len(place)), problem.n_categories - 1)
    category = np.concatenate([np.arange(1, m) for m in problem.n_categories])
    right = (categories[:, item] == category).astype(np.float64)
    wrong = (categories[:, item] == 0).astype(np.float64)
    same = item[:, None] == item
    away = tilts - parameters.weight @ tilts
    within[n_par:, n_par:] = len(categories) * (away.T * parameters.weight) @ away
    for c, post in enumerate(posterior.T):
        group = problem.group[item, c]
        score = right / floored[item, group, category] - wrong / floored[item, group, 0]
        rows = place[item, group, category]
        products = (score.T * post) @ score
        within[np.ix_(rows, rows)] += products * same
        between[np.ix_(rows, rows)] += products * ~same
        with_tilts = np.outer(post @ score, away[c])
        between[rows, n_par:] += with_tilts
        between[n_par:, rows] += with_tilts.T
    return within, between


def in_groups(problem: Problem, posterior: FloatArray) -> Iterator[FloatArray]:
    """For each item the posterior (N, G_j) of its groups, from that of the classes (N, C)."""
    for group, n_groups in zip(problem.group, problem.n_groups, strict=True):
        yield posterior @ (group[:, None] == np.arange(n_groups)).astype(np.float64)


def item_scores(
    problem: Problem, probability: FloatArray, categories: NDArray[np.int16], in_group: Iterable[FloatArray]
) -> FloatArray:
    """Score (N, P) of each pupil for the free probabilities.

    ``in_group`` yields for each item the posterior (N, G_j) of its groups.
    """
    place = places(problem)
    score = np.zeros((len(categories), int(place.max()) + 1))
    floored = np.maximum(probability, FLOOR)
    for j, posterior in enumerate(in_group):
        for g in range(posterior.shape[1]):
            wrong = posterior[:, g] * (categories[:, j] == 0) / floored[j, g, 0]
            for k in range(1, int(problem.n_categories[j])):
                right = posterior[:, g] * (categories[:, j] == k) / floored[j, g, k]
                score[:, place[j, g, k]] = right - wrong
    return score


def prior_information(problem: Problem, probability: FloatArray, size: int) -> FloatArray:
    """Curvature (size, size) of the priors of the free probabilities; nothing of further parameters."""
    place, floored = places(problem), np.maximum(probability, FLOOR)
    out = np.zeros((size, size))
    for j, g, k in np.argwhere(place >= 0):
        for h in range(1, int(problem.n_categories[j])):
            out[place[j, g, k], place[j, g, h]] += problem.pseudo[j, g, 0] / floored[j, g, 0] ** 2
        out[place[j, g, k], place[j, g, k]] += problem.pseudo[j, g, k] / floored[j, g, k] ** 2
    return out


def inverted(squares: FloatArray, priors: FloatArray, n: int) -> FloatArray:
    """Covariance from a sum of squares of scores (P + F, P + F) and the curvature of the priors.

    Parameters
    ----------
    n : int
        Pupils. A sum of squares of n scores is right in the mean, its inverse too large, n/(n − p − 1) times
        (inverse Wishart): with 60 pupils and 50 parameters intervals would hold 99 %.
    """
    information = squares + priors
    told = float(np.sum(squares * np.linalg.inv(information + 1e-9 * np.eye(len(information)))))
    information += squares * (n / max(n - told - 1.0, LEAST_FREEDOM * n) - 1.0)
    scale = np.sqrt(np.maximum(np.diag(information), 1e-12))
    values, vectors = np.linalg.eigh(information / scale[:, None] / scale[None, :])
    # directions that the answers leave open get the variance of an uninformed probability, no infinity
    out = (vectors / np.maximum(values, 1e-6)) @ vectors.T
    return np.asarray(out / scale[:, None] / scale[None, :])


def inverse(information: FloatArray, complete: FloatArray) -> FloatArray:
    """Inverse of information of which at least `LEAST_TOLD` of the ``complete`` is there in every direction.

    Off a maximum, as where a chance may not fall below another, the curvature can vanish or turn.
    """
    scale = np.sqrt(np.maximum(np.diag(complete), 1e-12))
    root = np.linalg.cholesky(complete / scale[:, None] / scale[None, :] + 1e-9 * np.eye(len(scale)))
    whitened = np.linalg.solve(root, np.linalg.solve(root, information / scale[:, None] / scale[None, :]).T)
    values, vectors = np.linalg.eigh((whitened + whitened.T) / 2.0)
    side = np.linalg.solve(root.T, vectors) / scale[:, None]
    return np.asarray((side / np.maximum(values, LEAST_TOLD)) @ side.T)


def of_few_marks(cov: FloatArray, problem: Problem, counts: FloatArray) -> FloatArray:
    """Covariance with the chances of partial marks known as exactly as a group of few pupils tells them.

    The variance of a right/wrong item follows from its chance. That of partial marks is estimated from the
    marks of the group's own pupils: of n it comes out (n − 1)/n times too small, and Student's t with n − 1
    degrees of freedom stands for the normal law.

    Parameters
    ----------
    cov : (P + F, P + F) float
    counts : (J, G, M) float
        Expected pupils of each item, group and category.
    """
    pupils = np.maximum(counts.sum(axis=2), FEWEST_IN_GROUP)
    wider = np.sqrt(pupils / (pupils - 1.0)) * stdtrit(np.maximum(pupils - 1.0, LEAST_DEGREES), 0.975) / Z95
    wider[problem.n_categories == 2] = 1.0
    place = places(problem)
    scale, (j, g, k) = np.ones(len(cov)), np.nonzero(place >= 0)
    scale[place[j, g, k]] = wider[j, g]
    return np.asarray(cov * scale[:, None] * scale[None, :])


def draw_parameters(
    problem: Problem,
    probability: FloatArray,
    further: FloatArray,
    cov: FloatArray,
    rng: np.random.Generator,
    draws: int,
) -> list[tuple[FloatArray, FloatArray]]:
    """Random probabilities (J, G, M) and ``further`` parameters (F,) around the estimate.

    Normal, the probabilities on the scale of log-ratios, the others on their own.
    """
    place = places(problem)
    n_par = int(place.max()) + 1
    jacobian = np.eye(len(cov))
    floored = np.maximum(probability, FLOOR)
    at = np.concatenate([np.zeros(n_par), further])
    for j, g in np.argwhere(place[:, :, 1] >= 0):
        ks = np.arange(1, int(problem.n_categories[j]))
        rows = place[j, g, ks]
        jacobian[np.ix_(rows, rows)] = 1.0 / floored[j, g, 0]
        jacobian[rows, rows] += 1.0 / floored[j, g, ks]
        at[rows] = np.log(floored[j, g, ks] / floored[j, g, 0])
    cov_y = jacobian @ cov @ jacobian.T
    sd = np.sqrt(np.maximum(np.diag(cov_y), 0.0))
    shrink = np.minimum(1.0, LARGEST_LOGIT_SD / np.maximum(sd, 1e-12))
    cov_y *= shrink[:, None] * shrink[None, :]
    values, vectors = np.linalg.eigh(cov_y)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    out = []
    for _ in range(draws):
        y = at + root @ rng.normal(size=len(at))
        drawn = np.where(place >= 0, np.exp(np.clip(y[place], -20.0, 20.0)), 0.0)
        drawn[:, :, 0] = problem.used[:, :, 0]
        total = drawn.sum(axis=2, keepdims=True)
        out.append((np.where(total > 0, drawn / np.maximum(total, 1e-300), 0.0), y[n_par:]))
    return out
