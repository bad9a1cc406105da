"""The item over the whole school: kept with its version, shares against the truth, refusals, words."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from edumetrics.irt import Settings
from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.assessment.models import Attempt, Exam, Item
from smartschool.contexts.diagnosis import calibrations
from smartschool.contexts.diagnosis.calibration_figures import (
    GRID,
    ItemCalibration,
    ItemCurve,
    ItemFit,
    SumScoreCheck,
    dump_item,
    load_item,
)
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.compose.item_curve import LEAST_PUPILS, curve_block, refused, verdict
from smartschool.contexts.diagnosis.compose.words import plain
from smartschool.contexts.diagnosis.models import AnalysisRun, PaperCalibration
from smartschool.contexts.diagnosis.tests.school import (
    ACTOR,
    CHINESE,
    FULL,
    District,
    _class,
    add_paper,
    build,
)
from smartschool.contexts.directory.models import Organisation
from smartschool.kernel.scope import scope_of
from smartschool.kernel.tests.settled import wait_until_settled

SignIn = Callable[[str], Client]
ABILITIES = np.array([-1.0, 0.0, 1.0])
SLOPE = 1.4
HARD = np.linspace(-1.5, 1.5, len(FULL))


def work(district: District, *names: str) -> None:
    """What the worker does after the reports of these papers."""
    for name in names:
        paper = district.papers[name]
        calibrations.calibrate(paper.pk, paper.organisation_id)


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
    work(district, "big", "final")
    return district


def test_shares_of_three_groups_cover_the_truth(big: District, sign_in: SignIn) -> None:
    client = sign_in("t-form")
    frame = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    hits = []
    for place in (1, 4, 9, 14, 18):
        with CaptureQueriesContext(connection) as seen:
            page = client.get(big.url("big", 0, f"items/{place}/")).content.decode()
        asked = [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(frame)]
        assert len(asked) <= 12, "\n".join(sql[:150] for sql in asked)
        assert not any("assessment_attempt" in sql for sql in asked), "a page computes nothing"
        truth = 1 / (1 + np.exp(-SLOPE * (ABILITIES - HARD[place - 1])))
        for word, share in zip(("偏低", "中等", "偏高"), truth, strict=True):
            row = re.search(rf"水平{word}的学生</span>(.*?)</li>", page)
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
    easy = client.get(big.url("big", 0, "items/1/")).content.decode()
    hard = client.get(big.url("big", 0, "items/18/")).content.decode()
    assert "最能把偏低和中等的学生分开。" in easy
    assert "最能把中等和偏高的学生分开。" in hard
    assert re.search("看得最清的是</span><b>水平(很低|偏低)的学生", easy)
    assert re.search("看得最清的是</span><b>水平(很高|偏高)的学生", hard)
    assert "<polygon" in easy


def kept(district: District, name: str) -> list[PaperCalibration]:
    with transaction.atomic(), scope_of([district.papers[name].organisation_id]):
        return list(
            PaperCalibration.objects.filter(run__paper=district.papers[name])
            .select_related("run")
            .order_by("pk")
        )


def test_what_is_kept_can_be_computed_again(big: District) -> None:
    (row,) = kept(big, "big")
    assert row.model == "2pl"
    assert row.n_pupils == 212
    assert row.sources == [row.run_id]
    assert row.settings["minimum_2pl"] == LEAST_PUPILS == Settings().minimum_2pl
    items = [load_item(item) for item in row.items]
    assert len(items) == len(FULL)
    assert items[5].curve == Insufficient(Reason.CONSTANT_MARKS, 212)
    fit = items[0].fit
    assert fit is not None
    assert isinstance(fit.infit, Estimate)
    assert isinstance(items[0].slope, Estimate)
    assert items[0].slope.se is not None
    slopes = [item.slope.value for item in items if isinstance(item.slope, Estimate)]
    assert abs(np.median(slopes) - SLOPE) < 0.35


def test_the_same_version_is_calibrated_once_and_a_correction_again(big: District, sign_in: SignIn) -> None:
    before = kept(big, "big")
    work(big, "big")
    assert [row.pk for row in kept(big, "big")] == [row.pk for row in before]
    paper = big.papers["big"]
    with transaction.atomic(), scope_of([big.town.pk]):
        for attempt in Attempt.objects.filter(paper=paper):  # item 9 was marked the wrong way round
            attempt.marks[8] = FULL[8] - attempt.marks[8]
            attempt.save()
    # The report does not know these marks yet: nothing is worked out from a mixture of both.
    work(big, "big")
    assert len(kept(big, "big")) == 1
    with transaction.atomic(), scope_of([big.town.pk]):
        analyse_paper(actor=ACTOR, paper_id=paper.pk, trigger=AnalysisRun.Trigger.CORRECTION)
    waiting = sign_in("t-form").get(big.url("big", 0, "items/9/")).content.decode()
    assert "过一会儿刷新" in waiting
    work(big, "big")
    old, new = kept(big, "big")
    assert (old.run.number, new.run.number) == (1, 2)
    first, second = (load_item(row.items[8]).slope for row in (old, new))
    assert isinstance(first, Estimate)
    assert isinstance(second, Estimate)
    assert first.value > 0 > second.value
    page = sign_in("t-form").get(big.url("big", 0, "items/9/")).content.decode()
    assert "水平越高，这道题得分反而越低。" in page


def joint(district: District, name: str, school: Organisation, size: int) -> None:
    """One more school of the same mock exam."""
    rng = np.random.default_rng(size)
    chance = 1 / (1 + np.exp(-SLOPE * (rng.normal(size=(size, 1)) - HARD)))
    marks = np.where(rng.random(chance.shape) < chance, np.array(FULL), 0.0)
    with transaction.atomic(), scope_of([school.pk]):
        _class(district, school, "junior", 3, size)
        exam = Exam.objects.create(
            organisation=school, name="一模", nature="mock", term=district.term, grade=9, joint_code="MOCK-1"
        )
        place = len(district.classes) - 1
        add_paper(district, name, [place], marks, None, subject="21", exam=exam, shared="mock-")


def test_schools_of_a_joint_paper_are_calibrated_together(fresh_database: str) -> None:
    district = build()
    third = Organisation.objects.get(code="D-3")
    joint(district, "joint-town", district.town, 90)
    joint(district, "joint-village", district.village, 80)
    calibrations.calibrate_joint("MOCK-1", "21")
    assert kept(district, "joint-town") == [], "170 pupils are too few, however many schools"
    joint(district, "joint-third", third, 42)
    calibrations.calibrate_joint("MOCK-1", "21")
    rows = [kept(district, f"joint-{name}") for name in ("town", "village", "third")]
    assert [len(found) for found in rows] == [1, 1, 1]
    assert {row.n_pupils for (row,) in rows} == {212}
    assert len({tuple(row.sources) for (row,) in rows}) == 1
    assert len({str(row.items) for (row,) in rows}) == 1

    paper = district.papers["joint-third"]
    with transaction.atomic(), scope_of([third.pk]):
        Item.objects.filter(paper=paper, position=0).update(shared_item="another")
        analyse_paper(actor=ACTOR, paper_id=paper.pk, trigger=AnalysisRun.Trigger.BLUEPRINT)
    calibrations.calibrate_joint("MOCK-1", "21")
    assert [len(kept(district, f"joint-{name}")) for name in ("town", "village", "third")] == [1, 1, 1], (
        "another paper under the same name is not pooled"
    )


def test_a_new_version_queues_one_calibration_behind_the_reports(fresh_database: str) -> None:
    district = build()
    wait_until_settled()
    while calibrations.follow():
        pass
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    joint(district, "joint-town", district.town, 30)
    with transaction.atomic(), scope_of([district.town.pk]):
        Attempt.objects.filter(paper=district.papers["joint-town"]).first().delete()
        analyse_paper(actor=ACTOR, paper_id=district.papers["joint-town"].pk)
    wait_until_settled()
    assert calibrations.follow() > 0
    assert queued() == [("diagnosis.calibrate_paper", -10, True)]
    work(district, "joint-town")
    assert queued()[1:] == [("diagnosis.calibrate_joint_paper", -10, True)]


def queued() -> list[tuple[str, int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, priority, scheduled_at > now() FROM procrastinate_jobs ORDER BY id")
        return [(name, priority, bool(later)) for name, priority, later in cursor.fetchall()]


def test_pages_say_why_there_is_no_curve(big: District, sign_in: SignIn) -> None:
    constant = sign_in("t-form").get(big.url("big", 0, "items/6/")).content.decode()
    assert "所有人在这道题上得分相同。" in constant
    few = sign_in("t-maths").get(big.url("final", 0, "items/5/")).content.decode()
    assert "<b>证据不足：</b>全年级 61 人有小题分，满 200 人才算。" in few
    doubt = sign_in("t-maths").get(big.url("final", 0, "items/4/")).content.decode()
    assert "全年级学生在这道题上" not in doubt
    small = sign_in("v-maths").get(big.url("village", 2, "items/1/")).content.decode()
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
        tuple((0.5, 0.4, 0.6) for _ in GRID),
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
def test_verdicts(found: ItemCurve, words: str) -> None:
    assert words in plain(verdict(found))


def checked(
    infit: tuple[float, float], *, misfit: bool, linked: tuple[tuple[int, float], ...] = ()
) -> ItemFit:
    low, high = infit
    return ItemFit(
        SumScoreCheck(40.0, 20, 0.005, 0.06, 300),
        Estimate((low + high) / 2, 0.05, low, high, 300, "hand"),
        Insufficient(Reason.TOO_FEW_PUPILS, 300),
        misfit,
        linked,
    )


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        (checked((1.35, 1.6), misfit=True), ("作答比估计的乱",)),
        (checked((0.4, 0.65), misfit=True), ("作答比估计的齐",)),
        (checked((0.9, 1.1), misfit=True), ("估计和实际作答有出入",)),
        (checked((0.9, 1.1), misfit=False, linked=((1, 0.5), (3, 0.4))), ("和第 2(1)、4 题连在一起",)),
        (checked((1.35, 1.6), misfit=True, linked=((3, 0.4),)), ("作答比估计的乱", "和第 4 题连在一起")),
        (checked((0.9, 1.1), misfit=False), ()),
    ],
)
def test_words_for_the_fit(fit: ItemFit, words: tuple[str, ...]) -> None:
    item = ItemCalibration(
        "2pl", hand(1.2), (hand(0.1),), curve(0.2, 0.5, 0.81), tuple(range(len(GRID))), fit
    )
    block = curve_block(load_item(dump_item(item)), ["1", "2(1)", "2(2)", "4"])
    assert len(block.notes) == len(words)
    assert all(word in plain(note) for word, note in zip(words, block.notes, strict=True))
    assert block.checked == (not words)
    assert len(block.rows) == 3
    assert block.clear == (GRID[len(GRID) // 2], GRID[-1])


def test_each_refusal_has_words_and_no_figures() -> None:
    for reason in Reason:
        block = refused(Insufficient(reason, 150))
        assert plain(block.verdict).startswith("证据不足：")
        assert block.rows == ()
