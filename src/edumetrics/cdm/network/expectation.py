"""Owns the E-step on a network of points: answers of a shard to expected pupils and log-likelihood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.maximisation import FLOOR
from edumetrics.cdm.network import messages
from edumetrics.cdm.network.ability import NODES, WEIGHTS, at_nodes
from edumetrics.cdm.network.structure import Network
from edumetrics.results import FloatArray, IntArray
from edumetrics.runners.stats import Summed

CELLS = 4_000_000  # patterns × abilities × states held at once: 32 MB
PUPILS = 16_384  # of one part: what is known of each of them is held at once too
RUN = 256  # pupils whose own chances are computed at once: they stay in a core's cache


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """``probability`` (J, G, M) of each category in each group; ``chance`` (2, K) of each point."""

    probability: FloatArray
    chance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Answers of some pupils; entries of the tuples are per clique.

    Attributes
    ----------
    categories : tuple of (U, m) int16
        Patterns of answers to the clique's items.
    places : tuple of tuples of (U,) int
        The pattern of each child that goes with each pattern.
    pattern : tuple of (N,) int
        The pattern of each pupil.
    """

    categories: tuple[NDArray[np.int16], ...]
    places: tuple[tuple[IntArray, ...], ...]
    pattern: tuple[IntArray, ...]

    @property
    def n(self) -> int:
        """Number of pupils."""
        return len(self.pattern[0])

    def cells(self, net: Network) -> int:
        """Numbers that one look at these answers goes through."""
        states = (one.n_states for one in net.tree.cliques)
        return len(NODES) * sum(len(u) * s for u, s in zip(self.categories, states, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Statistics(Summed):
    """What the M-step needs of a shard; sums of shards are those of all.

    Attributes
    ----------
    counts : (J, G, M) float
        Expected pupils per item, group and category.
    having, free : (K, Q) float
        Expected pupils at each ability who have the point, and who have all that it presupposes.
    loglik : float
    n : int
    """

    counts: FloatArray
    having: FloatArray
    free: FloatArray
    loglik: float
    n: int


def parts_of(net: Network, categories: NDArray[np.int16]) -> list[Part]:
    """Answers (N, J) as parts that fit into memory; equal patterns below a clique are one."""
    if len(categories) <= PUPILS:
        part = _part(net, categories)
        if part.cells(net) <= CELLS or len(categories) == 1:
            return [part]
    half = len(categories) // 2
    return [*parts_of(net, categories[:half]), *parts_of(net, categories[half:])]


def _part(net: Network, categories: NDArray[np.int16]) -> Part:
    pattern: list[IntArray] = []
    seen: list[NDArray[np.int16]] = []
    places: list[tuple[IntArray, ...]] = []
    for c, clique in enumerate(net.tree.cliques):
        mine = categories[:, net.items[c].items]
        code = np.zeros(len(categories), dtype=np.int64)
        for column in [*mine.T.astype(np.int64) + 1, *(pattern[d] for d in clique.children)]:
            code = np.unique(code * (int(column.max()) + 1) + column, return_inverse=True)[1]
        _, first, code = np.unique(code, return_index=True, return_inverse=True)
        pattern.append(code)
        seen.append(np.ascontiguousarray(mine[first]))
        places.append(tuple(pattern[d][first] for d in clique.children))
    return Part(tuple(seen), tuple(places), tuple(pattern))


def priors(net: Network, chance: FloatArray) -> list[FloatArray]:
    """Chance (Q, S) of the states of each clique, as far as it is multiplied in there."""
    p = at_nodes(chance)
    out = []
    for here in net.points:
        prior = np.repeat(here.truth[None, :], len(NODES), axis=0)
        for k, has, free in zip(here.points, here.has, here.free, strict=True):
            with_it, without = p[k][:, None], 1.0 - p[k][:, None]
            prior *= np.where(free, np.where(has, with_it, without), np.where(has, 0.0, 1.0))
        out.append(prior)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Upward:
    """After the sums up the tree.

    Attributes
    ----------
    values : list of (U, Q, S), per clique
        Share of each state in what it and its children hand up.
    by_root : (ΣU, Q) float
        Pupils per pattern of each root and ability, one root after another.
    ability : (N, Q) float
        Posterior of each pupil.
    loglik : (N,) float
    """

    values: list[FloatArray]
    by_root: FloatArray
    ability: FloatArray
    loglik: FloatArray


def upward(net: Network, part: Part, probability: FloatArray, prior: Sequence[FloatArray]) -> Upward:
    """Sums up the tree, and what they say of each pupil's ability; ``prior`` as `priors` gives it."""
    cliques, probability = net.tree.cliques, np.maximum(probability, FLOOR)
    values: list[FloatArray] = []
    message: list[FloatArray] = []
    scale: list[FloatArray] = []
    for c, clique in enumerate(cliques):
        n = len(part.categories[c])
        value, log = np.empty((n, len(NODES), clique.n_states)), np.empty(n)
        items = net.items[c]
        messages.fill(value, log, part.categories[c], items.items, items.group, probability, prior[c])
        for d, place, towards in zip(clique.children, part.places[c], clique.from_children, strict=True):
            messages.take_in(value, log, place, message[d], scale[d], towards)
        up = np.empty((n, len(NODES), 1 << len(clique.shared)))
        messages.hand_up(value, log, clique.towards, up)
        values.append(value)
        message.append(up)
        scale.append(log)
    roots = net.tree.roots
    tops = np.concatenate([message[c][:, :, 0] for c in roots])
    logs = np.concatenate([scale[c] for c in roots])
    first = np.cumsum([0, *(len(scale[c]) for c in roots)])
    rows = np.stack([part.pattern[c] + first[r] for r, c in enumerate(roots)], axis=1)
    ability, by_root = np.empty((part.n, len(NODES))), np.zeros_like(tops)
    loglik = messages.at_ability(rows, tops, logs, WEIGHTS, ability, by_root)
    return Upward(values, by_root, ability, loglik)


def downward(net: Network, part: Part, up: Upward) -> list[FloatArray]:
    """Expected pupils (U, Q, S) in every state of every clique; overwrites the values of ``up``."""
    cliques = net.tree.cliques
    expected = [
        np.zeros((len(v), len(NODES), 1 << len(k.shared))) for v, k in zip(up.values, cliques, strict=True)
    ]
    at = 0
    for c in net.tree.roots:
        expected[c][:, :, 0] = up.by_root[at : at + len(expected[c])]
        at += len(expected[c])
    for c in range(len(cliques) - 1, -1, -1):
        messages.hand_down(up.values[c], expected[c], cliques[c].towards)
        for d, place, towards in zip(
            cliques[c].children, part.places[c], cliques[c].from_children, strict=True
        ):
            messages.tell(up.values[c], place, towards, expected[d])
    return up.values


def shared_by_pupils(net: Network, part: Part, up: Upward) -> Iterator[tuple[int, slice, FloatArray]]:
    """Each clique, parents first, with chances (n, Q, T) of ability and shared state of a run of pupils."""
    cliques = net.tree.cliques
    for at in range(0, part.n, RUN):
        run = slice(at, min(at + RUN, part.n))
        waiting = {c: np.ascontiguousarray(up.ability[run, :, None]) for c in net.tree.roots}
        for c in range(len(cliques) - 1, -1, -1):
            shared = waiting.pop(c)
            yield c, run, shared
            for d, towards in zip(cliques[c].children, cliques[c].from_children, strict=True):
                below = np.empty((len(shared), len(NODES), 1 << len(cliques[d].shared)))
                messages.of_child(
                    up.values[c], part.pattern[c][run], shared, cliques[c].towards, towards, below
                )
                waiting[d] = below


def states_of_pupils(net: Network, part: Part, up: Upward) -> list[FloatArray]:
    """Each pupil's chances (N, S) of the states of every clique."""
    out = [np.empty((part.n, clique.n_states)) for clique in net.tree.cliques]
    for c, run, shared in shared_by_pupils(net, part, up):
        towards = net.tree.cliques[c].towards
        messages.of_pupils(up.values[c], part.pattern[c][run], shared, towards, out[c][run])
    return out


def statistics(net: Network, part: Part, parameters: Parameters) -> Statistics:
    """Expected counts of one part at given parameters."""
    up = upward(net, part, parameters.probability, priors(net, parameters.chance))
    counts = np.zeros_like(parameters.probability)
    having, free = (np.zeros((net.n_points, len(NODES))) for _ in range(2))
    for c, expected in enumerate(downward(net, part, up)):
        items, here = net.items[c], net.points[c]
        by_ability = np.zeros(expected.shape[1:])
        messages.count(expected, part.categories[c], items.items, items.group, counts, by_ability)
        having[here.points] = (here.has & here.free) @ by_ability.T
        free[here.points] = here.free @ by_ability.T
    return Statistics(counts, having, free, float(up.loglik.sum()), part.n)
