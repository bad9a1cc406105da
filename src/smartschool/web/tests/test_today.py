"""今日, the frame and the switch: each role sees its own, strangers see nothing, the chosen role leads."""

import re

import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.directory.commands.staff import appoint
from smartschool.contexts.directory.models import StaffRecord
from smartschool.contexts.identity.tests.people import ACTOR, PASSWORD, SINCE, People, make_people
from smartschool.kernel.scope import scope_of


@pytest.fixture
def people(fresh_database: str) -> People:
    return make_people()


def signed_in(login: str) -> Client:
    client = Client()
    assert client.post("/login/", {"login": login, "password": PASSWORD}).status_code == 302
    return client


def text_of(html: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.decode()))


def links(html: bytes) -> list[str]:
    """Addresses of the side navigation."""
    navigation = re.findall(r'<nav class="nav".*?</nav>', html.decode(), re.DOTALL)[0]
    return re.findall(r'<a href="([^"]+)"', navigation)


def test_a_stranger_is_led_to_the_sign_in_page(people: People) -> None:
    response = Client().get("/schools/Q-1/today/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/?next=")


def test_home_opens_the_first_place_and_names_school_and_role(people: People) -> None:
    client = signed_in("q-sun")
    page = client.get("/", follow=True)
    assert page.redirect_chain[-1][0] == "/schools/Q-2/today/"
    text = text_of(page.content)
    assert "Q-2 校" in text
    assert "教务管理员" in text
    assert "孙越" in text


def test_the_switch_leads_to_the_other_school(people: People) -> None:
    client = signed_in("q-sun")
    assert 'name="place" value="teacher@Q-1"' in client.get("/schools/Q-2/today/").content.decode()
    assert (
        client.post("/account/place/", {"place": "teacher@Q-1"}).headers["Location"] == "/schools/Q-1/today/"
    )
    text = text_of(client.get("/schools/Q-1/today/").content)
    assert "我教的班" in text
    assert "班主任 " not in text


def test_two_roles_at_one_school_show_the_chosen_one(people: People) -> None:
    with transaction.atomic(), scope_of([people.two.pk]):
        appoint(actor=ACTOR, staff=StaffRecord.objects.get(), role="teacher", valid_from=SINCE)
    client = signed_in("q-sun")
    assert "本校还没有班级" in text_of(client.get("/schools/Q-2/today/").content)
    client.post("/account/place/", {"place": "teacher@Q-2"})
    text = text_of(client.get("/schools/Q-2/today/").content)
    assert "我教的班" in text
    assert "本校还没有班级" not in text


def test_a_page_offers_what_the_role_in_its_corner_may_do(people: People) -> None:
    """教务管理员 who also teaches: exams may be created in the one role, not in the other."""
    with transaction.atomic(), scope_of([people.two.pk]):
        appoint(actor=ACTOR, staff=StaffRecord.objects.get(), role="teacher", valid_from=SINCE)
    client = signed_in("q-sun")
    for place, may in (("teacher@Q-2", False), ("academic_admin@Q-2", True)):
        client.post("/account/place/", {"place": place})
        page = client.get("/schools/Q-2/exams/").content.decode()
        assert ('href="/schools/Q-2/exams/new/"' in page) == may, place
    first_visit = signed_in("q-sun").get("/schools/Q-2/exams/").content.decode()
    assert 'href="/schools/Q-2/exams/new/"' in first_visit, "nothing chosen: the first place of the menu"


def test_a_foreign_school_looks_like_none(people: People) -> None:
    client = signed_in("q-wang")
    foreign, missing = client.get("/schools/Q-2/today/"), client.get("/schools/NOPE/today/")
    assert foreign.status_code == missing.status_code == 404
    # Q-1 is the own child's school: known, but its staff pages are not for parents
    refused = client.get("/schools/Q-1/today/")
    assert refused.status_code == 403
    assert "这里给校长、教务管理员、班主任、任课教师用。" in text_of(refused.content)


def test_a_guardian_sees_the_own_child_and_no_staff_page(people: People) -> None:
    client = signed_in("q-wang")
    page = client.get("/", follow=True)
    assert page.redirect_chain[-1][0] == "/me/today/"
    text = text_of(page.content)
    assert "陈小雨" in text
    assert "家长" in text
    assert links(page.content)
    assert all(href.startswith("/me/") for href in links(page.content))
    assert client.get("/district/today/").status_code == 403


def test_every_link_of_the_navigation_opens(people: People) -> None:
    for login in ("q-sun", "q-wang", "q-chen"):
        client = signed_in(login)
        page = client.get("/", follow=True)
        assert links(page.content)
        for href in links(page.content):
            assert client.get(href).status_code == 200, href


def test_leaving_ends_the_session_and_the_page_is_not_stored(people: People) -> None:
    client = signed_in("q-sun")
    page = client.get("/schools/Q-2/today/")
    assert page.headers["Cache-Control"] == "no-store"
    assert 'action="/logout/"' in page.content.decode()
    client.post("/logout/")
    assert client.get("/schools/Q-2/today/").status_code == 302


def test_menu_and_licences_open(people: People) -> None:
    client = signed_in("q-sun")
    assert "今日" in text_of(client.get("/menu/").content)
    notices = text_of(Client().get("/licences/").content)
    for words in ("Paweł Kuna", "SIL OPEN FONT LICENSE", "0BSD"):
        assert words in notices


def test_statements_of_the_home_do_not_grow_with_panels(
    people: People, django_assert_max_num_queries: object
) -> None:
    client = signed_in("q-sun")
    client.get("/schools/Q-2/today/")
    with django_assert_max_num_queries(23):  # type: ignore[operator]
        client.get("/schools/Q-2/today/")


def test_a_stranger_on_a_wrong_address_is_led_to_the_sign_in_page(people: People) -> None:
    """今日 would only send a stranger there; who is signed in goes back to it."""
    stranger, known = (client.get("/nothing/").content.decode() for client in (Client(), signed_in("q-sun")))
    assert '<a class="btn primary" href="/login/">去登录</a>' in stranger
    assert "回到今日" not in stranger
    assert '<a class="btn primary" href="/">回到今日</a>' in known
    for page in (stranger, known):
        assert text_of(page.encode()).count("没有找到") == 2, (
            "in the title and in the heading, said once each"
        )


def test_a_form_of_an_older_session_says_what_happened_and_leads_back(people: People) -> None:
    """Its heading said 这一页你看不到, and its only button led away from what was typed."""
    client = Client(enforce_csrf_checks=True)
    client.cookies.load(signed_in("q-sun").cookies)
    came = "http://testserver/account/password/?from=menu"
    answer = client.post("/account/password/", {"old": "x"}, headers={"Referer": came})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "<h1>这一页放得太久了</h1>" in text
    assert 'href="/account/password/?from=menu">回到刚才的页面</a>' in text
    stranger = client.post("/account/password/", {}, headers={"Referer": "http://elsewhere.example/a"})
    assert "elsewhere" not in stranger.content.decode()
    assert 'href="/">回到刚才的页面</a>' in stranger.content.decode()
    slashes = client.post(
        "/account/password/", {}, headers={"Referer": "http://testserver//elsewhere.example/a"}
    )
    assert 'href="/elsewhere.example/a">' in slashes.content.decode(), "a path here, not a host"
