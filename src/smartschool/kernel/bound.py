"""Cursors whose values travel beside the statement, so that the server can keep its plan.

Django's own cursor writes the values into the text: each call is a new statement, parsed and planned anew,
which for a short one costs the server more than carrying it out. Those that run for every command and every
row of work go through here; row security and the scope apply as always.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakSet

import psycopg
from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg._preparing import Prepare
from psycopg._queries import PostgresQuery
from psycopg.adapt import Dumper
from psycopg.pq import Format


@dataclass(frozen=True, slots=True)
class Packed:
    """A value in PostgreSQL's binary form; a cast in the statement says of which type."""

    body: bytes


class _PackedDumper(Dumper):
    """Hands the bytes over as they are."""

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Packed) -> bytes:
        return obj.body


class _BoundCursor(psycopg.Cursor[Any]):
    """A statement whose plan is kept is sent by its name; the log of queries shows its text all the same."""

    def _get_prepared(self, pgq: PostgresQuery, prepare: bool | None = None) -> tuple[Prepare, bytes]:
        self._query = pgq
        return super()._get_prepared(pgq, prepare)


_KNOWING: WeakSet[Any] = WeakSet()  # connections that know how to send what is packed


@contextmanager
def bound_cursor(using: str = "default") -> Iterator[CursorWrapper]:
    """A cursor of the connection and transaction of Django's own; its statements are counted as those."""
    connection = connections[using]
    connection.ensure_connection()
    raw = connection.connection
    if raw not in _KNOWING:
        raw.adapters.register_dumper(Packed, _PackedDumper)
        _KNOWING.add(raw)
    with connection.wrap_database_errors:
        bare = _BoundCursor(raw)
    with cast("Any", connection)._prepare_cursor(bare) as cursor:
        yield cursor
