"""Sign-in: lock-out that survives a rollback, equal cost of unknown names, idle limits, rotation, audit."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from django.db import transaction
from django.test import Client, RequestFactory

from smartschool.contexts.identity import throttle
from smartschool.contexts.identity.commands import signing
from smartschool.contexts.identity.models import Account, Session, SignInThrottle
from smartschool.contexts.identity.session_store import SessionStore
from smartschool.contexts.identity.tests.people import PASSWORD, People, make_people
from smartschool.kernel import clock
from smartschool.kernel.models import AuditRecord


@pytest.fixture
def people(fresh_database: str) -> People:
    return make_people()


def post(client: Client, login: str, password: str, **more: str) -> object:
    return client.post("/login/", {"login": login, "password": password, **more})


def facts(verb: str, outcome: str = "done") -> int:
    return AuditRecord.objects.filter(verb=verb, outcome=outcome).count()


def test_right_password_opens_a_session_of_the_account(people: People) -> None:
    client = Client()
    response = post(client, "  Q-SUN ", PASSWORD, next="/account/password/")
    assert (response.status_code, response.headers["Location"]) == (302, "/account/password/")
    assert Session.objects.get().account_id == people.teacher.pk
    assert client.get("/account/password/").status_code == 200
    assert facts("identity.sign_in") == 1
    assert Account.objects.get(pk=people.teacher.pk).last_login is not None


def test_next_leads_nowhere_else(people: People) -> None:
    response = post(Client(), "q-sun", PASSWORD, next="https://elsewhere.example/")
    assert response.headers["Location"] == "/"


def test_the_sixth_try_is_refused_even_with_the_right_password(people: People) -> None:
    client = Client()
    for left in (4, 3, 2, 1):
        page = post(client, "q-sun", "wrong")
        assert page.status_code == 422
        assert f"还可以再试 {left} 次" in page.content.decode()
    assert "先锁住" in post(client, "q-sun", "wrong").content.decode()
    assert throttle.locked(["q-sun"]) == {"q-sun"}, "the last try locks, not the next one"
    assert "先锁住" in post(client, "q-sun", PASSWORD).content.decode()
    assert not Session.objects.exists()
    assert facts("identity.sign_in", "refused") == 6
    assert facts("identity.lock") == 1
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert post(client, "q-sun", PASSWORD).status_code == 302
    assert not SignInThrottle.objects.exists()


def test_failures_older_than_the_window_do_not_count(people: People) -> None:
    for _ in range(4):
        post(Client(), "q-sun", "wrong")
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert "还可以再试 4 次" in post(Client(), "q-sun", "wrong").content.decode()


def test_a_name_nobody_has_locks_the_same_way(people: People) -> None:
    pages = [post(Client(), "q-nobody", "wrong").content.decode() for _ in range(6)]
    assert "还可以再试 1 次" in pages[3]
    assert "先锁住" in pages[4]
    assert "q-nobody" not in "".join(str(r.data) + r.subject_id for r in AuditRecord.objects.all())


def test_one_address_does_not_lock_its_neighbours(people: People) -> None:
    client = Client()
    for number in range(8):
        post(client, f"q-stranger{number}", "wrong")
    assert post(client, "q-sun", PASSWORD).status_code == 302


def test_the_count_survives_a_rollback(people: People) -> None:
    request = RequestFactory().post("/login/")
    request.session = SessionStore()
    with transaction.atomic():
        signing.sign_in(request, login="q-sun", password="wrong")
        transaction.set_rollback(True)
    assert SignInThrottle.objects.get().failures == 1
    assert facts("identity.sign_in", "refused") == 1


def test_parallel_tries_are_counted_before_the_password_is_read(people: People) -> None:
    claims = [throttle.claim("q-sun") for _ in range(7)]
    assert [claim.allowed for claim in claims] == [True] * 5 + [False] * 2


@pytest.mark.serial
def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same hash work for both: what a stranger could measure of the answer."""
    verify = PasswordHasher.verify
    done: list[Parameters] = []

    def counted(self: PasswordHasher, digest: str, password: str) -> bool:
        done.append(extract_parameters(digest))
        return verify(self, digest, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)

    def cost(login: str) -> list[Parameters]:
        done.clear()
        request = RequestFactory().post("/login/")
        request.session = SessionStore()
        signing.sign_in(request, login=login, password="wrong")
        return list(done)

    known, unknown = cost("q-sun"), cost("q-none")
    assert known == unknown
    assert [(one.memory_cost, one.time_cost, one.parallelism) for one in known] == [(19 * 1024, 2, 1)]


def test_the_session_key_changes_at_sign_in(people: People) -> None:
    client = Client()
    before = SessionStore()
    before["planted"] = True
    before.save()
    client.cookies["sessionid"] = before.session_key
    post(client, "q-sun", PASSWORD)
    assert client.cookies["sessionid"].value != before.session_key
    assert "planted" not in client.session


@pytest.mark.parametrize(("login", "minutes"), [("q-sun", 15), ("q-wang", 30), ("q-chen", 10)])
def test_a_session_that_rests_too_long_is_over(people: People, login: str, minutes: int) -> None:
    client, start = Client(), clock.now()
    with clock.frozen(start):
        post(client, login, PASSWORD)
    with clock.frozen(start + timedelta(minutes=minutes - 1)):
        assert client.get("/account/password/").status_code == 200
    with clock.frozen(start + timedelta(minutes=2 * minutes - 2)):
        assert client.get("/account/password/").status_code == 200, "use keeps the session alive"
    with clock.frozen(start + timedelta(minutes=3 * minutes)):
        assert client.get("/account/password/").headers["Location"].startswith("/login/")
        assert client.get("/account/password/", headers={"Accept": "application/json"}).status_code == 401
    assert not Session.objects.exists()


def test_no_session_lasts_a_day(people: People) -> None:
    client, start = Client(), clock.now()
    with clock.frozen(start):
        post(client, "q-wang", PASSWORD)
    for tens in range(1, 74):
        with clock.frozen(start + timedelta(minutes=10 * tens)):
            page = client.get("/account/password/")
        assert (page.status_code == 200) is (tens <= 72)


def test_sign_out_makes_the_key_worthless(people: People) -> None:
    client = Client()
    post(client, "q-sun", PASSWORD)
    key = client.cookies["sessionid"].value
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    thief = Client()
    thief.cookies["sessionid"] = key
    assert thief.get("/account/password/").headers["Location"].startswith("/login/")
    assert facts("identity.sign_out") == 1


def test_argon2_is_the_school_kind(people: People) -> None:
    assert people.teacher.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_one_page_costs_two_queries_for_its_person(
    people: People, django_assert_num_queries: Callable[[int], object]
) -> None:
    client = Client()
    post(client, "q-sun", PASSWORD)
    with django_assert_num_queries(6):  # type: ignore[attr-defined] # BEGIN, session, actor, scope in, out, COMMIT
        client.get("/")


def test_the_list_of_locked_names_holds_those_locked_now(people: People) -> None:
    names = ["q-sun", "q-wang", "q-nobody"]
    throttle.claim("q-wang")  # one failure locks nobody
    for _ in range(6):
        throttle.claim("q-sun")
    assert throttle.locked(names) == {"q-sun"}
    assert throttle.locked(["q-wang"]) == set()
    with clock.frozen(clock.now() + timedelta(minutes=14)):
        assert throttle.locked(names) == {"q-sun"}
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert throttle.locked(names) == set()


def test_counters_that_count_no_more_are_forgotten(people: People) -> None:
    throttle.claim("q-sun")
    with clock.frozen(clock.now() + timedelta(minutes=20)):
        throttle.claim("q-wang")
    assert throttle.purge(clock.now() + timedelta(minutes=10)) == 1
    assert SignInThrottle.objects.get().login_hash == throttle.login_hash("q-wang")


def test_a_closed_account_answers_like_a_name_nobody_has(people: People) -> None:
    Account.objects.filter(pk=people.teacher.pk).update(is_active=False)
    closed, unknown = (post(Client(), login, PASSWORD) for login in ("q-sun", "q-nobody"))
    assert closed.status_code == unknown.status_code == 422
    assert "还可以再试 4 次" in closed.content.decode()
    assert not Session.objects.exists()
    told = AuditRecord.objects.filter(verb="identity.sign_in", outcome="refused").values_list(
        "data", flat=True
    )
    assert [data["why"] for data in told] == ["unknown", "unknown"]
