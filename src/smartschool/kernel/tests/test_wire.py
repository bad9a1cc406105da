"""Binary COPY: the database reads the very values that it reads from text; what does not fit is declined."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import connection

from smartschool.kernel import wire

KINDS = (
    "bigint",
    "smallint",
    "real",
    "double precision",
    "text",
    "smallint[]",
    "real[]",
    "double precision[]",
    "varchar(9)",
    "bytea",
    "date",
    "uuid",
    "text[]",
)
COLUMNS: list[list[Any]] = [
    [2**40, -1, 0],
    [7, None, -32768],
    [0.1, None, math.nan],
    [0.1 + 0.2, -2.5e-300, None],
    ["七年级（1）班", "", None],
    [[-1, 3], [], [0, 1]],
    [[0.1, math.nan], [0.2, 1e-20], []],
    [[0.1 + 0.2], None, [1]],
    ["李岚", "李岚", "李岚"],
    [b"\x00\\x", None, b""],
    [date(1999, 12, 31), date(2016, 2, 29), None],
    [UUID(int=2**127 + 1), None, UUID(int=0)],
    [['甲,"乙', ""], None, []],
]


@pytest.mark.django_db
def test_binary_rows_are_those_of_text() -> None:
    body = wire.rows(KINDS, COLUMNS)
    assert body is not None
    listed = ", ".join(f"c{place} {kind}" for place, kind in enumerate(KINDS))
    found = []
    for table in ("binary_rows", "text_rows"):
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {table} ({listed}) ON COMMIT DROP")
            if table == "binary_rows":
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
                    copy.write(body)
            else:
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in zip(*COLUMNS, strict=True):
                        copy.write_row(row)
            cursor.execute(f"SELECT {table}::text FROM {table}")
            found.append(cursor.fetchall())
    assert found[0] == found[1]
    assert len(found[0]) == 3


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("smallint", [70000]),
        ("integer", [1.5]),
        ("bigint", ["12"]),
        ("text", [12]),
        ("real[]", [[1.0, None]]),
        ("smallint[]", [[1, 2], [3]]),
        ("smallint[]", [[[1]]]),
        ("jsonb", [{"mark": math.nan}]),
        ("bytea", ["text"]),
        ("date", [datetime(2026, 1, 1, 8, tzinfo=UTC)]),
        ("uuid", ["018f"]),
        ("text[]", [["A", None]]),
    ],
)
def test_what_does_not_fit_is_left_to_text(kind: str, values: Sequence[Any]) -> None:
    assert wire.can_carry([kind])
    assert wire.rows([kind], [values]) is None


def test_other_types_are_not_carried() -> None:
    assert not wire.can_carry(["bigint", "interval"])
    assert not wire.can_carry([None])


@pytest.mark.django_db
def test_json_comes_back_as_it_was() -> None:
    values = [{"名": [1, 0.1 + 0.2, None, True], "": "\u0001\\"}, None, []]
    body = wire.rows(["jsonb"], [values])
    assert body is not None
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE json_rows (c jsonb) ON COMMIT DROP")
        with cursor.copy("COPY json_rows FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(body)
        cursor.execute("SELECT c IS NULL, c::text FROM json_rows")
        found = cursor.fetchall()
    assert [None if missing else json.loads(text) for missing, text in found] == values


def test_an_array_is_written_as_its_list() -> None:
    blocks = [np.array([0.5, math.nan]), np.array([])]
    assert wire.rows(["real[]"], [blocks]) == wire.rows(["real[]"], [[one.tolist() for one in blocks]])
    table = np.array([[0.5, math.nan], [2.0, -1.0]])
    for one in (table, table[:, :0]):
        assert wire.rows(["real[]"], [one]) == wire.rows(["real[]"], [one.tolist()])
    assert wire.rows(["smallint[]"], [table]) is None
