"""Tables that people bring: cells, columns, faults and frames, shared by the reader and every importer.

Everything here is pure and works column by column: a district's roster has 670,000 cells, and an
object per cell would cost more than the database does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple

Cell = str | float | int | bool | date | datetime | time | None
Value = object


class Bad(NamedTuple):
    """What a cell check answers instead of a value: a stable code and a sentence with the remedy."""

    code: str
    message: str


CellCheck = Callable[[Cell], "Value | Bad"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place of a file; `row` is Excel's row number, 0 means the whole file."""

    sheet: str
    row: int
    column: str
    code: str
    message: str


class FileRefused(Exception):
    """The file as a whole cannot be taken; nothing was read further. The message says what to do."""

    def __init__(self, code: str, message: str, *, sheet: str = "", row: int = 0, column: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.sheet = sheet
        self.row = row
        self.column = column

    def as_fault(self) -> Fault:
        return Fault(self.sheet, self.row, self.column, self.code, self.message)


@dataclass(frozen=True, slots=True)
class Column:
    """One column that an importer knows.

    `name` is the official header and the word used in faults; `synonyms` are other headers seen in
    the wild, best first. `check` turns a non-blank cell into a value or `Bad`. `required` cells may
    not be blank where the column exists; `needed` columns must exist in the file. `ordinal` columns
    (编号) number the rows of a form and say nothing about whether the row is filled. `from_title` finds
    the one value of a sheet that lacks the column in its name or title (a sheet a class).
    """

    key: str
    name: str
    check: CellCheck
    synonyms: tuple[str, ...] = ()
    required: bool = False
    needed: bool = False
    ordinal: bool = False
    from_title: Callable[[str], str | None] | None = None


@dataclass(slots=True)
class Frame:
    """The data rows of all data sheets of one file, as columns of raw cells.

    `sheets` and `rows` give the origin of each data row; `columns` maps a column key to its cells.
    `extra` holds columns that no importer column claimed, under their header text (item marks).
    `titles` are the words above the header of each sheet, `extra_of` the texts of its columns in `extra`.
    """

    sheets: list[str]
    rows: list[int]
    columns: dict[str, list[Cell]]
    headers: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    extra: dict[str, list[Cell]] = field(default_factory=dict)
    extra_of: dict[str, frozenset[str]] = field(default_factory=dict)
    cell_faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def fault(self, index: int, column: str, bad: Bad) -> Fault:
        return Fault(self.sheets[index], self.rows[index], column, bad.code, bad.message)


@dataclass(slots=True)
class Checked:
    """Values of a frame after the cell checks. `None` stands for a blank or faulty cell."""

    frame: Frame
    values: dict[str, list[Value]]
    faults: list[Fault]
    warnings: list[Fault] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)
    facts: object = None  # what an importer's validate() worked out for its match()

    def add(self, index: int, column: str, code: str, message: str) -> None:
        """Record a fault found by a check over several cells; the row is refused."""
        self.faults.append(self.frame.fault(index, column, Bad(code, message)))
        self.bad.add(index)

    def warn(self, index: int, column: str, code: str, message: str) -> None:
        """Record something odd but legal; the row is taken."""
        self.warnings.append(self.frame.fault(index, column, Bad(code, message)))

    def column(self, key: str) -> list[Value]:
        """Values of a column; all None where the file does not have it."""
        found = self.values.get(key)
        return found if found is not None else [None] * len(self.frame)

    def has(self, key: str) -> bool:
        return key in self.values

    def good(self) -> Iterator[int]:
        """Indices of the rows without a fault, in file order."""
        return (index for index in range(len(self.frame)) if index not in self.bad)


def is_blank(cell: Cell) -> bool:
    """Empty for a reader of the sheet: nothing, or only spaces (also full-width ones)."""
    return not cell.strip() if type(cell) is str else cell is None


def check_column(column: Column, cells: Sequence[Cell]) -> tuple[list[Value], list[tuple[int, Bad]]]:
    """Check one column. Equal cells are judged once: most columns of a roster repeat a few words."""
    missing = Bad("required", f"“{column.name}”不能为空，请补填。") if column.required else None
    judged: dict[Cell, Value | Bad] = {}
    check = column.check
    for cell in set(cells):
        value = missing if is_blank(cell) else check(cell)
        judged[cell] = missing if value is None else value
    if True in judged or False in judged:  # True == 1.0 as dict keys, but they read differently
        return _check_each(cells, column.check, missing)
    if len(judged) == 1 and (value := next(iter(judged.values()))).__class__ is not Bad:
        return [value] * len(cells), []  # half the columns of a roster say one thing, or nothing
    values: list[Value] = list(map(judged.__getitem__, cells))
    return _apart(values) if Bad in set(map(type, judged.values())) else (values, [])


def _check_each(
    cells: Sequence[Cell], check: CellCheck, missing: Bad | None
) -> tuple[list[Value], list[tuple[int, Bad]]]:
    values: list[Value] = []
    for cell in cells:
        value = missing if is_blank(cell) else check(cell)
        values.append(missing if value is None else value)
    return _apart(values)


def _apart(judged: list[Value]) -> tuple[list[Value], list[tuple[int, Bad]]]:
    wrong = [(index, value) for index, value in enumerate(judged) if isinstance(value, Bad)]
    values = list(judged)
    for index, _ in wrong:
        values[index] = None
    return values, wrong


def check_frame(frame: Frame, columns: Iterable[Column]) -> Checked:
    """Check every known column of a frame; faults come in the order of rows, then of columns."""
    found: list[tuple[int, int, Fault]] = []
    values: dict[str, list[Value]] = {}
    already = {(fault.sheet, fault.row, fault.column) for fault in frame.cell_faults}
    for order, column in enumerate(columns):
        cells = frame.columns.get(column.key)
        if cells is None:
            continue
        values[column.key], wrong = check_column(column, cells)
        for index, bad in wrong:
            fault = frame.fault(index, column.name, bad)
            if (fault.sheet, fault.row, fault.column) not in already:
                found.append((index, order, fault))
    if frame.cell_faults:
        place = {key: index for index, key in enumerate(zip(frame.sheets, frame.rows, strict=True))}
        found += [(place[fault.sheet, fault.row], -1, fault) for fault in frame.cell_faults]
    found.sort(key=lambda entry: entry[:2])
    return Checked(frame, values, [entry[2] for entry in found], bad={entry[0] for entry in found})
