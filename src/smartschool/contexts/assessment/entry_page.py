"""What the quick-entry page shows and reads: a class, the items with their points, the draft so far."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smartschool.contexts.assessment import queries
from smartschool.contexts.assessment.commands.entry import EntryPart, refused
from smartschool.contexts.assessment.models import EntryDraft, Paper
from smartschool.contexts.assessment.public.contracts import ItemInfo
from smartschool.contexts.curriculum.public.doors import points_by_id
from smartschool.contexts.directory.public.contracts import ClassInfo, PupilInfo
from smartschool.contexts.directory.public.doors import pupils_of_class

MOST_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Everything of one class and one paper."""

    paper: Paper
    home_class: ClassInfo
    pupils: list[PupilInfo]
    items: tuple[ItemInfo, ...]
    draft: EntryDraft | None

    def data(self) -> dict[str, Any]:
        """The page's data island; no names: pupils are 学号."""
        names = points_by_id({point for item in self.items for point, _ in item.points})
        draft = self.draft
        return {
            "key": f"entry:{self.paper.code}:{self.home_class.code}:{self.paper.revision}",
            "items": [
                {
                    "label": item.label,
                    "full": item.full,
                    "point": "、".join(names[point].name for point, _ in item.points[:2]),
                    "step": item.full if item.type.objective else 1,
                }
                for item in self.items
            ],
            "pupils": [pupil.class_number for pupil in self.pupils],
            "lost": draft.lost if draft else {},
            "totals": draft.totals if draft else {},
            "statuses": draft.statuses if draft else {},
            "keyOnly": bool(draft and draft.key_items_only),
        }


def load(paper: Paper, home_class: ClassInfo) -> EntryPage:
    """The pupils of the paper's year in this class (a 复式班 has others too), by 学号."""
    pupils = [
        pupil
        for pupil in pupils_of_class(home_class.id, on=paper.exam.held_on) or pupils_of_class(home_class.id)
        if pupil.entry_year == paper.entry_year
    ]
    draft = EntryDraft.rows().filter(paper=paper, home_class_id=home_class.id).first()
    return EntryPage(paper, home_class, pupils, queries.items_of(paper.pk), draft)


def part_from_json(body: bytes) -> tuple[uuid.UUID, EntryPart]:
    """One queued save of the page: its id and what it carries."""
    try:
        if len(body) > MOST_BYTES:
            raise ValueError("too long")
        raw = json.loads(body)
        part = EntryPart(
            position=None if raw.get("position") is None else int(raw["position"]),
            lost=_numbers(raw.get("lost") or {}),
            totals=None if raw.get("totals") is None else _numbers(raw["totals"]),
            statuses=None
            if raw.get("statuses") is None
            else {int(number): int(status) for number, status in raw["statuses"].items()},
            key_items_only=None if raw.get("keyOnly") is None else bool(raw["keyOnly"]),
        )
        return uuid.UUID(str(raw["id"])), part
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise refused("没有保存。这一页的内容不完整，请刷新后再录。") from problem


def part_from_form(form: Mapping[str, Any], page: EntryPage) -> EntryPart:
    """The plain form of one item, for browsers without script: marks lost, absences and totals by 学号."""
    lost: dict[int, float] = {}
    totals: dict[int, float] = {}
    statuses: dict[int, int] = {}
    try:
        for pupil in page.pupils:
            number = pupil.class_number
            if text := str(form.get(f"lost-{number}", "")).strip():
                lost[number] = float(text)
            if text := str(form.get(f"total-{number}", "")).strip():
                totals[number] = float(text)
            statuses[number] = 1 if form.get(f"absent-{number}") else 0
        position = int(str(form.get("position", "0")))
    except ValueError as problem:
        raise refused("没有保存。扣分和总分要写数字，请改正。") from problem
    return EntryPart(position, lost, totals, statuses, key_items_only=form.get("key-only") == "on")


def _numbers(raw: Mapping[str, Any]) -> dict[int, float]:
    return {int(number): float(value) for number, value in raw.items()}


def form_rows(page: EntryPage, position: int) -> Sequence[dict[str, Any]]:
    """One line a pupil for the plain form."""
    draft = page.draft
    lost = draft.lost.get(str(position), {}) if draft else {}
    return [
        {
            "number": pupil.class_number,
            "lost": lost.get(str(pupil.class_number), ""),
            "total": draft.totals.get(str(pupil.class_number), "") if draft else "",
            "absent": bool(draft and draft.statuses.get(str(pupil.class_number))),
        }
        for pupil in page.pupils
    ]
