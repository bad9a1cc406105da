"""The packed step against a slow twin that multiplies probabilities item by item."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edumetrics.runners.kernel import RESCUE
from edumetrics.runners.local import ProcessRunner, ThreadRunner
from edumetrics.runners.packing import make_layout, pack, unpack
from edumetrics.runners.stats import NodeModel, add, posterior, prepare, stats


def twin(cats, population, model):
    """Posterior, counts and log-likelihood with plain loops over persons and items."""
    n_items, n_cats, n_nodes = model.logp.shape
    counts = np.zeros((n_items, n_cats, n_nodes))
    nodes = np.zeros_like(model.log_prior)
    loglik = 0.0
    for row, h in zip(cats, population, strict=True):
        log_w = model.log_prior[h].copy()
        for j, k in enumerate(row):
            if k >= 0:
                log_w += model.logp[j, k]
        top = np.logaddexp.reduce(log_w)
        loglik += top
        w = np.exp(log_w - top)
        nodes[h] += w
        for j, k in enumerate(row):
            if k >= 0:
                counts[j, k] += w
    return counts, nodes, loglik


def random_case(seed, n=200, n_items=11, n_nodes=9, steepness=1.0):
    rng = np.random.default_rng(seed)
    n_categories = rng.integers(2, 6, n_items)
    cats = np.column_stack([rng.integers(-1, c, n) for c in n_categories])
    raw = steepness * rng.normal(size=(n_items, int(n_categories.max()), n_nodes))
    for j, c in enumerate(n_categories):
        raw[j, :c] -= np.logaddexp.reduce(raw[j, :c], axis=0)
        raw[j, c:] = 0.0
    prior = rng.normal(size=(2, n_nodes))
    prior -= np.logaddexp.reduce(prior, axis=1, keepdims=True)
    layout = make_layout(n_categories, np.ones(n_items, bool))
    population = rng.integers(0, 2, n)
    return cats, population, pack(cats, layout, population), NodeModel(raw, prior)


@pytest.mark.parametrize(("seed", "n_nodes"), [(1, 9), (2, 48), (3, 1)])
def test_counts_equal_the_slow_twin(seed, n_nodes):
    cats, population, shard, model = random_case(seed, n_nodes=n_nodes)
    got = stats(shard, model)
    counts, nodes, loglik = twin(cats, population, model)
    np.testing.assert_allclose(got.counts, counts, atol=1e-10)
    np.testing.assert_allclose(got.nodes, nodes, atol=1e-10)
    assert got.loglik == pytest.approx(loglik, abs=1e-9)


def test_unlikely_answers_are_rescued_from_underflow():
    """Probabilities down to 1e−18 for each of 240 items: products would all be zero."""
    cats, population, shard, model = random_case(7, n=50, n_items=240, steepness=7.0)
    counts, _, loglik = twin(cats, population, model)
    tables = prepare(model, shard.layout)
    rows = tables.rows[shard.layout.first_row[:-1] + shard.codes]  # (N, bytes, nodes), the largest one
    assert (rows.prod(axis=1).sum(axis=1) < RESCUE).any()
    got = stats(shard, model)
    assert got.loglik == pytest.approx(loglik, rel=1e-12)
    np.testing.assert_allclose(got.counts, counts, atol=1e-9)


def test_posterior_is_what_the_statistics_add_up():
    _, _, shard, model = random_case(4)
    post, loglik = posterior(shard, model)
    got = stats(shard, model)
    np.testing.assert_allclose(post.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(post.sum(axis=0), got.nodes.sum(axis=0), atol=1e-9)
    assert loglik.sum() == pytest.approx(got.loglik, abs=1e-9)


def test_probabilities_of_all_patterns_sum_to_one():
    _, _, _, model = random_case(5, n_items=5)
    cats = np.array(list(product(*[range(5)] * 5)))
    rng = np.random.default_rng(5)
    n_categories = rng.integers(2, 6, 5)
    cats = cats[(cats < n_categories).all(axis=1)]
    shard = pack(cats, make_layout(n_categories, [False] * 5))
    _, loglik = posterior(shard, model)
    assert np.exp(loglik).sum() == pytest.approx(1.0, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), parts=st.sampled_from([1, 2, 7]))
def test_shards_and_order_do_not_matter(seed, parts):
    _, _, shard, model = random_case(seed, n=60, n_items=6)
    whole = stats(shard, model)
    order = np.random.default_rng(seed).permutation(shard.n)
    split = add(stats(s, model) for s in shard.take(order).split(parts))
    np.testing.assert_allclose(split.counts, whole.counts, atol=1e-9)
    assert split.loglik == pytest.approx(whole.loglik, abs=1e-9)
    assert split.n == whole.n


@settings(max_examples=50, deadline=None)
@given(
    n_categories=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    n=st.integers(0, 20),
    seed=st.integers(0, 1000),
)
def test_packing_loses_nothing(n_categories, n, seed):
    rng = np.random.default_rng(seed)
    cats = np.column_stack([rng.integers(-1, c, n) for c in n_categories])
    shard = pack(cats, make_layout(n_categories, [True] * len(n_categories)))
    np.testing.assert_array_equal(unpack(shard), cats)


def test_packing_names_the_cell_that_does_not_fit():
    layout = make_layout([2, 3], [False, True])
    with pytest.raises(ValueError, match="person 1, item 1: category 3"):
        pack(np.array([[1, 2], [0, 3]]), layout)
    with pytest.raises(ValueError, match="person 0, item 0: category -1"):
        pack(np.array([[-1, 2]]), layout)
    with pytest.raises(ValueError, match="person 0, item 0: category 65536"):
        pack(np.array([[65_536, 2]]), layout)


def test_many_answers_are_packed_in_threads_to_the_same_bytes(monkeypatch):
    cats, population, shard, _ = random_case(8, n=301)
    monkeypatch.setattr("edumetrics.runners.packing.CELLS_PER_THREAD", 100)
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    np.testing.assert_array_equal(pack(cats.astype(np.int8), shard.layout, population).codes, shard.codes)
    cats[300, 10] = 9
    with pytest.raises(ValueError, match="person 300, item 10: category 9"):
        pack(cats, shard.layout)


@pytest.mark.slow
def test_threads_and_processes_agree():
    _, _, shard, model = random_case(9, n=500)
    with (
        ThreadRunner(shard.split(3), workers=2) as threads,
        ProcessRunner(shard.split(3), workers=2) as processes,
    ):
        a, b = threads.total(model), processes.total(model)
    np.testing.assert_array_equal(a.counts, b.counts)
    assert a.loglik == b.loglik
