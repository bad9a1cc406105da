"""Sandwich errors: scores against differences, agreement and coverage, model right or wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit

from edumetrics.arrays import response_matrix
from edumetrics.errors import ShapeMismatch
from edumetrics.irt import Calibration, Settings, calibrate, with_robust_errors
from edumetrics.irt.models import item_probabilities
from edumetrics.irt.sandwich import FEWEST_CLUSTERS, pupil_scores
from edumetrics.irt.settings import LogNormal
from edumetrics.results import Estimate

SLOPE = np.exp(np.random.default_rng(0).normal(0, 0.2, 16))
HARD = np.random.default_rng(1).normal(0, 1, 16)


def draw(rng: np.random.Generator, n: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Answers and classes of 30: as modelled, with two texts of four items, or with good and weak classes."""
    ability, effect = rng.normal(size=n), np.zeros((n, 16))
    home = np.arange(n) // 30
    if kind == "texts":
        effect[:, 8:12] = 1.3 * rng.normal(size=(n, 1))
        effect[:, 12:] = 1.3 * rng.normal(size=(n, 1))
    if kind == "classes":
        ability = np.sqrt(0.75) * ability + np.sqrt(0.25) * rng.normal(size=home[-1] + 1)[home]
    chance = 1 / (1 + np.exp(-SLOPE * (ability[:, None] + effect - HARD)))
    return (rng.random((n, 16)) < chance).astype(float), home


def calibrated(marks: np.ndarray, **options: object) -> Calibration:
    found = calibrate(response_matrix(marks, marks.max()), **options)  # type: ignore[arg-type]
    assert isinstance(found, Calibration)
    return found


def parameters(found: Calibration) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and intercepts (2, J), and their errors."""
    both = [(item.slope, item.intercepts[0]) for item in found.items]
    assert all(isinstance(one, Estimate) for pair in both for one in pair)
    value = np.array([[one.value for one in pair] for pair in both])  # type: ignore[union-attr]
    error = np.array([[one.se for one in pair] for pair in both])  # type: ignore[union-attr]
    return value.T, error.T


@pytest.mark.parametrize("model", ["rasch", "2pl", "3pl", "gpcm", "graded"])
def test_scores_of_pupils_equal_finite_differences(model: str) -> None:
    rng = np.random.default_rng(3)
    marks, _ = draw(rng, 1200, "right")
    marks = marks[:, :5] if model in ("rasch", "2pl", "3pl") else marks[:, :5] + marks[:, 5:10]
    marks[rng.random(marks.shape) < 0.1] = np.nan
    marks = marks[np.isfinite(marks).any(axis=1)]
    matrix = response_matrix(marks, float(np.nanmax(marks)))
    found = calibrate(matrix, model)
    assert isinstance(found, Calibration)
    problem, at = found.problem, found.parameters
    cats = found.coding.encode(matrix)[:40]
    weight = np.exp(-0.5 * problem.theta**2)
    weight /= weight.sum()

    def loglik(par: np.ndarray) -> np.ndarray:
        like = np.tile(weight, (len(cats), 1))
        for j, m in enumerate((problem.n_categories - 1).tolist()):
            p = np.empty((m + 1, len(problem.theta)))
            item_probabilities(problem.kind[j], par[j], m, problem.theta, p)
            seen = cats[:, j] >= 0
            like[seen] *= p[cats[seen, j]]
        return np.log(like.sum(axis=1))

    h = 1e-5
    columns = {}
    for j, k in np.argwhere(problem.used):
        up, down = at.par.copy(), at.par.copy()
        up[j, k] += h
        down[j, k] -= h
        columns[int(j), int(k)] = (loglik(up) - loglik(down)) / (2 * h)
    if problem.shared_slope:
        expected = [sum(columns[j, 0] for j in range(5))]
        expected += [column for (j, k), column in columns.items() if k > 0]
    else:
        expected = list(columns.values())
    got = pupil_scores(found, np.ascontiguousarray(cats), np.zeros(len(cats), dtype=np.int64))
    np.testing.assert_allclose(got, np.array(expected).T, atol=1e-6)


def test_scores_sum_to_zero_at_the_maximum_of_two_populations() -> None:
    marks, _ = draw(np.random.default_rng(4), 2400, "right")
    groups = ["a"] * 1500 + ["b"] * 900
    matrix = response_matrix(marks, 1.0)
    found = calibrate(matrix, groups=groups, settings=Settings(tolerance=1e-6))
    assert isinstance(found, Calibration)
    population = np.array([0] * 1500 + [1] * 900)
    scores = pupil_scores(found, found.coding.encode(matrix), population)
    assert np.abs(scores.sum(axis=0)).max() < 0.02
    robust = with_robust_errors(found, matrix, groups=groups)
    assert isinstance(robust.populations[1].mean, Estimate)
    assert robust.populations[1].mean.method.endswith("sandwich")
    assert robust.populations[0] == found.populations[0]


def test_where_the_model_holds_both_errors_agree() -> None:
    marks, _ = draw(np.random.default_rng(6), 9000, "right")
    found = calibrated(marks)
    robust = with_robust_errors(found, response_matrix(marks, 1.0))
    assert robust.loglik == found.loglik
    np.testing.assert_array_equal(parameters(robust)[0], parameters(found)[0])
    np.testing.assert_allclose(parameters(robust)[1], parameters(found)[1], rtol=0.08)
    assert robust.provenance.settings["errors"] == "sandwich"
    assert isinstance(robust.items[0].slope, Estimate)
    assert robust.items[0].slope.method.endswith("sandwich")


@pytest.mark.parametrize(("kind", "usual_misses"), [("texts", 0), ("classes", 1)])
def test_coverage_where_the_model_is_wrong(kind: str, usual_misses: int) -> None:
    """The truth is what the model says of 200,000 pupils; texts hurt slopes, classes intercepts."""
    nearest = parameters(calibrated(draw(np.random.default_rng(5), 200_000, kind)[0]))[0]
    if kind == "classes":
        nearest = np.array([SLOPE, -SLOPE * HARD])
    usual, robust = [], []
    for seed in range(60):
        marks, home = draw(np.random.default_rng(1000 + seed), 1200, kind)
        found = calibrated(marks)
        better = with_robust_errors(
            found, response_matrix(marks, 1.0), clusters=home if kind == "classes" else None
        )
        for result, hits in ((found, usual), (better, robust)):
            value, error = parameters(result)
            hits.append((np.abs(value - nearest) < 1.96 * error)[:, 8:])
    covered = np.mean(robust, axis=(0, 2))
    assert (covered > 0.92).all(), covered
    assert (covered < 0.98).all(), covered
    assert np.mean(usual, axis=(0, 2))[usual_misses] < covered[usual_misses] - 0.01


def test_few_clusters_change_nothing_and_say_so() -> None:
    marks, _ = draw(np.random.default_rng(7), 600, "right")
    found = calibrated(marks)
    matrix = response_matrix(marks, 1.0)
    same = with_robust_errors(found, matrix, clusters=[i % (FEWEST_CLUSTERS - 1) for i in range(600)])
    assert same.items == found.items
    assert [c.code for c in same.provenance.warnings][-1] == "few_clusters"
    unequal = [*range(18)] * 5 + [18] * 255 + [19] * 255  # 20 classes, of which two hold nearly all pupils
    same = with_robust_errors(found, matrix, clusters=unequal)
    assert same.items == found.items
    assert same.provenance.warnings[-1].data == {"n": 3, "needed": FEWEST_CLUSTERS}
    flat = with_robust_errors(calibrated(marks, settings=Settings(standard_errors=False)), matrix)
    assert flat.covariance is None
    with pytest.raises(ShapeMismatch):
        with_robust_errors(found, matrix, clusters=[1, 2])


def test_what_a_prior_holds_is_not_called_known() -> None:
    """Slopes of 300 pupils held tightly: the pupils' scores alone told a third of the error."""
    marks, _ = draw(np.random.default_rng(8), 300, "right")
    found = calibrated(marks, settings=Settings(slope_prior=LogNormal(0.0, 0.15)))
    robust = with_robust_errors(found, response_matrix(marks, 1.0))
    ratio = parameters(robust)[1] / parameters(found)[1]
    assert (np.median(ratio, axis=1) > 0.95).all(), ratio
    assert (np.median(ratio, axis=1) < 1.1).all(), ratio


def test_few_classes_have_the_limits_of_student() -> None:
    marks, _ = draw(np.random.default_rng(9), 720, "classes")
    home = np.arange(720) // 30
    found = calibrated(marks, settings=Settings(slope_prior=None))
    matrix = response_matrix(marks, 1.0)
    robust = with_robust_errors(found, matrix, clusters=home.tolist())
    assert found.covariance is not None
    assert robust.covariance is not None
    scores = pupil_scores(found, found.coding.encode(matrix), np.zeros(720, dtype=np.int64))
    moved = np.array([scores[home == h].sum(axis=0) for h in range(24)]) @ found.covariance
    plain = np.sqrt((moved**2).sum(axis=0) * 24 / 23)
    assert (np.sqrt(np.diag(robust.covariance)) > plain * stdtrit(23, 0.975) / 1.96 * 0.999).all()


def test_a_shared_slope_holds_whatever_the_shape_of_ability() -> None:
    """60 pupils: the spread of a skewed ability is known less exactly than that of a normal one."""
    rng = np.random.default_rng(31)
    place = rng.normal(0, 1, 25)

    def draw_skewed(n: int) -> np.ndarray:
        theta = (rng.gamma(1.0, size=n) - 1.0) * 1.5
        chance = 1 / (1 + np.exp(-(theta[:, None] - place)))
        return (rng.random((n, 25)) < chance).astype(float)

    quick = Settings(standard_errors=False)
    large = calibrated(draw_skewed(40_000), model="rasch", settings=quick).parameters.par[0, 0]
    inside = 0
    for _ in range(80):
        found = calibrated(draw_skewed(60))
        slope = found.items[0].slope
        assert isinstance(slope, Estimate)
        assert {item.slope for item in found.items} == {slope}
        inside += slope.low <= large <= slope.high
    assert 0.88 <= inside / 80 <= 1.0
