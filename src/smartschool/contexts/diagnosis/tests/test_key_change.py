"""A key that is put right makes anew what it touches, row by row: the versions of rows of all else stay."""

from dataclasses import replace

import numpy as np
from django.db import connection, transaction

from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.commands.marks import commit_marks
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.contexts.diagnosis import followers, tasks
from smartschool.contexts.diagnosis.models import AnalysisRun
from smartschool.contexts.diagnosis.tests.test_followers import queued
from smartschool.kernel.tests.settled import wait_until_settled

ROWS = [
    BlueprintRow("1", ItemType.SINGLE, 3, "A", "ABCD", points=(("T0", 1.0),)),
    BlueprintRow("2", ItemType.SINGLE, 3, "C", "ABCD", points=(("T1", 1.0),)),
    BlueprintRow("3", ItemType.OPEN, 6, points=(("T2", 1.0),)),
]
TABLES = (
    "assessment_attempt",
    "assessment_item",
    "assessment_paper",
    "diagnosis_analysisrun",
    "diagnosis_classfigure",
    "diagnosis_itemfigure",
    "diagnosis_pupilreport",
)


def versions(world: World) -> dict[tuple[str, int], tuple[str, str]]:
    """Where each row stands and which transaction wrote it: any UPDATE, even of nothing, moves it."""
    found = {}
    with transaction.atomic(), world.scope(), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT id, ctid::text, xmin::text FROM {table}")
            found |= {(table, key): (place, writer) for key, place, writer in cursor.fetchall()}
    return found


def mark(world: World, paper: Paper, choices: np.ndarray) -> None:
    """Everybody's options, and marks by the keys of ROWS."""
    rng = np.random.default_rng(1)
    marks = np.column_stack(
        [3.0 * (choices[:, 0] == "A"), 3.0 * (choices[:, 1] == "C"), rng.integers(0, 7, 60)]
    )
    block = AttemptBlock(
        np.array([place.enrolment_id for place in world.pupils]),
        np.array([place.home_class_id for place in world.pupils]),
        np.array([place.class_number for place in world.pupils]),
        np.zeros(60, np.int8),
        marks,
        np.zeros(marks.shape, np.int8),
        choices,
        np.full(60, np.nan),
    )
    commit_marks(actor=world.actor, paper=Paper.objects.get(pk=paper.pk), block=block, source="import")


def save(world: World, paper: Paper, rows: list[BlueprintRow], reason: str = "") -> None:
    revision = Paper.objects.get(pk=paper.pk).revision
    save_blueprint(
        actor=world.actor, paper=paper, rows=rows, full_score=12, base_revision=revision, reason=reason
    )


def work() -> list[int]:
    """Follow the events and carry out the analyses that they ask for; the papers analysed."""
    wait_until_settled()
    while followers.follow():
        pass
    jobs = queued()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    for job in jobs:
        tasks.analyse(**job)
    return [int(str(job["paper"])) for job in jobs]


def test_a_key_change_rewrites_only_what_it_touches(fresh_database: str) -> None:
    with transaction.atomic():
        world = build(classes=2, pupils=30)
        rng = np.random.default_rng(2)
        choices = np.column_stack([rng.choice(list("AB"), 60), rng.choice(list("CD"), 60), np.full(60, "")])
        choices[:10, 0] = "B"
        with world.scope():
            exams = [world.exam(nature=nature) for nature in ("final", "midterm")]
            papers = [world.paper([], exam=exam, full_score=12) for exam in exams]
            for paper in papers:
                save(world, paper, ROWS)
                mark(world, paper, choices)
    work()
    touched, other = papers
    before = versions(world)
    with transaction.atomic(), world.scope():
        save(world, touched, [replace(ROWS[0], key="B"), *ROWS[1:]], reason="答案印错了")
    assert work() == [touched.pk]
    after = versions(world)

    changed = {key for key in before if after.get(key) != before[key]}
    with transaction.atomic(), world.scope():
        runs = {run.paper_id: run for run in AnalysisRun.objects.filter(current=True)}
        former = AnalysisRun.objects.get(paper=touched, current=False)
        attempts = set(touched.attempts.values_list("pk", flat=True))
        item = touched.items.get(position=0).pk
    # Everybody chose A or B, so every attempt of this paper has another mark; the other paper's have not.
    assert {key for table, key in changed if table == "assessment_attempt"} == attempts
    assert {key for table, key in changed if table == "assessment_item"} == {item}
    assert {key for table, key in changed if table == "assessment_paper"} == {touched.pk}
    # The former version stays as it was but for the mark that it is no longer the one in force.
    assert {key for table, key in changed if table == "diagnosis_analysisrun"} == {former.pk}
    assert not {table for table, _ in changed} & {
        "diagnosis_classfigure", "diagnosis_itemfigure", "diagnosis_pupilreport"
    }  # fmt: skip
    new = {table: sum(one == table for one, _ in after.keys() - before.keys()) for table in TABLES}
    assert new == {
        "assessment_attempt": 0,
        "assessment_item": 0,
        "assessment_paper": 0,
        "diagnosis_analysisrun": 1,
        "diagnosis_classfigure": 3,
        "diagnosis_itemfigure": 3,
        "diagnosis_pupilreport": 60,
    }
    assert (runs[touched.pk].number, runs[other.pk].number) == (2, 1)

    # A key that changes nobody's mark changes no attempt: only the table of the paper.
    before = versions(world)
    with transaction.atomic(), world.scope():
        save(world, touched, [replace(ROWS[0], key="B/D"), *ROWS[1:]], reason="两个答案都对")
    assert work() == [touched.pk]
    after = versions(world)
    assert not {table for (table, key) in before if after[table, key] != before[table, key]} & {
        "assessment_attempt", "diagnosis_pupilreport", "diagnosis_classfigure"
    }  # fmt: skip
