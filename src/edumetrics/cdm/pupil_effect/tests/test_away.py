"""Few pupils of whom some answer by no point: limits that allow for it, others that stay."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose, opinions
from edumetrics.cdm import diagnosis as calls
from edumetrics.cdm.own_order import in_own_order
from edumetrics.cdm.preparation import prepare
from edumetrics.cdm.pupil_effect import away
from edumetrics.cdm.pupil_effect.away import _firsts, moved_by_away
from edumetrics.cdm.pupil_effect.level import at_level, levels_of
from edumetrics.cdm.pupil_effect.moved import Moved, moving, together
from edumetrics.cdm.pupil_effect.tests.test_opinion import ITEMS, QUICK, STATES, World, held


def guessing(seed, n, share, level):
    """A world in which a share of the pupils have each item with one chance, and answers of n."""
    world = World(seed, 0.0, "all", together=bool(seed % 2))
    world.mass = np.array([[1.0 - share], [share]])
    world.chance = np.stack([expit(world.base), np.full_like(world.base, level)])
    rng = np.random.default_rng(seed)
    marks = world.draw(n, seed + 50)
    away = rng.random(n) < share
    marks[away] = rng.random((away.sum(), ITEMS)) < level
    return world, marks


def saturated(marks, q, full=1.0):
    exam = in_own_order(prepare(response_matrix(marks, full), q, "gdina", None, (), QUICK))
    return exam, calls._diagnose_prepared(exam)[0]


def coverage(seeds, n, share, level):
    """Means over exams: how many open pupils are held, and how many by the saturated model alone."""
    mastery, without = [], []
    for seed in seeds:
        world, marks = guessing(seed, n, share, level)
        got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
        mastery.append(held(got, world, marks))
        exam, alone = saturated(marks, world.q)
        without.append(held(calls.as_given(alone, exam), world, marks))
    return np.mean(mastery), np.mean(without)


@pytest.mark.parametrize("n", [60, 200])
def test_few_pupils_of_whom_some_guess_are_held(n):
    mastery, without = coverage(range(120, 128), n, 0.1, 0.3)
    assert 0.9 < mastery < 0.985
    assert without < 0.88


@pytest.mark.parametrize("n", [150, 1000])
def test_pupils_who_have_given_up_are_held(n):
    """One in twelve has one item in twenty right, as other pupils have one in seven by guessing."""
    mastery, without = coverage(range(160, 166), n, 0.08, 0.05)
    assert 0.92 < mastery < 0.99
    assert without < 0.8


def test_some_who_guess_among_a_thousand_are_held():
    """Also where the effect is hardly heard: in three of these exams."""
    mastery, without = coverage(range(180, 188), 1000, 0.08, 0.25)
    assert 0.9 < mastery < 0.98
    assert without < 0.6


@pytest.mark.parametrize("n", [400, 1000])
def test_those_who_guess_as_well_as_items_let_them_are_held(n):
    """No number of answers tells them from pupils who lack everything: guesses of 0.22 to 0.28."""
    mastery, without = [], []
    for seed in range(191, 203, 2):
        world, marks = guessing(seed, n, 0.08, 0.25)
        low = np.random.default_rng(seed).uniform(0.22, 0.28, ITEMS)
        by_points = world.chance[0]
        world.chance[0] = np.where(by_points == by_points.min(axis=0), low, by_points)
        rng = np.random.default_rng(seed + 1)
        away, state = rng.random(n) < 0.08, rng.choice(16, n, p=world.weight)
        marks = (rng.random((n, ITEMS)) < np.where(away[:, None], 0.25, world.chance[0][state])).astype(float)
        got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
        mastery.append(held(got, world, marks))
        exam, alone = saturated(marks, world.q)
        without.append(held(calls.as_given(alone, exam), world, marks))
    assert 0.9 < np.mean(mastery) < 0.99
    assert np.mean(without) < 0.7


@pytest.mark.parametrize("written", [0.25, 0.03])
def test_some_who_guess_beside_some_who_gave_up_are_held(written):
    """Half of the items have partial marks, which those who guess choices guess too, or leave.

    The effect has one kind of those away, and finds one of the two or both; who is left still moves limits.
    """
    mastery, guessers = [], []
    full = np.repeat([1.0, 4.0], ITEMS // 2)
    for seed in range(210, 218):
        world = World(seed, 0.0, "all", together=False)
        world.mass = np.array([[0.92], [0.05], [0.03]])
        levels = np.where(full == 1.0, 0.25, written), np.full(ITEMS, 0.04)
        away = (np.broadcast_to(level, world.base.shape) for level in levels)
        world.chance = np.stack([expit(world.base), *away])
        rng = np.random.default_rng(seed)
        state, kind = rng.choice(16, 300, p=world.weight), rng.choice(3, 300, p=world.mass[:, 0])
        marks = rng.binomial(full.astype(int), world.chance[kind, state]).astype(float)
        true = world.mastery(marks, full)
        got = diagnose(response_matrix(marks, full), world.q, "gdina", settings=QUICK)
        inside = (got.mastery.low <= true) & (true <= got.mastery.high)
        open_ = (true > 0.05) & (true < 0.95)
        mastery.append(inside[open_].mean())
        guessers.append(inside[kind == 1][open_[kind == 1]].mean())
    assert 0.9 < np.mean(mastery) < 0.985
    assert np.mean(guessers) > 0.8


def choosing_and_writing(seed, n, shares):
    """A world of choices and of right/wrong items to be written, and answers of n.

    Of the pupils ``shares`` answer by points, guess choices and leave the rest, have given up. Item by item
    the second answer about as well as those who lack everything.
    """
    world, rng = World(seed, 0.0, "all", together=bool(seed % 2)), np.random.default_rng(seed)
    choice = np.arange(ITEMS) % 2 > 0
    low = np.where(choice, rng.uniform(0.15, 0.35, ITEMS), rng.uniform(0.03, 0.15, ITEMS))
    by_points = expit(world.base)
    by_points = np.where(by_points == by_points.min(axis=0), low, by_points)
    levels = np.where(choice, 0.25, 0.05), np.full(ITEMS, 0.04)
    world.mass = np.array(shares)[:, None]
    world.chance = np.stack([by_points, *(np.broadcast_to(level, by_points.shape) for level in levels)])
    state, kind = rng.choice(16, n, p=world.weight), rng.choice(3, n, p=shares)
    return world, (rng.random((n, ITEMS)) < world.chance[kind, state]).astype(float)


def one_level(result):
    """Those who guess, and those who have given up."""
    return _firsts(result)[:2]


@pytest.mark.parametrize(("n", "least", "more"), [(100, 0.92, 0.04), (300, 0.8, 0.08), (1000, 0.7, 0.1)])
def test_choices_guessed_and_the_rest_left_beside_some_who_gave_up(n, least, more, monkeypatch):
    """More are held than with one level for all items; of many pupils not all where answers show nothing.

    By what each pupil answers alone: how many lack everything is not asked.
    """
    monkeypatch.setattr(opinions, "moved_by_lacking", lambda exam, result: [])
    mastery, shares, before, shares_before = [], [], [], []
    for seed in range(222, 230):
        world, marks = choosing_and_writing(seed, n, [0.89, 0.07, 0.04])
        for of_pupils, of_points, firsts in (
            (mastery, shares, _firsts),
            (before, shares_before, one_level),
        ):
            monkeypatch.setattr(away, "_firsts", firsts)
            got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
            of_pupils.append(held(got, world, marks))
            for point, share in zip(got.points, world.weight @ STATES, strict=True):
                of_points.append(point.prevalence.low <= share <= point.prevalence.high)
    assert least < np.mean(mastery) < 0.985
    assert np.mean(mastery) > np.mean(before) + more
    assert np.mean(shares) >= np.mean(shares_before)
    assert np.mean(shares) > 0.8


def test_kinds_of_items_found_from_answers_must_gain_more(monkeypatch):
    """That they fit those who lack everything is no news: of few pupils they say nothing of chances."""
    monkeypatch.setattr(away, "_firsts", lambda result: _firsts(result)[2:])
    moves = {}
    for n, shares in ((150, [1.0, 0.0, 0.0]), (1000, [1.0, 0.0, 0.0]), (1000, [0.89, 0.07, 0.04])):
        for seed in range(222, 230):
            world, marks = choosing_and_writing(seed, n, shares)
            exam, result = saturated(marks, world.q)
            first, guess, found = away._firsts(result)[0]
            assert guess
            assert found
            assert len(set(first)) == 2
            moves.setdefault((n, shares[0]), []).append(moved_by_away(exam, result))
    for (moved,) in moves[150, 1.0]:
        assert np.abs(moved.mastery).max() > 0.1
    assert sum(not moved.groups.any() for (moved,) in moves[150, 1.0]) >= 6
    assert sum(len(some) for some in moves[1000, 1.0]) <= 1
    assert sum(len(some) for some in moves[1000, 0.89]) >= 4


def test_limits_move_outwards_and_only_where_a_pupil_looks_as_if_guessing():
    world, marks = guessing(141, 150, 0.0, 0.3)
    exam, result = saturated(marks, world.q)
    moves = moved_by_away(exam, result)
    got = result
    for moved in moves:
        got = moving(got, result, moved)
    assert (got.mastery.low <= result.mastery.low).all()
    assert (got.mastery.high >= result.mastery.high).all()
    for before, after in zip(result.points, got.points, strict=True):
        assert (
            after.prevalence.low <= before.prevalence.low <= before.prevalence.high <= after.prevalence.high
        )
    for before, after in zip(result.items, got.items, strict=True):
        for mine, group in zip(before.groups, after.groups, strict=True):
            assert group.share.low <= mine.share.low <= mine.share.high <= group.share.high
    able, weak = marks.mean(axis=1) > 0.7, marks.mean(axis=1) < 0.35
    assert len(moves) == 3
    for moved in moves:
        assert np.abs(moved.mastery[:, able]).mean() < 0.2 * np.abs(moved.mastery[:, weak]).mean()


def test_many_pupils_tell_it_themselves():
    """Mean move of mastery, 600 pupils: log-odds where nobody is away, and where one in seven is."""
    mean = {}
    for share in (0.0, 0.15):
        moves = [
            moved_by_away(*saturated(marks, world.q))
            for world, marks in (guessing(seed, 600, share, 0.3) for seed in range(150, 158))
        ]
        mean[share] = [
            max((float(np.abs(one.mastery).mean()) for one in some), default=0.0) for some in moves
        ]
    assert mean[0.0].count(0.0) >= 3
    assert np.mean(mean[0.0]) < 0.25 * np.mean(mean[0.15])
    assert min(mean[0.15]) > 0.8


def test_partial_marks_missing_ones_and_pupils_without_any():
    world, marks = guessing(143, 120, 0.1, 0.3)
    marks = marks + guessing(146, 120, 0.1, 0.3)[1]
    marks[np.random.default_rng(1).random(marks.shape) < 0.2] = np.nan
    marks[5] = np.nan
    exam, result = saturated(marks, world.q, 2.0)
    for moved in moved_by_away(exam, result):
        assert np.isfinite(moved.mastery).all()
        assert (moved.mastery[:, 5] == 0.0).all()
        assert np.isfinite(moved.groups).all()
    assert diagnose(
        response_matrix(marks, 2.0), world.q, settings=Settings(starts=3)
    ).mastery.value.shape == (120, 4)


def test_levels_are_the_odds_of_a_mark():
    """One of right/wrong items, one of others; marks of an item are got one by one."""
    world, marks = guessing(144, 80, 0.0, 0.3)
    marks[:, 10:] += guessing(145, 80, 0.0, 0.3)[1][:, 10:]
    problem = saturated(marks, world.q, np.repeat([1.0, 2.0], 10))[1].problem
    counts = np.zeros((ITEMS, 3))
    two = problem.n_categories == 2
    counts[two, :2] = 7_000.0, 3_000.0
    counts[~two] = 6_400.0, 3_200.0, 400.0
    assert 0 < two.sum() < ITEMS
    levels = levels_of(problem, counts, np.zeros(ITEMS))
    assert levels == pytest.approx(np.where(two, np.log(3 / 7), np.log(2 / 8)), abs=0.001)
    assert at_level(problem, levels) == pytest.approx(counts / 10_000.0, abs=0.001)
    assert levels_of(problem, np.zeros((ITEMS, 3)), np.full(ITEMS, -1.0)) == pytest.approx(-1.0)


def test_right_wrong_items_of_another_first_guess_have_a_level_of_their_own():
    world, marks = guessing(144, 80, 0.0, 0.3)
    problem = saturated(marks, world.q)[1].problem
    first = np.repeat([-1.0, -3.0], [12, 8])
    counts = np.where(first[:, None] == -1.0, [7_500.0, 2_500.0], [9_500.0, 500.0])
    levels = levels_of(problem, counts, first)
    assert levels == pytest.approx(np.where(first == -1.0, np.log(1 / 3), np.log(1 / 19)), abs=0.001)


def test_limits_moved_before_move_on_outwards():
    """Each by what moves it outwards: a lower limit that the one raises moves as far as the other says."""
    one, other = (
        Moved(
            np.full((2, 1, 1), by), np.full((2, 1), by), np.full((1, 2), by), np.ones((1, 2)), np.array([2])
        )
        for by in (0.5, -0.3)
    )
    both = together(one, other)
    assert both.mastery[:, 0, 0] == pytest.approx([-0.3, 0.5])
    assert both.shares[:, 0] == pytest.approx([-0.3, 0.5])
    assert both.groups == pytest.approx(0.2)
    assert together(one, one).mastery[:, 0, 0] == pytest.approx([0.0, 1.0])
