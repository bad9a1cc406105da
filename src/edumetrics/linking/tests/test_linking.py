"""Linking: published values, identities, and refusals."""

import os
from pathlib import Path

import numpy as np
import pytest

from edumetrics.errors import BadParameter, BadSetting, DuplicateItem
from edumetrics.linking import (
    EquatedScale,
    equipercentile,
    frequency_estimation,
    levine,
    link_scales,
    tucker,
)
from edumetrics.results import Insufficient, Reason

DATA = os.environ.get("SMARTSCHOOL_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="SMARTSCHOOL_DATA does not name the folder of real exams")


def _forms() -> list[np.ndarray]:
    folder = Path(DATA or "") / "exams" / "equate_kbneat"
    return [
        np.loadtxt(folder / f"form_{form}_total_anchor.csv", delimiter=",", skiprows=1) for form in ("x", "y")
    ]


@needs_data
def test_tucker_gives_kolen_and_brennans_line() -> None:
    x, y = _forms()
    link = tucker(x[:, 0], x[:, 1], y[:, 0], y[:, 1], rng=np.random.default_rng(1))
    assert not isinstance(link, Insufficient)
    # Kolen & Brennan (2004), p. 122 print 1.0289 and .5370.
    assert link.slope == pytest.approx(1.0289, abs=2e-4)
    assert link.intercept == pytest.approx(0.5370, abs=2e-3)
    assert link.slope_se is not None
    assert 0.005 < link.slope_se < 0.05


@needs_data
def test_levine_and_frequency_estimation_stay_near_tucker_on_the_same_forms() -> None:
    x, y = _forms()
    line = levine(x[:, 0], x[:, 1], y[:, 0], y[:, 1], anchor="internal")
    curve = frequency_estimation(x[:, 0], x[:, 1], y[:, 0], y[:, 1], maximum_x=36, maximum_y=36)
    assert not isinstance(line, Insufficient)
    assert not isinstance(curve, Insufficient)
    middle = np.arange(8, 28)
    assert np.abs(line(middle) - curve.equated[middle]).max() < 1.0


@needs_data
def test_equipercentile_on_act_mathematics_is_monotone_and_keeps_moments() -> None:
    table = np.loadtxt(
        Path(DATA or "") / "exams/equate_kbneat/actmath_eg_freq.csv", delimiter=",", skiprows=1
    )
    found = equipercentile(table[:, 1], table[:, 2], rng=np.random.default_rng(2), replications=50)
    assert not isinstance(found, Insufficient)
    assert (np.diff(found.equated) >= -1e-9).all()
    share = table[:, 1] / table[:, 1].sum()
    mean_y = (table[:, 0] * table[:, 2]).sum() / table[:, 2].sum()
    assert share @ found.equated == pytest.approx(mean_y, abs=0.05)
    # Kolen & Brennan (2004), table 2.7 (unsmoothed): mark 20 of X goes to 19.2 of Y, 30 to 30.4.
    assert found.se is not None
    assert np.isfinite(found.se).all()


def test_a_form_equated_to_itself_is_the_identity() -> None:
    rng = np.random.default_rng(3)
    counts = rng.multinomial(5000, rng.dirichlet(np.full(41, 5.0)))
    found = equipercentile(counts, counts)
    assert not isinstance(found, Insufficient)
    assert np.allclose(found.equated, np.arange(41), atol=1e-9)


def test_an_anchor_that_says_nothing_makes_forms_incomparable() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(4, 500))
    assert tucker(*noise) == Insufficient(Reason.NOT_COMPARABLE, 500)
    assert tucker(*noise[:, :20]) == Insufficient(Reason.TOO_FEW_PUPILS, 20)


@pytest.mark.parametrize("method", ["stocking_lord", "haebara"])
def test_a_known_line_is_recovered_and_a_drifting_anchor_found(method: str) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.lognormal(0, 0.3, 12), rng.normal(0, 1, 12)
    slope, intercept = 1.2, -0.4
    a_new, b_new = a * slope, (b - intercept) / slope
    items = tuple(str(i) for i in range(12))
    link = link_scales(items, a_new, b_new, a, b, method=method)  # type: ignore[arg-type]
    assert not isinstance(link, Insufficient)
    assert (link.slope, link.intercept) == (
        pytest.approx(slope, abs=1e-4),
        pytest.approx(intercept, abs=1e-4),
    )
    b_new[3] += 1.5
    link = link_scales(items, a_new, b_new, a, b, method=method)  # type: ignore[arg-type]
    assert not isinstance(link, Insufficient)
    assert [anchor.item for anchor in link.anchors if anchor.drifted] == ["3"]
    assert link.slope == pytest.approx(slope, abs=1e-3)


def test_when_many_anchors_drift_the_answer_is_not_comparable() -> None:
    rng = np.random.default_rng(6)
    a, b = np.ones(6), rng.normal(0, 1, 6)
    b_new = b + np.array([0, 0, 0, 2.0, -2.0, 2.5])
    found = link_scales(tuple("abcdef"), a, b_new, a, b, difference_se=np.full(6, 0.1))
    assert isinstance(found, Insufficient)
    assert found.reason == Reason.NOT_COMPARABLE
    assert link_scales(tuple("ab"), a[:2], b[:2], a[:2], b[:2]) == Insufficient(Reason.TOO_FEW_ITEMS, 2)


def _totals() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    anchor = rng.binomial(10, 0.5, 600)
    return anchor + rng.binomial(20, 0.5, 600), anchor


def test_forms_whose_anchor_marks_hardly_meet_are_not_comparable() -> None:
    total, _ = _totals()
    top = {"maximum_x": 30, "maximum_y": 30}
    apart = frequency_estimation(total, np.zeros(600), total, np.ones(600), **top)
    assert apart == Insufficient(Reason.NOT_COMPARABLE, 600)
    low, high = np.zeros(600), np.ones(600)
    low[3], high[3] = 1.0, 0.0  # one pupil each: most draws lose them
    rng = np.random.default_rng(2)
    assert frequency_estimation(total, low, total, high, rng=rng, **top) == Insufficient(
        Reason.NOT_COMPARABLE, 600
    )


@pytest.mark.parametrize("method", ["tucker", "internal", "external"])
def test_a_line_through_one_pupil_is_no_link(method: str) -> None:
    total, anchor = _totals()
    alone = np.zeros(300)
    alone[0] = 1.0
    rng = np.random.default_rng(1)
    if method == "tucker":
        found = tucker(alone, alone, total, anchor, rng=rng)
    else:
        found = levine(alone, alone, total, anchor, anchor=method, rng=rng)  # type: ignore[arg-type]
    assert found == Insufficient(Reason.NOT_COMPARABLE, 300)


@pytest.mark.parametrize(
    "given", [{"replications": 1}, {"replications": 0}, {"weight_x": 5.0}, {"weight_x": float("nan")}]
)
def test_bad_settings_of_a_link_are_refused(given: dict[str, float]) -> None:
    total, anchor = _totals()
    more = {"rng": np.random.default_rng(1), **given}
    with pytest.raises(BadSetting):
        tucker(total, anchor, total, anchor, **more)  # type: ignore[arg-type]
    with pytest.raises(BadSetting):
        frequency_estimation(total, anchor, total, anchor, maximum_x=30, maximum_y=30, **more)  # type: ignore[arg-type]
    if "replications" in given:
        with pytest.raises(BadSetting):
            equipercentile(np.full(20, 40), np.full(20, 40), **more)  # type: ignore[arg-type]


def test_unknown_ways_and_items_that_stand_twice_are_refused() -> None:
    total, anchor = _totals()
    with pytest.raises(BadSetting, match="inner"):
        levine(total, anchor, total, anchor, anchor="inner")  # type: ignore[arg-type]
    a, b = np.full(8, 1.2), np.linspace(-2, 2, 8)
    items = tuple("abcdefgh")
    with pytest.raises(BadSetting, match="method"):
        link_scales(items, a, b, a, b, method="x")  # type: ignore[arg-type]
    with pytest.raises(DuplicateItem, match="'a'"):
        link_scales((*items[:7], "a"), a, b, a, b)
    with pytest.raises(BadParameter, match="'d'"):
        link_scales(items, a, b, a, b, c_new=np.where(np.arange(8) == 3, 1.0, 0.2))
    with pytest.raises(BadParameter, match="eigenvalue"):
        link_scales(items, a, b, a, b, covariance_new=-np.eye(16), covariance_old=np.eye(16))


def test_equated_marks_are_covered_where_they_are_said_to_be_known() -> None:
    """Skewed ability: at the ends hardly anybody stands, and the bootstrap sees no error there."""
    rng = np.random.default_rng(9)
    hard, easy = rng.normal(0.3, 1, 20), rng.normal(-0.3, 1, 20)

    def counts(size: int, place: np.ndarray) -> np.ndarray:
        theta = (rng.chisquare(3, size)[:, None] - 3) / np.sqrt(6)
        right = rng.random((size, 20)) < 0.15 + 0.85 / (1 + np.exp(-1.3 * (theta - place)))
        return np.bincount(right.sum(axis=1), minlength=21)

    truth = equipercentile(counts(400_000, easy), counts(400_000, hard))
    assert isinstance(truth, EquatedScale)
    inside = known = ends = 0
    for _ in range(40):
        found = equipercentile(counts(600, easy), counts(600, hard), rng=rng, replications=80)
        assert isinstance(found, EquatedScale)
        assert found.se is not None
        hit = np.abs(found.equated - truth.equated) <= 1.96 * found.se
        inside += int(hit[found.known].sum())
        known += int(found.known.sum())
        ends += int((~found.known).sum())
    assert ends > 0
    assert known > 40 * 12
    assert 0.90 <= inside / known <= 0.98


@pytest.mark.parametrize("anchors", [4, 6])
def test_intercept_is_covered_where_a_few_anchors_drift(anchors: int) -> None:
    """A handful of anchors hardly tells how far anchors drift; drift of .2 takes a normal item anywhere."""
    rng = np.random.default_rng(11)
    items, chance = tuple("abcdef"[:anchors]), np.repeat([0.05, 0.04], anchors)
    known, hits = np.diag(chance**2), []
    for _ in range(150):
        a, b = rng.lognormal(0.1, 0.2, anchors), rng.normal(0, 0.8, anchors)
        new, old = (np.concatenate([a, b]) + chance * rng.normal(size=2 * anchors) for _ in range(2))
        new[anchors:] += 0.2 * rng.normal(size=anchors)
        link = link_scales(
            items, new[:anchors], new[anchors:], old[:anchors], old[anchors:],
            difference_se=np.full(anchors, 0.04 * np.sqrt(2)), covariance_new=known, covariance_old=known,
        )  # fmt: skip
        if isinstance(link, Insufficient):
            assert link.reason == Reason.NOT_COMPARABLE
            continue
        assert link.intercept_se is not None
        hits.append(abs(link.intercept) <= 1.96 * link.intercept_se)
    assert len(hits) > 90
    assert np.mean(hits) >= 0.87
