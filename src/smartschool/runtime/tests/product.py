"""Owns a running product in a test: the real `up` on a data folder of its own, as root or as a plain user."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from smartschool.runtime.account import child_account
from smartschool.runtime.folder import DataFolder
from smartschool.runtime.process import Identity, group_members
from smartschool.runtime.program import ROOT

PATIENCE = 60.0  # seconds


def command(
    *words: str, plain: bool = False, environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[str]:
    """Start `smartschool …` as the caller or, for root, as the plain user."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "smartschool.cli", *words],
        cwd="/",
        env={**kept, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **(child_account().switch if plain else {}),
        **options,
    )


def share_of_load() -> float:
    """1 on an idle machine; on a busy one as many times more as there are processes per core."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@dataclass
class Product:
    """One data folder and the supervisor that serves it."""

    home: Path
    plain: bool
    words: tuple[str, ...] = ("--no-demo",)
    environment: dict[str, str] = field(default_factory=dict)
    supervisor: subprocess.Popen[str] | None = None
    url: str = ""
    reason: str = ""  # why it did not serve when last asked

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.home, child_account(self.home))

    def up(self) -> float:
        """Start and wait until it announces itself; returns the seconds that took."""
        began = time.monotonic()
        self.supervisor = command(
            "up", "--port", "0", "--data", str(self.home), *self.words,
            plain=self.plain, environment=self.environment,
        )  # fmt: skip
        while time.monotonic() < began + PATIENCE:
            if self.supervisor.poll() is not None:
                raise AssertionError(f"up ended: {self.supervisor.communicate()[0]}")
            announced = self._announced()
            if announced.get("pid") == self.supervisor.pid:
                self.url = announced["url"]
                return time.monotonic() - began
            time.sleep(0.05)
        raise AssertionError("up did not serve in time")

    def _announced(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.home / "run" / "ready.json").read_text()))
        except (OSError, ValueError):
            return {}

    def down(self) -> str:
        """Stop politely; what the supervisor said."""
        if self.supervisor is None:
            return ""
        self.supervisor.terminate()
        return self.supervisor.communicate(timeout=40)[0]

    def children(self) -> dict[str, Identity]:
        """Name → process, as the supervisor recorded them."""
        rows = json.loads((self.home / "run" / "children.json").read_text())
        return {row["name"]: Identity(row["pid"], row["start"]) for row in rows}

    def members(self, name: str) -> list[Identity]:
        """The leader of a child and what it started."""
        return group_members(self.children()[name])

    def serves(self) -> bool:
        """A page answers, the database answers, and every recorded child lives."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=5)
        try:
            connection.request("GET", "/")
            if (status := connection.getresponse().status) >= 500:
                self.reason = f"the first page answers {status}"
                return False
            with psycopg.connect(self.database_url(), connect_timeout=2) as database:
                database.execute("SELECT 1 FROM django_migrations LIMIT 1")
            return all(identity.alive() for identity in self.children().values())
        except (OSError, ValueError, http.client.HTTPException, psycopg.Error) as problem:
            self.reason = repr(problem)
            return False
        finally:
            connection.close()

    def database_url(self) -> str:
        from smartschool.runtime.database import locate

        return locate(self.folder).app_url

    def seconds_until_it_serves(self, patience: float) -> float:
        began = time.monotonic()
        while not self.serves():
            if time.monotonic() - began > patience:
                raise AssertionError(f"not serving again after {patience} s: {self.what_is_wrong()}")
            time.sleep(0.05)
        return time.monotonic() - began

    def what_is_wrong(self) -> str:
        """Which children are dead, and the last words of each and of the supervisor."""
        dead = [name for name, identity in self.children().items() if not identity.alive()]
        words = {log.name: log.read_text(errors="replace")[-600:] for log in self.folder.logs.glob("*.log")}
        running = self.supervisor is not None and self.supervisor.poll() is None
        return (
            f"{self.reason}; supervisor {'runs' if running else 'has ended'}, dead children {dead}, {words}"
        )

    def kill_everything(self) -> None:
        """Leave nothing behind, whatever a test has done."""
        if self.supervisor is not None and self.supervisor.poll() is None:
            self.supervisor.kill()
            self.supervisor.communicate()
        try:
            leaders = self.children().values()
        except (OSError, ValueError):
            return
        for leader in leaders:
            for member in group_members(leader):
                member.send(signal.SIGKILL)
