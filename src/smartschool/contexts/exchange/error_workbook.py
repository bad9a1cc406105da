"""The error workbook: the school's own layout with only the refused rows, and a column that says why."""

from collections import defaultdict
from io import BytesIO

import xlsxwriter

from smartschool.contexts.exchange.reading.table import ReadSheet, read_table
from smartschool.kernel.cells import as_text, guarded
from smartschool.kernel.importing import Importer, Target
from smartschool.kernel.row_kinds import is_full_mark_word
from smartschool.kernel.tabular import Bad, Cell, Fault

COMMENT = "导入问题"


def make(
    content: bytes, importer: Importer, target: Target, saved: dict[str, str], faults: list[Fault]
) -> bytes:
    """An .xlsx: lines above the header and the header as they were, refused rows, marked cells, comments.

    Mend it and bring it in again: the extra column is not imported.
    """
    table = read_table(
        content,
        importer.columns(target),
        saved=saved,
        keep_extra=importer.keep_extra,
        claims=importer.claims,
    )
    names = {column.key: column.name for column in importer.columns(target)}
    by_sheet: dict[str, dict[int, list[Fault]]] = defaultdict(lambda: defaultdict(list))
    for fault in faults:
        by_sheet[fault.sheet][fault.row].append(fault)
    output = BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False})
    wrong = book.add_format({"bg_color": "#FDE7E7", "num_format": "@"})
    plain = book.add_format({"num_format": "@"})
    head = book.add_format({"bold": True, "num_format": "@"})
    for sheet in table.sheets:
        refused = by_sheet.get(sheet.raw.name)
        if not refused:
            continue
        page = book.add_worksheet(sheet.raw.name[:31] or "数据")
        place_of = {
            (names[heading.key] if heading.key else heading.text): heading.place
            for heading in sheet.header.headings
        }
        _page(page, sheet, place_of, refused, (plain, head, wrong))
    if not book.worksheets():
        book.add_worksheet("没有问题")
    book.close()
    return output.getvalue()


def _page(
    page: xlsxwriter.worksheet.Worksheet,
    sheet: ReadSheet,
    place_of: dict[str, int],
    refused: dict[int, list[Fault]],
    formats: tuple[object, object, object],
) -> None:
    plain, head, wrong = formats
    raw, header_line = sheet.raw, sheet.header.line
    width = max(len(row) for row in raw.rows)
    for line in range(header_line + 1):
        for place, cell in enumerate(raw.rows[line]):
            _write(page, line, place, cell, head)
    page.write_string(header_line, width, COMMENT, head)
    line = header_line
    for row in raw.rows[header_line + 1 : min(refused) - 1]:
        if any(isinstance(cell, str) and is_full_mark_word(cell) for cell in row):
            line += 1  # marks are judged by it
            for place, cell in enumerate(row):
                _write(page, line, place, cell, plain)
            break
    said_by = -1
    for row_number in sorted(refused):
        above = max((title for title in sheet.between if title < row_number - 1), default=-1)
        if above != said_by:
            said_by, line = above, line + 1
            for place, cell in enumerate(raw.rows[above]):
                _write(page, line, place, cell, head)
        line += 1
        marked = {place_of.get(fault.column) for fault in refused[row_number]}
        for place, cell in enumerate(raw.rows[row_number - 1]):
            _write(page, line, place, cell, wrong if place in marked else plain)
        words = [
            f"{fault.column}：{fault.message}" if fault.column else fault.message
            for fault in refused[row_number]
        ]
        page.write_string(line, width, "\n".join(words), plain)
    page.set_column(0, width - 1, 14)
    page.set_column(width, width, 60)
    page.freeze_panes(header_line + 1, 0)


def _write(page: xlsxwriter.worksheet.Worksheet, line: int, place: int, cell: Cell, look: object) -> None:
    text = as_text(cell)
    if isinstance(text, Bad):  # a ruined number or a formula: show what is there, harmlessly
        text = guarded(str(cell))
    if text:
        page.write_string(line, place, text, look)
