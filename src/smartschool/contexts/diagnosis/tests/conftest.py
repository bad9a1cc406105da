"""The committed district of this room's page tests, built once a module, and signed-in clients."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from tests.harness import cluster, django_database

from smartschool.contexts.diagnosis.tests import school


@pytest.fixture(scope="module")
def district(django_db_setup: None, django_db_blocker: django_database.Blocker) -> Iterator[school.District]:
    """Real transactions; tests of one module share it and must not depend on each other's writes."""
    name = cluster.clone(f"diagnosis_{uuid.uuid4().hex[:10]}")
    with django_database.pointed_at(name), django_db_blocker.unblock():
        yield school.build()
        django_database.close_all()
    cluster.drop(name)


@pytest.fixture
def sign_in(district: school.District) -> Callable[[str], Client]:
    """A client of an account."""

    def enter(login: str) -> Client:
        client = Client()
        answer = client.post("/login/", {"login": login, "password": school.PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        return client

    return enter
