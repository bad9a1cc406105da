"""Commits marks of a paper: from a workbook, from quick entry, or as a correction of what is there."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from smartschool.contexts.assessment import queries
from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.errors import ReasonMissing
from smartschool.contexts.assessment.models import Attempt, Paper
from smartschool.contexts.assessment.public.contracts import AttemptStatus, MarkState
from smartschool.contexts.assessment.public.events import MARKS_COMMITTED, PAPER_CORRECTED
from smartschool.contexts.assessment.store import Written, write_attempts
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.errors import DomainError
from smartschool.kernel.ready import update_row


@command("assessment.commit_marks")
def commit_marks(
    *, actor: Actor, paper: Paper, block: AttemptBlock, source: str, reason: str = "重新录入"
) -> Written:
    """Write a block of attempts. Attempts that exist and differ are corrected and their former state kept."""
    written = store_block(paper, block, source=source, reason=reason, account_id=actor.account_id)
    done(
        paper,
        organisation_id=paper.organisation_id,
        data={"added": written.added, "changed": written.changed, "source": source},
        event=MARKS_COMMITTED,
        ids={"paper": paper.pk, "classes": sorted({int(c) for c in np.unique(block.class_ids)})},
    )
    return written


def store_block(
    paper: Paper, block: AttemptBlock, *, source: str, reason: str, account_id: int | None
) -> Written:
    """The body of every command that writes marks; runs in the caller's transaction."""
    written = write_attempts(
        block,
        organisation_id=paper.organisation_id,
        paper_id=paper.pk,
        source=source,
        reason=reason,
        account_id=account_id,
    )
    paper.marks_at = clock.now()
    paper.item_marks = bool(np.isfinite(block.marks).any()) or (paper.item_marks and block.marks.shape[1] > 0)
    update_row(paper, ["marks_at", "item_marks"])
    return written


@dataclass(frozen=True, slots=True)
class MarkChange:
    """One corrected mark: a pupil's item gets `mark`, or None where it turns out that there is none."""

    attempt_id: int
    position: int
    mark: float | None


@command("assessment.correct_marks")
def correct_marks(*, actor: Actor, paper: Paper, changes: Iterable[MarkChange], reason: str) -> Written:
    """Correct single marks after they were committed (复核). The former marks are kept with the reason.

    Raises
    ------
    DomainError
        A mark is above the item's full score, or the attempt is not of this paper.
    """
    if len(reason.strip()) < 4:
        raise ReasonMissing
    wanted = list(changes)
    # An attempt is written whole: a correction of the same moment must be read before, or it would be lost.
    paper = Paper.rows().select_for_update(of=("self",)).select_related("exam").get(pk=paper.pk)
    data = queries.paper_for_analysis(paper.pk)
    place = {int(attempt): row for row, attempt in enumerate(data.attempt_ids)}
    marks, states, statuses = data.marks.copy(), data.states.copy(), data.statuses.copy()
    for change in wanted:
        row = place.get(change.attempt_id)
        if row is None or not 0 <= change.position < len(data.items):
            raise DomainError("assessment.no_such_attempt", "没有找到要改的得分，请刷新后再改。", status=404)
        item = data.items[change.position]
        if change.mark is not None and not 0 <= change.mark <= item.full:
            raise DomainError(
                "assessment.over_full_mark",
                f"没有保存。第 {item.label} 题的得分应在 0 到 {item.full:g} 之间。",
            )
        if statuses[row] != AttemptStatus.PRESENT:
            statuses[row] = AttemptStatus.PRESENT  # the pupil was there after all
            states[row] = MarkState.BLANK
        marks[row, change.position] = np.nan if change.mark is None else change.mark
        states[row, change.position] = MarkState.BLANK if change.mark is None else MarkState.MARKED
    rows = sorted({place[change.attempt_id] for change in wanted})
    block = AttemptBlock(
        data.enrolment_ids[rows],
        data.class_ids[rows],
        data.class_numbers[rows],
        statuses[rows],
        marks[rows],
        states[rows],
        None if data.choices is None else data.choices[rows],
        data.stated_totals[rows],
    )
    written = store_block(
        paper,
        block,
        source=Attempt.Source.CORRECTION,
        reason=reason.strip(),
        account_id=actor.account_id,
    )
    touched = sorted({change.position for change in wanted})
    done(
        paper,
        organisation_id=paper.organisation_id,
        data={"reason": reason.strip(), "attempts": written.changed, "items": touched},
        event=PAPER_CORRECTED,
        ids={
            "paper": paper.pk,
            "items": touched,
            "revision": paper.revision,
            "classes": sorted({int(c) for c in block.class_ids}),
        },
    )
    return written


@command("assessment.undo_marks")
def report_undone(*, actor: Actor, paper: Paper) -> None:
    """An import of this paper was taken back from its journal: whoever follows the marks looks again."""
    done(
        paper,
        organisation_id=paper.organisation_id,
        event=MARKS_COMMITTED,
        ids={"paper": paper.pk, "classes": []},
    )
