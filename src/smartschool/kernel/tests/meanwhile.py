"""Two transactions at the same moment: the second one starts inside the first and meets its locks."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Thread
from typing import Any

from django.db import connection, transaction
from django.db.utils import OperationalError


@contextmanager
def meanwhile(
    scope: Callable[[], AbstractContextManager[Any]], act: Callable[[], object]
) -> Iterator[list[BaseException]]:
    """The block is committed only when `act`, on a connection of its own, waits for it or has ended. Both run
    in a transaction with a `scope`; yields what `act` raises."""
    raised: list[BaseException] = []

    def other() -> None:
        try:
            with transaction.atomic(), scope():
                act()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            raised.append(error)
        finally:
            connection.close()

    thread = Thread(target=other)
    with transaction.atomic(), scope():
        yield raised
        thread.start()
        _wait_until_blocked(thread)
    thread.join(20)
    assert not thread.is_alive()


def _wait_until_blocked(thread: Thread) -> None:
    for _ in range(400):
        thread.join(0.02)
        if not thread.is_alive():
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
    raise OperationalError("the other line neither waits nor ends")
