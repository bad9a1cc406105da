"""Password rules, change with revocation, and the password that is due."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from smartschool.contexts.identity.models import Account, Session
from smartschool.contexts.identity.passwords import faults
from smartschool.contexts.identity.tests.people import PASSWORD, People, account, make_people
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError

STAFF, PUPIL = frozenset({"teacher"}), frozenset({"student"})


@pytest.mark.parametrize("raw", ["Ab1", "lianglan88", "12345678", "Aa111111!li-lan", "Password1", "abcdefgh"])
def test_weak_passwords_of_staff_are_refused(raw: str) -> None:
    assert faults(raw, login="li-lan", roles=STAFF)


def test_good_passwords_are_taken() -> None:
    assert faults("Huai-he 2026", login="li-lan", roles=STAFF) == []
    assert faults("xiaoyu7", login="chen", roles=PUPIL) == []
    assert faults("111111", login="chen", roles=PUPIL)
    assert faults("xiaoyu7", login="chen", roles=PUPIL | STAFF)


def test_a_former_password_does_not_come_back() -> None:
    assert faults("Huai-he 2026", login="x", roles=STAFF, former=[make_password("Huai-he 2026")])


def change(client: Client, old: str, new: str, again: str | None = None) -> object:
    return client.post("/account/password/", {"old": old, "new": new, "again": again or new})


@pytest.fixture
def people(fresh_database: str) -> People:
    return make_people()


def signed_in(login: str, password: str = PASSWORD) -> Client:
    client = Client()
    assert client.post("/login/", {"login": login, "password": password}).status_code == 302
    return client


def test_a_change_ends_the_other_sessions(people: People) -> None:
    here, elsewhere = signed_in("q-sun"), signed_in("q-sun")
    for bad in (("wrong", "Huai-he 2026"), (PASSWORD, PASSWORD), (PASSWORD, "short")):
        assert change(here, *bad).status_code == 422
    assert change(here, PASSWORD, "Huai-he 2026", "Huai-he 2027").status_code == 422
    assert change(here, PASSWORD, "Huai-he 2026").status_code == 302
    assert here.get("/account/password/").status_code == 200
    assert elsewhere.get("/account/password/").status_code == 302
    assert change(here, "Huai-he 2026", PASSWORD).status_code == 422, "the former one"
    assert Session.objects.count() == 1
    signed_in("q-sun", "Huai-he 2026")


def test_a_first_password_is_changed_before_anything_else(people: People) -> None:
    Account.objects.filter(pk=people.teacher.pk).update(must_change_password=True)
    client = signed_in("q-sun")
    assert client.get("/").headers["Location"] == "/account/password/"
    change(client, PASSWORD, "Huai-he 2026")
    assert client.get("/").headers["Location"].startswith("/schools/")


def test_staff_passwords_grow_old_and_families_do_not(people: People) -> None:
    with clock.frozen(clock.now() + timedelta(days=91)):
        assert signed_in("q-sun").get("/").headers["Location"] == "/account/password/"
        assert signed_in("q-wang").get("/").headers["Location"] == "/me/today/"


def test_one_account_per_person_and_name(people: People) -> None:
    with pytest.raises(DomainError, match="已有人用"):
        account("Ｑ－ＳＵＮ", people.guardian.person_id)


@pytest.mark.parametrize(
    ("raw", "run"),
    [("bcdefg", True), ("765432", True), ("gggggg", True), ("bcdefh", False), ("acegik", False)],
)
def test_a_run_of_characters_is_no_password(raw: str, run: bool) -> None:
    """Every step the same and at most one: b c d, 7 6 5, g g g; a c e is no run."""
    said = faults(raw, login="chen", roles=PUPIL)
    assert said == (["不要用连续或相同的字符，换一个别人猜不到的。"] if run else [])
