"""Owns the worker process: runs jobs, and takes back those that a killed worker left in mid-air."""

from __future__ import annotations

import asyncio
import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.dev")
import django

django.setup()

from procrastinate import App  # noqa: E402 - Django must be set up first
from procrastinate.contrib.django import app  # noqa: E402
from procrastinate.jobs import Status  # noqa: E402

from smartschool.runtime.roles import refuse_powerful_role  # noqa: E402
from smartschool.settings import env  # noqa: E402

log = logging.getLogger("smartschool.edges.worker")

CONCURRENCY = 2  # jobs at once, each in a thread
HEARTBEAT = 5.0  # seconds
SILENCE = 30.0  # seconds without a heartbeat until a worker counts as dead


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


async def main() -> None:
    """Work until SIGTERM; jobs in work are finished first."""
    refuse_powerful_role(env.text("DATABASE_URL"))
    with app.replace_connector(app.connector.get_worker_connector()) as running:
        async with running.open_async():
            rescue = asyncio.create_task(_recover_forever(running))
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
                rescue.cancel()


if __name__ == "__main__":
    asyncio.run(main())
