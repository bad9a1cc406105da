"""Distractors: counts by a loop, a wrong key found, a right key left alone, many seeds."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.ctt.cells import cells, cut
from edumetrics.ctt.distractors import CUTS, OptionAnalysis, distractors
from edumetrics.ctt.scores import centre
from edumetrics.options import option_responses, score_options
from edumetrics.results import Insufficient, Reason
from edumetrics.tests.data import load


def choices(seed: int, n: int, items: int = 20, *, hard: float = 0.0) -> tuple[np.ndarray, list[str]]:
    """Answers of a logistic model; wrong ones spread unevenly over the other options."""
    rng = np.random.default_rng(seed)
    right = rng.random((n, items)) < 1 / (
        1 + np.exp(-(rng.normal(size=(n, 1)) - rng.normal(size=items) - hard))
    )
    key = rng.integers(0, 4, items)
    wrong = (key + rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2], size=(n, items))) % 4
    return np.array(list("ABCD"))[np.where(right, key, wrong)], [str(x) for x in np.array(list("ABCD"))[key]]


def analyse(answers: np.ndarray, keys: list[str]):
    options = option_responses(answers.T.tolist(), keys)
    matrix = response_matrix(score_options(options, np.ones(len(keys))), 1.0, options=options)
    return options_of(matrix)


def options_of(matrix: ResponseMatrix):
    found = cells(centre(matrix), matrix.options)
    return distractors(matrix, found, cut(found, CUTS), np.zeros(matrix.n_items, dtype=int))


def test_counts_shares_and_correlations_against_a_loop():
    exam = load("hci_options")
    results = options_of(exam.matrix)
    options = exam.matrix.options
    assert options is not None
    for j, result in enumerate(results):
        assert isinstance(result, OptionAnalysis)
        chosen = ["".join(sorted(options.patterns[j][c])) for c in options.codes[:, j]]
        rest = exam.matrix.marks.sum(axis=1) - exam.matrix.marks[:, j]
        for k, label in enumerate(result.labels):
            picked = np.array([c == label for c in chosen], dtype=float)
            assert result.counts[k] == picked.sum()
            assert result.rest_correlation.value[k] == pytest.approx(
                np.corrcoef(picked, rest)[0, 1], abs=1e-9
            )
        assert not isinstance(result.curves, Insufficient)
        np.testing.assert_allclose(result.curves.sum(axis=0), 1.0)
        np.testing.assert_allclose(result.curves.mean(axis=1), result.shares.value)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", [100, 600])
def test_a_wrong_key_is_found_and_right_ones_are_left_alone(seed, n):
    answers, keys = choices(seed, n)
    easy = int(np.argmax((answers == np.array(keys)).mean(axis=0)))
    true_key = keys[easy]
    keys[easy] = "ABCD"[("ABCD".index(true_key) + 1) % 4]
    results = analyse(answers, keys)
    found = results[easy]
    assert isinstance(found, OptionAnalysis)
    assert found.key_error is not None
    assert found.key_error.rival == true_key
    false_alarms = [
        r.item for r in results if isinstance(r, OptionAnalysis) and r.key_error and r is not found
    ]
    assert not false_alarms


def test_hard_items_are_not_taken_for_wrong_keys():
    alarms = total = 0
    for seed in range(20):
        answers, keys = choices(100 + seed, 300, hard=1.0)
        results = analyse(answers, keys)
        alarms += sum(isinstance(r, OptionAnalysis) and r.key_error is not None for r in results)
        total += len(results)
    assert alarms / total <= 0.01


def test_multi_select_counts_each_option_and_finds_a_wrong_part_of_the_key():
    rng = np.random.default_rng(4)
    answers, keys = choices(4, 400, 15)
    able = rng.permutation(400)
    strength = (answers == np.array(keys)).sum(axis=1)
    able = strength >= np.median(strength)
    multi = np.where(able, "BC", np.where(rng.random(400) < 0.5, "AD", "B"))
    table = np.column_stack([answers, multi])
    result = analyse(table, [*keys, "BD"])[-1]
    assert isinstance(result, OptionAnalysis)
    assert result.labels == ("A", "B", "C", "D")
    assert result.in_key == (False, True, False, True)
    assert result.counts.tolist() == [int(sum(label in str(m) for m in multi)) for label in "ABCD"]
    assert result.key_error is not None
    assert (result.key_error.rival, result.key_error.key) == ("C", "D")


def ticked(rng: np.random.Generator, n: int, ability: np.ndarray, key: str) -> np.ndarray:
    """Options ticked one by one, those of the key hardly more by the able than the others less."""
    own = rng.normal(0.0, 0.25, 4)
    side = np.array([1.0 if option in key else -1.0 for option in "ABCD"])
    ticks = rng.random((n, 4)) < 1 / (1 + np.exp(-(0.4 * side * ability[:, None] - 0.2 * side + own)))
    return np.array(["".join(o for o, t in zip("ABCD", row, strict=True) if t) or "A" for row in ticks])


@pytest.mark.parametrize("n", [60, 200])
def test_right_keys_of_hard_multi_select_items_are_seldom_doubted(n):
    alarms = total = 0
    for seed in range(60):
        rng = np.random.default_rng([seed, n])
        ability = rng.normal(size=n)
        right = rng.random((n, 10)) < 1 / (1 + np.exp(-(ability[:, None] - rng.normal(0, 0.8, 10))))
        several = ("AB", "AC", "BCD", "ACD")
        table = np.column_stack(
            [
                np.where(right, "A", rng.choice(list("BCD"), right.shape)),
                *(ticked(rng, n, ability, k) for k in several),
            ]
        )
        found = analyse(table, ["A"] * 10 + list(several))[10:]
        alarms += sum(isinstance(one, OptionAnalysis) and one.key_error is not None for one in found)
        total += len(found)
    assert alarms / total <= 0.01


def test_small_classes_have_counts_but_no_curves():
    answers, keys = choices(3, 20)
    result = analyse(answers, keys)[0]
    assert isinstance(result, OptionAnalysis)
    assert result.curves == Insufficient(Reason.TOO_FEW_PUPILS, 20)
    assert result.key_error is None
    assert result.non_functioning == ()
    assert result.counts.sum() == 20


def test_items_without_key_or_options():
    options = option_responses([["A", "B"] * 15, ["", ""] * 15], [None, None])
    matrix = response_matrix(np.ones((30, 2)), 1.0, options=options)
    first, second = options_of(matrix)
    assert first == Insufficient(Reason.NO_KEY, 30)
    assert second == Insufficient(Reason.NO_OPTIONS, 30)


def test_non_functioning_options():
    answers, keys = choices(5, 200)
    answers[:, 0] = np.where(answers[:, 0] == "D", "A", answers[:, 0])
    answers[0, 0] = "D"
    keys[0] = "A"
    result = analyse(answers, keys)[0]
    assert isinstance(result, OptionAnalysis)
    assert "D" in result.non_functioning
