"""Owns one running product: starts the children in order, restarts the dead, stops all together."""

from __future__ import annotations

import compileall
import errno
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from smartschool.runtime import database, roles, static_files
from smartschool.runtime.children import DEATHS, SHORT_LIFE, Child, Register, python_child
from smartschool.runtime.failure import Failure
from smartschool.runtime.folder import DataFolder
from smartschool.runtime.lock import FolderLock
from smartschool.runtime.program import forget_old_code
from smartschool.settings import env

WEB_PATIENCE = 60.0  # seconds from a start of the web process until the first page must answer
TICK = 0.2
MOST_WORKERS = 4


def worker_names() -> list[str]:
    """One worker process a processor: what a job computes holds the interpreter of its process. Each stays
    below 300 MB; SMARTSCHOOL_WORKERS says another number."""
    number = env.number("SMARTSCHOOL_WORKERS", min(len(os.sched_getaffinity(0)), MOST_WORKERS))
    return ["worker", *(f"worker-{place}" for place in range(2, number + 1))]


def check_port(host: str, port: int) -> int:
    """A port that can be bound now; 0 picks a free one."""
    if not 0 <= port <= 65535:
        raise Failure(f"没有 {port} 这个端口：请用 1024 到 65535 之间的数，例如 --port 8000。")
    if 0 < port < 1024 and os.geteuid() == 0:
        raise Failure(f"端口 {port} 只有 root 能用，而服务不以 root 运行：请改用 --port 8000。")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Failure(f"端口 {port} 已被占用：请换一个，例如 --port {port + 1}。") from None
            if error.errno == errno.EACCES:
                raise Failure(f"端口 {port} 需要管理员权限：请改用 --port 8000。") from None
            raise Failure(f"不能监听 {host}:{port}（{error.strerror}）：请检查 --host。") from None
        return int(probe.getsockname()[1])


def answers(host: str, port: int) -> bool:
    """True when the web process answers a request with anything but a server error."""
    reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(reach, port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass
class Supervisor:
    """`say` prints progress; `demo` fills the demo district on the first run."""

    folder: DataFolder
    host: str
    port: int
    say: Callable[[str], None]
    demo: bool = True
    children: list[Child] = field(default_factory=list)
    _asked_to_stop: bool = False

    @property
    def url(self) -> str:
        shown = "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104 - compared, not bound
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}/"

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until asked to stop; `ready` is called once the first page answers."""
        self.folder.prepare()
        lock = FolderLock(self.folder)
        lock.take_or_fail("up")
        register = Register(self.folder)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        try:
            forget_old_code(self.folder.program)
            # The account may not write beside the code; compiled once here, its processes start faster.
            compileall.compile_dir(self.folder.program.source, quiet=2, rx=re.compile("/tests/"))
            if orphans := register.stop_orphans():
                self.say(f"已停止上次遗留的进程：{'、'.join(orphans)}。")
            self.port = check_port(self.host, self.port)
            self._start(register)
            self._wait_for_web()
            if not self._asked_to_stop:
                self._start_workers(register)
                self._announce()
                ready()
            while not self._asked_to_stop:
                self._tend(register)
                time.sleep(TICK)
        finally:
            for child in reversed(self.children):
                child.stop()
            (self.folder.run / "ready.json").unlink(missing_ok=True)
            (self.folder.run / "children.json").unlink(missing_ok=True)
            lock.release()

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _start(self, register: Register) -> None:
        place = database.locate(self.folder)
        if place.cluster is not None:
            cluster = place.cluster
            if not (cluster.pgdata / "PG_VERSION").exists():
                self.say("首次启动：正在建立数据库……")
            cluster.create()

            def start_postgres() -> subprocess.Popen[bytes]:
                return cluster.start()

            postgres = Child("postgres", start_postgres, cluster.log, polite=signal.SIGINT)
            self._begin(postgres, register)
        database.ensure_roles(self.folder, place)
        if database.migrate(self.folder, place):
            self.say("数据表已更新。")
        roles.refuse_powerful_role(place.app_url)
        if self.demo and not database.seeded(self.folder, place):
            self.say("首次启动：正在写入演示区县……")
            database.seed(self.folder, place)
        static_files.collect(self.folder, place.app_url)
        environment = self.folder.environment(place.app_url)
        web = [
            "granian", "--interface", "wsgi", "--host", self.host, "--port", str(self.port),
            "--workers", "2", "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers",
            "--workers-kill-timeout", "5", "--backlog", "1024", "smartschool.web.wsgi:application",
        ]  # fmt: skip
        self._begin(python_child(self.folder, "web", web, environment), register)

    def _start_workers(self, register: Register) -> None:
        """After the first page: somebody waits for that, and the processors are few."""
        environment = self.folder.environment(database.locate(self.folder).app_url)
        for name in worker_names():
            self._begin(python_child(self.folder, name, ["smartschool.edges.worker"], environment), register)

    def _begin(self, child: Child, register: Register) -> None:
        child.start()
        self.children.append(child)
        register.write(self.children)

    def _tend(self, register: Register) -> None:
        """Restart who died; give up on a crash loop."""
        for child in self.children:
            if not child.died():
                continue
            if child.loops():
                raise Failure(
                    f"{child.name} 已退出 {DEATHS} 次，每次重启后都不到 {SHORT_LIFE:.0f} 秒，已停止全部服务。"
                    f"最后的记录（{child.log}）：\n{child.last_words()}"
                )
            self.say(f"{child.name} 意外退出，正在重新启动。")
            child.start()
            register.write(self.children)

    def _wait_for_web(self) -> None:
        register = Register(self.folder)
        web = next(child for child in self.children if child.name == "web")
        while not self._asked_to_stop and not answers(self.host, self.port):
            self._tend(register)
            if time.monotonic() > web.started + WEB_PATIENCE:
                raise Failure(
                    f"网页服务 {WEB_PATIENCE:.0f} 秒内没有应答，最后的记录（{web.log}）：\n{web.last_words()}"
                )
            time.sleep(0.1)

    def _announce(self) -> None:
        """Tell `up --detach` and `doctor` where we serve."""
        draft = self.folder.run / "ready.new"
        draft.write_text(json.dumps({"pid": os.getpid(), "url": self.url}))
        draft.replace(self.folder.run / "ready.json")
