"""What is judged on all pupils together is what the analysis of the whole exam says, figure by figure."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import ResponseMatrix, State, response_matrix
from edumetrics.exam import analyse_exam
from edumetrics.judgement import judge_paper
from edumetrics.mastery.posterior import _distinct
from edumetrics.options import option_responses, score_options
from edumetrics.results import Insufficient

NAN = float("nan")
POINTS = ("a", "b", "c")


def _paper(pupils: int, *, gaps: bool = False, seed: int = 3) -> ResponseMatrix:
    """Twelve items of up to three marks."""
    rng = np.random.default_rng(seed)
    full = np.array([1.0, 2.0, 3.0] * 4)
    ability = rng.normal(0.6, 0.2, (pupils, 1)).clip(0.05, 0.95)
    marks = rng.binomial(full.astype(int), np.broadcast_to(ability, (pupils, 12))).astype(float)
    states = np.zeros(marks.shape, dtype=np.int8)
    if gaps:
        states[rng.random(marks.shape) < 0.1] = State.BLANK
        marks[states == State.BLANK] = NAN
    return response_matrix(marks, full, states=states)


def _with_options(pupils: int) -> ResponseMatrix:
    """Right answers grow with ability; the key of the first item is a wrong one."""
    rng = np.random.default_rng(11)
    knows = rng.random((pupils, 8)) < rng.normal(0.6, 0.25, (pupils, 1)).clip(0.05, 0.95)
    chosen = np.where(knows, "A", rng.choice(list("BCD"), (pupils, 8)))
    options = option_responses([list(column) for column in chosen.T], ["B", *["A"] * 7])
    return response_matrix(score_options(options, np.ones(8)), 1.0, options=options)


@pytest.mark.parametrize(
    "matrix",
    [_paper(120), _paper(40, gaps=True), _paper(8), _paper(1), _with_options(300), _with_options(30)],
    ids=["complete", "gaps", "small class", "one pupil", "options", "options of a class"],
)
def test_equals_the_analysis_of_the_whole_exam(matrix: ResponseMatrix) -> None:
    q = np.eye(3)[np.arange(matrix.n_items) % 3]
    judged, whole = judge_paper(matrix, q, POINTS), analyse_exam(matrix, q, POINTS)
    assert judged.alpha == whole.reliability.alpha
    assert judged.sem == whole.reliability.sem
    assert judged.mastery is not None
    assert whole.mastery is not None
    for name in ("value", "low", "high", "n", "reason"):
        np.testing.assert_array_equal(getattr(judged.mastery.share, name), getattr(whole.mastery.share, name))
    np.testing.assert_array_equal(judged.mastery.state, whole.mastery.state)
    np.testing.assert_array_equal(judged.mastery.probability, whole.mastery.probability)
    if matrix.options is None:
        assert judged.options is None
        assert all(isinstance(one, Insufficient) for one in whole.options)
        return
    assert judged.options is not None
    for one, other in zip(judged.options, whole.options, strict=True):
        assert not isinstance(one, Insufficient)
        assert not isinstance(other, Insufficient)
        assert (one.key_error, one.non_functioning, one.n) == (
            other.key_error,
            other.non_functioning,
            other.n,
        )
        np.testing.assert_array_equal(one.counts, other.counts)
    assert judged.options[0].key_error is not None  # type: ignore[union-attr]


def test_pairs_are_told_apart_also_where_one_number_stands_for_two() -> None:
    b = np.array([1.0, 1.0, 1.0 + 2**-51, 2.0, 1.0])
    a = np.array([0.0, 0.0, 0.0, 1e-20, 3.0])
    # 1e16 · π swallows the difference of the last two.
    a, b = np.append(a, [1e16, 1e16]), np.append(b, [0.25, 0.5])
    first, inverse = _distinct(a, b)
    np.testing.assert_array_equal(a[first][inverse], a)
    np.testing.assert_array_equal(b[first][inverse], b)
    assert len(first) == len({*zip(a.tolist(), b.tolist(), strict=True)})
