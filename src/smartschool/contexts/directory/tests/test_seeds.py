"""The demo district: exact size, deterministic, complete teaching, numbers that hold their checks."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction

from smartschool.contexts.directory.models import (
    Appointment,
    Enrolment,
    Guardianship,
    HomeClass,
    Organisation,
    Placement,
    StaffRecord,
)
from smartschool.contexts.directory.public import doors, families, identifiers
from smartschool.contexts.directory.seeds import SEED, run
from smartschool.contexts.directory.seeds_people import PeopleMaker
from smartschool.contexts.directory.seeds_plan import PUPILS, STAFF, planned_schools
from smartschool.contexts.directory.seeds_school import STAFF_BORN
from smartschool.contexts.directory.seeds_staff import fill, subjects_of
from smartschool.kernel.scope import scope_of
from smartschool.kernel.tabular import Bad


def test_the_district_on_paper() -> None:
    schools = planned_schools("district", random.Random(SEED))
    assert Counter(school.category for school in schools) == {"rural": 18, "urban": 7}
    assert sum(school.kind == "teaching_point" for school in schools) == 1
    assert sum(school.parent == "DT-KDZX" for school in schools) == 3
    sizes = [one.size for school in schools for one in school.classes]
    assert (sum(sizes), min(sizes), max(sizes)) == (PUPILS["district"], 8, 45)
    assert all(isinstance(identifiers.parse_school_code(school.code), str) for school in schools)
    attached = [s for s in schools if s.school_type == "311" and any(c.stage == "primary" for c in s.classes)]
    assert len(attached) == 1


@pytest.mark.parametrize("teachers", [3, 10, 60])
def test_every_class_subject_finds_a_teacher(teachers: int) -> None:
    classes = planned_schools("district", random.Random(SEED))[0 if teachers == 60 else 10].classes
    places = fill(classes, teachers)
    units = [unit for place in places for unit in place.units]
    assert len(units) == len(set(units))
    assert set(units) >= {(i, s) for i, one in enumerate(classes) for s in subjects_of(one.grades)}
    assert sorted(p.form_of for p in places if p.form_of is not None) == list(range(len(classes)))
    assert all(place.units for place in places)


def test_people_are_the_same_each_time_and_nobody_twice() -> None:
    one, two = (
        [PeopleMaker(random.Random(1), frozenset()).person(STAFF_BORN) for _ in range(3)] for _ in range(2)
    )
    assert one == two
    maker = PeopleMaker(random.Random(1), frozenset())
    many = [maker.person(STAFF_BORN) for _ in range(12_000)]
    assert len({person.id_number for person in many}) == len({person.phone for person in many}) == 12_000
    for person in many:
        found = identifiers.parse_id_number(person.id_number)
        assert not isinstance(found, Bad)
        assert (found.born_on, found.sex) == (person.birth_date, person.sex)
        assert person.id_number[:5] == "34049", "an area that was never given out"
        assert not isinstance(identifiers.parse_phone(person.phone), Bad)


@pytest.fixture
def everywhere(db: None) -> Iterator[None]:
    with scope_of([school.id for school in doors.organisations()], write=False):
        yield


@pytest.mark.usefixtures("everywhere")
class TestSmallDistrict:
    def test_size(self) -> None:
        assert Enrolment.objects.count() == PUPILS["small"]
        assert Enrolment.objects.values("person_id").distinct().count() == PUPILS["small"]
        assert Organisation.objects.filter(plan_category__in=["rural", "urban"]).count() == 3
        staff = StaffRecord.objects.exclude(organisation__kind="bureau")
        assert staff.values("person_id").distinct().count() == STAFF["small"]
        assert sum(record.share for record in staff) == STAFF["small"]

    def test_every_pupil_sits_somewhere_and_has_an_adult(self) -> None:
        seats = Placement.objects.filter(valid_to__isnull=True)
        assert seats.count() == seats.values("enrolment_id").distinct().count() == PUPILS["small"]
        assert Guardianship.objects.values("enrolment_id").distinct().count() == PUPILS["small"]
        households = Guardianship.objects.filter(relation="51")
        assert households.values("person_id").distinct().count() < households.count(), "siblings"

    def test_every_class_subject_of_the_term_is_taught(self) -> None:
        taught = {(t.home_class.id, t.subject) for t in doors.teaching()}
        for school in doors.schools():
            for one in doors.classes_of([school.id]):
                assert {(one.id, subject) for subject in subjects_of(one.grades)} <= taught
        form_classes = Appointment.objects.filter(role="form_teacher").values_list("home_class_id", flat=True)
        assert sorted(form_classes) == sorted(HomeClass.objects.values_list("pk", flat=True))

    def test_shapes_that_importers_and_reports_must_bear(self) -> None:
        classes = doors.classes_of([school.id for school in doors.schools()])
        assert any(one.is_combined for one in classes)
        assert any(one.name == "七（2）班" for one in classes)
        assert min(doors.class_sizes([s.id for s in doors.schools()]).values()) == 8

    def test_named_people(self) -> None:
        lan = StaffRecord.objects.get(name="李岚")
        (own,) = doors.form_classes_of(lan.person_id)
        assert own.name == "七（2）班"
        assert "数学" in {t.subject_name for t in doors.taught_by(lan.person_id) if t.home_class.id == own.id}
        rain = Enrolment.objects.get(name="陈小雨")
        assert doors.pupils_by_enrolment([rain.pk])[rain.pk].home_class_id == own.id
        wang = Guardianship.objects.get(name="王强")
        assert [child.name for child in families.children_of(wang.person_id)] == ["陈小雨"]
        sun = StaffRecord.objects.get(name="孙越")
        assert sun.organisation_id != lan.organisation_id
        assert StaffRecord.objects.get(name="赵宁").organisation.kind == "bureau"

    def test_numbers_agree_with_their_holders(self) -> None:
        for pupil in Enrolment.objects.all():
            if pupil.id_number is not None:
                found = identifiers.parse_id_number(str(pupil.id_number))
                assert not isinstance(found, Bad)
                assert (found.sex, found.born_on) == (pupil.sex, pupil.birth_date)
            if pupil.national_number is not None:
                assert not isinstance(identifiers.parse_enrolment_number(str(pupil.national_number)), Bad)


@pytest.mark.django_db
def test_a_second_run_changes_nothing() -> None:
    before = Organisation.objects.count()
    with transaction.atomic():
        run("district")
    assert Organisation.objects.count() == before
