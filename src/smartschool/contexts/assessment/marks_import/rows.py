"""Rows of a sheet that are no pupil: the row of full marks, averages and sums below the table."""

from collections.abc import Callable, Iterable
from typing import Any

from smartschool.kernel.tabular import Cell, Checked, Frame, is_blank

_WHO = (
    "national_number",
    "id_number",
    "exam_number",
    "name",
    "home_class",
    "grade",
    "class_number",
    "status",
)
_FULL_WORDS = frozenset({"满分", "满分值", "题目满分", "小题满分", "分值", "题分", "各题满分"})
_SUMMARY_WORDS = frozenset(
    {
        "平均分",
        "平均",
        "均分",
        "得分率",
        "合计",
        "总计",
        "最高分",
        "最低分",
        "难度",
        "标准差",
        "及格率",
        "优秀率",
    }
)


def full_and_summary_rows(frame: Frame) -> tuple[int | None, list[int]]:
    """Index of the row of full marks, and of the rows that sum up."""
    columns = [frame.columns[key] for key in _WHO if key in frame.columns]
    full: int | None = None
    summary = []
    for index in range(len(frame)):
        words = [cell.strip() for cells in columns if isinstance(cell := cells[index], str) and cell]
        if len(words) > 2 or not words:  # a pupil's row tells more than one or two words
            continue
        if _FULL_WORDS.intersection(words):
            full = index if full is None else full
            summary.append(index)
        elif _SUMMARY_WORDS.intersection(words):
            summary.append(index)
    return full, summary


def full_marks_of(frame: Frame, index: int) -> dict[str, Cell]:
    """The row of full marks: header text → cell, item columns only."""
    return {text: cells[index] for text, cells in frame.extra.items() if not is_blank(cells[index])}


def give_back_item_columns(checked: Checked, is_marks: Callable[[str], bool]) -> None:
    """A header that merely resembles one of ours (1得分 for 得分) but names an item belongs to the item."""
    frame = checked.frame
    for key, text in list(frame.headers.items()):
        if key in frame.columns and is_marks(text):
            frame.extra[text] = frame.columns.pop(key)
            checked.values.pop(key, None)
            del frame.headers[key]


def drop_rows(checked: Checked, indices: Iterable[int]) -> None:
    """Take rows out of the frame, with what was found in them: they are not data and are not counted."""
    gone = set(indices)
    if not gone:
        return
    frame = checked.frame
    places = {(frame.sheets[index], frame.rows[index]) for index in gone}
    kept = [index for index in range(len(frame)) if index not in gone]
    renumbered = {old: new for new, old in enumerate(kept)}
    tables: list[dict[str, list[Any]]] = [frame.columns, frame.extra, checked.values]
    for table in tables:
        for key, cells in table.items():
            table[key] = [cells[index] for index in kept]
    frame.sheets[:] = [frame.sheets[index] for index in kept]
    frame.rows[:] = [frame.rows[index] for index in kept]
    checked.faults[:] = [fault for fault in checked.faults if (fault.sheet, fault.row) not in places]
    checked.warnings[:] = [fault for fault in checked.warnings if (fault.sheet, fault.row) not in places]
    checked.bad = {renumbered[index] for index in checked.bad if index in renumbered}
