"""Owns the child processes of one supervisor: what they are, their start, record and end."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smartschool.runtime.failure import Failure
from smartschool.runtime.folder import DataFolder
from smartschool.runtime.process import Identity, group_members, stop_group

DEATHS, SHORT_LIFE = 5, 60.0  # this many deaths, each within so many seconds of its start, is a crash loop
LOG_LIMIT = 20 * 1024 * 1024  # bytes; a longer log is set aside at the next start


@dataclass
class Child:
    """One kind of process; `spawn` starts it, `polite` is the signal that asks it to finish."""

    name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    log: Path
    polite: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    identity: Identity | None = None
    started: float = 0.0  # on the monotonic clock
    lives: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))  # seconds, of those that ended

    def start(self) -> None:
        """Start it in a group of its own, so that what it leaves behind can be found."""
        self.process = self.spawn()
        self.identity = Identity.of(self.process.pid)
        self.started = time.monotonic()

    def died(self) -> bool:
        """True once after each death; the rest of its group is stopped, so the port is free again."""
        if self.process is None or self.process.poll() is None:
            return False
        if self.identity and self.polite != signal.SIGINT:  # a postmaster's children end by themselves
            stop_group(self.identity, patience=1)
        self.lives.append(time.monotonic() - self.started)
        self.process = None
        return True

    def loops(self) -> bool:
        """True when it died too often to go on: each restart ended soon, after however long a first life.

        Lives are what is measured, not deaths a minute: a slow or busy machine needs 15 s and more for a
        start that fails, and would otherwise go on for ever.
        """
        return len(self.lives) == DEATHS and max(list(self.lives)[1:]) < SHORT_LIFE

    def stop(self, patience: float = 10.0) -> None:
        """Ask, wait, kill the group."""
        if self.process is not None and self.identity is not None:
            stop_group(self.identity, polite=self.polite, patience=patience)
            self.process.wait()
            self.process = None

    def last_words(self, lines: int = 8) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.strip().splitlines()[-lines:])


def python_child(folder: DataFolder, name: str, words: list[str], environment: Mapping[str, str]) -> Child:
    """A child that runs `python -m …` as the account, with its words in logs/NAME.log."""
    log = folder.logs / f"{name}.log"

    def spawn() -> subprocess.Popen[bytes]:
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        folder.account.private_file(log)
        with log.open("ab") as descriptor:
            return subprocess.Popen(
                [folder.program.python, "-m", *words],
                cwd=folder.home,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
                **folder.account.switch,
            )

    return Child(name, spawn, log)


def run_to_end(folder: DataFolder, name: str, words: list[str], environment: Mapping[str, str]) -> None:
    """Run `python -m …` as the account; a failure leaves its words in logs/NAME.log."""
    done = subprocess.run(
        [folder.program.python, "-m", *words],
        cwd=folder.home,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        **folder.account.switch,
    )
    if done.returncode:
        log = folder.logs / f"{name}.log"
        folder.account.private_file(log)
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        lines = done.stderr.strip().splitlines() or ["无说明"]
        raise Failure(f"{name} 没有完成：{lines[-1]}。完整记录见 {log}。")


class Register:
    """The list of living children on disk: what the next `up` looks for after a kill -9 of this one."""

    def __init__(self, folder: DataFolder) -> None:
        self._file = folder.run / "children.json"

    def write(self, children: list[Child]) -> None:
        """Replace the list in one step."""
        rows = [
            {
                "name": child.name,
                "pid": child.identity.pid,
                "start": child.identity.start,
                "polite": int(child.polite),
            }
            for child in children
            if child.identity is not None
        ]
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(rows))
        draft.replace(self._file)

    def stop_orphans(self) -> list[str]:
        """Stop what a dead supervisor left behind, web first and the database last; returns their names."""
        try:
            rows = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return []
        stopped = []
        for row in reversed(rows):
            leader = Identity(row["pid"], row["start"])
            if leader.alive() or (row["polite"] != signal.SIGINT and group_members(leader)):
                stop_group(leader, polite=row["polite"], patience=20)
                stopped.append(row["name"])
        self._file.unlink(missing_ok=True)
        return stopped
