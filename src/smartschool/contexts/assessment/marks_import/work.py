"""What a file holds for one paper, and which of its pupils are new, changed or as they were."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from smartschool.contexts.assessment import queries
from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import AttemptStatus, ItemInfo, MarkState, PaperData
from smartschool.kernel.importing import ADDED, CHANGED, SAME, Plan
from smartschool.kernel.tabular import Checked


@dataclass(slots=True)
class PaperWork:
    """What the file holds for one paper; `pupil_rows` are the frame rows of each pupil of the block."""

    paper: Paper
    block: AttemptBlock
    new_items: tuple[ItemInfo, ...] = ()
    pupil_rows: list[list[int]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def plan_kinds(plan: Plan, work: Sequence[PaperWork], checked: Checked) -> None:
    """Each row is new, changed or the same; over several papers the strongest word counts.

    What a file does not say stays as it is: see `keep_standing`.
    """
    strength: dict[str | None, int] = {None: 0, SAME: 1, CHANGED: 2, ADDED: 3}
    for one in work:
        data = queries.paper_for_analysis(one.paper.pk) if one.paper.marks_at else None
        plan.standing = max(plan.standing, len(data.attempt_ids) if data else 0)
        if data is not None:
            one.block, differs = keep_standing(one.block, data)
            for place in differs:
                message = "总分和已有的小题分合计不一样。小题分没有动，按小题分合计记，请核对。"
                checked.warn(one.pupil_rows[place][0], "总分", "total_differs", message)
        one.kinds = _kinds(one.block, data)
        for kind, pupil_rows in zip(one.kinds, one.pupil_rows, strict=True):
            for index in pupil_rows:
                if strength[kind] > strength[plan.kinds[index]]:
                    plan.kinds[index] = kind


def keep_standing(block: AttemptBlock, data: PaperData) -> tuple[AttemptBlock, list[int]]:
    """The block with the marks and totals that stand where the file has none: a sheet of totals takes no
    item marks away, nor does one teacher's half of the items the other half.

    Also the places of pupils whose total in the file is not the sum of the marks that stand.
    """
    old_of = {int(pk): row for row, pk in enumerate(data.enrolment_ids)}
    met = [(row, old_of[int(pk)]) for row, pk in enumerate(block.enrolment_ids) if int(pk) in old_of]
    if not met or block.marks.shape[1] != data.marks.shape[1]:
        return block, []
    rows, olds = (list(one) for one in zip(*met, strict=True))
    taken = block.statuses[rows] == AttemptStatus.PRESENT
    there = taken & (data.statuses[olds] == AttemptStatus.PRESENT)
    # Of a pupil who was not there a row without any mark says nothing new.
    away = taken & ~there & ~np.isfinite(block.marks[rows]).any(axis=1) & np.isnan(block.stated_totals[rows])
    statuses = block.statuses.copy()
    statuses[rows] = np.where(away, data.statuses[olds], statuses[rows])
    kept = there[:, None] & (block.states[rows] == MarkState.NOT_ENTERED)
    kept &= data.states[olds] != MarkState.NOT_ENTERED
    kept |= away[:, None]
    marks, states, totals = block.marks.copy(), block.states.copy(), block.stated_totals.copy()
    marks[rows] = np.where(kept, data.marks[olds], marks[rows])
    states[rows] = np.where(kept, data.states[olds], states[rows])
    silent = there & np.isnan(totals[rows])
    totals[rows] = np.where(silent, data.stated_totals[olds], totals[rows])
    choices = block.choices
    if data.choices is not None:  # a mark that stays as it was has still been earned by the same choice
        stays = kept | (marks[rows].astype(np.float32) == data.marks[olds].astype(np.float32))
        former = np.full(marks.shape, "", data.choices.dtype)
        former[rows] = np.where(stays, data.choices[olds], "")
        choices = former if choices is None else np.where(choices == "", former, choices)
    whole = (states[rows] == MarkState.MARKED).all(axis=1) & kept.any(axis=1)
    differs = whole & there & (np.abs(block.stated_totals[rows] - marks[rows].sum(axis=1)) > 0.005)
    standing = replace(
        block, statuses=statuses, marks=marks, states=states, choices=choices, stated_totals=totals
    )
    return standing, [rows[place] for place in np.flatnonzero(differs)]


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
