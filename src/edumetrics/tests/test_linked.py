"""Two papers without a common item: what stands apart is said to, and nothing is read into it."""

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.exam import analyse_exam
from edumetrics.irt import Calibration, calibrate, score
from edumetrics.linked import papers_apart
from edumetrics.results import Estimate

NAN = float("nan")


def papers(rng: np.random.Generator, n: int, bridge: bool) -> np.ndarray:
    """One ability; every second pupil has the other ten items, the first pupil perhaps all."""
    ability = rng.normal(size=(n, 1))
    hard = np.tile(np.linspace(-1.5, 1.5, 10), 2)
    marks = (rng.random((n, 20)) < 1 / (1 + np.exp(-1.2 * (ability - hard)))) * 1.0
    marks[::2, 10:] = marks[1::2, :10] = NAN
    if bridge:
        marks[:30] = (rng.random((30, 20)) < 1 / (1 + np.exp(-1.2 * (ability[:30] - hard)))) * 1.0
    return marks


@pytest.mark.parametrize("bridge", [False, True])
def test_papers_apart_are_named_and_no_second_ability_is_seen_in_them(bridge):
    matrix = response_matrix(papers(np.random.default_rng(5), 600, bridge), 1.0)
    exam = calibrate(matrix)
    assert isinstance(exam, Calibration)
    found = score(exam, matrix, "eap")
    codes = {caution.code for caution in (*exam.provenance.warnings, *found.provenance.warnings)}
    assert ("papers_not_linked" in codes) is not bridge
    assert "items_ask_for_two_abilities" not in codes
    assert isinstance(found.reliability, Estimate)
    assert found.reliability.value > 0.6
    told = {caution.code: caution for caution in analyse_exam(matrix).provenance.warnings}
    assert ("papers_not_linked" in told) is not bridge
    if not bridge:
        assert told["papers_not_linked"].data["papers"] == 2


def test_a_chain_of_booklets_is_one_paper():
    seen = np.full((4, 8), -1, dtype=np.int16)
    for pupil in range(3):
        seen[pupil, 2 * pupil : 2 * pupil + 4] = 1
    assert papers_apart(seen) == 1
    assert papers_apart(seen[[0, 2]]) == 2
    assert papers_apart(seen[:1]) == 5  # items that nobody had stand alone
