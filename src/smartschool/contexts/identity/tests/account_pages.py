"""The pages of accounts as the checks drive them: sign in, read slips, act on one account."""

import re

from django.test import Client

from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.seeds import PASSWORD

SCHOOL, VILLAGE = "/schools/2134040201/accounts/", "/schools/2134040210/accounts/"
DISTRICT = "/district/accounts/"


def signed_in(login: str, password: str = PASSWORD) -> Client:
    client = Client()
    assert client.post("/login/", {"login": login, "password": password}).status_code == 302
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def slips(html: str) -> dict[str, str]:
    """Account → password for one sign-in."""
    return dict(
        re.findall(r'<b class="lg">([^<]+)</b></dd><dt>密码</dt><dd><b class="lg">([A-Z0-9]{10})</b>', html)
    )


def do(client: Client, address: str, what: str) -> tuple[int, str]:
    response = client.post(address, {"do": what}, follow=True)
    return response.status_code, response.content.decode()


def of_class(client: Client, kind: str) -> str:
    """Address of the group of 七（2）班."""
    found = re.search(rf'href="([^"]+/{kind}/)" aria-label="[^"]*七（2）班', page(client, SCHOOL))
    assert found
    return found[1]


def without_account(*logins: str) -> None:
    """As in a school that has just imported its people."""
    for login in logins:
        Account.objects.filter(login__startswith=login).delete()
