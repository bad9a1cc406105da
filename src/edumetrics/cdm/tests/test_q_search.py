"""Q-matrices that answers speak for: found also where a wrong mark gives a point another meaning."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import diagnosis, q_search
from edumetrics.cdm.own_order import in_own_order
from edumetrics.cdm.preparation import prepare
from edumetrics.cdm.q_search import Search
from edumetrics.cdm.tests.test_another_q import QUICK, STATES, World, with_wrong_entries


def searched(marks, q, full=1.0, prerequisites=()):
    """Q-matrices found, in the order given."""
    exam = in_own_order(prepare(response_matrix(marks, full), q, "gdina", None, prerequisites, QUICK))
    result, _ = diagnosis._diagnose_prepared(exam)
    rows = [exam.coding.items.index(str(j + 1)) for j in range(len(q))]
    columns = np.argsort(exam.place)
    return [found[rows][:, columns].astype(int) for found in Search(exam, result).found()]


@pytest.mark.parametrize("rule", ["dina", "sum"])
def test_wrong_marks_are_found(rule):
    left, given = [], []
    for seed in range(6):
        world = World([90, seed], rule)
        q = with_wrong_entries(world.q, 4, world.rng)
        found = searched(world.draw(1500), q)
        given.append((q != world.q).sum())
        left.append((found[0] != world.q).sum())
    assert min(given) >= 3
    assert np.mean(left) <= 1.0
    assert max(left) <= 2


def test_a_point_keeps_its_meaning_where_most_of_its_own_items_need_another_one():
    """Of three or four items for the fourth point alone two need the third as well: it seems to mean both."""
    for seed in (0, 2, 3, 6, 8, 9):
        world = World([91, seed], "dina")
        given = world.q.copy()
        single = np.flatnonzero((given.sum(axis=1) == 1) & given[:, 3].astype(bool))[:2]
        world.q[single, 2] = 1
        has = np.array(
            [[1 if (state & row).sum() == row.sum() else 0 for row in world.q] for state in STATES]
        )
        low = world.chance.min(axis=0)
        world.chance = low + (world.chance.max(axis=0) - low) * has
        found = searched(world.draw(1500), given)
        assert (found[0] != world.q).sum() <= 1


def test_right_marks_stay():
    changed = []
    for seed in range(8):
        world = World([92, seed], "dina")
        found = searched(world.draw(600), world.q)
        changed.append((found[0] != world.q).sum() if found else 0)
    assert np.mean(changed) < 1.0


def test_partial_marks_missing_ones_and_prerequisites():
    world = World([93, 0], "sum")
    q = with_wrong_entries(world.q, 4, world.rng)
    marks = world.draw(900) + world.draw(900)
    marks[world.rng.random(marks.shape) < 0.15] = np.nan
    for found in searched(marks, q, 2.0, ((0, 1),)):
        assert found.shape == q.shape
        assert (found.sum(axis=1) > 0).all()
        assert (found.sum(axis=0) >= 2).all()


def test_no_more_is_tried_than_there_is_work_for(monkeypatch):
    world = World([94, 0], "dina")
    q = with_wrong_entries(world.q, 4, world.rng)
    marks = world.draw(400)
    monkeypatch.setattr(q_search, "MOST_WORK", 0.0)
    assert searched(marks, q) == []
