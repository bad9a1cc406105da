"""Owns what `doctor` looks at: each finding says whether it is well, what was seen, and what to do."""

from __future__ import annotations

import json
import platform
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from smartschool.runtime import roles
from smartschool.runtime.database import OLDEST_EXTERNAL, Place
from smartschool.runtime.failure import Failure
from smartschool.runtime.folder import DataFolder
from smartschool.runtime.lock import FolderLock
from smartschool.runtime.program import ROOT

COMFORTABLE = 2 * 1024**3  # bytes of free disk


@dataclass(frozen=True)
class Finding:
    """One line of the report; `remedy` is empty when all is well."""

    name: str
    seen: str
    remedy: str = ""

    @property
    def well(self) -> bool:
        return not self.remedy


def look_at_folder(folder: DataFolder) -> Iterator[Finding]:
    """The data folder from outside."""
    free = shutil.disk_usage(folder.home).free
    seen = f"剩余 {free / 1024**3:.1f} GB"
    yield Finding("磁盘", seen, "" if free > COMFORTABLE else f"请在 {folder.home} 所在磁盘腾出至少 2 GB。")
    loose = [
        path
        for path in [folder.home, folder.secrets, *folder.secrets.iterdir()]
        if stat.S_IMODE(path.stat().st_mode) & 0o077 or path.stat().st_uid != folder.account.uid
    ]
    remedy = f"请运行 chown {folder.account.uid} {loose[0]} && chmod go= {loose[0]}。" if loose else ""
    yield Finding(
        "密钥与口令文件", "仅服务用户可读" if not loose else f"{len(loose)} 处权限过宽或属主不对", remedy
    )
    holder = FolderLock(folder).holder()
    ready = folder.run / "ready.json"
    if holder and ready.exists():
        yield Finding("服务", f"正在运行（进程 {holder.pid}），{json.loads(ready.read_text())['url']}")
    else:
        yield Finding("服务", "没有运行（用 ./smartschool up 启动）")


def look_at_program() -> Iterator[Finding]:
    """Versions, and whether .venv follows the lock."""
    import django

    yield Finding("程序", f"Python {platform.python_version()}，Django {django.get_version()}")
    installed = ROOT / ".venv" / "installed"
    if installed.exists():
        kind = installed.read_text().split()[0]
        lock = ROOT / f"{kind}.lock"
        fits = str(lock.stat().st_size) in installed.read_text().split()
        remedy = "" if fits else "请重新运行 ./smartschool，它会按锁定文件重新安装。"
        yield Finding("依赖", "与锁定文件一致" if fits else "与锁定文件不一致", remedy)


def look_at_database(place: Place) -> Iterator[Finding]:
    """Version, rights of the role that serves, and migrations; needs Django set up."""
    with psycopg.connect(place.app_url, connect_timeout=10) as connection:
        version = connection.info.server_version
        size = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
    kind = "内置" if place.cluster else "外部"
    old = "" if version >= OLDEST_EXTERNAL else "请升级到 PostgreSQL 15 或更新版本。"
    yield Finding("数据库", f"{kind} PostgreSQL {version // 10000}，{size[0] if size else '?'}", old)
    try:
        roles.refuse_powerful_role(place.app_url)
        yield Finding("数据库角色", "普通角色，行级隔离有效")
    except Failure as failure:
        yield Finding("数据库角色", "权限过大", str(failure))
    from django.db import connection as default
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(default)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    remedy = "请运行 ./smartschool migrate。" if pending else ""
    yield Finding("数据表", f"{len(pending)} 项更新待执行" if pending else "与程序一致", remedy)


def look_at_audit() -> Iterator[Finding]:
    """Recompute the audit chain; needs Django set up."""
    from smartschool.kernel import audit

    state = audit.verify()
    seen = f"已封存 {state.sealed} 条，待封存 {state.unsealed} 条"
    if state.broken_record is None:
        yield Finding("审计链", f"完整，{seen}")
    else:
        yield Finding(
            "审计链",
            f"从第 {state.broken_record} 条起被改动过，{seen}",
            "请保全数据目录，立即报告网络安全负责人，并与备份比对。",
        )


def look_at_jobs() -> Iterator[Finding]:
    """Chores that failed or wait too long; needs Django set up."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    failed = ProcrastinateJob.objects.filter(status="failed").count()
    waiting = ProcrastinateJob.objects.filter(status="todo").count()
    remedy = "请查看日志 logs/worker.log 中的错误。" if failed else ""
    yield Finding("后台任务", f"等待 {waiting} 项，失败 {failed} 项", remedy)
