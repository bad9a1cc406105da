"""Class weights of small groups: enumeration, recovery, and whether it helps."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, class_space, diagnose
from edumetrics.cdm.higher_order import class_of_states, excess_in, fit_weights
from edumetrics.cdm.tests.test_classes import enumerate_classes
from edumetrics.cdm.tests.test_diagnosis import codes, simulate
from edumetrics.irt.tests.data import exam_q


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), model=st.sampled_from(["dina", "dino", "gdina"]), chain=st.booleans())
def test_every_state_is_in_the_class_that_says_so(seed, model, chain):
    rng = np.random.default_rng(seed)
    q = rng.random((4, 4)) < 0.4
    q[np.arange(4), rng.integers(0, 4, 4)] = True
    prerequisites = [(0, 1), (1, 2)] if chain else []
    space = class_space(q, model, prerequisites)
    states, class_of = class_of_states(space, model, prerequisites)
    known = space.known[class_of]
    assert ((known == -1) | (known == states)).all()
    sizes, _ = enumerate_classes(q, model, prerequisites)
    assert sorted(np.bincount(class_of, minlength=space.n_classes)) == sorted(sizes.values())


def test_weights_of_the_model_are_found_again():
    rng = np.random.default_rng(1)
    space = class_space(np.eye(4, dtype=bool))
    states, class_of = class_of_states(space, "dina", [])
    theta = rng.normal(size=200_000)
    has = rng.random((200_000, 4)) < 1 / (1 + np.exp(-2.0 * (theta[:, None] - np.array([-1, 0, 0.5, 1]))))
    code = {tuple(s): c for s, c in zip(states.tolist(), class_of, strict=True)}
    counts = np.bincount([code[tuple(row)] for row in has.tolist()], minlength=16).astype(float)
    np.testing.assert_allclose(fit_weights(counts, states, class_of), counts / counts.sum(), atol=0.004)


@pytest.mark.parametrize("chain", [False, True])
@pytest.mark.parametrize("more", [0.0, 0.08])
def test_pupils_of_a_class_beyond_those_expected_are_counted(more, chain):
    """Of 20,000 whose classes are known; where not all states are permitted, these count as all."""
    rng = np.random.default_rng(3)
    prerequisites = [(0, 1)] if chain else []
    space = class_space(np.eye(4, dtype=bool), "gdina", prerequisites)
    states, class_of = class_of_states(space, "gdina", prerequisites)
    nothing = int(class_of[~states.any(axis=1)][0])
    theta, places = rng.normal(size=40_000), np.array([-1.0, 0.0, 0.3, 0.8])
    has = rng.random((40_000, 4)) < special.expit(1.5 * (theta[:, None] - places))
    permitted = (has[:, None] == states.astype(bool)).all(axis=2)
    classes = class_of[permitted[permitted.any(axis=1)].argmax(axis=1)][:20_000]
    classes = np.where(rng.random(len(classes)) < more, nothing, classes)
    likelihood = np.eye(space.n_classes)[classes]
    found = excess_in(nothing, likelihood, states, class_of, 0.05)
    assert found.share == pytest.approx(more, abs=0.02)
    assert found.without.sum() == pytest.approx(1.0)
    assert found.beside.sum() == pytest.approx(1.0)
    if more:
        assert found.gain > 30.0
        expected = (classes == nothing).mean() - found.share
        assert found.beside[nothing] * (1.0 - found.share) == pytest.approx(expected, abs=0.005)
    else:
        assert found.gain < 3.0


def test_small_groups_gain_from_it_and_are_told():
    q = exam_q("frcsub")
    lost = {0: 0.0, 300: 0.0}
    for seed in range(4):
        marks, mastered = simulate(seed + 50, 60, q, prevalence=(0.6, 0.75, 0.5, 0.7, 0.6, 0.9, 0.8, 0.85))
        for start in lost:
            setting = Settings(starts=2, followed=1, check_ridge=False, saturated_from=start)
            got = diagnose(response_matrix(marks, 1.0), q, settings=setting)
            assert ("class_weights_lean_on_ability" in codes(got)) == (start == 300)
            known = got.mastery.known
            lost[start] += float(np.mean((got.mastery.value[known] - mastered[known]) ** 2))
    assert lost[300] < 0.95 * lost[0]
    assert lost[300] / 4 == pytest.approx(0.03, abs=0.02)


def test_many_classes_lean_on_it_too_and_stop_being_too_sure():
    """500 pupils, nine points each asked alone: 512 classes, most of them nobody's."""
    q = np.tile(np.eye(9, dtype=int), (4, 1))
    marks, mastered = simulate(3, 500, q, prevalence=tuple(np.linspace(0.4, 0.7, 9)))
    lost, surplus = {}, {}
    for start in (0, 300):
        setting = Settings(starts=2, followed=1, check_ridge=False, saturated_from=start)
        got = diagnose(response_matrix(marks, 1.0), q, settings=setting)
        assert got.n_classes == 512
        assert ("class_weights_lean_on_ability" in codes(got)) == (start == 300)
        value = got.mastery.value
        lost[start] = float(np.mean((value - mastered) ** 2))
        surplus[start] = float(np.mean(np.maximum(value, 1 - value)) - np.mean((value > 0.5) == mastered))
    assert lost[300] < 0.95 * lost[0]
    assert abs(surplus[300]) < min(surplus[0], 0.015)


def test_share_of_pupils_with_a_point_is_covered_for_the_population():
    """G-DINA items of one or two points, a common ability behind the points."""
    rng = np.random.default_rng(6)
    q = np.vstack([np.eye(4), np.eye(4), np.eye(4), np.roll(np.eye(4), 1, axis=1) + np.eye(4)])
    low, high = rng.uniform(0.05, 0.25, 16), rng.uniform(0.7, 0.95, 16)
    cut = np.array([-0.6, -0.2, 0.1, 0.4])
    setting = Settings(starts=2, followed=1, check_ridge=False)
    from_normal = 0.5 * special.erfc(cut / np.sqrt(2))
    inside = known = 0
    for _ in range(40):
        z = np.sqrt(0.5) * (rng.normal(size=(250, 1)) + rng.normal(size=(250, 4)))
        share = (z > cut) @ q.T / q.sum(axis=1)
        marks = rng.random((250, 16)) < low + (high - low) * share
        got = diagnose(response_matrix(marks * 1.0, 1.0), q, "gdina", settings=setting)
        for point, true in zip(got.points, from_normal, strict=True):
            inside += point.prevalence.low <= true <= point.prevalence.high
            known += 1
    assert 0.90 <= inside / known <= 1.0


@pytest.mark.parametrize("pupils", [60.0, 100_000.0])
def test_no_warning_where_nearly_all_pupils_are_in_one_class(pupils):
    states = np.array(list(product((0, 1), repeat=4)), dtype=np.int8)
    counts = np.random.default_rng(0).dirichlet(np.full(16, 0.02)) * pupils
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        weight = fit_weights(counts, states, np.arange(16))
    assert np.isfinite(weight).all()
    assert weight.sum() == pytest.approx(1.0)
    assert np.argmax(weight) == np.argmax(counts)
