"""Partial marks in class models: priors learn their level, few pupils tell their spread vaguely."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, diagnose
from edumetrics.cdm.em import start
from edumetrics.cdm.preparation import make_problem
from edumetrics.cdm.pull import ALL, KINDS, PARTIAL, Shares, offsets
from edumetrics.cdm.uncertainty import of_few_marks, places
from edumetrics.irt.coding import learn_coding
from edumetrics.results import Estimate

QUICK = Settings(check_ridge=False, starts=3)
STATES = np.array(list(product([0, 1], repeat=4)))


class World:
    """Items of 1 to 4 marks, each to be got before the next; points hang together and help one by one."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.q = np.zeros((20, 4), int)
        self.q[np.arange(20), np.arange(20) % 4] = 1
        self.q[np.arange(8, 20), rng.integers(0, 4, 12)] = 1
        self.cuts, self.full = rng.normal(0, 0.6, 4), rng.integers(1, 5, 20)
        low = np.clip(rng.uniform(0.05, 0.3, (20, 1)) + rng.uniform(-0.05, 0.25, (20, 4)), 0.05, 0.9)
        high = np.clip(rng.uniform(0.7, 0.97, (20, 1)) + rng.uniform(-0.15, 0.1, (20, 4)), 0.3, 0.98)
        step = low + (high - low) * (STATES @ self.q.T / self.q.sum(axis=1))[:, :, None]
        step[:, np.arange(4) >= self.full[:, None]] = 0.0
        self.at_least = np.cumprod(step, axis=2)  # chance (C, J, 4) of so many marks or more
        self.weight = np.bincount(self.states(200_000), minlength=16) / 200_000

    def states(self, n):
        has = self.rng.normal(size=(n, 1)) + self.rng.normal(size=(n, 4)) > self.cuts
        return has @ (8, 4, 2, 1)

    def draw(self, n):
        return (self.rng.random((n, 20, 1)) < self.at_least[self.states(n)]).sum(axis=2) * 1.0

    def mastery(self, marks):
        whole = np.concatenate([np.ones((16, 20, 1)), self.at_least, np.zeros((16, 20, 1))], axis=2)
        chance = np.maximum(whole[:, :, :-1] - whole[:, :, 1:], 1e-300)
        logs = sum(np.log(chance[:, j, marks[:, j].astype(int)]).T for j in range(20))
        each = np.exp(logs) * self.weight
        return each @ STATES / each.sum(axis=1, keepdims=True)

    def share(self, j, has):
        """Mean share of the full mark among the classes that have just those of the item's points."""
        inside = self.weight * (STATES[:, self.q[j] > 0] == has).all(axis=1)
        return inside @ self.at_least[:, j].sum(axis=1) / self.full[j] / inside.sum()


def test_sixty_pupils_who_take_steps_one_by_one():
    """Before, 85 % of pupils, 87 % of shares of points, 88 % of chances without the points."""
    pupils, points, chances = [], [], []
    for at in range(16):
        world = World([61, at])
        marks = world.draw(60)
        got = diagnose(response_matrix(marks, world.full * 1.0), world.q, "gdina", settings=QUICK)
        true = world.mastery(marks)
        vague = (true > 0.05) & (true < 0.95) & got.mastery.known
        pupils.append(((got.mastery.low <= true) & (true <= got.mastery.high))[vague].mean())
        points += [
            one.prevalence.low <= share <= one.prevalence.high
            for one, share in zip(got.points, world.weight @ STATES, strict=True)
            if isinstance(one.prevalence, Estimate)
        ]
        for j, item in enumerate(got.items):
            for group in item.groups:
                here = world.share(j, np.isin(item.points, group.mastered))
                chances.append(group.share.low - 1e-9 <= here <= group.share.high + 1e-9)
    assert 0.9 <= np.mean(pupils) <= 0.985
    assert 0.9 <= np.mean(points) <= 0.99
    assert 0.9 <= np.mean(chances) <= 0.985


def test_priors_learn_the_level_of_each_kind():
    kind = np.repeat(np.arange(KINDS), 30)
    truth = np.array([0.1, 0.3, 0.9, 0.05, 0.3, 0.5])[kind]
    centre = np.array([0.2, 0.5, 0.8, 0.2, 0.5, 0.8])[kind]
    weight, answers = np.full(len(kind), 5.0), 20.0
    value = (answers * truth + weight * centre) / (answers + weight)
    error = np.sqrt(value * (1 - value) / (answers + weight))
    found = offsets(Shares(value, error, centre, weight, kind))
    for learnt in range(KINDS):
        first = np.flatnonzero(kind == learnt)[0]
        assert found[learnt] == pytest.approx(logit(truth[first]) - logit(centre[first]), abs=0.35)


def coded_exam():
    world = World(62)
    return world, learn_coding(response_matrix(world.draw(200), world.full * 1.0)).coding


def test_an_offset_moves_the_priors_of_its_kind_alone():
    world, coding = coded_exam()
    space = class_space(world.q.astype(bool), "gdina")
    offset = np.zeros(KINDS)
    offset[PARTIAL + ALL] = -1.0
    plain, moved = (make_problem(space, coding, "gdina", QUICK, 200, one) for one in (None, offset))
    partial = plain.n_categories > 2
    assert np.allclose(plain.pseudo[~partial], moved.pseudo[~partial])
    for j in np.flatnonzero(partial):
        top, marks = int(plain.n_groups[j]) - 1, np.arange(plain.pseudo.shape[2])
        assert np.allclose(plain.pseudo[j, :top], moved.pseudo[j, :top])
        before, after = (p.pseudo[j, top] @ marks / p.pseudo[j, top].sum() for p in (plain, moved))
        assert after < before - 0.05 * (plain.n_categories[j] - 1)
    assert QUICK.prior_high == pytest.approx(expit(logit(QUICK.prior_high) + offset[ALL]))


def test_variance_of_partial_marks_is_that_of_a_sample_of_the_group():
    """Student's interval of a mean of n marks is t·√(n/(n − 1)) wide where the model says 1.96."""
    world, coding = coded_exam()
    problem = make_problem(class_space(world.q.astype(bool)), coding, "dina", QUICK, 200)
    place = places(problem)
    size = int(place.max()) + 1
    counts = start(problem, np.full(problem.pseudo.shape[::2], 0.2)).probability
    counts = counts * np.array([9.0, 60.0])[None, :, None]
    root = np.random.default_rng(1).normal(size=(size + 2, size + 2))
    before = root @ root.T
    after = of_few_marks(before, problem, counts)
    scale = np.sqrt(np.diag(after) / np.diag(before))
    assert np.allclose(after, before * scale[:, None] * scale)
    assert np.allclose(scale[size:], 1.0)
    for j, g, k in np.argwhere(place >= 0):
        n = (9, 60)[g]
        wanted = stats.t.ppf(0.975, n - 1) / stats.norm.ppf(0.975) * np.sqrt(n / (n - 1))
        assert scale[place[j, g, k]] == pytest.approx(wanted if problem.n_categories[j] > 2 else 1.0)
