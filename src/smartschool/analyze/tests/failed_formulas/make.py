"""Wrote old.xls and open.ods beside it, once, with xlwt 1.3.0 and odfpy 1.4.1: sheets with failed formulas.

xlwt stores no result of a formula: that of B4 is put into its record by hand, as Excel does.
"""

import re
import struct
from pathlib import Path

HERE = Path(__file__).parent
ROWS = [["学号", "1", "2", "总分"], ["S1", 1, 2, 3], ["S2", 0, 1, 1]]
FAILED = ["#DIV/0!", "#N/A", "#REF!"]


def old() -> None:
    import xlwt

    book = xlwt.Workbook()
    book.add_sheet("旧").visibility = 1
    sheet = book.add_sheet("成绩")
    for number, row in enumerate(ROWS):
        for place, cell in enumerate(row):
            sheet.write(number, place, cell)
    sheet.write(3, 0, "S3")
    sheet.write(3, 1, xlwt.Formula("1/0"))
    sheet.row(3).set_cell_error(2, 0x2A)
    sheet.row(3).set_cell_error(3, 0x17)
    book.active_sheet = 1
    book.save(str(HERE / "old.xls"))
    data = bytearray((HERE / "old.xls").read_bytes())
    record = re.compile(
        re.escape(struct.pack("<H", 6)) + rb".." + re.escape(struct.pack("<HH", 3, 1)), re.DOTALL
    )
    at = record.search(bytes(data)).start() + 10
    data[at : at + 8] = bytes([2, 0, 0x07, 0, 0, 0, 0xFF, 0xFF])
    (HERE / "old.xls").write_bytes(data)


def cell_of(value: object):
    from odf.table import TableCell
    from odf.text import P

    if value in FAILED:
        cell = TableCell(valuetype="string", formula="of:=1/0", stringvalue="")
    elif isinstance(value, str):
        cell = TableCell(valuetype="string")
    else:
        cell = TableCell(valuetype="float", value=value)
    cell.addElement(P(text=str(value)))
    return cell


def opened() -> None:
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableRow

    book, table = OpenDocumentSpreadsheet(), Table(name="成绩")
    for row in [*ROWS, ["S3", *FAILED]]:
        line = TableRow()
        for value in row:
            line.addElement(cell_of(value))
        table.addElement(line)
    book.spreadsheet.addElement(table)
    book.save(str(HERE / "open.ods"))


if __name__ == "__main__":
    old()
    opened()
