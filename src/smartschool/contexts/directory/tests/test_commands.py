"""Verbs of directory: many at once, one open record each, twins stay two, numbers merge persons."""

from datetime import date

import pytest

from smartschool.contexts.directory.commands import (
    classes,
    guardians,
    organisations,
    pupils,
    staff,
    teaching,
)
from smartschool.contexts.directory.models import (
    Appointment,
    Enrolment,
    Guardianship,
    HomeClass,
    Organisation,
    Person,
    Placement,
    SchoolYear,
    StaffRecord,
    Term,
)
from smartschool.contexts.directory.public import doors, families
from smartschool.contexts.directory.public.contracts import (
    NewAssignment,
    NewGuardian,
    NewPupil,
    NewStaff,
)
from smartschool.contexts.directory.public.hashes import id_hash, national_hash
from smartschool.contexts.directory.public.identifiers import id_check_character
from smartschool.kernel.actor import Actor, system_actor
from smartschool.kernel.errors import DomainError
from smartschool.kernel.models import AuditRecord, Event
from smartschool.kernel.scope import Scope, scope_of

pytestmark = pytest.mark.django_db
ACTOR: Actor = system_actor("checks")
AUTUMN = date(2026, 9, 1)
NOW = date(2026, 11, 25)


def number(serial: int, born: str = "20140301") -> str:
    first = f"340402{born}{serial:03d}"
    return first + id_check_character(first)


@pytest.fixture
def bureau() -> Organisation:
    return Organisation.objects.create(
        code="X-B", name="局", short_name="局", kind="bureau", valid_from=date(2020, 1, 1)
    )


@pytest.fixture
def school(bureau: Organisation) -> Organisation:
    return organisations.create_organisation(
        actor=ACTOR, parent=bureau, code="3134009901", name="甲校", short_name="甲校",
        kind="school", valid_from=date(2020, 1, 1),
    )  # fmt: skip


@pytest.fixture
def home_class(school: Organisation) -> HomeClass:
    with scope_of([school.pk]):
        return classes.open_class(
            actor=ACTOR, organisation=school, stage="primary", entry_year=2024, number=2, valid_from=AUTUMN
        )


def enrol(school: Organisation, *new: NewPupil) -> list[int]:
    return pupils.enrol_pupils(actor=ACTOR, organisation=school, pupils=new, valid_from=AUTUMN)


def child(name: str, seat: int | None, home_class: HomeClass | None, **more: object) -> NewPupil:
    return NewPupil(
        name, "primary", 2024, home_class_id=home_class and home_class.pk, class_number=seat, **more
    )  # type: ignore[arg-type]


def test_a_code_is_taken_for_ever(school: Organisation, bureau: Organisation) -> None:
    with scope_of([school.pk]):
        organisations.close_organisation(actor=ACTOR, organisation=school, on=NOW, reason="撤并")
    with pytest.raises(DomainError) as refused:
        organisations.create_organisation(
            actor=ACTOR, parent=bureau, code=school.code, name="乙", short_name="乙", kind="school",
            valid_from=NOW,
        )  # fmt: skip
    assert refused.value.code == "directory.code_taken"


def test_many_pupils_sit_by_their_numbers(school: Organisation, home_class: HomeClass) -> None:
    with scope_of([school.pk]):
        enrol(school, child("陈小雨", 2, home_class), child("阿依努尔·买买提", 1, home_class))
        found = doors.pupils_of_class(home_class.pk, on=NOW)
        assert [(p.class_number, p.name) for p in found] == [(1, "阿依努尔·买买提"), (2, "陈小雨")]
        assert found[1].name_key == "chen xiao yu"
        assert doors.class_sizes([school.pk], on=NOW) == {home_class.pk: 2}
    assert AuditRecord.objects.get(verb="directory.enrol_pupils").data == {"pupils": 2}
    assert Event.objects.get(type="directory.pupils_enrolled").organisation_id == school.pk


def test_two_children_without_documents_stay_two(school: Organisation, home_class: HomeClass) -> None:
    with scope_of([school.pk]):
        enrol(school, child("王一", 1, home_class), child("王一", 2, home_class))
        persons = set(Enrolment.objects.filter(name="王一").values_list("person_id", flat=True))
        assert len(persons) == 2
        assert len(doors.enrolments_by_name(school.pk, ["王一"])["王一"]) == 2


def test_a_second_record_in_one_school_is_refused(school: Organisation, home_class: HomeClass) -> None:
    with scope_of([school.pk]):
        enrol(school, child("李一", 1, home_class, id_number=number(1)))
        with pytest.raises(DomainError) as refused:
            enrol(school, child("李一", 2, home_class, id_number=number(1)))
        assert refused.value.code == "directory.already_enrolled"
        with pytest.raises(DomainError) as refused:
            enrol(school, child("李二", 1, home_class))
        assert refused.value.code == "directory.number_taken"
        assert Enrolment.objects.filter(organisation=school).count() == 1


def test_a_number_makes_one_person_of_two(
    bureau: Organisation, school: Organisation, home_class: HomeClass
) -> None:
    other = organisations.create_organisation(
        actor=ACTOR, parent=bureau, code="3134009902", name="乙校", short_name="乙校", kind="school",
        valid_from=date(2020, 1, 1),
    )  # fmt: skip
    with scope_of([other.pk]):
        (there,) = enrol(other, child("周三", None, None, id_number=number(3)))
        known = Enrolment.objects.get(pk=there).person_id
    with scope_of([school.pk]):
        (here,) = enrol(school, child("周三", 3, home_class, status="00"))
        enrolment = Enrolment.objects.get(pk=here)
        loose = enrolment.person_id
        assert loose != known
        pupils.allocate_number(
            actor=ACTOR, enrolment=enrolment, national_number="G" + number(3), id_number=number(3)
        )
        found = doors.enrolments_by_national_hash(school.pk, [national_hash("G" + number(3))])
        again = Enrolment.objects.get(pk=here)
        assert found == {national_hash("G" + number(3)): (here, again.name)}
        by_id = doors.enrolments_by_id_hash(school.pk, [id_hash(number(3))])
        assert by_id == {id_hash(number(3)): (here, again.name)}
        assert (again.person_id, again.status, again.national_number) == (known, "01", "G" + number(3))
        with pytest.raises(DomainError) as refused:
            pupils.allocate_number(
                actor=ACTOR, enrolment=again, national_number="G" + number(4), id_number=number(4)
            )
        assert refused.value.code == "directory.number_allocated"
    assert Person.objects.get(pk=loose).merged_into_id == known


def test_moving_and_leaving_keep_one_open_seat(school: Organisation, home_class: HomeClass) -> None:
    with scope_of([school.pk]):
        next_door = classes.open_class(
            actor=ACTOR, organisation=school, stage="primary", entry_year=2024, number=1, valid_from=AUTUMN
        )
        (one,) = enrol(school, child("吴四", 4, home_class))
        enrolment = Enrolment.objects.get(pk=one)
        guardians.add_guardians(
            actor=ACTOR, organisation=school, valid_from=AUTUMN,
            guardians=[NewGuardian(one, "吴父", "51", phone="13800000001")],
        )  # fmt: skip
        pupils.transfer_pupil(actor=ACTOR, enrolment=enrolment, home_class=next_door, class_number=9, on=NOW)
        assert [
            (p.home_class_id, p.valid_to) for p in Placement.objects.filter(enrolment=one).order_by("pk")
        ] == [(home_class.pk, NOW), (next_door.pk, None)]
        assert doors.enrolments_by_seat([next_door.pk], on=NOW) == {(next_door.pk, 9): one}
        with pytest.raises(DomainError, match="1 名学生"):
            classes.close_class(actor=ACTOR, home_class=next_door, on=NOW, reason="并班")
        pupils.release_pupil(actor=ACTOR, enrolment=enrolment, status="10", on=NOW)
        assert not Guardianship.objects.filter(enrolment=one, valid_to__isnull=True).exists()
        assert doors.pupils_of_class(next_door.pk, on=NOW) == []
        classes.close_class(actor=ACTOR, home_class=next_door, on=NOW, reason="并班")
        with pytest.raises(DomainError):
            pupils.release_pupil(actor=ACTOR, enrolment=enrolment, status="10", on=NOW)


def test_siblings_share_a_parent(school: Organisation, home_class: HomeClass) -> None:
    with scope_of([school.pk]):
        one, two = enrol(school, child("郑五", 5, home_class), child("郑六", 6, home_class))
        guardians.add_guardians(
            actor=ACTOR, organisation=school, valid_from=AUTUMN,
            guardians=[
                NewGuardian(one, "郑母", "52", phone="13800000002"),
                NewGuardian(two, "郑母", "52", phone="13800000002"),
                NewGuardian(one, "郑父", "51", phone="13800000002"),
            ],
        )  # fmt: skip
        persons = dict(Guardianship.objects.filter(enrolment__in=[one, two]).values_list("pk", "person_id"))
        mother, same, father = (persons[pk] for pk in sorted(persons))
        assert mother == same != father
        assert sorted(c.name for c in families.children_of(mother, on=NOW)) == ["郑五", "郑六"]


def test_teaching_of_a_term(school: Organisation, home_class: HomeClass) -> None:
    year = SchoolYear.objects.create(code="2036-2037", starts_on=date(2036, 9, 1), ends_on=date(2037, 8, 31))
    term = Term.objects.create(
        school_year=year, number=1, starts_on=date(2036, 9, 1), ends_on=date(2037, 1, 31), weeks=21
    )
    info = next(t for t in doors.terms() if t.id == term.pk)
    with scope_of([school.pk]):
        (teacher,) = staff.record_staff(
            actor=ACTOR, organisation=school, staff=[NewStaff("李岚", "9001")], valid_from=AUTUMN
        )
        new = [NewAssignment(teacher, home_class.pk, "14"), NewAssignment(teacher, home_class.pk, "13")]
        for expected in (2, 0):
            written = teaching.assign_teaching(actor=ACTOR, organisation=school, term=info, assignments=new)
            assert written == expected
        person = doors.staff_of(school.pk)[0].person_id
        assert [(t.subject_name, t.home_class.entry_year) for t in doors.taught_by(person, term=info)] == [
            ("语文", 2024),
            ("数学", 2024),
        ]


def test_the_write_list_holds_for_many_rows(bureau: Organisation, school: Organisation) -> None:
    with Scope(read=frozenset({school.pk})), pytest.raises(Exception, match="row-level security"):
        enrol(school, child("钱七", None, None))


def test_a_class_has_one_form_teacher(school: Organisation, home_class: HomeClass) -> None:
    with scope_of([school.pk]):
        ids = staff.record_staff(
            actor=ACTOR, organisation=school, staff=[NewStaff("甲", "1"), NewStaff("乙", "2")],
            valid_from=AUTUMN,
        )  # fmt: skip
        first, second = (StaffRecord.objects.get(pk=pk) for pk in ids)

        def head(of: StaffRecord) -> Appointment:
            return staff.appoint(
                actor=ACTOR, staff=of, role="form_teacher", home_class=home_class, valid_from=AUTUMN
            )

        held = head(first)
        for someone, code in ((second, "directory.class_has_head"), (first, "directory.appointment_exists")):
            with pytest.raises(DomainError) as refused:
                head(someone)
            assert refused.value.code == code
        assert Appointment.objects.get(home_class=home_class) == held
        staff.end_appointment(actor=ACTOR, appointment=held, on=NOW)
        assert head(second).staff_id == second.pk
