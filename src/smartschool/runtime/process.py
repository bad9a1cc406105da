"""Owns the identity of processes: a pid alone is reused, a pid with its start time is not (Linux /proc)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state on: state, ppid, pgrp, …; None when gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


@dataclass(frozen=True)
class Identity:
    """One process for the time of its life; `start` is in clock ticks since boot."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        fields = _stat(pid)
        return cls(pid, int(fields[19])) if fields else None

    def alive(self) -> bool:
        """True while this very process runs (a zombie does not)."""
        fields = _stat(self.pid)
        return bool(fields) and int(fields[19]) == self.start and fields[0] != "Z"  # type: ignore[index]

    def send(self, number: int) -> None:
        """Signal this process, never a later one with the same pid."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def group_members(leader: Identity) -> list[Identity]:
    """Living processes of the group that `leader` founded, also after its own death."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        fields = _stat(int(entry.name))
        if fields and int(fields[2]) == leader.pid and fields[0] != "Z" and int(fields[19]) >= leader.start:
            members.append(Identity(int(entry.name), int(fields[19])))
    return members


def stop_group(leader: Identity, *, polite: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask the leader, wait for the whole group, kill who remains."""
    leader.send(polite)
    if not leader.alive():  # its children have lost the one who would tell them
        for member in group_members(leader):
            member.send(polite)
    deadline = time.monotonic() + patience
    while remaining := group_members(leader):
        if time.monotonic() > deadline:
            for member in remaining:
                member.send(signal.SIGKILL)
            deadline = time.monotonic() + 1
        time.sleep(0.05)
