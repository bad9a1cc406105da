"""Opens a file of any accepted kind and answers its visible sheets as raw rows."""

from dataclasses import dataclass, field
from io import BytesIO

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from smartschool.contexts.exchange.reading import archive, delimited
from smartschool.contexts.exchange.reading.limits import DEFAULT, Limits
from smartschool.kernel.tabular import Cell, FileRefused

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = {
    b"%PDF": "PDF",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"Rar!": "压缩包",
    b"7z\xbc\xaf": "压缩包",
}


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
        return _excel(content, limits, facts)
    if head == _OLE:
        if b"_\x00V\x00B\x00A\x00_\x00P\x00R\x00O\x00J\x00E\x00C\x00T" in content:
            raise archive.macros()
        return _excel(content, limits, None)
    opening = content[:2048].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if opening.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        raise FileRefused(
            "web_page", "这是网页格式的表。请用 Excel 打开，另存为“Excel 工作簿（.xlsx）”再上传。"
        )
    return [RawSheet("", delimited.rows_of(delimited.decode(content), limits))]


def _excel(content: bytes, limits: Limits, facts: archive.Archive | None) -> list[RawSheet]:
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            sheets = []
            for meta in book.sheets_metadata:
                if meta.visible != SheetVisibleEnum.Visible or meta.typ != SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(meta.name)
                if sheet.total_height > limits.rows + 1000:
                    raise archive.too_many_rows(limits)
                if sheet.total_width > limits.columns:
                    raise archive.too_many_columns(limits)
                raw = RawSheet(
                    meta.name,
                    sheet.to_python(skip_empty_area=False),
                    list(sheet.merged_cell_ranges or ()),
                )
                if facts and meta.name in facts.sheets:
                    raw.errors = facts.sheets[meta.name].errors
                    raw.formulas = facts.unknown(meta.name)
                sheets.append(raw)
            return sheets
    except PasswordError as problem:
        raise FileRefused("password", "文件加了密码。请在 Excel 里去掉密码后再上传。") from problem
    except CalamineError as problem:
        raise archive.damaged() from problem
    except (OSError, ValueError) as problem:
        raise archive.damaged() from problem
