"""Figures of an analysis recomputed by plain NumPy; versions, differences, and what is left alone."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.assessment.models import Attempt, Paper
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.models import AnalysisRun, ClassFigure, ItemFigure, PupilReport
from smartschool.kernel import clock
from smartschool.kernel.models import AuditRecord, Event

pytestmark = pytest.mark.django_db


def fill(world: World, paper: Paper, marks: np.ndarray, *, absent: tuple[int, ...] = ()) -> None:
    """One attempt a pupil; NaN becomes a blank."""
    Attempt.objects.bulk_create(
        Attempt(
            organisation=world.school,
            paper=paper,
            enrolment=place.enrolment,
            home_class=place.home_class,
            class_number=place.class_number,
            status=1 if row in absent else 0,
            marks=[float("nan")] * marks.shape[1] if row in absent else marks[row].tolist(),
            states=[3] * marks.shape[1]
            if row in absent
            else [1 if np.isnan(value) else 0 for value in marks[row]],
            source="seed",
        )
        for row, place in enumerate(world.pupils)
    )
    Paper.objects.filter(pk=paper.pk).update(marks_at=clock.now())


@pytest.fixture
def analysed() -> tuple[World, Paper, np.ndarray, AnalysisRun]:
    world = build(classes=2, pupils=30)
    rng = np.random.default_rng(11)
    ability = rng.normal(size=60)
    full = np.array([4.0, 4.0, 10.0, 6.0, 8.0, 8.0])
    hard = np.array([-1.0, 0.0, 0.5, 0.2, 1.0, -0.4])
    marks = np.round(full / (1 + np.exp(hard - ability[:, None] + rng.normal(size=(60, 6)) * 0.7)))
    marks[4, 2] = np.nan
    with world.scope():
        paper = world.paper([{"full_score": value} for value in full])
        fill(world, paper, marks, absent=(7,))
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        assert run is not None
    return world, paper, marks, run


def class_figures(run: AnalysisRun, home_class: object) -> stored.GroupFigures:
    row = ClassFigure.objects.get(run=run, home_class=home_class)
    return stored.load(row.numbers, row.words)


def test_every_figure_of_a_class_by_numpy(analysed):
    world, _, marks, run = analysed
    with world.scope():
        found = class_figures(run, world.classes[0])
        whole = class_figures(run, None)
    full = np.array([4.0, 4.0, 10.0, 6.0, 8.0, 8.0])
    own = np.delete(marks[:30], 7, axis=0)
    totals = np.nansum(own, axis=1) / full.sum()
    assert (found.n_listed, found.n_present, found.n_totals) == (30, 29, 29)
    assert isinstance(found.mean, Estimate)
    assert found.mean.value == pytest.approx(totals.mean(), abs=1e-6)
    assert found.quartiles == pytest.approx(np.quantile(totals, [0.25, 0.5, 0.75]), abs=1e-6)
    assert found.passed == int((totals >= 0.6 - 1e-9).sum())
    edges = np.array([0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    bounds = zip([-1, *edges], [*edges, 2], strict=True)
    assert list(found.bins) == [
        int(((totals + 1e-9 >= low) & (totals + 1e-9 < high)).sum()) for low, high in bounds
    ]
    for j in range(6):
        item = found.items[j]
        column = own[:, j]
        assert item.facility.value == pytest.approx(np.nanmean(column) / full[j], abs=1e-9)
        assert item.lost == int((np.isnan(column) | (column < full[j])).sum())
        assert item.blank == int(np.isnan(column).sum())
        assert item.n == 29
    complete = marks[30:]
    with world.scope():
        second = class_figures(run, world.classes[1])
    rest = complete.sum(axis=1) - complete[:, 2]
    assert second.items[2].rest.value == pytest.approx(np.corrcoef(complete[:, 2], rest)[0, 1], abs=1e-9)
    # knowledge point 0 is examined by items 0 and 3
    share = complete[:, [0, 3]].sum(axis=1) / full[[0, 3]].sum()
    assert second.points[0].share.value == pytest.approx(share.mean(), abs=1e-9)
    assert second.points[0].lost == int((complete[:, [0, 3]] < full[[0, 3]]).any(axis=1).sum())
    assert sum(second.points[0].states) == 30
    assert whole.n_present == 59
    assert sum(whole.bins) == 59


def test_reliability_is_that_of_the_whole_paper():
    world = build(classes=2, pupils=30)
    rng = np.random.default_rng(5)
    marks = np.clip(np.round(rng.normal(size=(60, 1)) + rng.normal(size=(60, 6)) + 2), 0, 4)
    with world.scope():
        paper = world.paper([{"full_score": 4}] * 6)
        fill(world, paper, marks)
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        found = class_figures(run, world.classes[1])
    alpha = 6 / 5 * (1 - marks.var(axis=0, ddof=1).sum() / marks.sum(axis=1).var(ddof=1))
    assert found.alpha.value == pytest.approx(alpha, abs=1e-9)


def test_groups_are_thirds_of_the_class_with_ties_shared(analysed):
    world, _, marks, run = analysed
    with world.scope():
        second = class_figures(run, world.classes[1])
    own = marks[30:]
    totals = own.sum(axis=1)
    low, top = 0.0, 0.0
    for value in np.unique(totals):
        tied = np.flatnonzero(totals == value)
        before = int((totals < value).sum())
        share_low = max(min(before + len(tied), 10) - before, 0) / len(tied)
        share_top = max(before + len(tied) - max(before, 20), 0) / len(tied)
        low += share_low * own[tied, 0].sum() / 4.0
        top += share_top * own[tied, 0].sum() / 4.0
    assert second.items[0].groups is not None
    assert second.items[0].groups[0] == pytest.approx(low / 10, abs=1e-9)
    assert second.items[0].groups[2] == pytest.approx(top / 10, abs=1e-9)
    assert second.group_sizes == (10, 10, 10)


def test_own_reports_and_item_sums(analysed):
    world, _, marks, run = analysed
    full = np.array([4.0, 4.0, 10.0, 6.0, 8.0, 8.0])
    with world.scope():
        reports = list(PupilReport.objects.filter(run=run).order_by("home_class_id", "class_number"))
        sums = list(ItemFigure.objects.filter(run=run).order_by("position"))
    assert len(reports) == 60
    assert reports[7].level is None
    assert reports[7].status == 1
    assert reports[7].states == []
    for row, report in enumerate(reports):
        if row == 7:
            continue
        share = np.nansum(marks[row]) / full.sum()
        assert report.share == pytest.approx(share, abs=1e-6)
        assert report.level == sum(share < low - 1e-9 for low in (0.85, 0.70, 0.60))
        assert len(report.states) == 3
    present = np.delete(marks, 7, axis=0) / full
    for j, row in enumerate(sums):
        assert row.n == int(np.isfinite(present[:, j]).sum())
        assert row.share_sum == pytest.approx(np.nansum(present[:, j]), abs=1e-6)
        assert row.share_squares == pytest.approx(np.nansum(present[:, j] ** 2), abs=1e-6)


def test_unchanged_input_writes_nothing(analysed):
    world, paper, _, run = analysed
    with world.scope():
        again = analyse_paper(actor=world.actor, paper_id=paper.pk)
        assert again.pk == run.pk
        assert AnalysisRun.objects.filter(paper=paper).count() == 1
    assert Event.objects.filter(type="diagnosis.paper_analysed", organisation_id=world.school.pk).count() == 1
    last = AuditRecord.objects.filter(verb="diagnosis.analyse_paper").order_by("-pk").first()
    assert last.data == {"unchanged": True}


def test_correction_keeps_the_old_version_and_says_what_moved(analysed):
    world, paper, marks, run = analysed
    with world.scope():
        attempt = Attempt.objects.get(paper=paper, enrolment=world.pupils[30].enrolment)
        attempt.marks = [0.0, *attempt.marks[1:]]
        attempt.save()
        new = analyse_paper(
            actor=world.actor, paper_id=paper.pk, trigger=AnalysisRun.Trigger.CORRECTION, reason="第 1 题改分"
        )
        assert new.number == 2
        run.refresh_from_db()
        assert not run.current
        assert new.current
        assert [row[0] for row in new.changes["items"]] == ["第 1 题得分率"]
        assert PupilReport.objects.filter(run=run).count() == 60
        old, fresh = class_figures(run, world.classes[1]), class_figures(new, world.classes[1])
        assert old.items[0].facility.value - fresh.items[0].facility.value == pytest.approx(
            marks[30, 0] / 4 / 30
        )


def test_a_village_class_has_no_groups_and_no_discrimination():
    world = build(classes=1, pupils=8)
    rng = np.random.default_rng(3)
    with world.scope():
        paper = world.paper([{"full_score": 4}] * 5)
        fill(world, paper, rng.integers(0, 5, size=(8, 5)).astype(float))
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        found = class_figures(run, world.classes[0])
    assert found.group_sizes is None
    assert all(item.groups is None for item in found.items)
    assert all(isinstance(item.discrimination, Insufficient) for item in found.items)
    assert run.n_classes == 1


def test_totals_only_paper_has_levels_and_no_items():
    world = build(classes=1, pupils=30)
    with world.scope():
        paper = world.paper([], full_score=120)
        Paper.objects.filter(pk=paper.pk).update(item_marks=False)
        Attempt.objects.bulk_create(
            Attempt(
                organisation=world.school,
                paper=paper,
                enrolment=place.enrolment,
                home_class=place.home_class,
                class_number=place.class_number,
                marks=[],
                states=[],
                stated_total=60 + 2 * row,
                source="seed",
            )
            for row, place in enumerate(world.pupils)
        )
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        found = class_figures(run, world.classes[0])
        report = PupilReport.objects.filter(run=run).order_by("class_number").last()
    assert found.items == ()
    assert found.mean.value == pytest.approx(np.mean(60 + 2 * np.arange(30)) / 120)
    assert report.level == 0
    assert report.share == pytest.approx(118 / 120, abs=1e-6)


def test_exam_day_stands_in_the_version(analysed):
    assert analysed[3].held_on == date(2027, 1, 20)


def test_key_items_only_is_known_to_be_partial():
    world = build(classes=1, pupils=30)
    rng = np.random.default_rng(8)
    marks = rng.integers(0, 5, size=(30, 6)).astype(float)
    with world.scope():
        paper = world.paper([{"full_score": 4}] * 6)
        Attempt.objects.bulk_create(
            Attempt(
                organisation=world.school,
                paper=paper,
                enrolment=place.enrolment,
                home_class=place.home_class,
                class_number=place.class_number,
                marks=[*marks[row, :5].tolist(), float("nan")],
                states=[0, 0, 0, 0, 0, 2],
                stated_total=float(marks[row].sum()),
                source="tap",
            )
            for row, place in enumerate(world.pupils)
        )
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        found = class_figures(run, world.classes[0])
    assert run.sketch["complete"] is False
    assert isinstance(found.items[5].facility, Insufficient)
    assert found.items[5].n == 0
    assert found.mean.value == pytest.approx(marks.sum(axis=1).mean() / 24)
    assert found.items[0].facility.value == pytest.approx(marks[:, 0].mean() / 4)


def test_absent_deferred_and_exempt_are_not_zero():
    world = build(classes=1, pupils=30)
    rng = np.random.default_rng(8)
    marks = rng.integers(1, 5, size=(30, 6)).astype(float)
    with world.scope():
        paper = world.paper([{"full_score": 4}] * 6)
        fill(world, paper, marks, absent=(0, 1, 2))
        for row, status in ((1, 2), (2, 3)):
            Attempt.objects.filter(paper=paper, enrolment=world.pupils[row].enrolment).update(status=status)
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        found = class_figures(run, world.classes[0])
        away = PupilReport.objects.filter(run=run, class_number__lte=3)
        assert {row.level for row in away} == {None}
    assert (found.n_listed, found.n_present) == (30, 27)
    assert found.mean.value == pytest.approx(marks[3:].sum(axis=1).mean() / 24)


def test_an_item_that_favours_girls_of_equal_attainment_is_named():
    world = build(classes=4, pupils=40)
    rng = np.random.default_rng(21)
    girl = np.arange(160) % 2 == 1
    ability = rng.normal(size=(160, 1))
    chance = 1 / (1 + np.exp(-1.2 * ability - 0.3))
    marks = 4.0 * (rng.random((160, 15)) < chance)
    marks[:, 7] = 4.0 * (rng.random(160) < 1 / (1 + np.exp(-1.2 * ability[:, 0] - np.where(girl, 1.6, -0.9))))
    with world.scope():
        for row, place in enumerate(world.pupils):
            place.enrolment.sex = "2" if girl[row] else "1"
            place.enrolment.save()
        paper = world.paper([{"full_score": 4}] * 15)
        fill(world, paper, marks)
        day = date(2027, 1, 20)
        with clock.frozen(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
            run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        found = class_figures(run, world.classes[0])
    assert [item.easier_for for item in found.items] == [""] * 7 + ["female"] + [""] * 7


def test_of_one_pupil_and_of_nobody_nothing_is_said() -> None:
    """Class 1: three of four with marks (of one nothing was entered); class 2: one; class 3: nobody.

    Each point is worth one mark of one item: the least that there is.
    """
    world = build(classes=3, pupils=4)
    marks = np.random.default_rng(3).integers(0, 2, (12, 3)).astype(float)
    with world.scope():
        paper = world.paper([{"full_score": 1}] * 3)
        fill(world, paper, marks, absent=(5, 6, 7, 8, 9, 10, 11))
        Attempt.objects.filter(paper=paper, enrolment=world.pupils[0].enrolment).update(
            marks=[float("nan")] * 3, states=[2] * 3
        )
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        assert run is not None
        groups = [class_figures(run, one) for one in (None, *world.classes)]
    assert [(one.n_listed, one.n_present, one.n_totals) for one in groups] == [
        (12, 4, 4),
        (4, 3, 3),
        (4, 1, 1),
        (4, 0, 0),
    ]
    for point in groups[2].points:
        assert point.share == Insufficient(Reason.TOO_FEW_PUPILS, 1)
    for point in groups[3].points:
        assert point.share == Insufficient(Reason.NO_RESPONSES, 0)
        assert (point.n, point.lost, point.states, point.groups) == (0, 0, (0, 0, 0, 0), None)
    for item in groups[3].items:
        assert (item.n, item.lost, item.blank) == (0, 0, 0)
        assert item.facility == Insufficient(Reason.NO_RESPONSES, 0)
    assert isinstance(groups[3].mean, Insufficient)
    for k, point in enumerate(groups[1].points):
        assert isinstance(point.share, Estimate)
        assert point.share.value == pytest.approx(marks[1:4, k].sum() / 3)
        assert (point.n, point.lost) == (3, int((marks[1:4, k] < 1).sum()))


def test_thirds_of_a_point_that_is_worth_one_mark() -> None:
    """Thirty pupils whose totals all differ: ten in each third, by the order of their totals."""
    world = build(classes=1, pupils=30)
    rng = np.random.default_rng(12)
    place = rng.permutation(30)  # pupil i stands at place[i] of the totals
    marks = np.column_stack([rng.integers(0, 2, 30), place, 2 * place]).astype(float)
    with world.scope():
        paper = world.paper([{"full_score": full} for full in (1, 40, 60)])
        fill(world, paper, marks)
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        assert run is not None
        figures = class_figures(run, world.classes[0])
    assert figures.group_sizes == (10, 10, 10)
    for k, full in enumerate((1, 40, 60)):
        means = [marks[place // 10 == third, k].mean() / full for third in range(3)]
        assert figures.points[k].groups == pytest.approx(means)
        assert figures.items[k].groups == pytest.approx(means)
