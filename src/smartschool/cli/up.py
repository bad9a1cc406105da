"""Start everything and serve: database, pages, worker. Ctrl-C stops all."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from smartschool.runtime.failure import Failure
from smartschool.runtime.folder import DataFolder, data_folder
from smartschool.runtime.lock import FolderLock
from smartschool.runtime.program import ROOT
from smartschool.runtime.supervisor import Supervisor

PATIENCE = 300.0  # seconds for a first start in the background


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="网页端口（默认 8000；0 表示任选空闲端口）")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址（默认仅本机；0.0.0.0 供全校访问）")
    parser.add_argument("--data", help="数据目录（默认为项目下的 data）")
    parser.add_argument("--detach", action="store_true", help="在后台运行，用 down 停止")
    parser.add_argument("--no-demo", action="store_true", help="首次启动时不写入演示区县")


def run(args: argparse.Namespace) -> int:
    folder = data_folder(args.data)
    if args.detach:
        return _detach(folder, args)

    def say(line: str) -> None:
        print(line, flush=True)

    supervisor = Supervisor(folder, args.host, args.port, say, demo=not args.no_demo)

    def ready() -> None:
        say(_welcome(folder, supervisor.url))

    supervisor.run(ready)
    say("已全部停止。")
    return 0


def _welcome(folder: DataFolder, url: str) -> str:
    """The address and one demo login per role."""
    lines = [f"大通智慧学校已启动：{url}"]
    logins = json.loads(folder.demo_logins.read_text("utf-8")) if folder.demo_logins.exists() else []
    if logins:
        lines.append("演示账号（角色 · 账号 · 口令）：")
        lines += [f"  {login['role']} · {login['login']} · {login['password']}" for login in logins]
    lines.append("停止：按 Ctrl-C，或在另一个终端运行 ./smartschool down")
    return "\n".join(lines)


def _detach(folder: DataFolder, args: argparse.Namespace) -> int:
    """Start the same command in a session of its own and wait until it serves or gives up."""
    folder.prepare()
    if holder := FolderLock(folder).holder():
        raise Failure(f"服务已在运行（进程 {holder.pid}）：先运行 ./smartschool down，或用 --data 换目录。")
    log = folder.logs / "supervisor.log"
    words = ["up", "--port", str(args.port), "--host", args.host, "--data", str(folder.home)]
    with log.open("wb") as descriptor:
        process = subprocess.Popen(
            [sys.executable, "-m", "smartschool.cli", *words, *(["--no-demo"] if args.no_demo else [])],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failure(log.read_text(encoding="utf-8").strip() or f"启动失败，请查看 {log}。")
        try:
            announced = json.loads((folder.run / "ready.json").read_text())
        except (OSError, ValueError):
            announced = {}
        if announced.get("pid") == process.pid:
            print(_welcome(folder, announced["url"]))
            return 0
        time.sleep(0.1)
    raise Failure(f"{PATIENCE:.0f} 秒内没有启动完成：请查看 {log}，或运行 ./smartschool down 后重试。")
