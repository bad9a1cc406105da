"""Ready queries answer what the ORM answers, whatever the values; what they cannot hold is refused."""

from datetime import date

import pytest
from django.db import DatabaseError
from django.db.models import Q

from smartschool.contexts.directory.models import Enrolment, HomeClass, Organisation, Placement, Term
from smartschool.contexts.directory.validity import current_term_id, valid_on
from smartschool.kernel.models import StoredFile
from smartschool.kernel.ready import Ready, insert_row, update_row
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


@pytest.mark.django_db
def test_texts_are_one_argument_whatever_they_hold() -> None:
    ready = Ready(
        lambda names: Organisation.objects.filter(name__any_of=names).order_by("pk").values_list("name")
    )
    odd = ['a"b', "c\\d", "e,f", "{g}", "NULL", " h ", "囗‘引号’"]
    bureau = Organisation.objects.get(kind="bureau")
    for place, name in enumerate(odd):
        Organisation.objects.create(
            code=f"odd{place}", name=name, short_name=name, kind="school", parent=bureau,
            valid_from=date(2020, 1, 1),
        )  # fmt: skip
    assert [row[0] for row in ready(names=odd)] == odd
    assert [row[0] for row in ready(names=odd[3:4])] == odd[3:4]
    assert ready(names=[]) == []


@pytest.mark.django_db
def test_instances_are_those_of_the_orm() -> None:
    ready = Ready(lambda code: HomeClass.rows().select_related("organisation__parent").filter(code=code))
    school = Organisation.objects.filter(kind="school").order_by("id")[0]
    with scope_of([school.pk], write=False):
        one = HomeClass.rows().order_by("pk")[0]
        for _ in range(2):
            (found,) = ready.instances(code=one.code)
            assert found == one
            assert {f.attname: getattr(found, f.attname) for f in one._meta.concrete_fields} == {
                f.attname: getattr(one, f.attname) for f in one._meta.concrete_fields
            }
            assert "organisation" in found._state.fields_cache
            assert found.organisation.parent == school.parent
        assert ready.instances(code="nobody") == []
    with pytest.raises(NoScope):
        ready.instances(code=one.code)


@pytest.mark.django_db
def test_a_row_is_inserted_once_and_changed_where_it_stands() -> None:
    first = StoredFile(digest="d" * 64, size=1, encrypted=True)
    insert_row(first, once="digest")
    twin = StoredFile(digest="d" * 64, size=1, encrypted=True)
    insert_row(twin, once="digest")
    assert first.pk == twin.pk
    kept = StoredFile.objects.get(pk=first.pk)
    assert (kept.digest, kept.size, kept.encrypted) == ("d" * 64, 1, True)
    assert kept.stored_at is not None
    kept.size, kept.encrypted = 2**40, False
    update_row(kept, ["size"])
    again = StoredFile.objects.get(pk=first.pk)
    assert (again.size, again.encrypted) == (2**40, True)
    with pytest.raises(DatabaseError, match="no row"):
        update_row(StoredFile(pk=-1, digest="", size=0, encrypted=True), ["size"])


@pytest.mark.django_db
def test_rows_of_others_are_neither_written_nor_changed() -> None:
    here, there = Organisation.objects.filter(kind="school").order_by("id")[:2]
    with scope_of([there.pk]):
        theirs = HomeClass.rows().order_by("pk")[0]
    with pytest.raises(NoScope):
        update_row(theirs, ["number"])
    with scope_of([here.pk]), pytest.raises(DatabaseError, match="no row"):
        update_row(theirs, ["number"])
    stranger = HomeClass(
        organisation=there, stage="primary", entry_year=2020, number=77, valid_from=date(2020, 9, 1)
    )
    with pytest.raises(DatabaseError, match="row-level security"), scope_of([here.pk]):
        insert_row(stranger)
