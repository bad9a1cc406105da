"""How numbers are written."""

import pytest

from smartschool.web import figures
from smartschool.web.tests.gallery import Estimate, Insufficient


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0%"), (1.0, "100%"), (0.996, "99%"), (0.004, "1%"), (0.485, "49%"), (0.125, "13%")],
)
def test_share_never_claims_all_or_none(value: float, written: str) -> None:
    assert figures.share(value) == written


def test_share_floor_for_attainment() -> None:
    assert figures.share(8 / 18, floor=True) == "44%"
    assert figures.share(0.4999, floor=True) == "49%"


@pytest.mark.parametrize(
    ("value", "written"), [(10.0, "10"), (7.5, "7.5"), (7.25, "7.25"), (-2, "−2"), (100, "100")]
)
def test_marks_carry_no_idle_zeros(value: float, written: str) -> None:
    assert figures.plain(value) == written


def test_signed_number_has_a_real_minus() -> None:
    assert figures.number(-0.4, 0, signed=True) == "0"
    assert figures.number(-12, signed=True) == "−12"
    assert figures.number(4, signed=True) == "+4"


@pytest.mark.parametrize(
    ("value", "css"),
    [(0.0, "x1"), (0.3999, "x1"), (0.4, "x2"), (0.6, "x3"), (0.75, "x4"), (0.88, "x5"), (1.0, "x5")],
)
def test_heat_steps_meet_the_legend(value: float, css: str) -> None:
    assert figures.heat_class(value) == css


def test_mastery_reads_every_spelling() -> None:
    assert [figures.mastery_level(state) for state in (0, "需巩固", "basic", 3, 9, "?", None)] == [
        0,
        1,
        2,
        3,
        None,
        None,
        None,
    ]
    assert figures.mastery_level(Insufficient("too_few_items", 1)) is None


def test_reasons_are_chinese_even_when_unknown() -> None:
    assert figures.reason(Insufficient("too_few_pupils", 3)) == "人数太少"
    assert figures.reason(Insufficient("some_new_code", 3)) == "数据不够"
    assert figures.reason(None) == "没有数据"


def test_estimate_is_not_insufficient() -> None:
    assert not figures.is_insufficient(Estimate(0.5, 0.4, 0.6, 40))
    assert figures.bounds(Estimate(0.5, 0.4, 0.6, 40)) == (0.4, 0.6)
    assert figures.bounds(0.5) is None


def test_every_reason_of_the_numeric_core_has_words() -> None:
    results = pytest.importorskip("edumetrics.results")
    missing = [reason.value for reason in results.Reason if reason.value not in figures.REASONS]
    assert not missing, f"add words for {missing}"
