"""Many rows as one value of a statement: an array of a table's own row type, written in binary.

PostgreSQL refuses COPY into a table with row security. Rows that come by value need no temporary table on the
way: ``INSERT … SELECT … FROM unnest(%s::table[])`` is one statement, and row security judges each row of it
as always.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import DatabaseError, connections
from django.db.backends.utils import CursorWrapper
from psycopg.adapt import Dumper
from psycopg.pq import Format

_NULL = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class Records:
    """Rows of one table in binary, for the parameter of a statement that runs in a `bound_cursor`."""

    body: bytes


class _RecordsDumper(Dumper):
    """Hands the bytes over as they are; the cast in the statement says what they are."""

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Records) -> bytes:
        return obj.body


@dataclass(frozen=True, slots=True)
class _RowType:
    oid: int
    columns: tuple[tuple[str, int], ...]  # name and type of each, in the order of the table


# A connection sees one database, whose tables change only in a migration.
_ROW_TYPES: WeakKeyDictionary[Any, dict[str, _RowType]] = WeakKeyDictionary()


@contextmanager
def bound_cursor(using: str = "default") -> Iterator[CursorWrapper]:
    """A cursor whose values travel beside the statement; of the same connection and transaction as Django's
    own, which writes the values into the text."""
    connection = connections[using]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = psycopg.Cursor(connection.connection)
    raw.adapters.register_dumper(Records, _RecordsDumper)
    with connection._prepare_cursor(raw) as cursor:
        yield cursor


def pack(table: str, fields: Mapping[str, Sequence[bytes]], *, using: str = "default") -> Records:
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
    return Records(b"".join([*(number.to_bytes(4, "big") for number in head), *body]))


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
