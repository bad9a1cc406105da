"""Opens a file of any accepted kind and answers its visible sheets as raw rows."""

import re
from dataclasses import dataclass, field

from smartschool.contexts.exchange.reading import archive, delimited
from smartschool.contexts.exchange.reading.limits import DEFAULT, Limits
from smartschool.contexts.exchange.reading.parsing import parse, parse_apart, password
from smartschool.kernel.tabular import Cell, FileRefused

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = {
    b"%PDF": " PDF",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"Rar!": "压缩包",
    b"7z\xbc\xaf": "压缩包",
    b"\x1f\x8b": "压缩包",
    b"GIF8": "图片",
    b"{\\rtf": " Word 文档",
    b"MZ": "程序",
}
_WEB_PAGE = re.compile(r"\s*(?:<|mime-version:)", re.IGNORECASE)


@dataclass(slots=True)
class RawSheet:
    """One visible sheet: all rows from Excel's row 1 on. Cell positions are zero-based (row, column).
    `formulas` are those whose result the file does not hold."""

    name: str
    rows: list[list[Cell]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    errors: set[tuple[int, int]] = field(default_factory=set)


def open_sheets(content: bytes, limits: Limits = DEFAULT) -> list[RawSheet]:
    """Visible sheets of an .xlsx, .xls or CSV file; the bytes decide the kind, not the file name."""
    if len(content) > limits.file_bytes:
        size = limits.file_bytes >> 20
        raise FileRefused("file_too_large", f"文件超过 {size} MB。请删去图片和用不到的表，或分成几个文件。")
    if not content.strip(b"\x00 \r\n\t"):
        raise FileRefused("empty_file", "这个文件是空的，请换一个文件。")
    head = content[:8]
    for magic, kind in _FOREIGN.items():
        if head.startswith(magic):
            raise FileRefused("not_a_table", f"这是{kind}，不是表格。请上传 .xlsx、.xls 或 .csv 文件。")
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        facts = archive.inspect(content, limits)
        return [
            RawSheet(*page, facts.unknown(page.name), facts.errors(page.name))
            for page in (parse if facts.plain else parse_apart)(content, limits)
        ]
    if head == _OLE:
        if _utf16("_VBA_PROJECT") in content:
            raise archive.macros()
        if _utf16("EncryptedPackage") in content:
            raise password()
        return [RawSheet(*page) for page in parse_apart(content, limits)]
    text = delimited.decode(content)
    if _WEB_PAGE.match(text):
        raise FileRefused(
            "web_page", "这是网页格式的表。请用 Excel 打开，另存为“Excel 工作簿（.xlsx）”再上传。"
        )
    return [RawSheet("", delimited.rows_of(text, limits))]


def _utf16(name: str) -> bytes:
    """How a stream is called in the directory of an .xls."""
    return name.encode("utf-16-le")
