"""Rows on the wire: columns of numbers, texts, JSON, bytes, days and arrays in PostgreSQL's binary forms.

COPY … (FORMAT BINARY): signature, flags, header extension; each row is a field count, then per field its
length (-1 for NULL) and its bytes, big-endian; a count of -1 ends it (PostgreSQL manual, COPY, file formats).
"""

import json
import struct
from collections.abc import Callable, Sequence
from datetime import date
from itertools import chain, repeat
from typing import Any
from uuid import UUID

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
_TEXT = 25
_DAY_ZERO = date(2000, 1, 1).toordinal()


def can_carry(kinds: Sequence[str | None]) -> bool:
    """Whether columns of these PostgreSQL types can be written here."""
    return all(
        _family(kind or "") in (*_SINGLE, "jsonb", "text[]") or (kind or "").removesuffix("[]") in _NUMBERS
        for kind in kinds
    )


def rows(kinds: Sequence[str | None], columns: Sequence[Sequence[Any]]) -> bytes | None:
    """All rows as one binary COPY, or None, as `fields`."""
    found = fields(kinds, columns)
    if found is None:
        return None
    count = repeat(len(kinds).to_bytes(2, "big"))
    return b"".join([_OPENING, *chain.from_iterable(zip(count, *found, strict=False)), _CLOSING])


def fields(kinds: Sequence[str | None], columns: Sequence[Sequence[Any]]) -> list[list[bytes]] | None:
    """Length and bytes of each value, column by column; None where a value is none of its type, which the
    server puts in words.

    Parameters
    ----------
    kinds
        PostgreSQL type of each column, of those that `can_carry` accepts.
    columns
        The values of each column, one a row; arrays are lists of numbers or NumPy arrays; a column of
        arrays of one length may be a NumPy array itself.
    """
    try:
        return [_fields(kind or "", values) for kind, values in zip(kinds, columns, strict=True)]
    except (TypeError, ValueError, OverflowError, AttributeError):
        return None


def _family(kind: str) -> str:
    """``varchar(64)`` is a text like any other: the server looks at the length."""
    return "text" if kind.startswith("varchar") else kind


def _fields(kind: str, values: Sequence[Any]) -> list[bytes]:
    if kind == "jsonb":
        return [_NULL if value is None else _sized(_json(value)) for value in values]
    if kind == "text[]":
        return _text_arrays(values)
    single = _SINGLE.get(_family(kind))
    if single is not None:
        return _singles(values, single)
    name, oid = _NUMBERS[kind.removesuffix("[]")]
    return _arrays(values, name, oid) if kind.endswith("[]") else _numbers(values, name)


def _singles(values: Sequence[Any], body_of: Callable[[Any], bytes]) -> list[bytes]:
    """Each distinct value is written once where a column repeats a few words, as most do."""
    distinct = set(values)
    if 2 * len(distinct) > len(values):
        return [_NULL if value is None else _sized(body_of(value)) for value in values]
    known = {value: _NULL if value is None else _sized(body_of(value)) for value in distinct}
    return list(map(known.__getitem__, values))


def _sized(body: bytes) -> bytes:
    return _LENGTH(len(body)) + body


def _json(value: Any) -> bytes:
    """The version of the form, then the text; NaN is no JSON and is declined."""
    return b"\1" + json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _text(value: str) -> bytes:
    return value.encode()


def _bytes(value: bytes) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("not bytes")
    return value


def _day(value: date) -> bytes:
    if type(value) is not date:  # a datetime would lose its time of day
        raise TypeError("not a day")
    return (value.toordinal() - _DAY_ZERO).to_bytes(4, "big", signed=True)


def _uuid(value: UUID) -> bytes:
    return value.bytes


# PostgreSQL types whose values are written one by one, and how.
_SINGLE: dict[str, Callable[[Any], bytes]] = {"text": _text, "bytea": _bytes, "date": _day, "uuid": _uuid}
_LENGTH = struct.Struct(">i").pack


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


def _arrays(values: Sequence[Any], name: str, oid: int) -> list[bytes]:
    """Arrays of one length are laid out together; a missing or empty one is written by itself."""
    empty = _sized(b"".join(number.to_bytes(4, "big") for number in (0, 0, oid)))
    if isinstance(values, np.ndarray) and values.size:
        filled: Sequence[int] = range(len(values))
        fields, table = [empty] * len(values), _exact(values, name)
    else:
        filled = [place for place, value in enumerate(values) if value is not None and len(value)]
        fields = [_NULL if value is None else empty for value in values]
        if not filled:
            return fields
        table = _exact([values[place] for place in filled], name)
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


def _text_arrays(values: Sequence[Any]) -> list[bytes]:
    """Each distinct word is encoded once: options repeat over a whole column."""
    lists = values.tolist() if isinstance(values, np.ndarray) else values
    words = {word: _sized(_text(word)) for value in lists for word in value or ()}
    one, none, oid = (number.to_bytes(4, "big") for number in (1, 0, _TEXT))
    head, empty = one + none + oid, _sized(none + none + oid)
    return [
        _NULL
        if value is None
        else empty
        if not value
        else _sized(b"".join([head, len(value).to_bytes(4, "big"), one, *map(words.__getitem__, value)]))
        for value in lists
    ]


def _exact(values: Sequence[Any], name: str) -> np.ndarray[Any, Any]:
    """Numbers of a type; a fraction for a column of integers is refused and not cut off."""
    found = np.array(values)  # of objects, and so refused, where a number is missing
    if found.dtype.kind not in ("iu" if name[1] == "i" else "iuf"):
        raise TypeError("not a number of this type")
    narrow = found.astype(name)
    if name[1] == "i" and not np.array_equal(narrow, found):
        raise OverflowError("a number out of range")
    return narrow
