"""Owns what the children execute: this checkout, or for root in a closed folder a linked copy of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from smartschool.runtime.account import Account
from smartschool.runtime.failure import Failure

ROOT = Path(__file__).resolve().parents[3]  # the checkout: src/smartschool/runtime/ is three below
STATE = Path("/var/lib/smartschool")


@dataclass(frozen=True)
class Program:
    """An interpreter with our dependencies, and the code that it runs."""

    python: Path
    source: Path


def own_state() -> Path:
    """Where root keeps what cannot lie in this checkout; one folder per checkout."""
    return STATE / hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:8]


def checkout_closed(account: Account) -> bool:
    """True for root in a folder (its home, a private temporary one) that the account cannot enter."""
    return os.geteuid() == 0 and account.closed_at(ROOT) is not None


def program_for(account: Account) -> Program:
    """Something that `account` can run."""
    program = Program(Path(sys.executable), ROOT / "src")
    if checkout_closed(account):
        program = _linked_copy(program, own_state() / "program")
    if os.geteuid() == 0:
        _try(program, account)
    return program


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system
        shutil.copy2(source, target, follow_symlinks=False)


def _linked_copy(program: Program, target: Path) -> Program:
    """Hard links to the files of .venv, again only when it changed, and a copy of each state of the code.

    The code of a running product stays where it is; `forget_old_code` removes it at the next start.
    """
    environment = program.python.parent.parent
    copy = target / ".venv"
    if not (copy / "installed").exists() or (copy / "installed").read_bytes() != _installed(environment):
        shutil.rmtree(copy, ignore_errors=True)
        for part in [*reversed(target.parents), target]:
            if not part.exists():
                part.mkdir(mode=0o755)
        shutil.copytree(environment, copy, symlinks=True, copy_function=_link_or_copy)
    source = target / f"src-{_state_of(program.source)}"
    if not source.exists():
        draft = target / f"draft-{os.getpid()}"
        shutil.copytree(program.source, draft, ignore=shutil.ignore_patterns("__pycache__"))
        draft.rename(source)
    return Program(copy / "bin" / program.python.name, source)


def _state_of(source: Path) -> str:
    """Changes when a file of the code is added, removed or changed."""
    digest = hashlib.sha256()
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            status = path.stat()
            digest.update(f"{path.relative_to(source)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def forget_old_code(program: Program) -> None:
    """At a start, when nothing else runs: remove copies of former states of the code."""
    if program.source.is_relative_to(STATE):
        for former in program.source.parent.glob("src-*"):
            if former != program.source:
                shutil.rmtree(former)


def _installed(environment: Path) -> bytes:
    stamp = environment / "installed"
    return stamp.read_bytes() if stamp.exists() else b""


def _try(program: Program, account: Account) -> None:
    """The account can start this Python and read this code."""
    for path in (Path(os.path.realpath(program.python)).parent, program.source):
        if closed := account.closed_at(path):
            raise Failure(
                f"普通用户无法进入目录 {closed}（服务不以 root 运行）："
                f"请运行 chmod o+x {closed}，或用系统自带的 Python 重新安装（删除 .venv 后再运行）。"
            )
    done = subprocess.run(
        [program.python, "-c", "import django, smartschool.settings"],
        cwd="/",
        env={"PYTHONPATH": str(program.source), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        **account.switch,
    )
    if done.returncode:
        raise Failure(f"普通用户读不到程序文件（服务不以 root 运行）：请运行 chmod -R go+rX {ROOT} 后重试。")
