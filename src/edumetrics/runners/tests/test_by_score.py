"""Statistics by score against the posteriors of the persons one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edumetrics.irt import em
from edumetrics.irt.models import GRADED
from edumetrics.runners import by_score
from edumetrics.runners.by_score import total_by_score
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import make_layout, pack
from edumetrics.runners.stats import prepare, stats
from edumetrics.runners.tests.test_kernel import twin

MANY = em.BY_SCORE_ABOVE + 1


def problem_of(n_categories, populations=1, nodes=48):
    n_items, width = len(n_categories), max(int(n_categories.max()), 3)
    return em.Problem(
        np.zeros(n_items, np.int64), n_categories, np.zeros((n_items, 5)), np.zeros((n_items, width), bool),
        False, np.arange(populations) > 0, em.grid(nodes),
    )  # fmt: skip


def case(seed, n=3000, n_items=14, missing=0.0, slope=1.0):
    rng = np.random.default_rng(seed)
    n_categories = rng.integers(2, 6, n_items)
    par = np.zeros((n_items, max(int(n_categories.max()), 3)))
    par[:, 0] = slope * np.exp(rng.normal(0, 0.4, n_items))
    par[0, 0] = -0.3  # an item that goes against the others
    for j, c in enumerate(n_categories):
        par[j, 1:c] = rng.normal(0, 1.0, c - 1)
    at = em.Parameters(par, np.array([0.0, 0.7]), np.array([1.0, 1.4]))
    cats = np.column_stack([rng.integers(0, c, n) for c in n_categories])
    cats[rng.random(cats.shape) < missing] = -1
    population = rng.integers(0, 2, n)
    shard = pack(cats, make_layout(n_categories, (cats < 0).any(axis=0)), population)
    return problem_of(n_categories, 2), at, cats, population, shard


@pytest.mark.parametrize(("seed", "missing", "slope"), [(1, 0.0, 1.0), (2, 0.02, 1.0), (3, 0.0, 3.0)])
def test_counts_equal_the_slow_twin(seed, missing, slope):
    problem, at, cats, population, shard = case(seed, missing=missing, slope=slope)
    model = em.node_model(problem, at, MANY)
    got = stats(shard, model)
    counts, nodes, loglik = twin(cats, population, model)
    np.testing.assert_allclose(got.counts, counts, atol=1e-9 * shard.n)
    np.testing.assert_allclose(got.nodes, nodes, atol=1e-9 * shard.n)
    assert got.loglik == pytest.approx(loglik, rel=1e-11)
    assert got.n == shard.n


def test_persons_with_missing_answers_are_left_to_the_posteriors():
    problem, at, cats, _, shard = case(4, missing=0.05)
    tables = prepare(em.node_model(problem, at, MANY), shard.layout)
    assert tables.bins is not None
    others = total_by_score(shard, tables.bins)[3]
    np.testing.assert_array_equal(np.sort(others), np.flatnonzero((cats < 0).any(axis=1)))


def test_statistics_do_not_depend_on_shards_or_order():
    problem, at, _, _, shard = case(5, missing=0.01)
    model = em.node_model(problem, at, MANY)
    whole = stats(shard, model)
    shuffled = np.random.default_rng(5).permutation(shard.n)
    for one, parts in ((shard, 2), (shard, 7), (shard.take(shuffled), 3)):
        with ThreadRunner(one.split(parts)) as runner:
            got = runner.total(model)
        np.testing.assert_allclose(got.counts, whole.counts, rtol=1e-9, atol=1e-9)
        assert got.loglik == pytest.approx(whole.loglik, rel=1e-12)


def test_persons_are_sorted_some_at_a_time(monkeypatch):
    problem, at, cats, _, shard = case(9, missing=0.05)
    model = em.node_model(problem, at, MANY)
    whole = stats(shard, model)
    monkeypatch.setattr(by_score, "AT_ONCE", 700)
    got = stats(shard, model)
    np.testing.assert_allclose(got.counts, whole.counts, rtol=1e-9, atol=1e-9)
    others = total_by_score(shard, prepare(model, shard.layout).bins)[3]
    np.testing.assert_array_equal(np.sort(others), np.flatnonzero((cats < 0).any(axis=1)))


def test_extreme_scores_are_inside_the_bins():
    problem, at, *_, shard = case(6, n=2)
    top = problem.n_categories - 1
    cats = np.stack([np.zeros_like(top), top])
    shard = pack(cats, make_layout(problem.n_categories, np.zeros(len(top), bool)))
    model = em.node_model(problem, at, MANY)
    counts, _, loglik = twin(cats, [0, 0], model)
    got = stats(shard, model)
    np.testing.assert_allclose(got.counts, counts, atol=1e-9)
    assert got.loglik == pytest.approx(loglik, abs=1e-9)


def test_a_calibration_finds_the_same_maximum_either_way(monkeypatch):
    problem, at, _, _, shard = case(7, n=2000)
    with ThreadRunner([shard]) as runner:
        plain = em.fit(problem, runner, at, 1e-6)
        monkeypatch.setattr(em, "BY_SCORE_ABOVE", 0)
        sorted_by_score = em.fit(problem, runner, at, 1e-6)
    np.testing.assert_allclose(sorted_by_score.parameters.par, plain.parameters.par, atol=1e-6)
    assert sorted_by_score.loglik == pytest.approx(plain.loglik, abs=1e-6)


def test_only_many_persons_and_straight_lines_go_by_score():
    problem, at, *_ = case(8, n=10)
    assert em.node_model(problem, at).line is None
    graded = replace(problem, kind=np.where(np.arange(len(problem.kind)) == 1, GRADED, problem.kind))
    assert em.node_model(graded, at, MANY).line is None
