"""Rows on the wire: columns of numbers, texts and arrays of numbers as binary COPY, laid out by NumPy.

COPY … (FORMAT BINARY): signature, flags, header extension; each row is a field count, then per field its
length (-1 for NULL) and its bytes, big-endian; a count of -1 ends it (PostgreSQL manual, COPY, file formats).
"""

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

_OPENING = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_CLOSING = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
# PostgreSQL type → NumPy type on the wire, and the type's oid, which an array names.
_NUMBERS = {
    "smallint": (">i2", 21),
    "integer": (">i4", 23),
    "bigint": (">i8", 20),
    "real": (">f4", 700),
    "double precision": (">f8", 701),
}


def can_carry(kinds: Sequence[str | None]) -> bool:
    """Whether columns of these PostgreSQL types can be written here."""
    return all(kind == "text" or (kind or "").removesuffix("[]") in _NUMBERS for kind in kinds)


def rows(kinds: Sequence[str | None], columns: Sequence[Sequence[Any]]) -> bytes | None:
    """All rows as one binary COPY; None where a value is none of its type, which the server puts in words.

    Parameters
    ----------
    kinds
        PostgreSQL type of each column, of those that `can_carry` accepts.
    columns
        The values of each column, one a row; arrays are lists of numbers.
    """
    try:
        fields = [_fields(kind or "", values) for kind, values in zip(kinds, columns, strict=True)]
    except (TypeError, ValueError, OverflowError, AttributeError):
        return None
    count = repeat(len(kinds).to_bytes(2, "big"))
    return b"".join([_OPENING, *chain.from_iterable(zip(count, *fields, strict=False)), _CLOSING])


def _fields(kind: str, values: Sequence[Any]) -> list[bytes]:
    if kind == "text":
        return [_NULL if value is None else _sized(value.encode()) for value in values]
    name, oid = _NUMBERS[kind.removesuffix("[]")]
    return _arrays(values, name, oid) if kind.endswith("[]") else _numbers(values, name)


def _sized(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def _numbers(values: Sequence[Any], name: str) -> list[bytes]:
    missing = [place for place, value in enumerate(values) if value is None]
    known = values if not missing else [0 if value is None else value for value in values]
    width = np.dtype(name).itemsize
    block = np.empty(len(values), dtype=[("length", ">i4"), ("value", name)])
    block["length"], block["value"] = width, _exact(known, name)
    fields: list[bytes] = block.view(f"V{4 + width}").tolist()
    for place in missing:
        fields[place] = _NULL
    return fields


def _arrays(values: Sequence[Sequence[Any] | None], name: str, oid: int) -> list[bytes]:
    """Arrays of one length are laid out together; a missing or empty one is written by itself."""
    empty = _sized(b"".join(number.to_bytes(4, "big") for number in (0, 0, oid)))
    filled = [place for place, value in enumerate(values) if value is not None and len(value)]
    fields = [_NULL if value is None else empty for value in values]
    if not filled:
        return fields
    lists = [values[place] or () for place in filled]
    if any(None in one for one in lists):
        raise ValueError("an array with a missing number")
    table = _exact(lists, name)
    if table.ndim != 2:
        raise ValueError("an array of arrays")
    size, width = table.shape[1], np.dtype(name).itemsize
    element = np.dtype([("length", ">i4"), ("value", name)])
    head = [(word, ">i4") for word in ("length", "dimensions", "has_null", "oid", "size", "bound")]
    block = np.zeros(len(filled), dtype=[*head, ("body", element, (size,))])
    block["length"] = block.dtype.itemsize - 4
    block["dimensions"], block["oid"], block["size"], block["bound"] = 1, oid, size, 1
    block["body"]["length"], block["body"]["value"] = width, table
    for place, field in zip(filled, block.view(f"V{block.dtype.itemsize}").tolist(), strict=True):
        fields[place] = field
    return fields


def _exact(values: Sequence[Any], name: str) -> np.ndarray[Any, Any]:
    """Numbers of a type; a fraction for a column of integers is refused and not cut off."""
    found = np.array(values)
    if found.dtype.kind not in ("iu" if name[1] == "i" else "iuf"):
        raise TypeError("not a number of this type")
    narrow = found.astype(name)
    if name[1] == "i" and not np.array_equal(narrow, found):
        raise OverflowError("a number out of range")
    return narrow
