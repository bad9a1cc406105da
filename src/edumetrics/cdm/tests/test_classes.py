"""Distinguishable classes against enumeration of all states."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edumetrics.cdm import CircularPrerequisites, TooManyClasses, class_space
from edumetrics.irt.tests.data import exam_q


def enumerate_classes(q, model, prerequisites=()):
    """Group all permitted states by what they answer; say of each point what the class shares."""
    k = q.shape[1]
    states = [
        np.array(s, bool)
        for s in product([0, 1], repeat=k)
        if all(s[before] >= s[after] for before, after in prerequisites)
    ]
    classes = {}
    for state in states:
        if model == "dina":
            key = tuple((state >= row).all() for row in q)
        elif model == "dino":
            key = tuple((state & row).any() for row in q)
        else:
            key = tuple(tuple(state[row]) for row in q)
        classes.setdefault(key, []).append(state)
    return {
        tuple(1 if s.all() else 0 if not s.any() else -1 for s in np.array(members).T): len(members)
        for members in classes.values()
    }, len(classes)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_items=st.integers(1, 6),
    n_points=st.integers(1, 5),
    model=st.sampled_from(["dina", "dino", "gdina"]),
    chain=st.booleans(),
)
def test_classes_equal_enumeration(seed, n_items, n_points, model, chain):
    rng = np.random.default_rng(seed)
    q = rng.random((n_items, n_points)) < 0.4
    q[np.arange(n_items), rng.integers(0, n_points, n_items)] = True
    prerequisites = [(0, 1), (1, 2)] if chain and n_points >= 3 else []
    expected, count = enumerate_classes(q, model, prerequisites)
    got = class_space(q, model, prerequisites)
    assert got.n_classes == count
    assert {tuple(row) for row in got.known.tolist()} == set(expected)


@pytest.mark.parametrize(("name", "count"), [("frcsub", 58), ("math1", 188)])
def test_published_numbers_of_classes(name, count):
    assert class_space(exam_q(name).astype(bool)).n_classes == count


def test_twenty_four_points_cost_only_their_classes():
    q = np.tri(24, dtype=bool)  # each item needs one point more than the last
    got = class_space(q)
    assert got.n_classes == 25
    assert (got.known[0] == np.array([0] + [-1] * 23)).all()


def test_a_point_without_items_is_never_known():
    q = np.array([[1, 0, 1], [0, 0, 1]], bool)
    for model in ("dina", "dino", "gdina"):
        assert class_space(q, model).never_known.tolist() == [False, True, False]


def test_a_prerequisite_is_known_through_what_builds_on_it():
    q = np.array([[0, 1]], bool)
    got = class_space(q, "dina", [(0, 1)])
    assert got.known.tolist() == [[-1, 0], [1, 1]]


def test_groups_of_a_saturated_item_go_from_nothing_to_all():
    got = class_space(np.array([[1, 1, 0], [0, 1, 1]], bool), "gdina")
    assert got.mastered[0].tolist() == [[False, False], [True, False], [False, True], [True, True]]
    for j, row in enumerate(got.needs):
        np.testing.assert_array_equal(got.mastered[j][got.group[j]], got.known[:, row] == 1)


def test_impossible_demands_are_refused():
    with pytest.raises(TooManyClasses):
        class_space(np.eye(20, dtype=bool))
    with pytest.raises(TooManyClasses):
        class_space(np.ones((1, 7), bool), "gdina")
    with pytest.raises(CircularPrerequisites):
        class_space(np.eye(3, dtype=bool), "dina", [(0, 1), (1, 2), (2, 0)])
    with pytest.raises(ValueError, match="item 1 needs no point"):
        class_space(np.array([[1, 0], [0, 0]], bool))
    with pytest.raises(ValueError, match="unknown model"):
        class_space(np.eye(2, dtype=bool), "rum")
