"""No figure of a class model hangs on how items and points are arranged; all come back as they were given."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import ClassModelResult, Settings, diagnose, diagnosis, q_advice
from edumetrics.cdm.classes import CircularPrerequisites
from edumetrics.results import Estimate

NAMES = ("add", "bring", "carry")
Q = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]] * 2 + [[1, 1, 1], [1, 0, 0]])
Q[7] = [0, 1, 1]  # so that no point is like another
QUICK = Settings(check_ridge=False, starts=3)
ITEMS = np.array([f"item {j}" for j in range(14)])


def answers(q, seed, n=400):
    """Marks of pupils of whom the able have all points; the last item in three marks, a few missing."""
    rng = np.random.default_rng(seed)
    has = rng.normal(size=(n, 1)) + rng.normal(size=(n, q.shape[1])) > rng.normal(0.0, 0.5, q.shape[1])
    share = has @ q.T / q.sum(axis=1)
    marks = (rng.random(share.shape) < 0.15 + 0.7 * share).astype(float)
    marks[:, -1] += rng.random(n) < 0.3 + 0.4 * share[:, -1]
    marks[rng.random(marks.shape) < 0.05] = np.nan
    return marks


def arranged(marks, q, rows, columns, model, settings, prerequisites=()):
    matrix = response_matrix(marks[:, rows], np.where(rows == 13, 2.0, 1.0), items=ITEMS[rows].tolist())
    at = np.argsort(columns)
    got = diagnose(
        matrix,
        q[rows][:, columns],
        model,
        points=[NAMES[k] for k in columns],
        prerequisites=[(at[a], at[b]) for a, b in prerequisites],
        settings=settings,
    )
    assert isinstance(got, ClassModelResult)
    return got, q_advice(got, matrix, 100)


def figures(got):
    """All estimates by names, whatever the order."""
    out = {(point.point,): (*_limits(point.prevalence), point.untold, point.items) for point in got.points}
    for item in got.items:
        for group in item.groups:
            out[item.item, *sorted(group.mastered)] = (*_limits(group.share), group.n, item.n)
    return out


def _limits(one):
    return (one.value, one.low, one.high) if isinstance(one, Estimate) else (np.nan, np.nan, one.n)


@pytest.mark.parametrize(
    ("model", "network"), [("gdina", False), ("dina", False), ("acdm", False), ("dina", True)]
)
def test_nothing_hangs_on_the_order_of_items_and_points(model, network, monkeypatch):
    if network:
        monkeypatch.setattr(diagnosis, "too_thin", lambda *_: True)
    marks = answers(Q, 1)
    wrong = Q.copy()
    wrong[[3, 9]] = [[0, 1, 0], [0, 0, 1]]  # which a second opinion doubts
    one, advice = arranged(marks, wrong, np.arange(14), np.arange(3), model, QUICK)
    assert one.provenance.settings["way"] == ("network" if network else "classes")
    rng = np.random.default_rng(2)
    for columns in ([2, 0, 1], [1, 0, 2]):
        rows = rng.permutation(14)
        other, turned = arranged(marks, wrong, rows, np.array(columns), model, QUICK)
        for part in ("value", "low", "high", "reason", "n"):
            there = getattr(other.mastery, part)[:, np.argsort(columns)]
            np.testing.assert_allclose(there, getattr(one.mastery, part), rtol=0.0, atol=1e-9)
        assert figures(other).keys() == figures(one).keys()
        for name, values in figures(one).items():
            np.testing.assert_allclose(figures(other)[name], values, atol=1e-9, err_msg=str(name))
        assert other.loglik == pytest.approx(one.loglik, abs=1e-9)
        for a, b in zip(one.provenance.warnings, other.provenance.warnings, strict=True):
            assert (a.code, sorted(a.subjects), a.data) == (b.code, sorted(b.subjects), b.data)
        if model == "gdina":
            assert {x.item: set(x.suggested) for x in advice} == {x.item: set(x.suggested) for x in turned}


def test_everything_comes_back_in_the_order_given():
    marks = answers(Q, 3)
    rows = np.random.default_rng(4).permutation(14)
    for columns in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        names = [NAMES[k] for k in columns]
        got, advice = arranged(marks, Q, rows, np.array(columns), "gdina", QUICK)
        assert [item.item for item in got.items] == [one.item for one in advice] == ITEMS[rows].tolist()
        assert [point.point for point in got.points] == names
        for k, point in enumerate(got.points):  # columns of mastery are those points'
            assert got.mastery.value[:, k].mean() == pytest.approx(point.prevalence.value, abs=0.02)
        for j, item in zip(rows, got.items, strict=True):
            assert item.points == tuple(name for name, k in zip(names, columns, strict=True) if Q[j, k])
            number = range(1 << len(item.points))
            sets = [tuple(p for k, p in enumerate(item.points) if mask >> k & 1) for mask in number]
            assert [group.mastered for group in item.groups] == sorted(sets, key=len)


def test_prerequisites_follow_their_points():
    marks = answers(Q, 5)
    one, _ = arranged(marks, Q, np.arange(14), np.arange(3), "dina", QUICK, [(0, 2)])
    other, _ = arranged(marks, Q, np.arange(14)[::-1], np.array([2, 1, 0]), "dina", QUICK, [(0, 2)])
    assert one.n_classes == other.n_classes == 6
    np.testing.assert_allclose(other.mastery.value[:, ::-1], one.mastery.value, atol=1e-9)
    assert (one.mastery.value[:, 0] >= one.mastery.value[:, 2] - 1e-9).all()
    with pytest.raises(CircularPrerequisites, match="point 1 presupposes itself"):
        arranged(marks, Q, np.arange(14), np.arange(3), "dina", QUICK, [(1, 2), (2, 1)])
