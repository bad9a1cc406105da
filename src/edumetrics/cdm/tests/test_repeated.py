"""Items with the same answers: one is kept, the same one wherever it stands on the paper."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose
from edumetrics.cdm.tests.test_diagnosis import Q, simulate
from edumetrics.results import Insufficient, Reason

QUICK = Settings(check_ridge=False, starts=2)


def exam(model, order, one, other):
    """Diagnosis of an exam whose last two columns are the same answers, items in ``order``."""
    marks, _ = simulate(3, 300)
    q = np.vstack([Q[:14], one, other])
    marks = np.hstack([marks, marks[:, -1:]])
    names = [*(f"{j}" for j in range(14)), "one", "other"]
    matrix = response_matrix(marks[:, order], 1.0, items=[names[j] for j in order])
    return diagnose(matrix, q[order], model, settings=QUICK)


@pytest.mark.parametrize("model", ["dina", "gdina"])
@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [([1, 1, 0], [1, 0, 0], "other"), ([0, 0, 0], [1, 0, 0], "other"), ([1, 0, 0], [0, 1, 0], "one")],
)
def test_which_is_kept_hangs_on_what_it_asks(model, one, other, kept):
    ways = [np.arange(16), np.arange(16)[::-1], np.random.default_rng(1).permutation(16)]
    found = [exam(model, order, one, other) for order in ways]
    (left,) = {"one", "other"} - {kept}
    for got in found:
        assert kept in {item.item for item in got.items}
        assert dict(got.excluded) == {left: Insufficient(Reason.NOT_IDENTIFIED, 300)}
        assert got.loglik == pytest.approx(found[0].loglik, abs=1e-4)
        np.testing.assert_allclose(got.mastery.value, found[0].mastery.value, atol=5e-3)
