"""The district appoints the first 校长 of a new school; that one runs the school from then on."""

import re

import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.directory.commands import staff as commands
from smartschool.contexts.directory.models import Appointment, Headcount, Organisation, StaffRecord
from smartschool.contexts.directory.tests.test_organisation_pages import undo
from smartschool.contexts.directory.tests.test_pages import MAIN, looking, signed_in, text
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.errors import DomainError
from smartschool.kernel.models import AuditRecord, Event
from smartschool.kernel.scope import scope_of

CODE = "2134040299"
OFFICE = f"/district/schools/{CODE}/office/"
BUREAU = "/district/schools/DT/office/"
FORM = {
    "role": "principal", "name": "钟离岸", "staff_number": "0001", "id_number": "", "phone": "",
    "on": "2026-11-01",
}  # fmt: skip


@pytest.fixture
def district(fresh_database: str) -> Client:
    bureau = Organisation.objects.get(code="DT")
    Organisation.objects.create(
        parent=bureau, code=CODE, name="新建小学", short_name="新建小学", kind="school",
        school_type="211", valid_from="2026-09-01",
    )  # fmt: skip
    return signed_in("dt-xuheng")


def test_a_new_school_comes_to_life(district: Client) -> None:
    assert OFFICE in text(district, f"/district/schools/{CODE}/")
    assert "还没有校长和教务管理员" in text(district, OFFICE)
    page = district.post(OFFICE, FORM, follow=True).content.decode()
    assert "已任命钟离岸为校长" in page
    with looking():
        made = Appointment.objects.get(organisation__code=CODE)
        assert made.role == "principal"
        assert Headcount.objects.get(organisation__code=CODE).staff == 1
    record = AuditRecord.objects.get(verb="directory.appoint_office")
    assert (record.actor, record.organisation_id) == ("district_admin", made.organisation_id)
    assert Event.objects.filter(type="directory.appointed", organisation_id=made.organisation_id).exists()
    accounts = f"/district/accounts/offices/{CODE}/"
    assert accounts in page
    (code,) = re.findall(r'name="person" value="([^"]+)"', text(district, accounts))
    slip = district.post(accounts, {"person": code}).content.decode()
    login, once = re.findall(r'<b class="lg">([^<]+)</b>', slip)
    principal = Client()
    principal.post("/login/", {"login": login, "password": once})
    new = "Xin-jian 2026"
    principal.post("/account/password/", {"old": once, "new": new, "again": new})
    root = f"/schools/{CODE}/"
    for path in ("today/", "profile/", "classes/new/", "teaching/", "teaching/staff/new/", "accounts/"):
        assert principal.get(root + path).status_code == 200, path
    assert principal.get(f"/schools/{MAIN}/today/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "填姓名"),
        ({"role": "teacher"}, "teacher"),
        ({"staff_number": ""}, "填工号"),
        ({"id_number": "34040219900101123"}, "身份证号应为 18 位"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(district: Client, changes: dict[str, str], words: str) -> None:
    answer = district.post(OFFICE, FORM | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with looking():
        assert not StaffRecord.objects.filter(organisation__code=CODE).exists()


def test_a_known_number_has_to_be_the_same_person(district: Client) -> None:
    address = f"/district/schools/{MAIN}/office/"
    with looking():
        lan = StaffRecord.objects.get(name="李岚", organisation__code=MAIN)
    wrong = district.post(address, FORM | {"staff_number": lan.staff_number})
    assert wrong.status_code == 422
    assert "已有人用" in wrong.content.decode()
    page = text(district, address)
    assert "何静" in page
    assert "李岚" not in page, "the district reads no list of a school's staff"
    right = FORM | {"name": "李岚", "staff_number": lan.staff_number, "role": "academic_admin"}
    assert district.post(address, right).status_code == 302
    with looking():
        assert Appointment.objects.get(staff=lan, role="academic_admin").valid_to is None
        assert StaffRecord.objects.filter(name="李岚", organisation__code=MAIN).count() == 1
    again = district.post(address, right)
    assert again.status_code == 422
    assert "已经任命过" in again.content.decode()


def test_nobody_appoints_themselves(district: Client) -> None:
    with looking():
        own = StaffRecord.objects.get(name="许衡", organisation__code="DT")
    number = str(own.id_number)
    answer = district.post(OFFICE, FORM | {"name": "许衡", "id_number": number})
    assert answer.status_code == 422
    assert "不能任命自己" in answer.content.decode()
    with looking():
        assert not StaffRecord.objects.filter(organisation__code=CODE).exists(), "nothing is left of the try"


def test_only_the_district_s_officer_and_only_where_it_is_open(district: Client) -> None:
    for login in ("dt-zhouming", "dt-zhaoning", "dt-dingruoyun"):
        assert signed_in(login).post(OFFICE, FORM).status_code == 403, login
    assert signed_in("dt-zhaoning").get(BUREAU).status_code == 403
    Organisation.objects.filter(code=CODE).update(valid_to="2026-10-01")
    assert district.post(OFFICE, FORM).status_code == 404
    with looking():
        assert not Appointment.objects.filter(organisation__code=CODE).exists()


def test_the_bureau_takes_somebody_on_and_lets_go(district: Client) -> None:
    assert BUREAU in text(district, "/district/schools/")
    assert BUREAU not in text(signed_in("dt-zhaoning"), "/district/schools/")
    page = text(district, BUREAU)
    for name in ("许衡", "丁若云", "赵宁"):
        assert name in page
    assert "校长" not in re.findall(r"<option[^>]*>([^<]+)", page)
    assert district.post(BUREAU, FORM).status_code == 422, "no 校长 at the bureau"
    assert "选岗位。" in district.post(BUREAU, FORM | {"role": ""}).content.decode()
    inspector = FORM | {"role": "district_inspector"}
    assert district.post(OFFICE, inspector).status_code == 422, "no 督学 at a school"
    page = district.post(BUREAU, inspector | {"staff_number": "G9"}, follow=True).content.decode()
    assert "已任命钟离岸为督学" in page
    accounts = text(district, "/district/accounts/")
    (code,) = re.findall(r'name="person" value="([^"]+)"', accounts)
    slip = district.post("/district/accounts/", {"person": code}).content.decode()
    login, once = re.findall(r'<b class="lg">([^<]+)</b>', slip)
    assert Client().post("/login/", {"login": login, "password": once}).status_code == 302
    with looking():
        made = Appointment.objects.get(staff__name="钟离岸")
    page = district.post(BUREAU, {"end": made.pk}, follow=True).content.decode()
    assert "钟离岸的督学岗位已结束" in page
    assert Client().post("/login/", {"login": login, "password": once}).status_code == 422
    undo(district, page)
    with looking():
        assert Appointment.objects.get(pk=made.pk).valid_to is None
    verbs = ("directory.appoint_office", "directory.end_appointment", "directory.restore_appointment")
    assert AuditRecord.objects.filter(verb__in=verbs).count() == len(verbs)


def test_no_post_of_oneself_or_of_elsewhere_is_ended_here(district: Client) -> None:
    with looking():
        own = Appointment.objects.get(staff__name="许衡", role="district_admin")
        elsewhere = Appointment.objects.get(staff__name="周明", role="principal")
    for row in (own, elsewhere):
        assert district.post(BUREAU, {"end": row.pk}).status_code == 404
    main = f"/district/schools/{MAIN}/office/"
    assert district.post(main, {"end": elsewhere.pk}).status_code == 422, "a school ends its posts itself"
    assert district.post(BUREAU, {"end": "x"}).status_code == 404
    with looking():
        assert not Appointment.objects.filter(pk__in=[own.pk, elsewhere.pk], valid_to__isnull=False).exists()


def test_the_last_officer_stays(district: Client) -> None:
    """A second one ends the post of the first, and cannot end the own one or be the last."""
    second = FORM | {"role": "district_admin", "staff_number": "G9"}
    district.post(BUREAU, second)
    with looking():
        first, other = Appointment.objects.filter(role="district_admin").order_by("pk")
    with transaction.atomic(), scope_of([first.organisation_id]):
        commands.end_appointment(actor=system_actor("checks"), appointment=other, on=clock.today())
        with pytest.raises(DomainError, match="局里最后一个区级管理员"):
            commands.end_appointment(actor=system_actor("checks"), appointment=first, on=clock.today())
