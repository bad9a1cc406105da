"""Jobs: entry points of the worker. A job carries ids only, opens its scope and calls one command."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from smartschool.kernel.ids import uuid7
from smartschool.kernel.request_context import RequestContext, request_context
from smartschool.kernel.scope import Scope

# Which job is taken first when many wait: a season of imports must not hold up what is short, and what
# nobody waits for must not hold up the season.
CHORE, SOON, LATER = 20, 10, -10
# Jobs that read new events: a worker starts them when an event is committed (`edges.worker`).
FOLLOWERS: list[Task[[int], None, Any]] = []


def job(
    name: str, *, queue: str = "default", retries: int = 0, lock: str | None = None, priority: int = 0
) -> Callable[..., Any]:
    """Declare a job. `retries` only for jobs that are exactly-once by themselves."""
    return app.task(
        name=name,
        queue=queue,
        lock=lock,
        priority=priority,
        retry=RetryStrategy(max_attempts=retries, exponential_wait=2) if retries else False,
    )


def periodic(cron: str, name: str, *, queue: str = "default") -> Callable[[Callable[[int], None]], Any]:
    """Declare a job that runs by the clock; it gets the scheduled Unix time."""

    def decorate(function: Callable[[int], None]) -> Any:
        task = app.task(name=name, queue=queue, queueing_lock=name, priority=CHORE)(function)
        return app.periodic(cron=cron)(task)

    return decorate


def follower(name: str) -> Callable[[Callable[[int], None]], Any]:
    """Declare a job that reads new events: started when some are committed, and every five seconds, because
    a notice may be lost and an event is hidden as long as an older transaction runs."""

    def decorate(function: Callable[[int], None]) -> Any:
        task = periodic("* * * * * */5", name, queue="kernel")(function)
        FOLLOWERS.append(task)
        return task

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
