"""What the climb goes by: slopes against differences, sleepers woken, steps that fail taken back."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, em
from edumetrics.cdm.acceleration import climb
from edumetrics.cdm.expectation import expect, fold, parts
from edumetrics.cdm.maximisation import log_prior, maximise, uphill, uphill_weights
from edumetrics.cdm.network import ability
from edumetrics.cdm.preparation import make_problem
from edumetrics.irt.coding import learn_coding
from edumetrics.runners.packing import make_layout, pack

Q = np.array([[1, 0], [0, 1], [1, 1], [1, 0], [0, 1], [1, 1], [1, 0], [0, 1]], bool)


def exam(seed, model="gdina", prior=True, levels=1, n=400):
    """A problem of marks 0 … ``levels`` for pupils of all four states."""
    rng = np.random.default_rng(seed)
    has = rng.random((n, 2)) < 0.5
    share = (has @ Q.T) / Q.sum(axis=1)
    marks = rng.binomial(levels, 0.15 + 0.65 * share).astype(float)
    coded = learn_coding(response_matrix(marks, float(levels)))
    problem = make_problem(
        class_space(Q, model), coded.coding, model, Settings(prior=prior, monotone=False), n
    )
    cats = coded.categories
    return problem, fold(pack(cats, make_layout(coded.coding.n_categories, np.zeros(len(Q), bool))))


def objective(problem, patterns, probability, weight):
    counts, class_counts = np.zeros_like(problem.pseudo), np.zeros(len(weight))
    loglik = expect(
        patterns.arrays, problem.group, problem.n_groups, probability, weight, counts, class_counts
    )
    return loglik + log_prior(problem.rules, probability, weight), counts, class_counts


@pytest.mark.parametrize("levels", [1, 3])
@pytest.mark.parametrize("prior", [True, False])
def test_slopes_by_the_roots_are_differences_of_the_objective(levels, prior):
    problem, patterns = exam(1, prior=prior, levels=levels)
    rng = np.random.default_rng(2)
    probability = np.where(problem.used, rng.uniform(0.2, 1.0, problem.pseudo.shape), 0.0)
    probability /= np.maximum(probability.sum(axis=2, keepdims=True), 1e-300)
    weight = rng.dirichlet(np.full(problem.group.shape[1], 3.0))
    _, counts, class_counts = objective(problem, patterns, probability, weight)
    image, image_weight = np.zeros_like(probability), np.zeros_like(weight)
    maximise(problem.rules, counts, class_counts, probability, image, image_weight)
    gradient, curvature = np.zeros(probability.size), np.zeros(probability.size)
    uphill(problem.rules, counts, probability, image, gradient, curvature)
    by_weight = np.zeros(len(weight))
    uphill_weights(problem.rules, class_counts, weight, image_weight, by_weight, np.zeros(len(weight)))

    def moved(block, place, step):
        roots = np.sqrt(block)
        roots[place] += step
        return roots**2 / (roots**2).sum()

    for j, g, k in np.argwhere(problem.used)[::3]:
        ends = []
        for step in (1e-5, -1e-5):
            there = probability.copy()
            there[j, g] = moved(probability[j, g], k, step)
            ends.append(objective(problem, patterns, there, weight)[0])
        at = np.ravel_multi_index((j, g, k), probability.shape)
        assert gradient[at] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-3)
    for c in range(len(weight)):
        ends = [objective(problem, patterns, probability, moved(weight, c, s))[0] for s in (1e-5, -1e-5)]
        assert by_weight[c] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-3)
    assert (curvature.reshape(probability.shape)[problem.used] > 0).all()


def test_slopes_of_points_given_ability_are_differences_too():
    rng = np.random.default_rng(3)
    free = rng.uniform(1.0, 20.0, (2, len(ability.NODES)))
    having = free * rng.uniform(0.2, 0.8, free.shape)
    chance = np.array([[0.2, 0.35], [0.7, 0.6]])
    gradient, curvature = np.zeros(4), np.zeros(4)
    ability.uphill(having, free, ability.LINE, chance, gradient, curvature)

    def value(roots):
        p = (roots**2).reshape(chance.shape)
        at = ability.at_nodes(p)
        return (having * np.log(at) + (free - having) * np.log1p(-at)).sum() + ability.log_prior(p)

    for place in range(4):
        step = 1e-5 * (np.arange(4) == place)
        difference = (value(np.sqrt(chance.ravel()) + step) - value(np.sqrt(chance.ravel()) - step)) / 2e-5
        assert gradient[place] == pytest.approx(difference, rel=1e-5)
    assert (curvature > 0).all()


def mixture(share, n=1000):
    """Climb of the weights of two classes; ``share`` of the pupils are twice as likely in the second."""

    def step(x, image, gradient, curvature):
        ratio, pupils = np.array([2.0, 0.5]), n * np.array([share, 1.0 - share])
        mixed = x[0] + x[1] * ratio
        image[:] = x * np.array([pupils @ (1.0 / mixed), pupils @ (ratio / mixed)]) / n
        gradient[:] = 2.0 * n * (image - x) / np.sqrt(x)
        curvature[:] = 4.0 * n
        return float(pupils @ np.log(mixed))

    return step


def normalise(x):
    x /= x.sum()


def test_a_class_asleep_that_should_hold_one_in_ten_is_woken():
    """By the root of a weight of 1e−9 the likelihood is flat, though EM would raise it by 5 % a step."""
    start = np.array([1.0 - 1e-9, 1e-9])
    at, evaluations, converged = climb(mixture(1.1 / 3.0), normalise, start, 1e-5, 200)
    assert converged
    assert at[1] == pytest.approx(0.1, abs=1e-3)
    assert evaluations < 60


def test_a_class_that_should_be_empty_stays_asleep():
    at, evaluations, converged = climb(mixture(0.99 / 3.0), normalise, np.array([0.5, 0.5]), 1e-5, 200)
    assert converged
    assert at[1] < 1e-4
    assert evaluations < 60


def test_a_step_over_the_edge_is_taken_back():
    """A long even slope that ends in a cliff: the moves so far say nothing of it."""
    seen = []

    def step(x, image, gradient, curvature):
        off = 30.0 * float(x[0] - 0.3)
        image[:] = x + 0.5 * (np.array([0.3, 0.7]) - x)
        slope = -30.0 * np.expm1(off)
        gradient[:] = slope * 2.0 * np.sqrt(x) * np.array([1.0 - x[0], -x[0]])
        curvature[:] = 40.0
        seen.append(off - np.expm1(off))
        return seen[-1]

    at, evaluations, converged = climb(step, normalise, np.array([0.02, 0.98]), 1e-6, 100)
    assert converged
    assert evaluations == len(seen)
    assert min(np.diff(seen)) < -0.1  # some step did go too far
    assert at[0] == pytest.approx(0.3, abs=1e-3)


def test_a_climb_that_may_not_finish_says_so_and_stands_on_a_step_of_em():
    problem, patterns = exam(5, prior=False)
    first = em.start(problem, np.full((len(Q), 2), 0.5), np.random.default_rng(1))
    short = em.fit(problem, patterns, first, 1e-9, 4)
    assert not short.converged
    rest = em.fit(problem, patterns, short.parameters, 1e-9)
    assert rest.converged
    assert rest.objective >= short.objective
    probability, weight = parts(
        problem.rules, np.concatenate([rest.parameters.probability.ravel(), rest.parameters.weight])
    )
    assert weight.sum() == pytest.approx(1.0)
    assert probability[problem.used].min() > 0
