"""The demo district: deterministic, invented, written through the set-based records of directory.

Years are the running school year and the one before, so the demo never grows old; everything else depends
on one seed only.
"""

import random
from datetime import date

from smartschool.contexts.directory import records
from smartschool.contexts.directory.grades import school_year_start
from smartschool.contexts.directory.models import (
    Organisation,
    SchoolYear,
    StaffRecord,
    TeachingAssignment,
    Term,
)
from smartschool.contexts.directory.public.identifiers import credit_check_character
from smartschool.contexts.directory.seeds_people import PeopleMaker
from smartschool.contexts.directory.seeds_plan import (
    BUREAU_CODE,
    CENTRAL_CODE,
    STAFF,
    PlannedSchool,
    planned_schools,
)
from smartschool.contexts.directory.seeds_school import (
    DIVISION,
    FORM_TEACHER,
    FOUNDED,
    GUARDIAN,
    OFFICE,
    OUTSIDER,
    PRINCIPAL,
    PUPIL,
    STAFF_BORN,
    School,
    appoint,
    new_staff,
)
from smartschool.contexts.directory.seeds_staff import weight_of
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor, system_actor
from smartschool.kernel.command import command, done
from smartschool.kernel.scope import scope_of

SEED = 20260901
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
        School(school, places[school.code], head_count[school.code], today, maker, rng, terms, index == 1)
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


def _write_office(place: Organisation, posts: list[tuple[str, str, str]], maker: PeopleMaker) -> None:
    """Staff of the bureau and of the 中心校: one post each."""
    people = [maker.person(STAFF_BORN, name=name, sex=sex) for name, sex, _ in posts]
    with scope_of([place.pk]):
        staff = [new_staff(person, number, maker.code()) for number, person in enumerate(people, 1)]
        ids = records.write_staff(place.pk, staff, FOUNDED)
        appoint(place, [(pk, role, None) for pk, (_, _, role) in zip(ids, posts, strict=True)])
        records.recount([place.pk])


def _share_staff(demos: list[School]) -> None:
    """Small village schools borrow a music teacher from a larger school of their town, for 0.3 of a post."""
    for demo in demos:
        lenders = [
            other
            for other in demos
            if other.plan.town == demo.plan.town and other.plan.category == "rural" and other.staff >= 18
        ]
        if demo.plan.category == "rural" and demo.staff <= 12 and lenders:
            _lend(min(lenders, key=lambda other: other.lent), demo)


def _lend(lender: School, borrower: School) -> None:
    """One person, a record at each school; the borrower's music is taught by the guest from now on."""
    lender.lent += 1
    index = next(i for i, t in enumerate(lender.teachers) if any(unit[1] == "24" for unit in t.units))
    with scope_of([borrower.place.pk]):
        guest = new_staff(lender.people[index], borrower.staff + 1, borrower.maker.code(), share=0.3)
        (pk,) = records.write_staff(borrower.place.pk, [guest], FOUNDED)
        appoint(borrower.place, [(pk, "teacher", None)])
        TeachingAssignment.objects.filter(
            subject="24", term__in=[term for term, year in borrower.terms if year == borrower.terms[-1][1]]
        ).update(staff_id=pk)
        records.recount([borrower.place.pk])
    with scope_of([lender.place.pk]):
        StaffRecord.objects.filter(pk=lender.staff_ids[index]).update(share=1 - 0.3 * lender.lent)
        records.recount([lender.place.pk])
