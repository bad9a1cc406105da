"""From a file to one frame: all data sheets, their headers and their rows, ready for the cell checks."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from smartschool.contexts.exchange.reading.archive import column_letters, too_many_rows
from smartschool.contexts.exchange.reading.header import (
    Header,
    claims_nothing,
    find_header,
    likely_header,
)
from smartschool.contexts.exchange.reading.header_words import comparable, header_text
from smartschool.contexts.exchange.reading.limits import DEFAULT, Limits
from smartschool.contexts.exchange.reading.workbook import RawSheet, open_sheets
from smartschool.kernel.row_kinds import is_closing_row
from smartschool.kernel.tabular import Bad, Cell, Column, Fault, FileRefused, Frame, is_blank

# A sheet that shows how to fill in the form: its table is no data where another sheet has one.
_EXAMPLE = re.compile(r"(?:填表|填写|填报)?(?:说明|须知|要求|示例|样例|样表|范例|举例)表?\d*")
# How the lines begin that stand below a table with three cells or more: 制表人：…, 合计, 男 18 女 20.
_MAY_CLOSE = re.compile(r".{0,12}[:：]|合计|总计|共|小计|总|男|女|全|本|其中|[（(]|第|\d{2,4}年")
_MOST_OF_A_NOTE = 12
_MANY = 3  # a row that says as much is no note
_FORMULA = Bad(
    "formula",
    "{cell} 是公式，文件里没有算好的结果。请用 Excel 打开并保存一次，或复制后“选择性粘贴 → 数值”，再导入。",
)
_ERROR = Bad("excel_error", "{cell} 是 Excel 的错误值（如 #REF!）。请改成正确的内容。")


@dataclass(slots=True)
class ReadSheet:
    """A data sheet with its header, for the mapping step and the error workbook.

    `between` are the lines inside the table that say something of the rows below them.
    """

    raw: RawSheet
    header: Header
    between: list[int] = field(default_factory=list)


@dataclass(slots=True)
class ReadTable:
    """Everything read from one file."""

    frame: Frame
    sheets: list[ReadSheet]
    skipped: list[str]


def read_table(
    content: bytes,
    columns: Sequence[Column],
    *,
    saved: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT,
    keep_extra: bool = False,
    claims: Callable[[str], bool] = claims_nothing,
) -> ReadTable:
    """Read a file for an importer. Raises FileRefused with the first thing that stops the whole file.

    Parameters
    ----------
    saved
        Mapping that a person has set: comparable header → column key, "" for 不导入.
    keep_extra
        Also keep columns that no importer column claims, under their header text (item marks).
    claims
        Which of those headers the importer knows to be its own.
    """
    sheets: list[ReadSheet] = []
    skipped: list[tuple[RawSheet, Header | None]] = []
    for raw in open_sheets(content, limits):
        header = find_header(raw, columns, saved, claims)
        if header is None or not _has_needed(raw, header, columns):
            skipped.append((raw, header))
        else:
            sheets.append(ReadSheet(raw, header))
    examples = [sheet for sheet in sheets if _EXAMPLE.fullmatch(sheet.raw.name.strip())]
    if 0 < len(examples) < len(sheets):
        sheets = [sheet for sheet in sheets if sheet not in examples]
        skipped += [(sheet.raw, sheet.header) for sheet in examples]
    if not sheets:
        raise _no_table(columns, skipped)
    for sheet in sheets:
        if sheet.header.duplicates:
            names = "、".join(f"“{name}”" for name in sheet.header.duplicates)
            raise FileRefused(
                "duplicate_header",
                f"表头 {names} 出现了两次，不知道该用哪一列。请删去或改名其中一列。",
                sheet=sheet.raw.name,
                row=sheet.header.line + 1,
                column=sheet.header.duplicates[0],
            )
    frame = _frame(sheets, columns, keep_extra)
    if not len(frame):
        raise FileRefused("no_rows", "表头下面没有数据。请填好后再上传。", sheet=sheets[0].raw.name)
    if len(frame) > limits.rows:
        raise too_many_rows(limits)
    return ReadTable(frame, sheets, [raw.name for raw, _ in skipped])


def _has_needed(raw: RawSheet, header: Header, columns: Sequence[Column]) -> bool:
    """Whether the columns that must be there are, or the sheet's name or title says their one value."""
    return all(
        column.key in header.sure or _said_above(raw, header, column) is not None
        for column in columns
        if column.needed
    )


def _said_above(raw: RawSheet, header: Header, column: Column) -> str | None:
    """Value of a column that the sheet lacks, from the name of the sheet, else from its title."""
    if column.from_title is None:
        return None
    return column.from_title(raw.name) or column.from_title(_title(raw, header))


def _said_between(row: Sequence[Cell], columns: Sequence[Column]) -> dict[str, str]:
    """What a title between two tables of one sheet says of the rows below it: 二年级（1）班 alone."""
    filled = [cell for cell in row if not is_blank(cell)]
    if len(filled) != 1 or not isinstance(filled[0], str):
        return {}
    found = {column.key: column.from_title(filled[0]) for column in columns if column.from_title}
    return {key: value for key, value in found.items() if value is not None}


def _title(raw: RawSheet, header: Header) -> str:
    """Words above the header."""
    above = (cell for row in raw.rows[: header.line] for cell in row)
    return " ".join(cell for cell in above if isinstance(cell, str) and cell)


def closest_sheet(
    content: bytes,
    columns: Sequence[Column],
    *,
    saved: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT,
) -> ReadSheet | None:
    """The sheet of a refused file whose columns a person may map by hand; None where nothing can be read."""
    best: ReadSheet | None = None
    try:
        sheets = open_sheets(content, limits)
    except FileRefused:
        return None
    for raw in sheets:
        header = find_header(raw, columns, saved) or likely_header(raw, columns, saved)
        if header and (best is None or len(header.keys) > len(best.header.keys)):
            best = ReadSheet(raw, header)
    return best


def _no_table(columns: Sequence[Column], skipped: Sequence[tuple[RawSheet, Header | None]]) -> FileRefused:
    """The most helpful refusal: name the missing columns of the sheet that comes closest."""
    needed = [column for column in columns if column.needed]
    close = [(len(header.sure), raw, header) for raw, header in skipped if header is not None]
    if close:
        _, raw, header = max(close, key=lambda entry: entry[0])
        missing = [column.name for column in needed if column.key not in header.sure]
        found = "、".join(heading.text for heading in header.headings[:12])
        names = "、".join(f"“{name}”" for name in missing)
        return FileRefused(
            "missing_column",
            f"缺少必需的列 {names}。现有的列：{found}。请补上，或在“认列”里指定是哪一列。",
            sheet=raw.name,
            row=header.line + 1,
            column=missing[0],
        )
    wanted = "、".join(column.name for column in (needed or columns[:6]))
    names = "、".join(f"“{raw.name}”" for raw, _ in skipped if raw.name)
    place = f"（看过工作表 {names}）" if names else ""
    return FileRefused(
        "no_header", f"没有找到表头{place}。表头要在前 40 行里，至少有：{wanted}。请换一个文件。"
    )


def _frame(sheets: Sequence[ReadSheet], columns: Sequence[Column], keep_extra: bool) -> Frame:
    frame = Frame([], [], {})
    said = [
        {
            column.key: value
            for column in columns
            if column.key not in sheet.header.keys
            and (value := _said_above(sheet.raw, sheet.header, column)) is not None
        }
        for sheet in sheets
    ]
    present = {
        key for sheet, values in zip(sheets, said, strict=True) for key in sheet.header.keys | {*values}
    }
    frame.columns = {column.key: [] for column in columns if column.key in present}
    extras: dict[str, str] = {}
    if keep_extra:
        for sheet in sheets:
            for heading in sheet.header.headings:
                if heading.key is None:
                    extras.setdefault(comparable(heading.text), heading.text)
        frame.extra = {text: [] for text in extras.values()}
    for sheet, values in zip(sheets, said, strict=True):
        _append(frame, sheet, columns, values, extras)
    return frame


def _append(
    frame: Frame,
    sheet: ReadSheet,
    columns: Sequence[Column],
    said: Mapping[str, str],
    extras: Mapping[str, str],
) -> None:
    raw, header = sheet.raw, sheet.header
    ordinal = {column.key for column in columns if column.ordinal}
    frame.titles[raw.name] = _title(raw, header)
    _fill_merged(raw, header.line)
    place_of = {heading.key: heading.place for heading in header.headings if heading.key}
    telling = [place for key, place in place_of.items() if key not in ordinal]
    titles = [(heading.place, heading.text) for heading in header.headings]
    unsaid = [column for column in columns if column.from_title and column.key not in header.keys]
    kept = []
    said_of: list[Mapping[str, str]] = []  # each kept row
    for line in range(header.line + 1, len(raw.rows)):
        row = raw.rows[line]
        told = 0
        for seen in telling:
            if not is_blank(row[seen]):
                told += 1
                if told == _MANY:
                    break
        if not told and not _extra_filled(row, header, extras):
            continue
        if _is_note(row, told) or _is_header_again(row, titles):
            continue
        if unsaid and told < 2 and (block := _said_between(row, unsaid)):
            said = {**said, **block}
            sheet.between.append(line)
            continue
        kept.append(line)
        said_of.append(said)
    for heading in header.headings:
        if heading.key:
            frame.headers.setdefault(heading.key, heading.text)
    filled = list(zip(*(raw.rows[line] for line in kept), strict=True))
    for key, cells in frame.columns.items():
        place = place_of.get(key)
        cells.extend([one.get(key) for one in said_of] if place is None or not kept else filled[place])
    extra_place = {
        extras[comparable(heading.text)]: heading.place
        for heading in header.headings
        if heading.key is None and comparable(heading.text) in extras
    }
    frame.extra_of[raw.name] = frozenset(extra_place)
    for text, cells in frame.extra.items():
        place = extra_place.get(text)
        cells.extend([None] * len(kept) if place is None or not kept else filled[place])
    frame.sheets.extend([raw.name] * len(kept))
    frame.rows.extend(line + 1 for line in kept)
    names = {column.key: column.name for column in columns if not column.ordinal}
    column_at = {place: names[key] for key, place in place_of.items() if key in names}
    column_at |= {place: text for text, place in extra_place.items()}
    in_frame = set(kept)
    for marks, bad in ((raw.formulas, _FORMULA), (raw.errors, _ERROR)):
        for line, place in sorted(marks):
            if line in in_frame and place in column_at:
                message = bad.message.format(cell=f"{column_letters(place)}{line + 1}")
                frame.cell_faults.append(Fault(raw.name, line + 1, column_at[place], bad.code, message))


def _extra_filled(row: list[Cell], header: Header, extras: Mapping[str, str]) -> bool:
    if not extras:
        return False
    return any(heading.key is None and not is_blank(row[heading.place]) for heading in header.headings)


def _fill_merged(raw: RawSheet, header_line: int) -> None:
    """A cell merged over several data rows speaks for each of them, as it does on the screen.

    A range may lie beyond the last value, as the merged blanks of a seal below the table do. Ranges do not
    overlap in a sound file; what a range has filled is not looked at again.
    """
    size, width = len(raw.rows), len(raw.rows[0]) if raw.rows else 0
    filled_to: dict[int, int] = {}
    for (top, left), (bottom, _right) in sorted(raw.merged):
        if top <= header_line or bottom <= top or top >= size or left >= width:
            continue
        value = raw.rows[top][left]
        for line in range(max(top, filled_to.get(left, 0)) + 1, min(bottom + 1, size)):
            if is_blank(raw.rows[line][left]):
                raw.rows[line][left] = value
        filled_to[left] = max(bottom, filled_to.get(left, 0))


def _is_note(row: list[Cell], few: int) -> bool:
    """Lines such as 制表人：…, 合计, 男 18 女 20 or （盖章） below the table; most rows need one look."""
    if few >= 3:
        first = next(cell for cell in row if not is_blank(cell))
        if not isinstance(first, str) or _MAY_CLOSE.match(first.strip()) is None:
            return False
        if sum(not is_blank(cell) for cell in row) > _MOST_OF_A_NOTE:
            return False
    return is_closing_row(row)


def _is_header_again(row: list[Cell], titles: Sequence[tuple[int, str]]) -> bool:
    """The header repeated at the top of a printed page."""
    first_place, first_text = titles[0]
    if len(titles) < 2 or header_text(row[first_place]) != first_text:
        return False
    texts = [(header_text(row[place]), text) for place, text in titles if not is_blank(row[place])]
    return len(texts) >= 2 and all(found == text for found, text in texts)
