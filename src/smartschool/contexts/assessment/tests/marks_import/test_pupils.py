"""Whom a row means: by number, by class and seat, by a name that only one pupil has."""

import numpy as np
import pytest

from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.tests.marks_import.files import (
    GOOD,
    codes,
    data_of,
    load,
    warnings,
    wide,
)
from smartschool.contexts.assessment.tests.world import World
from smartschool.contexts.directory.models import Enrolment

pytestmark = pytest.mark.django_db


def test_class_and_number_or_a_unique_name_identify_too(world: World, paper: Paper) -> None:
    rows: list[list[object]] = [["班级", "学号", "姓名", "1", "2", "3(1)"]]
    rows += [
        ["七（2）班", 3, "学生23", 3, 4, 5],
        ["702", "2", "", 0, 0, 0],
        ["七年级1班", "", "学生11", 3, 0, 1],
        ["七（1）班", 2, "学生13", 3, 4, 5],
        ["七（9）班", 1, "", 3, 4, 5],
    ]
    report = load(world, paper, rows, accept_partial=True)
    assert codes(report) == [(5, "学号", "name_contradicts_number"), (6, "学号", "unknown_pupil")]
    data = data_of(world, paper)
    seats = [(int(c), int(n)) for c, n in zip(data.class_ids, data.class_numbers, strict=True)]
    one, two = (c.pk for c in world.classes)
    assert seats == [(one, 1), (two, 2), (two, 3)]
    np.testing.assert_array_equal(data.marks, [[3, 0, 1], [0, 0, 0], [3, 4, 5]])


def test_namesakes_are_never_chosen_between(world: World, paper: Paper) -> None:
    with world.scope():
        Enrolment.objects.filter(pk__in=[p.enrolment_id for p in world.pupils[:2]]).update(name="李明")
    report = load(world, paper, [["姓名", "1", "2", "3(1)", "总分"], ["李明", 3, 4, 5, 12]])
    assert codes(report) == [(2, "姓名", "ambiguous_pupil")]


def test_a_name_that_is_not_the_numbers_is_warned_of(world: World, paper: Paper) -> None:
    rows = wide(world, GOOD)
    rows[2][1], rows[4][1] = "学生23", "学生·某"
    report = load(world, paper, rows)
    assert warnings(report) == [(3, "姓名", "name_differs"), (5, "姓名", "name_differs")]
    assert (report.applied, report.refused) == (6, 0)


def test_a_column_sorted_without_the_others_stops_the_file(world: World, paper: Paper) -> None:
    rows = wide(world, GOOD)
    names = [row[1] for row in rows[2:]]
    for row, name in zip(rows[2:], [*names[1:], names[0]], strict=True):
        row[1] = name
    assert codes(load(world, paper, rows)) == [(0, "", "names_shifted")]
    assert len(data_of(world, paper).attempt_ids) == 0


def test_pupils_of_another_grade_stop_the_file(world: World, paper: Paper) -> None:
    with world.scope():
        Enrolment.objects.filter(pk__in=[p.enrolment_id for p in world.pupils]).update(entry_year=2025)
    assert codes(load(world, paper, wide(world, GOOD))) == [(0, "", "other_grade")]
