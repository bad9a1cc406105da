"""Pupils who differ in care or luck beside their points: found, said, and held by the intervals."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import expit, logit

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose, opinions
from edumetrics.cdm import diagnosis as calls
from edumetrics.cdm.own_order import in_own_order
from edumetrics.cdm.preparation import prepare
from edumetrics.cdm.pupil_effect.opinion import with_pupil_effect

QUICK = Settings(check_ridge=False, starts=3)
STATES = np.array(list(product([0, 1], repeat=4)))
ITEMS = 20


class World:
    """Pupils of four points that hang together; log-odds of their slips or guesses vary by σ as well.

    ``chance`` (H, C, J) at values of the effect that ``mass`` (H, 1) or, by class, (H, C) of the pupils have.
    """

    def __init__(self, seed, sigma, kind, together):
        rng = np.random.default_rng(seed)
        self.q = np.zeros((ITEMS, 4), int)
        self.q[np.arange(ITEMS), np.arange(ITEMS) % 4] = 1
        self.q[np.arange(8, ITEMS), rng.integers(0, 4, ITEMS - 8)] = 1
        cuts = rng.normal(0, 0.5, 4)
        has = rng.normal(size=(200_000, 1)) + rng.normal(size=(200_000, 4)) > cuts
        self.weight = np.bincount(has @ (8, 4, 2, 1), minlength=16) / len(has)
        share = STATES @ self.q.T / self.q.sum(axis=1)
        low, high = rng.uniform(0.1, 0.3, ITEMS), rng.uniform(0.7, 0.95, ITEMS)
        base = logit(low + (high - low) * (share == 1 if together else share))
        moved = {"slips": share == 1, "guesses": share == 0, "all": share >= 0}[kind] * sigma
        at, self.mass = np.polynomial.hermite_e.hermegauss(15)
        self.at, self.mass = at, (self.mass / self.mass.sum())[:, None]
        self.chance = expit(base + moved * at[:, None, None])
        self.base, self.moved = base, moved

    def draw(self, n, seed):
        rng = np.random.default_rng(seed)
        state = rng.choice(16, n, p=self.weight)
        chance = expit(self.base[state] + self.moved[state] * rng.normal(size=(n, 1)))
        return (rng.random(chance.shape) < chance).astype(float)

    def mastery(self, marks, full=1.0):
        """Posteriors of pupils who get marks of an item one by one."""
        logs = np.einsum("nj,hcj->nhc", marks, np.log(self.chance))
        logs += np.einsum("nj,hcj->nhc", full - marks, np.log1p(-self.chance))
        each = (
            np.einsum("hc,nhc->nc", np.broadcast_to(self.mass, self.chance.shape[:2]), np.exp(logs))
            * self.weight
        )
        return each @ STATES / each.sum(axis=1, keepdims=True)

    def share(self, item, points, mastered):
        """Chance of an item among pupils who have the ``mastered`` of its ``points``."""
        inside = (STATES[:, points] == [point in mastered for point in points]).all(axis=1)
        mean = (self.mass * self.chance[:, :, item]).sum(axis=0)
        return float(self.weight[inside] @ mean[inside] / self.weight[inside].sum())


def said(got):
    return [note for note in got.provenance.warnings if note.code == "pupils_differ_beside_points"]


def held(got, world, marks):
    true = world.mastery(marks)
    open_ = (true > 0.05) & (true < 0.95) & got.mastery.known
    inside = (got.mastery.low <= true) & (true <= got.mastery.high)
    return float(inside[open_].mean())


@pytest.mark.parametrize(("kind", "sigma"), [("slips", 0.8), ("guesses", 0.8), ("all", 0.6)])
def test_pupils_who_differ_in_care_or_luck_are_found_and_held(kind, sigma):
    mastery, chances = [], []
    for seed in range(4):
        world = World(seed, sigma, kind, together=bool(seed % 2))
        marks = world.draw(1_000, seed + 50)
        got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
        assert said(got)
        mastery.append(held(got, world, marks))
        for j, item in enumerate(got.items):
            points = [int(name) - 1 for name in item.points]
            for group in item.groups:
                true = world.share(j, points, [int(name) - 1 for name in group.mastered])
                chances.append(group.share.low <= true <= group.share.high)
    assert np.mean(mastery) > 0.9  # without the effect 0.55 to 0.72
    assert np.mean(chances) > 0.9  # 0.83 to 0.90


def test_pupils_who_answer_by_no_point_are_found_and_held():
    mastery, away = [], []
    for seed in range(6):
        world = World(seed + 80, 0.0, "all", together=bool(seed % 2))
        world.mass = np.array([[0.9], [0.1]])
        world.chance = np.stack([expit(world.base), np.full_like(world.base, 0.3)])
        rng = np.random.default_rng(seed)
        marks = world.draw(1_000, seed + 50)
        guessing = rng.random(1_000) < 0.1
        marks[guessing] = rng.random((guessing.sum(), ITEMS)) < 0.3
        got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
        away += [note.data["away"] for note in said(got)]
        mastery.append(held(got, world, marks))
    assert np.mean(mastery) > 0.85  # without the effect 0.4 to 0.6
    assert away
    assert 0.03 < np.mean(away) < 0.2


def able(seed, n):
    """A world in which whoever is able has more points, and does better on all items beside them."""
    world = World(seed + 100, 0.5, "all", together=bool(seed % 2))
    rng = np.random.default_rng(seed)
    slope, place = rng.uniform(1, 2, 4), rng.uniform(-0.8, 0.8, 4)
    has = expit(slope * (world.at[:, None] - place))[:, None, :]
    joint = world.mass * np.where(STATES == 1, has, 1.0 - has).prod(axis=2)
    world.weight = joint.sum(axis=0)
    world.mass = joint / world.weight
    ability = rng.normal(size=(n, 1))
    state = (rng.random((n, 4)) < expit(slope * (ability - place))) @ (8, 4, 2, 1)
    chance = expit(world.base[state] + world.moved[state] * ability)
    return world, (rng.random(chance.shape) < chance).astype(float)


def test_an_ability_that_points_hang_on_and_answers_too_is_found_and_held():
    mastery = []
    for seed in range(4):
        world, marks = able(seed, 1_000)
        got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
        assert said(got)
        mastery.append(held(got, world, marks))
    assert 0.9 < np.mean(mastery) < 0.985  # as if the effect had nothing to do with points: 0.81


def test_where_answers_leave_open_whether_points_hang_on_it_intervals_reach_over_both():
    for seed in (16, 22):
        world, marks = able(seed, 300)
        exam = in_own_order(prepare(response_matrix(marks, 1.0), world.q, "gdina", None, (), QUICK))
        result = calls._diagnose_prepared(exam)[0]
        effect = with_pupil_effect(exam, result)
        assert effect.tied is not None
        assert 0.0 < effect.tied_heard < effect.heard
        alone = opinions._careless(result, replace(effect, tied=None)).mastery
        both = opinions._careless(result, effect).mastery
        assert (both.low <= alone.low).all()
        assert (both.high >= alone.high).all()
        assert (both.high - both.low).mean() > (alone.high - alone.low).mean()


def test_few_pupils_who_differ_are_held_under_a_rule_too():
    mastery = []
    for seed in range(6):
        world = World(seed + 20, 0.7, "all", together=True)
        marks = world.draw(200, seed)
        mastery.append(held(diagnose(response_matrix(marks, 1.0), world.q, settings=QUICK), world, marks))
    assert np.mean(mastery) > 0.9


def test_pupils_who_do_not_differ_are_not_said_to():
    mastery = []
    for seed in range(6):
        world = World(seed + 40, 0.0, "all", together=bool(seed % 2))
        marks = world.draw(200 if seed < 3 else 1_000, seed)
        got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
        assert not said(got)
        mastery.append(held(got, world, marks))
    assert 0.9 < np.mean(mastery) < 0.985


def test_partial_marks_and_missing_ones_have_an_opinion_too():
    world = World(60, 0.9, "all", together=False)
    rng = np.random.default_rng(60)
    state, effect = rng.choice(16, 900, p=world.weight), rng.normal(size=(900, 1))
    chance = expit(world.base[state] + world.moved[state] * effect)
    marks = (rng.random((2, *chance.shape)) < chance).sum(axis=0).astype(float)
    marks[rng.random(marks.shape) < 0.15] = np.nan
    got = diagnose(response_matrix(marks, 2.0), world.q, "gdina", settings=QUICK)
    (note,) = said(got)
    assert all(0.5 < note.data[kind] < 1.3 for kind in ("none", "some", "all"))
    assert (got.mastery.low[got.mastery.known] <= got.mastery.value[got.mastery.known]).all()
