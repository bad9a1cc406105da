"""What a file holds for one paper, and which of its pupils are new, changed or as they were."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from smartschool.contexts.assessment import queries
from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import ItemInfo, PaperData
from smartschool.kernel.importing import ADDED, CHANGED, SAME, Plan


@dataclass(slots=True)
class PaperWork:
    """What the file holds for one paper; `pupil_rows` are the frame rows of each pupil of the block."""

    paper: Paper
    block: AttemptBlock
    new_items: tuple[ItemInfo, ...] = ()
    pupil_rows: list[list[int]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def plan_kinds(plan: Plan, work: Sequence[PaperWork]) -> None:
    """Each row is new, changed or the same; over several papers the strongest word counts."""
    strength: dict[str | None, int] = {None: 0, SAME: 1, CHANGED: 2, ADDED: 3}
    for one in work:
        data = queries.paper_for_analysis(one.paper.pk) if one.paper.marks_at else None
        plan.standing = max(plan.standing, len(data.attempt_ids) if data else 0)
        one.kinds = _kinds(one.block, data)
        for kind, pupil_rows in zip(one.kinds, one.pupil_rows, strict=True):
            for index in pupil_rows:
                if strength[kind] > strength[plan.kinds[index]]:
                    plan.kinds[index] = kind


def _kinds(block: AttemptBlock, data: PaperData | None) -> list[str]:
    if data is None:
        return [ADDED] * len(block)
    place = {int(pk): row for row, pk in enumerate(data.enrolment_ids)}
    kinds = []
    marks = block.marks.astype(np.float32)
    for row, pk in enumerate(block.enrolment_ids):
        old = place.get(int(pk))
        if old is None:
            kinds.append(ADDED)
            continue
        same = (
            block.statuses[row] == data.statuses[old]
            and np.array_equal(marks[row], data.marks[old].astype(np.float32), equal_nan=True)
            and np.array_equal(block.states[row], data.states[old])
            and _same_total(float(block.stated_totals[row]), float(data.stated_totals[old]))
            and _same_choices(block, row, data, old)
        )
        kinds.append(SAME if same else CHANGED)
    return kinds


def _same_choices(block: AttemptBlock, row: int, data: PaperData, old: int) -> bool:
    new = [] if block.choices is None else block.choices[row].tolist()
    former = [] if data.choices is None else data.choices[old].tolist()
    return [c for c in new if c] == [c for c in former if c]


def _same_total(new: float, former: float) -> bool:
    """A sheet without totals says nothing against the one that was stated before."""
    return bool(np.isnan(new)) or bool(np.float32(new) == np.float32(former))
