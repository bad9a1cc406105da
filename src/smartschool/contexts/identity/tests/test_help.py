"""A lost password: the school helps its own people, the district the rest; nobody climbs by it."""

import re

import pytest
from django.test import Client

from smartschool.contexts.identity.commands.accounts import may_reset
from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.seeds import PASSWORD
from smartschool.contexts.identity.tests.people import make_people
from smartschool.kernel.models import AuditRecord

SCHOOL, VILLAGE = "/schools/2134040201/accounts/", "/schools/2134040210/accounts/"


@pytest.fixture
def office(fresh_database: str) -> Client:
    return signed_in("dt-hejing")


def signed_in(login: str, password: str = PASSWORD) -> Client:
    client = Client()
    assert client.post("/login/", {"login": login, "password": password}).status_code == 302
    return client


def once_of(page: str) -> str:
    found = re.search(r'<b class="lg">([A-Z0-9]{10})</b>', page)
    assert found
    return found[1]


def test_a_locked_pupil_is_helped(office: Client) -> None:
    for _ in range(6):
        Client().post("/login/", {"login": "dt-chenxiaoyu", "password": "wrong"})
    page = office.get(SCHOOL + "?q=chen xiao yu").content.decode()
    assert "学生 七（2）班 12 号" in page
    assert "dt-chenxiaoyu" in page
    once = once_of(office.post(SCHOOL, {"q": "陈小雨", "login": "dt-chenxiaoyu"}).content.decode())
    assert Client().post("/login/", {"login": "dt-chenxiaoyu", "password": PASSWORD}).status_code == 422
    pupil = signed_in("dt-chenxiaoyu", once)
    assert pupil.get("/").headers["Location"] == "/account/password/"
    record = AuditRecord.objects.get(verb="identity.reset_password")
    assert record.actor == "academic_admin"
    assert once not in str(record.data)


def test_the_school_helps_nobody_of_elsewhere_or_above(office: Client) -> None:
    for words, login, status in (
        ("孙越", "dt-sunyue", 404),
        ("赵宁", "dt-zhaoning", 404),
        ("陈小雨", "dt-xuheng", 404),
        ("周明", "dt-zhouming", 403),
        ("何静", "dt-hejing", 403),
    ):
        assert office.post(SCHOOL, {"q": words, "login": login}).status_code == status, login
    assert office.post(VILLAGE, {"q": "孙越", "login": "dt-sunyue"}).status_code == 404
    assert signed_in("dt-lilan").get(SCHOOL).status_code == 403
    assert not AuditRecord.objects.filter(verb="identity.reset_password").exists()


def test_the_district_helps_by_the_name_of_the_account(office: Client) -> None:
    district = signed_in("dt-xuheng")
    once = once_of(district.post("/district/accounts/", {"login": "DT-zhouming"}).content.decode())
    signed_in("dt-zhouming", once)
    for login in ("dt-nobody", "dt-xuheng"):
        assert district.post("/district/accounts/", {"login": login}).status_code == 422
    assert office.get("/district/accounts/").status_code == 403


@pytest.mark.django_db
def test_who_belongs_to_two_schools_is_the_district_s() -> None:
    from smartschool.contexts.identity.actors import actor_of

    people = make_people()
    helper = actor_of(Account.objects.get(login="dt-hejing").pk)
    assert helper is not None
    for affiliation in actor_of(people.teacher.pk).affiliations:  # type: ignore[union-attr]
        standing = helper.at(affiliation.organisation, "academic_admin")
        assert not may_reset(standing, people.teacher)
        assert may_reset(standing, people.guardian) is (affiliation.organisation.id == people.one.pk)
