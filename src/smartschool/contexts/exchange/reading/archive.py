"""Guards around .xlsx archives: sizes from the zip directory and the span of each sheet, before any parsing.

The sheet parser allocates the rectangle from A1 to the last cell densely, so one stray cell at
XFD1048576 would ask for 400 GB. The XML is inflated once here, in chunks, and only its cell
addresses are looked at; that also proves that the archive is whole. Where the addresses do not tell
the span beyond doubt, the archive is not `plain` and has to be parsed apart.
"""

import html
import re
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from io import BytesIO

from smartschool.contexts.exchange.reading.limits import Limits
from smartschool.kernel.tabular import FileRefused

_CHUNK = 4 << 20
_LONGEST_TAG = 4096  # bytes carried over a chunk border so that no cell address is cut
# Patterns that start with letters are searched ten times faster than those that start with "<".
_ROW = re.compile(rb"row\b[^>]*?\br=[\"'](\d{1,9})[\"']")
# A cell or row whose first attribute is not its address (not cols, cfRule, customFilter, …, rowBreaks).
_ODD_CELL = re.compile(rb"<c(?! r=\"|[ofue])")
_ODD_CELL_OR_FAR = re.compile(rb"<c(?! r=\"(?![A-Za-z]{1,3}\d{5})|[ofue])")
_ODD_ROW = re.compile(rb"row(?<=<row)(?! r=\"|B)")
_PREFIXED = re.compile(rb":(?:c|row)")
_MAYBE_WIDE = re.compile(rb"r=[\"'][A-Za-z]{3}\d")
_WIDE = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=[\"'][A-Za-z]{3}\d")
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>]*?\br=[\"']([A-Za-z]{1,3})(\d{1,7})[\"'][^>]*)>\s*"
    rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\b[^>]*>([^<]*)<)?"
)
_TEXT_CELL = re.compile(rb"\bt=[\"']str[\"']")
_CELL_TAG = re.compile(rb"<(?:\w+:)?c\b[^>]*>")
_ADDRESS = re.compile(rb"\br=[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")
_SHEET_TAG = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION_TAG = re.compile(r"<Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def macros() -> FileRefused:
    return FileRefused("macros", "文件里带有宏，为了安全没有打开。请另存为“Excel 工作簿（.xlsx）”再上传。")


class Result(Enum):
    """What a file keeps beside a formula. A program that writes formulas without working them out leaves
    nothing, or 0 or an empty text in their place."""

    KNOWN = "known"
    PLACEHOLDER = "placeholder"
    NONE = "none"


@dataclass(slots=True)
class SheetFacts:
    """What the XML of one sheet says beside its values; (row, column) are zero-based."""

    formulas: dict[tuple[int, int], Result] = field(default_factory=dict)
    errors: set[tuple[int, int]] = field(default_factory=set)


@dataclass(slots=True)
class Archive:
    """A whole and harmless .xlsx. `calculated` is False where the file itself asks to be calculated when
    opened: then a 0 beside a formula may be a placeholder. `plain`: its span is known and small enough."""

    sheets: dict[str, SheetFacts]
    calculated: bool
    plain: bool

    def unknown(self, sheet: str) -> set[tuple[int, int]]:
        """Formula cells of a sheet whose result the file does not hold."""
        doubtful = (Result.NONE,) if self.calculated else (Result.NONE, Result.PLACEHOLDER)
        facts = self.sheets.get(sheet, SheetFacts())
        return {place for place, result in facts.formulas.items() if result in doubtful}

    def errors(self, sheet: str) -> set[tuple[int, int]]:
        """Cells of a sheet that hold an error value."""
        return self.sheets.get(sheet, SheetFacts()).errors


def damaged() -> FileRefused:
    return FileRefused(
        "damaged_file", "文件不完整或已损坏，可能没有传完。请用 Excel 打开确认后另存一份，再上传。"
    )


def inspect(content: bytes, limits: Limits) -> Archive:
    """Check an .xlsx archive and collect formula and error cells of its sheets."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = {_path(info.filename): info for info in archive.infolist()}
            _check_directory(members, limits)
            if len(members) < len(archive.infolist()):
                raise damaged()  # two members of one name: nobody knows which one another program reads
            parts = _sheet_parts(archive, members)
            facts: dict[str, SheetFacts] = {}
            span = most = 0
            plain = True
            for name, info in members.items():
                found, extent = _scan(archive, info, limits)
                span, most, plain = span + extent.cells, most + extent.most, plain and extent.plain
                if name in parts:
                    facts[parts[name]] = found
            if span > limits.cells:
                raise too_many_cells(limits)
            workbook = _text(archive, members[_WORKBOOK])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as problem:
        raise damaged() from problem
    return Archive(
        facts,
        calculated=not re.search(r"fullCalcOnLoad\s*=\s*[\"'](?:1|true)", workbook),
        plain=plain and most <= limits.cells,
    )


_WORKBOOK = "xl/workbook.xml"


def _path(name: str) -> str:
    """Name of a member as it is looked up: some programs write backslashes, or other letter case."""
    return name.replace("\\", "/").lower()


def _check_directory(members: dict[str, zipfile.ZipInfo], limits: Limits) -> None:
    total = sum(info.file_size for info in members.values())
    bomb = FileRefused(
        "zip_bomb", "这个文件解开后大得不正常，已停止读取。请用 Excel 把需要的数据复制到新表，另存后再上传。"
    )
    if total > limits.unpacked_bytes or len(members) > 2000:
        raise bomb
    for info in members.values():
        if info.file_size > limits.small_member and info.file_size > limits.pack_ratio * max(
            info.compress_size, 1
        ):
            raise bomb
    if any(name.endswith("vbaproject.bin") for name in members):
        raise macros()
    if _WORKBOOK not in members:
        raise _no_workbook(members)


def _no_workbook(members: Collection[str]) -> FileRefused:
    kinds = {
        "xl/workbook.bin": "二进制工作簿（.xlsb）",
        "content.xml": " ODS 表格",
        "word/document.xml": " Word 文档",
    }
    for name, kind in kinds.items():
        if name in members:
            return FileRefused(
                "not_a_workbook", f"这是{kind}。请打开它，把表格另存为“Excel 工作簿（.xlsx）”再上传。"
            )
    return FileRefused(
        "not_a_workbook", "这是压缩包，不是表格。请解压后上传里面的 .xlsx、.xls 或 .csv 文件。"
    )


def _text(archive: zipfile.ZipFile, name: zipfile.ZipInfo) -> str:
    with archive.open(name) as source:
        return source.read(4 << 20).decode("utf-8", "replace")


def _attributes(tag: str) -> dict[str, str]:
    return {
        name.split(":")[-1]: html.unescape(double or single)
        for name, double, single in _ATTRIBUTE.findall(tag)
    }


def _sheet_parts(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> dict[str, str]:
    """Which archive member holds which named sheet."""
    relations_name = "xl/_rels/workbook.xml.rels"
    if relations_name not in members:
        return {}
    targets = {}
    for tag in _RELATION_TAG.findall(_text(archive, members[relations_name])):
        relation = _attributes(tag)
        target = _path(relation.get("Target", ""))
        targets[relation.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    parts = {}
    for tag in _SHEET_TAG.findall(_text(archive, members[_WORKBOOK])):
        sheet = _attributes(tag)
        if "name" in sheet and "id" in sheet:
            parts[targets.get(sheet["id"], "")] = sheet["name"]
    return parts


def column_number(letters: str) -> int:
    """Zero-based number of a column: A is 0, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """Letters of a zero-based column number."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def too_many_cells(limits: Limits) -> FileRefused:
    return FileRefused(
        "too_many_cells", f"表格范围超过 {limits.cells:,} 格，请只保留需要的行和列，另存后再上传。"
    )


@dataclass(frozen=True, slots=True)
class _Extent:
    """Cells that the rectangle of a sheet spans, at most `most` of them where the rows of its cells lie."""

    cells: int = 0
    most: int = 0
    plain: bool = True


def _scan(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> tuple[SheetFacts, _Extent]:
    """Inflate one member in chunks; answer its facts and how many cells it spans.

    What a member is called says nothing: whatever holds a sheet is looked at as one.
    """
    facts = SheetFacts()
    last_row = 0
    wide = 0
    is_sheet, plain = False, True
    # Narrow sheets of few rows fit whatever their width; only long ones pay for an exact width.
    need_width = False
    with archive.open(info) as source:
        tail = b""
        while chunk := source.read(_CHUNK):
            data = tail + chunk
            is_sheet = is_sheet or b"sheetData" in data or b"s\0h\0e\0e\0t\0D" in data
            if not is_sheet:
                tail = chunk[-32:]
                continue
            rows = _ROW.findall(data)
            if rows:
                last_row = max(last_row, max(map(int, rows)))
            if last_row > limits.rows + 1000:
                raise too_many_rows(limits)
            if _MAYBE_WIDE.search(data) and _WIDE.search(data):
                raise too_many_columns(limits)
            need_width = need_width or last_row * 702 > limits.cells // 2
            if need_width:
                wide = _widest(data, wide)
            plain = plain and _says_where(data, near=last_row < 10_000)
            _collect(data, facts)
            tail = data[-_LONGEST_TAG:]
    width = (wide or 702) if last_row else 0
    most = width * (limits.rows + 1000 if last_row >= 10_000 else 10_000) if need_width else 0
    return facts, _Extent(last_row * width, most, plain)


def _says_where(data: bytes, *, near: bool) -> bool:
    """Whether every row and cell begins with its address, as all usual programs write them: without one,
    below a prefix or in another encoding a cell may stand anywhere. In a `near` sheet no row has said that it
    is beyond the 9,999th, and no cell may."""
    end = data.rfind(b">") + 1
    odd = _ODD_CELL_OR_FAR if near else _ODD_CELL
    # One look after the other: one expression that begins in several ways is several times slower.
    if b"\0" in data or _PREFIXED.search(data) or _ODD_ROW.search(data, 0, end):
        return False
    return not odd.search(data, 0, end)


def _widest(data: bytes, width: int) -> int:
    """How many columns the addresses of a piece reach, `width` at least. Only what lies beyond is looked at:
    a long sheet has millions of addresses, and its first row reaches nearly as far as any."""
    place = 0
    while found := _beyond(width).search(data, place):
        width, place = column_number(found[1].decode()) + 1, found.end()
    return width


@lru_cache(maxsize=1024)
def _beyond(width: int) -> re.Pattern[bytes]:
    """Addresses beyond so many columns: longer letters, or as many that come later."""
    last = column_letters(width - 1) if width else ""
    later = [f"[A-Za-z]{{{len(last) + 1},3}}"] if len(last) < 3 else []
    for place, letter in enumerate(last):
        if letter < "Z":
            after = f"[{chr(ord(letter) + 1)}-Z{chr(ord(letter) + 1).lower()}-z]"
            head = "".join(f"[{one}{one.lower()}]" for one in last[:place])
            later.append(f"{head}{after}[A-Za-z]{{{len(last) - place - 1}}}")
    # The name of the attribute is looked at after its letters, for speed.
    return re.compile(f"r=(?<!\\wr=)[\"']({'|'.join(later) or '(?!)'})\\d".encode())


def _collect(data: bytes, facts: SheetFacts) -> None:
    """Formulas and errors of a piece of a sheet. A cell that the piece cuts off is seen whole in the next."""
    if _has_formula(data):
        for attributes, name, row, value in _FORMULA.findall(data):
            facts.formulas[int(row) - 1, column_number(name.decode())] = _result(attributes, value)
    if b"#" in data and (b't="e"' in data or b"t='e'" in data):  # every error is written #…
        for tag in _CELL_TAG.findall(data):
            address = _ADDRESS.search(tag)
            if address and (b't="e"' in tag or b"t='e'" in tag):
                facts.errors.add((int(address[2]) - 1, column_number(address[1].decode())))


def _has_formula(data: bytes) -> bool:
    """Whether an element f begins somewhere: the letter is rare in a sheet, and "<" is not."""
    place = data.find(b"f")
    while place >= 0:
        before, after = data[place - 1 : place], data[place + 1 : place + 2]
        if before in (b"<", b":") and (after in (b">", b"/") or after.isspace()):
            return True
        place = data.find(b"f", place + 1)
    return False


def _result(attributes: bytes, value: bytes) -> Result:
    if value.strip():
        return Result.PLACEHOLDER if value.strip() in (b"0", b"0.0") else Result.KNOWN
    return Result.PLACEHOLDER if _TEXT_CELL.search(attributes) else Result.NONE


def too_many_rows(limits: Limits) -> FileRefused:
    return FileRefused(
        "too_many_rows", f"一次最多导入 {limits.rows:,} 行。请按学校或年级分成几个文件，分别导入。"
    )


def too_many_columns(limits: Limits) -> FileRefused:
    return FileRefused("too_many_columns", f"表格超过 {limits.columns} 列。请只保留需要的列，另存后再上传。")
