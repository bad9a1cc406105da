"""The climb against plain EM, and the look at all classes against a sum written out."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, em
from edumetrics.cdm.expectation import expect, fold
from edumetrics.cdm.preparation import make_problem
from edumetrics.cdm.screening import BLOCK, likelihoods, ratios
from edumetrics.irt.coding import learn_coding
from edumetrics.runners.packing import make_layout, pack

Q = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]] * 2)


def answers(seed, n=300, missing=0.1):
    rng = np.random.default_rng(seed)
    share = (rng.random((n, 1, 3)) < 0.6) @ Q.T[None] / Q.sum(axis=1)
    marks = (rng.random((n, len(Q))) < 0.2 + 0.6 * share[:, 0]).astype(float)
    marks[rng.random(marks.shape) < missing] = np.nan
    return marks


@pytest.mark.parametrize("model", ["dina", "dino", "gdina", "acdm"])
@pytest.mark.parametrize("prior", [True, False])
def test_the_climb_ends_where_plain_em_ends_and_needs_far_fewer_steps(model, prior):
    coded = learn_coding(response_matrix(answers(1), 1.0))
    problem = make_problem(
        class_space(Q.astype(bool), model), coded.coding, model, Settings(prior=prior, monotone=prior), 300
    )
    patterns = fold(pack(coded.categories, make_layout([2] * len(Q), [True] * len(Q))))
    first = em.start(problem, np.full((len(Q), 2), 0.5), np.random.default_rng(3))
    got = em.fit(problem, patterns, first, 1e-7)
    assert got.converged
    probability, weight = first.probability, first.weight
    values, steps = [], 0
    while steps < 20_000:
        counts, class_counts = np.zeros_like(problem.pseudo), np.zeros(len(weight))
        loglik = expect(
            patterns.arrays, problem.group, problem.n_groups, probability, weight, counts, class_counts
        )
        values.append(loglik + em.log_prior(problem.rules, probability, weight))
        new, new_weight = np.zeros_like(probability), np.zeros_like(weight)
        em.maximise(problem.rules, counts, class_counts, probability, new, new_weight)
        moved = max(np.abs(new - probability).max(), np.abs(new_weight - weight).max())
        probability, weight, steps = new, new_weight, steps + 1
        if moved < 1e-8:
            break
    assert (np.diff(values)[1:] > -1e-7).all()  # every plain step climbs
    assert got.objective >= values[-1] - 1e-4
    assert got.evaluations < steps


def test_patterns_keep_every_pupil_whatever_the_layout():
    cats = np.nan_to_num(answers(2), nan=-1).astype(np.int16)
    cats[7] = cats[3]
    for rows in (16, 256):
        patterns = fold(pack(cats, make_layout([2] * len(Q), [True] * len(Q), rows)))
        assert patterns.copies.sum() == len(cats)
        assert len(patterns.codes) == len(np.unique(cats, axis=0))


def test_a_likelihood_beyond_the_smallest_number_is_taken_from_logarithms():
    """200 items right against a chance of 1e−7 each: 1e−1400."""
    n = 200
    cats = np.ones((3, n), np.int16)
    cats[1] = 0
    patterns = fold(pack(cats, make_layout([2] * n, [False] * n)))
    chance = np.tile([1 - 1e-7, 1e-7], (n, 2, 1))
    group = np.zeros((n, 2), np.int64)
    group[:, 1] = 1
    chance[:, 1] = [1 - 1e-6, 1e-6]
    counts, class_counts = np.zeros((n, 2, 2)), np.zeros(2)
    weight = np.array([0.5, 0.5])
    got = expect(patterns.arrays, group, np.full(n, 2), chance, weight, counts, class_counts)
    wrong = np.log(0.5 * (1 - 1e-7) ** n + 0.5 * (1 - 1e-6) ** n)
    right = 2 * (np.log(0.5) + n * np.log(1e-6))  # the other class adds 1e−200 of it
    assert got == pytest.approx(wrong + right, rel=1e-12)
    assert class_counts.sum() == pytest.approx(3.0)


def test_no_class_near_any_is_taken_from_logarithms_too():
    """Every class misses on a hundred items what another may get: 1e−600 of the best chance item by item."""
    n = 200
    cats = np.ones((2, n), np.int16)
    patterns = fold(pack(cats, make_layout([2] * n, [False] * n)))
    group = np.repeat([[0, 1], [1, 0]], n // 2, axis=0)
    chance = np.tile([[1 - 1e-6, 1e-6], [1e-6, 1 - 1e-6]], (n, 1, 1))
    counts, class_counts = np.zeros((n, 2, 2)), np.zeros(2)
    got = expect(patterns.arrays, group, np.full(n, 2), chance, np.array([0.25, 0.75]), counts, class_counts)
    assert got == pytest.approx(2 * (100 * np.log(1e-6) + 100 * np.log1p(-1e-6)), rel=1e-12)
    np.testing.assert_allclose(class_counts, [0.5, 1.5], rtol=1e-9)


@pytest.mark.parametrize("n_classes", [5, BLOCK, 9 * BLOCK + 1])
def test_looking_at_all_classes_equals_a_sum_written_out(n_classes):
    rng = np.random.default_rng(4)
    n_items = 9
    cats = rng.integers(-1, 3, (40, n_items)).astype(np.int16)
    cats[5] = cats[6]
    patterns = fold(pack(cats, make_layout([3] * n_items, [True] * n_items)))
    group = rng.integers(0, 2, (n_items, n_classes))
    chance = rng.dirichlet(np.ones(3), (n_items, 2))
    weight = rng.dirichlet(np.ones(n_classes))
    joint = np.ones((40, n_classes))
    for j in range(n_items):
        seen = cats[:, j] >= 0
        joint[seen] *= chance[j, group[j]][:, cats[seen, j]].T
    mixture = joint @ weight
    order = np.argsort(np.unique(cats, axis=0, return_index=True)[1])
    first = np.unique(cats, axis=0, return_index=True)[1][order]
    got = likelihoods(patterns, group, chance, weight)
    np.testing.assert_allclose(got, mixture[first], rtol=1e-12)
    np.testing.assert_allclose(
        ratios(patterns, group, chance, got), (joint / mixture[:, None]).mean(axis=0), rtol=1e-12
    )
