"""Two people at one paper at the same moment: nothing that was said to be saved is lost."""

from collections.abc import Callable

import numpy as np
import pytest
from django.db import transaction

from smartschool.contexts.assessment import queries
from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.commands.entry import EntryPart, hand_in_entry, save_entry
from smartschool.contexts.assessment.commands.marks import MarkChange, commit_marks, correct_marks
from smartschool.contexts.assessment.models import Attempt, EntryDraft, MarkCorrection, Paper
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel.errors import DomainError
from smartschool.kernel.tests.meanwhile import meanwhile

FULL = [4.0, 4.0, 6.0]


@pytest.fixture
def world(fresh_database: str) -> World:
    with transaction.atomic():
        return build(classes=1, pupils=4)


def test_two_corrections_of_one_pupil_at_once_both_stand(world: World) -> None:
    marks = np.tile(FULL, (4, 1))
    with transaction.atomic(), world.scope():
        paper = world.paper([{"full_score": full} for full in FULL])
        block = AttemptBlock(
            np.array([place.enrolment_id for place in world.pupils]),
            np.array([place.home_class_id for place in world.pupils]),
            np.arange(1, 5, dtype=np.int16),
            np.zeros(4, np.int8),
            marks,
            np.zeros(marks.shape, np.int8),
            None,
            np.full(4, np.nan),
        )
        commit_marks(actor=world.actor, paper=paper, block=block, source="import")
        attempt = Attempt.objects.get(paper=paper, enrolment=world.pupils[1].enrolment).pk

    def correct(position: int, mark: float) -> None:
        correct_marks(
            actor=world.actor,
            paper=Paper.objects.get(pk=paper.pk),
            changes=[MarkChange(attempt, position, mark)],
            reason="复核试卷",
        )

    with meanwhile(world.scope, lambda: correct(2, 1.0)) as raised:
        correct(0, 3.0)
    assert raised == []
    with transaction.atomic(), world.scope():
        assert Attempt.objects.get(pk=attempt).marks == [3.0, 4.0, 1.0]
        assert MarkCorrection.objects.filter(attempt=attempt).count() == 2


@pytest.fixture
def entering(world: World) -> tuple[World, Paper, Callable[..., None], Callable[[], None]]:
    """A paper of which every item is entered; saving one more part; handing in."""
    with transaction.atomic(), world.scope():
        paper = world.paper([{"full_score": full} for full in FULL])
        items = queries.items_of(paper.pk)
        pupils = directory.pupils_of_class(world.classes[0].pk)
    key = world.classes[0].pk

    def save(position: int, lost: dict[int, float]) -> None:
        save_entry(
            actor=world.actor,
            paper=paper,
            home_class_id=key,
            pupils=pupils,
            items=items,
            part=EntryPart(position=position, lost=lost),
        )

    def hand_in() -> None:
        hand_in_entry(actor=world.actor, paper=paper, home_class_id=key, pupils=pupils)

    with transaction.atomic(), world.scope():
        for position in range(3):
            save(position, {})
    return world, paper, save, hand_in


def test_a_part_saved_while_another_hands_in_is_handed_in_too(
    entering: tuple[World, Paper, Callable[..., None], Callable[[], None]],
) -> None:
    world, paper, save, hand_in = entering
    with meanwhile(world.scope, hand_in) as raised:
        save(1, {3: 2.0})
    assert raised == []
    with transaction.atomic(), world.scope():
        marks = Attempt.objects.filter(paper=paper).order_by("class_number").values_list("marks", flat=True)
        assert [row[1] for row in marks] == [4.0, 4.0, 2.0, 4.0]


def test_a_part_saved_after_the_hand_in_is_refused_and_leaves_no_draft(
    entering: tuple[World, Paper, Callable[..., None], Callable[[], None]],
) -> None:
    world, paper, save, hand_in = entering
    with meanwhile(world.scope, lambda: save(1, {3: 2.0})) as raised:
        hand_in()
    assert [error.code for error in raised if isinstance(error, DomainError)] == ["assessment.entry_refused"]
    with transaction.atomic(), world.scope():
        assert not EntryDraft.objects.filter(paper=paper).exists()
