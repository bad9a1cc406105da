"""Intervals in hard cases: small classes, easy items, big items with partial credit, shares of classes."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.ctt import items
from edumetrics.ctt.scores import centre
from edumetrics.exam import analyse_exam
from edumetrics.mastery import mastery
from edumetrics.results import Estimate


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


@pytest.mark.parametrize("n", [12, 30, 200])
def test_mastery_from_two_big_items_a_point(n):
    """Graded items of 6 to 15 marks and heavy-tailed ability: their errors are far from those of a coin."""
    rng = np.random.default_rng(14)
    full = np.array([12.0, 12, 8, 6, 10, 15])
    slope = rng.uniform(0.8, 2.5, 6)
    steps = [np.sort(rng.normal(rng.normal(0, 0.7), 0.9, int(f))) for f in full]
    q = np.eye(3)[np.arange(6) % 3]
    weight = q * full[:, None]
    inside = known = 0
    for _ in range(2400 // n):
        theta = rng.standard_t(4, n)[:, None] / np.sqrt(2)
        chance = [logistic(a * (theta - b)) for a, b in zip(slope, steps, strict=True)]
        marks = np.column_stack([(rng.random(p.shape) < p).sum(axis=1) for p in chance])
        truth = np.column_stack([p.mean(axis=1) for p in chance]) @ weight / weight.sum(axis=0)
        share = mastery(response_matrix(marks, full), q, ["a", "b", "c"]).share
        inside += int(((share.low <= truth) & (truth <= share.high))[share.known].sum())
        known += int(share.known.sum())
    assert 0.90 <= inside / known <= 0.985


def test_class_shares_of_points_are_not_shrunken_twice():
    rng = np.random.default_rng(31)
    ease, sizes = rng.normal(0, 1, 30), np.tile([8, 25, 45], 4)
    member = np.repeat(np.arange(12), sizes)
    q = np.eye(5)[np.arange(30) % 5]
    nodes = rng.normal(size=4000)
    inside = {"raw": 0, "shrunken": 0}
    rounds = 30
    for _ in range(rounds):
        shift = rng.normal(0, 0.6, 12)
        truth = logistic(nodes[:, None, None] + shift[:, None] - ease).mean(axis=0) @ q / 6
        chance = logistic(rng.normal(size=len(member))[:, None] + shift[member][:, None] - ease)
        marks = (rng.random(chance.shape) < chance) * 1.0
        table = analyse_exam(response_matrix(marks, 1.0), q, groups=[f"{c:02d}" for c in member]).groups
        assert table is not None
        for name in inside:
            got = getattr(table, name)
            inside[name] += int(((got.low <= truth) & (truth <= got.high)).sum())
    for name, hits in inside.items():
        assert 0.90 <= hits / (rounds * 60) <= 0.98, name


@pytest.mark.parametrize(("n", "rounds"), [(30, 120), (200, 30)])
def test_correlation_of_easy_items_and_spread_of_totals(n, rounds):
    """Skewed ability and items that nine in ten get right: a handful of pupils decide."""
    rng = np.random.default_rng(13)
    a, b = rng.uniform(0.5, 2.0, 25), rng.normal(-2.0, 0.5, 25)

    def draw(size):
        theta = (rng.chisquare(3, size) - 3) / np.sqrt(6)
        p = 0.2 + 0.8 * logistic(a * (theta[:, None] - b))
        return (rng.random(p.shape) < p) * 1.0

    population = draw(60_000)
    truth = items.rest_correlation(centre(response_matrix(population, 1.0))).value
    spread = float(population.sum(axis=1).std())
    inside = known = spreads = printed = 0
    for _ in range(rounds):
        exam = analyse_exam(response_matrix(draw(n), 1.0))
        got = exam.rest_correlation
        inside += int(((got.low <= truth) & (truth <= got.high))[got.known].sum())
        known += int(got.known.sum())
        if isinstance(exam.deviation, Estimate):
            printed += 1
            spreads += exam.deviation.low <= spread <= exam.deviation.high
    assert 0.90 <= inside / known <= 0.98
    assert printed >= 0.9 * rounds
    assert spreads / printed >= 0.90 - 3 * np.sqrt(0.05 * 0.95 / printed)


@pytest.mark.parametrize("n", [30, 300])
def test_mastery_with_rotated_booklets(n):
    """Nine of sixty items each: the share on the own items and on all items of the point are both covered."""
    rng = np.random.default_rng(6)
    a, b = rng.uniform(0.5, 2.2, 60), rng.normal(0, 1.2, 60)
    q = np.eye(5)[np.arange(60) % 5]
    own = every = known = 0
    for _ in range(1200 // n):
        theta = (rng.chisquare(3, n) - 3) / np.sqrt(6)
        p = logistic(a * (theta[:, None] - b))
        had = (np.arange(60) // 3 - rng.integers(0, 20, n)[:, None]) % 20 < 3
        marks = np.where(had, rng.random(p.shape) < p, np.nan)
        share = mastery(response_matrix(marks, 1.0), q, list("abcde")).share
        for k in range(5):
            ok = share.known[:, k]
            low, high = share.low[ok, k], share.high[ok, k]
            mine = (had[ok] * p[ok]) @ q[:, k] / (had[ok] @ q[:, k])
            whole = p[ok] @ q[:, k] / 12
            own += int(((low <= mine) & (mine <= high)).sum())
            every += int(((low <= whole) & (whole <= high)).sum())
            known += int(ok.sum())
    assert 0.89 <= own / known <= 0.98
    assert 0.90 <= every / known <= 0.98


@pytest.mark.parametrize(("kind", "n"), [("careless", 100), ("long tails", 45), ("long tails", 100)])
def test_correlation_where_a_few_pupils_decide(kind, n):
    """One in twenty answers at random on an easy paper; long-tailed abilities on hard items."""
    rng = np.random.default_rng(17)
    careless = kind == "careless"
    full, items_n = (1.0, 20) if careless else (5.0, 10)
    a, b = rng.uniform(0.8, 2.0, items_n), rng.normal(-2.6 if careless else 1.6, 0.6, items_n)

    def draw(size):
        theta = rng.normal(size=size) if careless else rng.standard_t(4, size) / np.sqrt(2)
        p = logistic(a * (theta[:, None] - b))
        if careless:
            p[rng.random(size) < 0.05] = 0.25
        return rng.binomial(int(full), p) * 1.0

    truth = items.rest_correlation(centre(response_matrix(draw(60_000), full))).value
    inside = known = 0
    for _ in range(80):
        got = items.rest_correlation(centre(response_matrix(draw(n), full)))
        inside += int(((got.low <= truth) & (truth <= got.high))[got.known].sum())
        known += int(got.known.sum())
    assert 0.90 <= inside / known <= 0.98
