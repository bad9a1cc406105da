"""Standard errors: the closed form against differences of the score, with holes, booklets and groups."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import calibrate, errors
from edumetrics.irt.settings import Settings
from edumetrics.runners.federated import FederatedRunner


def marks_of(seed: int, n: int, n_items: int, top: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(n, 1))
    marks = np.zeros((n, n_items))
    for _ in range(top):
        marks += rng.random((n, n_items)) < 1 / (1 + np.exp(-1.3 * theta - rng.normal(size=n_items)))
    return marks


def with_holes(marks: np.ndarray) -> np.ndarray:
    out = marks.copy()
    out[np.random.default_rng(3).random(marks.shape) < 0.15] = np.nan
    return out


def with_booklets(marks: np.ndarray) -> np.ndarray:
    out = marks.copy()
    half = len(out) // 2
    out[:half, :4] = np.nan
    out[half:-20, 8:] = np.nan
    out[-20:, 2:6] = np.nan  # a booklet that few had
    return out


@pytest.mark.parametrize(
    ("marks", "more"),
    [
        (marks_of(1, 1200, 12, 1), {}),
        (with_holes(marks_of(2, 1200, 12, 1)), {}),
        (with_booklets(marks_of(3, 1200, 12, 1)), {}),
        (with_holes(marks_of(4, 1200, 8, 3)), {}),
        (marks_of(5, 1200, 8, 2), {"model": "rasch"}),
        (with_holes(marks_of(6, 1200, 12, 1)), {"groups": ["a"] * 500 + ["b"] * 400 + ["c"] * 300}),
    ],
    ids=["complete", "holes", "booklets", "steps", "rasch", "groups"],
)
def test_closed_form_equals_differences_of_the_score(monkeypatch, marks, more):
    found = []

    def both(problem, runner, fit, of_fixed=None):
        away = FederatedRunner(runner.layout, runner.n, [runner.total])
        found[:] = [errors.covariance(problem, one, fit) for one in (runner, away)]
        return found[0]

    monkeypatch.setattr("edumetrics.irt.calibration.covariance", both)
    calibrate(response_matrix(marks, float(np.nanmax(marks))), settings=Settings(tolerance=1e-6), **more)
    closed, differences = found
    size = np.sqrt(np.diag(differences))
    np.testing.assert_allclose(closed / np.outer(size, size), differences / np.outer(size, size), atol=5e-5)


def test_a_sample_of_the_pupils_gives_nearly_the_same_errors(monkeypatch):
    matrix = response_matrix(marks_of(13, 6000, 8, 1), 1.0)
    full = calibrate(matrix)
    monkeypatch.setattr("edumetrics.irt.errors.CLOSED_SAMPLE", 1500)
    part = calibrate(matrix)
    np.testing.assert_allclose([i.slope.se for i in part.items], [i.slope.se for i in full.items], rtol=0.05)


def test_many_pupils_know_guessed_items_as_exactly_as_all_of_them_tell():
    """3PL, 6,000 pupils: the loss among 5,000 of them left a matrix that was not positive, and no errors."""
    rng = np.random.default_rng(2)
    n, hard, slope = 6000, rng.normal(0.2, 1, 20), 1.3 * np.exp(rng.normal(0.1, 0.3, 20))
    chance = 0.2 + 0.8 / (1 + np.exp(-slope * (rng.normal(size=(n, 1)) - hard)))
    found = calibrate(response_matrix((rng.random((n, 20)) < chance).astype(float), 1.0), "3pl")
    assert not [c for c in found.provenance.warnings if c.code == "flat_likelihood"]
    assert found.covariance is not None
    off = (found.parameters.par[:, 0] - slope) / np.sqrt(np.diag(found.covariance)[::3])
    assert 0.6 < np.sqrt((off**2).mean()) < 1.5
