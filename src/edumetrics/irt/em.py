"""Owns marginal maximum likelihood: the EM map of a calibration and the point where it rests.

Source: Bock & Aitkin (1981) Psychometrika 46, 443–459; multiple groups: Bock & Zimowski (1997).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from edumetrics.irt.models import GPCM, GRADED, GUESSING, all_probabilities
from edumetrics.irt.mstep import all_feasible, all_gradients, log_prior_sum, maximise_items
from edumetrics.runners.anderson import climb
from edumetrics.runners.by_score import Line
from edumetrics.runners.local import Runner
from edumetrics.runners.packing import Floats, Ints
from edumetrics.runners.stats import NodeModel, Statistics

NODE_BOUND = 6.0  # a standard normal ability lies outside with probability 2e−9
NODES = 48  # spacing 0.26: the sum equals the integral to 1e−8 for posteriors wider than 0.25
MIN_SD, MAX_SD, MAX_MEAN = 0.05, 8.0, 4.0
BY_SCORE_ABOVE = 30_000  # persons above which sorting them by score costs less than their posteriors
GRID_CHECK = 3  # evaluation at which slopes are known well enough to judge the grid


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
    """A maximum, and the problem with the grid on which it was found."""

    problem: Problem
    parameters: Parameters
    loglik: float
    objective: float
    statistics: Statistics
    evaluations: int
    converged: bool


Finer = Callable[[Problem, Parameters], Problem]


def grid(n_nodes: int = NODES, bound: float = NODE_BOUND) -> Floats:
    """Equally spaced nodes from −bound to bound."""
    return np.linspace(-bound, bound, n_nodes)


def log_weights(theta: Floats, mean: Floats, sd: Floats) -> Floats:
    """Log-weights (H, Q) of normal populations on the grid, each summing to one."""
    z = (theta[None, :] - mean[:, None]) / sd[:, None]
    log_w: Floats = -0.5 * z * z
    log_w -= np.logaddexp.reduce(log_w, axis=1, keepdims=True)
    return log_w


def node_model(problem: Problem, parameters: Parameters, persons: int = 0) -> NodeModel:
    """The model at the nodes, as the engine-free step wants it for so many persons."""
    width = int(problem.n_categories.max())
    logp = np.empty((len(problem.kind), width, len(problem.theta)))
    all_probabilities(problem.kind, parameters.par, problem.n_categories, problem.theta, True, logp)
    weights = log_weights(problem.theta, parameters.mean, parameters.sd)
    line = None
    if persons > BY_SCORE_ABOVE and (problem.kind == GPCM).all():
        level = np.zeros((len(logp), width))
        level[:, 1:] = parameters.par[:, 1:width]
        line = Line(parameters.par[:, :1] * np.arange(width), level, problem.theta)
    return NodeModel(logp, weights, line)


def start(problem: Problem, runner: Runner) -> Parameters:
    """Start values from the share of each category, slopes one (a half for many steps)."""
    n_items, width = problem.fixed.shape
    n_cats = int(problem.n_categories.max())
    flat = NodeModel(np.zeros((n_items, n_cats, 1)), np.zeros((len(problem.free_populations), 1)))
    known = np.arange(n_cats)[None, :] < problem.n_categories[:, None]
    count = np.where(known, runner.total(flat).counts[:, :, 0] + 0.5, 0.0)
    share = count / count.sum(axis=1, keepdims=True)
    above = np.cumsum(share[:, ::-1], axis=1)[:, ::-1]  # of each category or a higher one
    inner = np.where(known, above, 0.5)[:, 1:]
    steps = np.where(known, share / share[:, :1], 1.0)[:, 1:]
    cumulative = (problem.kind == GRADED) | (problem.n_categories == 2)
    par = np.zeros((n_items, width))
    par[:, 0] = np.where(cumulative, 1.0, 1.0 / np.sqrt(np.maximum(problem.n_categories - 1, 1)))
    par[:, 1:n_cats] = np.where(cumulative[:, None], 1.2 * np.log(inner / (1.0 - inner)), np.log(steps))
    guess = problem.kind == GUESSING
    if guess.any():
        held = problem.prior[guess, 3:4] > 0
        alpha, beta = np.where(held, problem.prior[guess, 3:5], (2.0, 8.0)).T
        c = alpha / (alpha + beta)
        able = np.maximum((np.clip(share[guess, 1], 0.3, 0.97) - c) / (1.0 - c), 0.05)
        par[guess, 1], par[guess, 2] = 1.2 * np.log(able / (1.0 - able)), np.log(alpha / beta)
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
            passes,
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


def may_rescale(problem: Problem) -> bool:
    """Whether a new scale of ability changes nothing that is held: no prior on it, no fixed item."""
    no_hold = not problem.fixed.any() and not (problem.prior[:, 1:3] > 0).any()
    return no_hold and int((~problem.free_populations).sum()) == 1


def reference_moments(problem: Problem, nodes: Floats) -> tuple[float, float]:
    """Mean and sd of the expected nodes of the reference population; 0 and 1 at a maximum."""
    weight = nodes[np.argmin(problem.free_populations)]
    mean = float(weight @ problem.theta / weight.sum())
    return mean, float(np.sqrt(weight @ (problem.theta - mean) ** 2 / weight.sum()))


def rescale(problem: Problem, nodes: Floats, p: Parameters) -> Parameters:
    """Move the scale of ability so that the reference population is standard normal on it.

    Its expected nodes say how far it drifted from the standard normal to which the model holds it.
    Plain EM takes that back in many small steps, this in one (parameter expansion: Liu, Rubin & Wu
    1998, Biometrika 85, 755).
    """
    mean, sd = reference_moments(problem, nodes)
    slope = p.par[:, :1]
    steps = np.arange(p.par.shape[1]) * np.ones_like(slope)
    steps[problem.kind != GPCM, 1:] = 1.0
    steps[problem.kind == GUESSING, 2:] = 0.0
    par = p.par + np.where(problem.used, steps * slope * mean, 0.0)
    par[:, 0] *= sd
    free = problem.free_populations
    return Parameters(par, np.where(free, (p.mean - mean) / sd, p.mean), np.where(free, p.sd / sd, p.sd))


def fit(
    problem: Problem,
    runner: Runner,
    first: Parameters | None = None,
    tolerance: float = 1e-4,
    max_evaluations: int = 2000,
    finer: Finer | None = None,
) -> Fit:
    """Climb to the maximum of the marginal likelihood (times the priors).

    Parameters
    ----------
    tolerance : float
        Distance to the maximum, in the units of the parameters, at which to stop.
    finer : callable, optional
        Asked for a better grid when the parameters are roughly known, and again at the maximum.
    """
    climber = _Climber(problem, runner, start(problem, runner) if first is None else first, finer)
    x, spent = climber.to_vector(climber.origin), 0
    while True:
        point = climb(
            climber.step,
            x,
            feasible=climber.feasible,
            tolerance=tolerance,
            max_evaluations=max_evaluations - spent,
        )
        x, spent = point.x, spent + point.evaluations
        if spent >= max_evaluations or not (climber.refined(x) or climber.held(tolerance)):
            break
    return Fit(
        climber.problem, climber.to_parameters(x), climber.last.loglik, point.objective, climber.last, spent,
        point.converged,
    )  # fmt: skip


class _Climber:
    """The map of a fit on vectors of free parameters, with what was last seen on the way."""

    last: Statistics

    def __init__(self, problem: Problem, runner: Runner, origin: Parameters, finer: Finer | None) -> None:
        self.problem, self.origin = problem, origin
        self._runner, self._finer = runner, finer
        self._used, self._free = problem.used, problem.free_populations
        self._rescales = may_rescale(problem)
        self._evaluations = 0

    def to_vector(self, p: Parameters) -> Floats:
        return np.concatenate([p.par[self._used], p.mean[self._free], np.log(p.sd[self._free])])

    def to_parameters(self, x: Floats) -> Parameters:
        cut, n_free = int(self._used.sum()), int(self._free.sum())
        par = np.zeros(self._used.shape)
        par[self._used] = x[:cut]
        mean, sd = self.origin.mean.copy(), self.origin.sd.copy()
        mean[self._free] = x[cut : cut + n_free]
        sd[self._free] = np.exp(x[cut + n_free :])
        return Parameters(par, mean, sd)

    def feasible(self, x: Floats) -> bool:
        """Whether a point is inside all bounds."""
        return self._inside(self.to_parameters(x))

    def step(self, x: Floats) -> tuple[Floats, float]:
        """The next point, and the objective at this one."""
        self._evaluations += 1
        if self._evaluations == GRID_CHECK:
            self.refined(x)
        problem, p = self.problem, self.to_parameters(x)
        s = self.last = self._runner.total(node_model(problem, p, self._runner.n))
        mean, sd = population_moments(problem, s.nodes, p.mean, p.sd)
        following = Parameters(maximise(problem, s.counts, p.par), mean, sd)
        if self._rescales:
            scaled = rescale(problem, s.nodes, following)
            following = scaled if self._inside(scaled) else following
        value = s.loglik + log_prior_sum(problem.kind, p.par, problem.n_categories, problem.prior)
        return self.to_vector(following), value

    def refined(self, x: Floats) -> bool:
        """Take a better grid where one is needed for these parameters."""
        before = self.problem
        if self._finer is not None:
            self.problem = self._finer(before, self.to_parameters(x))
        return self.problem is not before

    def held(self, tolerance: float) -> bool:
        """Whether rescaling alone keeps the point where it is; then the climb goes on without."""
        if not self._rescales:
            return False
        mean, sd = reference_moments(self.problem, self.last.nodes)
        self._rescales = max(abs(mean), abs(sd - 1.0)) <= tolerance
        return not self._rescales

    def _inside(self, p: Parameters) -> bool:
        return bool(
            all_feasible(self.problem.kind, p.par, self.problem.n_categories)
            and (p.sd >= MIN_SD).all()
            and (p.sd <= MAX_SD).all()
            and (abs(p.mean) < MAX_MEAN).all()
        )
