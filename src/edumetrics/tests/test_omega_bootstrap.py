"""Bootstrap of ω: resampling pupil by pupil gives the same, coverage, blocks, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.ctt.covariance import Moments
from edumetrics.ctt.omega_bootstrap import MOST_BLOCKS, omega_bootstrap
from edumetrics.ctt.reliability import reliability, spearman_omega
from edumetrics.ctt.scores import Centred, centre
from edumetrics.results import Estimate, Insufficient, Reason


def draw(rng: np.random.Generator, n: int, items: int) -> tuple[np.ndarray, float]:
    """Marks of one factor, and the true ω."""
    loading = np.linspace(0.4, 0.9, items)
    marks = 5 + loading * rng.normal(size=(n, 1)) + rng.normal(size=(n, items))
    return marks, float(loading.sum() ** 2 / (loading.sum() ** 2 + items))


def centred(marks: np.ndarray) -> Centred:
    return centre(response_matrix(np.clip(marks, 0, 20), 20.0))


def test_equals_resampling_pupil_by_pupil() -> None:
    marks, _ = draw(np.random.default_rng(2), 60, 6)
    got = omega_bootstrap(centred(marks), np.random.default_rng(7), replicates=300)
    assert isinstance(got, Estimate)
    rng = np.random.default_rng(7)
    dealt = rng.permutation(centred(marks).present_by_answers())
    counts = rng.multinomial(60, np.full(60, 1 / 60), 300)
    slow = []
    for count in counts:
        sample = marks[np.repeat(dealt, count)]
        slow.append(float(spearman_omega(Moments.of(np.cov(sample, rowvar=False)[None]))[0]))
    assert got.se == pytest.approx(np.std(slow, ddof=1), rel=1e-9)
    assert got.value == pytest.approx(float(spearman_omega(Moments.of(np.cov(marks, rowvar=False)[None]))[0]))
    assert min(slow) <= got.low <= got.value <= got.high <= max(slow)


@pytest.mark.parametrize(("n", "items"), [(40, 8), (120, 8)])
def test_interval_covers_the_truth(n: int, items: int) -> None:
    hits = []
    for seed in range(250):
        marks, truth = draw(np.random.default_rng(seed), n, items)
        got = omega_bootstrap(centred(marks), np.random.default_rng(seed), replicates=400)
        assert isinstance(got, Estimate)
        hits.append(got.low <= truth <= got.high)
    assert 0.91 <= np.mean(hits) <= 0.98, np.mean(hits)


def test_agrees_with_the_jackknife_in_a_large_exam_with_gaps() -> None:
    marks, _ = draw(np.random.default_rng(3), 8 * MOST_BLOCKS, 20)
    marks[np.random.default_rng(4).random(marks.shape) < 0.2] = np.nan
    whole = centred(marks)
    got = omega_bootstrap(whole, np.random.default_rng(5))
    other = reliability(whole, rng=np.random.default_rng(5)).omega
    assert isinstance(got, Estimate)
    assert isinstance(other, Estimate)
    assert got.value == pytest.approx(other.value, abs=1e-12)
    assert got.se == pytest.approx(other.se or 0.0, rel=0.25)
    assert got.method == "omega/bootstrap BCa"


def test_refusals() -> None:
    rng = np.random.default_rng(1)
    marks, _ = draw(rng, 40, 8)
    assert omega_bootstrap(centred(marks[:, :2]), rng) == Insufficient(Reason.TOO_FEW_ITEMS, 2)
    assert omega_bootstrap(centred(marks[:9]), rng) == Insufficient(Reason.TOO_FEW_PUPILS, 9)
    apart = marks.copy()
    apart[:20, 0], apart[20:, 1] = np.nan, np.nan
    assert omega_bootstrap(centred(apart), rng) == Insufficient(Reason.NO_COMMON_PUPILS, 40)
    noise = omega_bootstrap(centred(5 + rng.normal(size=(40, 8))), rng)
    assert isinstance(noise, Insufficient)
    same = np.repeat(marks[:, :1], 8, axis=1)
    assert omega_bootstrap(centred(same), rng) == Insufficient(Reason.BOUNDARY, 40)
