"""Advice on a Q-matrix where booklets leave each item to a part of the pupils."""

from __future__ import annotations

import numpy as np

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.cdm import Settings, diagnose, diagnosis, q_advice
from edumetrics.cdm.advice import FEWEST
from edumetrics.cdm.own_order import as_given, in_own_order
from edumetrics.cdm.preparation import prepare
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import Insufficient

QUICK = Settings(starts=2, followed=1)


def booklets(seed: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Answers of one ability that know nothing of the six points; each item sat by a share of the pupils."""
    rng = np.random.default_rng(seed)
    n, n_items = 3000, 60
    chance = 1 / (1 + np.exp(-1.2 * (rng.normal(size=(n, 1)) - rng.normal(size=n_items))))
    marks = (rng.random((n, n_items)) < chance).astype(float)
    start = rng.integers(0, n_items, n)
    away = (np.arange(n_items)[None, :] - start[:, None]) % n_items >= round(share * n_items)
    marks[away] = np.nan
    return marks, np.eye(6)[np.arange(n_items) % 6]


def figures(matrix: ResponseMatrix, q: np.ndarray) -> ClassModelResult:
    """The figures of a diagnosis, which advice goes by, without the intervals of further opinions."""
    exam = prepare(matrix, q, "gdina", None, (), QUICK)
    assert not isinstance(exam, Insufficient)
    exam = in_own_order(exam)
    return as_given(diagnosis._diagnose_prepared(exam)[0], exam)


def test_no_advice_on_items_that_few_answered() -> None:
    marks, q = booklets(1, 0.15)
    assert np.isfinite(marks).sum(axis=0).max() < FEWEST + 100
    matrix = response_matrix(marks, 1.0)
    advice = q_advice(figures(matrix, q), matrix)
    assert isinstance(advice, tuple)
    answered = np.isfinite(marks).sum(axis=0)
    assert {one.item for one in advice} == {
        item for item, n in zip(matrix.items, answered, strict=True) if n >= FEWEST
    }


def test_chance_is_not_taken_for_a_reason_to_change() -> None:
    changes = 0
    for seed in (1, 2, 3):
        marks, q = booklets(seed, 0.25)
        matrix = response_matrix(marks, 1.0)
        advice = q_advice(figures(matrix, q), matrix)
        assert isinstance(advice, tuple)
        assert len(advice) == marks.shape[1]
        changes += sum(one.change for one in advice)
    assert changes <= 1


def test_an_item_that_has_nothing_to_do_with_any_point_is_left_as_it_is() -> None:
    """No choice of points explains 95 % of nothing: this ended with a StopIteration."""
    rng = np.random.default_rng(5)
    for n in (500, 700, 900):
        q = np.eye(3)[np.arange(12) % 3]
        has = rng.random((n, 3)) < 0.5
        marks = (rng.random((n, 12)) < 0.2 + 0.6 * has[:, np.arange(12) % 3]).astype(float)
        for j in (9, 10, 11):
            marks[:, j] = rng.permutation(n) < n // 2
        matrix = response_matrix(marks, 1.0)
        advice = q_advice(diagnose(matrix, q, "gdina", settings=QUICK), matrix)
        assert isinstance(advice, tuple)
        assert not any(one.change for one in advice if one.pvaf_suggested == 0.0)
        assert [one.item for one in advice] == list(matrix.items)
