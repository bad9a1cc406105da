"""Owns the switch of Django's connections to one database of the temporary cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from django.db import connections

from smartschool.runtime.postgres import PORT
from smartschool.runtime.roles import APP

from . import cluster


class Blocker(Protocol):
    """pytest-django's guard against unasked database use."""

    def unblock(self) -> AbstractContextManager[None]: ...


def close_all() -> None:
    """Close this thread's connections and every pool, so that the database can be dropped."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if getattr(connection, "pool", None):
            connection.close_pool()  # type: ignore[attr-defined]


@contextmanager
def pointed_at(database: str) -> Iterator[None]:
    """All aliases and DATABASE_URL name `database`, as the app role; restored afterwards."""
    handle = cluster.CLUSTER.handle()
    place = {
        "NAME": database,
        "USER": APP,
        "PASSWORD": handle.app,
        "HOST": str(handle.cluster().sockets),
        "PORT": str(PORT),
    }
    urls = {"DATABASE_URL": handle.app_url(database), "DATABASE_OWNER_URL": handle.owner_url(database)}
    former_places = {alias: dict(connections.settings[alias]) for alias in connections.settings}
    former_urls = {name: os.environ.get(name) for name in urls}
    close_all()
    for alias in connections.settings:
        connections.settings[alias].update(place)
    os.environ.update(urls)
    try:
        yield
    finally:
        close_all()
        for alias, former in former_places.items():
            connections.settings[alias].update(former)
        for name, url in former_urls.items():
            if url is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = url
