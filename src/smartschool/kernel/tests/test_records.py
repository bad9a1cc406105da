"""Rows as one value of a statement arrive as they were written, whatever the order of the table's columns."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from smartschool.contexts.directory.models import HomeClass, Organisation
from smartschool.kernel import bulk, wire
from smartschool.kernel.bound import bound_cursor
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.django_db


def _classes(school: int, numbers: list[int]) -> dict[str, list[object]]:
    size = len(numbers)
    return {
        "number": numbers,
        "code": [f"REC-{number}" for number in numbers],
        "organisation_id": [school] * size,
        "stage": ["primary"] * size,
        "entry_year": [1990] * size,
        "valid_from": [date(2020, 9, 1)] * size,
    }


def test_more_rows_than_one_statement_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_AT_ONCE", 3)
    school = Organisation.objects.filter(kind="school").order_by("id")[0]
    with scope_of([school.pk]):
        assert bulk.insert(HomeClass, _classes(school.pk, list(range(1, 9)))) == 8
        rows = HomeClass.objects.filter(code__startswith="REC-").order_by("number")
        assert [(row.number, row.code) for row in rows] == [(n, f"REC-{n}") for n in range(1, 9)]
        again = bulk.insert(HomeClass, _classes(school.pk, [8, 9]), ignore_conflicts=True)
        assert again == 1


def test_row_security_judges_each_row() -> None:
    own, other = Organisation.objects.filter(kind="school").order_by("id")[:2]
    columns = _classes(own.pk, [1, 2])
    columns["organisation_id"] = [own.pk, other.pk]
    with scope_of([own.pk]), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        bulk.insert(HomeClass, columns)


def test_a_table_that_was_altered_is_looked_at_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE altered (a smallint, b text[]) ON COMMIT DROP")
    fields = dict(
        zip("ab", wire.fields(["smallint", "text[]"], [[1, 2], [["甲", ""], []]]) or (), strict=True)
    )
    statement = "SELECT a, b FROM unnest(%(rows)s::altered[])"

    def rows() -> list[tuple[object, ...]]:
        with bound_cursor() as cursor:
            bulk.run(cursor, statement, {"rows": bulk.pack("altered", fields)})
            return cursor.fetchall()

    assert rows() == [(1, ["甲", ""]), (2, [])]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE altered ADD COLUMN c date")
    with pytest.raises(DatabaseError), transaction.atomic():
        rows()
    assert rows() == [(1, ["甲", ""]), (2, [])]
