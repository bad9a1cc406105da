"""Owns the covariance that holds where the model does not: the sandwich of information and observed scores.

Where the model is wrong, maximum likelihood estimates the parameters that come nearest to the truth, and
their variance is H⁻¹JH⁻¹: H the observed information, J the sum of outer products of the pupils' scores
(White 1982, Econometrica 50, 1; Yuan, Cheng & Patton 2014, Psychometrika 79, 232). Where the model is right,
J = H. A prior adds its curvature P to H and nothing to J, as if what it holds were known for certain: the
variance is H⁻¹(J + P)H⁻¹, which is H⁻¹ again where the model is right. Scores summed within classes or
schools before the outer product hold for pupils who learnt together (Liang & Zeger 1986, Biometrika 73, 13).
Few squares tell a variance inexactly: Student's t stands for the normal law, with the degrees of freedom of
Satterthwaite (1946, Biometrics 2, 110).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from edumetrics.irt.em import node_model
from edumetrics.irt.errors import prior_information
from edumetrics.irt.models import item_derivatives, item_probabilities
from edumetrics.irt.report import Z95, _index, item_calibrations, n_parameters
from edumetrics.irt.results import Calibration
from edumetrics.results import FloatArray, IntArray
from edumetrics.runners.packing import make_layout, pack
from edumetrics.runners.stats import posterior

CHUNK = 8192
FEWEST_CLUSTERS = 20  # with fewer the sum of outer products is nearly singular and its intervals too short


def effective_clusters(sizes: IntArray) -> float:
    """Number of clusters of one size that would tell a variance as exactly: (Σn)²/Σn².

    Degrees of freedom of a sum of squares (Satterthwaite 1946, Biometrics 2, 111) whose expectations go with
    the sizes.
    """
    return float(sizes.sum() ** 2 / max(int((sizes.astype(np.int64) ** 2).sum()), 1))


def enough_clusters(labels: Sequence[object]) -> bool:
    """Whether classes or schools are so many, and of sizes so alike, that errors can be had from them."""
    sizes = np.unique([str(label) for label in labels], return_counts=True)[1]
    return round(effective_clusters(sizes)) >= FEWEST_CLUSTERS


def sandwich(calibration: Calibration, bread: FloatArray, sums: FloatArray, sizes: IntArray) -> FloatArray:
    """Covariance from the scores (U, p) of units of these sizes, widened from the normal law to Student's t.

    The bread is the plain covariance (p, p) of the calibration, never one that is robust already.

    Satterthwaite's degrees of freedom are two squares of a variance by the variance of that variance. They
    come from the squares seen, which miss a rare large one: never more than effective units less one.
    """
    # Priors pull the sum of scores away from zero: only what varies between units is uncertainty.
    sums = sums - sizes[:, None] * (sums.sum(axis=0) / sizes.sum())
    held = bread @ prior_information(calibration.problem, calibration.parameters) @ bread
    n = len(sums)
    moved = sums @ bread * np.sqrt(n / (n - 1.0))
    cov = moved.T @ moved + held
    squares = np.square(moved, out=moved)
    scatter = np.einsum("up,up->p", squares, squares) - squares.sum(axis=0) ** 2 / n
    freedom = 2.0 * np.diag(cov) ** 2 / np.maximum(scatter, 1e-300)
    wider = stdtrit(np.clip(freedom, 3.0, effective_clusters(sizes) - 1.0), 0.975) / Z95
    cov *= wider[:, None] * wider[None, :]
    carried = calibration.carried_covariance
    return np.asarray(cov if carried is None else cov + carried)


def variances_of(
    calibration: Calibration,
    cats: NDArray[np.int16],
    population: IntArray,
    units: IntArray,
    groups: Sequence[int],
) -> list[tuple[float, float]]:
    """Sandwich variance of the spread of these free populations, and the quantile that goes with it.

    Units (N,) are the pupils themselves or their classes. A population in fewer than `FEWEST_CLUSTERS` of
    them counts by pupils: at the maximum the scores of one that is a class by itself sum to nothing.
    """
    cov = calibration.plain_covariance
    if cov is None:
        return []
    free = np.flatnonzero(calibration.problem.free_populations)
    columns = [len(cov) - len(free) + int(np.searchsorted(free, h)) for h in groups]
    held = cov @ prior_information(calibration.problem, calibration.parameters) @ cov
    moved = np.zeros((len(cats), len(groups)))
    for at in range(0, len(cats), CHUNK):
        part = slice(at, at + CHUNK)
        scores = pupil_scores(calibration, np.ascontiguousarray(cats[part]), population[part])
        moved[part] = scores @ cov[:, columns]
    # Priors pull the sum of scores away from zero: only what varies between pupils is uncertainty.
    moved -= moved.mean(axis=0)
    out = []
    for h, column, move in zip(groups, columns, moved.T, strict=True):
        size = effective_clusters(np.bincount(units[population == h]))
        by_pupils = size < FEWEST_CLUSTERS
        size = float((population == h).sum()) if by_pupils else size
        square = np.square(move if by_pupils else np.bincount(units, weights=move))
        variance = float(square.sum() * size / (size - 1.0) + held[column, column])
        scatter = float((square**2).sum() - square.sum() ** 2 / len(square))
        freedom = np.clip(2.0 * variance**2 / max(scatter, 1e-300), 1.0, max(size - 1.0, 1.0))
        out.append((variance, float(stdtrit(freedom, 0.975))))
    return out


def with_robust_shared_slope(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray
) -> Calibration:
    """The same calibration with the sandwich error of the slope that all items share; others keep theirs.

    The shared slope is the spread of ability. How exactly few pupils tell a spread hangs on the shape of
    what they come from, which the model takes for normal: with 60 pupils of a skewed ability its interval
    held 80 % and not 95.
    """
    cov = calibration.plain_covariance
    if not calibration.problem.shared_slope or cov is None or cov[0, 0] <= 0.0 or len(cats) < FEWEST_CLUSTERS:
        return calibration
    scores = pupil_scores(calibration, np.ascontiguousarray(cats), population)
    robust = sandwich(calibration, cov, scores, np.ones(len(scores), dtype=np.int64))
    if robust[0, 0] <= 0.0:
        return calibration
    scale = np.ones(len(cov))
    scale[0] = np.sqrt(float(robust[0, 0] / cov[0, 0]))
    cov = cov * scale[:, None] * scale[None, :]
    problem, at = calibration.problem, calibration.parameters
    models = [item.model for item in calibration.items]
    items = item_calibrations(problem, at, calibration.coding, models, cov)
    return replace(calibration, items=items, covariance=cov)


def pupil_scores(calibration: Calibration, cats: NDArray[np.int16], population: IntArray) -> FloatArray:
    """Gradient (N, p) of each pupil's marginal log-likelihood, in the order of the covariance matrix.

    By Fisher's identity the posterior mean of the gradient that the pupil would have with ability known.
    """
    problem, at = calibration.problem, calibration.parameters
    layout = make_layout(problem.n_categories, [True] * cats.shape[1])
    post = posterior(pack(cats, layout, population), node_model(problem, at))[0]
    index = _index(problem)
    out = np.zeros((len(cats), n_parameters(problem)))
    for j, m in enumerate((problem.n_categories - 1).tolist()):
        slopes = _log_slopes(problem.kind[j], at.par[j], m, problem.theta)
        free = np.flatnonzero(index[j, : slopes.shape[2]] >= 0)
        for k in range(m + 1):
            rows = np.flatnonzero(cats[:, j] == k)
            out[np.ix_(rows, index[j, free])] += post[rows] @ slopes[k][:, free]
    populations = np.flatnonzero(problem.free_populations)
    start = out.shape[1] - 2 * len(populations)
    for place, h in enumerate(populations):
        rows = np.flatnonzero(population == h)
        deviation, sd = problem.theta - at.mean[h], at.sd[h]
        out[rows, start + place] = post[rows] @ (deviation / sd**2)
        out[rows, start + len(populations) + place] = post[rows] @ (deviation**2 / sd**3 - 1.0 / sd)
    return out


def _log_slopes(kind: int, par: FloatArray, m: int, theta: FloatArray) -> FloatArray:
    """Derivatives (m + 1, Q, n_par) of log P(k | θ) by the item's parameters."""
    p = np.empty((m + 1, len(theta)))
    item_probabilities(kind, par, m, theta, p)
    width = max(m + 1, 3)
    out = np.zeros((m + 1, len(theta), width))
    dp = np.zeros((m + 1, width))
    for q in range(len(theta)):
        item_derivatives(kind, par, m, theta[q], np.ascontiguousarray(p[:, q]), dp)
        out[:, q] = dp / p[:, q : q + 1]
    return out
