"""Owns how every test meets the database: as the app role, on a clone of a migrated and seeded template."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings as hypothesis_settings
from tests.harness import cluster, django_database, turnstile

# A busy machine is not a fault of the code: no example fails for its time alone.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """With xdist the controller starts the cluster, so that all workers share it."""
    if not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None):
        cluster.CLUSTER.handle()


def pytest_unconfigure(config: pytest.Config) -> None:
    cluster.CLUSTER.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Flushing needs TRUNCATE, which the app role lacks by design."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and (marker.kwargs.get("transaction") or marker.args[:1] == (True,)):
            raise pytest.UsageError(f"{item.nodeid}: use the fixture fresh_database for real transactions")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test marked `serial` runs alone: snapshots of PostgreSQL see the transactions of other databases."""
    with turnstile.passage(alone=item.get_closest_marker("serial") is not None):
        return (yield)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: object) -> Iterator[None]:
    """One clone for this worker; ordinary `db` tests roll back in it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = cluster.clone(f"run_{worker}_{uuid.uuid4().hex[:8]}")
    with django_database.pointed_at(name):
        yield
    cluster.drop(name)


@pytest.fixture
def fresh_database(django_db_setup: None, django_db_blocker: django_database.Blocker) -> Iterator[str]:
    """Real transactions on a fresh clone that is thrown away afterwards; yields the database's name.

    The name is always the same in one process, so that a server once started finds each next clone.
    """
    cluster.drop(cluster.FRESH)
    name = cluster.clone(cluster.FRESH)
    with django_database.pointed_at(name), django_db_blocker.unblock():
        yield name
        django_database.close_all()
    cluster.drop(name)
