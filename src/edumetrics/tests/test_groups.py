"""Levels, shrunken group means and suppression of small groups."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from edumetrics.aggregates import group_means
from edumetrics.levels import DEFAULT_BANDS, make_bands
from edumetrics.results import Estimate, Insufficient, Reason
from edumetrics.suppression import suppress, suppress_table


def test_levels_on_the_line():
    totals = [100, 85, 84.99, 70, 69.99, 60, 59.99, 0, float("nan")]
    codes = [DEFAULT_BANDS.bands[i].code if i >= 0 else "-" for i in DEFAULT_BANDS.assign(totals, 100)]
    assert codes == list("AABBCCDD-")
    assert DEFAULT_BANDS.assign([0.7 * 120], 120).tolist() == [1]
    assert DEFAULT_BANDS.counts(DEFAULT_BANDS.assign(totals, 100)).tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize(
    "rows",
    [[], [("A", "", 0.5)], [("A", "", 0.5), ("B", "", 0.5), ("C", "", 0)], [("A", "", 1.2), ("B", "", 0)]],
)
def test_bands_that_leave_somebody_out(rows):
    with pytest.raises(ValueError, match="band"):
        make_bands(rows)


def test_group_means_against_a_loop():
    rng = np.random.default_rng(3)
    groups = np.array([f"c{i % 4}" for i in range(60)])
    values = rng.normal(size=(60, 2)) + np.array([0, 1, 2, 3])[np.arange(60) % 4, None] * 0.3
    values[5, 0] = np.nan
    table = group_means(values, groups.tolist())
    for k in range(2):
        column = values[:, k]
        samples = {g: column[(groups == g) & np.isfinite(column)] for g in table.groups}
        n = np.array([len(s) for s in samples.values()])
        means = np.array([s.mean() for s in samples.values()])
        pooled = sum(((s - s.mean()) ** 2).sum() for s in samples.values()) / (n.sum() - 4)
        v = pooled / n

        def away(t, v=v, means=means):
            w = 1 / (t + v)
            return (w * (means - (w * means).sum() / w.sum()) ** 2).sum()

        def bound(tail, n=n, v=v, away=away):
            target = 3 * stats.f.ppf(tail, 3, n.sum() - 4)
            return optimize.brentq(lambda t: away(t) - target, 0, 1e4) if away(0) > target else 0.0

        largest, middle = bound(0.05), bound(0.5)
        odds = np.maximum(largest / v, np.sqrt(largest / v))
        keep, a = odds / (1 + odds), (1 / (middle + v)) / (1 / (middle + v)).sum()
        np.testing.assert_allclose(table.raw.value[:, k], means)
        np.testing.assert_allclose(table.shrunken.value[:, k], keep * means + (1 - keep) * (a * means).sum())
        # Error as a sum over independent parts: each group's own error, each group's distance from the whole.
        own = np.eye(4) * keep[:, None] + (1 - keep[:, None]) * a
        expected = own**2 @ v + middle * ((own - np.eye(4)) ** 2).sum(axis=1)
        np.testing.assert_allclose(table.shrunken.se[:, k], np.sqrt(expected))
        assert table.between[k] == pytest.approx(np.sqrt(middle))


def test_equal_groups_are_drawn_together_and_single_pupils_survive():
    table = group_means([[0.5], [0.6], [0.6], [0.5], [0.9]], ["a", "a", "b", "b", "c"])
    assert all(isinstance(table.shrunken.at(g, 0), Estimate) for g in range(3))
    assert table.shrunken.value[2, 0] < 0.9
    lonely = group_means([[0.5], [0.7]], ["a", "b"])
    assert lonely.raw.at(0, 0) == Insufficient(Reason.TOO_FEW_PUPILS, 1)


def test_groups_without_spread_inside_keep_their_means():
    table = group_means([[0.5], [0.5], [0.7], [0.7]], ["a", "a", "b", "b"])
    assert table.shrunken.value[:, 0].tolist() == table.shrunken.low[:, 0].tolist() == [0.5, 0.7]
    alike = group_means(np.full((6, 1), 0.4), ["a", "a", "b", "b", "c", "c"])
    assert alike.shrunken.value[:, 0].tolist() == [0.4] * 3
    assert alike.between[0] == 0.0


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_shrunken_intervals_cover(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(8, 45, 200)
    truth = 0.6 + 0.08 * rng.standard_t(6, 200)  # not normal: the model is wrong on purpose
    rows = np.repeat(truth, sizes)
    values = rng.beta(np.clip(rows, 0.05, 0.95) * 5, (1 - np.clip(rows, 0.05, 0.95)) * 5)
    table = group_means(values[:, None], [f"{i:03d}" for i in np.repeat(np.arange(200), sizes)])
    covered = (table.shrunken.low[:, 0] <= truth) & (truth <= table.shrunken.high[:, 0])
    assert 0.90 <= covered.mean() <= 0.99


def test_one_small_group_takes_a_second_one_with_it():
    assert suppress([30, 3, 8]).tolist() == [False, True, True]
    assert suppress([30, 3, 8], total_known=False).tolist() == [False, True, False]
    assert suppress([30, 2, 1, 9]).tolist() == [False, True, True, True]
    assert suppress([30, 4, 4]).tolist() == [False, True, True]
    assert suppress([30, 0, 9]).tolist() == [False, False, False]
    assert suppress([3]).tolist() == [True]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_what_is_hidden_cannot_be_computed_from_the_total(counts):
    hidden = suppress(counts)
    table = np.array(counts)
    assert not np.any(~hidden & (table > 0) & (table < 5))
    if hidden.any() and not hidden[table > 0].all():
        assert hidden.sum() >= 2
        assert table[hidden].sum() >= 5


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=3))
def test_no_hidden_cell_of_a_table_follows_from_its_totals(rows):
    """Attack by enumeration: every hidden small cell must have another possible value."""
    table = np.array(rows)
    hidden = suppress_table(table)
    assert not np.any(~hidden & (table > 0) & (table < 5))
    if not hidden.any() or hidden.all():
        return
    cells = np.argwhere(hidden)
    for target in cells:
        other = table.astype(float).copy()
        other[hidden] = 0
        need_row, need_col = (table * hidden).sum(1), (table * hidden).sum(0)
        assert _another_value(cells, tuple(target), int(table[tuple(target)]), need_row, need_col)


def test_a_cell_between_two_hidden_blocks_is_not_given_away():
    """Both 2 × 2 blocks are safe, but the cell that joins them would be the only unknown of its cut."""
    table = np.array([[3, 3, 20, 20], [3, 3, 3, 20], [20, 20, 3, 3], [20, 20, 3, 3]])
    hidden = suppress_table(table)
    assert not hidden.all()
    cells = np.argwhere(hidden)
    rows, cols = (table * hidden).sum(1), (table * hidden).sum(0)
    for target in cells:
        assert _another_value(cells, tuple(target), int(table[tuple(target)]), rows, cols)


def _another_value(cells, target, value, need_row, need_col):
    """Whether real-valued hidden cells with the same totals exist in which `target` differs (signs apart)."""
    equations = np.zeros((len(need_row) + len(need_col), len(cells)))
    for index, (r, c) in enumerate(cells):
        equations[r, index] = 1
        equations[len(need_row) + c, index] = 1
    pick = np.array([1.0 if tuple(cell) == target else 0.0 for cell in cells])
    return np.linalg.matrix_rank(np.vstack([equations, pick])) > np.linalg.matrix_rank(equations)


def test_enumerated_attack_on_a_known_table():
    table = np.array([[3, 20, 9], [12, 7, 15], [11, 6, 8]])
    hidden = suppress_table(table)
    cells = [tuple(c) for c in np.argwhere(hidden)]
    assert cells == [(0, 0), (0, 2), (2, 0), (2, 2)]
    rows, cols = (table * hidden).sum(1), (table * hidden).sum(0)
    seen = set()
    for values in product(range(20), repeat=len(cells)):
        guess = np.zeros_like(table)
        for cell, value in zip(cells, values, strict=True):
            guess[cell] = value
        if (guess.sum(1) == rows).all() and (guess.sum(0) == cols).all():
            seen.add(guess[0, 0])
    assert seen == set(range(13))  # 3 + 9 people share two cells: any split is possible
