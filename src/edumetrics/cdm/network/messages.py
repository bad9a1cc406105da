"""Owns the compiled sums up and down a clique tree, for patterns of answers at every ability.

Up: what the answers below say of the shared variables, scaled per pattern. Down: expected pupils in
every state, or the chances of each pupil.
Arrays over (U patterns, Q abilities, S states of a clique).
"""

from __future__ import annotations

import numba
import numpy as np

NOBODY = 1e-13  # chance of an ability below which a pupil is not looked for there
SMALL = 1e-100  # products are scaled before they can leave the range of a float


@numba.njit(cache=True, nogil=True)
def fill(values, scale, categories, items, group, probability, prior):  # type: ignore[no-untyped-def]
    """Write ``values`` (U, Q, S): chance of the answers to the clique's items times ``prior`` (Q, S).

    ``categories`` (U, m), −1 where missing; ``items`` (m,); ``group`` (m, S) of each state on each item.
    """
    chance = np.empty(values.shape[2])
    for u in range(values.shape[0]):
        chance[:] = 1.0
        scale[u] = 0.0
        for i in range(len(items)):
            k = categories[u, i]
            if k < 0:
                continue
            top = 0.0
            for s in range(len(chance)):
                chance[s] *= probability[items[i], group[i, s], k]
                top = max(top, chance[s])
            if top < SMALL:
                chance /= top
                scale[u] += np.log(top)
        for q in range(values.shape[1]):
            for s in range(len(chance)):
                values[u, q, s] = prior[q, s] * chance[s]


@numba.njit(cache=True, nogil=True)
def take_in(values, scale, place, message, message_scale, towards):  # type: ignore[no-untyped-def]
    """Multiply by a child's message; ``place`` (U,) is the child's pattern, ``towards`` (S,) its state."""
    for u in range(values.shape[0]):
        scale[u] += message_scale[place[u]]
        top = 0.0
        for q in range(values.shape[1]):
            row = message[place[u], q]
            for s in range(values.shape[2]):
                product = values[u, q, s] * row[towards[s]]
                values[u, q, s] = product
                top = product if product > top else top
        if top < SMALL:  # children that contradict one another
            values[u] /= top
            scale[u] += np.log(top)


@numba.njit(cache=True, nogil=True)
def hand_up(values, scale, towards, message):  # type: ignore[no-untyped-def]
    """Write the ``message`` (U, Q, T), sums over what is not shared; values become shares of those sums."""
    inverse = np.empty(message.shape[2])
    for u in range(values.shape[0]):
        top = 0.0
        for q in range(values.shape[1]):
            row, value = message[u, q], values[u, q]
            row[:] = 0.0
            for s in range(len(value)):
                row[towards[s]] += value[s]
            for t in range(len(row)):
                top = max(top, row[t])
                inverse[t] = 1.0 / row[t] if row[t] > 0.0 else 0.0
            for s in range(len(value)):
                value[s] *= inverse[towards[s]]
        scale[u] += np.log(top)
        top = 1.0 / top
        for q in range(values.shape[1]):
            for t in range(message.shape[2]):
                message[u, q, t] *= top


@numba.njit(cache=True, nogil=True)
def at_ability(rows, messages, scale, weight, posterior, by_row):  # type: ignore[no-untyped-def]
    """Write posteriors (N, Q) over ability, add them to ``by_row``; returns log-likelihoods (N,).

    ``rows`` (N, R): each pupil's row of ``messages`` (all patterns of all roots, Q), one per root.
    """
    loglik = np.empty(len(rows))
    for n in range(len(rows)):
        post = posterior[n]
        post[:] = weight
        total = 0.0
        for r in range(rows.shape[1]):
            row = rows[n, r]
            total += scale[row]
            for q in range(len(weight)):
                post[q] *= messages[row, q]
            if r % 8 == 7:
                top = post.max()
                if top < SMALL:
                    post /= top
                    total += np.log(top)
        mass = post.sum()
        post /= mass
        loglik[n] = total + np.log(mass)
        for r in range(rows.shape[1]):
            row = rows[n, r]
            for q in range(len(weight)):
                by_row[row, q] += post[q]
    return loglik


@numba.njit(cache=True, nogil=True)
def hand_down(values, expected, towards):  # type: ignore[no-untyped-def]
    """Turn shares into expected pupils; ``expected`` (U, Q, T) are those in the shared states."""
    for u in range(values.shape[0]):
        for q in range(values.shape[1]):
            row = expected[u, q]
            for s in range(values.shape[2]):
                values[u, q, s] *= row[towards[s]]


@numba.njit(cache=True, nogil=True)
def tell(values, place, towards, expected):  # type: ignore[no-untyped-def]
    """Add expected pupils to a child's shared states ``expected`` (patterns of the child, Q, T)."""
    for u in range(values.shape[0]):
        for q in range(values.shape[1]):
            row = expected[place[u], q]
            for s in range(values.shape[2]):
                row[towards[s]] += values[u, q, s]


@numba.njit(cache=True, nogil=True)
def count(values, categories, items, group, counts, by_ability):  # type: ignore[no-untyped-def]
    """Add expected pupils to ``counts`` (J, G, M) and to ``by_ability`` (Q, S)."""
    state = np.empty(values.shape[2])
    for u in range(values.shape[0]):
        state[:] = 0.0
        for q in range(values.shape[1]):
            for s in range(values.shape[2]):
                state[s] += values[u, q, s]
                by_ability[q, s] += values[u, q, s]
        for i in range(len(items)):
            k = categories[u, i]
            if k >= 0:
                for s in range(len(state)):
                    counts[items[i], group[i, s], k] += state[s]


@numba.njit(cache=True, nogil=True)
def of_pupils(values, pattern, shared, towards, state):  # type: ignore[no-untyped-def]
    """Write each pupil's chances ``state`` (N, S) of the states of a clique.

    ``values`` are shares, ``pattern`` (N,) the pupils' patterns, ``shared`` (N, Q, T) their chances of
    ability and shared state.
    """
    for n in range(len(pattern)):
        state[n] = 0.0
        for q in range(shared.shape[1]):
            value, row = values[pattern[n], q], shared[n, q]
            if row.sum() < NOBODY:
                continue
            for s in range(len(value)):
                state[n, s] += value[s] * row[towards[s]]


@numba.njit(cache=True, nogil=True)
def of_child(values, pattern, shared, towards, from_child, below):  # type: ignore[no-untyped-def]
    """Write each pupil's chances ``below`` (N, Q, T') of ability and what a child shares."""
    for n in range(len(pattern)):
        for q in range(shared.shape[1]):
            value, row, out = values[pattern[n], q], shared[n, q], below[n, q]
            out[:] = 0.0
            if row.sum() < NOBODY:
                continue
            for s in range(len(value)):
                out[from_child[s]] += value[s] * row[towards[s]]


@numba.njit(cache=True, nogil=True)
def weighted(values, pattern, shared, towards, weight, out):  # type: ignore[no-untyped-def]
    """Write sums ``out`` (N, W) of each pupil's chances times ``weight`` (W, Q, S)."""
    for n in range(len(pattern)):
        out[n] = 0.0
        for q in range(shared.shape[1]):
            value, row = values[pattern[n], q], shared[n, q]
            for s in range(len(value)):
                chance = value[s] * row[towards[s]]
                for w in range(len(weight)):
                    out[n, w] += chance * weight[w, q, s]
