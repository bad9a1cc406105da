"""A new paper on an old scale: recovery of the population and of new items, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import calibrate, calibrate_on_scale, score
from edumetrics.results import Insufficient, Reason

N_COMMON, N_EACH = 10, 25


@pytest.fixture(scope="module")
def papers():
    """Slopes and intercepts of 40 items: 25 in the old paper, 10 of them again in the new one of 25."""
    rng = np.random.default_rng(1)
    return np.exp(rng.normal(0, 0.3, 40)), rng.normal(0, 1, 40)


def sat(papers, items, n, mean, sd, seed, slope=None):
    rng = np.random.default_rng(seed)
    a, d = papers
    a = a if slope is None else np.full(40, slope)
    theta = rng.normal(mean, sd, (n, 1))
    marks = (rng.random((n, len(items))) < 1 / (1 + np.exp(-theta * a[items] - d[items]))).astype(float)
    return response_matrix(marks, 1.0, items=[f"q{j}" for j in items]), theta[:, 0]


def test_population_and_new_items_come_out_on_the_old_scale(papers):
    a, d = papers
    old = calibrate(sat(papers, np.arange(25), 6000, 0, 1, 2)[0])
    matrix, theta = sat(papers, np.arange(15, 40), 3000, 0.6, 0.8, 3)
    new = calibrate_on_scale(old, matrix)
    where = new.populations[0]
    assert where.mean.value == pytest.approx(0.6, abs=0.08)
    assert where.sd.value == pytest.approx(0.8, abs=0.06)
    assert 0.005 < where.mean.se < 0.05
    for item in new.items:
        j = int(item.item[1:])
        if j < 25:
            assert item.slope.value == old.item(item.item).slope.value
            assert item.slope.se == 0.0
        else:
            assert item.slope.value == pytest.approx(a[j], abs=0.3)
            assert item.intercepts[0].value == pytest.approx(d[j], abs=0.25)
            assert item.slope.se > 0
    got = score(new, matrix).ability.value
    assert got.mean() == pytest.approx(theta.mean(), abs=0.08)
    assert {w.code for w in new.provenance.warnings} == {"common_items_fixed"}


def test_rasch_scales_keep_their_slope(papers):
    old = calibrate(sat(papers, np.arange(25), 1500, 0, 1, 4, slope=1.2)[0], "rasch")
    new = calibrate_on_scale(old, sat(papers, np.arange(15, 40), 1500, -0.5, 1.1, 5, slope=1.2)[0])
    assert {i.slope.value for i in new.items} == {old.items[0].slope.value}
    assert {i.model for i in new.items} == {"rasch"}
    assert new.populations[0].mean.value == pytest.approx(-0.5, abs=0.12)
    assert new.populations[0].sd.value == pytest.approx(1.1, abs=0.1)


def test_the_same_paper_sat_again_moves_only_the_population(papers):
    old = calibrate(sat(papers, np.arange(25), 3000, 0, 1, 9)[0])
    again = calibrate_on_scale(old, sat(papers, np.arange(25), 120, 0.4, 0.9, 10)[0])
    assert again.n_parameters == 2
    spread = again.populations[0].sd
    assert spread.low < 0.9 < spread.high
    # A spread scatters by factors: 120 pupils tell less how wide it may be than how narrow.
    assert spread.low * spread.high == pytest.approx(spread.value**2)
    assert again.populations[0].mean.low < 0.4 < again.populations[0].mean.high
    np.testing.assert_array_equal(again.parameters.par, old.parameters.par)


def test_too_few_common_items_are_not_comparable(papers):
    old = calibrate(sat(papers, np.arange(25), 800, 0, 1, 6)[0])
    apart = calibrate_on_scale(old, sat(papers, np.arange(22, 40), 800, 0, 1, 7)[0])
    assert apart == Insufficient(Reason.NOT_COMPARABLE, 3)
    few = calibrate_on_scale(old, sat(papers, np.arange(15, 40), 20, 0, 1, 8)[0])
    assert few == Insufficient(Reason.TOO_FEW_PUPILS, 20)
    slopes = calibrate_on_scale(old, sat(papers, np.arange(15, 40), 150, 0, 1, 8)[0])
    assert slopes == Insufficient(Reason.TOO_FEW_PUPILS, 150)


def test_intervals_on_the_old_scale_hold_its_own_errors():
    """600 old and 600 new pupils: the kept parameters are as uncertain as what is estimated beside them."""
    rng = np.random.default_rng(8)
    a, b = rng.uniform(0.8, 1.8, 22), rng.normal(0, 1, 22)
    inside = 0
    rounds = 30

    def answers(mean, sd, items):
        theta = mean + sd * rng.normal(size=600)
        right = rng.random((600, len(items))) < 1 / (1 + np.exp(-a[items] * (theta[:, None] - b[items])))
        return response_matrix(right * 1.0, 1.0, items=[f"i{j}" for j in items])

    for _ in range(rounds):
        old = calibrate(answers(0.0, 1.0, np.arange(15)), "2pl")
        found = calibrate_on_scale(old, answers(0.4, 1.2, np.arange(7, 22)))
        population = found.populations[0]
        inside += population.mean.low <= 0.4 <= population.mean.high
        inside += population.sd.low <= 1.2 <= population.sd.high
    assert inside / (2 * rounds) >= 0.90 - 3 * np.sqrt(0.05 * 0.95 / (2 * rounds))
