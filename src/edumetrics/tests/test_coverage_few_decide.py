"""Intervals where few pupils or classes decide, and where nobody stands far out: neither short nor long."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edumetrics.aggregates import group_means
from edumetrics.arrays import response_matrix
from edumetrics.ctt.items import rest_correlation, upper_lower
from edumetrics.ctt.limits import reach
from edumetrics.ctt.reliability import reliability
from edumetrics.ctt.scores import centre
from edumetrics.ctt.totals import totals
from edumetrics.exam import analyse_exam
from edumetrics.results import Estimate, FloatArray, Insufficient, Reason

Draw = Callable[[int, np.random.Generator], FloatArray]


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def long_tails(rng: np.random.Generator) -> tuple[float, Draw]:
    """Ten big items that few do well, abilities with long tails."""
    a, b = rng.uniform(0.8, 1.9, 10), rng.normal(1.5, 0.5, 10)

    def draw(n, r):
        return r.binomial(5, logistic(a * (r.standard_t(4, n)[:, None] / np.sqrt(2) - b))) * 1.0

    return 5.0, draw


def two_kinds(rng: np.random.Generator) -> tuple[float, Draw]:
    """A weak and a strong half."""
    a, b = rng.uniform(0.7, 2.2, 25), rng.normal(0, 0.9, 25)

    def draw(n, r):
        theta = np.where(r.random(n) < 0.45, r.normal(-1.1, 0.5, n), r.normal(0.9, 0.4, n))
        return (r.random((n, 25)) < logistic(a * (theta[:, None] - b))) * 1.0

    return 1.0, draw


def careless(rng: np.random.Generator) -> tuple[float, Draw]:
    """Nine in ten marks are got; one pupil in twenty answers without looking."""
    a, b = rng.uniform(0.8, 1.9, 20), rng.normal(-2.5, 0.6, 20)

    def draw(n, r):
        chance = logistic(a * (r.normal(size=(n, 1)) - b))
        chance[r.random(n) < 0.05] = 0.25
        return (r.random(chance.shape) < chance) * 1.0

    return 1.0, draw


@pytest.mark.parametrize(
    ("world", "n"), [(long_tails, 30), (long_tails, 60), (two_kinds, 30), (two_kinds, 200)]
)
def test_spread_of_totals(world, n):
    rng = np.random.default_rng(71)
    full, draw = world(rng)
    population = draw(60_000, rng).sum(axis=1)
    paper = full * (10 if world is long_tails else 25)
    inside = seen = 0
    for marks in population[rng.integers(0, len(population), (1500, n))]:
        got = totals(marks, paper, n)[1]
        if isinstance(got, Estimate):
            seen += 1
            inside += got.low <= population.std() <= got.high
    assert seen >= 1450
    assert 0.90 <= inside / seen <= 0.98


@pytest.mark.parametrize(("world", "n"), [(long_tails, 100), (two_kinds, 100)])
def test_reliability(world, n):
    rng = np.random.default_rng(72)
    full, draw = world(rng)
    population = draw(60_000, rng)
    whole = reliability(centre(response_matrix(population, full)))
    true = {name: getattr(whole, name).value for name in ("alpha", "omega", "sem")}
    inside, rounds = dict.fromkeys(true, 0), 500
    for rows in rng.integers(0, len(population), (rounds, n)):
        paper = reliability(centre(response_matrix(population[rows], full)))
        for name, value in true.items():
            got = getattr(paper, name)
            assert isinstance(got, Estimate)
            inside[name] += got.low <= value <= got.high
    for name, hits in inside.items():
        assert 0.90 <= hits / rounds <= 0.98, name


@pytest.mark.parametrize(("world", "n"), [(careless, 30), (careless, 45), (long_tails, 30)])
def test_correlation_where_one_pupil_stands_far_out(world, n):
    rng = np.random.default_rng(73)
    full, draw = world(rng)
    population = draw(60_000, rng)
    truth = rest_correlation(centre(response_matrix(population, full))).value
    inside = known = 0
    for rows in rng.integers(0, len(population), (400, n)):
        got = rest_correlation(centre(response_matrix(population[rows], full)))
        inside += int(((got.low <= truth) & (truth <= got.high))[got.known].sum())
        known += int(got.known.sum())
    assert 0.90 <= inside / known <= 0.98


def test_upper_and_lower_group_of_a_short_paper():
    """Five items, a weak and a strong half, groups of seven: their spread is itself hardly known."""
    rng = np.random.default_rng(96)
    inside = known = 0
    for _ in range(2):
        a, b = rng.uniform(0.8, 2.0, 5), rng.normal(-0.4, 0.8, 5)
        weak = rng.random(60_000) < 0.4
        theta = np.where(weak, rng.normal(-1.2, 0.4, 60_000), rng.normal(0.8, 0.4, 60_000))
        population = (rng.random((60_000, 5)) < logistic(a * (theta[:, None] - b))) * 1.0
        truth = upper_lower(centre(response_matrix(population, 1.0))).value
        for rows in rng.integers(0, len(population), (400, 26)):
            got = upper_lower(centre(response_matrix(population[rows], 1.0)))
            inside += int(((got.low <= truth) & (truth <= got.high))[got.known].sum())
            known += int(got.known.sum())
    assert 0.90 <= inside / known <= 0.98


@pytest.mark.parametrize(("classes", "size"), [(4, 8), (7, 15), (10, 40)])
def test_shrunken_means_of_few_classes(classes, size):
    """What a few classes leave open of how far they differ is in the interval."""
    rng = np.random.default_rng(74)
    ease, nodes = rng.normal(0, 1, (4, 6)), rng.normal(size=2000)
    member = np.repeat(np.arange(classes), size)
    inside, rounds = 0, 250
    for _ in range(rounds):
        shift = rng.normal(0, 0.4, classes)
        truth = logistic(nodes[:, None, None, None] + shift[:, None, None] - ease).mean(axis=(0, 3))
        chance = logistic((rng.normal(size=len(member)) + shift[member])[:, None, None] - ease)
        shares = (rng.random(chance.shape) < chance).mean(axis=2)
        got = group_means(shares, [f"{c:02d}" for c in member]).shrunken
        inside += int(((got.low <= truth) & (truth <= got.high)).sum())
    assert 0.90 <= inside / (rounds * classes * 4) <= 0.98


@pytest.mark.parametrize("classes", [3, 6, 12, 40, 150])
@pytest.mark.parametrize("sizes", [(8, 8), (4, 45)])
def test_shrunken_means_of_classes_that_do_not_differ(classes, sizes):
    """All pupils from one population: the classes do not tell that, and the intervals are not too wide."""
    rng = np.random.default_rng([76, classes])
    inside = rounds = 0
    for _ in range(12):
        member = np.repeat(np.arange(classes), rng.integers(sizes[0], sizes[1] + 1, classes))
        papers = max(1200 // classes, 16)
        shares = rng.binomial(6, rng.beta(3, 2, (len(member), papers))) / 6
        got = group_means(shares, [f"{c:03d}" for c in member]).shrunken
        inside += int(((got.low <= 0.6) & (got.high >= 0.6)).sum())
        rounds += classes * papers
    assert 0.90 <= inside / rounds <= 0.98


@pytest.mark.parametrize("distance", [0.2, 0.3])
def test_shrunken_means_of_small_classes_of_two_kinds(distance):
    """Strong and weak classes of four pupils; how many there are of each kind is nowhere near normal."""
    rng = np.random.default_rng([77, int(10 * distance)])
    names, inside, rounds = np.repeat([f"{c:02d}" for c in range(40)], 4).tolist(), 0, 80
    for _ in range(rounds):
        truth = distance * (rng.random(40) < 0.5)
        marks = np.repeat(truth, 4)[:, None] + rng.normal(size=(160, 1))
        got = group_means(marks, names).shrunken
        inside += int(((got.low[:, 0] <= truth) & (truth <= got.high[:, 0])).sum())
    assert 0.90 <= inside / (40 * rounds) <= 0.98


def test_a_few_whole_papers_of_many_are_no_total():
    """Three in ten marks are missing: three of thirty pupils happen to have nearly the whole paper."""
    rng = np.random.default_rng(75)
    marks = np.where(rng.random((30, 20)) < 0.3, np.nan, rng.random((30, 20)) < 0.6)
    marks[:3] = 1.0
    exam = analyse_exam(response_matrix(marks, 1.0))
    assert exam.mean == exam.deviation == Insufficient(Reason.NOT_COMPARABLE, 3)
    small = analyse_exam(response_matrix(np.tril(np.ones((9, 4)), 1), 1.0))
    assert isinstance(small.mean, Estimate), "a village class has few pupils, but all of them"


def test_reach_is_longer_where_pupils_are_missing():
    """Towards a long tail; the other way round the other side; of one length without tails."""
    influence = np.r_[np.full(27, -1.0), 4.0, 9.0, 14.0]
    down, up = reach(influence, 0.95)
    assert up > down > 2.0
    assert reach(-influence, 0.95) == pytest.approx((up, down))
    assert reach(np.r_[-np.ones(500), np.ones(500)], 0.95) == pytest.approx((1.962, 1.962), abs=1e-3)
    assert reach(np.zeros(12), 0.95)[0] == pytest.approx(2.201, abs=1e-3)
