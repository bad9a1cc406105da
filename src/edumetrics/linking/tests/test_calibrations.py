"""Links of two calibrations: the errors hold who was calibrated; wrong input is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.errors import (
    BadCount,
    BadParameter,
    DuplicateItem,
    InfiniteMark,
    MarkOverFull,
    NegativeMark,
    ShapeMismatch,
)
from edumetrics.irt import calibrate
from edumetrics.linking import (
    ScaleLink,
    common_item_growth,
    equipercentile,
    frequency_estimation,
    levine,
    link_calibrations,
    link_scales,
    tucker,
)
from edumetrics.results import Insufficient, Reason

ITEMS = tuple("abcdefgh")


def test_links_cover_the_true_line():
    rng = np.random.default_rng(2)
    a, b = rng.uniform(0.8, 1.8, 9), rng.normal(0, 1, 9)
    inside = 0
    rounds = 16

    def exam(mean, sd):
        theta = mean + sd * rng.normal(size=1000)
        right = rng.random((1000, 9)) < 1 / (1 + np.exp(-a * (theta[:, None] - b)))
        return calibrate(response_matrix(right * 1.0, 1.0), "2pl")

    for _ in range(rounds):
        link = link_calibrations(exam(0.4, 1.2), exam(0.0, 1.0))
        assert isinstance(link, ScaleLink)
        inside += abs(link.slope - 1.2) <= 1.96 * link.slope_se
        inside += abs(link.intercept - 0.4) <= 1.96 * link.intercept_se
    assert 0.90 - 3 * np.sqrt(0.05 * 0.95 / (2 * rounds)) <= inside / (2 * rounds)


def test_exams_without_common_items_are_not_linked():
    rng = np.random.default_rng(3)
    right = (rng.random((300, 5)) < 0.5) * 1.0
    first = calibrate(response_matrix(right, 1.0, items=list("abcde")), "rasch")
    second = calibrate(response_matrix(right, 1.0, items=list("cdefg")), "rasch")
    assert link_calibrations(first, second) == Insufficient(Reason.TOO_FEW_ITEMS, 3)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"a_new": [1, 1, -1, 1, 1, 1, 1, 1]}, BadParameter),
        ({"b_old": [0, 0, np.nan, 0, 0, 0, 0, 0]}, BadParameter),
        ({"difference_se": [1, 1, 0, 1, 1, 1, 1, 1]}, BadParameter),
        ({"a_old": np.ones(7)}, ShapeMismatch),
        ({"covariance_new": np.eye(3), "covariance_old": np.eye(3)}, ShapeMismatch),
    ],
)
def test_bad_parameters_are_named(change, error):
    place = np.linspace(-1, 1, 8)
    given = {"a_new": np.ones(8), "b_new": place, "a_old": np.ones(8), "b_old": place, **change}
    with pytest.raises(error) as caught:
        link_scales(ITEMS, **given)
    assert caught.value.item in ("c", None)


def test_bad_marks_are_named_by_their_place():
    rng = np.random.default_rng(4)
    total = rng.integers(0, 31, 500).astype(float)
    anchor = np.floor(total / 3)
    wrong = total.copy()
    for value, error in ((np.inf, InfiniteMark), (-1.0, NegativeMark), (31.0, MarkOverFull), (2.5, BadCount)):
        wrong[6] = value
        with pytest.raises(error):
            frequency_estimation(wrong, anchor, total, anchor, maximum_x=30, maximum_y=30)
    with pytest.raises(ShapeMismatch):
        tucker(total, anchor[:10], total, anchor)
    with pytest.raises(BadCount):
        equipercentile([500, np.nan], [500, 0])
    marks = (rng.random((60, 8)) < 0.5) * 1.0
    with pytest.raises(MarkOverFull) as caught:
        common_item_growth(ITEMS, marks * 9, marks, np.ones(8))
    assert caught.value.pupil == str(int(np.argmax(marks.any(axis=1))) + 1)
    with pytest.raises(DuplicateItem):
        common_item_growth(("a",) * 8, marks, marks, np.ones(8))


def test_pupils_without_a_mark_are_left_out_and_a_hopeless_anchor_is_no_link():
    rng = np.random.default_rng(5)
    total = rng.integers(0, 31, 500).astype(float)
    anchor = np.floor(total / 3)
    gap = total.copy()
    gap[3] = np.nan
    found = frequency_estimation(gap, anchor, total, anchor, maximum_x=30, maximum_y=30)
    assert not isinstance(found, Insufficient)
    assert found.n_x == 499
    halves = np.where(total > 15, 1.0, 0.0)
    refused = levine(halves, np.where(anchor > 5, 1.0, 0.0), total, anchor, anchor="internal")
    assert refused == Insufficient(Reason.NOT_COMPARABLE, 500) or np.isfinite(refused.slope)


def test_errors_of_a_link_know_that_asymptotes_move_slopes_and_difficulties_along():
    """By slopes and difficulties alone the intercept looks far more uncertain than it is."""
    rng = np.random.default_rng(6)
    a, b, c = rng.uniform(0.9, 1.8, 12), rng.normal(0, 0.8, 12), rng.uniform(0.15, 0.3, 12)
    shape = np.array([[0.02, 0.01, 0.004], [0.01, 0.04, 0.011], [0.004, 0.011, 0.0036]])
    covariance = np.kron(shape, np.eye(12))
    root = np.linalg.cholesky(covariance)
    names = tuple("abcdefghijkl")

    def link(known):
        drawn = [np.concatenate([a, b, c]) + root @ rng.normal(size=36) for _ in range(2)]
        (a_new, b_new, c_new), (a_old, b_old, c_old) = (np.split(x, 3) for x in drawn)
        found = link_scales(
            names, a_new, b_new, a_old, b_old, c_new=np.maximum(c_new, 0), c_old=np.maximum(c_old, 0),
            covariance_new=known, covariance_old=known, drop_drifted=False,
        )  # fmt: skip
        assert isinstance(found, ScaleLink)
        return found.slope, found.intercept, found.slope_se, found.intercept_se

    got = np.array([link(covariance) for _ in range(150)])
    spread, error = got[:, :2].std(axis=0, ddof=1), got[:, 2:].mean(axis=0)
    np.testing.assert_allclose(error, spread, rtol=0.25)
    without = np.array([link(covariance[:24, :24]) for _ in range(10)])
    assert without[:, 3].mean() > 1.5 * spread[1]


def test_many_pupils_do_not_make_a_misfit_a_drift():
    """40,000 pupils tell every small misfit from chance; only a large one is a drift."""
    rng = np.random.default_rng(7)
    a, b = rng.uniform(0.9, 1.8, 10), rng.normal(0, 1, 10)
    moved = b + 0.1 * rng.normal(size=10)
    exact = {"difference_se": np.full(10, 0.02)}
    names = tuple("abcdefghij")
    link = link_scales(names, a, moved, a, b, **exact)
    assert isinstance(link, ScaleLink)
    assert not any(anchor.drifted for anchor in link.anchors)
    moved[3] += 1.0
    link = link_scales(names, a, moved, a, b, **exact)
    assert isinstance(link, ScaleLink)
    assert [anchor.item for anchor in link.anchors if anchor.drifted] == ["d"]
