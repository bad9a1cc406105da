"""Whatever is handed in, models answer or say why not: no NaN, no warning, no crash."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edumetrics.arrays import response_matrix
from edumetrics.cdm import ClassModelResult, diagnose
from edumetrics.cdm import Settings as ClassSettings
from edumetrics.irt import Calibration, Classical, Settings, calibrate, exam_fit, score
from edumetrics.results import Estimate, Insufficient

SMALL = Settings(minimum_rasch=5, minimum_2pl=20, minimum_3pl=60, minimum_items=2, max_evaluations=200)
QUICK = ClassSettings(minimum_pupils=5, starts=2, followed=1, max_evaluations=100, draws=3)
KINDS = ("normal", "normal", "constant", "zero", "missing", "copy", "alternating", "partial", "lone", "essay")


def odd_exam(seed: int, n: int, kinds: list[str]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    columns: list[np.ndarray] = []
    for kind in kinds:
        right = (theta + rng.logistic(size=n) > rng.normal()).astype(float)
        column = {
            "normal": right,
            "constant": np.full(n, 4.0),
            "zero": np.zeros(n),
            "missing": np.full(n, np.nan),
            "copy": columns[0] if columns else right,
            "alternating": np.arange(n) % 2.0,
            "partial": rng.integers(0, 5, n).astype(float),
            "lone": (np.arange(n) == 0).astype(float),
            "essay": np.round(4 / (1 + np.exp(-theta)), 2),
        }[kind].copy()
        if seed % 3 == 0:
            column[rng.random(n) < 0.4] = np.nan
        columns.append(column)
    return np.column_stack(columns)


def assert_sound(outcome: object) -> None:
    if isinstance(outcome, Estimate):
        assert np.isfinite([outcome.value, outcome.low, outcome.high]).all()
    else:
        assert isinstance(outcome, Insufficient)


exams = {
    "seed": st.integers(0, 10_000),
    "n": st.integers(1, 120),
    "kinds": st.lists(st.sampled_from(KINDS), min_size=1, max_size=7),
}


@settings(max_examples=60, deadline=None)
@given(**exams, model=st.sampled_from(["auto", "rasch", "3pl", "graded"]))
@example(seed=955, n=10, kinds=["normal", "normal"], model="auto")  # items so vague that exp overflowed
def test_calibration_scores_and_fit(seed, n, kinds, model):
    matrix = response_matrix(odd_exam(seed, n, kinds), 4.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exam = calibrate(matrix, model, settings=SMALL)
        if isinstance(exam, Classical):
            for outcome in exam.facility.values():
                assert_sound(outcome)
            return
        assert isinstance(exam, Calibration)
        assert {i.item for i in exam.items} | set(exam.excluded) == set(matrix.items)
        for item in exam.items:
            for outcome in (item.slope, *item.intercepts, *item.difficulties, *filter(None, [item.guessing])):
                assert_sound(outcome)
        assert np.isfinite([exam.loglik, exam.aic, exam.bic]).all()
        for method in ("eap", "map", "wle"):
            found = score(exam, matrix, method)
            for i in range(n):
                assert_sound(found.ability.at(i))
            assert_sound(found.reliability)
        for fit in exam_fit(exam, matrix).items:
            assert_sound(fit.infit)


@settings(max_examples=40, deadline=None)
@given(**exams, model=st.sampled_from(["dina", "dino", "gdina", "acdm"]), n_points=st.integers(1, 4))
def test_diagnosis(seed, n, kinds, model, n_points):
    rng = np.random.default_rng(seed + 1)
    matrix = response_matrix(odd_exam(seed, n, kinds), 4.0)
    q = rng.random((len(kinds), n_points)) < 0.4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = diagnose(matrix, q, model, settings=QUICK)
        if isinstance(got, Insufficient):
            return
        assert isinstance(got, ClassModelResult)
        assert {i.item for i in got.items} | set(got.excluded) == set(matrix.items)
        for item in got.items:
            for group in item.groups:
                assert_sound(group.share)
            assert_sound(item.slip)
        for point in got.points:
            assert_sound(point.prevalence)
        for i in range(n):
            for k in range(n_points):
                assert_sound(got.mastery.at(i, k))
