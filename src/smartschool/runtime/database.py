"""Owns the product's database from outside: embedded or external, ready, migrated, filled."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import conninfo

from smartschool.runtime import roles
from smartschool.runtime.children import run_to_end
from smartschool.runtime.engine import find_binaries
from smartschool.runtime.failure import Failure
from smartschool.runtime.folder import DataFolder, data_folder
from smartschool.runtime.lock import FolderLock
from smartschool.runtime.postgres import Cluster
from smartschool.runtime.program import ROOT

OLDEST_EXTERNAL = 150000  # server_version_num of PostgreSQL 15
JOIN_PATIENCE = 60.0  # seconds: another command may be creating the database just now
SERVER_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "log_line_prefix": "%m [%p] ",
}


@dataclass(frozen=True)
class Place:
    """Where the rows are; `cluster` is ours to run, None when the database is somebody else's."""

    app_url: str
    owner_url: str
    cluster: Cluster | None


def locate(folder: DataFolder) -> Place:
    """External by DATABASE_URL and DATABASE_OWNER_URL, else the data folder's cluster (not yet running)."""
    app_url, owner_url = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if app_url and owner_url:
        return Place(app_url, owner_url, None)
    if app_url or owner_url:
        raise Failure("DATABASE_URL 和 DATABASE_OWNER_URL 要同时设置（或同时不设置，使用内置数据库）。")
    superuser, passwords = folder.passwords()
    cluster = Cluster(
        folder.postgres,
        folder.sockets,
        find_binaries(folder.account, folder.engine),
        folder.account,
        superuser,
        SERVER_SETTINGS,
    )
    return Place(
        cluster.url(roles.APP, passwords.app, roles.DATABASE),
        cluster.url(roles.OWNER, passwords.owner, roles.DATABASE),
        cluster,
    )


def ensure_roles(folder: DataFolder, place: Place) -> None:
    """Embedded: roles and database exist, with the folder's passwords. External: reachable, new enough."""
    if place.cluster is not None:
        roles.create_roles(place.cluster, folder.passwords()[1])
        roles.create_database(place.cluster)
        return
    try:
        with psycopg.connect(place.owner_url, connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise Failure(f"连不上外部数据库：{reason}。请检查 DATABASE_OWNER_URL 和数据库服务。") from None
    if version < OLDEST_EXTERNAL:
        raise Failure(f"外部 PostgreSQL 版本太旧（{version // 10000}）：请升级到 15 或更新版本。")


def _verb(folder: DataFolder, place: Place, *words: str, owner: bool = False) -> None:
    """Run a verb of the command line to its end as the account."""
    run_to_end(
        folder,
        words[0],
        ["smartschool.cli", *words],
        folder.environment(place.app_url) | ({"DATABASE_OWNER_URL": place.owner_url} if owner else {}),
    )


def _code_stamp() -> str:
    """Changes when any migration or dependency changes."""
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in sorted((ROOT / "src").glob("**/migrations/*.py")):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def migrate(folder: DataFolder, place: Place) -> bool:
    """Migrate unless the embedded database has seen exactly this code; an external one is always asked."""
    stamp, code = folder.postgres / "migrated", _code_stamp()
    if place.cluster is not None and stamp.exists() and stamp.read_text() == code:
        return False
    _verb(folder, place, "migrate", "--quiet", owner=True)
    if place.cluster is not None:
        stamp.write_text(code)
        folder.account.give(stamp)
    return True


def _seeded_mark(folder: DataFolder, place: Place) -> Path:
    """One mark per database: a data folder may have served an external one before."""
    if place.cluster is not None:
        return folder.postgres / "seeded"
    where = conninfo.conninfo_to_dict(place.app_url)
    key = f"{where.get('host')} {where.get('port')} {where.get('dbname')}"
    return folder.postgres / f"seeded-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def seeded(folder: DataFolder, place: Place) -> bool:
    """True when the demo district was completely written to this database."""
    return _seeded_mark(folder, place).exists()


def seed(folder: DataFolder, place: Place) -> None:
    """Fill the demo district once per database."""
    if not seeded(folder, place):
        _verb(folder, place, "seed", "--quiet", "--logins", str(folder.demo_logins))
        folder.account.private_file(_seeded_mark(folder, place))


@contextmanager
def open_product(data: str | None = None, *, change: bool = True) -> Iterator[Place]:
    """For verbs that work on rows: the settings are in os.environ, the database answers, Django is set up.

    Joins the server of a running `up`, else runs the embedded one for the time of the verb. Files that root
    leaves in the data folder are handed to the account at the end. `change=False` leaves the tables alone.
    """
    folder = data_folder(data)
    folder.prepare()
    place = locate(folder)
    lock = FolderLock(folder)
    started = place.cluster is not None and _run_or_join(place.cluster, lock)
    try:
        if change:
            ensure_roles(folder, place)
            migrate(folder, place)
        os.environ.update(folder.environment(place.app_url))
        _setup_django()
        yield place
    finally:
        if started and place.cluster is not None:
            place.cluster.stop()
            lock.release()
        _hand_over(folder)


def _run_or_join(cluster: Cluster, lock: FolderLock) -> bool:
    """True when this process had to start the server; waits for one that is just starting."""
    deadline = time.monotonic() + JOIN_PATIENCE
    while not cluster.answers():
        if lock.take("verb"):
            cluster.create()
            cluster.start(die_with_parent=True)
            return True
        if time.monotonic() > deadline:
            raise Failure("数据库没有应答：请运行 ./smartschool doctor 查看原因。")
        time.sleep(0.2)
    return False


def _setup_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.dev")
    import django  # only verbs that need rows pay for it

    django.setup()


def _hand_over(folder: DataFolder) -> None:
    """What root wrote in the data folder must stay readable for the processes that serve it."""
    if os.geteuid() != 0 or folder.account.uid == 0:
        return
    for part in (folder.home / "files", folder.home / "cache", folder.logs, folder.secrets):
        for path in part.rglob("*"):
            if path.lstat().st_uid == 0 and not path.is_symlink():
                folder.account.give(path)
