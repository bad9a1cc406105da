"""Intervals from the whole posterior: papers on which the curvature at its mode says too little."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import expit

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose
from edumetrics.cdm import diagnosis as calls
from edumetrics.cdm.own_order import in_own_order
from edumetrics.cdm.preparation import prepare
from edumetrics.cdm.whole_posterior import FEW, MANY, MOST_CELLS, heard, with_whole_posterior

QUICK = Settings(check_ridge=False, starts=3)


class Paper:
    """Twenty right/wrong items: chances (S, 20) and shares (S,) of the states; some who guess everything."""

    def __init__(self, q, chance, share, guessing=0.0, level=0.25):
        self.q, self.chance, self.share, self.guessing, self.level = q, chance, share, guessing, level
        self.states = states(q.shape[1])

    def draw(self, n, rng):
        chance = self.chance[rng.choice(len(self.share), n, p=self.share)]
        chance[rng.random(n) < self.guessing] = self.level
        return (rng.random(chance.shape) < chance).astype(float)

    def mastery(self, marks):
        by_points = marks @ np.log(self.chance.T) + (1.0 - marks) @ np.log1p(-self.chance.T)
        each = np.exp(by_points) * self.share * (1.0 - self.guessing)
        right = marks.sum(axis=1, keepdims=True)
        away = self.level**right * (1.0 - self.level) ** (marks.shape[1] - right) * self.guessing
        return (each + away * self.share) @ self.states / (each.sum(axis=1, keepdims=True) + away)


def states(n_points):
    return np.array(list(product([0, 1], repeat=n_points)))


def asked(rng, n_points):
    """A Q-matrix whose first items need a point alone, half of the others two."""
    q = np.zeros((20, n_points), dtype=np.int64)
    q[np.arange(20), np.arange(20) % n_points] = 1
    two = n_points + np.flatnonzero(rng.random(20 - n_points) < 0.5)
    q[two, (two + rng.integers(1, n_points, len(two))) % n_points] = 1
    return q


def hard_choices(rng, guessing=0.0):
    """Multiple choice: each lacking point takes half of the chance, down to a guess; few have a point."""
    q, all_states = asked(rng, 4), states(4)
    top, each, floor = (
        rng.uniform(0.75, 0.92, 20),
        rng.uniform(0.45, 0.7, (20, 4)),
        rng.uniform(0.22, 0.35, 20),
    )
    lacking = (all_states[:, None] == 0) & (q == 1)
    chance = np.maximum(top * np.where(lacking, each, 1.0).prod(axis=2), floor)
    has = expit(1.2 * rng.normal(size=(200_000, 1)) + rng.uniform(-1.6, -0.5, 4))
    share = np.bincount((rng.random(has.shape) < has) @ (8, 4, 2, 1), minlength=16) / 200_000
    return Paper(q, chance, share, guessing)


def untold_chain(rng):
    """Five points of which each presupposes the one before but for one pupil in twenty."""
    q, all_states = asked(rng, 5), states(5)
    reached = np.sort(rng.uniform(0.25, 0.9, 5))[::-1]
    share = 0.05 * np.where(all_states == 1, reached, 1.0 - reached).prod(axis=1)
    for k, part in enumerate(-np.diff(np.concatenate([[1.0], reached, [0.0]]))):
        share[(all_states == (np.arange(5) < k)).all(axis=1)] += 0.95 * part
    able = (all_states[:, None] >= q).all(axis=2)
    return Paper(q, np.where(able, rng.uniform(0.78, 0.95, 20), rng.uniform(0.12, 0.3, 20)), share)


def bare(marks, q):
    exam = in_own_order(prepare(response_matrix(marks, 1.0), q, "gdina", None, (), QUICK))
    return exam, calls._diagnose_prepared(exam)[0]


def held(world, n, seeds, model="gdina"):
    """Shares of open pupils' mastery and of points that are held; the same by the maximum alone."""
    out = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        paper = world(rng)
        marks = paper.draw(n, rng)
        exam, alone = bare(marks, paper.q)
        true = paper.mastery(marks)
        open_ = (true > 0.05) & (true < 0.95)
        for got in (
            diagnose(response_matrix(marks, 1.0), paper.q, model, settings=QUICK),
            calls.as_given(alone, exam),
        ):
            points = [point.prevalence for point in got.points]
            inside = (got.mastery.low <= true) & (true <= got.mastery.high)
            shares = zip(points, paper.share @ paper.states, strict=True)
            out.append((inside[open_].mean(), np.mean([p.low <= s <= p.high for p, s in shares])))
    return np.array(out).reshape(-1, 2, 2).mean(axis=0)


@pytest.mark.parametrize("n", [200, 400])
def test_points_that_are_hardly_told_apart_are_held(n):
    with_it, alone = held(hard_choices, n, range(600, 616))
    assert 0.9 < with_it[0] < 0.985
    assert with_it[1] > 0.9
    assert alone[1] < 0.9


def test_nearly_empty_classes_are_not_taken_for_empty():
    with_it, alone = held(untold_chain, 300, range(620, 632))
    assert 0.91 < with_it[0] < 0.985
    assert alone[0] < with_it[0] - 0.03


def test_some_who_guess_where_points_are_hardly_told_apart():
    """By a rule that is wrong, too."""
    with_it, alone = held(lambda rng: hard_choices(rng, 0.08), 1000, range(640, 650), "dina")
    assert 0.9 < with_it[0] < 0.985
    assert with_it[1] > 0.88
    assert alone[1] < 0.8


def test_limits_do_not_hang_on_the_order_of_pupils_and_hold_the_figures():
    rng = np.random.default_rng(660)
    paper = hard_choices(rng)
    marks = paper.draw(150, rng)
    marks[rng.random(marks.shape) < 0.2] = np.nan
    marks[7] = np.nan
    order = rng.permutation(150)
    got = with_whole_posterior(*bare(marks, paper.q))
    other = with_whole_posterior(*bare(marks[order], paper.q))
    for one in ("low", "value", "high"):
        np.testing.assert_allclose(getattr(other.mastery, one), getattr(got.mastery, one)[order], atol=1e-6)
    known = got.mastery.known
    assert not known[7].any()
    assert (got.mastery.low[known] < got.mastery.high[known]).all()
    for item in got.items:
        for group in item.groups:
            assert 0.0 <= group.share.low <= group.share.value <= group.share.high <= 1.0
    for point in got.points:
        assert point.prevalence.low < point.prevalence.value < point.prevalence.high


def test_few_are_not_drawn_for_and_very_many_neither():
    rng = np.random.default_rng(661)
    paper = hard_choices(rng)
    exam, result = bare(paper.draw(MANY, rng), paper.q)
    assert heard(exam, result) == 1.0
    assert heard(*bare(paper.draw(FEW, rng), paper.q)) == 0.0
    assert 0.0 < heard(*bare(paper.draw((FEW + MANY) // 2, rng), paper.q)) < 1.0
    assert heard(*bare(paper.draw(MOST_CELLS // 16 + 1, rng), paper.q)) == 0.0
    additive = replace(result, problem=replace(result.problem, additive=np.ones(20, dtype=np.bool_)))
    assert heard(exam, additive) == 0.0
