"""Covariances with blocks of pupils left out are those of the pupils who stay."""

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.ctt.covariance import covariances, leave_out, leave_out_moments
from edumetrics.ctt.scores import centre


@pytest.mark.parametrize(("pupils", "count", "missing"), [(47, 10, 0.0), (40, 10, 0.2), (9, 9, 0.1)])
def test_leave_out_is_the_covariance_of_the_others(pupils: int, count: int, missing: float) -> None:
    rng = np.random.default_rng(5)
    marks = rng.integers(0, 4, (pupils, 6)).astype(float)
    marks[rng.random(marks.shape) < missing] = np.nan
    marks[:, 0] = np.where(np.isnan(marks).all(axis=1), 1.0, marks[:, 0])
    matrix = response_matrix(marks, 3)
    dealt = rng.permutation(pupils)
    found = leave_out(centre(matrix), dealt, count)
    for block, rows in enumerate(np.array_split(dealt, count)):
        others = covariances(centre(matrix.take_pupils(np.setdiff1d(np.arange(pupils), rows))))
        np.testing.assert_allclose(found[block], others.matrix, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("pupils", "count"), [(47, 10), (40, 10), (9, 9), (12, 5)])
def test_moments_without_a_block_are_those_of_its_matrix(pupils: int, count: int) -> None:
    rng = np.random.default_rng(6)
    centred = centre(response_matrix(rng.integers(0, 4, (pupils, 5)).astype(float), 3))
    dealt = rng.permutation(pupils)
    found = leave_out_moments(centred, dealt, count)
    assert found is not None
    for block, matrix in enumerate(leave_out(centred, dealt, count)):
        scale = found.own[block, 0] / matrix[0, 0]  # sums of products: covariances up to one factor
        others = matrix - np.diag(np.diag(matrix))
        np.testing.assert_allclose(found.own[block] / scale, np.diag(matrix), rtol=1e-9)
        np.testing.assert_allclose(found.sums[block] / scale, others.sum(axis=1), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.squares[block] / scale**2, (others**2).sum(axis=1), rtol=1e-9)
