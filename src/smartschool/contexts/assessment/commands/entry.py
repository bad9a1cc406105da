"""Quick entry (点按录分): a draft that grows item by item and survives lost lines, then one hand-in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from smartschool.contexts.assessment import queries
from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.commands.marks import store_block
from smartschool.contexts.assessment.models import Attempt, EntryDraft, Paper
from smartschool.contexts.assessment.public.contracts import AttemptStatus, ItemInfo, MarkState
from smartschool.contexts.assessment.public.events import MARKS_COMMITTED
from smartschool.contexts.assessment.store import Written
from smartschool.contexts.directory.public.contracts import PupilInfo
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.errors import DomainError

FEWEST_KEY_ITEMS = 5  # below that nothing can be said of a paper


def refused(message: str) -> DomainError:
    return DomainError("assessment.entry_refused", message, status=409)


@dataclass(frozen=True, slots=True)
class EntryPart:
    """What one save carries; parts that are None stay as they are. Numbers are 学号 in the class.

    `lost` is what each pupil lost on item `position`; pupils who are not named have full marks.
    """

    position: int | None = None
    lost: Mapping[int, float] = field(default_factory=dict)
    totals: Mapping[int, float] | None = None
    statuses: Mapping[int, int] | None = None
    key_items_only: bool | None = None


@command("assessment.save_entry")
def save_entry(
    *,
    actor: Actor,
    paper: Paper,
    home_class_id: int,
    pupils: Sequence[PupilInfo],
    items: Sequence[ItemInfo],
    part: EntryPart,
) -> EntryDraft:
    """Put one part into the class's draft. A resend with the same `command_id` changes nothing."""
    numbers = {pupil.class_number for pupil in pupils}
    _check(part, numbers, items, paper.full_score)
    draft, _ = EntryDraft.objects.select_for_update().get_or_create(
        organisation_id=paper.organisation_id, paper=paper, home_class_id=home_class_id
    )
    # Asked once the draft is held: a hand-in of the same moment has taken it away.
    if class_has_marks(paper, home_class_id):
        raise refused("没有保存。这个班的成绩已经交了，要改请到“更正得分”。")
    if part.position is not None:
        draft.lost[str(part.position)] = {str(number): lost for number, lost in part.lost.items() if lost}
    if part.totals is not None:
        draft.totals = {str(number): total for number, total in part.totals.items()}
    if part.statuses is not None:
        draft.statuses = {str(number): status for number, status in part.statuses.items() if status}
    if part.key_items_only is not None:
        draft.key_items_only = part.key_items_only
    draft.saved_at = clock.now()
    draft.save()
    done(
        draft,
        organisation_id=paper.organisation_id,
        data={"paper": paper.pk, "item": part.position},
    )
    return draft


def class_has_marks(paper: Paper, home_class_id: int) -> bool:
    """Marks of this class were handed in or imported already."""
    return Attempt.rows().filter(paper=paper, home_class_id=home_class_id).exists()


def _check(part: EntryPart, numbers: set[int], items: Sequence[ItemInfo], full_score: float) -> None:
    named = {*part.lost, *(part.totals or ()), *(part.statuses or ())}
    if not named <= numbers:
        raise refused(f"没有保存。这个班没有 {min(named - numbers)} 号，请刷新后再录。")
    if part.position is not None:
        if not 0 <= part.position < len(items):
            raise refused("没有保存。这份试卷的题目改过了，请刷新后再录。")
        full = items[part.position].full
        if any(not 0 <= lost <= full or lost * 2 != int(lost * 2) for lost in part.lost.values()):
            raise refused(f"没有保存。第 {items[part.position].label} 题扣分应在 0 到 {full:g} 之间。")
    if any(not 0 <= total <= full_score for total in (part.totals or {}).values()):
        raise refused(f"没有保存。卷面总分应在 0 到 {full_score:g} 之间。")
    if any(status not in set(AttemptStatus) for status in (part.statuses or {}).values()):
        raise refused("没有保存。认不出考试状态，请刷新后再录。")


def block_of(draft: EntryDraft, pupils: Sequence[PupilInfo], items: Sequence[ItemInfo]) -> AttemptBlock:
    """The draft as attempts: full marks minus what was lost; items that were left out are not entered."""
    full = np.array([item.full for item in items])
    marks = np.full((len(pupils), len(items)), np.nan)
    states = np.full(marks.shape, MarkState.NOT_ENTERED, np.int8)
    row_of = {pupil.class_number: row for row, pupil in enumerate(pupils)}
    for position, lost in draft.lost.items():
        place = int(position)
        marks[:, place], states[:, place] = full[place], MarkState.MARKED
        for number, amount in lost.items():
            if int(number) in row_of:
                marks[row_of[int(number)], place] -= amount
    statuses = np.array([draft.statuses.get(str(p.class_number), 0) for p in pupils], np.int8)
    away = statuses != AttemptStatus.PRESENT
    marks[away], states[away] = np.nan, MarkState.ABSENT
    totals = np.array([draft.totals.get(str(p.class_number), np.nan) for p in pupils], np.float64)
    totals[away] = np.nan
    return AttemptBlock(
        np.array([pupil.enrolment_id for pupil in pupils], np.int64),
        np.array([pupil.home_class_id for pupil in pupils], np.int64),
        np.array([pupil.class_number for pupil in pupils], np.int16),
        statuses,
        marks,
        states,
        None,
        totals,
    )


@command("assessment.hand_in_entry")
def hand_in_entry(*, actor: Actor, paper: Paper, home_class_id: int, pupils: Sequence[PupilInfo]) -> Written:
    """Turn the draft into attempts and drop it. All items must be entered, or at least five key items."""
    paper = Paper.rows().select_for_update().get(pk=paper.pk)
    if class_has_marks(paper, home_class_id):
        raise refused("没有交。这个班的成绩已经交过了。")
    draft = EntryDraft.rows().select_for_update().filter(paper=paper, home_class_id=home_class_id).first()
    items = queries.items_of(paper.pk)
    entered = len(draft.lost) if draft else 0
    if draft is None or not draft.key_items_only:
        if entered < len(items):
            raise refused(f"还没有交。还有 {len(items) - entered} 题没录；只录重点题，请先选“只录重点题”。")
    elif entered < FEWEST_KEY_ITEMS:
        raise refused(f"还没有交。只录重点题也要至少 {FEWEST_KEY_ITEMS} 题，现在是 {entered} 题。")
    assert draft is not None  # noqa: S101 - an empty draft was refused above
    block = block_of(draft, pupils, items)
    if not draft.key_items_only:
        _totals_agree(block)
    written = store_block(
        paper, block, source=Attempt.Source.TAP, reason="点按录分", account_id=actor.account_id
    )
    key_items_only = draft.key_items_only
    draft.delete()
    done(
        paper,
        organisation_id=paper.organisation_id,
        data={
            "added": written.added,
            "source": str(Attempt.Source.TAP),
            "items": entered,
            "key_items_only": key_items_only,
        },
        event=MARKS_COMMITTED,
        ids={"paper": paper.pk, "classes": [home_class_id]},
    )
    return written


def _totals_agree(block: AttemptBlock) -> None:
    """Where the total on the paper was copied, it must be what the items add up to."""
    differs = np.isfinite(block.stated_totals) & (
        np.abs(np.nansum(block.marks, axis=1) - block.stated_totals) > 0.005
    )
    numbers = [str(int(number)) for number in block.class_numbers[differs]]
    if numbers:
        raise refused(f"还没有交。{'、'.join(numbers[:8])} 号录的分和卷面总分不一样，请核对后再交。")
