"""Makes the workbooks of the corpus: xlsx, hand-made xls (BIFF8 in an OLE container) and raw sheet XML."""

import csv
import struct
import zipfile
from collections.abc import Sequence
from io import BytesIO, StringIO

import xlsxwriter

Grid = Sequence[Sequence[object]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def xlsx(
    rows: Grid,
    *,
    sheet: str = "Sheet1",
    merged: Sequence[tuple[int, int, int, int, str]] = (),
    before: Sequence[tuple[str, Grid]] = (),
    hidden: Sequence[tuple[str, Grid]] = (),
    after: Sequence[tuple[str, Grid]] = (),
) -> bytes:
    """An .xlsx; `before`, `hidden` and `after` are further sheets as (name, rows)."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    date_format = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, grid in [*before, (sheet, rows), *after, *hidden]:
        page = book.add_worksheet(name)
        for line, row in enumerate(grid):
            for place, value in enumerate(row):
                if value is None or value == "":
                    continue
                if hasattr(value, "isoformat"):
                    page.write_datetime(line, place, value, date_format)
                else:
                    page.write(line, place, value)
        if name in {hidden_name for hidden_name, _ in hidden}:
            page.hide()
        if name == sheet:
            for top, left, bottom, right, text in merged:
                page.merge_range(top, left, bottom, right, text)
    book.close()
    return target.getvalue()


def as_csv(rows: Grid, encoding: str) -> bytes:
    """A comma-separated file in an encoding."""
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def sheet_xml(body: str, *, workbook_extra: str = "") -> bytes:
    """An .xlsx whose only sheet has the given XML inside <sheetData>."""
    types = (
        f'<?xml version="1.0"?><Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    )

    def relations(kind: str, target: str) -> str:
        inner = f'<Relationship Id="r1" Type="{RELATION}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'

    inner = f'<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets>{workbook_extra}'
    parts = {
        "[Content_Types].xml": types,
        "_rels/.rels": relations("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}">{inner}</workbook>',
        "xl/_rels/workbook.xml.rels": relations("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>',
    }
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return target.getvalue()


def inline(address: str, text: str) -> str:
    """XML of a text cell."""
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


def xls(rows: Grid) -> bytes:
    """A minimal Excel 97 workbook: one sheet of LABEL and NUMBER records in an OLE container."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def bof(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0x41, 6))

    cells = b""
    for line, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, str) and value:
                text = value.encode("utf-16-le")
                head = struct.pack("<HHHHB", line, place, 0, len(text) // 2, 1)
                cells += record(0x0204, head + text)
            elif isinstance(value, int | float):
                cells += record(0x0203, struct.pack("<HHHd", line, place, 0, float(value)))
    width = max(len(row) for row in rows)
    size = record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    page = bof(0x0010) + size + cells + record(0x0A, b"")
    name = "学生".encode("utf-16-le")
    head = bof(0x0005) + record(0x0042, struct.pack("<H", 1200))
    offset = len(head) + 4 + 8 + len(name) + 4
    bound = record(0x0085, struct.pack("<IBBBB", offset, 0, 0, len(name) // 2, 1) + name)
    stream = head + bound + record(0x0A, b"") + page
    return _ole(stream.ljust(4096, b"\x00"))


def _ole(stream: bytes) -> bytes:
    """Put one stream named Workbook into an OLE compound file with 512-byte sectors."""
    sectors = -(-len(stream) // 512)
    fat_sectors = -(-(sectors + 2) // 127)
    directory = fat_sectors
    first = directory + 1
    fat = [0xFFFFFFFD] * fat_sectors + [0xFFFFFFFE]
    fat += [first + place + 1 for place in range(sectors - 1)] + [0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (fat_sectors * 128 - len(fat))

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        raw = (name + "\x00").encode("utf-16-le") if name else b""
        links = struct.pack("<HBBIII", len(raw), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return raw.ljust(64, b"\x00") + links + b"\x00" * 36 + struct.pack("<IQ", start, size)

    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 16
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\x00" * 6
    head += struct.pack("<IIIIIIIII", 0, fat_sectors, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", *(list(range(fat_sectors)) + [0xFFFFFFFF] * (109 - fat_sectors)))
    entries = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, first, len(stream))
    entries += entry("", 0, 0xFFFFFFFF, 0, 0) * 2
    table = b"".join(struct.pack("<I", value) for value in fat)
    return head + table + entries + stream.ljust(sectors * 512, b"\x00")
