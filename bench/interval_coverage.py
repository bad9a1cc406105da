"""Prints how often 95 % intervals hold the truth, on exams drawn from models that no method assumes.

    python bench/interval_coverage.py [--seed 1] [--pupils 30,200,1000] [--replications 100] [--worlds skew,…]

The items of a world follow from the seed, and so do the pupils of each replication. What an interval
ought to hold is the value in the population (400,000 pupils), for a pupil's mastery the mean chance
of a mark over the items of the point. A line outside 90–98.5 % is marked.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from edumetrics.arrays import response_matrix
from edumetrics.exam import analyse_exam
from edumetrics.irt import Calibration, Settings, calibrate
from edumetrics.results import Estimate, Estimates, Insufficient

Rng = np.random.Generator
Answers = tuple[np.ndarray, np.ndarray]  # marks, expected shares of the full mark (both pupils × items)
POPULATION = 400_000


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


def skew(rng: Rng) -> World:
    """Guessing, skewed ability, and an ability of its own for every knowledge point."""
    a, b, c = rng.uniform(0.5, 2.2, 40), rng.normal(0, 1.2, 40), rng.uniform(0.1, 0.3, 40)
    q = points(40, 8)

    def draw(n: int, rng: Rng) -> Answers:
        theta = skewed(n, rng)[:, None] + 0.6 * rng.normal(size=(n, 8)) @ q.T
        p = c + (1 - c) * logistic(a * (theta - b))
        return (rng.random(p.shape) < p) * 1.0, p

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
        return np.hstack([rng.binomial(12, chance), 3.0 * (rng.random((n, 16)) < p[:, 8:])]), p

    return World(full, points(24, 4), draw)


def states(rng: Rng) -> World:
    """Pupils master points or do not; an item of two points gives something for one of them."""
    q = points(30, 6)
    q[np.arange(10, 30), rng.integers(0, 6, 20)] = 1.0
    low, high, cut = rng.uniform(0.05, 0.3, 30), rng.uniform(0.7, 0.95, 30), rng.normal(0, 0.5, 6)

    def draw(n: int, rng: Rng) -> Answers:
        has = np.sqrt(0.5) * (rng.normal(size=(n, 1)) + rng.normal(size=(n, 6))) > cut
        p = low + (high - low) * (has @ q.T / q.sum(axis=1)) ** 1.5
        return (rng.random(p.shape) < p) * 1.0, p

    return World(np.ones(30), q, draw)


def booklets(rng: Rng) -> World:
    """Rotated booklets: nine of sixty items each."""
    a, b = rng.uniform(0.5, 2.2, 60), rng.normal(0, 1.2, 60)

    def draw(n: int, rng: Rng) -> Answers:
        p = logistic(a * (skewed(n, rng)[:, None] - b))
        had = (np.arange(60) // 3 - rng.integers(0, 20, n)[:, None]) % 20 < 3
        return np.where(had, rng.random(p.shape) < p, np.nan), p

    return World(np.ones(60), points(60, 5), draw)


WORLDS = {world.__name__: world for world in (skew, graded, essays, states, booklets)}


@dataclass
class Tally:
    """Intervals seen, those that hold the truth, their widths, refusals."""

    rows: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0, 0.0, 0.0]))

    def many(self, name: str, got: Estimates, truth: np.ndarray) -> None:
        row, known = self.rows[name], got.known
        row[0] += known.sum()
        row[1] += ((got.low <= truth + 1e-9) & (truth <= got.high + 1e-9))[known].sum()
        row[2] += (got.high - got.low)[known].sum()
        row[3] += (~known).sum()

    def one(self, name: str, got: Estimate | Insufficient, truth: float) -> None:
        row = self.rows[name]
        if isinstance(got, Insufficient):
            row[3] += 1
            return
        row[0] += 1
        row[1] += got.low <= truth <= got.high
        row[2] += got.high - got.low


def study(name: str, seed: int, pupils: int, replications: int) -> None:
    """Draw exams of one world and print a line per figure."""
    world = WORLDS[name](np.random.default_rng(seed))
    marks, _ = world.draw(POPULATION, np.random.default_rng([seed, 1]))
    truth = analyse_exam(response_matrix(marks, world.full), world.q)
    slopes = None
    if world.slopes:
        settings = Settings(standard_errors=False)
        slopes = calibrate(response_matrix(marks, world.full), world.slopes, settings=settings).parameters
    weights = world.q / world.q.sum(axis=1, keepdims=True) * world.full[:, None]
    rng, tally = np.random.default_rng([seed, 2, pupils]), Tally()
    for _ in range(replications):
        marks, chance = world.draw(pupils, rng)
        matrix = response_matrix(marks, world.full)
        got = analyse_exam(matrix, world.q)
        for figure in ("facility", "discrimination", "rest_correlation", "curves", "point_facility"):
            tally.many(figure, getattr(got, figure), getattr(truth, figure).value)
        for figure in ("alpha", "omega", "sem"):
            known = getattr(truth.reliability, figure)
            if isinstance(known, Estimate):
                tally.one(figure, getattr(got.reliability, figure), known.value)
        for figure in ("mean", "deviation"):
            if isinstance(getattr(truth, figure), Estimate):
                tally.one(figure, getattr(got, figure), getattr(truth, figure).value)
        tally.many("mastery", got.mastery.share, chance @ weights / weights.sum(axis=0))
        if slopes is not None and pupils >= 200:
            exam = calibrate(matrix, world.slopes)
            assert isinstance(exam, Calibration)
            for item in exam.items:
                tally.one(f"slope ({world.slopes})", item.slope, slopes.par[int(item.item) - 1, 0])
    for figure, (seen, held, width, refused) in tally.rows.items():
        if seen:
            mark = "" if 0.90 <= held / seen <= 0.985 else "  <<"
            line = f"{100 * held / seen:6.1f} %  width {width / seen:9.4f}  of {int(seen)}"
            print(f"{name:9s} N={pupils:<6d} {figure:17s} {line}, {int(refused)} refused{mark}", flush=True)
        else:
            print(f"{name:9s} N={pupils:<6d} {figure:17s} refused", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pupils", default="30,200,1000")
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--worlds", default=",".join(WORLDS))
    args = parser.parse_args()
    for name in args.worlds.split(","):
        for pupils in args.pupils.split(","):
            study(name, args.seed, int(pupils), args.replications)


if __name__ == "__main__":
    main()
