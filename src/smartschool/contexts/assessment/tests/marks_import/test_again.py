"""The same file again, a corrected file, undo, and the number of queries."""

from dataclasses import replace

import numpy as np
import pytest

from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.models import MarkCorrection, Paper
from smartschool.contexts.assessment.tests.marks_import.files import GOOD, ROWS, data_of, load, warnings, wide
from smartschool.contexts.assessment.tests.world import World
from smartschool.contexts.exchange.public.doors import undo_import
from smartschool.kernel.actor import system_actor
from smartschool.kernel.models import Event

pytestmark = pytest.mark.django_db


def test_the_same_file_again_changes_nothing_and_a_corrected_one_only_its_row(
    world: World, paper: Paper
) -> None:
    load(world, paper, wide(world, GOOD))
    again = load(world, paper, wide(world, GOOD))
    assert (again.applied, again.unchanged) == (0, 6)
    changed = [list(row) for row in GOOD]
    changed[4][2] = 4.5
    report = load(world, paper, wide(world, changed))
    assert (report.applied, report.changed, report.unchanged) == (1, 1, 5)
    with world.scope():
        assert MarkCorrection.objects.get().marks == [3, 2, 4]


def test_undo_takes_the_batch_back(world: World, paper: Paper) -> None:
    first = load(world, paper, wide(world, GOOD[:3]))
    changed = [list(row) for row in GOOD]
    changed[0][0] = 0
    second = load(world, paper, wide(world, changed))
    assert (second.added, second.changed) == (3, 1)
    assert undo_import(actor=system_actor("checks"), run_code=second.run).done == 4
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD[:3])
    told = Event.objects.filter(type="assessment.marks_committed", subject_id=str(paper.pk))
    assert told.count() == 3
    third = load(world, paper, wide(world, changed))
    assert (third.added, third.changed) == (3, 1)
    assert undo_import(actor=system_actor("checks"), run_code=first.run).blocked != ()


def test_a_hundred_rows_cost_no_more_queries_than_three(world: World, paper: Paper) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        load(world, paper, wide(world, GOOD[:1]))
    with world.scope():
        second = world.paper([], subject="13", exam=paper.exam, full_score=12)
        save_blueprint(
            actor=world.actor,
            paper=second,
            rows=[replace(row, points=()) for row in ROWS],
            full_score=12,
            base_revision=1,
        )
    with CaptureQueriesContext(connection) as many:
        load(world, second, wide(world, GOOD))
    assert len(many) == len(few)


def totals(world: World, values: list[object]) -> list[list[object]]:
    return [
        ["学籍号", "总分"],
        *([row[0], value] for row, value in zip(wide(world, GOOD)[2:], values, strict=True)),
    ]


def test_a_sheet_of_totals_takes_no_item_marks_away(world: World, paper: Paper) -> None:
    load(world, paper, wide(world, GOOD))
    report = load(world, paper, totals(world, [12, 3.5, 3, 6, 9, 11]))
    assert warnings(report) == [(7, "总分", "total_differs")]
    data = data_of(world, paper)
    np.testing.assert_array_equal(data.marks, GOOD)
    assert data.stated_totals.tolist() == [12, 3.5, 3, 6, 9, 11]
    assert load(world, paper, totals(world, [12, 3.5, 3, 6, 9, 11])).unchanged == 6
    assert load(world, paper, wide(world, GOOD)).unchanged == 6
    assert data_of(world, paper).stated_totals.tolist() == [12, 3.5, 3, 6, 9, 11]


def test_halves_of_the_items_come_one_after_the_other(world: World, paper: Paper) -> None:
    for items in ([0], [2, 1]):
        part = [[row[item] for item in items] for row in GOOD]
        head = [["1", "2", "3(1)"][item] for item in items]
        load(world, paper, wide(world, part, head=head))
    data = data_of(world, paper)
    np.testing.assert_array_equal(data.marks, GOOD)
    assert (data.states == 0).all()


def test_who_was_away_stays_so_where_a_later_sheet_says_nothing(world: World, paper: Paper) -> None:
    away = wide(world, GOOD)
    away[3][2:] = ["缺考", "", ""]
    load(world, paper, away)
    assert load(world, paper, totals(world, [12, "", 3, 5, 9, 10])).changed == 5
    assert data_of(world, paper).statuses.tolist() == [0, 1, 0, 0, 0, 0]
    load(world, paper, wide(world, GOOD))
    assert data_of(world, paper).statuses.tolist() == [0] * 6


def test_undo_of_a_correction_leaves_the_other_papers_of_the_same_pupils(world: World, paper: Paper) -> None:
    """Marks of another paper that came in since are none of its business, and do not hold it up."""
    with world.scope():
        other = world.paper([], subject="13", exam=paper.exam, full_score=12)
        save_blueprint(
            actor=world.actor,
            paper=other,
            rows=[replace(row, points=()) for row in ROWS],
            full_score=12,
            base_revision=1,
        )
    for one in (paper, other):
        load(world, one, wide(world, GOOD))
    changed = [list(row) for row in GOOD]
    changed[0][0] = 0
    second = load(world, paper, wide(world, changed))
    changed[0][1] = 2
    load(world, other, wide(world, changed))
    undone = undo_import(actor=system_actor("checks"), run_code=second.run)
    assert (undone.done, undone.blocked) == (1, ())
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)
    np.testing.assert_array_equal(data_of(world, other).marks, changed)
