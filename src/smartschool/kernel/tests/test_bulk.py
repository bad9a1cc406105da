"""Bulk insert: arrays of numbers arrive as they were, NaN and missing ones included."""

import math
from datetime import date

import pytest

from smartschool.contexts.directory.models import Enrolment, HomeClass, Organisation, Placement
from smartschool.kernel import bulk
from smartschool.kernel.scope import scope_of


@pytest.mark.django_db
def test_arrays_of_numbers_round_trip() -> None:
    school = Organisation.objects.filter(kind="school").order_by("id")[0]
    with scope_of([school.pk]):
        written = bulk.insert(
            HomeClass,
            {
                "organisation_id": [school.pk] * 2,
                "code": ["BULK-1", "BULK-2"],
                "stage": ["primary"] * 2,
                "entry_year": [1990] * 2,
                "number": [1, 2],
                "further_entry_years": [[1988, 1989], []],
                "valid_from": [date(2020, 9, 1)] * 2,
            },
        )
        assert written == 2
        rows = HomeClass.objects.filter(code__startswith="BULK").order_by("code")
        assert [row.further_entry_years for row in rows] == [[1988, 1989], []]


def test_a_literal_keeps_every_digit_and_says_what_is_missing() -> None:
    literal = bulk._number_literal([1, 0.1 + 0.2, None, math.nan, -2.5e-30])
    assert literal == "{1, 0.30000000000000004, NULL, nan, -2.5e-30}"
    assert bulk._number_literal(None) is None


@pytest.mark.django_db
def test_any_of_finds_by_numbers_and_by_hashes() -> None:
    school = Organisation.objects.filter(kind="school").order_by("id")[0]
    with scope_of([school.pk]):
        rows = list(Enrolment.objects.filter(id_hash__isnull=False).order_by("id")[:3])
        hashes = {bytes(row.id_hash) for row in rows}
        assert set(Enrolment.objects.filter(id_hash__any_of=hashes)) == set(rows)
        assert set(Enrolment.objects.filter(pk__any_of=[row.pk for row in rows])) == set(rows)
        seated = Placement.objects.filter(enrolment_id__any_of={row.pk: "x" for row in rows})
        assert {one.enrolment_id for one in seated.exclude(enrolment_id__any_of=[rows[0].pk])} <= {
            rows[1].pk,
            rows[2].pk,
        }
        assert not Enrolment.objects.filter(pk__any_of=[]).exists()
