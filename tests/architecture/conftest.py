"""A site with real transactions that several checks of one file share."""

import uuid
from collections.abc import Iterator

import pytest
from tests.harness import cluster, django_database


@pytest.fixture(scope="module")
def shared_database(django_db_setup: None, django_db_blocker: django_database.Blocker) -> Iterator[str]:
    """One fresh clone for all checks of a file; they must not depend on each other's rows."""
    name = cluster.clone(f"module_{uuid.uuid4().hex[:12]}")
    with django_database.pointed_at(name), django_db_blocker.unblock():
        yield name
        django_database.close_all()
    cluster.drop(name)
