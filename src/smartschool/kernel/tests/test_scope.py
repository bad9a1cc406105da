"""Ring 2 and 3: no scope is loud, a foreign scope is empty, leaving a scope restores what was there."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from smartschool.contexts.directory.models import HomeClass, Organisation
from smartschool.kernel.scope import NoScope, Scope, current_scope, scope_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_schools() -> tuple[Organisation, Organisation]:
    bureau = Organisation.objects.create(
        code="T-B", name="局", short_name="局", kind="bureau", valid_from=date(2020, 1, 1)
    )
    one, two = (
        Organisation.objects.create(
            code=f"T-{n}", name=n, short_name=n, kind="school", parent=bureau, valid_from=date(2020, 1, 1)
        )
        for n in ("甲", "乙")
    )
    for school in (one, two):
        with scope_of([school.pk]):
            HomeClass.objects.create(
                organisation=school, stage="primary", entry_year=2024, number=1, valid_from=date(2024, 9, 1)
            )
    return one, two


def test_a_query_without_scope_is_an_error() -> None:
    with pytest.raises(NoScope):
        HomeClass.objects.count()


def test_a_queryset_carried_out_of_its_scope_is_an_error(two_schools: tuple[Organisation, ...]) -> None:
    with scope_of([two_schools[0].pk]):
        carried = HomeClass.objects.all()
    with pytest.raises(NoScope):
        list(carried)


def test_scope_shows_its_organisations_only(two_schools: tuple[Organisation, ...]) -> None:
    one, two = two_schools
    with scope_of([one.pk]):
        assert [c.organisation_id for c in HomeClass.objects.filter(entry_year=2024)] == [one.pk]
    with scope_of([one.pk, two.pk]):
        assert HomeClass.objects.filter(organisation__in=two_schools).count() == 2


def test_inner_scope_restores_the_outer(two_schools: tuple[Organisation, ...]) -> None:
    one, two = two_schools
    with scope_of([one.pk]):
        with scope_of([two.pk]):
            assert HomeClass.objects.get(organisation__in=two_schools).organisation_id == two.pk
        assert HomeClass.objects.get(organisation__in=two_schools).organisation_id == one.pk
        assert current_scope().read == {one.pk}


def test_after_the_scope_a_bare_cursor_sees_nothing(two_schools: tuple[Organisation, ...]) -> None:
    with scope_of([two_schools[0].pk]):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM directory_homeclass")
        assert cursor.fetchone() == (0,)


def test_writing_outside_the_write_list_is_refused(two_schools: tuple[Organisation, ...]) -> None:
    one, two = two_schools
    with Scope(read=frozenset({one.pk, two.pk}), write=frozenset({one.pk})):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            HomeClass.objects.create(
                organisation=two, stage="primary", entry_year=2023, number=1, valid_from=date(2024, 9, 1)
            )
        assert HomeClass.objects.filter(organisation=two).update(number=9) == 0


def test_counts_travel_up_and_pupil_rows_do_not(two_schools: tuple[Organisation, ...]) -> None:
    one, two = two_schools
    with Scope(read=frozenset(), aggregate=frozenset({one.pk, two.pk})):
        assert HomeClass.objects.filter(organisation__in=two_schools).count() == 2
