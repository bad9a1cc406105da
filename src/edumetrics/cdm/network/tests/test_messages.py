"""Messages up the tree stay inside the range of a float, however much they contradict one another."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.cdm.network.messages import hand_up, take_in


def test_children_that_contradict_one_another_leave_a_likelihood():
    """Twenty children say the one state, twenty the other, each at 1e−20: both are at 1e−400."""
    values, scale = np.ones((1, 1, 2)), np.zeros(1)
    towards, place = np.arange(2), np.zeros(1, np.int64)
    for child in range(40):
        message = np.array([[[1.0, 1e-20]]]) if child % 2 else np.array([[[1e-20, 1.0]]])
        take_in(values, scale, place, message, np.array([-0.5]), towards)
    message = np.zeros((1, 1, 1))
    hand_up(values, scale, np.zeros(2, np.int64), message)
    np.testing.assert_allclose(values[0, 0], [0.5, 0.5])
    assert message[0, 0, 0] == 1.0
    assert scale[0] == pytest.approx(np.log(2.0) + 400 * np.log(0.1) - 40 * 0.5)


def test_many_children_of_one_mind_leave_a_likelihood():
    values, scale = np.ones((2, 1, 2)), np.zeros(2)
    towards, place = np.arange(2), np.array([1, 0])
    for _ in range(120):
        message = np.array([[[1e-6, 2e-6]], [[1.0, 0.5]]])
        take_in(values, scale, place, message, np.zeros(2), towards)
    for u, row in ((0, [1.0, 0.5]), (1, [1e-6, 2e-6])):
        got = np.log(values[u, 0]) + scale[u]
        best = int(np.argmax(row))
        assert got[best] == pytest.approx(120 * np.log(row[best]))
