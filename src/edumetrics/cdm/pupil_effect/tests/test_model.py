"""Class models with a pupil's effect: likelihood, slopes and derivatives against sums and differences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, em
from edumetrics.cdm.expectation import fold
from edumetrics.cdm.preparation import make_problem, pack_for
from edumetrics.cdm.pupil_effect.climb import SIZE_SD, Objective, climb
from edumetrics.cdm.pupil_effect.model import KINDS, effect_model
from edumetrics.cdm.uncertainty import places
from edumetrics.irt.coding import learn_coding
from edumetrics.runners.packing import pack

Q = np.array([[1, 0], [0, 1], [1, 1], [1, 0], [0, 1], [1, 1]], dtype=bool)


@pytest.fixture
def drawn():
    """Marks of items of two and three categories, a fifth missing; problem, patterns, a random point."""
    rng = np.random.default_rng(3)
    marks = rng.integers(0, 2, (80, 6)) + (np.arange(6) > 3) * rng.integers(0, 2, (80, 6)).astype(float)
    marks[rng.random(marks.shape) < 0.2] = np.nan
    coded = learn_coding(response_matrix(marks, np.array([1, 1, 1, 1, 2, 2])))
    problem = make_problem(class_space(Q, "gdina"), coded.coding, "gdina", Settings(), 80)
    categories = coded.categories[(coded.categories >= 0).any(axis=1)]
    patterns = fold(pack_for(20, coded.coding, categories))
    free = places(problem) >= 0
    logits = np.where(free, rng.normal(size=free.shape), 0.0)
    weight = rng.dirichlet(np.ones(4))
    return problem, patterns, categories, logits, weight, np.array([0.7, -0.4, 1.1])


def point(logits, weight, sizes, problem):
    return np.concatenate([logits[places(problem) >= 0], np.log(weight), sizes])


def test_likelihood_is_the_sum_over_classes_and_effects(drawn):
    problem, patterns, categories, logits, weight, sizes = drawn
    model = effect_model(problem, 5)
    fit, objective, _ = Objective(model, patterns).at(point(logits, weight, sizes, problem))
    total = 0.0
    for row in categories:
        chance = 0.0
        for c, (eta, mass) in product(range(4), zip(model.at, model.mass, strict=True)):
            here = weight[c] * mass
            for j, k in enumerate(row):
                if k < 0:
                    continue
                g, m = problem.group[j, c], problem.n_categories[j]
                kind = 0 if g == 0 else 2 if g == problem.n_groups[j] - 1 else 1
                odds = np.exp(logits[j, g, :m] + sizes[kind] * np.arange(m) * eta)
                here *= odds[k] / odds.sum()
            chance += here
        total += np.log(chance)
    assert fit.loglik == pytest.approx(total, abs=1e-8)
    base = em.Parameters(model.chances(logits, np.zeros(KINDS))[:, 2::5], weight)
    prior = (problem.pseudo * np.log(np.where(problem.used, base.probability, 1.0))).sum()
    prior += problem.class_pseudo @ np.log(weight) - 0.5 * sizes @ sizes / SIZE_SD**2
    assert objective == pytest.approx(total + prior, abs=1e-8)


def test_slopes_agree_with_differences(drawn):
    problem, patterns, _, logits, weight, sizes = drawn
    objective = Objective(effect_model(problem, 5), patterns)
    at = point(logits, weight, sizes, problem)
    _, _, slope = objective.at(at)
    for i in range(len(at)):
        step = np.where(np.arange(len(at)) == i, 1e-5, 0.0)
        difference = (objective.at(at + step)[1] - objective.at(at - step)[1]) / 2e-5
        assert slope[i] == pytest.approx(difference, rel=1e-5, abs=1e-5)


def test_derivatives_of_chances_agree_with_differences(drawn):
    problem, _, _, logits, _, sizes = drawn
    model = effect_model(problem, 5)
    free, spread = places(problem) >= 0, places(model.spread)
    by, mean = model.turned(model.chances(logits, sizes))

    def chances(x):
        at = np.zeros(free.shape)
        at[free] = x[:-KINDS]
        chance = model.chances(at, x[-KINDS:])
        means = (chance.reshape(*free.shape[:2], 5, -1) * model.mass[:, None]).sum(axis=2)
        return chance[spread >= 0], means[free]

    at = np.concatenate([logits[free], sizes])
    for i in range(len(at)):
        step = np.where(np.arange(len(at)) == i, 1e-6, 0.0)
        up, down = chances(at + step), chances(at - step)
        np.testing.assert_allclose(by[:, i], (up[0] - down[0]) / 2e-6, atol=1e-8)
        np.testing.assert_allclose(mean[:, i], (up[1] - down[1]) / 2e-6, atol=1e-8)


def test_without_an_effect_it_is_the_class_model(drawn):
    problem, patterns, categories, logits, weight, _ = drawn
    model = effect_model(problem, 1)
    x = point(logits, weight, np.zeros(KINDS), problem)
    fit, _, slope = Objective(model, patterns).at(x)
    parameters = em.Parameters(model.chances(logits, np.zeros(KINDS)), weight)
    runner = em.fit(problem, fold(pack(categories, patterns.layout)), parameters, 1e-5, 1)
    assert np.isfinite(runner.loglik)
    assert (slope[-KINDS:] == 0.0).all()
    best = climb(model, patterns, logits, weight, np.zeros(KINDS))
    assert best.loglik > fit.loglik
    assert (best.sizes == 0.0).all()
