"""Accounts of a place: opened for many with slips, reset, unlocked, closed; nobody climbs by it."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import is_password_usable
from django.db import transaction
from django.test import Client
from django.utils import timezone

from smartschool.contexts.directory.commands.staff import release_staff
from smartschool.contexts.directory.models import Placement, StaffRecord
from smartschool.contexts.directory.public import doors
from smartschool.contexts.identity.actors import actor_of
from smartschool.contexts.identity.commands.accounts import may_help
from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.rules import rules
from smartschool.contexts.identity.seeds import PASSWORD
from smartschool.contexts.identity.tests.people import make_people
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.scope import scope_of

SCHOOL, VILLAGE = "/schools/2134040201/accounts/", "/schools/2134040210/accounts/"
DISTRICT = "/district/accounts/"
OPEN = "给选中的人开通账号"


@pytest.fixture
def office(fresh_database: str) -> Client:
    return signed_in("dt-hejing")


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


def test_a_class_gets_its_accounts_at_once(office: Client) -> None:
    group = of_class(office, "students")
    html = page(office, group)
    logins = re.findall(r">([^<]+)</a></td><td data-l=\"状态\">", html)
    Account.objects.filter(login__in=logins).exclude(login="dt-chenxiaoyu").delete()
    html = page(office, group)
    codes = re.findall(r'name="person" value="([^"]+)"', html)
    assert len(codes) == len(logins) - 1
    assert f"{len(codes)} 人还没有账号" in html
    assert OPEN in html
    assert "还差" in page(office, SCHOOL)
    answer = office.post(group, {"person": codes[1:]})
    assert "no-store" in answer.headers["Cache-Control"]
    told = slips(answer.content.decode())
    assert len(told) == len(codes) - 1
    assert all(re.fullmatch(r"[a-z]{1,4}\d{5}", login) for login in told)
    assert len(set(told.values())) == len(told), "each a password of its own"
    login, once = next(iter(told.items()))
    pupil = signed_in(login, once)
    assert pupil.get("/me/today/").headers["Location"] == "/account/password/", "changed before anything else"
    changed = pupil.post("/account/password/", {"old": once, "new": "xiaoyu7!", "again": "xiaoyu7!"})
    assert changed.status_code == 302
    assert pupil.get("/").headers["Location"] == "/me/today/"
    records = AuditRecord.objects.filter(verb="identity.open_account")
    assert {int(record.subject_id) for record in records} == set(
        Account.objects.filter(login__in=told).values_list("pk", flat=True)
    ), "one record an account"
    assert AuditRecord.objects.get(verb="identity.open_for_people").data == {"accounts": len(told)}
    for secret in told.values():
        assert secret not in str([record.data for record in AuditRecord.objects.all()])
        assert secret not in page(office, group), "never shown again"
        assert not Account.objects.filter(password__contains=secret).exists()
    again = office.post(group, {"person": codes[1:]}, follow=True).content.decode()
    assert "先勾选还没有账号的人" in again
    assert not slips(again)
    assert "1 人还没有账号" in again


def test_staff_and_guardians_get_theirs(office: Client) -> None:
    without_account("dt-lilan", "dt-wangqiang")
    for address in (SCHOOL + "staff/", of_class(office, "guardians")):
        html = page(office, address)
        (code,) = re.findall(r'name="person" value="([^"]+)"', html)
        (told,) = slips(office.post(address, {"person": code}).content.decode()).items()
        signed_in(*told)
        assert "都有账号" in page(office, address)


def test_pupils_without_a_seat_are_a_group_with_their_adults(office: Client) -> None:
    assert "还没有分班" not in page(office, SCHOOL)
    with transaction.atomic(), scope_of([place.id for place in doors.organisations()]):
        child = Account.objects.get(login="dt-chenxiaoyu").person_id
        seats = Placement.objects.filter(enrolment__person=child, valid_to__isnull=True)
        assert seats.update(valid_to=clock.today()) == 1
    without_account("dt-chenxiaoyu", "dt-wangqiang")
    html = page(office, SCHOOL)
    for kind, name, what in (("students", "陈小雨", "七年级"), ("guardians", "王强", "七年级陈小雨的父亲")):
        address = SCHOOL + f"unseated/{kind}/"
        assert re.search(rf'href="{address}" aria-label="\d / \d，还没有分班', html)
        group = page(office, address)
        assert name in group
        assert f">{what}</td>" in group
        (code,) = re.findall(r'name="person" value="([^"]+)"', group)
        (told,) = slips(office.post(address, {"person": code}).content.decode()).items()
        signed_in(*told)
    assert "学生 还没有分班" in page(office, SCHOOL + "?q=陈小雨"), "found by name as well"
    page(office, SCHOOL + "unseated/staff/", 404)


def test_one_is_found_by_name_and_opened(office: Client) -> None:
    without_account("dt-chenxiaoyu")
    found = SCHOOL + "?q=chen xiao yu"
    html = page(office, found)
    assert "学生 七（2）班 12 号" in html
    assert "未开通" in html
    assert OPEN in html
    (code,) = re.findall(r'name="person" value="([^"]+)"', html)
    (login,) = slips(office.post(found, {"person": code}).content.decode())
    assert re.fullmatch(r"cxy\d{5}", login)
    html = page(office, found)
    assert login in html
    assert OPEN not in html, "everybody who was found has an account"


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


def test_a_slip_that_lay_about_too_long_opens_nothing(office: Client) -> None:
    """The password of a slip is known to somebody else; one's own, however old, still opens for a pupil."""
    own, valid = SCHOOL + "login/dt-chenxiaoyu/", rules().once_valid
    long_ago = clock.now() - valid
    Account.objects.filter(login="dt-chenxiaoyu").update(password_changed_at=long_ago)
    signed_in("dt-chenxiaoyu")
    html = do(office, own, "reset")[1]
    once = slips(html)["dt-chenxiaoyu"]
    last_day = timezone.localtime(clock.now() + valid).date().isoformat()
    assert f"{last_day} 前" in html, "the slip says how long"
    assert f"{last_day} 前登录换掉" in page(office, own)
    Account.objects.filter(login="dt-chenxiaoyu").update(password_changed_at=long_ago)
    refused = Client().post("/login/", {"login": "dt-chenxiaoyu", "password": once})
    assert refused.status_code == 422
    assert "账号条上的密码只用 90 天，过期了" in refused.content.decode()
    wrong = Client().post("/login/", {"login": "dt-chenxiaoyu", "password": "wrong"})
    assert "过期" not in wrong.content.decode(), "said only to who knows the password"
    assert AuditRecord.objects.filter(verb="identity.sign_in", data={"why": "lapsed"}).count() == 1
    assert "账号条过期了" in page(office, own)
    assert "账号条过期" in page(office, SCHOOL + "?q=陈小雨")
    signed_in("dt-chenxiaoyu", slips(do(office, own, "reset")[1])["dt-chenxiaoyu"])


def test_a_slip_says_the_rule_of_its_owner(office: Client) -> None:
    """Whoever makes it: the district reads what a pupil is from the posts, not from the words of a page."""
    district = signed_in("dt-xuheng")
    for login, words in (
        ("dt-chenxiaoyu", "至少 6 位。"),
        ("dt-wangqiang", "占三种"),
        ("dt-lilan", "占三种"),
    ):
        for client, root in ((office, SCHOOL), (district, DISTRICT)):
            assert words in do(client, root + f"login/{login}/", "reset")[1], (login, root)


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


def test_the_office_opens_no_password_of_its_principal(office: Client) -> None:
    without_account("dt-zhouming")
    address = SCHOOL + "staff/"
    (code,) = re.findall(r'name="person" value="([^"]+)"', page(office, address))
    html = office.post(address, {"person": code}).content.decode()
    assert not slips(html)
    assert "1 人的密码由区里发" in html
    account = Account.objects.latest("pk")
    assert account.login in html
    assert not is_password_usable(account.password)
    assert "密码还没有发" in page(office, SCHOOL + f"login/{account.login}/")
    district = signed_in("dt-xuheng")
    once = slips(do(district, DISTRICT + f"login/{account.login}/", "reset")[1])[account.login]
    signed_in(account.login, once)


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


def test_queries_of_opening_do_not_grow_with_the_class(office: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    group = of_class(office, "students")
    logins = re.findall(r">([^<]+)</a></td><td data-l=\"状态\">", page(office, group))
    Account.objects.filter(login__in=logins).delete()
    codes = re.findall(r'name="person" value="([^"]+)"', page(office, group))
    with CaptureQueriesContext(
        connection,
    ) as two:
        office.post(group, {"person": codes[:2]})
    with CaptureQueriesContext(connection) as ten:
        office.post(group, {"person": codes[2:12]})
    records = "kernel_auditrecord"
    assert len([q for q in ten if records in q["sql"]]) == 11
    assert len([q for q in ten if records not in q["sql"]]) == len(
        [q for q in two if records not in q["sql"]]
    )
