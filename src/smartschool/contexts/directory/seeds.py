"""The demo district: deterministic, invented, written through the set-based records of directory.

Years are the running school year and the one before, so the demo never grows old; everything else depends
on one seed only.
"""

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
    SchoolYear,
    StaffRecord,
    TeachingAssignment,
    Term,
)
from smartschool.contexts.directory.public.contracts import NewAssignment, NewGuardian, NewPupil, NewStaff
from smartschool.contexts.directory.public.identifiers import credit_check_character
from smartschool.contexts.directory.seeds_people import Invented, PeopleMaker, born_for
from smartschool.contexts.directory.seeds_plan import (
    BUREAU_CODE,
    CENTRAL_CODE,
    MAIN_SCHOOL,
    STAFF,
    PlannedClass,
    PlannedSchool,
    planned_schools,
)
from smartschool.contexts.directory.seeds_staff import fill, last_year, subjects_of, weight_of
from smartschool.kernel import bulk, clock
from smartschool.kernel.actor import Actor, system_actor
from smartschool.kernel.command import command, done
from smartschool.kernel.scope import scope_of

SEED = 20260901
FOUNDED = date(2015, 9, 1)
DIVISION = "340402"
STAFF_BORN = (date(1968, 1, 1), date(2002, 12, 31))
PARENTS_BORN = (date(1978, 1, 1), date(1994, 12, 31))
GRANDPARENTS_BORN = (date(1950, 1, 1), date(1966, 12, 31))
# Named people (STYLE): who they are in the demo. 李岚 teaches mathematics and is 班主任 of 七（2）班.
PRINCIPAL, OFFICE, FORM_TEACHER, OUTSIDER = "周明", "何静", "李岚", "孙越"
PUPIL, GUARDIAN = "陈小雨", "王强"
BUREAU_STAFF = (
    ("许衡", "1", "district_admin"),
    ("丁若云", "2", "district_researcher"),
    ("赵宁", "2", "district_inspector"),
)
NAMED = frozenset({PRINCIPAL, OFFICE, FORM_TEACHER, OUTSIDER, PUPIL, GUARDIAN, *(s[0] for s in BUREAU_STAFF)})


def run(size: str) -> None:
    """Write the demo of a size ("district" or "small") unless a district is here already."""
    if Organisation.objects.exists():
        return
    _seed_demo(actor=system_actor("demo"), size=size)


@command("directory.seed_demo")
def _seed_demo(*, actor: Actor, size: str) -> None:
    rng = random.Random(SEED)
    maker = PeopleMaker(rng, NAMED)
    today = clock.today()
    terms = _write_years(school_year_start(today))
    schools = planned_schools(size, rng)
    places = _write_tree(schools, size)
    head_count = _share_out(schools, STAFF[size] - 2)
    bureau, central = places[BUREAU_CODE], places[CENTRAL_CODE]
    _write_office(bureau, [(name, sex, role) for name, sex, role in BUREAU_STAFF], maker)
    _write_office(central, [("", "", "principal"), ("", "", "academic_admin")], maker)
    demos = [
        _School(school, places[school.code], head_count[school.code], today, maker, rng, terms, index == 1)
        for index, school in enumerate(schools)
    ]
    for demo in demos:
        demo.write()
    _share_staff(demos)
    done(bureau, organisation_id=bureau.pk, data={"size": size, "schools": len(schools)})


def _write_years(start: int) -> list[tuple[Term, int]]:
    """The last and the running year: terms with the year in which each school year began."""
    found = []
    for year in (start - 1, start):
        school_year = SchoolYear.objects.create(
            code=f"{year}-{year + 1}", starts_on=date(year, 9, 1), ends_on=date(year + 1, 8, 31)
        )
        for number, first, last, weeks in (
            (1, date(year, 9, 1), date(year + 1, 1, 31), 21),
            (2, date(year + 1, 2, 15), date(year + 1, 7, 5), 20),
        ):
            term = Term.objects.create(
                school_year=school_year, number=number, starts_on=first, ends_on=last, weeks=weeks
            )
            found.append((term, year))
    return found


def _write_tree(schools: list[PlannedSchool], size: str) -> dict[str, Organisation]:
    """Organisations by code, parents before children."""
    bureau = Organisation.objects.create(
        code=BUREAU_CODE, name="大通区教育体育局", short_name="区教体局", kind="bureau", division=DIVISION,
        valid_from=FOUNDED,
    )  # fmt: skip
    central = Organisation.objects.create(
        code=CENTRAL_CODE, name="孔店乡中心学校", short_name="孔店中心校", kind="central_school",
        parent=bureau, town="孔店乡", division=DIVISION, valid_from=FOUNDED,
    )  # fmt: skip
    found = {BUREAU_CODE: bureau, CENTRAL_CODE: central}
    for school in schools:
        found[school.code] = Organisation.objects.create(
            code=school.code, name=f"大通区{school.name}", short_name=school.name, kind=school.kind,
            parent=found[school.parent], school_type=school.school_type, urban_rural=school.urban_rural,
            plan_category=school.category, town=school.town, division=DIVISION, valid_from=FOUNDED,
            credit_code="" if school.kind == "teaching_point" else _credit_code(school.code),
        )  # fmt: skip
    return found


def _credit_code(code: str) -> str:
    """A 统一社会信用代码 that nobody holds: its middle is no organisation code."""
    first = f"12{DIVISION}DEM{code[-6:]}"
    return first + credit_check_character(first)


def _share_out(schools: list[PlannedSchool], staff: int) -> dict[str, int]:
    """Staff by weight (largest remainder), at least three a school."""
    weights = {school.code: weight_of(school.classes) for school in schools}
    rest = staff - 3 * len(schools)
    exact = {code: rest * weight / sum(weights.values()) for code, weight in weights.items()}
    found = {code: 3 + int(part) for code, part in exact.items()}
    for code in sorted(exact, key=lambda c: int(exact[c]) - exact[c])[: staff - sum(found.values())]:
        found[code] += 1
    return found


def _new_staff(person: Invented, number: int, code: str, share: float = 1.0) -> NewStaff:
    return NewStaff(
        person.name, f"{number:04d}", person.sex, person.birth_date, person.id_number, person.phone,
        share=share, code=code,
    )  # fmt: skip


def _write_office(place: Organisation, posts: list[tuple[str, str, str]], maker: PeopleMaker) -> None:
    """Staff of the bureau and of the 中心校: one post each."""
    people = [maker.person(STAFF_BORN, name=name, sex=sex) for name, sex, _ in posts]
    with scope_of([place.pk]):
        staff = [_new_staff(person, number, maker.code()) for number, person in enumerate(people, 1)]
        ids = records.write_staff(place.pk, staff, FOUNDED)
        _appoint(place, [(pk, role, None) for pk, (_, _, role) in zip(ids, posts, strict=True)])
        records.recount([place.pk])


def _appoint(place: Organisation, posts: list[tuple[int, str, int | None]]) -> None:
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


@dataclass
class _School:
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
        rows = [_new_staff(person, number, self.maker.code()) for number, person in enumerate(people, 1)]
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
        _appoint(self.place, posts)
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


def _share_staff(demos: list[_School]) -> None:
    """Small village schools borrow a music teacher from a larger school of their town, for 0.3 of a post."""
    for demo in demos:
        lenders = [
            other
            for other in demos
            if other.plan.town == demo.plan.town and other.plan.category == "rural" and other.staff >= 18
        ]
        if demo.plan.category == "rural" and demo.staff <= 12 and lenders:
            _lend(min(lenders, key=lambda other: other.lent), demo)


def _lend(lender: _School, borrower: _School) -> None:
    """One person, a record at each school; the borrower's music is taught by the guest from now on."""
    lender.lent += 1
    index = next(i for i, t in enumerate(lender.teachers) if any(unit[1] == "24" for unit in t.units))
    with scope_of([borrower.place.pk]):
        guest = _new_staff(lender.people[index], borrower.staff + 1, borrower.maker.code(), share=0.3)
        (pk,) = records.write_staff(borrower.place.pk, [guest], FOUNDED)
        _appoint(borrower.place, [(pk, "teacher", None)])
        TeachingAssignment.objects.filter(
            subject="24", term__in=[term for term, year in borrower.terms if year == borrower.terms[-1][1]]
        ).update(staff_id=pk)
        records.recount([borrower.place.pk])
    with scope_of([lender.place.pk]):
        StaffRecord.objects.filter(pk=lender.staff_ids[index]).update(share=1 - 0.3 * lender.lent)
        records.recount([lender.place.pk])
