"""Ring 3 in real transactions: nothing of one request's scope is left for the next on the same connection."""

import threading

import pytest
from django.db import connection, connections, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from tests.architecture.test_tables import owned

from smartschool.contexts.directory.models import Enrolment, HomeClass, Organisation
from smartschool.contexts.identity.seeds import PASSWORD
from smartschool.kernel.scope import GUCS, NoScope, scope_of

MAIN, VILLAGE = "2134040201", "2134040210"


def visible(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}"')
        return int(cursor.fetchone()[0])


def settings_left() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"coalesce(current_setting('{g}', true), '')" for g in GUCS))
        return [value for value in cursor.fetchone() if value]


def ids(*codes: str) -> list[int]:
    return [Organisation.objects.get(code=code).pk for code in codes]


def principal() -> Client:
    client = Client()
    assert client.post("/login/", {"login": "dt-zhouming", "password": PASSWORD}).status_code == 302
    return client


def test_a_bare_cursor_sees_no_row_of_any_owned_table(shared_database: str) -> None:
    filled = 0
    for model in owned():
        table = model._meta.db_table
        assert visible(table) == 0, table
        with transaction.atomic(), scope_of(ids(MAIN), write=False):
            filled += visible(table) > 0
        assert visible(table) == 0, table
    assert filled >= 7, "the demo fills the tables of directory"


def test_the_next_statement_after_a_page_sees_nothing(shared_database: str) -> None:
    client = principal()
    assert client.get(f"/schools/{MAIN}/classes/").status_code == 200
    assert settings_left() == []
    with transaction.atomic():
        assert visible("directory_enrolment") == 0


def test_after_a_page_that_failed_too(shared_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = principal()

    def fail(*_: object, **__: object) -> None:
        HomeClass.objects.count()
        raise ZeroDivisionError

    monkeypatch.setattr("smartschool.contexts.directory.queries.staff_rows", fail)
    with pytest.raises(ZeroDivisionError):
        client.get(f"/schools/{MAIN}/teaching/staff/")
    assert settings_left() == []
    with pytest.raises(NoScope):
        HomeClass.objects.count()
    with transaction.atomic():
        assert visible("directory_homeclass") == 0


def test_a_scope_ends_inside_an_open_transaction(shared_database: str) -> None:
    one, two = ids(MAIN, VILLAGE)
    with transaction.atomic():
        with scope_of([one], write=False):
            mine = visible("directory_enrolment")
            with transaction.atomic(), scope_of([two], write=False):
                assert 0 < visible("directory_enrolment") != mine
            assert visible("directory_enrolment") == mine
        assert visible("directory_enrolment") == 0
        assert settings_left() == []


def test_a_rolled_back_savepoint_keeps_the_outer_scope(shared_database: str) -> None:
    one, two = ids(MAIN, VILLAGE)
    with transaction.atomic(), scope_of([one], write=False):
        mine = visible("directory_enrolment")
        with pytest.raises(ZeroDivisionError), transaction.atomic(), scope_of([two], write=False):
            raise ZeroDivisionError
        assert visible("directory_enrolment") == mine


def test_two_threads_see_their_own_schools_only(shared_database: str) -> None:
    seen: dict[str, set[int]] = {}
    together = threading.Barrier(2)

    def look(code: str) -> None:
        try:
            (own,) = ids(code)
            with transaction.atomic(), scope_of([own], write=False):
                together.wait(20)
                seen[code] = set(Enrolment.objects.values_list("organisation_id", flat=True))
                together.wait(20)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look, args=(code,)) for code in (MAIN, VILLAGE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == {code: {pk} for code, pk in zip((MAIN, VILLAGE), ids(MAIN, VILLAGE), strict=True)}


@pytest.mark.parametrize("setting", ["{}", "", "{0}", "{-1}"])
def test_odd_settings_are_closed(shared_database: str, setting: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.read_orgs', %s, true)", [setting])
        assert visible("directory_enrolment") == 0


def test_a_foreign_row_can_be_neither_written_nor_moved(shared_database: str) -> None:
    one, two = ids(MAIN, VILLAGE)
    with transaction.atomic(), scope_of([one, two], write=False):
        foreign = HomeClass.objects.filter(organisation=two).first()
        assert foreign is not None
    with transaction.atomic(), scope_of([one]):
        assert HomeClass.objects.filter(pk=foreign.pk).update(number=99) == 0
        assert HomeClass.objects.filter(pk=foreign.pk).delete()[0] == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            HomeClass.objects.filter(organisation=one).update(organisation=two)
