"""Draws from the posterior of a class model against sums over everything that pupils may master."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import gammaln

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, em
from edumetrics.cdm.gibbs import draw
from edumetrics.cdm.preparation import make_problem
from edumetrics.irt.coding import learn_coding

SETTINGS = Settings(prior=False)  # with priors chances would seldom fall
PRIOR = np.array([0.3, 0.8])


def small(full, monotone):
    """Nine pupils, three items of one point, an answer missing: the problem and categories (9, 3)."""
    rng = np.random.default_rng(2)
    has = np.arange(9) < 4
    marks = rng.binomial(full, np.where(has, 0.75, 0.35)[:, None], (9, 3)).astype(float)
    marks[0] = full
    marks[8], marks[7, 1] = 0.0, np.nan
    coded = learn_coding(response_matrix(marks, float(full)))
    problem = make_problem(class_space(np.ones((3, 1), bool)), coded.coding, "gdina", SETTINGS, 9)
    return replace(problem, monotone=monotone), coded.categories


def exactly(problem, categories, rng):
    """Mean chances (J, 2, M) and weights (2,), summed over all classes that nine pupils may be in.

    Given the classes, chances are Dirichlet; those that fall are left out of draws from it.
    """
    n, n_items = categories.shape
    most = problem.pseudo.shape[2]
    logs, chances, weights = [], [], []
    for state in product((0, 1), repeat=n):
        group = np.array(state)
        size = PRIOR + np.bincount(group, minlength=2)
        log = gammaln(size).sum()
        chance, kept = np.zeros((n_items, 2, most)), 1.0
        for j in range(n_items):
            m = int(problem.n_categories[j])
            counts = problem.pseudo[j, :2, :m] + 1.0
            for i in range(n):
                if categories[i, j] >= 0:
                    counts[group[i], categories[i, j]] += 1.0
            log += gammaln(counts).sum() - gammaln(counts.sum(axis=1)).sum()
            if not problem.monotone:
                chance[j, :, :m] = counts / counts.sum(axis=1, keepdims=True)
                continue
            drawn = np.stack([rng.dirichlet(row, 300) for row in counts], axis=1)
            above = np.cumsum(drawn[:, :, ::-1], axis=2)[:, :, :-1]
            rising = (above[:, 1] >= above[:, 0]).all(axis=1)
            kept *= max(rising.mean(), 1e-9)
            chance[j, :, :m] = drawn[rising].mean(axis=0) if rising.any() else 0.0
        logs.append(log + np.log(kept))
        chances.append(chance)
        weights.append(size / size.sum())
    share = np.exp(np.array(logs) - max(logs))
    share /= share.sum()
    return np.tensordot(share, np.array(chances), 1), share @ np.array(weights)


@pytest.mark.parametrize(("full", "monotone"), [(1, False), (1, True), (2, True)])
def test_means_are_those_of_the_sum_over_all_classes(full, monotone):
    problem, categories = small(full, monotone)
    rng = np.random.default_rng(3)
    first = em.start(problem, np.full(problem.pseudo[:, 0].shape, 0.5))
    draws = draw(problem, first, categories, PRIOR, rng, 100_000, 40_000)
    chance, weight = exactly(problem, categories, np.random.default_rng(4))
    # errors of chains, and of 300 draws in each of 512 terms: without the constraint 0.005 and less
    np.testing.assert_allclose(draws.probability.mean(axis=0), chance, atol=0.015)
    np.testing.assert_allclose(draws.weight.mean(axis=0), weight, atol=0.015)


def test_a_constraint_holds_in_every_draw_and_moves_them():
    free, categories = small(1, False)
    bound, _ = small(1, True)
    first = em.start(free, np.full((3, 2), 0.5))
    means = []
    for problem in (free, bound):
        draws = draw(problem, first, categories, PRIOR, np.random.default_rng(5), 20_000, 5_000)
        np.testing.assert_allclose(draws.probability.sum(axis=3), 1.0)
        np.testing.assert_allclose(draws.weight.sum(axis=1), 1.0)
        falls = draws.probability[:, :, 1, 1] < draws.probability[:, :, 0, 1]
        assert falls.any() != problem.monotone
        means.append(draws.probability.mean(axis=0))
    assert np.abs(means[0] - means[1]).max() > 0.05
