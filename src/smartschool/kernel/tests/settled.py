"""Waits until the events written so far can be followed: other tests run transactions in the same cluster."""

import time

from django.db import connection

PATIENCE = 120.0  # seconds


def wait_until_settled() -> None:
    """Followers read only events older than every running transaction, whichever database it runs in."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(max(xid), '0'::xid8) < pg_snapshot_xmin(pg_current_snapshot())"
                " FROM kernel_event"
            )
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < deadline, "a transaction elsewhere in the cluster does not end"
        time.sleep(0.05)
