"""Cells of an .ods in which a formula failed: the value is an empty text, only what is shown tells."""

from __future__ import annotations

import io
from collections.abc import Iterator
from xml.etree import ElementTree

from smartschool.analyze.cells import FORMULA_ERROR

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_SIGNS = (b"#", b"Err:", b'"error"')
# A margin that is repeated to the end of the sheet holds nothing.
_MOST_REPEATED = 1000


def errors_of_sheet(content: bytes, sheet: int) -> Iterator[tuple[int, int, str]]:
    """Row and column, from 0, of each such cell of the sheet with this number, and what it shows."""
    # An office program declares no entities; those of an attacker could blow up.
    if b"<!ENTITY" in content or not any(sign in content for sign in _SIGNS):
        return
    depth = table = row = 0
    for event, element in ElementTree.iterparse(io.BytesIO(content), ("start", "end")):  # noqa: S314
        if element.tag == f"{_TABLE}table":
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 0:
                table += 1
                element.clear()
        elif event == "end" and element.tag == f"{_TABLE}table-row" and depth == 1:
            repeated = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
            if table == sheet:
                failed = list(_failed(element))
                for again in range(min(repeated, _MOST_REPEATED) if failed else 0):
                    yield from ((row + again, column, shown) for column, shown in failed)
                row += repeated
            element.clear()


def _failed(row: ElementTree.Element) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        repeated = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        shown = "".join(cell.itertext()).strip()
        typed = cell.get(f"{_CALC}value-type") == "error"
        if typed or (cell.get(f"{_TABLE}formula") is not None and FORMULA_ERROR.fullmatch(shown)):
            shown = shown if FORMULA_ERROR.fullmatch(shown) else "#VALUE!"
            yield from ((column + again, shown) for again in range(min(repeated, _MOST_REPEATED)))
        column += repeated
