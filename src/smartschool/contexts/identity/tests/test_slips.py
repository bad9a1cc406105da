"""Accounts opened and slips renewed for many at once, each told once on paper; groups of who gets one."""

import re

from django.contrib.auth.hashers import is_password_usable
from django.db import transaction
from django.test import Client
from django.utils import timezone

from smartschool.contexts.directory.models import Placement
from smartschool.contexts.directory.public import doors
from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.rules import rules
from smartschool.contexts.identity.tests.account_pages import (
    DISTRICT,
    SCHOOL,
    do,
    of_class,
    page,
    signed_in,
    slips,
    without_account,
)
from smartschool.kernel import clock
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.scope import scope_of

OPEN = "给选中的人开通账号"


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


def test_slips_of_a_class_that_lapsed_are_renewed_at_once(office: Client) -> None:
    group = of_class(office, "students")
    logins = re.findall(r">([^<]+)</a></td><td data-l=\"状态\">", page(office, group))[:4]
    long_ago = clock.now() - rules().once_valid
    Account.objects.filter(login__in=logins).update(password_changed_at=long_ago, must_change_password=True)
    assert "4 人的账号条过期了" in page(office, SCHOOL)
    assert re.search(
        rf'href="{group}"[^>]*>[^<]*</a> <span class="tag warn">.*?4 条过期', page(office, SCHOOL)
    )
    html = page(office, group)
    assert re.findall(r'name="login" value="([^"]+)"[^>]* checked', html) == logins
    assert "4 人的账号条过期了" in html
    # One of them is reset by somebody else while the page lies open.
    Account.objects.filter(login=logins[3]).update(password_changed_at=clock.now())
    before = Account.objects.get(login=logins[3]).password
    answer = office.post(group, {"do": "renew", "login": [*logins, "dt-zhouming"]})
    assert "no-store" in answer.headers["Cache-Control"]
    told = slips(answer.content.decode())
    assert list(told) == logins[:3], "in the order of the page, and nobody of elsewhere"
    assert "七（2）班 " in answer.content.decode(), "the slip names the class"
    assert Account.objects.get(login=logins[3]).password == before
    pupil = signed_in(logins[0], told[logins[0]])
    assert pupil.get("/").headers["Location"] == "/account/password/"
    assert AuditRecord.objects.get(verb="identity.renew_slips").data == {"accounts": 3}
    records = AuditRecord.objects.filter(verb="identity.reset_password")
    assert {int(record.subject_id) for record in records} == set(
        Account.objects.filter(login__in=told).values_list("pk", flat=True)
    )
    assert 'name="login"' not in page(office, group), "nothing is left to renew"
    again = office.post(group, {"do": "renew", "login": logins}, follow=True).content.decode()
    assert "先勾选账号条过期的人" in again


def test_a_lapsed_slip_of_above_is_renewed_by_the_district(office: Client) -> None:
    long_ago = clock.now() - rules().once_valid
    Account.objects.filter(login="dt-zhouming").update(
        password_changed_at=long_ago, must_change_password=True
    )
    html = office.post(SCHOOL + "staff/", {"do": "renew", "login": "dt-zhouming"}).content.decode()
    assert not slips(html)
    assert "1 人的密码由区里发" in html
    district = signed_in("dt-xuheng")
    unit = DISTRICT + "offices/2134040201/"
    told = slips(district.post(unit, {"do": "renew", "login": "dt-zhouming"}).content.decode())
    signed_in("dt-zhouming", told["dt-zhouming"])


def test_statements_of_renewing_do_not_grow_with_the_class(office: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    group = of_class(office, "students")
    logins = re.findall(r">([^<]+)</a></td><td data-l=\"状态\">", page(office, group))
    long_ago = clock.now() - rules().once_valid
    Account.objects.filter(login__in=logins).update(password_changed_at=long_ago, must_change_password=True)
    counts = []
    for chosen in (logins[:2], logins[2:12]):
        with CaptureQueriesContext(connection) as seen:
            assert len(slips(office.post(group, {"do": "renew", "login": chosen}).content.decode())) == len(
                chosen
            )
        counts.append(len([q for q in seen if "kernel_auditrecord" not in q["sql"]]))
    assert counts[0] == counts[1]
