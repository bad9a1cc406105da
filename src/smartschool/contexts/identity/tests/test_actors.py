"""The Actor: only what is valid today, with the tree around it; places, switch and home."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client

from smartschool.contexts.directory.commands.staff import appoint, end_appointment
from smartschool.contexts.directory.models import Appointment, Organisation, Person, StaffRecord
from smartschool.contexts.identity.actors import actor_of
from smartschool.contexts.identity.commands.accounts import close_account
from smartschool.contexts.identity.public.doors import places_of
from smartschool.contexts.identity.tests.people import ACTOR, PASSWORD, SINCE, People, make_people
from smartschool.kernel import clock
from smartschool.kernel.scope import scope_of


@pytest.fixture
def people(fresh_database: str) -> People:
    return make_people()


def signed_in(login: str) -> Client:
    client = Client()
    assert client.post("/login/", {"login": login, "password": PASSWORD}).status_code == 302
    return client


def give_the_office_to_another(school: Organisation) -> None:
    """The last one of an office cannot be let go."""
    record = StaffRecord.objects.create(
        organisation=school, person=Person.objects.create(), name="接替", name_key="j", valid_from=SINCE
    )
    appoint(actor=ACTOR, staff=record, role="principal", valid_from=SINCE)


def test_affiliations_with_the_tree_around_them(people: People) -> None:
    actor = actor_of(people.teacher.pk)
    assert actor is not None
    assert actor.name == "孙越"
    by_role = {a.role: a for a in actor.affiliations}
    assert by_role["teacher"].organisation.id == people.one.pk
    assert [a.kind for a in by_role["teacher"].ancestors] == ["central_school", "bureau"]
    assert [a.kind for a in by_role["academic_admin"].ancestors] == ["bureau"]
    assert actor_of(people.guardian.pk).roles() == {"guardian"}  # type: ignore[union-attr]
    assert actor_of(people.pupil.pk).roles() == {"student"}  # type: ignore[union-attr]


def test_a_post_that_ended_gives_nothing(people: People) -> None:
    with transaction.atomic(), scope_of([people.two.pk]):
        give_the_office_to_another(people.two)
        post = Appointment.objects.get(role="academic_admin", organisation=people.two)
        end_appointment(actor=ACTOR, appointment=post, on=clock.today())
    assert actor_of(people.teacher.pk).roles() == {"teacher"}  # type: ignore[union-attr]
    with clock.frozen(clock.now() - timedelta(days=1)):
        assert actor_of(people.teacher.pk).roles() == {"teacher", "academic_admin"}  # type: ignore[union-attr]


def test_who_has_left_cannot_sign_in(people: People) -> None:
    client = signed_in("q-sun")
    with transaction.atomic(), scope_of([people.one.pk, people.two.pk]):
        give_the_office_to_another(people.two)
        for post in Appointment.objects.filter(staff__name="孙越", organisation__in=[people.one, people.two]):
            end_appointment(actor=ACTOR, appointment=post, on=clock.today())
    assert client.get("/").headers["Location"].startswith("/login/")
    assert Client().post("/login/", {"login": "q-sun", "password": PASSWORD}).status_code == 422


def test_a_closed_account_ends_at_once(people: People) -> None:
    client = signed_in("q-wang")
    close_account(actor=ACTOR, account=people.guardian)
    assert client.get("/").headers["Location"].startswith("/login/")
    assert Client().post("/login/", {"login": "q-wang", "password": PASSWORD}).status_code == 422


def test_a_merged_child_keeps_its_account(people: People) -> None:
    known = Person.objects.create(id_hash=b"m" * 32)
    with transaction.atomic(), scope_of([people.one.pk]):
        child = Person.objects.get(pk=people.pupil.person_id)
        from smartschool.contexts.directory.models import Enrolment

        Enrolment.objects.filter(person=child).update(person=known)
        child.merged_into = known
        child.save()
    actor = actor_of(people.pupil.pk)
    assert actor is not None
    assert actor.person_id == known.pk


def test_the_function_cannot_be_led_astray_by_a_search_path(people: People) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE identity_account (id bigint, person_id bigint, is_active boolean)")
        cursor.execute(
            "INSERT INTO identity_account VALUES (%s, %s, true)", [987654, people.teacher.person_id]
        )
        cursor.execute("SET LOCAL search_path = pg_temp, public")
        assert actor_of(987654) is None
        transaction.set_rollback(True)


def test_home_follows_the_choice_and_nothing_else(people: People) -> None:
    client = signed_in("q-sun")
    actor = actor_of(people.teacher.pk)
    assert actor is not None
    keys = [place.key for place in places_of(actor)]
    assert keys == [f"academic_admin@{people.two.code}", f"teacher@{people.one.code}"]
    assert client.get("/").headers["Location"] == f"/schools/{people.two.code}/today/"
    moved = client.post("/account/place/", {"place": keys[1]})
    assert moved.headers["Location"] == f"/schools/{people.one.code}/today/"
    assert client.get("/").headers["Location"] == f"/schools/{people.one.code}/today/"
    assert client.post("/account/place/", {"place": f"principal@{people.one.code}"}).status_code == 404
    assert signed_in("q-wang").get("/").headers["Location"] == "/me/today/"
