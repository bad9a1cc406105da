"""Saves a two-way table: replaced before marks; after marks corrected, and its former state kept."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from smartschool.contexts.assessment import blueprint, queries
from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.errors import (
    BlueprintRefused,
    ItemsFrozen,
    MarksAboveFull,
    ReasonMissing,
)
from smartschool.contexts.assessment.models import Attempt, Item, ItemPoint, Paper, PaperRevision
from smartschool.contexts.assessment.public.contracts import (
    BlueprintRow,
    ItemInfo,
    MarkState,
    PaperData,
)
from smartschool.contexts.assessment.public.events import BLUEPRINT_CHANGED, PAPER_CORRECTED
from smartschool.contexts.assessment.scoring import marks_of
from smartschool.contexts.assessment.store import Written, write_attempts
from smartschool.contexts.curriculum.public.doors import points_by_code, points_by_id
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.errors import Changed


def rows_of(items: Sequence[ItemInfo]) -> list[BlueprintRow]:
    """The two-way table of these items as people write it."""
    codes = {
        info.id: info.code for info in points_by_id({p for item in items for p, _ in item.points}).values()
    }
    return [
        BlueprintRow(
            item.label,
            item.type,
            item.full,
            item.key,
            "".join(item.options),
            item.partial,
            item.shared_item,
            tuple(sorted((codes[point], weight) for point, weight in item.points)),
        )
        for item in items
    ]


@command("assessment.save_blueprint")
def save_blueprint(
    *,
    actor: Actor,
    paper: Paper,
    rows: Sequence[BlueprintRow],
    full_score: float,
    base_revision: int,
    reason: str = "",
) -> Written:
    """Write the two-way table of `paper`; returns how many attempts it changed.

    Raises
    ------
    BlueprintRefused
        A row is wrong; all faults are named.
    Changed
        The table is no longer the revision that the form was made from.
    ItemsFrozen, MarksAboveFull, ReasonMissing
        Marks exist, and the change does not respect them or has no reason.
    """
    paper = Paper.objects.select_for_update(of=("self",)).select_related("exam").get(pk=paper.pk)
    if paper.revision != base_revision:
        raise Changed
    after = [blueprint.normalised(row) for row in rows]
    after = [_with_sorted_points(row) for row in after]
    known = points_by_code({code for row in after for code, _ in row.points})
    fitting = {
        code: info
        for code, info in known.items()
        if (info.subject, info.stage) == (paper.subject, paper.stage)
    }
    faults = blueprint.faults_of(after, full_score=full_score, known_points=fitting)
    if faults:
        raise BlueprintRefused(faults)
    point_ids = {code: info.id for code, info in fitting.items()}
    if paper.marks_at is None or not paper.item_marks:
        return _replace(actor, paper, after, point_ids, full_score)
    return _correct(actor, paper, after, point_ids, full_score, reason)


def _with_sorted_points(row: BlueprintRow) -> BlueprintRow:
    return BlueprintRow(
        row.label,
        row.type,
        row.full,
        row.key,
        row.options,
        row.partial,
        row.shared_item,
        tuple(sorted((code.strip().upper(), float(weight)) for code, weight in row.points)),
    )


def _replace(
    actor: Actor, paper: Paper, after: list[BlueprintRow], point_ids: dict[str, int], full_score: float
) -> Written:
    """No item has a mark yet: the table is written anew. Totals that are there get room for item marks."""
    ItemPoint.rows().filter(item__paper=paper).delete()
    Item.rows().filter(paper=paper).delete()
    items = Item.objects.bulk_create(
        Item(organisation_id=paper.organisation_id, paper=paper, position=place, **_columns(row))
        for place, row in enumerate(after)
    )
    _write_points(paper, items, after, point_ids)
    paper.full_score, paper.revision = full_score, paper.revision + 1
    paper.save(update_fields=["full_score", "revision"])
    if paper.marks_at is not None:
        size = len(after)
        Attempt.rows().filter(paper=paper).update(
            marks=[float("nan")] * size, states=[int(MarkState.NOT_ENTERED)] * size
        )
    _report(paper, BLUEPRINT_CHANGED, list(range(len(after))), {"items": len(after)})
    return Written(0, 0, 0)


def _correct(
    actor: Actor,
    paper: Paper,
    after: list[BlueprintRow],
    point_ids: dict[str, int],
    full_score: float,
    reason: str,
) -> Written:
    """Marks are there: keep the former table, recompute what a new key decides, tell what was touched."""
    data = queries.paper_for_analysis(paper.pk)
    before = rows_of(data.items)
    if len(after) != len(before):
        raise ItemsFrozen(len(before))
    touched = blueprint.touched(before, after)
    if not touched and full_score == paper.full_score:
        done(paper, organisation_id=paper.organisation_id, data={"touched": []})
        return Written(0, 0, len(data.attempt_ids))
    if len(reason.strip()) < 4:
        raise ReasonMissing
    block, remarked = _remark(data, before, after)
    PaperRevision.objects.create(
        organisation_id=paper.organisation_id,
        paper=paper,
        revision=paper.revision,
        blueprint={"full_score": paper.full_score, "items": [_as_json(row) for row in before]},
        touched=touched,
        reason=reason.strip(),
        account_id=actor.account_id,
    )
    items = list(Item.rows().filter(paper=paper).order_by("position"))
    _rename(items, after, touched)
    ItemPoint.rows().filter(item__in=[items[place].pk for place in touched]).delete()
    _write_points(paper, [items[place] for place in touched], [after[place] for place in touched], point_ids)
    written = Written(0, 0, len(data.attempt_ids))
    if block is not None:
        written = write_attempts(
            block,
            organisation_id=paper.organisation_id,
            paper_id=paper.pk,
            source=Attempt.Source.CORRECTION,
            reason=reason.strip(),
            account_id=actor.account_id,
        )
    paper.full_score, paper.revision = full_score, paper.revision + 1
    paper.save(update_fields=["full_score", "revision"])
    _report(
        paper,
        PAPER_CORRECTED if remarked else BLUEPRINT_CHANGED,
        touched,
        {"reason": reason.strip(), "attempts": written.changed},
    )
    return written


def _remark(
    data: PaperData, before: list[BlueprintRow], after: list[BlueprintRow]
) -> tuple[AttemptBlock | None, list[int]]:
    """Recompute the touched objective items from the stored choices; nothing else changes.

    Marks that were entered by hand and not by a choice stay as they are.
    """
    places = blueprint.remarked(before, after)
    marks = data.marks.copy()
    for place in places:
        row = after[place]
        if data.choices is not None and row.type.objective and row.key:
            column = [str(choice) for choice in data.choices[:, place]]
            fresh = marks_of(column, type_=row.type, key=row.key, full=row.full, partial=row.partial)
            known = np.array([mark is not None for mark in fresh], dtype=bool)
            marks[known, place] = [mark for mark in fresh if mark is not None]
        if np.any(marks[:, place] > row.full):
            raise MarksAboveFull(row.label, row.full)
    if not places:
        return None, []
    block = AttemptBlock(
        data.enrolment_ids,
        data.class_ids,
        data.class_numbers,
        data.statuses,
        marks,
        data.states,
        data.choices,
        data.stated_totals,
    )
    return block, places


def _rename(items: list[Item], after: list[BlueprintRow], touched: list[int]) -> None:
    """Two labels may change places: give way first, because a label stands once in a paper."""
    moved = [place for place in touched if items[place].label != after[place].label]
    for place in moved:
        items[place].label = f"~{place}"
    Item.objects.bulk_update([items[place] for place in moved], ["label"])
    for place in touched:
        for name, value in _columns(after[place]).items():
            setattr(items[place], name, value)
    Item.objects.bulk_update([items[place] for place in touched], list(_columns(after[0])))


def _columns(row: BlueprintRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "type": row.type,
        "full_score": row.full,
        "key": row.key,
        "options": row.options,
        "partial_score": row.partial,
        "shared_item": row.shared_item,
    }


def _write_points(
    paper: Paper, items: Sequence[Item], rows: Sequence[BlueprintRow], point_ids: dict[str, int]
) -> None:
    ItemPoint.objects.bulk_create(
        ItemPoint(organisation_id=paper.organisation_id, item=item, point_id=point_ids[code], weight=weight)
        for item, row in zip(items, rows, strict=True)
        for code, weight in row.points
    )


def _as_json(row: BlueprintRow) -> dict[str, Any]:
    return {**_columns(row), "points": [[code, weight] for code, weight in row.points]}


def _report(paper: Paper, event: str, touched: list[int], data: dict[str, Any]) -> None:
    done(
        paper,
        organisation_id=paper.organisation_id,
        data={"touched": touched, "revision": paper.revision, **data},
        event=event,
        ids={"paper": paper.pk, "items": touched, "revision": paper.revision},
    )
