"""Owns one embedded PostgreSQL cluster: create, start, wait, stop. Unix socket and scram only, never TCP."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

from smartschool.runtime.account import Account
from smartschool.runtime.failure import Failure

SUPERUSER = "postgres"
PORT = 5432  # only names the socket file
START_PATIENCE = 10.0  # seconds: children of a killed postmaster live on for a moment and hold its memory
MAX_SOCKET_PATH = 100  # bytes; Linux allows 107

# A throw-away cluster may lose everything at a power cut.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "shared_buffers": "64MB",
    "max_connections": "60",
}


def _die_with_parent() -> None:
    """Let the kernel stop this process when its parent is killed (Linux; elsewhere a no-op)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


@dataclass
class Cluster:
    """`home` holds `pgdata`; `sockets` is a 0700 folder of the account that runs the server."""

    home: Path
    sockets: Path
    binaries: Path
    account: Account
    password: str
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def pgdata(self) -> Path:
        return self.home / "pgdata"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    def url(self, user: str, password: str, database: str) -> str:
        """A libpq URI over the Unix socket."""
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={host}&port={PORT}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Autocommit connection as the cluster's superuser."""
        return psycopg.connect(
            self.url(SUPERUSER, self.password, database), autocommit=True, connect_timeout=5
        )

    def create(self) -> None:
        """Run initdb unless the cluster exists."""
        if (self.pgdata / "PG_VERSION").exists():
            return
        self.account.folder(self.home)
        draft = self.home / "pgdata.new"  # a first start that was killed leaves no half cluster behind
        shutil.rmtree(draft, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.home, prefix="init-") as handed:
            handed.write(self.password)
            handed.flush()
            self.account.give(Path(handed.name))
            arguments: list[str | Path] = [
                self.binaries / "initdb", "-D", draft, "-U", SUPERUSER, f"--pwfile={handed.name}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
            ]  # fmt: skip
            if self.settings.get("fsync") == "off":
                arguments.append("--no-sync")
            done = subprocess.run(
                arguments, cwd="/", capture_output=True, text=True, check=False, **self.account.switch
            )
        if done.returncode:
            if "No space left" in done.stderr:
                raise Failure(f"磁盘已满，无法建立数据库：请在 {self.home} 所在磁盘腾出至少 1 GB 后重试。")
            raise Failure(
                f"建立数据库失败：{done.stderr.strip().splitlines()[-1]}。请检查数据目录 {self.home}。"
            )

        draft.rename(self.pgdata)

    def command(self) -> list[str]:
        """The command line of the server; settings are arguments, so that no file drifts from the code."""
        fixed = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
        }
        options = [f"--{name}={value}" for name, value in {**fixed, **self.settings}.items()]
        return [str(self.binaries / "postgres"), "-D", str(self.pgdata), *options]

    def spawn(self, *, die_with_parent: bool = False) -> subprocess.Popen[bytes]:
        """Start the server process without waiting; its words go to `log`."""
        self.account.folder(self.sockets)
        self.account.private_file(self.log)
        with self.log.open("ab") as words:
            self.process = subprocess.Popen(
                self.command(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                preexec_fn=_die_with_parent if die_with_parent else None,
                start_new_session=True,
                **self.account.switch,
            )
        return self.process

    def answers(self) -> bool:
        """True once the server takes connections."""
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    def start(self, *, die_with_parent: bool = False) -> subprocess.Popen[bytes]:
        """Start and wait until the server answers; retry while a killed predecessor's children fade away."""
        deadline = time.monotonic() + START_PATIENCE
        process = self.spawn(die_with_parent=die_with_parent)
        while not self.answers():
            if process.poll() is not None:
                if "No space left" in self.last_words():
                    raise Failure(f"磁盘已满，数据库无法启动：请在 {self.home} 所在磁盘腾出空间后重试。")
                if time.monotonic() > deadline:
                    raise Failure(f"数据库没有启动：{self.last_words()}。完整记录见 {self.log}。")
                time.sleep(0.3)
                process = self.spawn(die_with_parent=die_with_parent)
            elif time.monotonic() > deadline + 50:  # crash recovery may take a while
                raise Failure(f"数据库 60 秒内没有应答：{self.last_words()}。完整记录见 {self.log}。")
            time.sleep(0.05)
        return process

    def stop(self) -> None:
        """Fast shutdown: sessions are cut, the checkpoint is written; kill only if that takes over 20 s."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self) -> str:
        """The last line of the server's log."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "无记录"


def socket_folder(wanted: Path, key: str) -> Path:
    """`wanted`, or a short folder under the system's temp when its path exceeds the limit of Unix sockets."""
    if len(os.fsencode(wanted / f".s.PGSQL.{PORT}")) <= MAX_SOCKET_PATH:
        return wanted
    return Path(tempfile.gettempdir()) / f"smartschool-{key}"


def new_password() -> str:
    """A random 192-bit password that needs no quoting."""
    return secrets.token_urlsafe(24)
