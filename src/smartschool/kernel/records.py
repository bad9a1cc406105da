"""Many rows as one value of a statement: an array of a table's own row type, written in binary.

PostgreSQL refuses COPY into a table with row security. Rows that come by value need no temporary table on the
way: ``INSERT … SELECT … FROM unnest(%s::table[])`` is one statement, and row security judges each row of it
as always.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from smartschool.kernel.bound import Packed

_NULL = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class RowType:
    """The type of a table's rows: its oid, then name and oid of each column in the order of the table."""

    oid: int
    columns: tuple[tuple[str, int], ...]


def pack(row_type: RowType, fields: Mapping[str, Sequence[bytes]]) -> Packed:
    """Rows from the fields of their columns, as `wire.fields` writes them; any other column is NULL.

    Columns of which a statement makes no use need no value: it names those that it takes.
    """
    parts: list[Any] = []
    constant = len(row_type.columns).to_bytes(4, "big")
    for name, oid in row_type.columns:
        constant += oid.to_bytes(4, "big")
        if name in fields:
            parts += [repeat(constant), fields[name]]
            constant = b""
        else:
            constant += _NULL
    rows = [b"".join(row) + constant for row in zip(*parts, strict=False)]
    head = (1, 0, row_type.oid, len(rows), 1)
    lengths = (len(row).to_bytes(4, "big") for row in rows)
    body = chain.from_iterable(zip(lengths, rows, strict=True))
    return Packed(b"".join([*(number.to_bytes(4, "big") for number in head), *body]))
