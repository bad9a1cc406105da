"""The event table: written by commands, read by followers who never miss a late commit."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from smartschool.kernel.bound import bound_cursor
from smartschool.kernel.models import FollowerCursor

CHANNEL = "smartschool_event"
# By hand, as the audit record is.
_PUBLISH = """
WITH published AS (
    INSERT INTO kernel_event (type, subject_id, organisation_id, ids) VALUES (%s, %s, %s, %s) RETURNING 1
)
SELECT pg_notify(%s, '') FROM published
"""


@dataclass(frozen=True)
class Happened:
    """One event as a follower sees it."""

    id: int
    xid: int
    type: str
    subject_id: str
    organisation_id: int | None
    ids: dict[str, Any]


def publish(
    type_: str, *, subject_id: str, organisation_id: int | None, ids: dict[str, Any] | None = None
) -> None:
    """Append an event in the running transaction and wake followers at commit."""
    with bound_cursor() as cursor:
        cursor.execute(_PUBLISH, [type_, subject_id, organisation_id, json.dumps(ids or {}), CHANNEL])


def follow(
    name: str,
    handle: Callable[[Sequence[Happened]], None],
    *,
    types: Sequence[str] | None = None,
    limit: int = 500,
) -> int:
    """Hand the next committed events to `handle` and move the cursor, in one transaction.

    Only rows of transactions older than every running one are read: an ``id > cursor`` reader would
    lose an event that commits late. Returns how many events were read.
    """
    with transaction.atomic():
        cursor_row = FollowerCursor.objects.select_for_update().filter(name=name).first()
        if cursor_row is None:
            FollowerCursor.objects.get_or_create(name=name)
            cursor_row = FollowerCursor.objects.select_for_update().get(name=name)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT id, xid::text::bigint, type, subject_id, organisation_id, ids::text
                FROM kernel_event
                WHERE (xid, id) > (%s::text::xid8, %s)
                  AND xid < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY xid, id
                LIMIT %s
                """,
                [str(cursor_row.xid), cursor_row.event_id, limit],
            )
            rows = [
                Happened(row[0], row[1], row[2], row[3], row[4], _json(row[5])) for row in cursor.fetchall()
            ]
        if not rows:
            return 0
        wanted = [row for row in rows if types is None or row.type in types]
        if wanted:
            handle(wanted)
        cursor_row.xid, cursor_row.event_id = rows[-1].xid, rows[-1].id
        cursor_row.save(update_fields=["xid", "event_id"])
        return len(rows)


def _json(text: str) -> dict[str, Any]:
    return dict(json.loads(text))
