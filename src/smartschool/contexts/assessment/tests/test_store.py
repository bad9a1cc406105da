"""Blocks come back as they were written; a change keeps the former state; strangers' rows are refused."""

import numpy as np
import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.models import Attempt, MarkCorrection, Paper
from smartschool.contexts.assessment.public.doors import paper_for_analysis
from smartschool.contexts.assessment.store import Written, write_attempts
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build(classes=1, pupils=4)


def block_of(world: World, marks: np.ndarray, choices: np.ndarray | None = None) -> AttemptBlock:
    places = world.pupils[: len(marks)]
    return AttemptBlock(
        enrolment_ids=np.array([p.enrolment_id for p in places], np.int64),
        class_ids=np.array([p.home_class_id for p in places], np.int64),
        class_numbers=np.array([p.class_number for p in places], np.int16),
        statuses=np.zeros(len(marks), np.int8),
        marks=marks,
        states=np.where(np.isnan(marks), 1, 0).astype(np.int8),
        choices=choices,
        stated_totals=np.nansum(marks, axis=1),
    )


def write(world: World, paper: Paper, block: AttemptBlock, organisation_id: int | None = None) -> Written:
    return write_attempts(
        block,
        organisation_id=organisation_id or world.school.pk,
        paper_id=paper.pk,
        source="import",
        reason="重新阅卷",
        account_id=7,
    )


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_round_trip(data: st.DataObject) -> None:
    with transaction.atomic():
        world = build(classes=1, pupils=4)
        items = data.draw(st.integers(0, 5))
        marks = data.draw(
            hnp.arrays(np.float64, (4, items), elements=st.sampled_from([0, 0.5, 1, 3.25, 100, np.nan]))
        )
        choices = data.draw(
            st.none() | hnp.arrays("U3", (4, items), elements=st.sampled_from(["", "A", "ACD", "-", "T"]))
        )
        with world.scope():
            paper = world.paper([{"full_score": 100}] * items, full_score=100)
            assert write(world, paper, block_of(world, marks, choices)) == Written(4, 0, 0)
            found = paper_for_analysis(paper.pk)
            assert write(world, paper, block_of(world, marks, choices)) == Written(0, 0, 4)
        np.testing.assert_array_equal(found.marks, marks)
        np.testing.assert_array_equal(found.stated_totals, np.nansum(marks, axis=1))
        if choices is None or items == 0:
            assert found.choices is None
        else:
            assert found.choices is not None
            np.testing.assert_array_equal(found.choices, choices)
        transaction.set_rollback(True)


def test_a_change_keeps_what_was(world: World) -> None:
    with world.scope():
        paper = world.paper([{"full_score": 5}] * 2)
        before = np.array([[1.0, 2], [3, 4], [5, 5]])
        write(world, paper, block_of(world, before))
        after = before.copy()
        after[1, 0] = 4.5
        after = np.vstack([after, [0, np.nan]])
        assert write(world, paper, block_of(world, after)) == Written(1, 1, 2)
        former = MarkCorrection.objects.get()
        assert (former.marks, former.revision, former.reason) == ([3, 4], 1, "重新阅卷")
        now = Attempt.objects.get(pk=former.attempt_id)
        assert (now.marks, now.revision) == ([4.5, 4], 2)
        with pytest.raises(ProgrammingError), transaction.atomic():
            MarkCorrection.objects.update(reason="")


def test_writing_for_another_school_is_refused(world: World) -> None:
    with world.scope():
        paper = world.paper([{"full_score": 5}])
    block = block_of(world, np.array([[1.0]]))
    with scope_of([world.other.pk]), pytest.raises(ProgrammingError, match="row-level"), transaction.atomic():
        write(world, paper, block, organisation_id=world.school.pk)
