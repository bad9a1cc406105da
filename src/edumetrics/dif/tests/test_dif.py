"""DIF: a slow twin, no alarm without DIF, planted DIF found, refusals."""

import numpy as np
import pytest
from scipy import optimize

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.dif import LogisticDif, logistic_dif, mantel_haenszel
from edumetrics.results import Estimate, Insufficient, Reason


def _exam(
    seed: int, *, planted: float, n: int = 1200, impact: float = 0.5
) -> tuple[ResponseMatrix, np.ndarray]:
    """Probit answers (not the model of the method); the focal group is weaker, item 0 has planted DIF."""
    rng = np.random.default_rng(seed)
    group = np.where(np.arange(n) % 2 == 0, "r", "f")
    theta = rng.normal(size=n) - impact * (group == "f")
    place = rng.normal(0, 0.8, 20)
    latent = theta[:, None] - place - planted * ((group == "f")[:, None] & (np.arange(20) == 0))
    marks = (latent + rng.normal(size=(n, 20)) > 0).astype(float)
    return response_matrix(marks, np.ones(20)), group


def _slow_delta(marks: np.ndarray, group: np.ndarray, j: int) -> float:
    total = marks.sum(axis=1)
    top = bottom = 0.0
    for score in range(marks.shape[1] + 1):
        cell = marks[total == score]
        who = group[total == score]
        a = sum(1 for x, g in zip(cell[:, j], who, strict=True) if g == "r" and x == 1)
        b = sum(1 for x, g in zip(cell[:, j], who, strict=True) if g == "r" and x == 0)
        c = sum(1 for x, g in zip(cell[:, j], who, strict=True) if g == "f" and x == 1)
        d = sum(1 for x, g in zip(cell[:, j], who, strict=True) if g == "f" and x == 0)
        if (a + b) and (c + d):
            top += a * d / (a + b + c + d)
            bottom += b * c / (a + b + c + d)
    return float(-2.35 * np.log(top / bottom))


def test_delta_equals_its_slow_twin() -> None:
    exam, group = _exam(1, planted=0.0)
    found = mantel_haenszel(exam, group, reference="r", focal="f", rounds=1)
    for j in (0, 7, 19):
        effect = found.items[j].effect
        assert isinstance(effect, Estimate)
        assert effect.value == pytest.approx(_slow_delta(exam.marks, group, j), abs=1e-9)


def test_groups_that_differ_in_attainment_alone_raise_no_alarm() -> None:
    large = sum(
        item.size == "C"
        for seed in range(5)
        for item in mantel_haenszel(*_exam(seed, planted=0.0), reference="r", focal="f").items
    )
    assert large <= 1


def test_planted_dif_is_found_by_both_methods_with_its_sign() -> None:
    exam, group = _exam(9, planted=0.9)
    item = mantel_haenszel(exam, group, reference="r", focal="f").items[0]
    assert item.size == "C"
    assert isinstance(item.effect, Estimate)
    assert item.effect.high < -1.0
    by_regression = logistic_dif(exam, group, reference="r", focal="f")
    assert isinstance(by_regression[0], LogisticDif)
    assert by_regression[0].size in ("B", "C")
    assert by_regression[0].kind == "uniform"


def test_part_credit_items_are_sized_in_shares_of_the_full_mark() -> None:
    exam, group = _exam(11, planted=0.0)
    marks = exam.marks.copy()
    marks[:, 0] = np.clip(marks[:, 0] + marks[:, 1] - (group == "f"), 0, 2)
    full = np.ones(20)
    full[0] = 2
    item = mantel_haenszel(response_matrix(marks, full), group, reference="r", focal="f").items[0]
    assert isinstance(item.effect, Estimate)
    assert item.effect.method == "smd"
    assert item.size == "C"
    assert item.effect.value < -0.1


def test_small_groups_and_constant_items_are_refused() -> None:
    exam, group = _exam(2, planted=0.0, n=60)
    found = mantel_haenszel(exam, group, reference="r", focal="f")
    assert {type(i.effect) for i in found.items} == {Insufficient}
    assert found.provenance.warnings[0].code == "few_pupils"
    exam, group = _exam(2, planted=0.0)
    marks = exam.marks.copy()
    marks[:, 4] = 1.0
    constant = response_matrix(marks, np.ones(20))
    effect = mantel_haenszel(constant, group, reference="r", focal="f").items[4].effect
    assert effect == Insufficient(Reason.CONSTANT_MARKS, 1200)
    assert isinstance(logistic_dif(constant, group, reference="r", focal="f")[4], Insufficient)


def test_booklets_are_matched_on_what_was_in_them() -> None:
    exam, group = _exam(3, planted=0.0)
    marks = exam.marks.copy()
    marks[: len(marks) // 2, 10:] = np.nan
    found = mantel_haenszel(response_matrix(marks, np.ones(20)), group, reference="r", focal="f")
    assert all(isinstance(item.effect, Estimate) for item in found.items)


def test_logistic_regression_equals_a_fit_pupil_by_pupil() -> None:
    exam, group = _exam(5, planted=0.7, n=800)
    marks = exam.marks.copy()
    marks[np.random.default_rng(4).random(marks.shape) < 0.1] = np.nan
    marks[:, 3] = np.clip((marks[:, 3] + marks[:, 4]) / 2, 0, 1)  # part credit
    found = logistic_dif(response_matrix(marks, np.ones(20)), group, reference="r", focal="f")
    attainment = np.nanmean(marks, axis=1)
    focal = (group == "f").astype(float)
    for j in (0, 3, 12):
        seen = np.isfinite(marks[:, j])
        y, x, g = marks[seen, j], attainment[seen] - 0.5, focal[seen]
        best = []
        for design in ([np.ones_like(x), x], [np.ones_like(x), x, g, g * x]):
            table = np.column_stack(design)

            def loss(beta: np.ndarray, table: np.ndarray = table, y: np.ndarray = y) -> float:
                eta = table @ beta
                return float((np.logaddexp(0, eta) - y * eta).sum())

            best.append(optimize.minimize(loss, np.zeros(table.shape[1]), method="BFGS").fun)
        item = found[j]
        assert isinstance(item, LogisticDif)
        assert item.chi2 == pytest.approx(2 * (best[0] - best[1]), abs=1e-4)
        assert item.n == seen.sum()


def test_items_seen_by_some_are_matched_among_those() -> None:
    exam, group = _exam(6, planted=0.0)
    marks = exam.marks.copy()
    marks[::3, 5] = np.nan
    found = mantel_haenszel(response_matrix(marks, np.ones(20)), group, reference="r", focal="f", rounds=1)
    seen = np.isfinite(marks[:, 5])
    effect = found.items[5].effect
    assert isinstance(effect, Estimate)
    assert effect.value == pytest.approx(_slow_delta(marks[seen], group[seen], 5), abs=1e-9)
