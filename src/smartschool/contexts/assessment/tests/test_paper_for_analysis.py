"""The arrays of one paper equal what the ORM reads row by row; two queries; other schools see nothing."""

import math

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from smartschool.contexts.assessment.models import Attempt, Paper
from smartschool.contexts.assessment.public.contracts import MarkState
from smartschool.contexts.assessment.public.doors import paper_for_analysis, papers
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.kernel.errors import NotYours
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.django_db
ITEMS: list[dict[str, object]] = [
    {"full_score": 3, "type": "single", "key": "A", "options": "ABCD"},
    {"full_score": 3, "type": "multiple", "key": "AC", "options": "ABCD"},
    {"full_score": 4.5},
]


@pytest.fixture
def world() -> World:
    return build()


def fill(world: World, paper: Paper, *, with_choices: bool = True) -> None:
    rng = np.random.default_rng(3)
    # Written from the last pupil to the first: the order of the answer must not be that of writing.
    for index, place in reversed(list(enumerate(world.pupils))):
        absent = index == 3
        marks = [float(rng.integers(0, 4)), 3.0, rng.integers(0, 10) / 2]
        Attempt.objects.create(
            organisation=world.school,
            paper=paper,
            enrolment=place.enrolment,
            home_class=place.home_class,
            class_number=place.class_number,
            status=1 if absent else 0,
            marks=[math.nan] * 3 if absent else marks,
            states=[MarkState.ABSENT] * 3 if absent else [0, 0, 0],
            choices=["B", "AC", ""] if with_choices and not absent else [],
            stated_total=math.nan if absent else sum(marks),
            source=Attempt.Source.SEED,
        )


def test_arrays_equal_the_rows(world: World) -> None:
    with world.scope():
        paper = world.paper(ITEMS)
        fill(world, paper)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            data = paper_for_analysis(paper.pk)
        rows = list(Attempt.objects.filter(paper=paper).order_by("home_class", "class_number"))
    assert len(queries) == 2  # the paper and its items; the block is read past Django
    assert data.attempt_ids.tolist() == [row.pk for row in rows]
    assert data.enrolment_ids.tolist() == [row.enrolment_id for row in rows]
    assert data.class_ids.tolist() == [row.home_class_id for row in rows]
    assert data.class_numbers.tolist() == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]
    assert data.statuses.tolist() == [row.status for row in rows]
    np.testing.assert_array_equal(data.marks, np.array([row.marks for row in rows]))
    np.testing.assert_array_equal(data.states, np.array([row.states for row in rows]))
    assert data.choices is not None
    assert data.choices[0].tolist() == ["B", "AC", ""]
    assert data.choices[3].tolist() == ["", "", ""]
    assert np.isnan(data.stated_totals[3])
    assert [item.full for item in data.items] == data.full_scores.tolist() == [3, 3, 4.5]
    assert data.point_ids == tuple(point.pk for point in world.points)
    assert data.weights.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert data.paper.full_score == 10.5


def test_one_class_and_no_choices(world: World) -> None:
    with world.scope():
        paper = world.paper(ITEMS)
        fill(world, paper, with_choices=False)
        data = paper_for_analysis(paper.pk, class_ids=[world.classes[1].pk])
    assert set(data.class_ids.tolist()) == {world.classes[1].pk}
    assert data.marks.shape == (5, 3)
    assert data.choices is None


def test_no_attempts_and_no_items(world: World) -> None:
    with world.scope():
        paper = world.paper(ITEMS)
        assert paper_for_analysis(paper.pk).marks.shape == (0, 3)
        bare = world.paper([], subject="13", exam=paper.exam, full_score=100)
        assert paper_for_analysis(bare.pk).marks.shape == (0, 0)


def test_another_school_sees_no_paper_and_the_district_no_attempt(world: World) -> None:
    with world.scope():
        paper = world.paper(ITEMS)
        fill(world, paper)
    with scope_of([world.other.pk]), pytest.raises(NotYours):
        paper_for_analysis(paper.pk)
    scope = scope_of([world.bureau.pk])
    scope.aggregate |= {world.school.pk}
    with scope:
        assert paper_for_analysis(paper.pk).marks.shape == (0, 3)


def test_list_of_papers(world: World) -> None:
    with world.scope():
        paper = world.paper(ITEMS)
        assert papers() == []
        fill(world, paper)
        assert [p.code for p in papers(with_marks=False, class_ids=[world.classes[0].pk])] == [paper.code]
        assert papers(with_marks=False, subjects=["13"]) == []
        assert papers(with_marks=False)[0].n_items == 3
