"""Stop what `up` started, also what a killed `up` left behind."""

from __future__ import annotations

import argparse
import signal
import time

from smartschool.runtime.children import Register
from smartschool.runtime.failure import Failure
from smartschool.runtime.folder import data_folder
from smartschool.runtime.lock import FolderLock

PATIENCE = 40.0  # seconds: pages in work, then the database's last checkpoint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help="数据目录（默认为项目下的 data）")


def run(args: argparse.Namespace) -> int:
    folder = data_folder(args.data)
    lock = FolderLock(folder)
    if holder := lock.holder():
        holder.send(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while holder.alive():
            if time.monotonic() > deadline:
                raise Failure(f"进程 {holder.pid} {PATIENCE:.0f} 秒内没有停止：请查看 {folder.logs} 后再试。")
            time.sleep(0.1)
        print("已全部停止。")
    elif folder.run.exists() and (orphans := Register(folder).stop_orphans()):
        print(f"已停止上次遗留的进程：{'、'.join(orphans)}。")
    else:
        print("没有正在运行的服务。")
    return 0
