"""Many rows as one value of a statement: an array of a table's own row type, written in binary.

PostgreSQL refuses COPY into a table with row security. Rows that come by value need no temporary table on the
way: ``INSERT … SELECT … FROM unnest(%s::table[])`` is one statement, and row security judges each row of it
as always.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connections
from django.db.backends.utils import CursorWrapper

from smartschool.kernel.bound import Packed

_NULL = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class _RowType:
    oid: int
    columns: tuple[tuple[str, int], ...]  # name and type of each, in the order of the table


# A connection sees one database, whose tables change only in a migration.
_ROW_TYPES: WeakKeyDictionary[Any, dict[str, _RowType]] = WeakKeyDictionary()


def pack(table: str, fields: Mapping[str, Sequence[bytes]], *, using: str = "default") -> Packed:
    """Rows from the fields of their columns, as `wire.fields` writes them; any other column is NULL.

    Columns of which a statement makes no use need no value: it names those that it takes.
    """
    row_type = _row_type(table, using)
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


def run(
    cursor: CursorWrapper, statement: str, parameters: Mapping[str, Any], *, using: str = "default"
) -> None:
    """Execute a statement with records among its parameters, in a `bound_cursor`."""
    try:
        cursor.execute(statement, parameters)
    except DatabaseError:
        # The table may have been altered since it was looked at: the next attempt looks again.
        _ROW_TYPES.pop(connections[using].connection, None)
        raise


def _row_type(table: str, using: str) -> _RowType:
    connection = connections[using]
    connection.ensure_connection()
    known = _ROW_TYPES.setdefault(connection.connection, {})
    if table not in known:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT c.reltype, a.attname, a.atttypid
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.oid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum""",
                [f'"{table}"'],
            )
            rows = cursor.fetchall()
        known[table] = _RowType(int(rows[0][0]), tuple((str(name), int(oid)) for _, name, oid in rows))
    return known[table]
