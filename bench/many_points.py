"""Prints how papers of 20 to 30 knowledge points are diagnosed: time, recovery, and whether words come true.

    nice python bench/many_points.py [--seed 1] [--points 20,24,30] [--pupils 300,9054] [--replications 5]

Forty items, each point alone on one or two of them, three in ten with a second point. Two worlds: points
hang together through one ability (the model's own), or through one of three abilities (not the model's).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from edumetrics.arrays import response_matrix
from edumetrics.cdm import ClassModelResult, diagnose
from edumetrics.results import Estimate

ITEMS = 40
POPULATION = 200_000


def paper(rng: np.random.Generator, n_points: int) -> np.ndarray:
    """Q-matrix (40, K)."""
    q = np.zeros((ITEMS, n_points), int)
    q[np.arange(ITEMS), np.arange(ITEMS) % n_points] = 1
    second = np.flatnonzero(rng.random(ITEMS) < 0.3)
    q[second, rng.integers(0, n_points, len(second))] = 1
    return q


def pupils(rng: np.random.Generator, n: int, world: str, slope: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Mastery (N, K)."""
    abilities = rng.normal(size=(n, 1 if world == "one" else 3))
    mine = abilities[:, np.arange(len(slope)) % abilities.shape[1]]
    if world == "three":  # correlated 0.5
        mine = np.sqrt(0.5) * (mine + rng.normal(size=(n, 1)))
    return rng.random(mine.shape) < 1.0 / (1.0 + np.exp(-slope * (mine - place)))


def held(figures: list, truth: np.ndarray) -> list[bool]:
    """Whether each interval holds its truth, where there is one."""
    return [f.low <= t <= f.high for f, t in zip(figures, truth, strict=True) if isinstance(f, Estimate)]


def run(seed: int, n_points: int, n: int, world: str) -> dict[str, float]:
    """One drawn exam."""
    rng = np.random.default_rng([seed, n_points, n])
    q = paper(rng, n_points)
    slope, place = rng.uniform(1.0, 2.5, n_points), rng.uniform(-1.0, 1.0, n_points)
    guess, slip = rng.uniform(0.1, 0.3, ITEMS), rng.uniform(0.05, 0.2, ITEMS)
    mastered = pupils(rng, n, world, slope, place)
    share = pupils(rng, POPULATION, world, slope, place).mean(axis=0)
    able = (mastered[:, None, :] >= q).all(axis=2)
    marks = (rng.random((n, ITEMS)) < np.where(able, 1.0 - slip, guess)).astype(float)
    matrix = response_matrix(marks, 1.0)
    began = time.process_time()
    got = diagnose(matrix, q, "dina")
    spent = time.process_time() - began
    assert isinstance(got, ClassModelResult)
    known, value = got.mastery.known, got.mastery.value
    low = got.mastery.low
    return {
        "cpu": spent,
        "known": float(known.mean()),
        "brier": float(np.mean((value - mastered)[known] ** 2)),
        "stated": float(np.mean(np.maximum(value, 1 - value)[known])),
        "right": float(np.mean((value > 0.5)[known] == mastered[known])),
        "sure": float(np.mean(mastered[known][low[known] > 0.9])),
        "guess": float(np.mean(held([i.guess for i in got.items], guess))),
        "slip": float(np.mean(held([i.slip for i in got.items], slip))),
        "share": float(np.mean(held([p.prevalence for p in got.points], share))),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", default="20,24,30")
    parser.add_argument("--pupils", default="300,9054")
    parser.add_argument("--replications", type=int, default=5)
    asked = parser.parse_args()
    run(0, 20, 200, "one")  # compiled code is read once
    print("world  points pupils |  cpu s  known  brier stated  right   sure | held: guess   slip  share")
    for world in ("one", "three"):
        for n in map(int, asked.pupils.split(",")):
            for k in map(int, asked.points.split(",")):
                rows = [run(asked.seed + r, k, n, world) for r in range(asked.replications)]
                mean = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
                cells = " ".join(f"{mean[name]:6.3f}" for name in list(mean)[1:6])
                covered = " ".join(f"{mean[name]:6.3f}" for name in ("guess", "slip", "share"))
                print(f"{world:6} {k:6} {n:6} | {mean['cpu']:6.1f} {cells} |      {covered}", flush=True)


if __name__ == "__main__":
    main()
