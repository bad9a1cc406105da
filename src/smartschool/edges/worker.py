"""Owns the worker process: runs jobs, and takes back those that a killed worker left in mid-air."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.dev")
import django

django.setup()

import psycopg  # noqa: E402 - Django must be set up first
from procrastinate import App  # noqa: E402
from procrastinate.contrib.django import app  # noqa: E402
from procrastinate.exceptions import AlreadyEnqueued  # noqa: E402
from procrastinate.jobs import Status  # noqa: E402

from smartschool.kernel import events, jobs  # noqa: E402
from smartschool.runtime.roles import refuse_powerful_role  # noqa: E402
from smartschool.settings import env  # noqa: E402

log = logging.getLogger("smartschool.edges.worker")

CONCURRENCY = 2  # jobs at once, each in a thread
HEARTBEAT = 5.0  # seconds
SILENCE = 30.0  # seconds without a heartbeat until a worker counts as dead
GATHER = 0.5  # seconds from the first new event until followers start: events come in flocks
# Advisory lock ("WAKE"): of many worker processes one listens for new events.
_LISTENER = 0x57414B45


async def recover(running: App, silence: float) -> int:
    """Jobs of dead workers: again if the job may be repeated, else failed. Returns how many.

    A job was one transaction at a time, so nothing is half-written; only jobs declared with `retries` are
    exactly-once by themselves and may start again. A chore leaves no trace: the clock brings it again.
    """
    chores = {name for name, _ in running.periodic_registry.periodic_tasks}
    stalled = list(await running.job_manager.get_stalled_jobs(seconds_since_heartbeat=silence))
    for stranded in stalled:
        task = running.tasks.get(stranded.task_name)
        if task is not None and task.retry_strategy is not None:
            await running.job_manager.retry_job(stranded)
        else:
            chore = stranded.task_name in chores
            await running.job_manager.finish_job(stranded, status=Status.FAILED, delete_job=chore)
        log.warning("job %s (%s) lost its worker", stranded.id, stranded.task_name)
    return len(stalled)


async def _recover_forever(running: App) -> None:
    while True:
        await recover(running, SILENCE)
        await asyncio.sleep(HEARTBEAT)


async def wake_followers() -> None:
    """Start the followers soon after an event is committed, in one worker process of all."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                env.text("DATABASE_URL"), autocommit=True
            ) as connection:
                await _listen(connection)
        except psycopg.OperationalError:
            await asyncio.sleep(HEARTBEAT)  # the database is being restarted; the clock still runs


async def _listen(connection: psycopg.AsyncConnection) -> None:
    while True:
        taken = await connection.execute("SELECT pg_try_advisory_lock(%s)", [_LISTENER])
        if (await taken.fetchone()) == (True,):
            break
        await asyncio.sleep(HEARTBEAT)
    await connection.execute(f"LISTEN {events.CHANNEL}")
    while True:
        async for _ in connection.notifies(stop_after=1):
            pass  # one packet may hold the notices of many events
        await asyncio.sleep(GATHER)
        for task in jobs.FOLLOWERS:
            with contextlib.suppress(AlreadyEnqueued):  # the waiting one will see these events too
                await task.defer_async(timestamp=int(time.time()))


async def main() -> None:
    """Work until SIGTERM; jobs in work are finished first."""
    refuse_powerful_role(env.text("DATABASE_URL"))
    with app.replace_connector(app.connector.get_worker_connector()) as running:
        async with running.open_async():
            helpers = [asyncio.create_task(_recover_forever(running)), asyncio.create_task(wake_followers())]
            # What stays loaded for good need not be looked at by every collection.
            gc.collect()
            gc.freeze()
            try:
                await running.run_worker_async(
                    concurrency=CONCURRENCY,
                    delete_jobs="successful",
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=SILENCE,
                    shutdown_graceful_timeout=8,
                    install_signal_handlers=True,
                )
            finally:
                for helper in helpers:
                    helper.cancel()


if __name__ == "__main__":
    asyncio.run(main())
