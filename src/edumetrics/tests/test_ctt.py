"""Classical statistics against slow twins, published values and a fixture worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edumetrics.arrays import response_matrix
from edumetrics.ctt import items, moodle, reliability
from edumetrics.ctt.conditional import conditional_sem
from edumetrics.ctt.scores import centre, group_weights
from edumetrics.ctt.stratified import bootstrap_alpha, stratified_alpha
from edumetrics.results import Estimate, Insufficient, Reason
from edumetrics.tests import reference
from edumetrics.tests.data import load

NAN = float("nan")


def polytomous(seed: int, n: int, full: list[float]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n)
    p = 1 / (1 + np.exp(-(ability[:, None] - rng.normal(size=len(full)))))
    return rng.binomial(np.array(full, dtype=int), p).astype(float)


# Six pupils, three items (full 1, 1, 2). Worked by hand:
# item 1 marks 1 1 1 0 0 1, others 3 2 1 1 0 0: means 2/3 and 7/6, Σdx² = 4/3, Σdy² = 41/6, Σdxdy = 4/3;
# both sorted: 0 0 1 1 1 1 and 0 0 1 1 2 3 give Σ = 7 − 6·(2/3)(7/6) = 7/3.
MARKS = [[1, 1, 2], [1, 0, 2], [1, 1, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_moodle_on_the_worked_fixture():
    figures = moodle.moodle_statistics(centre(response_matrix(MARKS, [1, 1, 2])))
    assert figures.facility == pytest.approx([4 / 6, 2 / 6, 5 / 12], abs=1e-12)
    assert figures.discrimination_index[0] == pytest.approx((4 / 3) / ((4 / 3) * (41 / 6)) ** 0.5, abs=1e-12)
    assert figures.discriminative_efficiency[0] == pytest.approx((4 / 3) / (7 / 3), abs=1e-12)
    # variances 4/15, 4/15, 29/30 (sum 3/2); totals 4 3 2 1 0 1: mean 11/6, variance 13/6; CIC = 3/2 (1
    # − 9/13)
    assert figures.cic == pytest.approx(1.5 * (1 - 1.5 / (13 / 6)), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_moodle_against_its_walkers(seed):
    full = [1.0, 4.0, 2.0, 10.0, 1.0]
    marks = polytomous(seed, 57, full)
    figures = moodle.moodle_statistics(centre(response_matrix(marks, full)))
    for j, (index, efficiency) in enumerate(reference.moodle(marks.tolist())):
        assert figures.discrimination_index[j] == pytest.approx(index, abs=1e-9)
        assert figures.discriminative_efficiency[j] == pytest.approx(efficiency, abs=1e-9)
    assert figures.cic == pytest.approx(reference.alpha(marks), abs=1e-9)


@pytest.mark.parametrize("name", ["frcsub", "lsat6", "math1", "science_ordinal", "hci_options"])
def test_items_against_loops_on_real_exams(name):
    exam = load(name)
    marks, full = exam.matrix.marks.tolist(), exam.matrix.full.tolist()
    centred = centre(exam.matrix)
    np.testing.assert_allclose(items.facility(centred).value, reference.facility(marks, full), rtol=1e-12)
    np.testing.assert_allclose(
        items.rest_correlation(centred).value, reference.rest_correlation(marks), rtol=1e-9
    )
    np.testing.assert_allclose(
        items.upper_lower(centred).value, reference.upper_lower(marks, full), atol=1e-9
    )
    result = reliability.reliability(centred)
    assert isinstance(result.alpha, Estimate)
    assert isinstance(result.sem, Estimate)
    assert result.alpha.value == pytest.approx(reference.alpha(marks), abs=1e-10)
    total_sd = np.std(np.sum(marks, axis=1), ddof=1)
    assert result.sem.value == pytest.approx(total_sd * np.sqrt(1 - result.alpha.value), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "alpha", "mean", "sd"), [("frcsub", 0.9388, 10.677, None), ("math1", 0.7223, 44.544, 14.954)]
)
def test_published_reference_values(name, alpha, mean, sd):
    exam = load(name)
    totals = exam.matrix.marks.sum(axis=1)
    result = reliability.reliability(centre(exam.matrix)).alpha
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(alpha, abs=5e-5)
    assert totals.mean() == pytest.approx(mean, abs=5e-4)
    if sd is not None:
        assert totals.std(ddof=1) == pytest.approx(sd, abs=5e-4)


def test_facility_interval_is_wilsons_for_right_and_wrong():
    marks = np.array([[1.0]] * 7 + [[0.0]] * 3)
    entry = items.facility(centre(response_matrix(marks, 1))).at(0)
    assert isinstance(entry, Estimate)
    assert (entry.low, entry.high) == pytest.approx((0.3968, 0.8922), abs=5e-5)  # Wilson's interval of 7/10
    sure = items.facility(centre(response_matrix(np.ones((10, 1)), 1))).at(0)
    assert isinstance(sure, Estimate)
    assert (sure.low, sure.high) == pytest.approx((0.7225, 1.0), abs=5e-5)


def test_ties_at_the_cut_are_shared():
    weights = group_weights([5, 5, 5, 5, 1, 1, 1, 1, 1, 1], [[0, 0.27], [0.73, 1]])
    np.testing.assert_allclose(weights[:, 1], [2.7 / 4] * 4 + [0] * 6)
    np.testing.assert_allclose(weights[:, 0], [0] * 4 + [2.7 / 6] * 6)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.floats(0, 1), st.floats(0, 1))
def test_group_weights_against_a_block_by_block_twin(scores, one, two):
    lower, upper = sorted((one, two))
    n = len(scores)
    expected = []
    for score in scores:
        first = sum(other < score for other in scores)
        last = sum(other <= score for other in scores)
        inside = min(last, upper * n) - max(first, lower * n)
        expected.append(max(inside, 0.0) / (last - first))
    np.testing.assert_allclose(group_weights(scores, [[lower, upper]])[:, 0], expected, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.randoms())
def test_group_weights_do_not_depend_on_the_order_of_rows(scores, random):
    edges = np.column_stack([np.linspace(0, 0.8, 5), np.linspace(0.2, 1, 5)])
    values = np.array(scores, dtype=float)
    weights = group_weights(values, edges)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights.sum(axis=0), len(scores) / 5)
    order = list(range(len(scores)))
    random.shuffle(order)
    np.testing.assert_allclose(group_weights(values[order], edges), weights[order])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 80), st.integers(3, 8), st.floats(0.1, 30))
def test_neither_order_nor_unit_matters(seed, n, j, scale):
    rng = np.random.default_rng(seed)
    full = rng.integers(1, 6, j).astype(float)
    marks = polytomous(seed, n, full.tolist())
    marks[rng.random(marks.shape) < 0.1] = NAN
    rows, columns = rng.permutation(n), rng.permutation(j)
    base = centre(response_matrix(marks, full))
    moved = centre(response_matrix(marks[rows][:, columns] * scale, full[columns] * scale))
    for method in (items.facility, items.rest_correlation, items.upper_lower):
        one, two = method(base), method(moved)
        np.testing.assert_array_equal(two.reason, one.reason[columns])
        for part in ("value", "low", "high"):
            np.testing.assert_allclose(getattr(two, part), getattr(one, part)[columns], rtol=1e-6, atol=1e-8)
    first, second = reliability.reliability(base).alpha, reliability.reliability(moved).alpha
    if isinstance(first, Estimate):
        assert isinstance(second, Estimate)
        assert second.value == pytest.approx(first.value, rel=1e-8, abs=1e-8)


def test_refusals():
    small = centre(response_matrix(np.eye(8), 1))
    assert items.upper_lower(small).at(0) == Insufficient(Reason.TOO_FEW_PUPILS, 8)
    assert items.rest_correlation(small).at(0) == Insufficient(Reason.TOO_FEW_PUPILS, 8)
    marks = polytomous(1, 40, [1, 1, 1])
    marks[:, 0] = 1
    marks[:, 1] = NAN
    centred = centre(response_matrix(marks, 1))
    assert items.facility(centred).at(1) == Insufficient(Reason.NO_RESPONSES, 0)
    assert items.rest_correlation(centred).at(0) == Insufficient(Reason.CONSTANT_MARKS, 40)
    assert items.upper_lower(centred).at(0) == Insufficient(Reason.CONSTANT_MARKS, 40)
    assert items.rest_correlation(centred).at(2) == Insufficient(Reason.CONSTANT_REST, 40)
    one = reliability.reliability(centre(response_matrix(polytomous(1, 40, [1]), 1)))
    assert one.alpha == one.sem == Insufficient(Reason.TOO_FEW_ITEMS, 1)
    same = reliability.reliability(centre(response_matrix(np.ones((40, 3)), 1)))
    assert same.alpha == Insufficient(Reason.CONSTANT_MARKS, 40)


def test_perfectly_consistent_paper_has_no_error():
    marks = np.repeat(np.arange(40.0)[:, None] % 2, 4, axis=1)
    result = reliability.reliability(centre(response_matrix(marks, 1)))
    assert isinstance(result.alpha, Estimate)
    assert result.alpha.value == pytest.approx(1.0)
    assert result.sem == Insufficient(Reason.BOUNDARY, 40)


def test_rotated_booklets_do_not_blame_the_harder_booklet():
    """Two booklets share anchor items; the total of the hard one is lower, the rest score must not be."""
    rng = np.random.default_rng(9)
    ability = rng.normal(size=4000)
    difficulty = np.concatenate([np.zeros(4), np.full(8, -1.5), np.full(8, 1.5)])
    marks = (rng.random((4000, 20)) < 1 / (1 + np.exp(-(ability[:, None] - difficulty)))).astype(float)
    whole = items.rest_correlation(centre(response_matrix(marks, 1))).value
    marks[:2000, 12:] = NAN
    marks[2000:, 4:12] = NAN
    centred = centre(response_matrix(marks, 1))
    assert not centred.complete
    rotated = items.rest_correlation(centred).value
    # Half the items make a less reliable rest score, nothing more: anchors keep most of their correlation.
    assert np.all(rotated[:4] > 0.75 * whole[:4])
    result = reliability.reliability(centred)
    assert result.sem == Insufficient(Reason.NOT_COMPARABLE, 4000)
    assert {c.code for c in result.provenance.warnings} == {"pairs_never_together", "alpha_of_whole_pool"}


def test_omega_of_a_one_factor_model():
    rng = np.random.default_rng(2)
    loading = np.linspace(0.5, 1.2, 8)
    marks = np.clip(5 + loading * rng.normal(size=(20_000, 1)) + rng.normal(size=(20_000, 8)), 0, 10)
    result = reliability.reliability(centre(response_matrix(marks, 10))).omega
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(loading.sum() ** 2 / (loading.sum() ** 2 + 8), abs=0.01)


def test_omega_of_few_pupils_with_booklets_stays_a_share():
    """Of 3,000 such exams one in twelve had an interval wider than the whole scale, some of thousands."""
    low = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        chance = 1.0 / (1.0 + np.exp(-0.9 * rng.normal(size=(30, 1)) + rng.normal(size=24)))
        marks = (rng.random((30, 24)) < chance).astype(float)
        marks[np.arange(30)[:, None] % 3 == np.arange(24) // 8] = np.nan
        found = reliability.reliability(centre(response_matrix(marks, 1.0))).omega
        if isinstance(found, Estimate):
            assert 0.0 <= found.low <= found.value <= found.high <= 1.0
            low.append(found.low)
    assert low.count(0.0) >= 2


def test_conditional_errors_average_to_the_overall_one():
    exam = load("frcsub")
    centred = centre(exam.matrix)
    bands = conditional_sem(centred)
    overall = reliability.reliability(centred).sem
    assert isinstance(overall, Estimate)
    squares = [(b.sem.n, b.sem.value**2) for b in bands if isinstance(b.sem, Estimate)]
    mean = sum(n * v for n, v in squares) / sum(n for n, _ in squares)
    assert mean == pytest.approx(overall.value**2, rel=1e-9)
    assert bands[-1].sem.value < bands[3].sem.value  # the ends of the scale are surer than its middle


def test_stratified_alpha_against_its_formula_and_bootstrap_against_feldt():
    marks = polytomous(6, 300, [1.0] * 6 + [5.0] * 4)
    centred = centre(response_matrix(marks, [1.0] * 6 + [5.0] * 4))
    parts = [marks[:, :6], marks[:, 6:]]
    error = sum(np.var(p.sum(1), ddof=1) * (1 - reference.alpha(p)) for p in parts)
    expected = 1 - error / np.var(marks.sum(1), ddof=1)
    result = stratified_alpha(centred, ["客观题"] * 6 + ["主观题"] * 4)
    assert isinstance(result, Estimate)
    assert result.value == pytest.approx(expected, abs=1e-10)
    assert result.low < expected < result.high
    assert stratified_alpha(centred, ["a"] * 9 + ["b"]) == Insufficient(Reason.TOO_FEW_ITEMS, 1)
    boot = bootstrap_alpha(centred, np.random.default_rng(1))
    assert isinstance(boot, Estimate)
    assert boot.value == pytest.approx(reference.alpha(marks), abs=1e-10)
    low, high = reliability.feldt_interval(boot.value, 300, 10)
    assert boot.high - boot.low == pytest.approx(high - low, rel=0.5)


def test_discrimination_stays_within_one_beside_huge_marks():
    # The item alone decides who is in which group: sums of its marks are not exact.
    rng = np.random.default_rng(0)
    ability = rng.normal(size=(200, 1))
    marks = (rng.random((200, 8)) < 1 / (1 + np.exp(-(ability - np.linspace(-1.5, 1.5, 8))))) * 1.0
    full = np.ones(8)
    full[3] = 1e6
    marks[:, 3] *= 1e6
    found = items.upper_lower(centre(response_matrix(marks, full)))
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
