"""Owns the answer to: as whom do child processes run? PostgreSQL refuses root, so root lends a plain user."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """An unprivileged system user; `switch` is empty when we already are that user."""

    uid: int
    gid: int

    @property
    def switch(self) -> dict[str, Any]:
        """Arguments for `subprocess` that drop root, its group and its supplementary groups."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make `path` ours when root created it."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def folder(self, path: Path, mode: int = 0o700) -> Path:
        """Create `path` for this user alone (parents included, each given to the user)."""
        for part in [*reversed(path.parents), path]:
            if not part.exists():
                part.mkdir(mode=mode)
                self.give(part)
        return path

    def closed_at(self, path: Path) -> Path | None:
        """The first folder on the way to `path` that this user cannot enter, tried as that user."""
        way = [*reversed(path.parents), path]
        script = 'for part; do [ ! -e "$part" ] || [ -x "$part" ] || { printf %s "$part"; exit 1; }; done'
        done = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *way],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self.switch,
        )
        return Path(done.stdout) if done.returncode else None

    def private_file(self, path: Path) -> None:
        """Create an empty 0600 file of this user unless it exists."""
        if not path.exists():
            path.touch(mode=0o600)
            self.give(path)


def child_account(home: Path | None = None) -> Account:
    """The current user; for root the owner of `home`, and `nobody` where root owns that too."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if home is not None and home.exists() and home.stat().st_uid != 0:
        status = home.stat()
        return Account(status.st_uid, status.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)
