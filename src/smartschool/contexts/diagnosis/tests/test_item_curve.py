"""The item over the whole school: shares against the truth of a simulation, verdicts, refusals."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.diagnosis.compose.item_curve import curve_block
from smartschool.contexts.diagnosis.compose.words import plain
from smartschool.contexts.diagnosis.compute.calibration import ItemCurve
from smartschool.contexts.diagnosis.tests.school import CHINESE, FULL, District, _class, add_paper
from smartschool.kernel.scope import scope_of

SignIn = Callable[[str], Client]
ABILITIES = np.array([-1.0, 0.0, 1.0])
SLOPE = 1.4
HARD = np.linspace(-1.5, 1.5, len(FULL))


@pytest.fixture(scope="module")
def big(district: District) -> District:
    """A paper of 212 pupils, each item all or nothing so that its true curve is known."""
    rng = np.random.default_rng(17)
    chance = 1 / (1 + np.exp(-SLOPE * (rng.normal(size=(212, 1)) - HARD)))
    marks = np.where(rng.random(chance.shape) < chance, np.array(FULL), 0.0)
    marks[:, 5] = 0.0
    with transaction.atomic(), scope_of([district.town.pk]):
        _class(district, district.town, "junior", 3, 150)
        exam = district.papers["midterm"].exam
        add_paper(district, "big", [0, 1, len(district.classes) - 1], marks, None, subject=CHINESE, exam=exam)
    return district


def test_shares_of_three_groups_cover_the_truth(big: District, sign_in: SignIn) -> None:
    client = sign_in("t-form")
    frame = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    hits = []
    for place in (1, 4, 9, 14, 18):
        with CaptureQueriesContext(connection) as seen:
            page = client.get(big.url("big", 0, f"items/{place}/?curve=1")).content.decode()
        asked = [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(frame)]
        assert len(asked) <= 12, "\n".join(sql[:150] for sql in asked)
        truth = 1 / (1 + np.exp(-SLOPE * (ABILITIES - HARD[place - 1])))
        for word, share in zip(("偏低", "中等", "偏高"), truth, strict=True):
            row = re.search(rf"水平{word}的学生，估计得分率</span>(.*?)</li>", page)
            assert row is not None
            value, low, high = map(int, re.findall(r"\d+", re.sub(r"<[^>]+>", " ", row[1])))
            assert low <= value <= high
            assert high - low < 35
            hits.append(low - 0.5 <= 100 * share <= high + 0.5)
    assert np.mean(hits) >= 13 / 15
    assert "212 人" in page
    assert "θ" not in page


def test_an_easy_and_a_hard_item_part_different_pupils(big: District, sign_in: SignIn) -> None:
    client = sign_in("t-form")
    easy = client.get(big.url("big", 0, "items/1/?curve=1")).content.decode()
    hard = client.get(big.url("big", 0, "items/18/?curve=1")).content.decode()
    assert "最能把偏低和中等的学生分开。" in easy
    assert "最能把中等和偏高的学生分开。" in hard


def test_nothing_is_computed_before_it_is_asked_for(big: District, sign_in: SignIn) -> None:
    page = sign_in("t-form").get(big.url("big", 0, "items/2/")).content.decode()
    assert 'href="?curve=1"' in page
    assert "估计得分率" not in page


def test_pages_say_why_there_is_no_curve(big: District, sign_in: SignIn) -> None:
    constant = sign_in("t-form").get(big.url("big", 0, "items/6/?curve=1")).content.decode()
    assert "所有人在这道题上得分相同。" in constant
    few = sign_in("t-maths").get(big.url("final", 0, "items/5/?curve=1")).content.decode()
    assert "<b>证据不足：</b>全年级 61 人有小题分，满 200 人才算。" in few
    doubt = sign_in("t-maths").get(big.url("final", 0, "items/4/?curve=1")).content.decode()
    assert "全年级学生在这道题上" not in doubt
    small = sign_in("v-maths").get(big.url("village", 2, "items/1/?curve=1")).content.decode()
    assert "全年级学生在这道题上" not in small


def hand(value: float, half: float = 0.02) -> Estimate:
    return Estimate(value, half / 2, value - half, value + half, 300, "hand")


def curve(low: float, middle: float, high: float, half: float = 0.02) -> ItemCurve:
    return ItemCurve(
        (hand(low), hand(middle), hand(high)),
        (hand(middle - low, half), hand(high - middle, half)),
        hand(high - 2 * middle + low, half),
        hand(high - low, half),
        300,
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (curve(0.8, 0.5, 0.3), "得分反而越低"),
        (curve(0.50, 0.52, 0.55), "分不出水平"),
        (curve(0.4, 0.5, 0.6, half=0.3), "证据不足"),
        (curve(0.2, 0.25, 0.7), "最能把中等和偏高的学生分开"),
        (curve(0.3, 0.8, 0.9), "最能把偏低和中等的学生分开"),
        (curve(0.2, 0.5, 0.81), "各段水平的学生都能分开"),
    ],
)
def test_verdicts(found, words):
    assert words in plain(curve_block(found).verdict)
    assert len(curve_block(found).rows) == 3


def test_each_refusal_has_words_and_no_figures():
    for reason in Reason:
        block = curve_block(Insufficient(reason, 150))
        assert plain(block.verdict).startswith("证据不足：")
        assert block.rows == ()
