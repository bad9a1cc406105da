"""Statistics of many groups at once are those of each group by itself."""

from itertools import pairwise

import numpy as np
import pytest

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.ctt.by_group import Stack, item_statistics
from edumetrics.ctt.items import facility, rest_correlation, upper_lower
from edumetrics.ctt.scores import centre, group_weights
from edumetrics.errors import EmptyMatrix
from edumetrics.results import Estimates

THIRDS = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0))
SIZES = (1, 4, 12, 26, 45)


@pytest.fixture
def matrix() -> ResponseMatrix:
    """Tied totals, missing marks, a constant item, an item that one group was not given."""
    rng = np.random.default_rng(3)
    pupils, items = sum(SIZES), 9
    full = np.array([1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 6.0, 2.0, 5.0])
    chance = np.clip(0.6 + rng.normal(0, 0.2, (pupils, 1)), 0.05, 0.95)
    marks = rng.binomial(full.astype(int), np.broadcast_to(chance, (pupils, items))).astype(float)
    marks[rng.random(marks.shape) < 0.07] = np.nan
    marks[:, 7] = 2.0
    marks[-45:, 8] = np.nan
    marks[np.isnan(marks).all(axis=1), 0] = 0.0
    return response_matrix(marks, full)


def groups() -> list[np.ndarray]:
    """All pupils, then each class, one of them not in the order of the rows."""
    bounds = np.cumsum((0, *SIZES))
    classes = [np.arange(low, high) for low, high in pairwise(bounds)]
    return [np.arange(bounds[-1]), *classes[:-1], classes[-1][::-1]]


def same(many: Estimates, group: int, one: Estimates) -> None:
    assert many.method == one.method
    assert many.reason[group].tolist() == one.reason.tolist()
    assert many.n[group].tolist() == one.n.tolist()
    for name in ("value", "se", "low", "high"):
        np.testing.assert_allclose(getattr(many, name)[group], getattr(one, name), rtol=1e-9, atol=1e-12)


def test_each_group_is_as_if_alone(matrix: ResponseMatrix) -> None:
    members = groups()
    stack = Stack.of(members)
    found = item_statistics(matrix, stack, THIRDS)
    for group, rows in enumerate(members):
        own = matrix.take_pupils(rows)
        centred = centre(own)
        same(found.facility, group, facility(centred))
        same(found.discrimination, group, upper_lower(centred))
        same(found.rest, group, rest_correlation(centred))
        weights = group_weights(centred.ability(), THIRDS)
        part = slice(stack.starts[group], stack.starts[group] + stack.sizes[group])
        np.testing.assert_allclose(found.parts[part], weights, atol=1e-12)
        with np.errstate(invalid="ignore"):
            means = weights.T @ np.where(own.valid, own.shares, 0.0) / (weights.T @ own.valid)
        np.testing.assert_allclose(found.part_means[group], means, rtol=1e-9, atol=1e-12)
    # The data must hold what could go wrong, or the comparison says nothing.
    assert np.isnan(matrix.marks).any()
    reasons = set(found.rest.reason.ravel().tolist()) | set(found.discrimination.reason.ravel().tolist())
    assert len(reasons) >= 4


def test_a_group_without_pupils_is_refused() -> None:
    with pytest.raises(EmptyMatrix):
        Stack.of([[0, 1], []])
