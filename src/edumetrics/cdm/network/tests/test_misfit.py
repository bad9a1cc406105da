"""Owns the check of a network's errors where points do not hang together through one ability."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.cdm import Settings, diagnose, pairs

QUICK = Settings(check_ridge=False, starts=1, followed=1)


def draw(abilities, n):
    """Marks (n, 40) and Q-matrix of 20 points, each asked by two items and led by one ability."""
    rng = np.random.default_rng(3)
    q = np.tile(np.eye(20, dtype=int), (2, 1))
    own = rng.normal(size=(n, abilities))[:, np.arange(20) % abilities]
    has = rng.random((n, 20)) < 1 / (1 + np.exp(-2.0 * (own - rng.normal(0, 0.5, 20))))
    able = (has[:, None, :] >= q).all(axis=2)
    return response_matrix((rng.random((n, 40)) < np.where(able, 0.9, 0.2)).astype(float), 1.0), q


@pytest.mark.parametrize(("abilities", "wider"), [(1, False), (3, True)])
def test_errors_leave_room_where_pairs_of_items_do_not_fit(monkeypatch, abilities, wider):
    matrix, q = draw(abilities, 1500)
    errors, codes = [], []
    for share in (pairs.SHARE_OF_MISFIT, 0.0):
        monkeypatch.setattr(pairs, "SHARE_OF_MISFIT", share)
        got = diagnose(matrix, q, "dina", settings=QUICK)
        assert got.n_classes is None
        errors.append(np.mean([item.guess.se for item in got.items]))
        codes.append({note.code for note in got.provenance.warnings})
    assert ("model_does_not_fit" in codes[0]) == wider
    assert errors[0] / errors[1] > 1.05 if wider else errors[0] == errors[1]
