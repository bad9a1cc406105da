"""Owns who runs beside whom in a parallel run: ordinary tests together, a `serial` one alone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness import cluster


@contextmanager
def passage(*, alone: bool) -> Iterator[None]:
    """Hold the room shared or exclusively.

    Everybody steps through the gate first; who waits to be alone keeps it shut, so the stream of ordinary
    tests cannot starve it.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    home = Path(cluster.CLUSTER.handle().home)
    with (home / "gate").open("w") as gate, (home / "room").open("w") as room:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield
