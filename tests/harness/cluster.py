"""Owns the temporary cluster of a test run: one server, one seeded template, a clone per worker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from smartschool.runtime import roles
from smartschool.runtime.account import child_account
from smartschool.runtime.engine import find_binaries
from smartschool.runtime.postgres import THROWAWAY, Cluster, new_password

SHARED = "SMARTSCHOOL_TEST_CLUSTER"  # environment variable: a running cluster to join instead of starting one
REBUILD = "SMARTSCHOOL_TEST_REBUILD"  # environment variable: join the cluster, but migrate a template anew
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Handle:
    """What another process needs to join the cluster."""

    home: str
    superuser: str
    owner: str
    app: str
    template: str

    def cluster(self) -> Cluster:
        home = Path(self.home)
        return Cluster(home, home / "s", Path("/"), child_account(home), self.superuser, THROWAWAY)

    def app_url(self, database: str) -> str:
        return self.cluster().url(roles.APP, self.app, database)

    def owner_url(self, database: str) -> str:
        return self.cluster().url(roles.OWNER, self.owner, database)


class TemporaryCluster:
    """Starts lazily on first use, or joins the one named in the environment; stops only what it started."""

    def __init__(self) -> None:
        self._handle: Handle | None = None
        self._server: Cluster | None = None
        self._own_template: str | None = None

    def handle(self) -> Handle:
        """The running cluster with its finished template."""
        if self._handle is None:
            shared = os.environ.get(SHARED)
            if shared is None:
                self._handle = self._start()
            else:
                joined = Handle(**json.loads(shared))
                self._handle = self._rebuild(joined) if os.environ.pop(REBUILD, None) else joined
            os.environ[SHARED] = json.dumps(asdict(self._handle))
        return self._handle

    def _start(self) -> Handle:
        account = child_account()
        home = Path(tempfile.mkdtemp(prefix="smartschool-"))
        account.give(home)
        handle = Handle(str(home), new_password(), new_password(), new_password(), "template")
        server = handle.cluster()
        server.binaries = find_binaries(account, home / "engine")
        server.create()
        server.start(die_with_parent=True)
        self._server = server
        roles.create_roles(server, roles.Passwords(handle.owner, handle.app))
        build_template(handle)
        return handle

    def _rebuild(self, joined: Handle) -> Handle:
        handle = Handle(**{**asdict(joined), "template": f"template_{uuid.uuid4().hex[:8]}"})
        self._own_template = handle.template
        build_template(handle)
        return handle

    def stop(self) -> None:
        """Stop and forget the server if this process started it."""
        if self._handle is None:
            return
        if self._own_template:
            roles.drop_database(self._handle.cluster(), self._own_template)
        if self._server is not None:
            self._server.stop()
            shutil.rmtree(self._server.home, ignore_errors=True)
            os.environ.pop(SHARED, None)
        self._handle = self._server = self._own_template = None


def build_template(handle: Handle) -> None:
    """Migrate as the owner, then seed the small district as the app; in a process apart from the tests."""
    roles.create_database(handle.cluster(), handle.template)
    roles.grant_rows(handle.owner_url(handle.template), roles.APP)
    environment = {
        **os.environ,
        "DATABASE_URL": handle.app_url(handle.template),
        "DATABASE_OWNER_URL": handle.owner_url(handle.template),
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
        "DJANGO_SETTINGS_MODULE": "smartschool.settings.test",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.harness.template"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the template database was not built:\n{done.stdout}\n{done.stderr}")


CLUSTER = TemporaryCluster()
# The clone of the moment of this process.
FRESH = f"fresh_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"


def clone(name: str) -> str:
    """A fresh copy of the template; returns its name."""
    handle = CLUSTER.handle()
    roles.create_database(handle.cluster(), name, handle.template)
    return name


def drop(name: str) -> None:
    roles.drop_database(CLUSTER.handle().cluster(), name)
