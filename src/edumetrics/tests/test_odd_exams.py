"""Whatever is handed in, the classical figures, mastery, groups and DIF answer or say why not."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edumetrics.arrays import response_matrix
from edumetrics.ctt.scores import centre
from edumetrics.ctt.stratified import bootstrap_alpha, stratified_alpha
from edumetrics.dif import logistic_dif
from edumetrics.dif.mantel_haenszel import mantel_haenszel
from edumetrics.exam import analyse_exam
from edumetrics.irt.tests.test_odd_exams import assert_sound, exams, odd_exam
from edumetrics.options import option_responses
from edumetrics.results import Estimates


def assert_all_sound(table: Estimates) -> None:
    for place in np.ndindex(table.value.shape):
        assert_sound(table.at(*place))


@settings(max_examples=60, deadline=None)
@given(**exams, points=st.integers(1, 3), empty=st.booleans())
def test_no_nan_no_warning_no_crash(seed, n, kinds, points, empty):
    rng = np.random.default_rng(seed)
    marks = odd_exam(seed, n, kinds)
    q = (rng.random((len(kinds), points)) < 0.6) * 1.0
    if empty:
        q[0] = 0.0
    chosen = [["" if np.isnan(v) else "AB"[int(v > 0)] for v in column] for column in marks.T]
    options = option_responses(chosen, ["B"] * len(kinds))
    matrix = response_matrix(marks, 4.0, options=options)
    groups = [f"{i % 4}" for i in range(n)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exam = analyse_exam(matrix, q, groups=groups)
        centred = centre(matrix)
        halves = ["a" if j % 2 else "b" for j in range(len(kinds))]
        assert_sound(stratified_alpha(centred, halves))
        assert_sound(bootstrap_alpha(centred, rng, draws=50))
        fair = mantel_haenszel(matrix, groups, reference="0", focal="1", min_group=5)
        logistic_dif(matrix, groups, reference="0", focal="1", min_group=5)
    for table in (exam.facility, exam.discrimination, exam.rest_correlation, exam.efficiency, exam.curves):
        assert_all_sound(table)
    for table in (exam.mastery.share, exam.point_facility, exam.groups.raw, exam.groups.shrunken):
        assert_all_sound(table)
    reliable = exam.reliability
    for outcome in (exam.mean, exam.deviation, reliable.alpha, reliable.omega, reliable.sem):
        assert_sound(outcome)
    for band in exam.conditional_sem:
        assert_sound(band.sem)
    for item in fair.items:
        assert_sound(item.effect)
