"""Prints how often 95 % intervals of class models hold the truth, rule or Q-matrix being others than fitted.

    python bench/class_coverage.py [--seed 1] [--pupils 60,200,1000,9054] [--replications 20]
        [--models dina,gdina] [--rules dina,dino,sum,power] [--wrong 0,0.05,0.15,point] [--marks 1]
        [--differ all:0.5|slips:0.5|guesses:0.5|tied:0.5|away:0.1]

Twenty items of four points that hang together. Answers follow a rule: all points needed, any of them enough,
each of them helps, the square of that. Items carry 1 to --marks marks, each to be got before the next.
--wrong is the share of the entries of Q that are wrong, or "point" for a Q that does not know the last one
(items that ask for nothing else are not given). Every second replication draws new items. Mastery is looked
at where it is open (5 to 95 %). With --differ the log-odds of each mark vary among pupils with that σ: of
those who have all (slips) or none (guesses) of an item's points, or of everybody (all), also by the ability
that gives the points (tied). With away:0.1 one pupil in ten has each mark with 0.3, whatever he knows. Pupils
of a replication err together: ± is from how replications differ.
The last lines take all rules together.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from interval_coverage import marked

from edumetrics.arrays import response_matrix
from edumetrics.cdm import ClassModelResult, Settings, diagnose
from edumetrics.results import BoolArray, Estimate, FloatArray, IntArray

ITEMS, POINTS, LARGE = 20, 4, 400_000
STATES = np.array(list(product([0, 1], repeat=POINTS)))
PLACE = 1 << np.arange(POINTS)[::-1]
RULES = {
    "dina": lambda share: share == 1,
    "dino": lambda share: share > 0,
    "sum": lambda share: share,
    "power": lambda share: share**2,
}
DIFFER = {
    "slips": lambda share: share == 1,
    "guesses": lambda share: share == 0,
    "all": lambda share: share >= 0,
    "tied": lambda share: share >= 0,
    "away": lambda share: share < 0,
}
AWAY = 0.3
EFFECTS, MASS = np.polynomial.hermite_e.hermegauss(21)
SETTINGS = Settings(check_ridge=False, starts=3)


class World:
    """Items and pupils of a seed.

    ``step`` (C, J, M) are the log-odds of one more mark in each class, ``size`` (C, J, 1) how they vary with
    the pupil; ``chance`` (H, C, J, M + 1) is that of so many marks at values of the pupil's effect that are
    as frequent in each class as ``mass`` (H, C). Values of those ``away`` stand last.
    """

    def __init__(self, seed: list[int], rule: str, most: int = 1, differ: str = "all:0") -> None:
        rng = np.random.default_rng(seed)
        self.q = np.zeros((ITEMS, POINTS), dtype=np.int64)
        self.q[np.arange(ITEMS), np.arange(ITEMS) % POINTS] = 1
        self.q[np.arange(8, ITEMS), rng.integers(0, POINTS, ITEMS - 8)] = 1
        self.cuts = rng.normal(0, 0.6, POINTS)
        low, high = rng.uniform(0.05, 0.3, ITEMS), rng.uniform(0.7, 0.97, ITEMS)
        share = STATES @ self.q.T / self.q.sum(axis=1)
        helped = RULES[rule](share)
        self.weight = (
            np.bincount(self.states(rng.normal(size=(LARGE, 1)), rng), minlength=len(STATES)) / LARGE
        )
        self.full = rng.integers(1, most + 1, ITEMS)
        low = np.clip(low[:, None] + rng.uniform(-0.05, 0.25, (ITEMS, most)) * (most > 1), 0.05, 0.9)
        high = np.clip(high[:, None] + rng.uniform(-0.15, 0.1, (ITEMS, most)) * (most > 1), 0.3, 0.98)
        step = low + (high - low) * helped[:, :, None]
        kind, size = differ.split(":")
        self.tied, self.away = kind == "tied", float(size) if kind == "away" else 0.0
        self.step, self.size = logit(step), float(size) * DIFFER[kind](share)[:, :, None]
        effects, mass = (EFFECTS, MASS / MASS.sum()) if self.size.any() else (np.zeros(1), np.ones(1))
        self.chance = self.chances(slice(None), effects[:, None, None, None])
        self.mass = np.broadcast_to(mass[:, None], (len(mass), len(STATES)))
        if self.tied:
            has = ndtr(effects[:, None] - self.cuts)[:, None, :]
            of_states = np.where(STATES == 1, has, 1.0 - has).prod(axis=2) * mass[:, None]
            self.weight = of_states.sum(axis=0)
            self.mass = of_states / self.weight
        if self.away:
            at_random = self.marks(np.full((1, *self.step.shape), AWAY))
            self.chance = np.concatenate([self.chance, at_random])
            of_them = np.full((1, len(STATES)), self.away)
            self.mass = np.concatenate([(1.0 - self.away) * self.mass, of_them])

    def chances(self, states: Any, effects: FloatArray) -> FloatArray:
        """Chance (…, J, M + 1) of so many marks in states, moved by effects."""
        return self.marks(expit(self.step[states] + self.size[states] * effects))

    def marks(self, step: FloatArray) -> FloatArray:
        """Chance (…, J, M + 1) of so many marks, each got with a chance (…, J, M) once those before are."""
        step[..., np.arange(step.shape[-1]) >= self.full[:, None]] = 0.0
        reached = np.concatenate([np.ones((*step.shape[:-1], 1)), np.cumprod(step, axis=-1)], axis=-1)
        after = np.concatenate([reached[..., 1:], np.zeros((*step.shape[:-1], 1))], axis=-1)
        return np.asarray(reached - after)

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Marks (N, J)."""
        ability = rng.normal(size=(n, 1))
        states = self.states(ability, rng)
        effect = rng.normal(size=(n, 1)) if self.size.any() and not self.tied else ability
        chance = self.chances(states, effect[:, :, None])
        chance[rng.random(n) < self.away] = self.marks(np.full((1, *self.step.shape[1:]), AWAY))
        at_least = 1.0 - np.cumsum(chance[:, :, :-1], axis=2)
        return np.asarray((rng.random((n, ITEMS, 1)) < at_least).sum(axis=2) * 1.0)

    def states(self, ability: FloatArray, rng: np.random.Generator) -> IntArray:
        has = ability + rng.normal(size=(len(ability), POINTS)) > self.cuts
        return np.asarray(has @ PLACE)

    def mastery(self, marks: FloatArray, items: BoolArray) -> FloatArray:
        """Chance (N, K) of each point given the answers to some items, under the model that drew them."""
        logs = np.zeros((len(self.mass), len(STATES), len(marks)))
        for j in np.flatnonzero(items):
            logs += np.log(np.maximum(self.chance[:, :, j, marks[:, j].astype(int)], 1e-300))
        each = np.einsum("hc,hcn->nc", self.mass, np.exp(logs)) * self.weight
        return np.asarray(each @ STATES / each.sum(axis=1, keepdims=True))


def flawed(q: IntArray, wrong: str, rng: np.random.Generator) -> IntArray:
    """The Q-matrix that is fitted: entries turned round, no item without a point, or without the last one."""
    if wrong == "point":
        return q[:, :-1]
    out, left = q.copy(), round(float(wrong) * q.size)
    for cell in rng.permutation(q.size):
        j, k = divmod(int(cell), q.shape[1])
        if left and (not out[j, k] or out[j].sum() > 1):
            out[j, k] ^= 1
            left -= 1
    return out


def held(model: str, world: World, marks: FloatArray, q: IntArray) -> tuple[float, float, float]:
    """How often shares of points and open pupils' mastery are held, and the mean width of the latter."""
    rows = q.any(axis=1)
    exam = response_matrix(marks[:, rows], world.full[rows] * 1.0)
    got = diagnose(exam, q[rows], model, settings=SETTINGS)
    assert isinstance(got, ClassModelResult)
    shares = [
        point.prevalence.low <= share <= point.prevalence.high
        for point, share in zip(got.points, world.weight @ STATES, strict=False)
        if isinstance(point.prevalence, Estimate)
    ]
    true, known = world.mastery(marks, rows)[:, : q.shape[1]], got.mastery.known
    open_ = (true > 0.05) & (true < 0.95) & known
    low, high = got.mastery.low[open_], got.mastery.high[open_]
    return (
        float(np.mean(shares)),
        float(np.mean((low <= true[open_]) & (true[open_] <= high))),
        float(np.mean(high - low)),
    )


def line(rule: str, wrong: str, pupils: str, model: str, found: list[tuple[float, float, float]]) -> str:
    """What replications found, with the error from how they differ."""
    shares, mastery, width = np.mean(found, axis=0)
    errors = 1.96 * np.std(found, axis=0) / np.sqrt(len(found))
    errors[0] = max(errors[0], 3.0 / (POINTS * len(found)))  # rule of three where all shares are held
    figures = " ".join(
        f" {name} {100 * share:5.1f} % ± {100 * error:4.1f}{marked(float(share), float(error)):4s}"
        for name, share, error in (("shares", shares, errors[0]), ("mastery", mastery, errors[1]))
    )
    return f"answers {rule:5s} wrong in Q {wrong:5s} N={pupils:5s} {model:6s} {figures}  width {width:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pupils", default="60,200,1000,9054")
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--models", default="dina,gdina")
    parser.add_argument("--rules", default=",".join(RULES))
    parser.add_argument("--wrong", default="0,0.05,0.15,point")
    parser.add_argument("--marks", type=int, default=1)
    parser.add_argument("--differ", default="all:0")
    args = parser.parse_args()
    cells = product(
        args.rules.split(","), args.wrong.split(","), args.pupils.split(","), args.models.split(",")
    )
    together: dict[tuple[str, ...], list[tuple[float, float, float]]] = defaultdict(list)
    for rule, *others in cells:
        wrong, pupils, model = others
        found = []
        for at in range(args.replications):
            world = World([args.seed, at // 2], rule, args.marks, args.differ)
            rng = np.random.default_rng([args.seed, at, int(pupils)])
            marks = world.draw(int(pupils), rng)
            found.append(held(model, world, marks, flawed(world.q, wrong, rng)))
        print(line(rule, *others, found), flush=True)
        together[tuple(others)] += found
    for others, found in together.items():
        print(line("all", *others, found))


if __name__ == "__main__":
    main()
