"""Ready queries answer what the ORM answers, whatever the values; what they cannot hold is refused."""

from datetime import date

import pytest
from django.db.models import Q

from smartschool.contexts.directory.models import Enrolment, HomeClass, Organisation, Placement, Term
from smartschool.contexts.directory.validity import current_term_id, valid_on
from smartschool.kernel.ready import Ready
from smartschool.kernel.scope import NoScope, scope_of


def seats(day: date, home_class: int):  # type: ignore[no-untyped-def]
    return (
        Placement.objects.filter(valid_on(day), home_class_id=home_class)
        .order_by("class_number")
        .values_list("enrolment__code", "class_number", "enrolment__birth_date")
    )


@pytest.mark.django_db
def test_each_call_answers_for_its_own_values() -> None:
    ready = Ready(seats)
    school = Organisation.objects.filter(kind="school").order_by("id")[0]
    with scope_of([school.pk], write=False):
        classes = list(HomeClass.objects.order_by("pk")[:3])
        for day in (date(2026, 11, 29), date(1990, 1, 1)):
            for one in classes:
                expected = list(seats(day, one.pk))
                assert [tuple(row) for row in ready(day=day, home_class=one.pk)] == expected
        assert ready(day=date(2026, 11, 29), home_class=classes[0].pk)


@pytest.mark.django_db
def test_encrypted_columns_are_opened() -> None:
    ready = Ready(lambda code: Enrolment.objects.filter(code=code).values_list("id_number", "name"))
    school = Organisation.objects.filter(kind="school").order_by("id")[0]
    with scope_of([school.pk], write=False):
        one = Enrolment.objects.filter(id_number__isnull=False).order_by("pk")[0]
        assert [tuple(row) for row in ready(code=one.code)] == [(one.id_number, one.name)]


@pytest.mark.django_db
def test_no_rows_without_a_scope() -> None:
    ready = Ready(seats)
    school = Organisation.objects.filter(kind="school").order_by("id")[0]
    with scope_of([school.pk], write=False):
        ready(day=date(2026, 11, 29), home_class=1)
    with pytest.raises(NoScope):
        ready(day=date(2026, 11, 29), home_class=1)


@pytest.mark.django_db
def test_a_subquery_takes_its_argument() -> None:
    ready = Ready(lambda day: Term.objects.filter(pk__in=current_term_id(day)).values_list("pk"))
    for day in (date(2026, 11, 29), date(2026, 3, 1)):
        assert [row[0] for row in ready(day=day)] == [row["pk"] for row in current_term_id(day)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("compose", "argument"),
    [
        (lambda wanted: Term.objects.filter(number__in=[1] * (wanted % 7 + 1)).values_list("pk"), 1),
        (lambda wanted: Term.objects.filter(Q(number=1)).values_list("pk"), 1),
        (lambda wanted: Term.objects.filter(number__in=wanted).values_list("pk"), [1, 2]),
    ],
)
def test_what_is_no_plain_value_is_refused(compose: object, argument: object) -> None:
    with pytest.raises(TypeError):
        Ready(compose)(wanted=argument)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_many_values_are_one_argument() -> None:
    by_key = Ready(lambda keys: Enrolment.objects.filter(pk__any_of=keys).order_by("pk").values_list("pk"))
    by_hash = Ready(lambda hashes: Enrolment.objects.filter(id_hash__any_of=hashes).values_list("pk"))
    school = Organisation.objects.filter(kind="school").order_by("id")[0]
    with scope_of([school.pk], write=False):
        rows = list(Enrolment.objects.filter(id_hash__isnull=False).order_by("pk")[:3])
        for some in (rows, rows[:1], []):
            assert [row[0] for row in by_key(keys={one.pk for one in some})] == [one.pk for one in some]
            found = by_hash(hashes={bytes(one.id_hash) for one in some if one.id_hash})
            assert {row[0] for row in found} == {one.pk for one in some}
