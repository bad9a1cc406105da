"""Pupils who answer a part of the paper by their points and leave the rest: found, and held by intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose
from edumetrics.cdm import diagnosis as calls
from edumetrics.cdm.own_order import in_own_order
from edumetrics.cdm.preparation import prepare
from edumetrics.cdm.pupil_effect import kinds
from edumetrics.cdm.pupil_effect.partway import told_of_partway
from edumetrics.cdm.pupil_effect.tests.test_opinion import ITEMS, QUICK, World, held

LEVEL = 0.03


def leaving(seed, n, share, left, parts=1):
    """A world in which a share of the pupils leave the items ``left``, and marks of n on items of parts."""
    world = World(seed, 0.0, "all", together=bool(seed % 2))
    by_points = expit(world.base)
    partly = by_points.copy()
    partly[:, left] = LEVEL
    world.mass, world.chance = np.array([[1.0 - share], [share]]), np.stack([by_points, partly])
    rng = np.random.default_rng(seed)
    leaves = rng.random(n) < share
    states = rng.choice(len(world.weight), n, p=world.weight)
    chance = np.where(leaves[:, None], partly[states], by_points[states])
    return world, rng.binomial(parts, chance).astype(float)


def saturated(marks, q, full=1.0):
    exam = in_own_order(prepare(response_matrix(marks, full), q, "gdina", None, (), QUICK))
    return exam, *calls._diagnose_prepared(exam)


def climbed(exam, result):
    problem = result.problem
    first = kinds.start(problem, result.parameters, np.full(ITEMS, 0.5), partway=True, away=True)
    return kinds.climb(problem, kinds.patterns(problem, exam.answered), first, 200)


def slips_held(got, world):
    inside = []
    for j, item in enumerate(got.items):
        points = [int(name) - 1 for name in item.points]
        share = item.groups[-1].share
        inside.append(share.low <= world.share(j, points, points) <= share.high)
    return np.mean(inside)


@pytest.mark.parametrize("left", [np.arange(12, ITEMS), np.arange(0, ITEMS, 3)], ids=["tail", "any"])
def test_some_who_leave_a_part_are_held(left):
    mastery, slips, without = [], [], []
    for seed in range(300, 308):
        world, marks = leaving(seed, 800, 0.07, left)
        got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
        mastery.append(held(got, world, marks))
        slips.append(slips_held(got, world))
        exam, alone, _ = saturated(marks, world.q)
        without.append(held(calls.as_given(alone, exam), world, marks))
    assert 0.92 < np.mean(mastery) < 0.99
    assert np.mean(slips) > 0.92
    assert np.mean(without) < 0.86


def test_items_that_are_left_are_found_wherever_they_stand():
    left = np.array([0, 3, 7, 8, 13, 18])
    world, marks = leaving(311, 1_500, 0.08, left)
    exam, result, _ = saturated(marks, world.q)
    found = climbed(exam, result).kinds
    row = [exam.coding.items.index(item) for item in exam.matrix.items]
    is_left = np.isin(np.arange(ITEMS), left)
    assert found.left[row][is_left].min() > 0.8
    assert found.left[row][~is_left].max() < 0.4
    assert 0.05 < found.shares[1] < 0.11
    assert found.at_left[:, 1].max() < 0.1


def test_the_result_names_what_is_left_in_the_order_of_the_paper():
    left = np.array([0, 3, 7, 8, 13, 18])
    world, marks = leaving(311, 1_500, 0.08, left)
    got = diagnose(response_matrix(marks, 1.0), world.q, settings=QUICK)
    (note,) = [one for one in got.provenance.warnings if one.code == "part_of_paper_left"]
    assert note.subjects == tuple(str(j + 1) for j in left)
    assert 0.05 < note.data["share"] < 0.11


def test_log_likelihood_is_that_of_the_sum_over_kinds_and_classes():
    world, marks = leaving(312, 200, 0.1, np.arange(12, ITEMS))
    marks[::7, 3] = np.nan
    exam, result, _ = saturated(marks, world.q)
    problem = result.problem
    fit = climbed(exam, result)
    found, total = fit.kinds, 0.0
    for answers in exam.answered:
        pupil = found.shares[2] * np.prod([found.at_away[j, x] for j, x in enumerate(answers) if x >= 0])
        for c, weight in enumerate(found.weight):
            by_points, partly = found.shares[:2] * weight
            for j, x in enumerate(answers):
                if x >= 0:
                    chance = found.chance[j, problem.group[j, c], x]
                    by_points *= chance
                    partly *= (1.0 - found.left[j]) * chance + found.left[j] * found.at_left[j, x]
            pupil += by_points + partly
        total += np.log(pupil)
    assert fit.loglik == pytest.approx(total, abs=0.1)


def test_nobody_moves_where_all_answer_by_their_points_or_something_else_explains_more():
    nobody = []
    for seed in range(320, 328):
        world, marks = leaving(seed, 600, 0.0, np.arange(12, ITEMS))
        told = told_of_partway(*saturated(marks, world.q), -np.inf)
        assert told is None or not told.sure
        nobody.append(0.0 if told is None else float(np.abs(told.moved.mastery).mean()))
    world, marks = leaving(330, 600, 0.08, np.arange(12, ITEMS))
    exam, result, pairs = saturated(marks, world.q)
    told = told_of_partway(exam, result, pairs, -np.inf)
    assert told.sure
    assert np.mean(nobody) < 0.1 * np.abs(told.moved.mastery).mean()
    assert told_of_partway(exam, result, pairs, result.loglik + 1_000.0) is None


def test_partial_marks_missing_ones_and_pupils_without_any():
    left = np.arange(10, ITEMS)
    world, marks = leaving(331, 400, 0.12, left, parts=2)
    marks[np.random.default_rng(1).random(marks.shape) < 0.2] = np.nan
    marks[5] = np.nan
    exam, result, pairs = saturated(marks, world.q, 2.0)
    moved = told_of_partway(exam, result, pairs, -np.inf).moved
    assert np.isfinite(moved.mastery).all()
    assert np.isfinite(moved.groups).all()
    assert (moved.mastery[:, 5] == 0.0).all()
    got = diagnose(response_matrix(marks, 2.0), world.q, settings=Settings(starts=3))
    assert got.mastery.value.shape == (400, 4)
