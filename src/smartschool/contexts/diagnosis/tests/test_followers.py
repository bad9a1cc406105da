"""From committed marks to a report: one job a paper, and a second run changes nothing."""

import json

import pytest
from django.db import connection, transaction

from smartschool.contexts.assessment.models import Attempt
from smartschool.contexts.assessment.public.events import MARKS_COMMITTED, PAPER_CORRECTED
from smartschool.contexts.diagnosis import followers, tasks
from smartschool.contexts.diagnosis.models import AnalysisRun
from smartschool.contexts.diagnosis.tests import school
from smartschool.kernel import events
from smartschool.kernel.scope import scope_of
from smartschool.kernel.tests.settled import wait_until_settled


def queued() -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args::text FROM procrastinate_jobs"
            " WHERE task_name = 'diagnosis.analyse_paper' AND status = 'todo'"
        )
        return [json.loads(row[0]) for row in cursor.fetchall()]


@pytest.fixture
def world(fresh_database: str) -> school.District:
    made = school.build()
    wait_until_settled()
    with transaction.atomic():
        while followers.follow():
            pass
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
    return made


def happen(world: school.District, kind: str, paper: str) -> None:
    key = world.papers[paper].pk
    with transaction.atomic():
        events.publish(
            kind, subject_id=str(key), organisation_id=world.town.pk, ids={"paper": key, "items": [0]}
        )


def test_marks_become_a_report_and_nothing_is_done_twice(world: school.District) -> None:
    for kind in (MARKS_COMMITTED, MARKS_COMMITTED, PAPER_CORRECTED):
        happen(world, kind, "final")
    happen(world, MARKS_COMMITTED, "midterm")
    wait_until_settled()
    assert followers.follow() == 4
    jobs = queued()
    assert {job["paper"]: job["trigger"] for job in jobs} == {
        world.papers["final"].pk: "correction",
        world.papers["midterm"].pk: "marks",
    }
    assert len(jobs) == 2
    happen(world, MARKS_COMMITTED, "final")
    wait_until_settled()
    followers.follow()
    assert len(queued()) == 2, "the waiting job will see these marks too"
    assert followers.follow() == 0

    with transaction.atomic(), scope_of([world.town.pk]):
        attempt = Attempt.objects.filter(paper=world.papers["final"]).first()
        assert attempt is not None
        attempt.marks = [0.0, *attempt.marks[1:]] if attempt.marks[0] else [3.0, *attempt.marks[1:]]
        attempt.save()
    for job in jobs + jobs:
        tasks.analyse(**job)
    with transaction.atomic(), scope_of([world.town.pk]):
        numbers = {
            paper: AnalysisRun.objects.get(paper=world.papers[paper], current=True).number
            for paper in ("final", "midterm")
        }
    assert numbers == {"final": 2, "midterm": 1}


def test_a_correction_that_meets_a_waiting_analysis_is_told_all_the_same(world: school.District) -> None:
    """The job that waited was queued for marks that arrive: what it changed had stood nowhere."""
    happen(world, MARKS_COMMITTED, "midterm")
    wait_until_settled()
    followers.follow()
    with transaction.atomic(), scope_of([world.town.pk]):
        attempt = Attempt.objects.filter(paper=world.papers["midterm"]).first()
        assert attempt is not None
        attempt.marks = [3.0 - attempt.marks[0], *attempt.marks[1:]]
        attempt.save()
    happen(world, PAPER_CORRECTED, "midterm")
    wait_until_settled()
    followers.follow()
    (job,) = queued()
    assert job["trigger"] == "marks"
    tasks.analyse(**job)
    with transaction.atomic(), scope_of([world.town.pk]):
        run = AnalysisRun.objects.get(paper=world.papers["midterm"], current=True)
    assert run.number == 2
    assert run.changes is not None
    assert [what for what, _, _ in run.changes["items"]] == ["第 1 题得分率"]
