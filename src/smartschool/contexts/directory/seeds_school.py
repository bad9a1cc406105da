"""Writes one school of the demo: classes, staff, teaching, pupils, guardians."""

import json
import random
from dataclasses import dataclass
from datetime import date

from smartschool.contexts.directory import records
from smartschool.contexts.directory.grades import entry_year_of, school_year_start
from smartschool.contexts.directory.models import (
    Appointment,
    HomeClass,
    Organisation,
    Term,
)
from smartschool.contexts.directory.public.contracts import NewAssignment, NewGuardian, NewPupil, NewStaff
from smartschool.contexts.directory.seeds_people import Invented, PeopleMaker, born_for
from smartschool.contexts.directory.seeds_plan import (
    MAIN_SCHOOL,
    PlannedClass,
    PlannedSchool,
)
from smartschool.contexts.directory.seeds_staff import fill, last_year, subjects_of
from smartschool.kernel import bulk
from smartschool.kernel.scope import scope_of

FOUNDED = date(2015, 9, 1)
DIVISION = "340402"
STAFF_BORN = (date(1968, 1, 1), date(2002, 12, 31))
PARENTS_BORN = (date(1978, 1, 1), date(1994, 12, 31))
GRANDPARENTS_BORN = (date(1950, 1, 1), date(1966, 12, 31))
# Named people (STYLE): who they are in the demo. 李岚 teaches mathematics and is 班主任 of 七（2）班.
PRINCIPAL, OFFICE, FORM_TEACHER, OUTSIDER = "周明", "何静", "李岚", "孙越"
PUPIL, GUARDIAN = "陈小雨", "王强"


@dataclass
class School:
    """Writes one school: classes, staff, teaching, pupils, guardians."""

    plan: PlannedSchool
    place: Organisation
    staff: int
    today: date
    maker: PeopleMaker
    rng: random.Random
    terms: list[tuple[Term, int]]
    has_outsider: bool
    lent: int = 0

    def write(self) -> None:
        with scope_of([self.place.pk]):
            self.class_ids = self._write_classes()
            self._write_staff()
            self._write_pupils()
            records.recount([self.place.pk])

    @property
    def is_main(self) -> bool:
        return self.plan.code == MAIN_SCHOOL

    def _write_classes(self) -> list[int]:
        planned = self.plan.classes
        ids = bulk.allocate_ids(HomeClass, len(planned))
        years = [[entry_year_of(grade, self.today)[1] for grade in one.grades] for one in planned]
        bulk.insert(
            HomeClass,
            {
                "id": ids,
                "organisation_id": [self.place.pk] * len(planned),
                "code": [self.maker.code() for _ in planned],
                "stage": [one.stage for one in planned],
                "entry_year": [max(year) for year in years],
                "number": [one.number for one in planned],
                "class_type": [_class_type(self.plan, one) for one in planned],
                "further_entry_years": [sorted(set(year) - {max(year)}) for year in years],
                "valid_from": [date(min(year), 9, 1) for year in years],
            },
        )
        return ids

    def _write_staff(self) -> None:
        helpers = self.staff // 15  # office and house staff without a class
        self.teachers = fill(self.plan.classes, self.staff - helpers)
        people = [self.maker.person(STAFF_BORN) for _ in range(self.staff)]
        principal, office = len(self.teachers) - 1, len(self.teachers) - 2
        if self.is_main:
            lan = self._mathematician()
            self._swap_form(lan, self._named_class())
            people[lan] = self.maker.person(STAFF_BORN, name=FORM_TEACHER, sex="2")
            people[principal] = self.maker.person(STAFF_BORN, name=PRINCIPAL, sex="1")
            people[office] = self.maker.person(STAFF_BORN, name=OFFICE, sex="2")
        if self.has_outsider:
            people[0] = self.maker.person(STAFF_BORN, name=OUTSIDER, sex="2")
        self.people = people
        rows = [new_staff(person, number, self.maker.code()) for number, person in enumerate(people, 1)]
        self.staff_ids = records.write_staff(self.place.pk, rows, FOUNDED)
        posts: list[tuple[int, str, int | None]] = []
        for index, teacher in enumerate(self.teachers):
            posts.append((self.staff_ids[index], "teacher", None))
            if teacher.form_of is not None:
                posts.append((self.staff_ids[index], "form_teacher", self.class_ids[teacher.form_of]))
        posts += [
            (self.staff_ids[principal], "principal", None),
            (self.staff_ids[office], "academic_admin", None),
        ]
        appoint(self.place, posts)
        for term, year in self.terms:
            records.write_assignments(self.place.pk, term.pk, self._teaching(year == self.terms[-1][1]))

    def _named_class(self) -> int:
        """七（2）班."""
        return next(i for i, one in enumerate(self.plan.classes) if one.grades == (7,) and one.number == 2)

    def _mathematician(self) -> int:
        wanted = (self._named_class(), "14")
        return next(i for i, teacher in enumerate(self.teachers) if wanted in teacher.units)

    def _swap_form(self, index: int, home_class: int) -> None:
        holder = next(t for t in self.teachers if t.form_of == home_class)
        holder.form_of, self.teachers[index].form_of = self.teachers[index].form_of, home_class

    def _teaching(self, running: bool) -> list[NewAssignment]:
        found = []
        for staff_id, teacher in zip(self.staff_ids, self.teachers, strict=False):
            for index, subject in teacher.units:
                planned = self.plan.classes[index]
                if subject in subjects_of(planned.grades if running else last_year(planned)):
                    found.append(NewAssignment(staff_id, self.class_ids[index], subject))
        return found

    def _write_pupils(self) -> None:
        pupils: list[NewPupil] = []
        families: list[_Family] = []
        for index, planned in enumerate(self.plan.classes):
            older = len(families)
            for seat in range(1, planned.size + 1):
                named = self.is_main and index == self._named_class() and seat == 12
                family = self._family(families[:older], named)
                grade = planned.grades[(seat - 1) * len(planned.grades) // planned.size]
                pupils.append(self._pupil(family, grade, planned.stage, index, seat, named))
                families.append(family)
        since = date(school_year_start(self.today), 9, 1)
        ids = records.write_enrolments(self.place.pk, pupils, since)
        records.write_guardianships(
            self.place.pk,
            [
                NewGuardian(pk, person.name, relation, kind, person.phone)
                for pk, family in zip(ids, families, strict=True)
                for person, relation, kind in family.adults
            ],
            since,
        )

    def _pupil(
        self, family: "_Family", grade: int, stage: str, index: int, seat: int, named: bool
    ) -> NewPupil:
        maker, rng = self.maker, self.rng
        _, entry_year = entry_year_of(grade, self.today)
        born = born_for(entry_year, stage)
        if named:
            child = maker.person(born, name=PUPIL, sex="2")
        else:
            child = maker.person(born, surname="" if rng.random() < 0.03 else family.surname)
        number, id_number, status = _numbers(child, grade, rng)
        details = {
            "address": family.address,
            "phone": family.adults[0][0].phone,
            "left_behind": family.left_behind,
            "attendance_mode": "2" if stage == "junior" and rng.random() < 0.2 else "1",
        }
        return NewPupil(
            child.name, stage, entry_year, child.sex, child.birth_date, child.ethnicity, number,
            "1" if id_number else "Z", id_number, json.dumps(details, ensure_ascii=False),
            f"{entry_year}09", status, self.class_ids[index], seat, code=maker.code(),
        )  # fmt: skip

    def _family(self, older: list["_Family"], named: bool) -> "_Family":
        """A family of its own, or one of those that have a child in another class already."""
        maker, rng = self.maker, self.rng
        if older and not named and rng.random() < 0.05:
            return rng.choice(older)
        surname, left_behind = maker.surname(), rng.choices("012", weights=(80, 12, 8))[0]
        father = maker.person(PARENTS_BORN, surname=surname, sex="1", name=GUARDIAN if named else "")
        adults = [(father, "51", "guardian")]
        if rng.random() < 0.6:
            adults.append((maker.person(PARENTS_BORN, sex="2"), "52", "guardian"))
        if left_behind == "2":
            adults.append((maker.person(GRANDPARENTS_BORN, sex="2"), "62", "caregiver"))
        return _Family(surname, left_behind, maker.address(self.plan.town), adults)


@dataclass(frozen=True)
class _Family:
    """What children of one household share; an adult is a person, a relation (GB/T 4761), a kind."""

    surname: str
    left_behind: str
    address: str
    adults: list[tuple[Invented, str, str]]


def _class_type(school: PlannedSchool, planned: PlannedClass) -> str:
    """班级类型: 复式班 12, class of a 教学点 13, else ordinary."""
    if len(planned.grades) > 1:
        return "12"
    if school.kind == "teaching_point":
        return "13"
    return "10" if planned.stage == "primary" else "20"


def _numbers(child: Invented, grade: int, rng: random.Random) -> tuple[str | None, str | None, str]:
    """学籍号, ID number, status: nearly all G; some J and L without a document; newcomers still without."""
    draw = rng.random()
    if grade == 1 and draw < 0.04:
        return None, child.id_number, "00"
    if draw > 0.995:
        return f"L{DIVISION}{child.birth_date:%Y%m%d}{rng.randrange(10_000):04d}", None, "01"
    if draw > 0.985:
        return f"J{child.id_number}", None, "01"
    return f"G{child.id_number}", child.id_number, "01"


def new_staff(person: Invented, number: int, code: str, share: float = 1.0) -> NewStaff:
    return NewStaff(
        person.name, f"{number:04d}", person.sex, person.birth_date, person.id_number, person.phone,
        share=share, code=code,
    )  # fmt: skip


def appoint(place: Organisation, posts: list[tuple[int, str, int | None]]) -> None:
    bulk.insert(
        Appointment,
        {
            "organisation_id": [place.pk] * len(posts),
            "staff_id": [staff for staff, _, _ in posts],
            "role": [role for _, role, _ in posts],
            "home_class_id": [home_class for _, _, home_class in posts],
            "valid_from": [FOUNDED] * len(posts),
        },
    )
