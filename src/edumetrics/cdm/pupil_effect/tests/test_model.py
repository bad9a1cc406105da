"""Class models with a pupil's effect: likelihood, slopes and derivatives against sums and differences."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, em
from edumetrics.cdm.expectation import expect, fold
from edumetrics.cdm.preparation import make_problem, pack_for
from edumetrics.cdm.pupil_effect.climb import SIZE_MEAN, SIZE_SD, TIE_SD, Objective, climb
from edumetrics.cdm.pupil_effect.information import moves_of_nodes, scores_and_products
from edumetrics.cdm.pupil_effect.model import KINDS, effect_model
from edumetrics.cdm.pupil_effect.report import over_nodes
from edumetrics.cdm.uncertainty import Known, places
from edumetrics.irt.coding import learn_coding

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
    patterns = fold(pack_for(24, coded.coding, categories))
    free = places(problem) >= 0
    logits = np.where(free, rng.normal(size=free.shape), 0.0)
    weight = rng.dirichlet(np.ones(4))
    logits = np.concatenate([logits, np.zeros_like(logits[:, :1])], axis=1)
    return problem, patterns, categories, logits, weight, np.array([0.7, -0.4, 1.1, 0.3, 0.5, -0.2, -0.6])


MASS = np.array([0.05, 0.2, 0.35, 0.2, 0.1, 0.1])  # of five values of the effect, and of those away
BREADTH, TIE = np.array([-1.1, -0.1, 0.1, 0.9]), 0.6


def node_shares(model, mass=MASS, tie=TIE):
    """Shares (4, 6) of the nodes in each class."""
    out = mass * np.exp(tie * BREADTH[:, None] * np.append(model.at, 0.0))
    return out / out.sum(axis=1, keepdims=True)


def point(objective, drawn):
    _, _, _, logits, weight, sizes = drawn
    return objective.point(logits, weight, sizes, MASS, TIE)


def test_an_effect_costs_the_sizes_that_there_are(drawn):
    assert effect_model(drawn[0], 5).parameters == 8  # six σ, the level of those away, their share
    right_wrong = replace(drawn[0], n_categories=np.full(6, 2), pseudo=drawn[0].pseudo[:, :, :2])
    assert effect_model(right_wrong, 5).parameters == 5


def test_a_tie_of_any_size_gives_shares(drawn):
    model = effect_model(drawn[0], 5, BREADTH)
    for tie in (0.0, 40.0, 4_000.0):
        shares = model.of_nodes(MASS, tie)
        assert shares.sum(axis=1) == pytest.approx(1.0)
        assert (shares >= 0.0).all()


def test_likelihood_is_the_sum_over_classes_and_effects(drawn):
    problem, patterns, categories, logits, weight, sizes = drawn
    model = effect_model(problem, 5, BREADTH)
    objective, shares = Objective(model, patterns), node_shares(model)
    fit, value, _ = objective.at(point(objective, drawn))
    total = 0.0
    for row in categories:
        chance = 0.0
        for c, d in product(range(4), range(6)):
            here = weight[c] * shares[c, d]
            for j, k in enumerate(row):
                if k < 0:
                    continue
                g, m = problem.group[j, c], problem.n_categories[j]
                kind = 0 if g == 0 else 2 if g == problem.n_groups[j] - 1 else 1
                kind += 3 if m > 2 else 0
                odds = np.exp(sizes[-1] * np.arange(m))
                if d < 5:
                    odds = np.exp(logits[j, g, :m] + sizes[kind] * np.arange(m) * model.at[d])
                here *= odds[k] / odds.sum()
            chance += here
        total += np.log(chance)
    assert fit.loglik == pytest.approx(total, abs=1e-8)
    base = model.chances(logits, np.zeros(KINDS))[:, 2::5][:, :-1]
    prior = (problem.pseudo * np.log(np.where(problem.used, base, 1.0))).sum()
    prior += problem.class_pseudo @ np.log(weight) - 0.5 * (((sizes - SIZE_MEAN) / SIZE_SD) ** 2).sum()
    prior += model.mass_pseudo @ np.log(MASS) - 0.5 * (TIE / TIE_SD) ** 2
    assert value == pytest.approx(total + prior, abs=1e-8)


def test_slopes_agree_with_differences(drawn):
    objective = Objective(effect_model(drawn[0], 5, BREADTH), drawn[1], tied=True)
    at = point(objective, drawn)
    _, _, slope = objective.at(at)
    for i in range(len(at)):
        step = np.where(np.arange(len(at)) == i, 1e-5, 0.0)
        difference = (objective.at(at + step)[1] - objective.at(at - step)[1]) / 2e-5
        assert slope[i] == pytest.approx(difference, rel=1e-5, abs=1e-5)


def test_scores_and_products_are_those_of_each_answer(drawn):
    problem, patterns, categories, _, weight, _ = drawn
    model = effect_model(problem, 5, BREADTH)
    objective = Objective(model, patterns)
    x = point(objective, drawn)
    logits, _, sizes, _, _ = objective.parts(x)
    n_free, joint = objective.n_free, (weight[:, None] * node_shares(model)).ravel()
    chance = model.chances(logits, sizes)
    of_nodes = moves_of_nodes(model, objective.at(x)[0]).reshape(24, 6)
    tilts = np.column_stack([np.repeat(np.eye(4)[:, 1:], 6, axis=0), of_nodes])
    parameters = np.concatenate([logits[objective.place], sizes])

    def chances(y):
        at = np.zeros(logits.shape)
        at[objective.place] = y[:-KINDS]
        return model.chances(at, y[-KINDS:])

    steps = 1e-6 * np.eye(len(parameters))
    slopes = np.array([(chances(parameters + h) - chances(parameters - h)) / 2e-6 for h in steps])
    items = np.arange(6)
    seen, category = categories >= 0, np.maximum(categories, 0)
    group = model.spread.group
    given = np.where(seen[:, :, None], chance[items[:, None], group][items, :, category], 1.0)  # (N, J, C·D)
    post = np.prod(given, axis=1) * joint
    post /= post.sum(axis=1, keepdims=True)
    by = slopes[:, items[:, None], group][:, items, :, category]  # (N, J, P, C·D)
    each = np.where(seen[:, :, None, None], by / given[:, :, None], 0.0)
    away = tilts - joint @ tilts
    score, within, between = scores_and_products(model, em.Parameters(chance, joint), post, categories, tilts)
    cut = n_free + KINDS
    np.testing.assert_allclose(score[:, :cut], np.einsum("njpc,nc->np", each, post), atol=1e-6)
    np.testing.assert_allclose(score[:, cut:], post @ away, atol=1e-12)
    same = np.einsum("njpc,njqc,nc->pq", each, each, post)
    together = each.sum(axis=1)
    both = np.einsum("npc,nqc,nc->pq", together, together, post)
    np.testing.assert_allclose(within[:cut, :cut], same, atol=1e-5)
    np.testing.assert_allclose(between[:cut, :cut], both - same, atol=1e-5)
    np.testing.assert_allclose(
        between[:cut, cut:], np.einsum("npc,nc,cf->pf", together, post, away), atol=1e-5
    )
    np.testing.assert_allclose(between, between.T, atol=1e-9)


def test_moves_of_the_nodes_agree_with_differences(drawn):
    model = effect_model(drawn[0], 5, BREADTH)
    objective = Objective(model, drawn[1])
    moves = moves_of_nodes(model, objective.at(point(objective, drawn))[0])
    assert model.of_nodes(MASS, TIE) == pytest.approx(node_shares(model))
    for i in range(6):
        step = 1e-6 * (np.arange(6) == i)
        up, down = (
            np.log(node_shares(model, MASS * np.exp(np.append(0.0, y[:5])), TIE + y[5]))
            for y in (step, -step)
        )
        np.testing.assert_allclose(moves[:, :, i], (up - down) / 2e-6, atol=1e-6)


def test_means_over_nodes_agree_with_differences(drawn):
    problem, patterns, _, logits, weight, sizes = drawn
    model = effect_model(problem, 5, BREADTH)
    objective = Objective(model, patterns)
    own, n_free = places(problem) >= 0, int((model.place >= 0).sum())
    n_all, tilts = (
        n_free + KINDS + 2 + len(MASS),
        np.array([[1.0, 0.0], [0.2, 1.0], [0.0, -1.0], [-0.5, 0.3]]),
    )

    def means(x):
        at = np.zeros(model.place.shape)
        at[model.place >= 0] = x[:n_free]
        mass = MASS * np.exp(np.append(0.0, x[n_free + KINDS + 2 : -1]))
        tilted = weight * np.exp(tilts @ x[n_free + KINDS : n_free + KINDS + 2])
        sizes = x[n_free : n_free + KINDS]
        where = objective.point(at, tilted / tilted.sum(), sizes, mass / mass.sum(), x[-1])
        fit = objective.at(where)[0]
        chance = model.chances(fit.logits, fit.sizes)
        known = Known(np.eye(n_all), np.zeros((0, 8)))
        return over_nodes(problem, model, fit, chance, known, tilts)

    at = np.concatenate([logits[model.place >= 0], sizes, np.zeros(2 + len(MASS) - 1), [TIE]])
    slopes = np.empty((int(own.sum()), n_all))
    for i in range(n_all):
        step = np.where(np.arange(n_all) == i, 1e-6, 0.0)
        up, down = means(at + step)[0].probability, means(at - step)[0].probability
        slopes[:, i] = ((up - down) / 2e-6)[own]
    mean, known = means(at)
    np.testing.assert_allclose(mean.probability.sum(axis=2)[problem.used[:, :, 0]], 1.0)
    np.testing.assert_allclose(known.of_probabilities, slopes @ slopes.T, atol=1e-7)


def test_without_an_effect_it_is_the_class_model(drawn):
    problem, patterns, _, logits, weight, _ = drawn
    model = effect_model(problem)
    bare = logits[:, :-1]
    parameters = em.Parameters(model.chances(bare, np.zeros(KINDS)), weight)
    answers, chance = patterns.arrays, parameters.probability
    counts, by_class = np.zeros(chance.shape), np.zeros(4)
    expected = expect(answers, problem.group, problem.n_groups, chance, weight, counts, by_class)
    objective = Objective(model, patterns)
    fit, _, slope = objective.at(objective.point(bare, weight, np.zeros(KINDS), np.ones(1)))
    assert fit.loglik == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(fit.class_counts, by_class)
    np.testing.assert_allclose(slope[-KINDS - 2 : -3], 0.0, atol=1e-9)
    best = climb(model, patterns, bare, weight, np.zeros(KINDS))
    free = em.fit(replace(problem, monotone=False), patterns, parameters, 1e-6)
    assert best.loglik == pytest.approx(free.loglik, abs=0.02)
    assert (best.sizes[:-1] == 0.0).all()
