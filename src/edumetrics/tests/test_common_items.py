"""Growth on shared items: recomputed apart, drift taken out, refusals, coverage from another model."""

import numpy as np
import pytest
from scipy import stats

from edumetrics.linking import CommonItemGrowth, common_item_growth
from edumetrics.results import Insufficient, Reason

FULL = np.array([3.0, 3.0, 4.0, 8.0, 10.0])
NAMES = ("a", "b", "c", "d", "e")


def exams(rng: np.random.Generator, n: int, gain: float, items: int = 5) -> tuple[np.ndarray, np.ndarray]:
    ability = rng.normal(size=(n, 1))
    hard = np.linspace(-0.8, 0.8, items)

    def marks(shift: float) -> np.ndarray:
        own = ability + shift + 0.3 * rng.normal(size=(n, 1))
        trials = FULL[:items].astype(int)
        return rng.binomial(trials, stats.norm.cdf(own - hard)).astype(float)

    return marks(0.0), marks(gain)


def test_growth_and_interval_by_a_loop():
    rng = np.random.default_rng(3)
    before, after = exams(rng, 40, 0.4)
    before[3, 1] = after[7, 4] = np.nan
    before[9] = np.nan
    found = common_item_growth(NAMES, before, after, FULL)
    assert isinstance(found, CommonItemGrowth)
    won, offered, earlier = [], [], 0.0
    for i in range(40):
        cells = [j for j in range(5) if np.isfinite(before[i, j]) and np.isfinite(after[i, j])]
        if cells:
            won.append(sum(after[i, j] - before[i, j] for j in cells))
            offered.append(sum(FULL[j] for j in cells))
            earlier += sum(before[i, j] for j in cells)
    ratio = sum(won) / sum(offered)
    left = [w - ratio * o for w, o in zip(won, offered, strict=True)]
    spread = np.sqrt((sum(x**2 for x in left) + 1.0**2 + 1.0**2) / 38)
    half = stats.t.ppf(0.975, 38) * spread / np.sqrt(39) / np.mean(offered)
    assert found.growth.n == 39
    assert found.growth.value == pytest.approx(ratio)
    assert found.growth.high - found.growth.low == pytest.approx(2 * half, rel=1e-6)
    assert found.before == pytest.approx(earlier / sum(offered))
    assert found.after - found.before == pytest.approx(ratio)


def test_an_anchor_that_everybody_has_seen_is_taken_out():
    rng = np.random.default_rng(4)
    before, after = exams(rng, 60, 0.1)
    before[:, 2], after[:, 2] = 0.0, FULL[2]
    found = common_item_growth(NAMES, before, after, FULL)
    assert isinstance(found, CommonItemGrowth)
    assert found.drifted == ("c",)
    assert "c" not in found.anchors
    left = [0, 1, 3, 4]
    assert found.growth.value == pytest.approx((after - before)[:, left].sum() / (60 * FULL[left].sum()))


def test_refusals():
    rng = np.random.default_rng(5)
    before, after = exams(rng, 40, 0.2)
    assert common_item_growth(NAMES[:3], before[:, :3], after[:, :3], FULL[:3]) == Insufficient(
        Reason.TOO_FEW_ITEMS, 3
    )
    assert common_item_growth(NAMES, before[:19], after[:19], FULL) == Insufficient(Reason.TOO_FEW_PUPILS, 19)
    unseen = after.copy()
    unseen[:, :2] = np.nan
    assert common_item_growth(NAMES, before, unseen, FULL) == Insufficient(Reason.TOO_FEW_ITEMS, 3)
    wild = after.copy()
    wild[:, 0], before[:, 0] = FULL[0], 0.0
    found = common_item_growth(NAMES[:4], before[:, :4], wild[:, :4], FULL[:4])
    assert found == Insufficient(Reason.NOT_COMPARABLE, 3)
    with pytest.raises(ValueError, match="infinite"):
        common_item_growth(NAMES, np.full((40, 5), np.inf), after, FULL)


def test_interval_covers_the_growth_of_a_population():
    rng = np.random.default_rng(6)
    large = exams(rng, 200_000, 0.3)
    truth = (large[1] - large[0]).sum() / (200_000 * FULL.sum())
    hits = []
    for _ in range(400):
        found = common_item_growth(NAMES, *exams(rng, 30, 0.3), FULL)
        assert isinstance(found, CommonItemGrowth)
        if not found.drifted:  # with fewer items it is another figure
            hits.append(found.growth.low <= truth <= found.growth.high)
    assert len(hits) >= 390
    assert 0.92 <= np.mean(hits) <= 0.98


def test_interval_covers_a_growth_that_few_pupils_have():
    """Able pupils lose a mark or two; 5 % gain one the second time: of 20 often nobody."""
    rng = np.random.default_rng(7)
    hits = []
    for n in (20, 60):
        for _ in range(300):
            before = FULL - rng.binomial(1, 0.3, size=(n, 5))
            after = before.copy()
            after[:, 0] += (rng.random(n) < 0.15) & (before[:, 0] < FULL[0])
            found = common_item_growth(NAMES, before, after, FULL)
            assert isinstance(found, CommonItemGrowth)
            hits.append(found.growth.low <= 0.3 * 0.15 / FULL.sum() <= found.growth.high)
            assert found.growth.low < found.growth.high
    assert np.mean(hits) >= 0.93
