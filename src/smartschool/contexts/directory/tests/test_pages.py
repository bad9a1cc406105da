"""Pages of 师生与班级: who sees which class and pupil, masked numbers, logged reveal, pinned queries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.directory.models import Enrolment, Guardianship, HomeClass, Organisation
from smartschool.contexts.directory.public import doors
from smartschool.contexts.identity.seeds import PASSWORD
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.scope import scope_of

MAIN, VILLAGE = "2134040201", "2134040210"


@pytest.fixture
def district(fresh_database: str) -> None:
    """Pages run in transactions of their own, as in life."""


@contextmanager
def looking() -> Iterator[None]:
    """Look things up everywhere; closed again before a page is asked for."""
    with transaction.atomic(), scope_of([school.id for school in doors.organisations()], write=False):
        yield


def pupil(name: str) -> Enrolment:
    with looking():
        return Enrolment.objects.get(name=name)


def signed_in(login: str) -> Client:
    client = Client()
    assert client.post("/login/", {"login": login, "password": PASSWORD}).status_code == 302
    return client


def text(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


def of_class(name: str) -> HomeClass:
    wanted = doors.organisation(MAIN)
    assert wanted is not None
    with looking():
        return HomeClass.objects.get(pk=next(c.id for c in doors.classes_of([wanted.id]) if c.name == name))


def test_a_class_by_class_numbers(district: None) -> None:
    own = of_class("七（2）班")
    page = text(signed_in("dt-lilan"), f"/schools/{MAIN}/classes/{own.code}/")
    with looking():
        names = [p.name for p in doors.pupils_of_class(own.pk)]
    places = [page.index(f">{name}</a>") for name in names]
    assert places == sorted(places)
    assert "班主任李岚" in page


def test_a_teacher_sees_the_classes_taught_and_opens_no_pupil_of_others(district: None) -> None:
    lan = signed_in("dt-lilan")
    listed = text(lan, f"/schools/{MAIN}/classes/")
    assert "七（2）班" in listed
    assert "三（1）班" not in listed
    elsewhere = of_class("三（1）班")
    text(lan, f"/schools/{MAIN}/classes/{elsewhere.code}/", 404)
    with looking():
        (other, *_) = doors.pupils_of_class(elsewhere.pk)
        person = doors.form_teachers([of_class("七（2）班").pk]).popitem()[1].person_id
        taught = next(t.home_class for t in doors.taught_by(person) if t.home_class.name != "七（2）班")
    text(lan, f"/schools/{MAIN}/classes/pupils/{other.code}/", 404)
    page = text(lan, f"/schools/{MAIN}/classes/{taught.code}/")
    assert "/pupils/" not in page, "names without links: pupils' pages are the 班主任's"


def test_strangers_families_and_other_schools(district: None) -> None:
    rain = pupil("陈小雨")
    for login, status in (("dt-sunyue", 404), ("dt-wangqiang", 403), ("dt-chenxiaoyu", 403)):
        text(signed_in(login), f"/schools/{MAIN}/classes/pupils/{rain.code}/", status)
    assert Client().get(f"/schools/{MAIN}/classes/").status_code == 302


def test_numbers_are_masked_and_a_reveal_is_recorded(district: None) -> None:
    rain = pupil("陈小雨")
    with looking():
        phone = str(Guardianship.objects.get(name="王强").phone)
    path = f"/schools/{MAIN}/classes/pupils/{rain.code}/"
    office = signed_in("dt-hejing")
    masked = text(office, path)
    for secret in (rain.id_number, phone):
        assert str(secret) not in masked
    assert f"{str(rain.id_number)[:3]}***********{str(rain.id_number)[-4:]}" in masked
    assert AuditRecord.objects.filter(verb="directory.reveal_pupil").count() == 0
    assert office.get(path + "reveal/").status_code == 405
    shown = office.post(path + "reveal/").content.decode()
    for secret in (rain.id_number, phone):
        assert str(secret) in shown
    record = AuditRecord.objects.get(verb="directory.reveal_pupil")
    assert (record.subject_id, record.actor) == (str(rain.pk), "academic_admin")
    assert str(rain.id_number) not in str(record.data)
    assert signed_in("dt-sunyue").post(path + "reveal/").status_code == 404
    assert AuditRecord.objects.filter(verb="directory.reveal_pupil").count() == 1


def test_the_office_finds_by_name_and_by_sound(district: None) -> None:
    office = signed_in("dt-hejing")
    for words in ("陈小", "chen xiao yu"):
        assert "陈小雨" in text(office, f"/schools/{MAIN}/classes/?q={words}")
    assert "没有叫这个名字的学生" in text(office, f"/schools/{MAIN}/classes/?q=欧阳修")


def test_a_pupil_moves(district: None) -> None:
    rain = pupil("陈小雨")
    target = of_class("七（1）班")
    path = f"/schools/{MAIN}/classes/pupils/{rain.code}/move/"
    office = signed_in("dt-hejing")
    assert "七（1）班" in text(office, path)
    taken = office.post(path, {"home_class": target.code, "class_number": 1, "on": "2026-11-20"})
    assert taken.status_code == 422
    assert "已有人用" in taken.content.decode()
    free = office.post(path, {"home_class": target.code, "class_number": 99, "on": "2026-11-20"})
    assert free.status_code == 302
    assert "七（1）班 99 号" in text(office, f"/schools/{MAIN}/classes/pupils/{rain.code}/")
    assert signed_in("dt-lilan").get(path).status_code == 403


def test_staff_and_schools(district: None) -> None:
    staff = text(signed_in("dt-zhouming"), f"/schools/{MAIN}/teaching/staff/")
    assert "班主任（七（2）班）" in staff
    text(signed_in("dt-lilan"), f"/schools/{MAIN}/teaching/staff/", 403)
    page = text(signed_in("dt-zhaoning"), "/district/schools/")
    assert "洛水学校" in page
    assert "陈小雨" not in page
    with looking():
        assert f"{HomeClass.objects.count()} 个班" in page
    text(signed_in("dt-zhouming"), "/district/schools/", 403)
    assert Organisation.objects.get(code=VILLAGE).short_name in page


@pytest.mark.parametrize(
    ("path", "queries"), [("classes/", 13), ("classes/{own}/", 11), ("teaching/staff/", 9), ("profile/", 18)]
)
def test_queries_are_pinned(
    district: None, path: str, queries: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    """BEGIN, session, actor, scope in and out, COMMIT are six; the rest are the page's own."""
    principal = signed_in("dt-zhouming")
    address = f"/schools/{MAIN}/" + path.format(own=of_class("七（2）班").code)
    with django_assert_num_queries(queries):  # type: ignore[attr-defined]
        principal.get(address)


def test_queries_of_a_pupil_are_pinned(
    district: None, django_assert_num_queries: Callable[[int], object]
) -> None:
    rain = pupil("陈小雨")
    principal = signed_in("dt-zhouming")
    with django_assert_num_queries(9):  # type: ignore[attr-defined]
        principal.get(f"/schools/{MAIN}/classes/pupils/{rain.code}/")


def test_a_nul_character_names_nothing_and_is_no_fault(district: None) -> None:
    client = signed_in("dt-hejing")
    for path in (
        "classes/pupils/%00/",
        "classes/%00/",
        "classes/?q=%00&class=%00&grade=%00",
        "accounts/?q=%00",
    ):
        assert client.get(f"/schools/{MAIN}/{path}").status_code == 404, path
    assert Client().post("/login/", {"login": "dt\0", "password": PASSWORD}).status_code < 500


def test_the_school_at_one_look(district: None) -> None:
    page = text(signed_in("dt-hejing"), f"/schools/{MAIN}/profile/")
    school = Organisation.objects.get(code=MAIN)
    for words in (
        school.credit_code,
        "九年一贯制学校",
        "2026–2027 学年秋季学期",
        "正在上",
        "周明",
        "10 个班",
    ):
        assert words in page, words
    assert "七（2）班</a> 30 人" in page
    assert "陈小雨" not in page
    text(signed_in("dt-lilan"), f"/schools/{MAIN}/profile/", 403)
    text(signed_in("dt-sunyue"), f"/schools/{MAIN}/profile/", 404)
