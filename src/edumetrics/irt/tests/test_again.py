"""The same calibration from a matrix, from Parquet batches, from parties that keep their answers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import Settings, calibrate, em
from edumetrics.irt.again import recalibrate
from edumetrics.irt.calibration import calibrate_runner
from edumetrics.irt.files import calibrate_parquet
from edumetrics.runners.federated import FederatedRunner
from edumetrics.runners.packing import make_layout, pack
from edumetrics.runners.stats import stats

TIGHT = Settings(tolerance=1e-8)


@pytest.fixture(scope="module")
def marks():
    rng = np.random.default_rng(1)
    theta = rng.normal(size=(1200, 1))
    out = (rng.random((1200, 9)) < 1 / (1 + np.exp(-1.1 * theta - np.linspace(-1, 1, 9)))).astype(float)
    out[:, 4] += rng.random(1200) < 1 / (1 + np.exp(-theta[:, 0]))
    out[rng.random(out.shape) < 0.1] = np.nan
    return out


@pytest.fixture(scope="module")
def whole(marks):
    return calibrate(response_matrix(marks, 2.0), settings=TIGHT)


@pytest.mark.parametrize(("keep", "batch"), [(True, 100_000), (False, 170), (True, 500)])
def test_parquet_batches_give_the_same_calibration(marks, whole, tmp_path, keep, batch):
    names = [str(j + 1) for j in range(9)]
    frame = pl.DataFrame(marks, schema=names).fill_nan(None)
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    frame[:700].write_parquet(paths[0])
    frame[700:].write_parquet(paths[1])
    got = calibrate_parquet(paths, names, settings=TIGHT, keep=keep, batch=batch)
    assert got.n == 1200
    np.testing.assert_allclose(got.parameters.par, whole.parameters.par, atol=1e-9)
    assert got.loglik == pytest.approx(whole.loglik, abs=1e-9)
    size = np.sqrt(np.outer(np.diag(whole.covariance), np.diag(whole.covariance)))
    np.testing.assert_allclose(got.covariance / size, whole.covariance / size, atol=1e-5)


def test_too_few_rows_are_sent_to_the_ordinary_call(tmp_path):
    pl.DataFrame({"1": [0.0, 1.0], "2": [1.0, 1.0]}).write_parquet(tmp_path / "few.parquet")
    with pytest.raises(ValueError, match="2 pupils: use calibrate"):
        calibrate_parquet([tmp_path / "few.parquet"], ["1", "2"])


def test_parties_calibrate_together_without_showing_answers(whole, marks):
    cats = whole.coding.encode(response_matrix(marks, 2.0))
    layout = make_layout(whole.coding.n_categories, [True] * 9)
    parts = [pack(cats[lo:hi], layout) for lo, hi in ((0, 100), (100, 900), (900, 1200))]
    parties = [lambda model, s=s: stats(s, model) for s in parts]
    runner = FederatedRunner(layout, 1200, parties)
    wanted = [i.model for i in whole.items]
    got = calibrate_runner(runner, whole.problem, whole.coding, wanted, ["all"], [1200], TIGHT)
    np.testing.assert_allclose(got.parameters.par, whole.parameters.par, atol=1e-9)
    size = np.sqrt(np.outer(np.diag(whole.covariance), np.diag(whole.covariance)))
    np.testing.assert_allclose(got.covariance / size, whole.covariance / size, atol=1e-5)
    with pytest.raises(ValueError, match="counted 900 persons, not 1200"):
        calibrate_runner(
            FederatedRunner(layout, 1200, parties[:2]),
            whole.problem,
            whole.coding,
            wanted,
            ["all"],
            [1200],
            TIGHT,
        )


def test_late_marks_need_fewer_passes_and_end_at_the_same_place(marks, whole, monkeypatch):
    passes = []
    fit = em.fit

    def counted(*args):
        found = fit(*args)
        passes.append(found.evaluations)
        return found

    monkeypatch.setattr(em, "fit", counted)
    near = Settings(tolerance=1e-3)
    early = calibrate(response_matrix(marks[:1190], 2.0), settings=near)
    late = recalibrate(early, response_matrix(marks, 2.0))
    assert len(passes) == 2
    assert passes[1] < passes[0]
    np.testing.assert_allclose(late.parameters.par, whole.parameters.par, atol=3e-3)
    assert late.n == 1200
    assert late.provenance.settings["tolerance"] == 1e-3


def test_late_marks_of_a_new_kind_start_from_scratch(marks):
    early = calibrate(response_matrix(marks, 2.0), settings=TIGHT)
    changed = marks.copy()
    changed[:300, 0] = 2.0
    late = recalibrate(early, response_matrix(changed, 2.0))
    assert len(late.item("1").category_marks) == 3
    np.testing.assert_allclose(
        late.parameters.par, calibrate(response_matrix(changed, 2.0), settings=TIGHT).parameters.par
    )


def test_late_marks_of_few_pupils_keep_the_errors_of_a_fresh_calibration():
    """Below 200 pupils the slope of all items has the sandwich error, also after late marks."""
    rng = np.random.default_rng(8)
    theta = 1.5 * (rng.gamma(1.0, size=(90, 1)) - 1.0)
    matrix = response_matrix((rng.random((90, 10)) < 1 / (1 + np.exp(-theta))).astype(float), 1.0)
    fresh = calibrate(matrix, settings=TIGHT)
    later = recalibrate(fresh, matrix)
    np.testing.assert_allclose(later.items[0].slope.se, fresh.items[0].slope.se, rtol=1e-5)
