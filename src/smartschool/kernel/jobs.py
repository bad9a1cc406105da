"""Jobs: entry points of the worker. A job carries ids only, opens its scope and calls one command."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.tasks import Task

from smartschool.kernel.command import unit
from smartschool.kernel.ids import uuid7
from smartschool.kernel.ready import Ready
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


_WAITING = Ready(
    lambda names: ProcrastinateJob.objects.filter(queueing_lock__any_of=names, status="todo").values_list(
        "queueing_lock"
    )
)


def queue_once(task: Any, arguments: Mapping[str, Mapping[str, Any]], **options: Any) -> int:
    """Queue a job a name, unless one of that name waits already: it will see what the new one would.

    Two of one name never run together. Runs in the caller's transaction and returns how many were queued.
    """
    taken = {row[0] for row in _WAITING(names=list(arguments))}
    fresh = {
        name: task.configure(queueing_lock=name, lock=name, **options)
        for name in arguments
        if name not in taken
    }
    if not fresh:
        return 0
    jobs = [deferrer.make_new_job(**arguments[name]) for name, deferrer in fresh.items()]
    try:
        with transaction.atomic():
            next(iter(fresh.values())).job_manager.batch_defer_jobs(jobs=jobs)
        return len(jobs)
    except AlreadyEnqueued:  # somebody else queues at this moment: all but those
        return sum(_queued(deferrer, arguments[name]) for name, deferrer in fresh.items())


def _queued(deferrer: Any, arguments: Mapping[str, Any]) -> bool:
    try:
        with transaction.atomic():
            deferrer.defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True


@contextmanager
def job_scope(read: Iterable[int], *, write: bool = True) -> Iterator[Scope]:
    """One unit of work with a scope over `read`, under a request id of its own."""
    with request_context(RequestContext(uuid7())), unit_scope(read, write=write) as scope:
        yield scope


@contextmanager
def unit_scope(read: Iterable[int], *, write: bool = True) -> Iterator[Scope]:
    """One transaction with one scope: it succeeds or fails as a whole."""
    ids = frozenset(read)
    outermost = not connection.in_atomic_block
    with unit(), Scope(read=ids, write=ids if write else frozenset(), last=outermost) as scope:
        yield scope
