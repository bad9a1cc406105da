"""Reading a table of text: encoding, separator, header. Cells stay text."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from smartschool.analyze.columns import is_date, item_code
from smartschool.analyze.faults import Refused, refuse
from smartschool.analyze.headers import find_header, second_header_row

# Zero-width marks and byte order marks come along when cells are copied from web pages.
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202d\u2060\ufeff")) | {
    0x3000: " ",
    0xA0: " ",
}
# Excel writes the separator into the first line of a CSV for other countries.
_SEPARATOR_LINE = re.compile(r"^sep=.\r?\n", re.IGNORECASE)
_PAGE = re.compile(r"\s*(?:<!doctype|<html|<table|<meta|<\?xml|<head|<style|<div)", re.IGNORECASE)
SUFFIXES = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
MOST_BYTES = 400 * 1024 * 1024
# A cell longer than this is no mark, option or name; csv's own limit is 128 KB.
csv.field_size_limit(1 << 20)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header.

    Attributes
    ----------
    name : str
        File name, for messages.
    header : list of str
        Without surrounding blanks; never empty texts between filled ones.
    rows : list of list of str
        As wide as the header, blanks stripped; rows without any text are left out.
    numbers : list of int
        Row number of each row as a spreadsheet shows it.
    header_row : int
        That of the header: the last one where it takes two rows.
    """

    name: str
    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    header_row: int = 1

    def column(self, index: int) -> list[str]:
        """One column."""
        return [row[index] for row in self.rows]


def read_table(path: Path) -> Table:
    """Read a CSV (comma, tab or semicolon; UTF-8, UTF-16 or GB18030) or the first sheet of a workbook."""
    name = path.name
    if path.suffix.lower() in SUFFIXES and not _is_text(path):
        from smartschool.analyze.workbooks import read_workbook

        raw = read_workbook(path)
        if not any(clean(cell) for row in raw for cell in row):
            raise refuse("empty_file", "工作表是空的。", name)
        return _table(name, raw)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise refuse("file_too_large", f"文件超过 {MOST_BYTES // 2**20} MB，请按学校拆开再分析。", name)
        data = path.read_bytes()
    except OSError as error:
        raise refuse(
            "file_unreadable", f"打不开这个文件（{error.strerror}），请检查路径和权限。", name
        ) from error
    text = _SEPARATOR_LINE.sub("\n", _decode(data, name), count=1)
    if _PAGE.match(text):
        text = "这其实是网页，不是表格文件（有些平台这样导出）。请用 Excel 打开，另存为 .xlsx 再分析。"
        raise refuse("web_page", text, name)
    if not text.strip():
        raise refuse("empty_file", "文件是空的，请导出后再试。", name)
    try:
        raw = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True))
    except csv.Error as error:
        raise refuse("bad_csv", f"不是完整的 CSV 表格（{error}），请用表格软件另存为 CSV。", name) from error
    return _table(name, raw)


def other_sheets(path: Path) -> list[tuple[str, Table | None]]:
    """Visible sheets of a workbook that `read_table` leaves unread; None for one that is no table."""
    if path.suffix.lower() not in SUFFIXES or _is_text(path):
        return []
    from smartschool.analyze.workbooks import read_workbook, sheets_with_data

    found: list[tuple[str, Table | None]] = []
    for sheet in sheets_with_data(path)[1:]:
        try:
            found.append((sheet, _table(path.name, read_workbook(path, sheet))))
        except Refused:
            found.append((sheet, None))
    return found


def clean(cell: str) -> str:
    """Text of a cell without surrounding blanks and byte order marks."""
    if cell.isascii():
        return cell.strip()
    return cell.translate(_UNSEEN).strip()


def half_width(cell: str) -> str:
    """Full-width digits, letters and signs as half-width ones."""
    return unicodedata.normalize("NFKC", cell).strip()


def _is_text(path: Path) -> bool:
    """Whether a file that is called a workbook is text: platforms export tables of tabs as .xls."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    return bool(head) and not head.startswith((b"PK", b"\xd0\xcf\x11\xe0", b"\x09")) and b"\x00" not in head


def _decode(data: bytes, name: str) -> str:
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise refuse("not_csv", "内容是 Excel 工作簿，文件名却不是，请改成 .xlsx 再分析。", name)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise refuse("bad_encoding", "认不出文字编码，请另存为“CSV UTF-8”。", name)


def _separator(text: str) -> str:
    # A title above the header has none.
    line = next((line for line in text.splitlines()[:20] if any(s in line for s in ",\t;，")), "")
    return max((",", "\t", ";", "，"), key=line.count) if line else ","


def _table(name: str, raw: list[list[str]]) -> Table:
    lines = [[clean(cell) for cell in row] for row in raw]
    start = find_header(lines)
    header = [" ".join(cell.split()) for cell in lines[start]]
    second = second_header_row(header, lines[start + 1] if start + 1 < len(lines) else [])
    if second is not None:
        header, start = [" ".join(cell.split()) for cell in second], start + 1
    while header and not header[-1]:
        header.pop()
    # A column without a title and without a single cell is only a margin of the sheet.
    cells = lines[start + 1 :]
    kept = [c for c, title in enumerate(header) if title or any(row[c : c + 1] > [""] for row in cells)]
    for index in kept:
        if not header[index]:
            text = f"第 {index + 1} 列没有列名，请补上或删去这一列；表头占几行的，合成一行。"
            raise refuse("empty_header", text, name, start + 1)
    dates = [header[index] for index in kept if is_date(header[index])]
    if dates:
        text = (
            f"列名“{dates[0]}”是日期，多半是 3-1 这样的题号被 Excel 改成的。"
            "请把这一行设为文本，重新填写题号。"
        )
        raise refuse("date_in_header", text, name, start + 1, dates[0])
    seen: set[str] = set()
    titles = [header[index] for index in kept]
    for title in titles:
        if item_code(title) in seen:
            text = f"列名“{title}”出现两次，请改名或删去一列。"
            if re.fullmatch(r"\d+\.\d", title):
                text += f"“{title}0”会被 Excel 改成“{title}”：请先把表头设为文本再填。"
            raise refuse("duplicate_column", text, name, start + 1, title)
        seen.add(item_code(title))
    rows: list[list[str]] = []
    numbers: list[int] = []
    width = len(header)
    for number, row in enumerate(cells, start + 2):
        if not any(row):
            continue
        if any(row[width:]):
            beyond = next(cell for cell in row[width:] if cell)
            text = (
                f"这一行有 {len(row)} 格，表头（第 {start + 1} 行）只有 {width} 列。"
                f"表外多出的“{beyond[:12]}”请删去，或给那一列写上列名；"
                "表头上面有标题的，删去标题，让列名在第一行。"
            )
            raise refuse("row_too_long", text, name, number)
        row += [""] * (width - len(row))
        rows.append([row[index] for index in kept])
        numbers.append(number)
    return Table(name, titles, rows, numbers, start + 1)
