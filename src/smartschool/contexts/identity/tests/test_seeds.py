"""Demo accounts: each printed login works; the shared hash stays inside the demo."""

import re
from pathlib import Path

import pytest
from django.test import Client

import smartschool
from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.identity.actors import actor_of
from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.passwords import faults
from smartschool.contexts.identity.seeds import NAMED, PASSWORD
from smartschool.contexts.identity.tests.people import make_people


def test_each_printed_login_works(fresh_database: str) -> None:
    held: set[str] = set()
    for _, login, name in NAMED:
        client = Client()
        assert client.post("/login/", {"login": login, "password": PASSWORD}).status_code == 302, login
        actor = actor_of(Account.objects.get(login=login).pk)
        assert actor is not None
        assert actor.name == name
        held |= actor.roles()
    assert held == set(roles())


@pytest.mark.django_db
def test_the_printed_password_obeys_the_rules() -> None:
    for _, login, _ in NAMED:
        assert faults(PASSWORD, login=login, roles=frozenset({"principal"})) == []


@pytest.mark.django_db
def test_accounts_outside_the_demo_have_their_own_salt() -> None:
    assert Account.objects.values("password").distinct().count() == 1, "the demo shares one"
    people = make_people()
    assert len({people.teacher.password, people.guardian.password, people.pupil.password}) == 3


def test_only_the_demo_writes_ready_made_hashes() -> None:
    source = Path(smartschool.__file__).parent
    users = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"\bmake_password\(", path.read_text(encoding="utf-8")) and "/tests/" not in str(path)
    }
    assert users == {
        "contexts/identity/commands/accounts.py",
        "contexts/identity/hashers.py",
        "contexts/identity/seeds.py",
    }
