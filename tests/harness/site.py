"""Owns the product's processes as a test runs them: granian and the worker on one database of the cluster."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.conf import settings
from tests.harness import cluster

from smartschool.runtime.process import Identity, stop_group

PATIENCE = 60.0  # seconds


def _environment(database: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(cluster.ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "smartschool.settings.test",
        "SMARTSCHOOL_DATA_DIR": str(settings.DATA_DIR),
        "DATABASE_URL": cluster.CLUSTER.handle().app_url(database),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _process(words: list[str], database: str) -> Iterator[tuple[subprocess.Popen[bytes], BinaryIO]]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env=_environment(database),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        identity = Identity.of(process.pid)
        try:
            yield process, log
        finally:
            if identity is not None:
                stop_group(identity, polite=signal.SIGTERM, patience=5)
            process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


@contextmanager
def web(database: str) -> Iterator[str]:
    """The pages under granian WSGI with four blocking threads; yields the address once they answer."""
    port = _free_port()
    words = [
        "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--blocking-threads", "4", "--no-ws", "smartschool.web.wsgi:application",
    ]  # fmt: skip
    with _process(words, database) as (process, log):
        deadline = time.monotonic() + PATIENCE
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"the site did not start:\n{log.read().decode(errors='replace')[-3000:]}")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def worker(database: str) -> Iterator[subprocess.Popen[bytes]]:
    """The job worker."""
    with _process(["smartschool.edges.worker"], database) as (process, _log):
        yield process
