"""Owns the lock of a data folder: one supervisor (or one verb that runs the database) at a time."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from smartschool.runtime.failure import Failure
from smartschool.runtime.folder import DataFolder
from smartschool.runtime.process import Identity


@dataclass
class FolderLock:
    """A flock makes taking it atomic and lets the kernel release it; pid and start time say who holds it."""

    folder: DataFolder
    _descriptor: int | None = None

    @property
    def _file(self) -> Path:
        return self.folder.run / "supervisor.json"

    def take(self, purpose: str) -> bool:
        """True when it is ours now; the file then names this process."""
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        me = Identity.of(os.getpid())
        words = json.dumps({"pid": os.getpid(), "start": me.start if me else 0, "purpose": purpose})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, words.encode(), 0)
        self._descriptor = descriptor
        return True

    def take_or_fail(self, purpose: str) -> None:
        """Refuse a second supervisor by name."""
        if not self.take(purpose):
            holder = self.holder()
            pid = holder.pid if holder else "?"
            raise Failure(
                f"数据目录 {self.folder.home} 已有一个服务在运行（进程 {pid}）："
                "先用 ./smartschool down 停止，或用 --data 换一个目录。"
            )

    def holder(self) -> Identity | None:
        """The living process that holds the lock."""
        try:
            known = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return None
        identity = Identity(known["pid"], known["start"])
        return identity if identity.alive() else None

    def release(self) -> None:
        """Give it back; the file stays, because deleting a locked file invites two holders."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
