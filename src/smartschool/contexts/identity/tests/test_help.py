"""Accounts of others: reset, unlocked, closed and opened again; nobody climbs by it."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.directory.commands.staff import release_staff
from smartschool.contexts.directory.models import StaffRecord
from smartschool.contexts.directory.public import doors
from smartschool.contexts.identity.actors import actor_of
from smartschool.contexts.identity.commands.accounts import may_help
from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.seeds import PASSWORD
from smartschool.contexts.identity.tests.account_pages import (
    DISTRICT,
    SCHOOL,
    VILLAGE,
    do,
    page,
    signed_in,
    slips,
    without_account,
)
from smartschool.contexts.identity.tests.people import make_people
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.scope import scope_of


def test_a_locked_pupil_is_unlocked(office: Client) -> None:
    for _ in range(6):
        Client().post("/login/", {"login": "dt-chenxiaoyu", "password": "wrong"})
    assert "有 1 人输错密码被锁住" in page(office, SCHOOL)
    own = SCHOOL + "login/dt-chenxiaoyu/"
    assert "锁住了" in page(office, own)
    assert Client().post("/login/", {"login": "dt-chenxiaoyu", "password": PASSWORD}).status_code == 422
    assert "已解锁" in do(office, own, "unlock")[1]
    signed_in("dt-chenxiaoyu")
    assert AuditRecord.objects.get(verb="identity.unlock_account").actor == "academic_admin"


def test_a_lost_password_is_reset(office: Client) -> None:
    running = signed_in("dt-chenxiaoyu")
    ((login, once),) = slips(do(office, SCHOOL + "login/dt-chenxiaoyu/", "reset")[1]).items()
    assert login == "dt-chenxiaoyu"
    assert running.get("/").headers["Location"].startswith("/login/"), "every session ends"
    assert Client().post("/login/", {"login": "dt-chenxiaoyu", "password": PASSWORD}).status_code == 422
    pupil = signed_in("dt-chenxiaoyu", once)
    assert pupil.get("/").headers["Location"] == "/account/password/"
    record = AuditRecord.objects.get(verb="identity.reset_password")
    assert record.actor == "academic_admin"
    assert once not in str(record.data)


def test_an_account_is_closed_and_opened_again(office: Client) -> None:
    own, running = SCHOOL + "login/dt-wangqiang/", signed_in("dt-wangqiang")
    assert "停用了" in do(office, own, "close")[1]
    assert running.get("/").headers["Location"].startswith("/login/")
    assert Client().post("/login/", {"login": "dt-wangqiang", "password": PASSWORD}).status_code == 422
    assert "停用的" in page(office, SCHOOL)
    assert "已启用" in do(office, own, "reopen")[1]
    signed_in("dt-wangqiang")
    verbs = AuditRecord.objects.filter(verb__in=("identity.close_account", "identity.reopen_account"))
    assert verbs.count() == 2


@pytest.mark.parametrize("what", ["reset", "unlock", "close"])
def test_the_school_helps_nobody_of_elsewhere_or_above(office: Client, what: str) -> None:
    for login, status in (
        ("dt-sunyue", 404),
        ("dt-zhaoning", 404),
        ("dt-xuheng", 404),
        ("dt-zhouming", 403),
        ("dt-hejing", 403),
    ):
        assert do(office, SCHOOL + f"login/{login}/", what)[0] == status, login
    assert do(office, VILLAGE + "login/dt-sunyue/", what)[0] == 404
    assert signed_in("dt-lilan").get(SCHOOL).status_code == 403
    verbs = ("identity.reset_password", "identity.unlock_account", "identity.close_account")
    assert not AuditRecord.objects.filter(verb__in=verbs).exists()
    assert Account.objects.get(login="dt-zhouming").is_active


def test_a_closed_account_of_above_is_not_opened_by_the_school(office: Client) -> None:
    Account.objects.filter(login="dt-zhouming").update(is_active=False)
    own = SCHOOL + "login/dt-zhouming/"
    html = page(office, own)
    assert 'value="reopen"' not in html, "no button that cannot work"
    assert "账号由区级管理员管。要恢复使用，" in html
    assert do(office, own, "reopen")[0] == 403
    assert not Account.objects.get(login="dt-zhouming").is_active
    assert "已启用" in do(signed_in("dt-xuheng"), DISTRICT + "login/dt-zhouming/", "reopen")[1]
    signed_in("dt-zhouming")
    Account.objects.filter(login="dt-wangqiang").update(is_active=False)
    assert 'value="reopen"' in page(office, SCHOOL + "login/dt-wangqiang/")
    assert not Account.objects.get(login="dt-wangqiang").is_active, "looking opens nothing"


def test_the_principal_helps_the_office_and_not_the_reverse(office: Client) -> None:
    principal = signed_in("dt-zhouming")
    told = slips(do(principal, SCHOOL + "login/dt-hejing/", "reset")[1])
    signed_in("dt-hejing", told["dt-hejing"])


def test_the_district_helps_by_the_name_of_the_account(office: Client) -> None:
    district = signed_in("dt-xuheng")
    found = district.get(DISTRICT, {"login": " DT-zhouming "})
    own = found.headers["Location"]
    assert own == DISTRICT + "login/dt-zhouming/"
    html = page(district, own)
    assert "周明" in html
    assert "校长" in html
    once = slips(do(district, own, "reset")[1])["dt-zhouming"]
    signed_in("dt-zhouming", once)
    assert "没有这个账号" in page(district, DISTRICT + "?login=dt-nobody", 422)
    assert do(district, DISTRICT + "login/dt-xuheng/", "reset")[0] == 403, "not one's own"
    assert office.get(DISTRICT).status_code == 403
    assert office.get(own).status_code == 403


def test_the_district_opens_for_the_bureau_and_the_offices(office: Client) -> None:
    district = signed_in("dt-xuheng")
    without_account("dt-zhaoning", "dt-zhouming")
    for address, name in ((DISTRICT, "赵宁"), (DISTRICT + "offices/2134040201/", "周明")):
        html = page(district, address)
        assert name in html
        (code,) = re.findall(r'name="person" value="([^"]+)"', html)
        (told,) = slips(district.post(address, {"person": code}).content.decode()).items()
        signed_in(*told)
    html = page(district, DISTRICT + "offices/2134040201/")
    assert "何静" in html
    assert "李岚" not in html, "nobody but the office"
    assert page(district, DISTRICT + "offices/DT/", 404)


def test_the_account_of_who_has_left_says_so(office: Client) -> None:
    with transaction.atomic(), scope_of([place.id for place in doors.organisations()]):
        lan = StaffRecord.objects.get(name="李岚", organisation__code="2134040201")
        release_staff(actor=system_actor("checks"), staff=lan, on=clock.today())
    district, own = signed_in("dt-xuheng"), DISTRICT + "login/dt-lilan/"
    html = page(district, own)
    assert "这个人已经不在全区任何单位" in html
    assert "能正常登录" not in html
    assert "重置密码</button>" not in html
    for what in ("reset", "close"):
        status, html = do(district, own, what)
        assert status == 409
        assert "已经不在全区任何单位" in html
    assert office.get(SCHOOL + "login/dt-lilan/").status_code == 404
    Account.objects.filter(login="dt-lilan").update(is_active=False)
    html = page(district, own)
    assert 'value="reopen"' not in html
    assert "启用了也登录不了" in html
    assert do(district, own, "reopen")[0] == 409


@pytest.mark.django_db
def test_who_belongs_to_two_schools_is_the_district_s() -> None:
    people = make_people()
    helper = actor_of(Account.objects.get(login="dt-hejing").pk)
    assert helper is not None
    for affiliation in actor_of(people.teacher.pk).affiliations:  # type: ignore[union-attr]
        standing = helper.at(affiliation.organisation, "academic_admin")
        assert not may_help(standing, people.teacher)
        assert may_help(standing, people.guardian) is (affiliation.organisation.id == people.one.pk)


@pytest.mark.parametrize(
    ("path", "queries"), [("", 14), ("staff/", 10), ("login/dt-lilan/", 10), ("?q=陈", 12)]
)
def test_queries_are_pinned(
    office: Client, path: str, queries: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    """Six are those of every page: BEGIN, session, actor, scope in and out, COMMIT."""
    with django_assert_num_queries(queries):  # type: ignore[attr-defined]
        office.get(SCHOOL + path)
