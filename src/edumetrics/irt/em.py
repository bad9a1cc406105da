"""Owns marginal maximum likelihood: the EM map of a calibration and the point where it rests.

Source: Bock & Aitkin (1981) Psychometrika 46, 443–459; multiple groups: Bock & Zimowski (1997).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edumetrics.irt.models import GRADED, GUESSING, log_probabilities
from edumetrics.irt.mstep import all_gradients, feasible, log_prior_sum, maximise_items
from edumetrics.runners.local import Runner
from edumetrics.runners.packing import Floats, Ints
from edumetrics.runners.squarem import climb
from edumetrics.runners.stats import SINGLE_PRECISION_ABOVE, NodeModel, Statistics

NODE_BOUND = 6.0  # a standard normal ability lies outside with probability 2e−9
NODES = 48  # spacing 0.26: the sum equals the integral to 1e−8 for posteriors wider than 0.25
MIN_SD, MAX_SD = 0.05, 8.0


@dataclass(frozen=True, eq=False)
class Parameters:
    """Item parameters and ability distributions.

    Attributes
    ----------
    par : (J, P) float
        Rows as in `edumetrics.irt.models`; unused entries zero.
    mean, sd : (H,) float
        Ability distribution of each population.
    """

    par: Floats
    mean: Floats
    sd: Floats


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be estimated.

    Attributes
    ----------
    kind : (J,) int
    n_categories : (J,) int
    prior : (J, 5) float
        See `edumetrics.irt.mstep`.
    fixed : (J, P) bool
        Entries that stay at their start.
    shared_slope : bool
        One slope for all items (Rasch, partial credit).
    free_populations : (H,) bool
        Populations whose mean and sd are estimated; at least one must be fixed.
    theta : (Q,) float
        Ability nodes.
    """

    kind: Ints
    n_categories: Ints
    prior: Floats
    fixed: np.ndarray
    shared_slope: bool
    free_populations: np.ndarray
    theta: Floats

    @property
    def used(self) -> np.ndarray:
        """(J, P) bool: entries that belong to the item's model."""
        width = self.fixed.shape[1]
        n_par = np.where(self.kind == GUESSING, 3, self.n_categories)
        return np.arange(width)[None, :] < n_par[:, None]

    def with_nodes(self, n_nodes: int, bound: float = NODE_BOUND) -> Problem:
        """The same problem on another grid."""
        return replace(self, theta=grid(n_nodes, bound))


@dataclass(frozen=True, eq=False)
class Fit:
    """A maximum."""

    parameters: Parameters
    loglik: float
    objective: float
    statistics: Statistics
    evaluations: int
    converged: bool


def grid(n_nodes: int = NODES, bound: float = NODE_BOUND) -> Floats:
    """Equally spaced nodes from −bound to bound."""
    return np.linspace(-bound, bound, n_nodes)


def log_weights(theta: Floats, mean: Floats, sd: Floats) -> Floats:
    """Log-weights (H, Q) of normal populations on the grid, each summing to one."""
    z = (theta[None, :] - mean[:, None]) / sd[:, None]
    log_w: Floats = -0.5 * z * z
    log_w -= np.logaddexp.reduce(log_w, axis=1, keepdims=True)
    return log_w


def node_model(problem: Problem, parameters: Parameters, n: int) -> NodeModel:
    """The model at the nodes, as the engine-free step wants it."""
    width = int(problem.n_categories.max())
    logp = np.empty((len(problem.kind), width, len(problem.theta)))
    log_probabilities(problem.kind, parameters.par, problem.n_categories, problem.theta, logp)
    weights = log_weights(problem.theta, parameters.mean, parameters.sd)
    return NodeModel(logp, weights, single=n > SINGLE_PRECISION_ABOVE)


def start(problem: Problem, runner: Runner) -> Parameters:
    """Start values from the share of each category, slopes one (a half for many steps)."""
    n_items, width = problem.fixed.shape
    n_cats = int(problem.n_categories.max())
    flat = NodeModel(np.zeros((n_items, n_cats, 1)), np.zeros((len(problem.free_populations), 1)))
    share = runner.total(flat).counts[:, :, 0] + 0.5
    par = np.zeros((n_items, width))
    for j, m in enumerate((problem.n_categories - 1).tolist()):
        par[j, 0] = 1.0 if m == 1 or problem.kind[j] == GRADED else 1.0 / np.sqrt(m)
        f = share[j, : m + 1]
        if problem.kind[j] == GRADED or m == 1:
            above = np.cumsum(f[::-1])[::-1][1:] / f.sum()
            par[j, 1 : m + 1] = 1.2 * np.log(above / (1.0 - above))
        else:
            par[j, 1 : m + 1] = np.log(f[1:] / f[0])
        if problem.kind[j] == GUESSING:
            alpha, beta = problem.prior[j, 3:5] if problem.prior[j, 3] > 0 else (2.0, 8.0)
            par[j, 2] = np.log(alpha / beta)
            rate = min(max(f[1] / f.sum(), 0.3), 0.97)
            c = alpha / (alpha + beta)
            above = max((rate - c) / (1.0 - c), 0.05)
            par[j, 1] = 1.2 * np.log(above / (1.0 - above))
    if problem.shared_slope:
        par[:, 0] = 1.0
    n_pop = len(problem.free_populations)
    return Parameters(par, np.zeros(n_pop), np.ones(n_pop))


def maximise(problem: Problem, counts: Floats, par: Floats, passes: int = 3) -> Floats:
    """M-step for the items."""
    out = par.copy()
    if problem.shared_slope:
        for _ in range(passes):
            if _shared_slope_step(problem, counts, out) < 1e-7:
                break
    else:
        maximise_items(
            problem.kind, out, problem.n_categories, counts, problem.theta, problem.prior, problem.fixed,
            passes, 1e-7,
        )  # fmt: skip
    return out


def _shared_slope_step(problem: Problem, counts: Floats, par: Floats) -> float:
    """One joint Newton step for all intercepts and the common slope (block elimination)."""
    n_items, width = par.shape
    grad, hess = np.zeros((n_items, width)), np.zeros((n_items, width, width))
    all_gradients(problem.kind, par, problem.n_categories, counts, problem.theta, problem.prior, grad, hess)
    idle = ~problem.used | problem.fixed
    idle[:, 0] = False
    grad[idle] = 0.0
    hess[idle[:, :, None] | idle[:, None, :]] = 0.0
    rows, cols = np.nonzero(idle)
    hess[rows, cols, cols] = 1.0
    lower, cross = hess[:, 1:, 1:], hess[:, 1:, :1]
    both = np.linalg.solve(lower, np.concatenate([cross, grad[:, 1:, None]], axis=2))
    schur = float(hess[:, 0, 0].sum() - np.einsum("jk,jk->", cross[:, :, 0], both[:, :, 0]))
    reduced = float(grad[:, 0].sum() - np.einsum("jk,jk->", cross[:, :, 0], both[:, :, 1]))
    slope = 0.0 if problem.fixed[0, 0] else reduced / schur
    step = both[:, :, 1] - slope * both[:, :, 0]
    size = max(abs(slope), float(np.abs(step).max()))
    scale = min(1.0, 1.0 / size) if size > 0 else 1.0
    par[:, 0] += scale * slope
    par[:, 1:] += scale * step
    return size


def population_moments(problem: Problem, nodes: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """M-step for the free populations: moments of their expected node counts."""
    new_mean, new_sd = mean.copy(), sd.copy()
    for h in np.flatnonzero(problem.free_populations):
        total = nodes[h].sum()
        new_mean[h] = nodes[h] @ problem.theta / total
        spread = float(np.sqrt(nodes[h] @ (problem.theta - new_mean[h]) ** 2 / total))
        new_sd[h] = min(max(spread, MIN_SD), MAX_SD)
    return new_mean, new_sd


def fit(
    problem: Problem,
    runner: Runner,
    first: Parameters | None = None,
    tolerance: float = 1e-4,
    max_evaluations: int = 2000,
) -> Fit:
    """Climb to the maximum of the marginal likelihood (times the priors).

    Parameters
    ----------
    tolerance : float
        Distance to the maximum, in the units of the parameters, at which to stop.
    """
    parameters = start(problem, runner) if first is None else first
    used = problem.used
    free = problem.free_populations
    n_items, width = parameters.par.shape
    cut = int(used.sum())
    n_free = int(free.sum())

    def to_vector(p: Parameters) -> Floats:
        return np.concatenate([p.par[used], p.mean[free], np.log(p.sd[free])])

    def to_parameters(x: Floats) -> Parameters:
        par = np.zeros((n_items, width))
        par[used] = x[:cut]
        mean, sd = parameters.mean.copy(), parameters.sd.copy()
        mean[free] = x[cut : cut + n_free]
        sd[free] = np.exp(x[cut + n_free :])
        return Parameters(par, mean, sd)

    def is_feasible(x: Floats) -> bool:
        p = to_parameters(x)
        inside = all(feasible(problem.kind[j], p.par[j], problem.n_categories[j] - 1) for j in range(n_items))
        return inside and bool((p.sd > MIN_SD).all() and (p.sd < MAX_SD).all() and (abs(p.mean) < 4).all())

    last: list[Statistics] = []

    def step(x: Floats) -> tuple[Floats, float]:
        p = to_parameters(x)
        s = runner.total(node_model(problem, p, runner.n))
        last[:] = [s]
        par = maximise(problem, s.counts, p.par)
        mean, sd = population_moments(problem, s.nodes, p.mean, p.sd)
        value = s.loglik + log_prior_sum(problem.kind, p.par, problem.n_categories, problem.prior)
        return to_vector(Parameters(par, mean, sd)), value

    point = climb(
        step,
        to_vector(parameters),
        feasible=is_feasible,
        tolerance=tolerance,
        max_evaluations=max_evaluations,
    )
    final = to_parameters(point.x)
    s = runner.total(node_model(problem, final, runner.n))
    objective = s.loglik + log_prior_sum(problem.kind, final.par, problem.n_categories, problem.prior)
    return Fit(final, s.loglik, objective, s, point.evaluations + 1, point.converged)
