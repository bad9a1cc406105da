"""A class with its own exam before: only on enough same items, figures by plain NumPy, refusals in words."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from scipy import stats

from edumetrics.results import Insufficient, Reason
from smartschool.contexts.diagnosis.compose.comparison import NOT_ENOUGH, common_items, comparison
from smartschool.contexts.diagnosis.compose.words import plain
from smartschool.contexts.diagnosis.tests.paper import group, item_figures, paper, point_figures
from smartschool.contexts.diagnosis.tests.school import CHINESE, FULL, YEAR, District, add_paper
from smartschool.kernel.scope import scope_of

SignIn = Callable[[str], Client]
PUPILS = 62


def two_exams(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Marks of the same pupils on the same items, a little better the second time."""
    rng = np.random.default_rng(seed)
    full = np.array(FULL)
    ability = rng.normal(size=(PUPILS, 1))
    hard = np.linspace(-1, 1, len(FULL))

    def marks(gain: float) -> np.ndarray:
        shift = ability + gain + 0.2 * rng.normal(size=(PUPILS, 1))
        return rng.binomial(full.astype(int), 1 / (1 + np.exp(hard - shift))).astype(float)

    return marks(0.0), marks(0.6)


def test_growth_of_a_class_on_the_same_items_by_numpy(district: District, sign_in: SignIn) -> None:
    before, after = two_exams(8)
    with transaction.atomic(), scope_of([district.town.pk]):
        add_paper(
            district, "first", [0, 1], before, None,
            subject=CHINESE, shared="c-", exam=district.papers["midterm"].exam, absent=(4,),
        )  # fmt: skip
        add_paper(
            district, "second", [0, 1], after, None,
            subject=CHINESE, shared="c-", exam=district.papers["final"].exam, absent=(9,),
        )  # fmt: skip
    client = sign_in("t-form")
    client.get(district.url("second", 0))
    with CaptureQueriesContext(connection) as seen:
        page = client.get(district.url("second", 0)).content.decode()
    frame = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    asked = [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(frame)]
    assert len(asked) <= 12, "\n".join(sql[:150] for sql in asked)
    rows = [i for i in range(32) if i not in (4, 9)]
    shares = [float(block[rows].sum() / (len(rows) * sum(FULL))) for block in (before, after)]
    gains = (after - before)[rows].sum(axis=1) / sum(FULL)
    half = stats.t.ppf(0.975, len(rows) - 1) * gains.std(ddof=1) / np.sqrt(len(rows))
    low, high = (round(100 * float(gains.mean() + side * half)) for side in (-1, 1))
    assert low > 0
    by = round(100 * shares[1]) - round(100 * shares[0])
    assert "与上次可比：" in page
    assert (
        f"得分率从 {round(100 * shares[0])}% 到 {round(100 * shares[1])}%，<b>提高 {by} 个百分点</b>" in page
    )
    assert f"变化可能在 +{low} 到 +{high} 个百分点" in page
    assert f"{YEAR} 秋期中也考过的 18 道题" in page
    assert NOT_ENOUGH not in page


def test_without_common_items_the_page_says_so(district: District, sign_in: SignIn) -> None:
    client = sign_in("t-maths")
    page = client.get(district.url("final", 0)).content.decode()
    assert f"{NOT_ENOUGH}（上次是{YEAR} 秋期中）。" in page
    assert "与上次可比" not in page
    first = client.get(district.url("midterm", 0)).content.decode()
    assert NOT_ENOUGH not in first  # there was no exam before


def coded(*codes: str):
    sketch = paper([{0: 1.0}] * len(codes), ["解方程"])
    items = tuple(replace(item, bank_code=code) for item, code in zip(sketch.items, codes, strict=True))
    return replace(sketch, items=items)


def sound(n: int):
    return group([item_figures(0.6) for _ in range(n)], [point_figures(0.6)])


def test_what_counts_as_the_same_item():
    now, then = coded("a", "b", "c", "", "d", "d"), coded("c", "a", "", "d", "b", "e")
    found = common_items(now, sound(6), then, sound(6))
    assert [(one.bank_code, one.now, one.before) for one in found] == [("a", 0, 1), ("b", 1, 4), ("c", 2, 0)]
    rekeyed = replace(then, items=(replace(then.items[0], key="B"), *then.items[1:]))
    assert [one.bank_code for one in common_items(now, sound(6), rekeyed, sound(6))] == ["a", "b"]
    heavier = replace(then, items=(then.items[0], replace(then.items[1], full=9.0), *then.items[2:]))
    assert [one.bank_code for one in common_items(now, sound(6), heavier, sound(6))] == ["b", "c"]
    doubt = group([item_figures(0.6), item_figures(0.6, rival="C"), *[item_figures(0.6)] * 4], [])
    assert [one.bank_code for one in common_items(now, doubt, then, sound(6))] == ["a", "c"]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.TOO_FEW_ITEMS, "没有足够的共同题"),
        (Reason.TOO_FEW_PUPILS, "都参加的学生太少"),
        (Reason.NOT_COMPARABLE, "有的变容易、有的变难"),
    ],
)
def test_each_refusal_says_why(reason, words):
    text = plain(comparison("秋期中", (), Insufficient(reason, 3), ()))
    assert words in text
    assert text.endswith("不作比较（上次是秋期中）。")
    assert "%" not in text
