"""Reads one column of marks or choices: the usual case is a column of floats and costs one pass."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from smartschool.contexts.assessment.marks_import.columns import ABSENT_WORDS
from smartschool.contexts.assessment.public.contracts import (
    NO_ANSWER,
    AttemptStatus,
    ItemInfo,
    ItemType,
    MarkState,
)
from smartschool.contexts.assessment.scoring import normal_choice
from smartschool.kernel.cells import as_text, narrow
from smartschool.kernel.tabular import Bad, Cell, is_blank

# How sheets write that a pupil was not there; -1 and Q are the codes of county exam sheets.
_AWAY = {
    **dict.fromkeys((*ABSENT_WORDS, "-1", "Q"), AttemptStatus.ABSENT),
    **dict.fromkeys(("缓考", "缓"), AttemptStatus.DEFERRED),
    **dict.fromkeys(("免考", "免", "免试", "免修"), AttemptStatus.EXEMPT),
}
_DASHES = frozenset({"-", "--", "—", "——", "/", "\\", "空"})


@dataclass(slots=True)
class MarkColumn:
    """P cells of one item. `away` is 0 or the `AttemptStatus` that the cell itself claims."""

    marks: NDArray[np.float64]
    states: NDArray[np.int8]
    away: NDArray[np.int8]
    faults: list[tuple[int, Bad]] = field(default_factory=list)


def read_marks(cells: Sequence[Cell], *, label: str, full: float | None) -> MarkColumn:
    """Marks of one column. A blank is no 0; what is neither a number nor a known word is refused."""
    size = len(cells)
    states = np.zeros(size, np.int8)
    away = np.zeros(size, np.int8)
    faults: list[tuple[int, Bad]] = []
    if set(map(type, cells)) == {float}:
        marks = np.array(cells, np.float64)
    else:
        marks = np.full(size, np.nan)
        for index, cell in enumerate(cells):
            if type(cell) is float:
                marks[index] = cell
                continue
            found = read_mark(cell)
            if isinstance(found, Bad):
                faults.append((index, found))
            elif isinstance(found, AttemptStatus):
                away[index] = found
            elif found is not None:
                marks[index] = found
    # -1 is how county sheets write an absence; as a number it comes here.
    minus_one = marks == -1
    if minus_one.any():
        away[minus_one], marks[minus_one] = AttemptStatus.ABSENT, np.nan
    states[np.isnan(marks)] = MarkState.BLANK
    outside = marks < 0 if full is None else (marks < 0) | (marks > full + 1e-6)
    for index in np.flatnonzero(outside).tolist():
        value = f"{marks[index]:g}"
        if marks[index] < 0:
            bad = Bad("negative_mark", f"第 {label} 题的得分是 {value}，不能小于 0，请核对。")
        else:
            bad = Bad("over_full_mark", f"第 {label} 题满分 {full:g}，这里是 {value}，请核对。")
        faults.append((index, bad))
    return MarkColumn(marks, states, away, faults)


def read_mark(cell: Cell) -> float | AttemptStatus | Bad | None:
    """One cell that is not a plain float; None for blank."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return float(cell)
    if is_blank(cell):
        return None
    text = as_text(cell)
    if isinstance(text, Bad):
        return text
    text = "".join(narrow(text).split())
    if text.upper() in _AWAY:
        return _AWAY[text.upper()]
    if text in _DASHES:
        return None
    if not isinstance(cell, str):
        return Bad("not_a_number", "这一格应为得分，请填数字。")
    try:
        value = float(text.removesuffix("分"))
    except ValueError:
        return Bad("not_a_number", f"“{text[:12]}”不是得分。请填数字；没考写缺考，没有得分就空着。")
    return value if np.isfinite(value) else Bad("not_a_number", "这一格应为得分，请填数字。")


def looks_like_choices(cells: Sequence[Cell], type_: ItemType) -> bool:
    """More choices than numbers among the filled cells of an objective item."""
    filled = [cell for cell in cells if not is_blank(cell)]
    letters = sum(
        isinstance(cell, str)
        and (choice := normal_choice(cell, type_)) is not None
        and choice not in ("", NO_ANSWER)
        for cell in filled
    )
    return bool(filled) and 2 * letters > len(filled)


def read_choices(
    cells: Sequence[Cell], item: ItemInfo
) -> tuple[list[str], NDArray[np.int8], list[tuple[int, Bad]]]:
    """Chosen options in stored form ("" where the cell is blank), absences, faults."""
    allowed = frozenset(item.options)
    shown = "√、×" if item.type is ItemType.TRUE_FALSE else "、".join(item.options)
    away = np.zeros(len(cells), np.int8)
    faults: list[tuple[int, Bad]] = []
    choices = []
    for index, cell in enumerate(cells):
        text = "" if is_blank(cell) else as_text(cell)
        if isinstance(text, str) and text.upper() in _AWAY and text != "-1":
            away[index] = _AWAY[text.upper()]
            text = ""
        choice = text if isinstance(text, Bad) else normal_choice(text, item.type)
        if choice is None:
            how = shown if item.type is ItemType.TRUE_FALSE else "字母，如 B、ACD"
            choice = Bad("bad_choice", f"认不出所选的选项。请写{how}；没作答写“-”。")
        elif isinstance(choice, str) and allowed and choice != NO_ANSWER and not allowed.issuperset(choice):
            message = f"第 {item.label} 题的选项是 {shown}，没有“{choice}”，请核对。"
            choice = Bad("no_such_option", message)
        if isinstance(choice, Bad):
            faults.append((index, choice))
            choice = ""
        choices.append(choice)
    return choices, away, faults
