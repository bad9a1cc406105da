"""Wrong marks in a Q-matrix, a point that nobody named: no correction, but intervals that hold the truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose, diagnosis, q_advice
from edumetrics.cdm.another_q import going_together, groups_under
from edumetrics.cdm.own_order import as_given, in_own_order
from edumetrics.cdm.pairs import PairFit
from edumetrics.cdm.preparation import prepare
from edumetrics.results import Estimate

QUICK = Settings(check_ridge=False, starts=3)
STATES = np.array(list(product([0, 1], repeat=4)))


class World:
    """Twenty items of four points that hang together; ``rule``: what some of an item's points are worth."""

    def __init__(self, seed, rule):
        self.rng = rng = np.random.default_rng(seed)
        self.q = np.zeros((20, 4), int)
        self.q[np.arange(20), np.arange(20) % 4] = 1
        self.q[np.arange(8, 20), rng.integers(0, 4, 12)] = 1
        self.cuts = rng.normal(0, 0.6, 4)
        low, high = rng.uniform(0.05, 0.3, 20), rng.uniform(0.7, 0.97, 20)
        share = STATES @ self.q.T / self.q.sum(axis=1)
        rise = {"dina": share == 1, "dino": share > 0, "sum": share, "power": share**2}[rule]
        self.chance = low + (high - low) * rise
        self.weight = np.bincount(self.states(200_000), minlength=16) / 200_000

    def states(self, n):
        has = self.rng.normal(size=(n, 1)) + self.rng.normal(size=(n, 4)) > self.cuts
        return has @ (8, 4, 2, 1)

    def draw(self, n):
        return (self.rng.random((n, 20)) < self.chance[self.states(n)]).astype(float)

    def mastery(self, marks, rows):
        """Given the answers to the items ``rows``, which are all that a diagnosis sees."""
        right, wrong = np.log(self.chance[:, rows]).T, np.log1p(-self.chance[:, rows]).T
        each = np.exp(marks[:, rows] @ right + (1 - marks[:, rows]) @ wrong) * self.weight
        return each @ STATES / each.sum(axis=1, keepdims=True)


def with_wrong_entries(q, number, rng):
    out = q.copy()
    for j in rng.permutation(20)[:number]:
        k = rng.choice([k for k in range(4) if not out[j, k] or out[j].sum() > 1])
        out[j, k] ^= 1
    return out


def holds(got, world, marks, rows):
    """Of open pupils' mastery, and of shares of points."""
    true = world.mastery(marks, rows)[:, : got.mastery.value.shape[1]]
    vague = (true > 0.05) & (true < 0.95) & got.mastery.known
    pupils = ((got.mastery.low <= true) & (true <= got.mastery.high))[vague]
    shares = world.weight @ STATES
    points = [
        point.prevalence.low <= share <= point.prevalence.high
        for point, share in zip(got.points, shares, strict=False)
        if isinstance(point.prevalence, Estimate)
    ]
    return pupils.mean(), np.mean(points)


def study(rule, model, n, rounds, change, seed):
    """Mean shares of intervals that hold the truth, pupils' and points'."""
    found = []
    for at in range(rounds):
        world = World([seed, at], rule)
        marks = world.draw(n)
        q, rows = change(world)
        got = diagnose(response_matrix(marks[:, rows], 1.0), q, model, settings=QUICK)
        found.append(holds(got, world, marks, rows))
    return np.mean(found, axis=0)


def as_it_is(world):
    return world.q, slice(None)


def four_entries_wrong(world):
    return with_wrong_entries(world.q, 4, world.rng), slice(None)


def without_the_last_point(world):
    rows = world.q[:, :3].any(axis=1)
    return world.q[rows, :3], rows


@pytest.mark.parametrize(("rule", "n"), [("dina", 200), ("dino", 60), ("sum", 60), ("power", 200)])
def test_mastery_by_a_rule_that_few_pupils_cannot_refute(rule, n):
    """By the rule alone 58 to 90 % held where it is wrong."""
    pupils, points = study(rule, "dina", n, 12, as_it_is, 31)
    assert 0.9 <= pupils <= 0.985
    assert points >= 0.9


@pytest.mark.parametrize(("rule", "model", "n"), [("dina", "gdina", 1000), ("sum", "dina", 200)])
def test_wrong_entries_leave_intervals_that_hold(rule, model, n):
    """Before, 83 % of pupils and 88 % of shares with DINA answers and 1,000 pupils."""
    pupils, points = study(rule, model, n, 12, four_entries_wrong, 32)
    assert 0.9 <= pupils <= 0.985
    assert points >= 0.9


def test_a_point_that_nobody_named_is_felt():
    """Before the second opinion, 78 % of pupils."""
    pupils, points = study("sum", "gdina", 1000, 10, without_the_last_point, 33)
    assert pupils >= 0.9
    assert points >= 0.9


def test_a_right_q_matrix_is_not_doubted_to_death():
    """Where all is right intervals hold as many, and grow by less than a tenth."""
    pupils, _ = study("dina", "gdina", 500, 20, as_it_is, 34)
    assert 0.92 <= pupils <= 0.98
    wider = []
    for at in range(6):
        world = World([34, at], "dina")
        matrix = response_matrix(world.draw(500), 1.0)
        exam = in_own_order(prepare(matrix, world.q, "gdina", None, (), QUICK))
        alone = as_given(diagnosis._diagnose_prepared(exam)[0], exam)
        got = diagnose(matrix, world.q, "gdina", settings=QUICK)
        assert (got.mastery.low <= alone.mastery.low + 1e-9).all()
        wider.append(
            np.mean(got.mastery.high - got.mastery.low) / np.mean(alone.mastery.high - alone.mastery.low)
        )
    assert np.mean(wider) < 1.1


def test_a_reader_is_told_which_items_are_doubted_and_which_go_together():
    world = World(36, "dina")
    marks = world.draw(1500)
    codes = {}
    for name, (q, rows) in (("right", as_it_is(world)), ("wrong", four_entries_wrong(world))):
        got = diagnose(response_matrix(marks[:, rows], 1.0), q, "dina", settings=QUICK)
        codes[name] = {note.code: note.subjects for note in got.provenance.warnings}
        changed = {str(j + 1) for j in np.flatnonzero((q != world.q).any(axis=1))}
        assert len(changed ^ set(codes[name].get("points_in_doubt", ()))) <= 1
    world = World(37, "sum")
    marks = world.draw(1500)
    q, rows = without_the_last_point(world)
    got = diagnose(response_matrix(marks[:, rows], 1.0), q, "gdina", settings=QUICK)
    (felt,) = (n.subjects for n in got.provenance.warnings if n.code == "point_nobody_named")
    true = {str(at + 1) for at, j in enumerate(np.flatnonzero(rows)) if world.q[j, 3]}
    assert len(true & set(felt)) >= 0.7 * len(true)
    assert len(got.points) == 3
    assert got.mastery.value.shape[1] == 3


def test_an_item_that_seems_to_need_more_points_than_can_be_told_apart_is_left_alone():
    """Eight points, an item that asks for the sum of all: no more than six may be joined."""
    rng = np.random.default_rng(38)
    has = rng.random((8000, 8)) < 0.5
    q = np.vstack([np.eye(8, dtype=int)] * 4)
    marks = (rng.random((8000, 32)) < 0.1 + 0.8 * (has @ q.T)).astype(float)
    q[0, 1] = 1
    marks[:, 0] = rng.random(8000) < 0.1 + 0.1 * has.sum(axis=1)
    got = diagnose(response_matrix(marks, 1.0), q, "gdina", settings=QUICK)
    advice = q_advice(got, response_matrix(marks, 1.0))
    assert max(len(one.suggested) for one in advice) > 6
    assert got.mastery.known.all()


def test_items_that_go_together_are_told_from_chance():
    rng = np.random.default_rng(35)
    for _ in range(200):
        noise = np.triu(rng.normal(size=(24, 24)), 1)
        z = noise + noise.T
        assert going_together(PairFit(0.8 * z, 0.0)).sum() == 0  # parameters take their part of chance
        z[np.ix_(range(5), range(5))] += 4.0
        found = going_together(PairFit(z, 0.0))
        assert found[:5].all()
        assert found[5:].sum() <= 6


def test_groups_under_another_q_are_those_of_its_classes():
    """Under its own Q-matrix an item's groups reach what they reach; under the right one what pupils do."""
    world = World([34, 7], "dina")
    wrong = world.q.copy()
    wrong[12] = (1, 0, 0, 0) if world.q[12, 0] == 0 else (0, 0, 0, 1)
    matrix = response_matrix(world.draw(20_000), 1.0)
    results = []
    for q in (wrong, world.q):
        exam = prepare(matrix, q, "gdina", None, (), QUICK)
        results.append(diagnosis._diagnose_prepared(exam)[0])
    given, right = results
    shares, sizes = groups_under(given, given)
    for j, item in enumerate(given.items):
        reached = [group.share.value for group in item.groups]
        np.testing.assert_allclose(shares[j, : len(reached)], reached, atol=1e-3)
    assert sizes.sum(axis=1) == pytest.approx(1.0)
    shares, _ = groups_under(given, right)
    k = given.space.needs[12][0]
    for has in (0, 1):
        inside = STATES[:, k] == has
        true = world.weight[inside] @ world.chance[inside, 12] / world.weight[inside].sum()
        assert shares[12, has] == pytest.approx(true, abs=0.02)


def test_chances_of_items_that_lack_a_mark_reach_over_another_q():
    inside = []
    for at in range(12):
        world = World([35, at], "dina")
        q, lacking = world.q.copy(), np.flatnonzero(world.q.sum(axis=1) == 2)[:2]
        for j in lacking:
            q[j, np.flatnonzero(q[j])[at % 2]] = 0
        got = diagnose(response_matrix(world.draw(800), 1.0), q, "dina", settings=QUICK)
        for j in lacking:
            k = int(np.flatnonzero(q[j])[0])
            for has, group in enumerate(got.items[j].groups):
                who = STATES[:, k] == has
                true = world.weight[who] @ world.chance[who, j] / world.weight[who].sum()
                inside.append(group.share.low <= true <= group.share.high)
    assert np.mean(inside) > 0.9  # under the given Q-matrix alone 0.79
