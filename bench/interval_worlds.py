"""Owns the worlds from which `interval_coverage.py` draws exams: none is a model that a method assumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator
Answers = tuple[np.ndarray, np.ndarray]  # marks, expected shares of the full mark (both pupils × items)


def logistic(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


@dataclass
class World:
    """A paper and how pupils answer it."""

    full: np.ndarray
    q: np.ndarray
    draw: Callable[[int, Rng], Answers]
    slopes: str = ""  # model whose slopes are looked at too


def points(items: int, k: int) -> np.ndarray:
    return np.eye(k)[np.arange(items) % k]


def skewed(n: int, rng: Rng) -> np.ndarray:
    return (rng.chisquare(3, n) - 3) / np.sqrt(6)


def answered(p: np.ndarray, rng: Rng) -> np.ndarray:
    return (rng.random(p.shape) < p) * 1.0


def skew(rng: Rng) -> World:
    """Guessing, skewed ability, and an ability of its own for every knowledge point."""
    a, b, c = rng.uniform(0.5, 2.2, 40), rng.normal(0, 1.2, 40), rng.uniform(0.1, 0.3, 40)
    q = points(40, 8)

    def draw(n: int, rng: Rng) -> Answers:
        theta = skewed(n, rng)[:, None] + 0.6 * rng.normal(size=(n, 8)) @ q.T
        p = c + (1 - c) * logistic(a * (theta - b))
        return answered(p, rng), p

    return World(np.ones(40), q, draw, "2pl")


def graded(rng: Rng) -> World:
    """Graded items of four steps, two clearly different kinds of pupils."""
    a, steps = rng.uniform(0.8, 2.5, 12), np.sort(rng.normal(0, 1.1, (12, 4)), axis=1)

    def draw(n: int, rng: Rng) -> Answers:
        weak = rng.random(n) < 0.4
        theta = np.where(weak, rng.normal(-1.4, 0.45, n), rng.normal(0.93, 0.5, n))
        p = logistic(a[:, None] * (theta[:, None, None] - steps))
        return (rng.random((n, 12, 1)) < p).sum(axis=2) * 1.0, p.mean(axis=2)

    return World(np.full(12, 4.0), points(12, 4), draw, "gpcm")


def essays(rng: Rng) -> World:
    """Eight items marked 0 to 12 with more spread than binomial, sixteen choice items of three marks."""
    full = np.r_[np.full(8, 12.0), np.full(16, 3.0)]
    a, b, spread = rng.uniform(0.6, 1.6, 24), rng.normal(-0.2, 1, 24), rng.uniform(2, 8, 8)

    def draw(n: int, rng: Rng) -> Answers:
        p = logistic(a * (-skewed(n, rng)[:, None] - b))
        p[:, 8:] = 0.2 + 0.8 * p[:, 8:]
        chance = rng.beta(np.maximum(p[:, :8] * spread, 1e-3), np.maximum((1 - p[:, :8]) * spread, 1e-3))
        return np.hstack([rng.binomial(12, chance), 3.0 * answered(p[:, 8:], rng)]), p

    return World(full, points(24, 4), draw)


def states(rng: Rng) -> World:
    """Pupils master points or do not; an item of two points gives something for one of them."""
    q = points(30, 6)
    q[np.arange(10, 30), rng.integers(0, 6, 20)] = 1.0
    low, high, cut = rng.uniform(0.05, 0.3, 30), rng.uniform(0.7, 0.95, 30), rng.normal(0, 0.5, 6)

    def draw(n: int, rng: Rng) -> Answers:
        has = np.sqrt(0.5) * (rng.normal(size=(n, 1)) + rng.normal(size=(n, 6))) > cut
        p = low + (high - low) * (has @ q.T / q.sum(axis=1)) ** 1.5
        return answered(p, rng), p

    return World(np.ones(30), q, draw)


def booklets(rng: Rng) -> World:
    """Rotated booklets: nine of sixty items each."""
    a, b = rng.uniform(0.5, 2.2, 60), rng.normal(0, 1.2, 60)

    def draw(n: int, rng: Rng) -> Answers:
        p = logistic(a * (skewed(n, rng)[:, None] - b))
        had = (np.arange(60) // 3 - rng.integers(0, 20, n)[:, None]) % 20 < 3
        return np.where(had, answered(p, rng), np.nan), p

    return World(np.ones(60), points(60, 5), draw)


def easy(rng: Rng) -> World:
    """A village class's test: nine in ten marks are got, one pupil in twenty answers without looking."""
    a, b = rng.uniform(0.8, 2.0, 20), rng.normal(-2.6, 0.7, 20)

    def draw(n: int, rng: Rng) -> Answers:
        p = logistic(a * (rng.normal(size=(n, 1)) - b))
        p[rng.random(n) < 0.05] = 0.25
        return answered(p, rng), p

    return World(np.ones(20), points(20, 4), draw)


def hard(rng: Rng) -> World:
    """Ten big items that few do well, abilities with long tails."""
    a, b = rng.uniform(0.8, 2.0, 10), rng.normal(1.6, 0.6, 10)

    def draw(n: int, rng: Rng) -> Answers:
        p = logistic(a * (rng.standard_t(4, n)[:, None] / np.sqrt(2) - b))
        return rng.binomial(5, p) * 1.0, p

    return World(np.full(10, 5.0), points(10, 3), draw)


def two_abilities(rng: Rng) -> World:
    """Every other item asks for a second ability, half of it shared with the first."""
    a, b = rng.uniform(0.5, 2.2, 30), rng.normal(0, 1.0, 30)

    def draw(n: int, rng: Rng) -> Answers:
        own = rng.normal(size=(n, 2))
        theta = np.sqrt(0.5) * (rng.normal(size=(n, 1)) + own)[:, np.arange(30) % 2]
        p = logistic(a * (theta - b))
        return answered(p, rng), p

    return World(np.ones(30), points(30, 6), draw, "2pl")


def speeded(rng: Rng) -> World:
    """The last items are not reached by many; the first one everybody has right; two items are the same."""
    a, b = rng.uniform(0.5, 2.0, 25), rng.normal(-0.5, 1.0, 25)

    def draw(n: int, rng: Rng) -> Answers:
        theta = rng.uniform(-1.7, 1.7, n)[:, None]
        p = logistic(a * (theta - b))
        p[:, 0] = 1.0
        stop = 25.0 - np.maximum(rng.normal(-1.0, 3.0, n) - 0.5 * theta[:, 0], 0.0)
        p[np.arange(25) > stop[:, None]] = 0.0
        marks = answered(p, rng)
        marks[:, 6], p[:, 6] = marks[:, 5], p[:, 5]
        return marks, p

    return World(np.ones(25), points(25, 5), draw)


WORLDS = {
    world.__name__: world
    for world in (skew, graded, essays, states, booklets, easy, hard, two_abilities, speeded)
}
