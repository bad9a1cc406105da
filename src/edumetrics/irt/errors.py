"""Owns the standard errors of a calibration: the observed information of the marginal likelihood.

The information is the complete-data information minus what is lost by not seeing ability (Louis
1982, J. R. Stat. Soc. B 44, 226). For partial-credit items the loss has a closed form; for others, and
where the answers stay with somebody else, it is taken from differences of the marginal score, which by
Fisher's identity cost one EM step per parameter (Oakes 1999, ibid. 61, 479).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from edumetrics.irt.em import Fit, Parameters, Problem, node_model
from edumetrics.irt.lost_information import lost_information
from edumetrics.irt.models import GPCM, GUESSING
from edumetrics.irt.mstep import all_gradients
from edumetrics.runners.local import Runner
from edumetrics.runners.packing import Floats, Shard
from edumetrics.runners.stats import NodeModel, Statistics, stats

# The loss of information is a mean over persons: from so many, spread evenly, it is known to 2 % by
# differences and to 1 % in the closed form, which move a standard error by half as much. Not so where an
# item can be guessed (see `_samples`).
SAMPLE, CLOSED_SAMPLE = 5000, 20_000
STEP = 1e-6


def covariance(problem: Problem, runner: Runner, fit: Fit, of_fixed: Floats | None = None) -> Floats | None:
    """Covariance matrix of the free parameters, or None where the maximum is flat.

    Parameters
    ----------
    of_fixed : (f, f) float, optional
        Covariance of the fixed entries, row by row, from the calibration that they come from: they are not
        known for certain, and what is estimated beside them is not either (Murphy & Topel 1985, J. Bus.
        Econ. Stat. 3, 370).

    Returns
    -------
    (p, p) float
        Order: used item parameters row by row (with a shared slope: once, first), then means, then
        standard deviations of the free populations.
    """
    collapse, entries = _collapse(problem), int(problem.used.sum())
    fixed = np.flatnonzero(problem.fixed[problem.used])
    every = collapse if of_fixed is None else np.eye(entries + 2 * int(problem.free_populations.sum()))
    for sample in _samples(problem, runner):
        whole = every @ _information(problem, runner, fit, sample) @ every.T
        observed = whole if of_fixed is None else collapse @ whole @ collapse.T
        if _positive(observed):
            break
    else:
        return None
    inverse = np.linalg.inv(observed)
    if of_fixed is not None:
        moved = inverse @ (collapse @ whole)[:, fixed]
        inverse = inverse + moved @ of_fixed @ moved.T
    return np.asarray(inverse, dtype=np.float64)


def prior_information(problem: Problem, at: Parameters) -> Floats:
    """Curvature (p, p) of minus the log-prior, in the order of the covariance matrix."""
    width, n_nodes = int(problem.n_categories.max()), len(problem.theta)
    counts = np.zeros((len(problem.kind), width, n_nodes))
    nobody = Statistics(counts, np.zeros((len(problem.free_populations), n_nodes)), 0.0, 0)
    collapse = _collapse(problem)
    return np.asarray(collapse @ _complete_information(problem, at, nobody) @ collapse.T)


def _samples(problem: Problem, runner: Runner) -> tuple[Shard | None, ...]:
    """Pupils whose answers tell the loss of information, one choice after the other; None: all, by sums."""
    sample = runner.sample(CLOSED_SAMPLE if _closed(problem) else SAMPLE)
    if sample is None or sample.n == runner.n:
        return (sample,)
    # Slope, difficulty and c of one item trade against each other: along that direction nearly all of the
    # information is lost, and a loss known to 1 % leaves a remainder that may be half or twice the true one.
    return (None,) if (problem.kind == GUESSING).any() else (sample, None)


def _closed(problem: Problem) -> bool:
    return bool((problem.kind == GPCM).all())


def _information(problem: Problem, runner: Runner, fit: Fit, sample: Shard | None) -> Floats:
    """Observed information of all pupils, all entries apart; what is lost, from a sample of them."""
    if sample is None:
        return _by_differences(problem, fit.parameters, runner.total, 1)[0]
    whole = _complete_information(problem, fit.parameters, fit.statistics)
    scale = runner.n / sample.n
    if _closed(problem):
        return whole - scale * lost_information(problem, fit.parameters, sample)
    costly = whole.shape[0] * sample.n > 50_000
    observed, here = _by_differences(
        problem, fit.parameters, lambda model: stats(sample, model), (os.cpu_count() or 1) if costly else 1
    )
    if sample.n == runner.n:
        return observed
    return whole - scale * (_complete_information(problem, fit.parameters, here) - observed)


def _by_differences(
    problem: Problem, at: Parameters, total: Callable[[NodeModel], Statistics], workers: int
) -> tuple[Floats, Statistics]:
    """Observed information of every model from differences of the score, and the statistics at the point."""
    here = total(node_model(problem, at))
    base = _score(problem, at, here)
    directions = _directions(problem, at)

    def moved(p: Parameters) -> Floats:
        return _score(problem, p, total(node_model(problem, p)))

    if workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            scores = list(pool.map(moved, directions))
    else:
        scores = [moved(p) for p in directions]
    slope = (base - np.array(scores)) / STEP
    return 0.5 * (slope + slope.T), here


def _positive(matrix: Floats) -> bool:
    """Whether a matrix is safely positive definite (judged free of the parameters' units)."""
    size = np.diag(matrix)
    if not (np.isfinite(matrix).all() and (size > 0).all()):
        return False
    root = np.sqrt(size)
    return bool(np.linalg.eigvalsh(matrix / root[:, None] / root[None, :])[0] > 1e-7)


def _score(problem: Problem, p: Parameters, s: Statistics) -> Floats:
    """Gradient of the marginal log-posterior, all entries apart."""
    grad, _ = _item_parts(problem, p, s)
    nodes, deviation, sd = _population_parts(problem, p, s)
    g_mean = (nodes * deviation / sd**2).sum(axis=1)
    g_sd = (nodes * (deviation**2 / sd**3 - 1.0 / sd)).sum(axis=1)
    return np.concatenate([grad[problem.used], g_mean, g_sd])


def _complete_information(problem: Problem, p: Parameters, s: Statistics) -> Floats:
    """Information that the parameters would have if ability were seen, all entries apart."""
    _, hess = _item_parts(problem, p, s)
    nodes, _, sd = _population_parts(problem, p, s)
    used = problem.used
    n_par, n_free = int(used.sum()), len(nodes)
    out = np.zeros((n_par + 2 * n_free, n_par + 2 * n_free))
    place = np.cumsum(used).reshape(used.shape) - 1
    for j in range(len(used)):
        inside = np.flatnonzero(used[j])
        out[np.ix_(place[j, inside], place[j, inside])] = hess[j][np.ix_(inside, inside)]
    for h, total in enumerate(nodes.sum(axis=1).tolist()):
        out[n_par + h, n_par + h] = total / sd[h, 0] ** 2
        out[n_par + n_free + h, n_par + n_free + h] = 2.0 * total / sd[h, 0] ** 2
    return out


def _item_parts(problem: Problem, p: Parameters, s: Statistics) -> tuple[Floats, Floats]:
    n_items, width = p.par.shape
    grad, hess = np.zeros((n_items, width)), np.zeros((n_items, width, width))
    all_gradients(
        problem.kind, p.par, problem.n_categories, s.counts, problem.theta, problem.prior, grad, hess
    )
    return grad, hess


def _population_parts(problem: Problem, p: Parameters, s: Statistics) -> tuple[Floats, Floats, Floats]:
    free = np.flatnonzero(problem.free_populations)
    return s.nodes[free], problem.theta[None, :] - p.mean[free, None], p.sd[free, None]


def _directions(problem: Problem, at: Parameters) -> list[Parameters]:
    """The parameters with one entry moved by `STEP`, in the order of the score."""
    out = []
    for j, h in np.argwhere(problem.used):
        par = at.par.copy()
        par[j, h] += STEP
        out.append(Parameters(par, at.mean, at.sd))
    for h in np.flatnonzero(problem.free_populations):
        mean = at.mean.copy()
        mean[h] += STEP
        out.append(Parameters(at.par, mean, at.sd))
    for h in np.flatnonzero(problem.free_populations):
        sd = at.sd.copy()
        sd[h] += STEP
        out.append(Parameters(at.par, at.mean, sd))
    return out


def _collapse(problem: Problem) -> Floats:
    """Matrix (free, all) that sums entries which are one parameter and drops fixed ones."""
    used = problem.used
    n_all = int(used.sum()) + 2 * int(problem.free_populations.sum())
    identity = np.eye(n_all)
    place = np.cumsum(used).reshape(used.shape) - 1
    if not problem.shared_slope:
        fixed = problem.fixed[used]
        return identity[np.concatenate([~fixed, np.ones(n_all - len(fixed), bool)])]
    slopes = place[:, 0]
    rest = np.setdiff1d(np.arange(n_all), slopes)
    return np.vstack([identity[slopes].sum(axis=0), identity[rest]])
