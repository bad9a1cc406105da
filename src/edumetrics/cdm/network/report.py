"""Owns what is read off a fitted network: bounds of mastery, errors of parameters, pairs of items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from edumetrics.cdm import em
from edumetrics.cdm.ends import Ends, ends_of
from edumetrics.cdm.network.ability import LINE, NODES, WEIGHTS, at_nodes, feasible, prior_of
from edumetrics.cdm.network.expectation import (
    CELLS,
    Parameters,
    Part,
    Upward,
    downward,
    parts_of,
    priors,
    shared_by_pupils,
    states_of_pupils,
    upward,
)
from edumetrics.cdm.network.messages import weighted
from edumetrics.cdm.network.structure import Network
from edumetrics.cdm.network.told import Literal
from edumetrics.cdm.settings import Settings
from edumetrics.cdm.uncertainty import draw_parameters, inverted, item_scores, prior_information
from edumetrics.results import FloatArray

STEP = 1e-4  # of a logit, in a difference quotient


def covariance_and_ends(
    net: Network,
    problem: em.Problem,
    parameters: Parameters,
    parts: Sequence[Part],
    categories: NDArray[np.int16],
) -> tuple[FloatArray, Ends]:
    """How well parameters are known, and what it would cost to move each group of an item to its ends.

    The covariance (P + 2K, P + 2K) is that of the free probabilities, then of the logits of each point below
    and above. ``categories`` (N, J) are those of all parts, in their order.
    """
    prior = priors(net, parameters.chance)
    weights = _score_weights(net, at_nodes(parameters.chance))
    first = 0
    total: FloatArray | float = 0.0
    ends = Ends.nothing(problem)
    for part in parts:
        up = upward(net, part, parameters.probability, prior)
        mine = categories[first : first + part.n]
        first += part.n
        in_groups = list(_in_groups(net, problem, part, up))
        items = item_scores(problem, parameters.probability, mine, in_groups)
        ends += ends_of(problem, parameters.probability, mine, in_groups)
        points = np.zeros((part.n, 2, net.n_points))
        for c, run, shared in shared_by_pupils(net, part, up):
            own = net.points[c].points
            out = np.empty((len(shared), len(weights[c])))
            towards = net.tree.cliques[c].towards
            weighted(up.values[c], part.pattern[c][run], shared, towards, weights[c], out)
            points[run, :, own] = out.reshape(len(out), 2, len(own))
        score = np.hstack([items, points.reshape(part.n, 2 * net.n_points)])
        total = total + score.T @ score
    squares = np.array(total)
    of_priors = prior_information(problem, parameters.probability, len(squares))
    first = len(squares) - 2 * net.n_points
    logits = logit(parameters.chance)
    for k in range(net.n_points):
        rows = [first + k, first + net.n_points + k]
        of_priors[np.ix_(rows, rows)] += prior_of(logits[0, k], logits[1, k])[2]
    return inverted(squares, of_priors, len(categories)), ends


def _in_groups(net: Network, problem: em.Problem, part: Part, up: Upward) -> Iterator[FloatArray]:
    """For each item the posterior (n, G_j) of its groups."""
    state = states_of_pupils(net, part, up)
    home = {int(j): (c, i) for c, here in enumerate(net.items) for i, j in enumerate(here.items)}
    for j, n_groups in enumerate(problem.n_groups):
        c, i = home[j]
        yield state[c] @ (net.items[c].group[i][:, None] == np.arange(n_groups))


def _score_weights(net: Network, at: FloatArray) -> list[FloatArray]:
    """For each clique what (2P, Q, S) a pupil in a state adds to the scores of its points' logits."""
    out = []
    for here in net.points:
        chance = at[here.points][:, :, None]  # (P, Q, 1)
        surprise = here.free[:, None, :] * (here.has[:, None, :] - chance)
        both = LINE[:, None, :, None] * surprise[None]
        out.append(np.ascontiguousarray(both.reshape(2 * len(surprise), *surprise.shape[1:])))
    return out


def network_bounds(
    net: Network,
    sure: Sequence[Literal | None],
    lack: Sequence[Literal | None],
    problem: em.Problem,
    parameters: Parameters,
    cov: FloatArray,
    categories: NDArray[np.int16],
    settings: Settings,
) -> Iterator[tuple[slice, FloatArray]]:
    """Chances (1 + draws, 2, n, K) that runs of pupils surely have a point, and do not surely lack it.

    ``net`` holds the statements that ``sure`` and ``lack`` speak of. Compare `report.class_bounds`.
    """
    rng = np.random.default_rng(settings.seed + 1)
    logits = logit(parameters.chance).ravel()
    drawn = draw_parameters(problem, parameters.probability, logits, cov, rng, settings.draws)
    models = [(parameters.probability, priors(net, parameters.chance))]
    for probability, further in drawn:
        chance = expit(further).reshape(2, -1)
        feasible(chance)
        models.append((probability, priors(net, chance)))
    chunk = max(CELLS // (2 * net.n_points * len(models)), 64)
    runs = [categories[at : at + chunk] for at in range(0, len(categories), chunk)]
    at = 0
    for part in (part for run in runs for part in parts_of(net, run)):
        run = slice(at, at + part.n)
        at += part.n
        bounds = np.empty((len(models), 2, part.n, net.n_points))
        for d, (probability, prior) in enumerate(models):
            state = states_of_pupils(net, part, upward(net, part, probability, prior))
            for k in range(net.n_points):
                bounds[d, 0, :, k] = _chance_of(net, state, sure[k])
                bounds[d, 1, :, k] = 1.0 - _chance_of(net, state, lack[k])
        yield run, np.clip(bounds, 0.0, 1.0)


def share_errors(
    net: Network,
    sure: Sequence[Literal | None],
    lack: Sequence[Literal | None],
    parameters: Parameters,
    cov: FloatArray,
) -> FloatArray:
    """Standard errors (2, K) of the shares of a population that surely have, surely lack a point.

    ``cov`` (2K, 2K) is that of the logits of each point below and above.
    """
    (nobody,) = parts_of(net, np.full((1, len(parameters.probability)), -1, dtype=np.int16))

    def shares(logits: FloatArray) -> FloatArray:
        prior = priors(net, expit(logits).reshape(2, -1))
        state = states_of_pupils(net, nobody, upward(net, nobody, parameters.probability, prior))
        said = [[_chance_of(net, state, one) for one in ones] for ones in (sure, lack)]
        return np.array([[float(np.sum(one)) for one in row] for row in said])

    at = logit(parameters.chance).ravel()
    slope = np.stack(
        [(shares(at + step) - shares(at - step)) / (2.0 * STEP) for step in STEP * np.eye(len(at))], axis=2
    )
    return np.asarray(np.sqrt(np.maximum(np.einsum("skf,fg,skg->sk", slope, cov, slope), 0.0)))


def _chance_of(net: Network, state: Sequence[FloatArray], literal: Literal | None) -> FloatArray | float:
    if literal is None:
        return 0.0
    variable, meant = literal
    home = net.tree.home(variable)
    return np.asarray(state[home] @ (net.tree.cliques[home].has(variable) == meant))


def expected_covariance(net: Network, parameters: Parameters, worth: FloatArray) -> FloatArray:
    """Covariance (J, J) of the shares reached on each two items, as the model expects it.

    Given ability, items of different components are independent; within one, the share on an item is
    handed through the tree as if it were the chance of an answer.
    """
    share = np.einsum("jgm,jm->jg", parameters.probability, worth)
    n_items = len(share)
    prior = priors(net, parameters.chance)
    (nobody,) = parts_of(net, np.full((1, n_items), -1, dtype=np.int16))

    def expected(prior: Sequence[FloatArray]) -> tuple[list[FloatArray], float]:
        up = upward(net, nobody, parameters.probability, prior)
        return [one[0] for one in downward(net, nobody, up)], float(np.exp(up.loglik[0]))

    mean = np.zeros((n_items, len(NODES)))  # given ability
    states, _ = expected(prior)
    for c, here in enumerate(net.items):
        for i, j in enumerate(here.items):
            mean[j] = states[c] @ share[j, here.group[i]] / WEIGHTS
    grand = mean @ WEIGHTS
    out = (mean * WEIGHTS) @ mean.T - np.outer(grand, grand)
    component = net.tree.components
    for c, here in enumerate(net.items):
        for i, j in enumerate(here.items):
            tilted = list(prior)
            tilted[c] = prior[c] * share[j, here.group[i]]
            states, reached = expected(tilted)
            for d in np.flatnonzero(np.array(component) == component[c]):
                state = states[d].sum(axis=0) * reached
                for h, other in enumerate(net.items[d].items):
                    out[j, other] = state @ share[other, net.items[d].group[h]] - grand[j] * grand[other]
    return out
