"""From a checked frame to the marks of one paper: wide (a column an item), long (a row an item), totals only.

Pure: takes the paper's items as they are, answers arrays over the sheet's pupils and what is wrong where.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from smartschool.contexts.assessment.item_labels import canonical
from smartschool.contexts.assessment.marks_import.cells import (
    looks_like_choices,
    read_choices,
    read_mark,
    read_marks,
)
from smartschool.contexts.assessment.marks_import.numbering import headings
from smartschool.contexts.assessment.public.contracts import ItemInfo, ItemType, MarkState
from smartschool.contexts.assessment.scoring import marks_of
from smartschool.kernel.tabular import Bad, Cell, Checked, Fault, FileRefused, Frame, is_blank


@dataclass(slots=True)
class SheetMarks:
    """Marks of P pupils on a paper's I items. `rows_of[p]` lists the frame's rows of pupil p.

    `faults` and `warnings` are (frame row, column, Bad); `notes` concern the whole file.
    """

    rows_of: list[list[int]]
    items: tuple[ItemInfo, ...]
    marks: NDArray[np.float64]
    states: NDArray[np.int8]
    choices: NDArray[np.str_] | None
    away: NDArray[np.int8]
    totals: NDArray[np.float64]
    new_items: bool = False  # the paper has no items yet: these come from the sheet
    faults: list[tuple[int, str, Bad]] = field(default_factory=list)
    warnings: list[tuple[int, str, Bad]] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class _ItemColumns:
    """The columns of one item in a wide sheet."""

    marks: str | None = None
    choices: str | None = None
    full: float | None = None


def item_columns(frame: Frame, known: Sequence[ItemInfo]) -> dict[str, _ItemColumns]:
    """Item label → its columns, in the order of the sheet. Labels that are no numbers must be known."""
    found: dict[str, _ItemColumns] = {}
    for text, heading in headings(frame.extra, known):
        columns = found.setdefault(heading.label, _ItemColumns())
        taken = columns.choices if heading.chosen else columns.marks
        if taken is not None:
            raise FileRefused(
                "duplicate_header",
                f"“{taken}”和“{text}”都是第 {heading.label} 题。重复的请删去一列；各大题分别编号的，"
                "请写成“一、1”“二、1”，次序和双向细目表一样。",
                sheet=frame.sheets[0],
                column=text,
            )
        if heading.chosen:
            columns.choices = text
        else:
            columns.marks = text
        columns.full = heading.full if heading.full is not None else columns.full
    return found


def read_wide(
    frame: Frame,
    columns: dict[str, _ItemColumns],
    known: Sequence[ItemInfo],
    full_row: dict[str, Cell],
    full_place: tuple[str, int] = ("", 0),
) -> SheetMarks:
    """A column (or a pair of them) an item."""
    _full_marks(columns, full_row, full_place)
    items = _items(frame, columns, known, full_place)
    rows = len(frame)
    sheet = SheetMarks(
        [[index] for index in range(rows)],
        items,
        np.full((rows, len(items)), np.nan),
        np.full((rows, len(items)), MarkState.NOT_ENTERED, np.int8),
        None,
        np.zeros(rows, np.int8),
        np.full(rows, np.nan),
        new_items=not known,
    )
    away = np.zeros((rows, len(items)), np.int8)
    chosen: dict[int, list[str]] = {}
    plain = _read_plain(frame, columns, sheet)
    for place, item in enumerate(items):
        if place in plain:
            continue
        own = columns.get(item.label)
        if own is None:
            sheet.notes.append(
                Fault(
                    "",
                    0,
                    item.label,
                    "item_missing",
                    f"表里没有第 {item.label} 题：录过的不动，没录过的记为没录。",
                )
            )
            continue
        cells = frame.extra[own.marks] if own.marks else None
        letters = (
            own.choices is None
            and cells is not None
            and item.type.objective
            and looks_like_choices(cells, item.type)
        )
        if own.choices is not None or letters:
            header = own.marks if letters else own.choices
            assert header is not None  # noqa: S101 - one of the two is there
            picked, away[:, place], faults = read_choices(frame.extra[header], item)
            chosen[place] = picked
            sheet.faults += [(index, header, bad) for index, bad in faults]
        if cells is not None and not letters:
            assert own.marks is not None  # noqa: S101
            column = read_marks(cells, label=item.label, full=item.full)
            sheet.marks[:, place], sheet.states[:, place] = column.marks, column.states
            away[:, place] = np.maximum(away[:, place], column.away)
            sheet.faults += [(index, own.marks, bad) for index, bad in column.faults]
        if place in chosen:
            _mark_by_key(sheet, place, item, chosen[place], own.marks if not letters else None)
    if chosen:
        nothing = [""] * rows
        sheet.choices = np.array([chosen.get(place, nothing) for place in range(len(items))], np.str_).T
    if len(items):
        sheet.away = _whole_rows_away(away, sheet)
    return sheet


def _read_plain(frame: Frame, columns: dict[str, _ItemColumns], sheet: SheetMarks) -> set[int]:
    """Read at once the columns that hold nothing but marks, as most do; places of the items that are read."""
    found = {}
    for place, item in enumerate(sheet.items):
        own = columns.get(item.label)
        if own is None or own.choices is not None or own.marks is None:
            continue
        cells = frame.extra[own.marks]
        if set(map(type, cells)) == {float}:
            found[place] = cells
    if not found:
        return set()
    places = np.array(list(found))
    full = np.array([sheet.items[place].full for place in found])
    marks = np.array(list(found.values()), np.float64).T
    # What is odd in any way (an absence written as -1, above the full mark, no number) is read on its own.
    usual = ((marks >= 0) & (marks <= full)).all(axis=0)
    sheet.marks[:, places[usual]], sheet.states[:, places[usual]] = marks[:, usual], MarkState.MARKED
    return set(places[usual].tolist())


def _whole_rows_away(away: NDArray[np.int8], sheet: SheetMarks) -> NDArray[np.int8]:
    """Status of pupils of whom no item has a mark and some cell says why."""
    nothing = np.isnan(sheet.marks).all(axis=1)
    return np.where(nothing, away.max(axis=1), 0).astype(np.int8)


def _full_marks(
    columns: dict[str, _ItemColumns], full_row: dict[str, Cell], full_place: tuple[str, int]
) -> None:
    for own in columns.values():
        cell = full_row.get(own.marks or "", full_row.get(own.choices or ""))
        if cell is None:
            continue
        value = cell if type(cell) is float else read_mark(cell)
        if not isinstance(value, float) or np.isnan(value) or value <= 0:
            raise FileRefused(
                "bad_full_mark",
                "满分行的这一格应为大于 0 的数字，请改正。",
                sheet=full_place[0],
                row=full_place[1],
                column=own.marks or own.choices or "",
            )
        own.full = value


def _items(
    frame: Frame,
    columns: dict[str, _ItemColumns],
    known: Sequence[ItemInfo],
    full_place: tuple[str, int],
) -> tuple[ItemInfo, ...]:
    """The paper's items, checked against the sheet; or items made from the sheet where there are none."""
    sheet, row = full_place
    if known:
        by_label = {item.label: item for item in known}
        for label, own in columns.items():
            header = own.marks or own.choices or label
            if label not in by_label:
                raise FileRefused(
                    "unknown_item",
                    f"双向细目表里没有第 {label} 题。请核对是不是这份试卷，或先改细目表。",
                    sheet=frame.sheets[0],
                    column=header,
                )
            full = by_label[label].full
            if own.full is not None and abs(own.full - full) > 1e-6:
                raise FileRefused(
                    "full_differs",
                    f"第 {label} 题表里满分 {own.full:g}，双向细目表是 {full:g}。请先核对哪一个对。",
                    sheet=sheet or frame.sheets[0],
                    row=row,
                    column=header,
                )
        return tuple(known)
    made = []
    for position, (label, own) in enumerate(sorted(columns.items(), key=_natural)):
        if own.full is None:
            raise FileRefused(
                "no_full_mark",
                f"不知道第 {label} 题的满分。请在表头下面加一行“满分”，或先建双向细目表。",
                sheet=frame.sheets[0],
                column=own.marks or own.choices or label,
            )
        if own.marks is None:
            raise _no_key(label, own.choices or label)
        made.append(ItemInfo(0, position, label, ItemType.OPEN, own.full, "", (), "", ()))
    return tuple(made)


def _natural(entry: tuple[str, _ItemColumns]) -> list[int]:
    """2 before 10, 13(1) before 13(2), whatever the order of the columns."""
    return [int(number) for number in re.findall(r"\d+", entry[0])]


def _no_key(label: str, header: str) -> FileRefused:
    return FileRefused(
        "no_key", f"第 {label} 题只有选项，没有答案，算不出得分。请先在双向细目表里填答案。", column=header
    )


def _mark_by_key(
    sheet: SheetMarks, place: int, item: ItemInfo, picked: list[str], header: str | None
) -> None:
    """Marks of chosen options by the key; a mark that the sheet gives as well and differs is noted."""
    if not item.key:
        if header is None:
            raise _no_key(item.label, item.label)
        return
    computed = marks_of(picked, type_=item.type, key=item.key, full=item.full, partial=item.partial)
    for index, mark in enumerate(computed):
        if mark is None:
            if header is None:
                sheet.states[index, place] = MarkState.BLANK
            continue
        given = sheet.marks[index, place]
        if header is not None and not np.isnan(given) and abs(given - mark) > 1e-6:
            message = f"第 {item.label} 题选 {picked[index]}，按答案得 {mark:g}，表里是 {given:g}，按答案记。"
            sheet.warnings.append((index, header, Bad("key_differs", message)))
        sheet.marks[index, place], sheet.states[index, place] = mark, MarkState.MARKED


def read_long(checked: Checked, known: Sequence[ItemInfo], keys: Sequence[str]) -> SheetMarks:
    """A row an item: the rows of a pupil are those with the same key (`keys`, one a row)."""
    if not known:
        raise FileRefused("no_items", "这份试卷还没有双向细目表。请先建细目表，再导入一题一行的成绩。")
    frame = checked.frame
    place_of = {item.label: place for place, item in enumerate(known)}
    pupil_of = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    shape = (len(pupil_of), len(known))
    cells = np.full(shape, None, dtype=object)
    picks = np.full(shape, None, dtype=object)
    origin = np.full(shape, -1, dtype=np.int64)
    rows_of: list[list[int]] = [[] for _ in pupil_of]
    labels = checked.column("item")
    marks, choices = frame.columns.get("mark"), frame.columns.get("choice")
    sheet = SheetMarks(
        rows_of, tuple(known), np.empty(shape), np.empty(shape, np.int8), None,
        np.zeros(shape[0], np.int8), np.full(shape[0], np.nan),
    )  # fmt: skip
    for index, key in enumerate(keys):
        pupil = pupil_of[key]
        rows_of[pupil].append(index)
        label = canonical(str(labels[index] or ""))
        place = place_of.get(label)
        if place is None:
            message = f"双向细目表里没有第 {label} 题，请核对题号。" if label else "题号不能为空，请补填。"
            sheet.faults.append((index, "题号", Bad("unknown_item", message)))
            continue
        if origin[pupil, place] >= 0:
            first = frame.rows[origin[pupil, place]]
            message = f"这名学生的第 {label} 题在第 {first} 行已有，请删去一行。"
            sheet.faults.append((index, "题号", Bad("duplicate_item", message)))
            continue
        origin[pupil, place] = index
        cells[pupil, place] = marks[index] if marks else None
        picks[pupil, place] = choices[index] if choices else None
    away = np.zeros(shape, np.int8)
    chosen = np.full(shape, "", dtype="U8")
    for place, item in enumerate(known):
        column = read_marks(list(cells[:, place]), label=item.label, full=item.full)
        sheet.marks[:, place], sheet.states[:, place] = column.marks, column.states
        away[:, place] = column.away
        sheet.faults += [(int(origin[p, place]), "得分", bad) for p, bad in column.faults]
        if item.type.objective and any(not is_blank(cell) for cell in picks[:, place]):
            picked, gone, faults = read_choices(list(picks[:, place]), item)
            chosen[:, place] = picked
            away[:, place] = np.maximum(away[:, place], gone)
            sheet.faults += [(int(origin[p, place]), "选项", bad) for p, bad in faults]
            before = len(sheet.warnings)
            _mark_by_key(sheet, place, item, picked, "得分" if marks else None)
            sheet.warnings[before:] = [
                (int(origin[p, place]), column_name, bad) for p, column_name, bad in sheet.warnings[before:]
            ]
    sheet.states[origin < 0] = MarkState.NOT_ENTERED
    sheet.choices = chosen if (chosen != "").any() else None
    sheet.away = _whole_rows_away(away, sheet)
    return sheet


def read_totals(
    frame: Frame, cells: Sequence[Cell], known: Sequence[ItemInfo], *, header: str, full: float
) -> SheetMarks:
    """Only the total of the paper; items, where there are any, stay not entered."""
    rows = len(frame)
    column = read_marks(cells, label=header, full=full)
    shape = (rows, len(known))
    sheet = SheetMarks(
        [[index] for index in range(rows)],
        tuple(known),
        np.full(shape, np.nan),
        np.full(shape, MarkState.NOT_ENTERED, np.int8),
        None,
        column.away,
        column.marks,
    )
    for index, bad in column.faults:
        text = bad.message.replace(f"第 {header} 题", f"{header}")
        sheet.faults.append((index, header, Bad(bad.code, text)))
    return sheet
