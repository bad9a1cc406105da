"""Cells of an .xls in which a formula failed: records BOOLERR and FORMULA of [MS-XLS]."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_BOUNDSHEET, _BOOLERR, _BEGIN, _END = 0x0085, 0x0205, 0x0809, 0x000A
_FORMULAS = (0x0006, 0x0206, 0x0406)
_SHOWN = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!",
    0x2A: "#N/A",
}  # fmt: skip


def errors_of_sheet(book: bytes, sheet: int) -> Iterator[tuple[int, int, str]]:
    """Row and column, from 0, of each such cell of the sheet with this number, and what it shows."""
    starts = [
        struct.unpack_from("<I", body)[0]
        for kind, body in _records(book, 0)
        if kind == _BOUNDSHEET and body[4:]
    ]
    if sheet >= len(starts):
        return
    for kind, body in _records(book, starts[sheet]):
        code = None
        if kind == _BOOLERR and len(body) >= 8 and body[7]:
            code = body[6]
        elif kind in _FORMULAS and body[12:14] == b"\xff\xff" and body[6] == 2:
            code = body[8]
        if code is not None:
            row, column = struct.unpack_from("<HH", body)
            yield row, column, _SHOWN.get(code, "#VALUE!")


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Records of one part of the stream; those of charts that lie inside are left out."""
    depth = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        depth += (kind == _BEGIN) - (kind == _END)
        if depth < 1:
            return
        if depth == 1:
            yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length
