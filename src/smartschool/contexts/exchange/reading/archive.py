"""Guards around .xlsx archives: sizes from the zip directory and the span of each sheet, before any parsing.

The sheet parser allocates the rectangle from A1 to the last cell densely, so one stray cell at
XFD1048576 would ask for 400 GB. The XML is inflated once here, in chunks, and only its cell
addresses are looked at; that also proves that the archive is whole.
"""

import html
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from enum import Enum
from io import BytesIO

from smartschool.contexts.exchange.reading.limits import Limits
from smartschool.kernel.tabular import FileRefused

_CHUNK = 4 << 20
_LONGEST_TAG = 4096  # bytes carried over a chunk border so that no cell address is cut
# Patterns that start with letters are searched ten times faster than those that start with "<".
_ROW = re.compile(rb"row\b[^>]*?\br=[\"'](\d{1,9})[\"']")
_MAYBE_WIDE = re.compile(rb"r=[\"'][A-Za-z]{3}\d")
_WIDE = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=[\"'][A-Za-z]{3}\d")
_LETTERS = re.compile(rb"\br=[\"']([A-Za-z]{1,3})\d")
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
    opened: then a 0 beside a formula may be a placeholder."""

    sheets: dict[str, SheetFacts]
    calculated: bool

    def unknown(self, sheet: str) -> set[tuple[int, int]]:
        """Formula cells of a sheet whose result the file does not hold."""
        doubtful = (Result.NONE,) if self.calculated else (Result.NONE, Result.PLACEHOLDER)
        return {place for place, result in self.sheets[sheet].formulas.items() if result in doubtful}


def damaged() -> FileRefused:
    return FileRefused(
        "damaged_file", "文件不完整或已损坏，可能没有传完。请用 Excel 打开确认后另存一份，再上传。"
    )


def inspect(content: bytes, limits: Limits) -> Archive:
    """Check an .xlsx archive and collect formula and error cells of its sheets."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = {info.filename: info for info in archive.infolist()}
            _check_directory(members, limits)
            parts = _sheet_parts(archive, members)
            facts: dict[str, SheetFacts] = {}
            span = 0
            for name, info in members.items():
                if name.endswith((".xml", ".rels")):
                    found, cells = _scan(archive, info, limits)
                    span += cells
                    if name in parts:
                        facts[parts[name]] = found
            if span > limits.cells:
                raise _too_many_cells(limits)
            workbook = _text(archive, "xl/workbook.xml") if "xl/workbook.xml" in members else ""
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as problem:
        raise damaged() from problem
    return Archive(facts, calculated=not re.search(r"fullCalcOnLoad\s*=\s*[\"'](?:1|true)", workbook))


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
        if info.filename.lower().endswith("vbaproject.bin"):
            raise macros()
    if "[Content_Types].xml" not in members:
        raise FileRefused(
            "not_a_workbook", "这是压缩包，不是表格。请解压后上传里面的 .xlsx、.xls 或 .csv 文件。"
        )


def _text(archive: zipfile.ZipFile, name: str) -> str:
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
    if "xl/workbook.xml" not in members or relations_name not in members:
        return {}
    targets = {}
    for tag in _RELATION_TAG.findall(_text(archive, relations_name)):
        relation = _attributes(tag)
        target = relation.get("Target", "")
        targets[relation.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    parts = {}
    for tag in _SHEET_TAG.findall(_text(archive, "xl/workbook.xml")):
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


def _too_many_cells(limits: Limits) -> FileRefused:
    return FileRefused(
        "too_many_cells", f"表格范围超过 {limits.cells:,} 格，请只保留需要的行和列，另存后再上传。"
    )


def _scan(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> tuple[SheetFacts, int]:
    """Inflate one member in chunks; answer its facts and the number of cells that its rectangle spans."""
    facts = SheetFacts()
    last_row = 0
    letters: set[bytes] = set()
    is_sheet = "worksheets/" in info.filename and info.filename.endswith(".xml")
    # Narrow sheets of few rows fit whatever their width; only long ones pay for an exact width.
    need_width = False
    with archive.open(info) as source:
        tail = b""
        while chunk := source.read(_CHUNK):
            if not is_sheet:
                continue
            data = tail + chunk
            rows = _ROW.findall(data)
            if rows:
                last_row = max(last_row, max(map(int, rows)))
            if last_row > limits.rows + 1000:
                raise too_many_rows(limits)
            if _MAYBE_WIDE.search(data) and _WIDE.search(data):
                raise too_many_columns(limits)
            need_width = need_width or last_row * 702 > limits.cells // 2
            if need_width:
                letters.update(_LETTERS.findall(data))
            _collect(data, facts)
            tail = data[-_LONGEST_TAG:]
    width = max((column_number(name.decode()) + 1 for name in letters), default=702) if last_row else 0
    return facts, last_row * width


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
