"""Marginal likelihood: brute force on few items, published values, gradients, recovery, invariance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from edumetrics.irt import em
from edumetrics.irt.models import GPCM, GRADED, GUESSING
from edumetrics.irt.mstep import all_gradients, prior_terms
from edumetrics.irt.tests.data import exam_categories, lsat6, lsat7
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import make_layout, pack


def problem_for(n_categories, kind, *, shared=False, prior=None, populations=1):
    n_items = len(n_categories)
    width = max(*n_categories, 3)
    free = np.arange(populations) > 0
    prior = np.zeros((n_items, 5)) if prior is None else np.tile(prior, (n_items, 1))
    kinds = np.full(n_items, kind) if np.isscalar(kind) else np.asarray(kind)
    fixed = np.zeros((n_items, width), bool)
    return em.Problem(kinds, np.asarray(n_categories), prior, fixed, shared, free, em.grid())


def calibrate(cats, kind=GPCM, *, parts=1, tolerance=1e-6, population=None, **more):
    cats = np.asarray(cats)
    n_categories = cats.max(axis=0) + 1
    shard = pack(cats, make_layout(n_categories, (cats < 0).any(axis=0)), population)
    populations = 1 if population is None else int(np.max(population)) + 1
    problem = problem_for(n_categories, kind, populations=populations, **more)
    with ThreadRunner(shard.split(parts)) as runner:
        return problem, em.fit(problem, runner, tolerance=tolerance)


def simulate(rng, n, a, d, theta=None):
    theta = rng.normal(size=n) if theta is None else theta
    return (rng.random((n, len(a))) < 1 / (1 + np.exp(-(theta[:, None] * a + d)))).astype(int)


# ------------------------------------------------------------------ brute force


def response_probability(kind, row, k, m, theta):
    """P(k | θ) written from the textbook, one number at a time."""
    if kind == GPCM:
        z = np.array([0.0] + [c * row[0] * theta + row[c] for c in range(1, m + 1)])
        return np.exp(z[k]) / np.exp(z).sum()
    above = lambda c: 1.0 if c == 0 else 0.0 if c > m else 1 / (1 + np.exp(-(row[0] * theta + row[c])))  # noqa: E731
    if kind == GRADED:
        return above(k) - above(k + 1)
    c = 1 / (1 + np.exp(-row[2]))
    right = c + (1 - c) * above(1)
    return right if k == 1 else 1 - right


@pytest.mark.parametrize("seed", [1, 2])
def test_marginal_likelihood_equals_an_adaptive_integral(seed):
    rng = np.random.default_rng(seed)
    kinds = np.array([GPCM, GRADED, GUESSING, GPCM, GRADED])
    n_categories = np.array([2, 4, 2, 3, 2])
    par = np.zeros((5, 4))
    par[:, 0] = rng.uniform(0.5, 2.5, 5)
    par[0, 1], par[1, 1:] = 0.3, [1.5, 0.2, -1.0]
    par[2, 1:3], par[3, 1:3], par[4, 1] = [-0.5, -1.2], [0.4, -0.3], 0.8
    cats = np.column_stack([rng.integers(-1, c, 12) for c in n_categories])
    problem = problem_for(n_categories, kinds)
    parameters = em.Parameters(par, np.array([0.3]), np.array([1.2]))
    with ThreadRunner([pack(cats, make_layout(n_categories, [True] * 5))]) as runner:
        got = runner.total(em.node_model(problem, parameters)).loglik

    def likelihood(theta, row):
        value = np.exp(-0.5 * ((theta - 0.3) / 1.2) ** 2) / (1.2 * np.sqrt(2 * np.pi))
        for j, k in enumerate(row):
            if k >= 0:
                value *= response_probability(kinds[j], par[j], k, n_categories[j] - 1, theta)
        return value

    expected = sum(np.log(quad(likelihood, -9, 9, args=(row,), epsabs=1e-12)[0]) for row in cats)
    assert got == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kind", [GPCM, GRADED, GUESSING])
@pytest.mark.parametrize("prior", [np.zeros(5), np.array([0.1, 0.5, 2.0, 5.0, 17.0])])
def test_gradient_equals_finite_differences(kind, prior):
    rng = np.random.default_rng(3)
    n_categories = [2, 2] if kind == GUESSING else [3, 4]
    cats = np.column_stack([rng.integers(0, c, 400) for c in n_categories])
    problem = problem_for(n_categories, kind, prior=prior)
    par = np.zeros((2, problem.fixed.shape[1]))
    par[:, 0] = [0.8, 1.4]
    par[:, 1:3] = [[0.9, -0.6], [0.7, -1.2]]
    if kind != GUESSING:
        par[1, 3] = -1.5
    with ThreadRunner([pack(cats, make_layout(n_categories, [False, False]))]) as runner:

        def objective(p):
            parameters = em.Parameters(p, np.zeros(1), np.ones(1))
            s = runner.total(em.node_model(problem, parameters))
            return s, s.loglik + em.log_prior_sum(problem.kind, p, problem.n_categories, problem.prior)

        grad = np.zeros_like(par)
        hess = np.zeros((*par.shape, par.shape[1]))
        all_gradients(
            problem.kind, par, problem.n_categories, objective(par)[0].counts, problem.theta, problem.prior,
            grad, hess,
        )  # fmt: skip
        for j, h in np.argwhere(problem.used):
            up, down = par.copy(), par.copy()
            up[j, h] += 1e-5
            down[j, h] -= 1e-5
            difference = (objective(up)[1] - objective(down)[1]) / 2e-5
            assert grad[j, h] == pytest.approx(difference, abs=2e-4, rel=1e-5)


# ------------------------------------------------------------------ published values


def test_lsat7_two_parameters():
    _, fit = calibrate(lsat7())
    assert fit.loglik == pytest.approx(-2658.8051, abs=1e-4)
    np.testing.assert_allclose(fit.parameters.par[:, 0], [0.9875, 1.0808, 1.7075, 0.7650, 0.7357], atol=2e-4)
    np.testing.assert_allclose(fit.parameters.par[:, 1], [1.8559, 0.8080, 1.8052, 0.4860, 1.8545], atol=2e-4)


def test_lsat7_rasch():
    _, fit = calibrate(lsat7(), shared=True)
    assert fit.loglik == pytest.approx(-2664.9009, abs=1e-4)
    np.testing.assert_allclose(fit.parameters.par[:, 1], [1.8683, 0.7910, 1.4610, 0.5215, 1.9930], atol=2e-4)
    assert fit.parameters.par[0, 0] ** 2 == pytest.approx(1.0226, abs=5e-4)


def test_lsat6_two_parameters():
    _, fit = calibrate(lsat6())
    assert fit.loglik == pytest.approx(-2466.653, abs=1e-3)
    par = fit.parameters.par
    np.testing.assert_allclose(par[:, 0], [0.8254, 0.7229, 0.8905, 0.6886, 0.6575], atol=1.5e-3)
    np.testing.assert_allclose(
        -par[:, 1] / par[:, 0], [-3.3597, -1.3696, -0.2799, -1.8659, -3.1236], atol=4e-3
    )


@pytest.mark.parametrize(
    ("kind", "loglik", "slopes", "tolerance"),
    [
        (GRADED, -1608.8694, [1.0407, 1.2258, 2.3005, 1.0938], 1e-3),
        # R mirt stopped 0.0001 below the maximum, which moves its third slope by 0.009
        (GPCM, -1612.6817, [0.8622, 0.8402, 2.2286, 0.7213], 1e-2),
    ],
)
def test_science_ordinal(kind, loglik, slopes, tolerance):
    _, fit = calibrate(exam_categories("science_ordinal"), kind)
    assert fit.loglik == pytest.approx(loglik, abs=3e-4)
    assert fit.loglik >= loglik - 1e-4
    np.testing.assert_allclose(fit.parameters.par[:, 0], slopes, atol=tolerance)


# ------------------------------------------------------------------ recovery and invariance


@pytest.mark.parametrize(("n", "tolerance"), [(200, 0.32), (1000, 0.13), (9054, 0.045)])
def test_recovery_of_slopes_and_intercepts(n, tolerance):
    rng = np.random.default_rng(n)
    a, d = np.exp(rng.normal(0, 0.3, 30)), rng.normal(0, 1, 30)
    _, fit = calibrate(simulate(rng, n, a, d))
    error = fit.parameters.par[:, :2] - np.column_stack([a, d])
    assert np.sqrt(np.mean(error**2)) < tolerance


def test_populations_recover_mean_and_spread():
    rng = np.random.default_rng(11)
    a, d = np.exp(rng.normal(0, 0.3, 25)), rng.normal(0, 1, 25)
    population = np.repeat([0, 1, 2], [3000, 2000, 2000])
    theta = np.concatenate([rng.normal(0, 1, 3000), rng.normal(0.7, 0.8, 2000), rng.normal(-0.5, 1.3, 2000)])
    _, fit = calibrate(simulate(rng, 7000, a, d, theta), population=population)
    np.testing.assert_allclose(fit.parameters.mean, [0, 0.7, -0.5], atol=0.09)
    np.testing.assert_allclose(fit.parameters.sd, [1, 0.8, 1.3], atol=0.09)


def test_rotated_booklets_with_most_answers_missing():
    rng = np.random.default_rng(12)
    a, d = np.exp(rng.normal(0, 0.3, 40)), rng.normal(0, 1, 40)
    cats = simulate(rng, 8000, a, d)
    booklet = rng.integers(0, 8, 8000)
    block = np.arange(40) // 5
    shown = (block == booklet[:, None]) | (block == (booklet[:, None] + 1) % 8)
    _, fit = calibrate(np.where(shown, cats, -1))
    assert np.sqrt(np.mean((fit.parameters.par[:, 0] - a) ** 2)) < 0.15
    assert np.sqrt(np.mean((fit.parameters.par[:, 1] - d) ** 2)) < 0.12


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), parts=st.sampled_from([2, 7]))
def test_order_of_persons_items_and_shards_does_not_matter(seed, parts):
    rng = np.random.default_rng(seed)
    cats = simulate(rng, 300, np.full(6, 1.2), np.linspace(-1, 1, 6))
    persons, items = rng.permutation(300), rng.permutation(6)
    _, one = calibrate(cats, tolerance=1e-8)
    _, sharded = calibrate(cats, parts=parts, tolerance=1e-8)
    np.testing.assert_allclose(sharded.parameters.par, one.parameters.par, atol=1e-9)
    assert sharded.loglik == pytest.approx(one.loglik, abs=1e-9)
    _, shuffled = calibrate(cats[persons][:, items], tolerance=1e-8)
    np.testing.assert_allclose(shuffled.parameters.par, one.parameters.par[items], atol=1e-5)


# ------------------------------------------------------------------ the way up


def mixed_exam(n=1500):
    rng = np.random.default_rng(21)
    a, d = np.exp(rng.normal(0, 0.3, 8)), rng.normal(0, 1, 8)
    theta = np.concatenate([rng.normal(0, 1, n), rng.normal(0.6, 0.8, n)])
    cats = simulate(rng, 2 * n, a, d, theta)
    cats[:, :4] += simulate(rng, 2 * n, a[:4], d[:4], theta)
    kinds = np.array([GPCM, GPCM, GRADED, GRADED, GPCM, GPCM, GPCM, GPCM])
    return cats, kinds, np.repeat([0, 1], n)


def test_another_scale_of_ability_is_the_same_model():
    """Moved back by `rescale`, a reference population of any mean and spread keeps the likelihood."""
    cats, kinds, population = mixed_exam(300)
    problem = problem_for([3, 3, 3, 3, 2, 2, 2, 2], kinds, populations=2).with_nodes(120, 8.0)
    par = em.start(problem, ThreadRunner([pack(cats, make_layout(cats.max(axis=0) + 1, [False] * 8))])).par
    drifted = em.Parameters(par, np.array([0.3, 0.9]), np.array([1.2, 0.7]))
    nodes = np.exp(em.log_weights(problem.theta, drifted.mean, drifted.sd))
    back = em.rescale(problem, nodes, em.Parameters(par, np.array([0.0, 0.9]), np.array([1.0, 0.7])))
    assert back.mean == pytest.approx([0, 0.5])
    assert back.sd == pytest.approx([1, 0.7 / 1.2])
    with ThreadRunner([pack(cats, make_layout(cats.max(axis=0) + 1, [False] * 8), population)]) as runner:
        one = runner.total(em.node_model(problem, drifted)).loglik
        other = runner.total(em.node_model(problem, back)).loglik
    assert other == pytest.approx(one, abs=1e-6)


def test_rescaling_ends_where_plain_steps_end_and_sooner(monkeypatch):
    cats, kinds, population = mixed_exam()
    _, quick = calibrate(cats, kinds, population=population, tolerance=1e-7)
    monkeypatch.setattr(em, "may_rescale", lambda _: False)
    _, plain = calibrate(cats, kinds, population=population, tolerance=1e-7)
    np.testing.assert_allclose(quick.parameters.par, plain.parameters.par, atol=1e-6)
    np.testing.assert_allclose(quick.parameters.mean, plain.parameters.mean, atol=1e-6)
    assert quick.loglik == pytest.approx(plain.loglik, abs=1e-8)
    assert quick.evaluations < plain.evaluations


def test_a_grid_too_coarse_for_rescaling_still_ends_at_its_maximum():
    """The moments of twenty nodes are not those of the integral: the last steps go without them."""
    rng = np.random.default_rng(22)
    cats = simulate(rng, 3000, np.full(40, 1.6), np.linspace(-2, 2, 40))
    problem = problem_for([2] * 40, GPCM).with_nodes(20)
    with ThreadRunner([pack(cats, make_layout([2] * 40, [False] * 40))]) as runner:
        found = em.fit(problem, runner, tolerance=1e-6)
        nodes = found.statistics.nodes
        step = em.maximise(problem, found.statistics.counts, found.parameters.par)
    np.testing.assert_allclose(step, found.parameters.par, atol=1e-5)
    assert abs(em.reference_moments(problem, nodes)[1] - 1.0) > 1e-3


def test_the_statistics_of_a_fit_are_those_of_its_parameters():
    cats = simulate(np.random.default_rng(23), 500, np.full(9, 1.2), np.linspace(-1, 1, 9))
    _, found = calibrate(cats, tolerance=1e-4)
    with ThreadRunner([pack(cats, make_layout([2] * 9, [False] * 9))]) as runner:
        again = runner.total(em.node_model(found.problem, found.parameters))
    assert found.loglik == again.loglik
    np.testing.assert_array_equal(found.statistics.counts, again.counts)


def test_the_prior_of_a_slope_draws_to_its_level_and_its_curvature_is_its_own():
    """Without answers the slope rests at the level: the mode of log a, not that of a."""
    prior = np.array([0.3, 0.5, 0.0, 0.0, 0.0])

    def at(slope):
        gradient, curvature = np.zeros(3), np.zeros((3, 3))
        value = prior_terms(GPCM, np.array([slope, 0.2, 0.0]), 1, prior, gradient, curvature)
        return value, gradient[0], curvature[0, 0]

    level = np.exp(0.3)
    assert at(level)[1] == pytest.approx(0.0, abs=1e-12)
    for slope in (0.5 * level, level, 1.2 * level):
        slopes = (at(slope + 1e-5)[0] - at(slope - 1e-5)[0]) / 2e-5
        curvature = -(at(slope + 1e-5)[1] - at(slope - 1e-5)[1]) / 2e-5
        assert at(slope)[1] == pytest.approx(slopes, abs=1e-7)
        assert at(slope)[2] == pytest.approx(max(curvature, 0.0), abs=1e-5)
