"""Processor time and memory of this process, of others and of the whole database server, from /proc."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from django.db import connection


def processor_seconds(workers: Sequence[subprocess.Popen[bytes]] = ()) -> float:
    """Of this process, of the workers, and of the whole database server, which serves nobody else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = int(_stat(cursor.fetchone()[0])[1])
    ended = _stat(server)
    ticks = sum(map(int, ended[11:15]))  # its own, and those of its children that have ended
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) and int(fields[1]) == server:
            ticks += int(fields[11]) + int(fields[12])
    for worker in workers:
        fields = _stat(worker.pid)
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Fields of a process from its state on; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def peak_mb(pid: int) -> float:
    line = next(
        row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmHWM")
    )
    return int(line.split()[1]) / 1024
