"""Reads columns of array rows as NumPy blocks: PostgreSQL's binary arrays without an object per mark."""

from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray
from psycopg import postgres
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format

# Binary array on the wire: ndim, has-null flag, element oid, then (length, lower bound) per dimension, then
# each element as a 4-byte length and its bytes, all big-endian. Without NULLs the elements have one stride.
_HEADER, _PER_DIMENSION = 12, 8


class _FixedWidthArray(Loader):
    """Array of a fixed-width type without NULLs → ndarray of the same shape; one copy, no Python numbers."""

    format = Format.BINARY
    element: str

    def load(self, data: Buffer) -> NDArray[Any]:
        raw = bytes(data)
        dimensions, has_null = np.frombuffer(raw, ">i4", 2)
        native = np.dtype(self.element).newbyteorder("=")
        if dimensions == 0:
            return np.empty(0, native)
        if has_null:
            raise ValueError("a block has no NULLs")
        shape = np.frombuffer(raw, ">i4", 2 * dimensions, _HEADER)[::2]
        body = np.frombuffer(
            raw, [("length", ">i4"), ("value", self.element)], -1, _HEADER + _PER_DIMENSION * int(dimensions)
        )
        return body["value"].astype(native).reshape(tuple(int(size) for size in shape))


_LOADERS = {
    postgres.types[name].array_oid: type(f"_{name}Array", (_FixedWidthArray,), {"element": element})
    for name, element in {"int2": ">i2", "int4": ">i4", "int8": ">i8", "float4": ">f4"}.items()
}


def fetch_blocks(sql: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
    """The single row of `sql`, its fixed-width arrays as ndarrays. Row security applies as for any query."""
    connection.ensure_connection()
    # Django's own cursor binds on the client and so cannot answer in binary; this one is of the same
    # connection and the same transaction.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        for oid, loader in _LOADERS.items():
            cursor.adapters.register_loader(oid, loader)
        row = cursor.execute(sql, parameters, binary=True).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers one row
    return tuple(row)
