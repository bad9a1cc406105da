"""Sums on the clique tree against sums over all states, and against the E-step over classes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space
from edumetrics.cdm.classes import MAX_POINTS_PER_ITEM
from edumetrics.cdm.expectation import expect, fold
from edumetrics.cdm.higher_order import class_of_states
from edumetrics.cdm.network import ability
from edumetrics.cdm.network.expectation import (
    Parameters,
    parts_of,
    priors,
    states_of_pupils,
    statistics,
    upward,
)
from edumetrics.cdm.network.report import covariance_and_ends, expected_covariance
from edumetrics.cdm.network.structure import merged_space, network
from edumetrics.cdm.network.told import told
from edumetrics.cdm.network.tree import MOST_TOGETHER, TooWide, clique_tree
from edumetrics.cdm.preparation import make_problem
from edumetrics.cdm.uncertainty import LEAST_FREEDOM
from edumetrics.irt.coding import learn_coding
from edumetrics.runners.packing import make_layout, pack

MODELS = ("dina", "dino", "gdina")


class Case:
    """A random paper with random parameters, and every permitted state of knowledge written out."""

    def __init__(self, seed, n_items, n_points, model, *, chain=False, n=40, categories=2):
        rng = np.random.default_rng(seed)
        self.model, self.prerequisites = model, [(0, 1), (0, 2)] if chain and n_points > 2 else []
        self.q = rng.random((n_items, n_points)) < 0.35
        self.q[np.arange(n_items), rng.integers(0, n_points, n_items)] = True
        self.q &= np.cumsum(self.q, axis=1) <= MAX_POINTS_PER_ITEM
        marks = rng.integers(0, categories, (n, n_items)).astype(float)
        marks[rng.random(marks.shape) < 0.15] = np.nan
        marks[:categories] = np.arange(categories)[:, None]
        marks[categories : categories + n_items] = np.eye(n_items)  # no two items have the same answers
        matrix = response_matrix(marks, float(categories - 1))
        coded = learn_coding(matrix, min_count=1)
        assert coded.coding.items == matrix.items
        self.categories = coded.categories
        self.space = merged_space(self.q, model, self.prerequisites)
        self.problem = make_problem(self.space, coded.coding, model, Settings(), n)
        shape = self.problem.pseudo.shape
        probability = rng.uniform(0.05, 1.0, shape) * self.problem.used
        probability /= np.maximum(probability.sum(axis=2, keepdims=True), 1e-9)
        chance = np.sort(rng.uniform(0.02, 0.98, (2, n_points)), axis=0)
        ability.feasible(chance)
        self.parameters = Parameters(probability, chance)
        self.net = network(self.space, model, self.prerequisites)
        self.classes = class_space(self.q, model, self.prerequisites)
        self.states, self.class_of = class_of_states(self.classes, model, self.prerequisites)
        self.joint = self._joint()

    def _joint(self):
        """P(state, θ) written out (S, Q)."""
        p = ability.at_nodes(self.parameters.chance)
        out = np.tile(ability.WEIGHTS, (len(self.states), 1))
        for s, state in enumerate(self.states):
            for k, has in enumerate(state):
                if all(state[before] for before, after in self.prerequisites if after == k):
                    out[s] *= p[k] if has else 1.0 - p[k]
        return out

    def likelihood(self, probability):
        """P(answers | state) written out (N, S)."""
        out = np.ones((len(self.categories), len(self.states)))
        for n, row in enumerate(self.categories):
            for j, k in enumerate(row):
                if k >= 0:
                    out[n] *= probability[j, self.classes.group[j, self.class_of], k]
        return out


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_items=st.integers(2, 9),
    n_points=st.integers(1, 8),
    model=st.sampled_from(MODELS),
    chain=st.booleans(),
    categories=st.sampled_from([2, 3]),
)
def test_likelihood_and_counts_equal_sums_over_all_states(seed, n_items, n_points, model, chain, categories):
    case = Case(seed, n_items, n_points, model, chain=chain, categories=categories)
    (part,) = parts_of(case.net, case.categories)
    got = statistics(case.net, part, case.parameters)
    both = case.likelihood(case.parameters.probability)[:, :, None] * case.joint
    total = both.sum(axis=(1, 2))
    assert got.loglik == pytest.approx(np.log(total).sum(), abs=1e-8)
    post = both / total[:, None, None]
    counts = np.zeros_like(got.counts)
    for n, row in enumerate(case.categories):
        for j, k in enumerate(row):
            if k >= 0:
                np.add.at(counts[j, :, k], case.classes.group[j, case.class_of], post[n].sum(axis=1))
    np.testing.assert_allclose(got.counts, counts, atol=1e-9)
    np.testing.assert_allclose(got.having, np.einsum("nsq,sk->kq", post, case.states), atol=1e-9)
    free = np.ones(case.states.shape)
    for before, after in case.prerequisites:
        free[:, after] *= case.states[:, before]
    np.testing.assert_allclose(got.free, np.einsum("nsq,sk->kq", post, free), atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_likelihood_equals_the_full_class_model_whose_weights_are_those_of_ability(model):
    for seed in range(3):
        case = Case(seed, 9, 6, model)
        weight = np.bincount(case.class_of, weights=case.joint.sum(axis=1), minlength=case.classes.n_classes)
        layout = make_layout(case.problem.n_categories, [True] * len(case.q), 64)
        patterns = fold(pack(case.categories, layout))
        loglik = expect(
            patterns.arrays, case.classes.group, case.problem.n_groups, case.parameters.probability, weight,
            np.zeros_like(case.parameters.probability), np.zeros_like(weight),
        )  # fmt: skip
        (part,) = parts_of(case.net, case.categories)
        assert statistics(case.net, part, case.parameters).loglik == pytest.approx(loglik, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_items=st.integers(2, 6),
    n_points=st.integers(1, 5),
    model=st.sampled_from(MODELS),
    chain=st.booleans(),
)
def test_what_is_surely_had_or_lacked_equals_the_classes(seed, n_items, n_points, model, chain):
    case = Case(seed, n_items, n_points, model, chain=chain, n=12)
    says = told(case.space, model, case.prerequisites)
    for state, c in zip(case.states, case.class_of, strict=True):
        value = [bool(one) for one in state]
        for (own, *others), true_in in says.statements:
            assert own == len(value)
            value.append(bool(true_in[sum(value[one] << i for i, one in enumerate(others))]))
        holds = [
            [one is not None and value[one[0]] == one[1] for one in ones] for ones in (says.sure, says.lack)
        ]
        known = [1 if a else 0 if b else -1 for a, b in zip(*holds, strict=True)]
        assert known == case.classes.known[c].tolist()
    # and pupils' chances of it equal those over classes
    net = network(case.space, model, case.prerequisites, says.statements)
    (part,) = parts_of(net, case.categories)
    at = case.parameters
    state = states_of_pupils(net, part, upward(net, part, at.probability, priors(net, at.chance)))
    post = case.likelihood(at.probability) * case.joint.sum(axis=1)
    post /= post.sum(axis=1, keepdims=True)
    for ones, meant in ((says.sure, 1), (says.lack, 0)):
        for k, one in enumerate(ones):
            expected = post @ (case.classes.known[case.class_of, k] == meant)
            if one is None:
                np.testing.assert_allclose(expected, 0.0, atol=1e-12)
                continue
            home = net.tree.home(one[0])
            got = state[home] @ (net.tree.cliques[home].has(one[0]) == one[1])
            np.testing.assert_allclose(got, expected, atol=1e-10)


@pytest.mark.parametrize("model", MODELS)
def test_scores_are_the_slopes_of_the_likelihood(model):
    """The information is the sum of squares of the pupils' scores, scaled: against finite differences."""
    case = Case(5, 7, 5, model, chain=True, n=30)
    at, problem = case.parameters, case.problem
    got = np.linalg.inv(
        covariance_and_ends(case.net, problem, at, parts_of(case.net, case.categories), case.categories)[0]
    )
    free = [(j, g) for j in range(len(case.q)) for g in range(problem.n_groups[j])]
    step, scores = 1e-5, []

    def loglik(probability, chance):
        (part,) = parts_of(case.net, case.categories)
        return upward(case.net, part, probability, priors(case.net, chance)).loglik

    for j, g in free:
        ends = []
        for sign in (1, -1):
            moved = at.probability.copy()
            moved[j, g] += sign * step * np.array([-1, 1])
            ends.append(loglik(moved, at.chance))
        scores.append((ends[0] - ends[1]) / (2 * step))
    logit = np.log(at.chance / (1 - at.chance))
    for i, k in product(range(2), range(case.q.shape[1])):
        ends = []
        for sign in (1, -1):
            moved = logit.copy()
            moved[i, k] += sign * step
            ends.append(loglik(at.probability, 1 / (1 + np.exp(-moved))))
        scores.append((ends[0] - ends[1]) / (2 * step))
    of_answers = np.array(scores) @ np.array(scores).T
    information = of_answers.copy()
    for row, (j, g) in enumerate(free):
        information[row, row] += (problem.pseudo[j, g, :2] / at.probability[j, g, :2] ** 2).sum()
    for k in range(case.q.shape[1]):
        rows = [len(free) + k, len(free) + case.q.shape[1] + k]
        information[np.ix_(rows, rows)] += ability.prior_of(*logit[:, k])[2]
    # The inverse of few squares is too large by as many parameters as the answers tell.
    told = np.trace(of_answers @ np.linalg.inv(information))
    information += of_answers * (30 / max(30 - told - 1, LEAST_FREEDOM * 30) - 1)
    np.testing.assert_allclose(got, information, rtol=1e-3, atol=1e-3 * np.abs(information).max())


@pytest.mark.parametrize("model", MODELS)
def test_expected_covariances_of_items_equal_sums_over_all_states(model):
    case = Case(8, 9, 7, model, chain=True)
    share = case.parameters.probability[:, :, 1]
    reached = np.array([share[j, case.classes.group[j, case.class_of]] for j in range(len(case.q))])
    weight = case.joint.sum(axis=1)
    mean = reached @ weight
    expected = (reached * weight) @ reached.T - np.outer(mean, mean)
    got = expected_covariance(case.net, case.parameters, np.tile([0.0, 1.0], (len(case.q), 1)))
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_parts_of_any_number_give_the_same_statistics():
    case = Case(11, 9, 7, "gdina", n=60)
    found = []
    for number in (1, 2, 7):
        total = None
        for rows in np.array_split(np.arange(60), number):
            for part in parts_of(case.net, case.categories[rows]):
                one = statistics(case.net, part, case.parameters)
                total = one if total is None else total + one
        found.append(total)
    for other in found[1:]:
        assert other.n == 60
        assert other.loglik == pytest.approx(found[0].loglik, abs=1e-9)
        for name in ("counts", "having", "free"):
            np.testing.assert_allclose(getattr(other, name), getattr(found[0], name), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n_variables=st.integers(1, 14), n_scopes=st.integers(0, 16))
def test_every_scope_has_a_home_and_what_is_shared_hangs_together(seed, n_variables, n_scopes):
    rng = np.random.default_rng(seed)
    scopes = [
        tuple(rng.choice(n_variables, size=rng.integers(1, min(4, n_variables) + 1), replace=False).tolist())
        for _ in range(n_scopes)
    ]
    tree = clique_tree(n_variables, scopes)
    factors = [f for one in tree.cliques for f in one.factors]
    assert sorted(factors) == list(range(n_scopes))
    for one in tree.cliques:
        assert all(set(scopes[f]) <= set(one.variables) for f in one.factors)
    for v in range(n_variables):
        holding = [c for c, one in enumerate(tree.cliques) if v in one.variables]
        tops = [c for c in holding if v not in tree.cliques[c].shared]
        assert len(tops) == 1  # its cliques are one connected piece
    below = [d for one in tree.cliques for d in one.children]
    assert sorted([*below, *tree.roots]) == list(range(len(tree.cliques)))


def test_points_that_all_hang_together_are_named():
    pairs = [(a, b) for a in range(20) for b in range(a)]
    with pytest.raises(TooWide) as caught:
        clique_tree(20, pairs)
    assert len(caught.value.variables) > MOST_TOGETHER
