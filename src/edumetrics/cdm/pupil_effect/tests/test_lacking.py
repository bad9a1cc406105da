"""More who lack everything than points that hang together explain: some may have answered by no point."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import diagnose, opinions
from edumetrics.cdm.pupil_effect.lacking import moved_by_lacking
from edumetrics.cdm.pupil_effect.moved import moving
from edumetrics.cdm.pupil_effect.tests.test_away import choosing_and_writing, saturated
from edumetrics.cdm.pupil_effect.tests.test_opinion import QUICK, STATES, held

SEEDS = range(301, 317, 2)  # points of an item count together


def nobody(exam, result):
    return []


def test_those_who_answer_as_if_they_lacked_everything_are_held_where_there_are_too_many(monkeypatch):
    """One in ten of 1,000 guesses choices and leaves the rest, item by item as those who lack everything do.

    In two of these exams they are no more than may be expected, and nothing tells.
    """
    mastery, shares, before, shares_before = [], [], [], []
    for seed in SEEDS:
        world, marks = choosing_and_writing(seed, 1000, [0.9, 0.1, 0.0])
        for of_pupils, of_points, move in (
            (mastery, shares, moved_by_lacking),
            (before, shares_before, nobody),
        ):
            monkeypatch.setattr(opinions, "moved_by_lacking", move)
            got = diagnose(response_matrix(marks, 1.0), world.q, "gdina", settings=QUICK)
            of_pupils.append(held(got, world, marks))
            for point, share in zip(got.points, world.weight @ STATES, strict=True):
                of_points.append(point.prevalence.low <= share <= point.prevalence.high)
    assert 0.75 < np.mean(mastery) < 0.985
    assert np.mean(mastery) > np.mean(before) + 0.08
    assert np.mean(shares) > np.mean(shares_before) + 0.05
    assert sum(pupils > 0.95 for pupils in mastery) >= 6


@pytest.mark.parametrize("n", [400, 1000])
def test_where_all_answer_by_points_few_exams_move(n):
    moves = []
    for seed in range(301, 341):
        world, marks = choosing_and_writing(seed, n, [1.0, 0.0, 0.0])
        moves.append(len(moved_by_lacking(*saturated(marks, world.q))))
    assert sum(moves) <= 6


def test_limits_move_outwards_for_those_who_look_as_if_they_lacked_everything():
    moved = 0
    for seed in SEEDS:
        world, marks = choosing_and_writing(seed, 1000, [0.85, 0.15, 0.0])
        exam, result = saturated(marks, world.q)
        for move in moved_by_lacking(exam, result):
            moved += 1
            able = marks.mean(axis=1) > 0.7
            weak = marks.mean(axis=1) < 0.3
            assert np.abs(move.mastery[:, able]).mean() < 0.1 * np.abs(move.mastery[:, weak]).mean()
            assert move.away[weak].mean() > 10.0 * move.away[able].mean()
            got = moving(result, result, move)
            for mine, theirs in zip(result.points, got.points, strict=True):
                assert theirs.prevalence.high >= mine.prevalence.high
            assert (got.mastery.high >= result.mastery.high).all()
    assert moved >= 6


def test_few_pupils_and_those_without_marks():
    """Limits of few pupils move anyway, as if some guessed."""
    world, marks = choosing_and_writing(301, 1000, [0.8, 0.2, 0.0])
    assert not moved_by_lacking(*saturated(marks[:200], world.q))
    marks[np.random.default_rng(1).random(marks.shape) < 0.2] = np.nan
    marks[5] = np.nan
    (move,) = moved_by_lacking(*saturated(marks, world.q))
    assert np.isfinite(move.mastery).all()
    assert (move.mastery[:, 5] == 0.0).all()
    assert np.isfinite(move.groups).all()
