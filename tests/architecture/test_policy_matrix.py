"""Ring 1 on every route: each role at its own and at a foreign school, and nobody at all.

Generated from the routes and from roles.toml, so that a new page is checked the day it appears:
nobody → sign in, foreign place → 404, own place without the role → 403, with the role → let in.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import date

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern

from smartschool.contexts.directory.commands.staff import appoint, record_staff, set_form_teacher
from smartschool.contexts.directory.models import HomeClass, Organisation, StaffRecord
from smartschool.contexts.directory.public.contracts import NewStaff
from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.identity.commands.accounts import NewAccount, open_accounts
from smartschool.contexts.identity.seeds import NAMED, PASSWORD
from smartschool.kernel.actor import system_actor
from smartschool.kernel.policy import Workspace, policy, routes
from smartschool.kernel.scope import scope_of

HOME, FOREIGN, BUREAU, CENTRAL = "2134040201", "3134040220", "DT", "DT-KDZX"
BELOW_CENTRAL = "2134040210"
SINCE = date(2020, 9, 1)
ACTOR = system_actor("checks")

GUARDED = [
    (path, entry) for path, entry in routes() if getattr(entry.callback, "policy_name", None) is not None
]


@dataclass(frozen=True)
class Site:
    """A signed-in browser per role, each with exactly that one role."""

    clients: dict[str, Client]
    central: Client


def sign_in(login: str) -> Client:
    client = Client()
    assert client.post("/login/", {"login": login, "password": PASSWORD}).status_code == 302
    return client


def only(role: str, place: str) -> Client:
    """Somebody new who holds `role` at `place` and nothing else."""
    organisation = Organisation.objects.get(code=place)
    login = f"m-{uuid.uuid4().hex[:8]}"
    with transaction.atomic(), scope_of([organisation.pk]):
        (pk,) = record_staff(
            actor=ACTOR, organisation=organisation, staff=[NewStaff("吴矩", login)], valid_from=SINCE
        )
        record = StaffRecord.objects.get(pk=pk)
        if role == "form_teacher":
            home_class = HomeClass.objects.order_by("pk")[0]
            set_form_teacher(actor=ACTOR, home_class=home_class, staff=record, on=SINCE)
        else:
            appoint(actor=ACTOR, staff=record, role=role, valid_from=SINCE)
        open_accounts(
            actor=ACTOR,
            accounts=[NewAccount(login, record.person_id, PASSWORD)],
            must_change_password=False,
        )
    return sign_in(login)


@pytest.fixture(scope="module")
def site(shared_database: str) -> Site:
    named = {title: login for title, login, _ in NAMED}
    clients = {"student": sign_in(named["学生"]), "guardian": sign_in(named["家长"])}
    for role in roles().values():
        if role.by == "appointment":
            clients[role.name] = only(role.name, BUREAU if "bureau" in role.at else HOME)
    assert set(clients) == set(roles())
    return Site(clients, only("principal", CENTRAL))


def address(path: str, school: str) -> tuple[str, bool]:
    """The route's address, and whether it names an object that does not exist."""
    made_up = False

    def fill(match: re.Match[str]) -> str:
        nonlocal made_up
        kind, _, name = match[1].rpartition(":")
        if name == "school_code":
            return school
        made_up = True
        return {"int": "1", "uuid": str(uuid.UUID(int=1))}.get(kind, "NOSUCH")

    return "/" + re.sub(r"<([^>]+)>", fill, path), made_up


def ask(client: Client, url: str) -> int:
    response: HttpResponse = client.get(url)
    return response.status_code


def expected(role: str, entry: URLPattern, school: str) -> int | None:
    """401/403/404, or None where the role is let in."""
    wanted = policy(entry.callback.policy_name)
    if wanted.workspace is Workspace.ACCOUNT:
        return None
    if wanted.workspace is Workspace.SCHOOL and ("bureau" in roles()[role].at or school == FOREIGN):
        return 404
    return None if role in wanted.roles else 403


@pytest.mark.parametrize(("path", "entry"), GUARDED, ids=[path for path, _ in GUARDED])
def test_every_role_at_home_and_abroad(site: Site, path: str, entry: URLPattern) -> None:
    wrong = []
    for role, client in site.clients.items():
        for school in (HOME, FOREIGN) if "school_code" in path else (HOME,):
            url, made_up = address(path, school)
            status, wish = ask(client, url), expected(role, entry, school)
            if wish is not None:
                right = status == wish
            elif made_up:  # let in, then the object is not there (or only POST is answered)
                right = status in (200, 302, 404, 405)
            else:
                right = status < 400 or status == 405
            if not right:
                wrong.append(f"{role} at {school}: {status}, not {wish or 'let in'}")
    assert not wrong, wrong


@pytest.mark.parametrize(("path", "entry"), GUARDED, ids=[path for path, _ in GUARDED])
def test_nobody_is_asked_to_sign_in(site: Site, path: str, entry: URLPattern) -> None:
    url, _ = address(path, HOME)
    page = Client().get(url)
    assert page.status_code == 401 or page.headers["Location"].startswith("/login/"), url
    assert Client().get(url, headers={"Accept": "application/json"}).status_code == 401
    assert Client().post(url).status_code == 401


@pytest.mark.parametrize(
    "path", [path for path, entry in GUARDED if policy(entry.callback.policy_name).workspace == "school"]
)
def test_a_central_school_acts_for_its_schools_only(site: Site, path: str) -> None:
    entry = dict(GUARDED)[path]
    url, made_up = address(path, BELOW_CENTRAL)
    status = ask(site.central, url)
    if "principal" in policy(entry.callback.policy_name).roles:
        assert status in ((200, 302, 404, 405) if made_up else (200, 302, 405)), url
    else:
        assert status == 403
    assert ask(site.central, address(path, HOME)[0]) == 404


def test_the_matrix_is_not_empty() -> None:
    spaces = {policy(entry.callback.policy_name).workspace for _, entry in GUARDED}
    assert spaces == set(Workspace)
    assert len(GUARDED) >= 15
