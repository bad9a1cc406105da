"""Pages that keep staff: somebody shared by two schools is one person, leaving and coming back, refusals."""

import pytest
from django.test import Client

from smartschool.contexts.directory.models import Appointment, Headcount, StaffRecord
from smartschool.contexts.directory.public import doors
from smartschool.contexts.directory.tests.test_organisation_pages import undo
from smartschool.contexts.directory.tests.test_pages import MAIN, looking, of_class, signed_in, text
from smartschool.contexts.directory.tests.test_teaching_pages import member, post
from smartschool.contexts.identity.seeds import PASSWORD
from smartschool.kernel import clock
from smartschool.kernel.models import AuditRecord

STAFF = f"/schools/{MAIN}/teaching/staff/"
FORM = {
    "name": "钟离岸", "staff_number": "G1", "id_number": "", "phone": "", "share": "1", "on": "2026-11-01",
}  # fmt: skip


@pytest.fixture
def office(fresh_database: str) -> Client:
    return signed_in("dt-hejing")


def counted() -> int:
    with looking():
        return Headcount.objects.get(organisation__code=MAIN).staff


def test_somebody_of_another_school_is_the_same_person(office: Client) -> None:
    with looking():
        elsewhere = StaffRecord.objects.exclude(organisation__code__in=[MAIN, "DT"]).filter(
            id_hash__isnull=False
        )[0]
        number = str(elsewhere.id_number)
    before = counted()
    form = FORM | {"name": elsewhere.name, "id_number": number.lower(), "share": "0.3"}
    page = office.post(STAFF + "new/", form, follow=True).content.decode()
    assert "接着任命岗位" in page
    here = member(elsewhere.name)
    assert f'value="{here.code}" selected' in page, "the next form is filled in"
    assert here.person_id == elsewhere.person_id
    assert counted() == before + 1
    assert "0.3 个岗" in text(office, STAFF)
    assert number not in page
    undo(office, page)
    assert counted() == before
    assert elsewhere.name not in text(office, STAFF)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "填姓名"),
        ({"staff_number": ""}, "填工号"),
        ({"staff_number": "0001"}, "工号 0001 已有人用"),
        ({"id_number": "34040219900101123"}, "身份证号应为 18 位"),
        ({"phone": "12345"}, "电话号码不对"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(office: Client, changes: dict[str, str], words: str) -> None:
    before = counted()
    answer = office.post(STAFF + "new/", FORM | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert counted() == before


def test_nobody_is_recorded_twice(office: Client) -> None:
    with looking():
        known = StaffRecord.objects.filter(organisation__code=MAIN, id_hash__isnull=False)[0]
        number = str(known.id_number)
    answer = office.post(STAFF + "new/", FORM | {"id_number": number})
    assert answer.status_code == 422
    assert "已经是本校教职工" in answer.content.decode()


def test_somebody_leaves_and_comes_back_with_the_posts(office: Client) -> None:
    own, lan = of_class("七（2）班"), member("李岚")
    leave = STAFF + f"{lan.code}/leave/"
    asked = text(office, leave)
    assert "班主任（七（2）班）的岗位一起结束" in asked
    assert "这些课要换人：数学" in asked
    page = office.post(leave, {"on": clock.today().isoformat()}, follow=True).content.decode()
    assert "李岚已离开本校" in page
    login = {"login": "dt-lilan", "password": PASSWORD}
    assert Client().post("/login/", login).status_code == 422, "no right is left"
    undo(office, page)
    assert Client().post("/login/", login).status_code == 302
    with looking():
        assert doors.form_teachers([own.pk])[own.pk].name == "李岚"
        assert not Appointment.objects.filter(staff=lan, valid_to__isnull=False).exists()
    assert AuditRecord.objects.filter(verb="directory.readmit_staff").count() == 1
    assert office.post(STAFF + f"{lan.code}/readmit/").status_code == 409, "is here"


def test_the_last_of_the_office_does_not_leave(office: Client) -> None:
    principal = signed_in("dt-zhouming")
    day = {"on": clock.today().isoformat()}
    posts = f"/schools/{MAIN}/teaching/posts/"
    principal.post(posts + f"{post('何静', 'academic_admin').pk}/end/", day)
    refused = principal.post(STAFF + f"{member('周明').code}/leave/", day)
    assert refused.status_code == 422
    assert "最后一个校长或教务管理员" in refused.content.decode()


def test_who_may_not_take_a_post_does_not_let_its_holder_go(office: Client) -> None:
    """Posts of the office are the principal's to give and take; they would end, and come back, with the
    record."""
    principal, day = signed_in("dt-zhouming"), {"on": clock.today().isoformat()}
    head = member("周明")
    refused = office.post(STAFF + f"{head.code}/leave/", day)
    assert refused.status_code == 403
    assert "校长由校长任命" in refused.content.decode()
    own = office.post(STAFF + f"{member('何静').code}/leave/", day)
    assert own.status_code == 403, "nor the own one"
    with looking():
        assert not StaffRecord.objects.filter(pk=head.pk, valid_to__isnull=False).exists()
    assert principal.post(STAFF + f"{head.code}/leave/", day).status_code == 302
    assert office.post(STAFF + f"{head.code}/readmit/").status_code == 403
    with looking():
        assert StaffRecord.objects.filter(pk=head.pk, valid_to__isnull=False).exists()


def test_others_keep_away(office: Client) -> None:
    with looking():
        foreign = StaffRecord.objects.exclude(organisation__code=MAIN)[0]
    assert office.get(STAFF + f"{foreign.code}/leave/").status_code == 404
    form_teacher = signed_in("dt-lilan")
    for path in ("new/", f"{member('何静').code}/leave/"):
        assert form_teacher.get(STAFF + path).status_code == 403
