"""Robust errors are made from the plain covariance, whatever errors the calibration had before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.errors import ShapeMismatch
from edumetrics.irt import (
    Calibration,
    Settings,
    calibrate,
    calibrate_on_scale,
    recalibrate,
    with_robust_errors,
)
from edumetrics.irt.sandwich import FEWEST_CLUSTERS
from edumetrics.irt.spread_limits import METHOD as PROFILE
from edumetrics.results import Estimate

QUICK = Settings(standard_errors=False)


def two_humps(rng: np.random.Generator, n: int) -> np.ndarray:
    """Abilities (n,) of mean 0 and variance 1 that lie in two heaps."""
    theta = np.where(rng.random(n) < 0.6, -0.6, 0.9) + 0.6 * rng.normal(size=n)
    return np.asarray(theta / np.sqrt(0.36 + 0.24 * 1.5**2))


def answered(
    rng: np.random.Generator, theta: np.ndarray, n_items: int, slope: float, tries: int = 1
) -> np.ndarray:
    chance = 1 / (1 + np.exp(-slope * (theta[:, None] - np.linspace(-1.5, 1.5, n_items))))
    return rng.binomial(tries, chance).astype(float)


def exam_of(kind: str) -> tuple[ResponseMatrix, list[str] | None, Calibration]:
    """Few pupils; a slope that may be nothing; marks 0 to 3; two groups with one slope, and with many."""
    rng = np.random.default_rng(41)
    small = 0.3 + 0.7 * rng.normal(size=60)
    theta = two_humps(rng, 260 if kind == "two groups, 2PL" else 70)
    groups = None
    if kind.startswith("two groups"):
        groups = ["large"] * len(theta) + ["small"] * 60
        theta = np.concatenate([theta, small])
    marks = {
        "few": lambda: answered(rng, theta, 20, 1.2),
        "blunt": lambda: answered(rng, theta, 6, 0.4),
        "marks 0 to 3": lambda: answered(rng, theta, 8, 0.8, 3),
    }.get(kind, lambda: answered(rng, theta, 15, 1.2))()
    matrix = response_matrix(marks, marks.max())
    found = calibrate(matrix, groups=groups)
    assert isinstance(found, Calibration)
    return matrix, groups, found


@pytest.mark.parametrize("kind", ["few", "blunt", "marks 0 to 3", "two groups", "two groups, 2PL"])
@pytest.mark.parametrize("by_class", [False, True])
def test_a_second_sandwich_changes_nothing(kind: str, by_class: bool) -> None:
    matrix, groups, found = exam_of(kind)
    clusters = [i // 2 for i in range(matrix.n_pupils)] if by_class else None
    once = with_robust_errors(found, matrix, groups=groups, clusters=clusters)
    twice = with_robust_errors(once, matrix, groups=groups, clusters=clusters)
    # Nor does it matter what was robust before: `calibrate_runner`, which no answers see, leaves all plain.
    plain = replace(found, covariance=found.plain_covariance)
    of_plain = with_robust_errors(plain, matrix, groups=groups, clusters=clusters)
    for other in (twice, of_plain):
        assert other.items == once.items
        assert other.populations == once.populations
        assert other.provenance == once.provenance
        np.testing.assert_array_equal(other.covariance, once.covariance)
    np.testing.assert_array_equal(once.plain_covariance, found.plain_covariance)


@pytest.mark.parametrize("kind", ["few", "blunt", "marks 0 to 3", "two groups", "two groups, 2PL"])
def test_spreads_of_few_keep_what_calibrate_says_of_them(kind: str) -> None:
    """The second sandwich had an error up to a fifth smaller, and no limits of a profile."""
    matrix, groups, found = exam_of(kind)
    robust = with_robust_errors(found, matrix, groups=groups)
    pairs = [(p.sd, q.sd) for p, q in zip(found.populations, robust.populations, strict=True)]
    if found.problem.shared_slope:
        pairs += [(p.slope, q.slope) for p, q in zip(found.items, robust.items, strict=True)]
    for before, after in pairs:
        assert isinstance(before, Estimate)
        assert isinstance(after, Estimate)
        assert after.value == before.value
        # A profile's limits are searched for to a thousandth.
        assert (after.low, after.high) == pytest.approx((before.low, before.high), abs=3e-3)
        assert (after.method == PROFILE) == (before.method == PROFILE)
    profiled = [after for _, after in pairs if isinstance(after, Estimate) and after.method == PROFILE]
    assert bool(profiled) == (kind not in ("few", "marks 0 to 3"))


def test_late_marks_of_few_keep_the_plain_covariance() -> None:
    matrix, _, found = exam_of("few")
    later = recalibrate(found, matrix)
    assert isinstance(later, Calibration)
    size = np.sqrt(np.diag(found.plain_covariance))
    np.testing.assert_allclose(later.plain_covariance / np.outer(size, size),
                               found.plain_covariance / np.outer(size, size), atol=1e-3)  # fmt: skip
    again, first = (with_robust_errors(one, matrix).items[0].slope for one in (later, found))
    assert isinstance(again, Estimate)
    assert isinstance(first, Estimate)
    assert again.se == pytest.approx(first.se, rel=1e-3)


def test_a_shared_slope_of_two_humps_is_held_after_a_robust_call() -> None:
    """60 pupils: two sandwiches on top of each other held 84 %, one holds 95 %."""
    rng = np.random.default_rng(42)
    large = calibrate(
        response_matrix(answered(rng, two_humps(rng, 20_000), 30, 1.2), 1.0), "rasch", settings=QUICK
    )
    assert isinstance(large, Calibration)
    truth, held = large.parameters.par[0, 0], []
    for _ in range(80):
        matrix = response_matrix(answered(rng, two_humps(rng, 60), 30, 1.2), 1.0)
        found = calibrate(matrix)
        assert isinstance(found, Calibration)
        slope = with_robust_errors(found, matrix).items[0].slope
        assert isinstance(slope, Estimate)
        held.append(slope.low <= truth <= slope.high)
    assert np.mean(held) > 0.9


def test_the_spread_of_a_group_in_few_classes_is_not_called_known() -> None:
    """At the maximum the scores of a class that is a group by itself sum to nothing."""
    matrix, groups, found = exam_of("two groups, 2PL")
    assert groups is not None
    clusters = [f"large {i // 10}" if one == "large" else "small" for i, one in enumerate(groups)]
    robust = with_robust_errors(found, matrix, groups=groups, clusters=clusters)
    assert len(set(clusters)) > FEWEST_CLUSTERS
    before, after = found.populations[1].sd, robust.populations[1].sd
    assert isinstance(before, Estimate)
    assert isinstance(after, Estimate)
    assert (after.low, after.high) == pytest.approx((before.low, before.high), abs=3e-3)
    with pytest.raises(ShapeMismatch, match="no groups for 2 populations"):
        with_robust_errors(found, matrix)


def test_pupils_who_saw_only_what_was_left_out_count_as_they_did() -> None:
    """Two of 70 pupils answered nothing but an item that all have right; one answered nothing."""
    rng = np.random.default_rng(43)
    marks = np.column_stack([answered(rng, two_humps(rng, 70), 12, 1.2), np.ones(70)])
    marks[:2, :12] = np.nan
    marks[2] = np.nan
    matrix = response_matrix(marks, 1.0)
    found = calibrate(matrix)
    assert isinstance(found, Calibration)
    assert found.n == 69
    robust = with_robust_errors(found, matrix).items[0].slope
    plain = found.items[0].slope
    assert isinstance(robust, Estimate)
    assert isinstance(plain, Estimate)
    assert robust.se == pytest.approx(plain.se, rel=1e-9)


def test_what_kept_items_carry_over_is_not_sandwiched() -> None:
    """300 old pupils tell the kept items poorly: sandwiched too, the mean's error was 2.6 times as large."""
    rng = np.random.default_rng(47)
    old = calibrate(response_matrix(answered(rng, rng.normal(size=300), 20, 1.2), 1.0))
    assert isinstance(old, Calibration)
    matrix = response_matrix(answered(rng, 0.3 + rng.normal(size=2_000), 20, 1.2), 1.0)
    found = calibrate_on_scale(old, matrix)
    assert isinstance(found, Calibration)
    robust = with_robust_errors(found, matrix)
    for before, after in zip(
        (found.populations[0].mean, found.populations[0].sd),
        (robust.populations[0].mean, robust.populations[0].sd),
        strict=True,
    ):
        assert isinstance(before, Estimate)
        assert isinstance(after, Estimate)
        assert after.se == pytest.approx(before.se, rel=0.1)
