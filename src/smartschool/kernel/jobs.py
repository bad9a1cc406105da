"""Jobs: entry points of the worker. A job carries ids only, opens its scope and calls one command."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from smartschool.kernel.ids import uuid7
from smartschool.kernel.request_context import RequestContext, request_context
from smartschool.kernel.scope import Scope


def job(
    name: str, *, queue: str = "default", retries: int = 0, lock: str | None = None
) -> Callable[..., Any]:
    """Declare a job. `retries` only for jobs that are exactly-once by themselves."""
    return app.task(
        name=name,
        queue=queue,
        lock=lock,
        retry=RetryStrategy(max_attempts=retries, exponential_wait=2) if retries else False,
    )


def periodic(cron: str, name: str, *, queue: str = "default") -> Callable[[Callable[[int], None]], Any]:
    """Declare a job that runs by the clock; it gets the scheduled Unix time."""

    def decorate(function: Callable[[int], None]) -> Any:
        return app.periodic(cron=cron)(app.task(name=name, queue=queue, queueing_lock=name)(function))

    return decorate


@contextmanager
def job_scope(read: Iterable[int], *, write: bool = True) -> Iterator[Scope]:
    """One transaction with a scope over `read`, under a request id of its own."""
    ids = frozenset(read)
    with (
        request_context(RequestContext(uuid7())),
        transaction.atomic(),
        Scope(read=ids, write=ids if write else frozenset()) as scope,
    ):
        yield scope
