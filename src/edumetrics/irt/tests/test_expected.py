"""Expected shares: by hand from the parameters, against the truth of a simulation, refusals."""

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import Calibration, Settings, calibrate, expected_shares
from edumetrics.results import Insufficient, Reason

AT = np.array([-1.0, 0.0, 1.0])
HARD = np.linspace(-1.2, 1.2, 8)


def exam(rng: np.random.Generator, n: int) -> np.ndarray:
    """Eight right/wrong items, then one of four marks by adjacent categories."""
    ability = rng.normal(size=(n, 1))
    right = (rng.random((n, 8)) < 1 / (1 + np.exp(HARD - 1.2 * ability))).astype(float)
    below = graded(ability[:, 0]).cumsum(axis=1)[:, :4]
    return np.hstack([right, (rng.random((n, 1)) > below).sum(axis=1)[:, None]])


def graded(theta: np.ndarray) -> np.ndarray:
    """Chances of 0…4 marks (N, 5), generalised partial credit."""
    z = np.exp(np.arange(5) * theta[:, None] + np.array([0.0, 0.6, 0.8, 0.5, -0.4]))
    return np.asarray(z / z.sum(axis=1, keepdims=True))


def fitted(marks: np.ndarray) -> Calibration:
    found = calibrate(response_matrix(marks, np.array([1.0] * 8 + [4.0])))
    assert isinstance(found, Calibration)
    return found


def test_shares_by_hand_from_the_parameters():
    found = fitted(exam(np.random.default_rng(2), 400))
    names = [one.item for one in found.items]
    one = found.items[2]
    curve = expected_shares(found, names[2], 1.0, AT)
    by_hand = 1 / (1 + np.exp(-(one.slope.value * AT + one.intercepts[0].value)))
    assert curve.value == pytest.approx(by_hand, abs=1e-9)
    last = found.items[8]
    steps = np.array([0.0, *(d.value for d in last.intercepts)])
    z = np.exp(np.arange(len(steps)) * last.slope.value * AT[:, None] + steps)
    chance = z / z.sum(axis=1, keepdims=True)
    curve = expected_shares(found, names[8], 4.0, AT)
    assert curve.value == pytest.approx(chance @ np.array(last.category_marks) / 4, abs=1e-9)
    assert curve.at(2).value - curve.at(0).value == pytest.approx(curve.contrast([-1, 0, 1]).value)


def test_intervals_cover_the_truth():
    rng = np.random.default_rng(3)
    easy = 1 / (1 + np.exp(HARD[1] - 1.2 * AT))
    rich = graded(AT) @ np.arange(5) / 4
    hits = []
    for _ in range(60):
        found = fitted(exam(rng, 1000))
        names = [one.item for one in found.items]
        for name, full, truth in ((names[1], 1.0, easy), (names[8], 4.0, rich)):
            curve = expected_shares(found, name, full, AT)
            hits += [curve.at(q).low <= truth[q] <= curve.at(q).high for q in range(3)]
    assert 0.91 <= np.mean(hits) <= 0.985


def test_refusals():
    marks = exam(np.random.default_rng(4), 300)
    marks[:, 3] = 1.0
    found = fitted(marks)
    name = next(iter(found.excluded))
    refused = expected_shares(found, name, 1.0, AT)
    assert isinstance(refused, Insufficient)
    assert refused.reason is Reason.CONSTANT_MARKS
    plain = calibrate(
        response_matrix(marks, np.array([1.0] * 8 + [4.0])), settings=Settings(standard_errors=False)
    )
    known = plain.items[0].item
    assert expected_shares(plain, known, 1.0, AT) == Insufficient(Reason.NOT_IDENTIFIED, 300)
