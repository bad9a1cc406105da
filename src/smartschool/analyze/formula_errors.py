"""Cells of a workbook whose formula failed (#DIV/0!) or was never worked out: calamine gives blanks there."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from smartschool.analyze.cells import NOT_WORKED_OUT
from smartschool.analyze.compound_file import MAGIC, stream
from smartschool.analyze.formula_errors_ods import errors_of_sheet as ods_errors
from smartschool.analyze.formula_errors_xls import errors_of_sheet as xls_errors

_OLD_BOOKS = ("Workbook", "Book")
_CONTENT = "content.xml"
_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_SHEET_ID = re.compile(rb"\s\w+:id\s*=\s*[\"']([^\"']+)")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ID = re.compile(rb"\sId\s*=\s*[\"']([^\"']+)")
_TARGET = re.compile(rb"\sTarget\s*=\s*[\"']([^\"']+)")
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*\bt=[\"']e[\"'])[^>]*\br=[\"']([A-Z]{1,3})(\d+)[\"'][^>]*>(.*?)</(?:\w+:)?c>"
)
# Programs that write formulas without results leave the working out to Excel; a result "" has the type str.
_NOT_WORKED_OUT = re.compile(
    rb"<(?:\w+:)?c\s(?![^>]*\bt=[\"']str)[^>]*\br=[\"']([A-Z]{1,3})(\d+)[\"'][^>]*>\s*"
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*"
    rb"</(?:\w+:)?c>"
)
_SHOWN = re.compile(rb"<(?:\w+:)?v>([^<]+)<")


def formula_errors(path: Path, sheet: int) -> Iterator[tuple[int, int, str]]:
    """Row and column, from 0, of each such cell of a sheet of an .xlsx, .xls or .ods, and what it shows."""
    if not zipfile.is_zipfile(path):
        data = path.read_bytes()
        if data.startswith(MAGIC):
            yield from xls_errors(stream(data, _OLD_BOOKS), sheet)
        return
    with zipfile.ZipFile(path) as archive:
        if _CONTENT in archive.namelist():
            yield from ods_errors(archive.read(_CONTENT), sheet)
            return
        member = _member(archive, sheet)
        data = archive.read(member) if member else b""
    yield from _xlsx_errors(data)


def _xlsx_errors(data: bytes) -> Iterator[tuple[int, int, str]]:
    for letters, row in _NOT_WORKED_OUT.findall(data):
        yield int(row) - 1, _column(letters), NOT_WORKED_OUT
    if b't="e"' not in data and b"t='e'" not in data:
        return
    for letters, row, inside in _ERROR.findall(data):
        shown = _SHOWN.search(inside)
        yield int(row) - 1, _column(letters), shown[1].decode() if shown else "#N/A"


def _member(archive: zipfile.ZipFile, sheet: int) -> str | None:
    """Name of the part of the archive that holds the sheet with this number."""
    names = set(archive.namelist())
    if not {_BOOK, _RELATIONS} <= names:
        return None
    places = {
        which[1]: target[1].decode().removeprefix("/").removeprefix("xl/")
        for tag in _RELATION.findall(archive.read(_RELATIONS))
        if (which := _ID.search(tag)) and (target := _TARGET.search(tag))
    }
    wanted = [_SHEET_ID.search(tag) for tag in _SHEET.findall(archive.read(_BOOK))]
    found = wanted[sheet] if sheet < len(wanted) else None
    member = f"xl/{places.get(found[1], '')}" if found else ""
    return member if member in names else None


def _column(letters: bytes) -> int:
    """A is 0, Z is 25, AA is 26."""
    place = 0
    for letter in letters:
        place = 26 * place + letter - ord("A") + 1
    return place - 1
