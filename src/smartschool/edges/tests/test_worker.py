"""A killed worker leaves no job behind, a new event wakes its followers, a powerful role is refused."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg
import pytest
from procrastinate.contrib.django import app
from tests.harness import cluster, site

from smartschool.edges import worker
from smartschool.kernel import events, jobs


def _wait(condition: Callable[[], object], patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


def _jobs(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT task_name, status::text FROM procrastinate_jobs").fetchall()


def _recover(silence: float) -> int:
    async def run() -> int:
        with app.replace_connector(app.connector.get_worker_connector()) as running:  # type: ignore[attr-defined]
            async with running.open_async():
                return await worker.recover(running, silence)

    return asyncio.run(run())


@pytest.mark.slow
def test_a_chore_of_a_killed_worker_is_cleared(fresh_database: str) -> None:
    url = cluster.CLUSTER.handle().app_url(fresh_database)
    with psycopg.connect(url) as holding, site.worker(fresh_database) as process:
        holding.execute("LOCK TABLE kernel_auditseal IN ACCESS EXCLUSIVE MODE")  # the sealer waits in mid-air
        _wait(lambda: ("kernel.seal_audit", "doing") in _jobs(url))
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(1.2)
    assert _recover(silence=600) == 0  # it might still live
    assert ("kernel.seal_audit", "doing") in _jobs(url)
    assert _recover(silence=1) >= 1
    assert "doing" not in {status for _, status in _jobs(url)}
    assert ("kernel.seal_audit", "failed") not in _jobs(url)


def test_a_powerful_role_does_not_work(fresh_database: str) -> None:
    handle = cluster.CLUSTER.handle()
    done = subprocess.run(
        [sys.executable, "-m", "smartschool.edges.worker"],
        cwd=cluster.ROOT,
        env={
            **os.environ,
            "DATABASE_URL": handle.owner_url(fresh_database),
            "PYTHONPATH": f"{cluster.ROOT}/src",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "拒绝启动" in done.stderr


def test_followers_start_when_an_event_is_committed(fresh_database: str) -> None:
    """No worker runs here, so nothing but the notice can have queued the job."""
    url = cluster.CLUSTER.handle().app_url(fresh_database)

    async def run() -> None:
        with app.replace_connector(app.connector.get_worker_connector()) as running:  # type: ignore[attr-defined]
            async with running.open_async():
                # Two processes: one of them listens, the other one stands by.
                helpers = [asyncio.create_task(worker.wake_followers()) for _ in range(2)]
                listening = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                    for patience in range(100):
                        found = await (await connection.execute(listening)).fetchone()
                        if found == (1,):
                            break
                        assert patience < 99, "nobody listens"
                        await asyncio.sleep(0.05)
                    await asyncio.sleep(0.2)
                    for _ in range(3):
                        await connection.execute("SELECT pg_notify(%s, '')", [events.CHANNEL])
                    await asyncio.sleep(2)
                for helper in helpers:
                    helper.cancel()

    asyncio.run(run())
    assert sorted(_jobs(url)) == [(task.name, "todo") for task in jobs.FOLLOWERS]


def test_a_flock_of_events_is_gathered_once(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty notices in one packet, as a season's imports leave them: not a wait for each of them."""
    url = cluster.CLUSTER.handle().app_url(fresh_database)
    monkeypatch.setattr(worker, "GATHER", 0.0625)
    sleep, waits = asyncio.sleep, []

    async def counted(seconds: float, result: object = None) -> object:
        waits.append(seconds)
        return await sleep(seconds, result)

    async def run() -> None:
        monkeypatch.setattr(asyncio, "sleep", counted)
        with app.replace_connector(app.connector.get_worker_connector()) as running:  # type: ignore[attr-defined]
            async with (
                running.open_async(),
                await psycopg.AsyncConnection.connect(url, autocommit=True) as listening,
            ):
                helper = asyncio.create_task(worker._listen(listening))
                await sleep(0.5)
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
                    await other.execute(
                        "SELECT pg_notify(%s, n::text) FROM generate_series(1, 50) n", [events.CHANNEL]
                    )
                await sleep(1)
                helper.cancel()

    asyncio.run(run())
    assert sorted(_jobs(url)) == [(task.name, "todo") for task in jobs.FOLLOWERS]
    assert 1 <= waits.count(worker.GATHER) <= 3


def test_what_is_short_does_not_wait_behind_a_season_of_imports() -> None:
    chore, report, file, calibration = (
        app.tasks[name].priority
        for name in (
            "diagnosis.follow",
            "diagnosis.analyse_paper",
            "exchange.apply_imports",
            "diagnosis.calibrate_paper",
        )
    )
    assert chore > report > file > calibration
