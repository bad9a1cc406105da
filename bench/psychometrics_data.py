"""Owns the data of the psychometric benchmark: seeded simulations and exams from a folder."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "exams"


def two_parameter(n: int, n_items: int = 60, seed: int = 1) -> np.ndarray:
    """Right/wrong answers (n, n_items) under a 2PL."""
    rng = np.random.default_rng(seed)
    a, d, theta = np.exp(rng.normal(0, 0.3, n_items)), rng.normal(0, 1.2, n_items), rng.normal(size=n)
    out = np.empty((n, n_items), np.int8)
    for j in range(n_items):
        out[:, j] = rng.random(n) < 1.0 / (1.0 + np.exp(-(theta * a[j] + d[j])))
    return out


def season_papers(papers: int, n: int = 9054, n_items: int = 60) -> dict[str, np.ndarray]:
    """Papers of a season: answers, chosen letters with uneven distractors, keys, two groups."""
    out: dict[str, np.ndarray] = {}
    for k in range(papers):
        x, rng = two_parameter(n, n_items, seed=100 + k), np.random.default_rng(200 + k)
        right = rng.integers(0, 4, n_items)
        wrong = (right + rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2], size=x.shape)) % 4
        alphabet = np.array(list("ABCD"))
        out |= {
            f"x{k}": x,
            f"letters{k}": alphabet[np.where(x == 1, right, wrong)],
            f"key{k}": alphabet[right],
        }
        out[f"group{k}"] = np.where(rng.random(n) < 0.5, "a", "b")
    return out


def partial_credit(n: int = 9054, n_items: int = 30, top: int = 4, seed: int = 2) -> np.ndarray:
    """Categories 0 … top under GPCM, 10 % missing (−1)."""
    rng = np.random.default_rng(seed)
    a, theta = np.exp(rng.normal(0, 0.3, n_items)), rng.normal(size=n)
    out = np.empty((n, n_items), np.int8)
    for j in range(n_items):
        d = np.concatenate([[0.0], np.cumsum(rng.normal(0, 0.8, top))])
        z = np.arange(top + 1) * a[j] * theta[:, None] + d
        p = np.exp(z - z.max(axis=1, keepdims=True))
        out[:, j] = (rng.random((n, 1)) > np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    out[rng.random(out.shape) < 0.1] = -1
    return out


def knowledge_states(n: int = 5000, n_items: int = 40, n_points: int = 16, seed: int = 3) -> tuple:
    """DINA answers (n, n_items) and Q-matrix of many points that hang together."""
    rng = np.random.default_rng(seed)
    q = np.zeros((n_items, n_points), int)
    for j in range(n_items):
        q[j, rng.choice(n_points, size=rng.integers(1, 4), replace=False)] = 1
        q[j, j % n_points] = 1
    mastered = rng.normal(size=(n, 1)) + rng.normal(size=(n, n_points)) > rng.normal(0, 0.5, n_points)
    able = (mastered[:, None, :] >= q).all(axis=2)
    return (rng.random(able.shape) < np.where(able, 0.88, 0.18)).astype(np.int8), q


def exam(name: str) -> tuple | None:
    """Answers cut to right/wrong at half marks, and the Q-matrix; None where the exam is not at hand."""
    places = [FIXTURES / name]
    if "SMARTSCHOOL_DATA" in os.environ:
        root = Path(os.environ["SMARTSCHOOL_DATA"])
        places += [root / name, root / "exams" / name]
    for place in places:
        if (place / "q.csv").exists():
            marks, q = (_table(place / f"{which}.csv") for which in ("responses", "q"))
            with (place / "items.csv").open(encoding="utf-8-sig") as lines:
                full = np.array([float(row["full_score"]) for row in csv.DictReader(lines)])
            return (marks / full >= 0.5).astype(np.int8), q.astype(int)
    return None


def practice_log() -> dict | None:
    """Train and test parts of the practice log, columns learner, order, skill, correct."""
    if "SMARTSCHOOL_DATA" not in os.environ:
        return None
    root = Path(os.environ["SMARTSCHOOL_DATA"])
    for place in (root / "practice_log_assist2009", root / "exams" / "practice_log_assist2009"):
        if (place / "train.csv").exists():
            return {
                part: np.loadtxt(place / f"{part}.csv", delimiter=",", skiprows=1, dtype=np.int64)
                for part in ("train", "test")
            }
    return None


def _table(path: Path) -> np.ndarray:
    with path.open(encoding="utf-8-sig") as lines:
        rows = list(csv.reader(lines))[1:]
    return np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
