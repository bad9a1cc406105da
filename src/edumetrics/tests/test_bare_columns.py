"""Columns of marks without a matrix: what is wrong is a typed error that names the place."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics import checks
from edumetrics.aggregates import group_means
from edumetrics.errors import (
    BadFullMark,
    BadParameter,
    InfiniteMark,
    MarkOverFull,
    MarkWithoutAnswer,
    NegativeMark,
    ResponseError,
    ShapeMismatch,
)
from edumetrics.growth import latent_regression, value_added
from edumetrics.levels import DEFAULT_BANDS
from edumetrics.rating import arbitration, double_marking, rater_severity
from edumetrics.results import Insufficient, Reason
from edumetrics.tracing import AdaptivePlan, next_item, next_review, practice_log

NAN = float("nan")


def test_the_first_bad_mark_is_named():
    with pytest.raises(NegativeMark) as caught:
        checks.marks([1.0, -2.0, -3.0])
    assert (caught.value.pupil, caught.value.value) == ("2", -2.0)
    assert np.isnan(checks.marks([NAN, 3.0])[0])


def test_markings():
    pupil, item = np.repeat(np.arange(40), 2), np.tile([0, 1], 40)
    marker, full = np.tile(list("AB"), 40), np.full(80, 10.0)
    mark = np.arange(80) % 11.0
    for value, error in (
        (np.inf, InfiniteMark),
        (-1.0, NegativeMark),
        (11.0, MarkOverFull),
        (NAN, MarkWithoutAnswer),
    ):
        bad = mark.copy()
        bad[4] = value
        with pytest.raises(error):
            rater_severity(pupil, item, marker, bad, full)
    with pytest.raises(BadFullMark):
        rater_severity(pupil, item, marker, mark, np.zeros(80))
    with pytest.raises(ShapeMismatch):
        rater_severity(pupil[:5], item, marker, mark, full)
    same = rater_severity(pupil, item, marker, np.full(80, 10.0), full)
    assert same == Insufficient(Reason.CONSTANT_MARKS, 80)
    with pytest.raises(NegativeMark):
        double_marking(mark, -mark)
    with pytest.raises(ShapeMismatch):
        arbitration(mark, mark[:3], 10.0)
    with pytest.raises(BadFullMark):
        arbitration(mark, mark, NAN)


def test_growth():
    nodes = np.linspace(-4, 4, 21)
    likelihood = -((np.zeros((100, 1)) - nodes) ** 2)
    for value in (NAN, np.inf, -np.inf):
        bad = likelihood.copy()
        bad[7] = value
        with pytest.raises(BadParameter) as caught:
            latent_regression(bad, nodes, np.ones((100, 1)))
        assert caught.value.pupil == "8"
    with pytest.raises(ShapeMismatch):
        latent_regression(likelihood, nodes, np.ones(100))
    marks, group = np.arange(60.0), np.arange(60) % 6
    order = tuple("012345")
    with pytest.raises(InfiniteMark):
        value_added(np.where(marks == 3, np.inf, marks), marks, group, order=order)
    with pytest.raises(ShapeMismatch):
        value_added(marks, marks[:5], group, order=order)
    with pytest.raises(ShapeMismatch):
        value_added(marks, marks, group, order=(*order, "5"))


def test_groups_and_levels():
    with pytest.raises(InfiniteMark):
        group_means([[1.0], [np.inf]], ["a", "b"])
    with pytest.raises(BadFullMark):
        DEFAULT_BANDS.assign([1.0], 0.0)


def test_practice():
    with pytest.raises(ValueError, match="skill"):
        practice_log([1, 1], [0, 1], [NAN, 1.0], [0, 1])
    with pytest.raises(ValueError, match="retention"):
        next_review([], None, retention=0.0)
    plan = AdaptivePlan({"x": 1.0})
    given = {"theta": 0.0, "se": None, "a": [1.0], "b": [0.0], "content": ["x"], "given": [], "exposure": [0]}
    rng = np.random.default_rng(1)
    assert next_item(plan, rng=rng, **given) == 0
    for change in ({"theta": NAN}, {"given": [4]}, {"a": [1.0, 1.0]}, {"c": 1.0}):
        with pytest.raises(ValueError, match=r"bank|finite|asymptotes"):
            next_item(plan, rng=rng, **{**given, **change})


def test_typed_errors_are_value_errors():
    assert issubclass(ResponseError, ValueError)
