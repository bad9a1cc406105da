"""Covariances with blocks of pupils left out are those of the pupils who stay."""

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.ctt.covariance import covariances, leave_out
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
