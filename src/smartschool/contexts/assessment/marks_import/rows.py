"""Rows of a sheet that are no pupil: the row of full marks, averages and sums below the table."""

from collections.abc import Callable, Collection, Iterable
from itertools import compress
from typing import Any

from smartschool.contexts.assessment.item_labels import item_heading
from smartschool.kernel.cells import narrow
from smartschool.kernel.row_kinds import is_full_mark_word, is_summary_word
from smartschool.kernel.tabular import Cell, Checked, Fault, Frame, is_blank

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
_NO_VALUE = ("formula", "excel_error")
TOTAL = "总分"


def full_and_summary_rows(frame: Frame) -> tuple[int | None, list[int]]:
    """Index of the row of full marks, and of the rows that sum up."""
    columns = [frame.columns[key] for key in _WHO if key in frame.columns]
    full: int | None = None
    summary = []
    told: Iterable[tuple[Cell, ...]] = zip(*columns, strict=True) if columns else [()] * len(frame)
    for index, cells in enumerate(told):
        words = [cell.strip() for cell in cells if isinstance(cell, str) and cell]
        if not words and full is None and _unlabelled_full_marks(frame, index, columns):
            full = index
            summary.append(index)
        if len(words) > 2 or not words:  # a pupil's row tells more than one or two words
            continue
        if any(map(is_full_mark_word, words)):
            full = index if full is None else full
            summary.append(index)
        elif any(map(is_summary_word, words)):
            summary.append(index)
    return full, summary


def _unlabelled_full_marks(frame: Frame, index: int, who: list[list[Cell]]) -> bool:
    """Whether the first row of a sheet names nobody and has full marks in most item columns: 3分, (3分), or
    figures above which no pupil's mark is."""
    first = not index or frame.sheets[index - 1] != frame.sheets[index]
    if not first or not all(is_blank(cells[index]) for cells in who):
        return False
    items = [cells for text, cells in frame.extra.items() if item_heading(text) is not None]
    found = [_tops(cells, index) for cells in items]
    return len(items) > 1 and False not in found and 2 * found.count(True) > len(items)


def _tops(cells: list[Cell], index: int) -> bool | None:
    """Whether a cell is written as full marks or is above none of its column; None for a blank one."""
    cell = cells[index]
    if is_blank(cell):
        return None
    if isinstance(cell, str):
        return "分" in cell
    others = [other for place, other in enumerate(cells) if place != index and isinstance(other, float)]
    return isinstance(cell, float) and cell >= max(others, default=0.0)


def _bare(cell: Cell) -> Cell:
    """A cell of full marks without its brackets."""
    return narrow(cell).strip("()[] ") if isinstance(cell, str) else cell


def full_marks_of(frame: Frame, index: int) -> dict[str, Cell]:
    """The row of full marks: header text → cell, item columns only."""
    return {text: _bare(cells[index]) for text, cells in frame.extra.items() if not is_blank(cells[index])}


def forgive(checked: Checked, used: Collection[str]) -> set[tuple[int, str]]:
    """Formulas without a result and error values in columns from which no mark is read refuse no row.

    `used` are the headers of marks. Answers the (row, column) of what was forgiven: no value stands there.
    """
    frame = checked.frame
    unused = {*frame.extra, TOTAL} - {*used}
    left: list[Fault] = []
    forgiven: list[Fault] = []
    for fault in checked.faults:
        (forgiven if fault.column in unused and fault.code in _NO_VALUE else left).append(fault)
    if not forgiven:
        return set()
    place = {key: index for index, key in enumerate(zip(frame.sheets, frame.rows, strict=True))}
    gone = {(place[fault.sheet, fault.row], fault.column) for fault in forgiven}
    checked.faults[:] = left
    checked.bad = {place[fault.sheet, fault.row] for fault in left}
    return gone


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
    stays = [index not in gone for index in range(len(frame))]
    tables: list[dict[str, list[Any]]] = [frame.columns, frame.extra, checked.values]
    for table in tables:
        for key, cells in table.items():
            table[key] = list(compress(cells, stays))
    frame.sheets[:] = compress(frame.sheets, stays)
    frame.rows[:] = compress(frame.rows, stays)
    checked.faults[:] = [fault for fault in checked.faults if (fault.sheet, fault.row) not in places]
    checked.warnings[:] = [fault for fault in checked.warnings if (fault.sheet, fault.row) not in places]
    if checked.bad:
        renumbered = {old: new for new, old in enumerate(compress(range(len(stays)), stays))}
        checked.bad = {renumbered[index] for index in checked.bad if index in renumbered}


def part_of(checked: Checked, sheets: Collection[str]) -> Checked:
    """The rows of some sheets with their own columns of marks, as if the file held no others."""
    frame = checked.frame
    kept = [index for index, sheet in enumerate(frame.sheets) if sheet in sheets]
    renumbered = {old: new for new, old in enumerate(kept)}
    own = {text for sheet in sheets for text in frame.extra_of[sheet]}
    part = Frame(
        [frame.sheets[index] for index in kept],
        [frame.rows[index] for index in kept],
        {key: [cells[index] for index in kept] for key, cells in frame.columns.items()},
        dict(frame.headers),
        frame.titles,
        {text: [cells[index] for index in kept] for text, cells in frame.extra.items() if text in own},
        frame.extra_of,
    )
    values = {key: [cells[index] for index in kept] for key, cells in checked.values.items()}
    return Checked(
        part,
        values,
        [fault for fault in checked.faults if fault.sheet in sheets],
        [fault for fault in checked.warnings if fault.sheet in sheets],
        {renumbered[index] for index in checked.bad if index in renumbered},
    )


def join_parts(checked: Checked, parts: Iterable[Checked]) -> None:
    """Put the parts back in the place of the whole: their rows in their order, what was found in them."""
    frame = checked.frame
    for whole in (frame.sheets, frame.rows, checked.faults, checked.warnings):
        whole.clear()
    checked.bad = set()
    tables: list[dict[str, list[Any]]] = [frame.columns, frame.extra, checked.values]
    for table in tables:
        for cells in table.values():
            cells.clear()
    for part in parts:
        start, size = len(frame.rows), len(part.frame)
        frame.sheets += part.frame.sheets
        frame.rows += part.frame.rows
        own: list[dict[str, list[Any]]] = [part.frame.columns, part.frame.extra, part.values]
        for table, found in zip(tables, own, strict=True):
            for key, cells in table.items():
                cells += found.get(key) or [None] * size
        checked.faults += part.faults
        checked.warnings += part.warnings
        checked.bad |= {start + index for index in part.bad}
