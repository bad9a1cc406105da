"""Marking: kappa against the textbook form, strict markers recovered, incomparable designs refused."""

from collections.abc import Callable
from math import comb

import numpy as np
import pytest

from edumetrics.errors import BadSetting, MarkOverFull
from edumetrics.rating import Agreement, RaterSeverity, arbitration, double_marking, rater_severity
from edumetrics.results import Estimate, Insufficient, Reason


def _kappa_by_table(one: np.ndarray, two: np.ndarray, top: int) -> float:
    table = np.zeros((top + 1, top + 1))
    for x, y in zip(one, two, strict=True):
        table[int(x), int(y)] += 1
    weights = np.array([[(i - j) ** 2 for j in range(top + 1)] for i in range(top + 1)])
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(1 - (weights * table).sum() / (weights * expected).sum())


def test_agreement_equals_the_table_form() -> None:
    rng = np.random.default_rng(1)
    one = rng.integers(0, 11, 300)
    two = np.clip(one + rng.integers(-1, 3, 300), 0, 10)
    found = double_marking(one, two)
    assert isinstance(found, Agreement)
    assert isinstance(found.kappa, Estimate)
    assert found.kappa.value == pytest.approx(_kappa_by_table(one, two, 10), abs=1e-12)
    assert found.exact.value == pytest.approx((one == two).mean())
    assert found.difference.high < 0


def test_few_or_constant_markings_are_refused() -> None:
    assert double_marking([1.0] * 10, [1.0] * 10) == Insufficient(Reason.TOO_FEW_PUPILS, 10)
    found = double_marking([3.0] * 50, [3.0] * 50)
    assert isinstance(found, Agreement)
    assert found.kappa == Insufficient(Reason.CONSTANT_MARKS, 50)
    assert found.exact.high == pytest.approx(1.0)
    with pytest.raises(ValueError, match="negative"):
        double_marking([-1.0], [1.0])


@pytest.mark.parametrize("usual", [0.0, 0.3, 100.7])
def test_marks_that_differ_in_one_answer_alone_have_no_kappa(usual: float) -> None:
    one = np.full(35, usual)
    one[4] += 2.0
    for two in (one, np.where(np.arange(35) == 4, usual + 1.0, one)):
        found = double_marking(one, two)
        assert isinstance(found, Agreement)
        assert found.kappa == Insufficient(Reason.BOUNDARY, 35)


def test_sums_of_tenths_are_the_same_mark() -> None:
    one, two = np.array([0.3] * 17 + [0.1 + 0.2] * 18), np.full(35, 0.1 * 3)
    found = double_marking(one, two)
    assert isinstance(found, Agreement)
    assert found.exact.value == 1.0
    assert (found.difference.value, found.difference.low) == (0.0, -found.difference.high)
    assert found.kappa == Insufficient(Reason.CONSTANT_MARKS, 35)


def test_kappa_of_equal_markings_is_one_however_the_marks_are_summed() -> None:
    rng = np.random.default_rng(8)
    for _ in range(200):
        a, b, c = rng.integers(0, 9, (3, 40)) * 0.1
        found = double_marking(100.0 + (a + b) + c, 100.0 + (a + (b + c)))
        assert isinstance(found, Agreement)
        assert isinstance(found.kappa, Estimate)
        assert found.kappa.value == pytest.approx(1.0)
        assert found.kappa.value <= 1.0


def test_marks_over_full_and_bad_limits_are_refused() -> None:
    with pytest.raises(MarkOverFull):
        arbitration([3, 21], [3, 4], 20)
    assert arbitration([0.1 + 0.2], [0.3], 0.3).tolist() == []
    with pytest.raises(BadSetting):
        arbitration([3], [4], 20, tolerance=float("nan"))
    with pytest.raises(BadSetting):
        double_marking([3.0] * 40, [4.0] * 40, step=-1.0)


def _one_step_apart(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    one = rng.integers(0, 5, n).astype(float)
    return one, one - (rng.random(n) < 0.03) * (one > 0)


def _essays(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    true = 42 + 7 * rng.normal(size=n)
    gross = np.where(rng.random(n) < 0.05, 15 * rng.normal(size=n), 0.0)
    one, two = true + 2 * rng.normal(size=n), true + 2 * rng.normal(size=n) + gross
    return np.clip(np.round(one), 0, 60), np.clip(np.round(two), 0, 60)


def _some_at_random(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    true = 20 * rng.beta(2.2, 1.6, n)
    one, two = (np.clip(np.round(true + 0.4 * rng.normal(size=n)), 0, 20) for _ in range(2))
    return one, np.where(rng.random(n) < 0.05, rng.integers(0, 21, n), two)


@pytest.mark.parametrize("markings", [_one_step_apart, _essays, _some_at_random])
def test_intervals_cover_where_few_answers_make_the_disagreement(markings) -> None:
    """Rare gaps: half of the samples of 30 hold none, the rest one or two that outweigh all others."""
    rng = np.random.default_rng(8)
    many = double_marking(*markings(rng, 400_000))
    assert isinstance(many, Agreement)
    assert isinstance(many.kappa, Estimate)
    for n in (30, 60):
        inside = np.zeros((300, 2), dtype=bool)
        for k in range(300):
            found = double_marking(*markings(rng, n))
            assert isinstance(found, Agreement)
            assert isinstance(found.kappa, Estimate)
            for j, (part, truth) in enumerate(
                ((found.kappa, many.kappa), (found.difference, many.difference))
            ):
                assert part.low < part.high
                assert part.low <= part.value <= part.high
                inside[k, j] = part.low <= truth.value <= part.high
        assert (inside.mean(axis=0) > 0.89).all()


def test_markings_that_never_differ_leave_a_step_apart_possible() -> None:
    marks = np.tile([0.0, 1.0, 2.0, 3.0, 4.0], 6)
    found = double_marking(marks, marks)
    assert isinstance(found, Agreement)
    assert isinstance(found.kappa, Estimate)
    assert found.kappa.se is None
    # 9.5 % of 30 answers may have a mark at random, which kappa takes for thrice what chance gives; that more
    # may be a step apart, 11.6 % where Σ (x_i − y_j)² / n is 120, weighs less.
    assert found.kappa.low == pytest.approx(1 - 3 * (1 - 0.05 ** (1 / 30)))
    assert found.kappa.low < 1 - 30 * (1 - 0.025 ** (1 / 30)) / 120
    # Answers that nearly all have the same mark: there a step is more than chance gives.
    rare = np.array([0.0] * 38 + [1.0] * 2)
    found = double_marking(rare, rare)
    assert isinstance(found, Agreement)
    assert isinstance(found.kappa, Estimate)
    chance = 2 * 2 * 38 / 40
    assert found.kappa.low == pytest.approx(1 - 40 * (1 - 0.025 ** (1 / 40)) / chance)
    marks = np.tile([0.0, 1.0, 2.0, 3.0, 4.0], 6)
    found = double_marking(marks, marks)
    assert isinstance(found, Agreement)
    assert found.kappa.high == 1.0
    # Two gaps of a step among 30 answers, Student's t of 29 degrees: about the 3/n of the rule of three.
    assert found.difference.high == pytest.approx(2.045 * np.sqrt(2 / (30 * 29)), abs=1e-4)


def test_arbitration_takes_wide_gaps_only() -> None:
    assert arbitration([10, 10, 3], [8, 6, 2], 20).tolist() == [1]
    assert arbitration([1, 0], [0, 1], 2).tolist() == []


@pytest.mark.parametrize("n", [30, 100])
def test_shares_near_one_are_held_by_nine_of_ten_samples(n: int) -> None:
    """Where one answer falls out of nearly all Wilson's limits held 83 % of shares around 1 − 0.18/n."""
    one = np.arange(n) % 5.0
    found = [double_marking(one, one + 2.0 * (np.arange(n) < k)) for k in range(20)]
    limits = [(f.exact.low, f.exact.high) for f in found if isinstance(f, Agreement)]
    for out in np.linspace(0.01, 3.0, 200) / n:
        chance = [comb(n, k) * out**k * (1 - out) ** (n - k) for k in range(20)]
        held = [c for c, (low, high) in zip(chance, limits, strict=True) if low <= 1 - out <= high]
        assert sum(held) > 0.89


def _markings(seed: int, shared: bool) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    severity = np.array([-0.6, 0.0, 0.0, 0.6])
    pupils = np.repeat(np.arange(400), 2)
    items = np.tile([0, 1], 400)
    markers = rng.integers(0, 4, 800) if shared else pupils % 4
    ability = rng.normal(size=400)
    chance = 1 / (1 + np.exp(-(ability[pupils] - np.array([-0.3, 0.3])[items] - severity[markers])))
    return pupils, items, markers, rng.binomial(10, chance), np.full(800, 10.0)


def test_strict_and_mild_markers_are_told_apart() -> None:
    found = rater_severity(*_markings(2, shared=True))
    assert isinstance(found, RaterSeverity)
    values = [e.value for e in found.severity if isinstance(e, Estimate)]
    assert values == pytest.approx([-0.6, 0.0, 0.0, 0.6], abs=0.2)
    assert all(0.6 < fit < 1.5 for fit in found.infit)


def test_markers_without_common_pupils_cannot_be_compared() -> None:
    found = rater_severity(*_markings(3, shared=False))
    assert isinstance(found, Insufficient)
    assert found.reason == Reason.NOT_COMPARABLE


@pytest.mark.parametrize(
    "item_of",
    [
        lambda pupil, marker: marker,  # one question per marker
        lambda pupil, marker: 2 * marker + pupil % 2,  # two questions of each marker's own
        lambda pupil, marker: marker + pupil % 2,  # a question in common, but never of the same pupils
    ],
)
def test_markers_of_different_items_cannot_be_compared(item_of: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(7)
    pupil, marker = np.repeat(np.arange(200), 3), np.tile(np.arange(3), 200)
    mark = rng.binomial(5, 1 / (1 + np.exp(-rng.normal(size=200)[pupil])))
    found = rater_severity(pupil, item_of(pupil, marker), marker, mark, np.full(600, 5.0))
    assert found == Insufficient(Reason.NOT_COMPARABLE, 600)


def test_one_item_that_markers_share_through_others_makes_them_comparable() -> None:
    rng = np.random.default_rng(8)
    pupil, marker = np.repeat(np.arange(200), 3), np.tile(np.arange(3), 200)
    item = np.where(
        pupil < 100, marker, (marker + 1) % 3
    )  # everybody marks two questions, of different pupils
    mark = rng.binomial(5, 1 / (1 + np.exp(-rng.normal(size=200)[pupil])))
    assert isinstance(rater_severity(pupil, item, marker, mark, np.full(600, 5.0)), RaterSeverity)


def test_severity_is_covered_when_each_answer_has_one_marker() -> None:
    """Skewed ability and marks with more spread than binomial: most of the fit goes to the pupils."""
    rng = np.random.default_rng(4)
    severity, difficulty = rng.normal(0, 0.4, 6), rng.normal(0, 0.7, 3)
    severity -= severity.mean()
    pupil, item = np.repeat(np.arange(150), 3), np.tile(np.arange(3), 150)
    inside = known = 0
    for _ in range(60):
        ability = 1.2 * (rng.chisquare(3, 150) - 3) / np.sqrt(6)
        marker = rng.integers(0, 6, 450)
        mean = 1 / (1 + np.exp(-(ability[pupil] - difficulty[item] - severity[marker])))
        mark = rng.binomial(12, rng.beta(6 * mean, 6 * (1 - mean)))
        found = rater_severity(pupil, item, marker, mark, np.full(450, 12.0))
        assert isinstance(found, RaterSeverity)
        for got, true in zip(found.severity, severity, strict=True):
            assert isinstance(got, Estimate)
            inside += got.low <= true <= got.high
            known += 1
    assert 0.90 <= inside / known <= 0.98


def test_severity_is_covered_with_many_markers_and_big_marks() -> None:
    """A fixed prior, too narrow for these abilities, drew the markers together."""
    rng = np.random.default_rng(6)
    pupil, item = np.tile(np.arange(200), 8), np.repeat(np.arange(4), 400)
    inside = known = 0
    for _ in range(12):
        severity, difficulty = rng.normal(0, 0.4, 10), rng.normal(0, 0.7, 4)
        severity -= severity.mean()
        ability = 1.3 * (rng.gamma(1.2, size=200) - 1.2) / np.sqrt(1.2)
        marker = rng.integers(0, 10, 1600)
        chance = 1 / (1 + np.exp(-(ability[pupil] - difficulty[item] - severity[marker])))
        found = rater_severity(pupil, item, marker, rng.binomial(8, chance), np.full(1600, 8.0))
        assert isinstance(found, RaterSeverity)
        for name, got in zip(found.markers, found.severity, strict=True):
            assert isinstance(got, Estimate)
            inside += got.low <= severity[int(name)] <= got.high
            known += 1
        assert 0.9 < np.mean(found.infit) < 1.1
    assert 0.90 <= inside / known <= 0.985


def _whole_scripts(rng: np.random.Generator, n: int, halo: float) -> list[float | tuple[float, float]]:
    """Severity of four markers, of whom two mark each pupil's script of four answers.

    A marker's impression runs through all of a pupil's answers; what is particular in an answer, through
    both markers.
    """
    severity, difficulty = np.array([-0.5, -0.1, 0.0, 0.6]), np.array([-0.8, -0.2, 0.3, 0.7])
    two = np.argsort(rng.random((n, 4)), axis=1)[:, :2]
    pupil, item, which = (z.ravel() for z in np.indices((n, 4, 2)))
    marker = two[pupil, which]
    ability, answer = rng.normal(size=n), rng.normal(0, 0.5, (n, 4))
    stray = halo * rng.normal(size=(n, 4))[pupil, marker] + rng.normal(0, 0.25, 8 * n)
    eta = ability[pupil] + answer[pupil, item] - difficulty[item] - severity[marker] + stray
    mark = np.round(20 / (1 + np.exp(-eta)))
    found = rater_severity(pupil, item, marker, mark, np.full(8 * n, 20.0))
    assert isinstance(found, RaterSeverity)
    known = [e for e in found.severity if isinstance(e, Estimate)]
    return [e.value for e in known] if n > 1000 else [(e.low, e.high) for e in known]


@pytest.mark.parametrize("halo", [0.0, 0.6])
def test_severity_is_covered_where_markers_mark_whole_scripts(halo: float) -> None:
    """As if all markings were independent, the intervals held 100 and 67 %."""
    truth = _whole_scripts(np.random.default_rng(91), 3000, halo)
    found = [_whole_scripts(np.random.default_rng([92, rep]), 60, halo) for rep in range(60)]
    low, high = np.moveaxis(np.array(found), 2, 0)
    assert 0.90 <= ((low <= truth) & (truth <= high)).mean() <= 0.98


def test_a_link_of_one_pupil_tells_no_error() -> None:
    rng = np.random.default_rng(5)
    item, marker = np.tile(np.arange(40), 2), np.repeat([0, 1], 40)
    mark = rng.binomial(10, 1 / (1 + np.exp(-(rng.normal(size=80) - 0.3 * marker))))
    found = rater_severity(np.zeros(80), item, marker, mark, np.full(80, 10.0))
    assert isinstance(found, RaterSeverity)
    assert found.severity == (Insufficient(Reason.TOO_FEW_PUPILS, 1),) * 2


def test_markers_who_never_differ_may_do_so_yet() -> None:
    rng = np.random.default_rng(5)
    pupil, marker = np.repeat(np.arange(40), 2), np.tile([0, 1], 40)
    mark = rng.integers(1, 10, 40)[pupil]
    found = rater_severity(pupil, np.zeros(80), marker, mark, np.full(80, 10.0))
    assert isinstance(found, RaterSeverity)
    for got in found.severity:
        assert isinstance(got, Estimate)
        # Two of 40 pupils a mark off: 0.1·√2/40 over the slope of the shares, halved between two markers.
        assert got.high - got.low > 2 * 2.02 * 0.1 * np.sqrt(2) / 40 / 0.25 / 2 * 0.5
