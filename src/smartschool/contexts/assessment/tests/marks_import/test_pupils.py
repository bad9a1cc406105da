"""Whom a row means: by number, by class and seat, by a name that only one pupil has."""

import numpy as np
import pytest

from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.tests.marks_import.files import (
    GOOD,
    codes,
    data_of,
    g_number,
    load,
    warnings,
    wide,
)
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.contexts.directory.models import Enrolment
from smartschool.contexts.directory.public.hashes import id_hash

pytestmark = pytest.mark.django_db


def test_class_and_number_or_a_unique_name_identify_too(world: World, paper: Paper) -> None:
    rows: list[list[object]] = [["班级", "学号", "姓名", "1", "2", "3(1)"]]
    rows += [
        ["七（2）班", 3, "学生23", 3, 4, 5],
        ["702", "2", "", 0, 0, 0],
        ["七年级1班", "", "学生11", 3, 0, 1],
        ["七（1）班", 2, "学生13", 3, 4, 5],
        ["七（9）班", 1, "", 3, 4, 5],
        ["七（1）班", 9, "学生13", 3, 4, 5],  # nobody sits there: the name is not asked for another seat
    ]
    report = load(world, paper, rows, accept_partial=True)
    assert codes(report) == [
        (5, "学号", "name_contradicts_number"),
        (6, "学号", "unknown_pupil"),
        (7, "学号", "unknown_pupil"),
    ]
    data = data_of(world, paper)
    seats = [(int(c), int(n)) for c, n in zip(data.class_ids, data.class_numbers, strict=True)]
    one, two = (c.pk for c in world.classes)
    assert seats == [(one, 1), (two, 2), (two, 3)]
    np.testing.assert_array_equal(data.marks, [[3, 0, 1], [0, 0, 0], [3, 4, 5]])


@pytest.mark.parametrize(
    "spelled",
    ["七（{han}）班", "初一{n}班", "初一（{n}）班", "七.{n}", "{han}班", "七年级{han}班", "2026级{n}班"],
)
@pytest.mark.parametrize("head", ["班级", "班号", "行政班级", "所在班"])
def test_classes_as_schools_write_them(world: World, paper: Paper, spelled: str, head: str) -> None:
    rows: list[list[object]] = [[head, "座位号", "1", "2", "3(1)"]]
    for place, own in enumerate(GOOD):
        words = spelled.format(n=place // 3 + 1, han="一二"[place // 3])
        rows.append([words, place % 3 + 1, *own])
    assert load(world, paper, rows).faults == ()
    np.testing.assert_array_equal(data_of(world, paper).marks, GOOD)


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


@pytest.fixture
def many() -> tuple[World, Paper]:
    """The only class of its grade, of 24 with G numbers."""
    world = build(classes=1, pupils=24)
    with world.scope():
        for serial, place in enumerate(world.pupils):
            Enrolment.objects.filter(pk=place.enrolment_id).update(id_hash=id_hash(g_number(serial)[1:]))
        paper = world.paper([{"full_score": 4}, {"full_score": 5}])
    return world, paper


def test_the_only_class_need_not_be_named(many: tuple[World, Paper]) -> None:
    world, paper = many
    report = load(world, paper, [["学号", "1", "2"], [3, 4, 0], [17, 1, 5]])
    assert (report.faults, report.warnings) == ((), ())
    data = data_of(world, paper)
    assert data.class_numbers.tolist() == [3, 17]
    np.testing.assert_array_equal(data.marks, [[4, 0], [1, 5]])


def test_more_than_twenty_names_that_differ_are_one_sentence_at_the_first(
    many: tuple[World, Paper],
) -> None:
    world, paper = many
    rows: list[list[object]] = [["学籍号", "姓名", "1", "2"]]
    rows += [[g_number(n), "学生1" + ("1" if n == 0 else f"{n + 1}某"), 4, 5] for n in range(24)]
    report = load(world, paper, rows)
    assert warnings(report) == [(3, "姓名", "name_differs")]
    assert "有 23 行" in report.warnings[0].message
    assert (report.applied, report.refused) == (24, 0)
    report = load(world, paper, rows[:1] + rows[2:22])
    assert [row for row, _, _ in warnings(report)] == list(range(2, 22)), "twenty are told one by one"
