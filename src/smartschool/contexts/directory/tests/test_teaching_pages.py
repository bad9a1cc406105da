"""Pages of 任课 and 任职: cells filled and taken back, what does not fit is said, who may appoint whom."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.directory import teaching_pages
from smartschool.contexts.directory.commands import staff as commands
from smartschool.contexts.directory.models import Appointment, Organisation, StaffRecord
from smartschool.contexts.directory.public import doors
from smartschool.contexts.directory.public.contracts import NewStaff
from smartschool.contexts.directory.tests.test_organisation_pages import undo
from smartschool.contexts.directory.tests.test_pages import MAIN, looking, of_class, signed_in, text
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.scope import scope_of

TEACHING = f"/schools/{MAIN}/teaching/"
POSTS = TEACHING + "posts/"
MATHS, GERMAN = "14", "49"


@pytest.fixture
def office(fresh_database: str) -> Client:
    return signed_in("dt-hejing")


@pytest.fixture
def principal(fresh_database: str) -> Client:
    return signed_in("dt-zhouming")


def member(name: str) -> StaffRecord:
    with looking():
        return StaffRecord.objects.get(name=name, organisation__code=MAIN)


def taught(subject: str, of: str = "七（2）班") -> list[str]:
    with looking():
        found = doors.teachers_of_class(of_class(of).pk)
    return [one.staff_name for one in found if one.subject == subject]


def newcomer(name: str, number: str, share: float = 1) -> StaffRecord:
    """A member of staff without any post."""
    school = Organisation.objects.get(code=MAIN)
    with transaction.atomic(), scope_of([school.pk]):
        (pk,) = commands.record_staff(
            actor=system_actor("checks"), organisation=school, staff=[NewStaff(name, number, share=share)],
            valid_from=date(2026, 9, 1),
        )  # fmt: skip
        return StaffRecord.objects.get(pk=pk)


def post(name: str, role: str) -> Appointment:
    with looking():
        return Appointment.objects.filter(staff__name=name, role=role, organisation__code=MAIN).latest("pk")


def test_the_grid_names_every_teacher_and_every_gap(office: Client) -> None:
    page = text(office, TEACHING)
    own = of_class("七（2）班").code
    for name in ("语文", "数学", "英语"):
        assert f">{name}</th>" in page
    assert "李岚" in page
    assert "个班的课都有教师" in page
    office.post(TEACHING + f"{own}/{MATHS}/", {"staff": ""})
    page = text(office, TEACHING)
    assert "还有 1 门课没有教师" in page
    assert "李岚是七（2）班的班主任，却不教这个班" in page
    assert "数学</th>" not in text(office, TEACHING + "?stage=nowhere")
    assert "一（1）班" not in text(office, TEACHING + "?stage=junior").split("<tbody")[1]


def test_a_cell_is_changed_and_changed_back(office: Client) -> None:
    own, lan = of_class("七（2）班"), member("李岚")
    guest = newcomer("钟离岸", "G1", 0.5)
    address = TEACHING + f"{own.code}/{MATHS}/"
    form = text(office, address)
    assert f'value="{lan.code}" selected' in form
    assert "钟离岸（0.5 个岗）" in form
    page = office.post(address, {"staff": [guest.code, lan.code, ""]}, follow=True).content.decode()
    assert sorted(taught(MATHS)) == ["李岚", "钟离岸"]
    record = AuditRecord.objects.get(verb="directory.set_teachers")
    assert record.data["from"] == [lan.pk]
    assert record.data["to"] == sorted([lan.pk, guest.pk])
    assert record.data["appointed"] == [guest.pk], "or he could not open the class"
    undo(office, page)
    assert taught(MATHS) == ["李岚"]


def test_a_cell_changes_in_place_with_htmx(office: Client) -> None:
    own, lan, jing = of_class("七（2）班"), member("李岚"), member("何静")
    address, ask = TEACHING + f"{own.code}/{MATHS}/", {"HX-Request": "true"}
    form = office.get(address, headers=ask).content.decode()
    assert "<html" not in form
    assert form.count("<select") == 1
    saved = office.post(address, {"staff": jing.code}, headers=ask).content.decode()
    assert "何静" in saved
    assert "已存" in saved
    assert re.search(rf'name="staff" value="{lan.code}"', saved), "the undo"
    office.post(address, {"staff": lan.code}, headers=ask)
    assert taught(MATHS) == ["李岚"]
    assert "已存" not in office.get(address + "?show=1", headers=ask).content.decode()


def test_strangers_classes_subjects_and_terms(office: Client) -> None:
    own = of_class("七（2）班").code
    with looking():
        foreign = StaffRecord.objects.exclude(organisation__code=MAIN).first()
    assert foreign is not None
    assert office.post(TEACHING + f"{own}/{MATHS}/", {"staff": foreign.code}).status_code == 404
    assert taught(MATHS) == ["李岚"], "nothing was written"
    for path in (f"{own}/nosuch/", f"NOSUCH/{MATHS}/", f"{own}/{MATHS}/?term=1999-2000-1"):
        assert office.get(TEACHING + path).status_code == 404, path
    for login, status in (("dt-lilan", 403), ("dt-sunyue", 404)):
        assert signed_in(login).get(TEACHING).status_code == status


def test_another_term_has_its_own_grid(office: Client) -> None:
    before = doors.terms()[1]
    page = text(office, TEACHING + f"?term={before.key}")
    assert before.name in page
    own = of_class("七（2）班").code
    form = {"staff": member("何静").code, "term": before.key}
    office.post(TEACHING + f"{own}/{GERMAN}/", form)
    assert taught(GERMAN) == [], "not in the running term"
    assert "其他外语</th>" in text(office, TEACHING + f"?term={before.key}")
    assert "其他外语</th>" in text(office, TEACHING + f"?add={GERMAN}"), "a column for a further subject"


def test_a_form_teacher_is_set_and_set_back(office: Client) -> None:
    own, jing = of_class("七（2）班"), member("何静")
    address = TEACHING + f"{own.code}/form-teacher/"
    page = office.post(address, {"staff": jing.code}, follow=True).content.decode()
    assert "七（2）班的班主任已改" in page
    with looking():
        assert doors.form_teachers([own.pk])[own.pk].name == "何静"
    assert office.post(address, {"staff": jing.code}).status_code == 422, "has it already"
    undo(office, page)
    with looking():
        assert doors.form_teachers([own.pk])[own.pk].name == "李岚"
    office.post(address, {"staff": ""})
    assert "七（2）班还没有班主任" in text(office, TEACHING)


def test_what_does_not_fit_is_said(office: Client) -> None:
    first, second, jing = of_class("七（1）班"), of_class("七（2）班"), member("何静")
    office.post(TEACHING + f"{first.code}/form-teacher/", {"staff": jing.code})
    office.post(TEACHING + f"{second.code}/form-teacher/", {"staff": jing.code})
    page = text(office, TEACHING)
    assert "何静同时是七（1）班、七（2）班的班主任" in page
    lan = member("李岚")
    with transaction.atomic(), scope_of([lan.organisation_id]):
        commands.release_staff(actor=system_actor("checks"), staff=lan, on=clock.today())
    page = text(office, TEACHING)
    assert re.search(r"李岚已经离开，[^。]*七（2）班数学[^。]*要换人。", page)


def test_a_post_is_given_ended_and_restored(principal: Client) -> None:
    newcomer("钟离岸", "G1")
    someone = member("钟离岸")
    assert "还没有" not in text(principal, POSTS).split("教务管理员")[0]
    form = {"staff": someone.code, "role": "academic_admin", "home_class": "", "on": "2026-11-20"}
    page = principal.post(POSTS + "new/", form, follow=True).content.decode()
    assert "已任命钟离岸为教务管理员" in page
    again = principal.post(POSTS + "new/", form)
    assert again.status_code == 422
    assert "已经任命过" in again.content.decode()
    undo(principal, page)
    assert post("钟离岸", "academic_admin").valid_to == date(2026, 11, 20), "it never was"
    ended = principal.post(
        POSTS + f"{post('何静', 'academic_admin').pk}/end/", {"on": clock.today().isoformat()}, follow=True
    ).content.decode()
    assert "何静的教务管理员岗位已结束" in ended
    assert signed_in("dt-hejing").get(POSTS).status_code == 403, "no rights from the day on"
    undo(principal, ended)
    assert signed_in("dt-hejing").get(POSTS).status_code == 200


def test_the_office_appoints_no_office(office: Client) -> None:
    form = text(office, POSTS + "new/?role=teacher")
    assert "任课教师</option>" in form
    assert "校长</option>" not in form
    someone = newcomer("钟离岸", "G1")
    fields = {"staff": someone.code, "role": "principal", "on": "2026-11-20"}
    assert office.post(POSTS + "new/", fields).status_code == 422
    own = post("周明", "principal")
    for path in ("end/", "restore/"):
        answer = office.post(POSTS + f"{own.pk}/{path}", {"on": "2026-11-29"})
        assert answer.status_code == 403
        assert "由校长任命" in answer.content.decode()
    assert post("周明", "principal").valid_to is None


def test_the_last_of_the_office_stays(principal: Client) -> None:
    day = {"on": clock.today().isoformat()}
    principal.post(POSTS + f"{post('何静', 'academic_admin').pk}/end/", day)
    last = principal.post(POSTS + f"{post('周明', 'principal').pk}/end/", day)
    assert last.status_code == 422
    assert "最后一个校长或教务管理员" in last.content.decode()
    assert post("周明", "principal").valid_to is None


def test_one_form_teacher_a_class(office: Client) -> None:
    own, jing = of_class("七（2）班"), member("何静")
    fields = {"staff": jing.code, "role": "form_teacher", "on": "2026-11-20"}
    assert "选他带的班" in office.post(POSTS + "new/", fields).content.decode()
    taken = office.post(POSTS + "new/", fields | {"home_class": own.code})
    assert taken.status_code == 422
    assert "已经有别的班主任" in taken.content.decode()
    early = office.post(POSTS + f"{post('李岚', 'form_teacher').pk}/end/", {"on": "2001-01-01"})
    assert "不能早于任命的日期" in early.content.decode()


def test_posts_of_others_are_not_there(office: Client) -> None:
    with looking():
        foreign = Appointment.objects.exclude(organisation__code=MAIN).first()
    assert foreign is not None
    assert office.get(POSTS + f"{foreign.pk}/end/").status_code == 404


def test_terms_around_a_day(fresh_database: str) -> None:
    found = teaching_pages.terms_around(date(2026, 11, 29))
    assert [term.key for term in found] == ["2025-2026-2", "2026-2027-1", "2026-2027-2"]


@pytest.mark.parametrize(("path", "queries"), [("", 13), ("posts/", 10), ("{own}/14/", 11)])
def test_queries_are_pinned(
    office: Client, path: str, queries: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    address = TEACHING + path.format(own=of_class("七（2）班").code)
    with django_assert_num_queries(queries):  # type: ignore[attr-defined]
        office.get(address)
