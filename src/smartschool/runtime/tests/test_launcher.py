"""The launcher script: one line in Chinese for what may be missing; installs again only when needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartschool.runtime.account import child_account
from smartschool.runtime.program import ROOT

TOOLS = ("sh", "dirname", "id", "cksum", "cat", "grep")

# Stands for an interpreter: answers the checks, `venv`, `pip` and our command line; notes what it did.
PYTHON = """#!/bin/sh
case "$*" in
    *ensurepip*) exit {venv_missing} ;;
    *version_info*) exit {too_old} ;;
    "-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python"; echo venv >>{notes} ;;
    "-m pip"*) echo pip >>{notes} ;;
    "-m smartschool.cli"*) echo "runs $*" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A folder of the plain user with the launcher, two locks and a PATH of its own."""
    home = Path("/tmp") / f"smartschool-launcher-{os.urandom(4).hex()}"  # noqa: S108 - tmp_path is closed to the plain user
    account = child_account()
    account.folder(home)
    account.folder(home / "bin")
    shutil.copy2(ROOT / "smartschool", home / "smartschool")
    for name in ("requirements.lock", "requirements-test.lock"):
        (home / name).write_text(name)
    for tool in TOOLS:
        (home / "bin" / tool).symlink_to(str(shutil.which(tool)))
    yield home
    shutil.rmtree(home)


def _python(home: Path, *, venv_missing: int = 0, too_old: int = 0) -> None:
    program = home / "bin" / "python3"
    program.write_text(PYTHON.format(venv_missing=venv_missing, too_old=too_old, notes=home / "notes"))
    program.chmod(0o755)
    for tool in ("mkdir", "cp"):
        (home / "bin" / tool).unlink(missing_ok=True)
        (home / "bin" / tool).symlink_to(str(shutil.which(tool)))


def _launch(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [home / "smartschool", *words],
        cwd="/",
        env={"PATH": str(home / "bin")},
        capture_output=True,
        text=True,
        check=False,
        **child_account().switch,
    )


def _notes(home: Path) -> list[str]:
    notes = home / "notes"
    found = notes.read_text().split() if notes.exists() else []
    notes.unlink(missing_ok=True)
    return found


def test_no_python(checkout: Path) -> None:
    done = _launch(checkout, "up")
    assert done.returncode == 1
    assert done.stderr.startswith("没有找到 Python 3.11 或更新版本：请安装后重试")
    assert done.stderr.count("\n") == 1


def test_python_too_old(checkout: Path) -> None:
    _python(checkout, venv_missing=1, too_old=1)
    assert _launch(checkout, "up").stderr.startswith("没有找到 Python 3.11 或更新版本")


def test_python_without_venv(checkout: Path) -> None:
    _python(checkout, venv_missing=1)
    done = _launch(checkout, "up")
    assert done.returncode == 1
    assert (
        done.stderr
        == "Python 缺少 venv 模块：请先运行 apt install python3-venv（需要管理员权限），再重试。\n"
    )


def test_installs_once_and_again_when_the_lock_changed(checkout: Path) -> None:
    _python(checkout)
    first = _launch(checkout, "up", "--port", "9")
    assert first.stdout == "runs -m smartschool.cli up --port 9\n"
    assert _notes(checkout) == ["venv", "pip", "pip"]  # uv is absent here, so the plain pip takes over
    assert _launch(checkout, "up").stderr == ""
    assert _notes(checkout) == []
    (checkout / "requirements.lock").write_text("another")
    _launch(checkout, "up")
    assert _notes(checkout) == ["pip", "pip"]


def test_uv_trusts_whom_the_system_trusts(checkout: Path) -> None:
    """Behind a proxy with an authority of its own uv's list knows nobody; where the system has no list, uv's
    own is the better one."""
    _python(checkout)
    uv = checkout / "uv"
    uv.write_text(f"#!/bin/sh\necho uv${{UV_SYSTEM_CERTS-}}${{UV_NATIVE_TLS-}} >>{checkout / 'notes'}\n")
    uv.chmod(0o755)
    python = checkout / "bin" / "python3"
    pip = f'mkdir -p "${{0%/*}}" && cp {uv} "${{0%/*}}/uv" && echo pip'
    python.write_text(python.read_text().replace('"-m pip"*) echo pip', f'"-m pip"*) {pip}'))
    assert _launch(checkout, "up").stdout == "runs -m smartschool.cli up\n"
    known = Path("/etc/ssl/certs/ca-certificates.crt").exists()
    assert _notes(checkout) == ["venv", "pip", "uv11" if known else "uv"], "and the plain pip is not asked"


def test_the_test_lock_stays_installed(checkout: Path) -> None:
    _python(checkout)
    _launch(checkout, "test")
    _notes(checkout)
    _launch(checkout, "up")
    assert _notes(checkout) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_full_disk(checkout: Path) -> None:
    small = checkout / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], check=False).returncode:
        pytest.skip("this machine allows no mounts")
    try:
        for path in ("smartschool", "requirements.lock"):
            shutil.copy2(checkout / path, small / path)
        done = subprocess.run(
            [small / "smartschool", "up"], cwd="/", capture_output=True, text=True, check=False
        )
    finally:
        subprocess.run(["umount", small], check=True)
    assert done.returncode == 1
    assert "请腾出至少 3 GB 磁盘" in done.stderr.splitlines()[-1]


def test_it_stays_short() -> None:
    assert len((ROOT / "smartschool").read_text().splitlines()) <= 40
