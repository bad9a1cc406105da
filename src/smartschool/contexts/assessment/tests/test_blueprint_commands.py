"""Two-way tables before and after marks: replaced, then corrected with the former state kept."""

import math
from dataclasses import replace

import numpy as np
import pytest

from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.commands.blueprint import rows_of, save_blueprint
from smartschool.contexts.assessment.commands.marks import MarkChange, commit_marks, correct_marks
from smartschool.contexts.assessment.errors import (
    BlueprintRefused,
    ItemsFrozen,
    MarksAboveFull,
    ReasonMissing,
)
from smartschool.contexts.assessment.models import MarkCorrection, Paper, PaperRevision
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.assessment.public.doors import items_of, paper_for_analysis
from smartschool.contexts.assessment.store import Written
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.kernel.errors import Changed, DomainError
from smartschool.kernel.models import Event

pytestmark = pytest.mark.django_db
ROWS = [
    BlueprintRow("1", ItemType.SINGLE, 3, "A", "ABCD", points=(("T0", 1.0),)),
    BlueprintRow("2", ItemType.MULTIPLE, 4, "AC", "ABCD", 2, "BANK-7", (("T0", 0.3), ("T1", 0.7))),
    BlueprintRow("3(1)", ItemType.OPEN, 5, points=(("T2", 1.0),)),
]
CHOICES = np.array([["A", "AC", ""], ["B", "A", ""], ["", "-", ""]])


@pytest.fixture
def world() -> World:
    return build(classes=1, pupils=3)


@pytest.fixture
def paper(world: World) -> Paper:
    with world.scope():
        return world.paper([], full_score=12)


def save(world: World, paper: Paper, rows: list[BlueprintRow], reason: str = "", full: float = 12) -> Written:
    revision = Paper.objects.get(pk=paper.pk).revision
    return save_blueprint(
        actor=world.actor, paper=paper, rows=rows, full_score=full, base_revision=revision, reason=reason
    )


def commit(world: World, paper: Paper) -> None:
    marks = np.array([[3, 4, 5], [0, 2, 1.5], [math.nan, 0, 0]])
    places = world.pupils
    block = AttemptBlock(
        np.array([p.enrolment_id for p in places]),
        np.array([p.home_class_id for p in places]),
        np.array([p.class_number for p in places]),
        np.zeros(3, np.int8),
        marks,
        np.where(np.isnan(marks), 1, 0).astype(np.int8),
        CHOICES,
        np.full(3, math.nan),
    )
    commit_marks(actor=world.actor, paper=Paper.objects.get(pk=paper.pk), block=block, source="import")


def last_event() -> Event:
    return Event.objects.order_by("-id")[0]


def test_a_table_comes_back_as_it_was_saved(world: World, paper: Paper) -> None:
    with world.scope():
        save(world, paper, ROWS)
        assert rows_of(items_of(paper.pk)) == ROWS
        assert last_event().type == "assessment.blueprint_changed"
        save(world, paper, ROWS[:2], full=7)
        assert rows_of(items_of(paper.pk)) == ROWS[:2]
        assert not PaperRevision.objects.exists()


def test_all_faults_are_named_and_nothing_written(world: World, paper: Paper) -> None:
    bad = [replace(ROWS[0], key="E"), replace(ROWS[1], points=(("NOPE", 1),)), ROWS[2]]
    with world.scope():
        with pytest.raises(BlueprintRefused) as refused:
            save(world, paper, bad)
        assert [fault.code for fault in refused.value.faults] == ["key_not_an_option", "unknown_point"]
        assert items_of(paper.pk) == ()


def test_a_form_made_from_an_older_table_is_refused(world: World, paper: Paper) -> None:
    with world.scope():
        save(world, paper, ROWS)
        with pytest.raises(Changed):
            save_blueprint(actor=world.actor, paper=paper, rows=ROWS, full_score=12, base_revision=1)


def test_a_new_key_recomputes_its_item_only_and_keeps_what_was(world: World, paper: Paper) -> None:
    with world.scope():
        save(world, paper, ROWS)
        commit(world, paper)
        former = paper_for_analysis(paper.pk)
        corrected = [replace(ROWS[0], key="A/B"), *ROWS[1:]]
        with pytest.raises(ReasonMissing):
            save(world, paper, corrected)
        assert save(world, paper, corrected, reason="两个答案都对") == Written(0, 1, 2)
        now = paper_for_analysis(paper.pk)
        np.testing.assert_array_equal(now.marks, [[3, 4, 5], [3, 2, 1.5], [math.nan, 0, 0]])
        assert now.items[0].key == "A/B"
        assert MarkCorrection.objects.get().marks == former.marks[1].tolist()
        kept = PaperRevision.objects.get()
        assert (kept.blueprint["items"][0]["key"], kept.touched) == ("A", [0])
        event = last_event()
        assert (event.type, event.ids["items"]) == ("assessment.paper_corrected", [0])
        assert set(event.ids) == {"paper", "items", "revision"}


def test_other_knowledge_points_touch_no_mark(world: World, paper: Paper) -> None:
    with world.scope():
        save(world, paper, ROWS)
        commit(world, paper)
        moved = [ROWS[0], ROWS[1], replace(ROWS[2], points=(("T1", 1.0),))]
        assert save(world, paper, moved, reason="知识点标错") == Written(0, 0, 3)
        assert not MarkCorrection.objects.exists()
        assert (last_event().type, last_event().ids["items"]) == ("assessment.blueprint_changed", [2])
        swapped = [replace(moved[0], label="2"), replace(moved[1], label="1"), moved[2]]
        save(world, paper, swapped, reason="题号写反")
        assert rows_of(items_of(paper.pk)) == swapped


def test_after_marks_items_stay_and_full_scores_respect_the_marks(world: World, paper: Paper) -> None:
    with world.scope():
        save(world, paper, ROWS)
        commit(world, paper)
        with pytest.raises(ItemsFrozen):
            save(world, paper, ROWS[:2], reason="删一题试试", full=7)
        with pytest.raises(MarksAboveFull):
            save(world, paper, [*ROWS[:2], replace(ROWS[2], full=4)], reason="满分改小", full=11)
        assert rows_of(items_of(paper.pk)) == ROWS
        save(world, paper, [*ROWS[:2], replace(ROWS[2], full=6)], reason="满分写错", full=13)
        assert paper_for_analysis(paper.pk).paper.full_score == 13


def test_single_marks_are_corrected_with_a_reason_and_a_trace(world: World, paper: Paper) -> None:
    with world.scope():
        save(world, paper, ROWS)
        commit(world, paper)
        paper.refresh_from_db()
        data = paper_for_analysis(paper.pk)
        change = MarkChange(int(data.attempt_ids[2]), 2, 4.5)
        with pytest.raises(ReasonMissing):
            correct_marks(actor=world.actor, paper=paper, changes=[change], reason="")
        with pytest.raises(DomainError, match="0 到 5"):
            correct_marks(
                actor=world.actor, paper=paper, changes=[replace(change, mark=6)], reason="复核加分"
            )
        assert correct_marks(actor=world.actor, paper=paper, changes=[change], reason="复核加分").changed == 1
        assert paper_for_analysis(paper.pk).marks[2, 2] == 4.5
        assert MarkCorrection.objects.get().reason == "复核加分"
        assert last_event().ids["items"] == [2]


def test_a_table_written_after_totals_leaves_room_for_items(world: World, paper: Paper) -> None:
    with world.scope():
        places = world.pupils
        block = AttemptBlock(
            np.array([p.enrolment_id for p in places]),
            np.array([p.home_class_id for p in places]),
            np.array([p.class_number for p in places]),
            np.zeros(3, np.int8),
            np.empty((3, 0)),
            np.empty((3, 0), np.int8),
            None,
            np.array([10.0, 11, 12]),
        )
        commit_marks(actor=world.actor, paper=paper, block=block, source="import")
        assert paper_for_analysis(paper.pk).paper.item_marks is False
        save(world, paper, ROWS)
        data = paper_for_analysis(paper.pk)
        assert np.isnan(data.marks).all()
        assert data.marks.shape == (3, 3)
        assert (data.states == 2).all()
        assert data.stated_totals.tolist() == [10, 11, 12]
