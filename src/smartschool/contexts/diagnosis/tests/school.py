"""A committed small district for page tests: two schools, people of each role, analysed exams."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from django.db import transaction

from smartschool.contexts.assessment.models import Attempt, Exam, Item, ItemPoint, Paper
from smartschool.contexts.curriculum.models import KnowledgePoint
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
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
    TeachingAssignment,
    Term,
)
from smartschool.contexts.identity.commands.accounts import NewAccount, open_accounts
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.scope import scope_of

# The running school year, so that a server with the real clock sees the same classes and terms.
YEAR = clock.today().year - (clock.today().month < 9)
START = date(YEAR, 9, 1)
PASSWORD = "Tongda-2026"
ACTOR = system_actor("checks")
MATHS, CHINESE = "14", "13"
FULL = [3.0] * 10 + [4.0] * 4 + [8.0, 8.0, 10.0, 10.0]
KEYS = "BADCBACDBA"
POINTS = [
    "相反数与绝对值",
    "有理数的混合运算",
    "整式的加减",
    "解一元一次方程",
    "一元一次方程应用",
    "数轴上的动点",
]


@dataclass
class District:
    """What the tests ask for."""

    bureau: Organisation
    town: Organisation
    village: Organisation
    term: Term
    points: list[KnowledgePoint]
    classes: list[HomeClass] = field(default_factory=list)
    seats: dict[int, list[Placement]] = field(default_factory=dict)
    papers: dict[str, Paper] = field(default_factory=dict)
    marks: dict[str, np.ndarray] = field(default_factory=dict)

    def url(self, paper: str, place: int, tail: str = "") -> str:
        home_class = self.classes[place]
        school = self.village if place == 2 else self.town
        return f"/schools/{school.code}/analysis/{self.papers[paper].code}/{home_class.code}/{tail}"

    def own_url(self, paper: str, place: int, seat: int) -> str:
        enrolment = self.seats[place][seat].enrolment
        return f"/me/analysis/{self.papers[paper].code}/{enrolment.code}/"


def _term() -> Term:
    """The running term: that of the demo district where the database has one."""
    running = Term.objects.filter(starts_on__lte=clock.today()).order_by("-starts_on").first()
    if running is not None:
        return running
    year = SchoolYear.objects.create(code=f"D{YEAR}", starts_on=START, ends_on=date(YEAR + 1, 7, 31))
    return Term.objects.create(
        school_year=year, number=1, starts_on=START, ends_on=date(YEAR + 1, 1, 31), weeks=20
    )


def _organisations() -> tuple[Organisation, Organisation, Organisation]:
    def make(code: str, name: str, kind: str, parent: Organisation | None) -> Organisation:
        return Organisation.objects.create(
            code=code,
            name=name,
            short_name=name,
            kind=kind,
            parent=parent,
            plan_category="urban" if kind == "school" else "",
            valid_from=START,
        )

    bureau = make("D-局", "试区教育体育局", "bureau", None)
    return (
        bureau,
        make("D-1", "东山初中", "school", bureau),
        make("D-2", "沈岗小学", "school", bureau),
    )


SURNAMES = "陈方贺胡李罗孙王张刘赵黄周吴徐朱马郭何高林郑谢宋唐许韩冯邓曹"


def _class(district: District, school: Organisation, stage: str, number: int, size: int) -> None:
    home_class = HomeClass.objects.create(
        organisation=school,
        stage=stage,
        entry_year=YEAR if stage == "junior" else YEAR - 4,
        number=number,
        valid_from=START,
    )
    district.classes.append(home_class)
    seats = []
    for seat in range(1, size + 1):
        enrolment = Enrolment.objects.create(
            organisation=school,
            person=Person.objects.create(),
            name=f"{SURNAMES[seat % len(SURNAMES)]}{'甲乙丙丁'[number]}{seat:02d}",
            name_key="x",
            stage=stage,
            entry_year=home_class.entry_year,
            valid_from=START,
        )
        seats.append(
            Placement.objects.create(
                organisation=school,
                enrolment=enrolment,
                home_class=home_class,
                class_number=seat,
                valid_from=START,
            )
        )
    district.seats[len(district.classes) - 1] = seats


def _staff(
    school: Organisation,
    name: str,
    roles: dict[str, HomeClass | None],
    taught: list[tuple[HomeClass, str]],
    term: Term,
) -> int:
    record = StaffRecord.objects.create(
        organisation=school,
        person=Person.objects.create(),
        staff_number=name,
        name=name,
        name_key="x",
        valid_from=START,
    )
    for role, home_class in roles.items():
        Appointment.objects.create(
            organisation=school, staff=record, role=role, home_class=home_class, valid_from=START
        )
    for home_class, subject in taught:
        TeachingAssignment.objects.create(
            organisation=school, staff=record, home_class=home_class, subject=subject, term=term
        )
    return record.person_id


def answers(
    rng: np.random.Generator, n: int, key_error: int | None = None
) -> tuple[np.ndarray, list[list[str]]]:
    """Marks and options of `n` pupils; at item `key_error` the good choose otherwise than the key says."""
    ability = rng.normal(size=(n, 1)) + 1.1
    hard = np.linspace(-1.2, 1.3, len(FULL))[rng.permutation(len(FULL))]
    chance = 1 / (1 + np.exp(hard - 1.3 * ability))
    marks = np.empty((n, len(FULL)))
    choices = [[""] * len(FULL) for _ in range(n)]
    for j, full in enumerate(FULL):
        if full == 3.0:
            right = rng.random(n) < chance[:, j]
            for i in range(n):
                truth = KEYS[j]
                if key_error == j:
                    truth = "C" if KEYS[j] != "C" else "D"
                wrong = [letter for letter in "ABCD" if letter != truth]
                choices[i][j] = truth if right[i] else wrong[int(rng.integers(3))]
            marks[:, j] = [full * (choices[i][j] == KEYS[j]) for i in range(n)]
        else:
            marks[:, j] = np.round(full * np.clip(chance[:, j] + rng.normal(size=n) * 0.15, 0, 1))
    return marks, choices


def add_paper(
    district: District,
    name: str,
    places: list[int],
    marks: np.ndarray,
    choices: list[list[str]] | None,
    *,
    held_on: date = date(YEAR + 1, 1, 20),
    exam_name: str = f"{YEAR} 秋期末",
    subject: str = MATHS,
    absent: tuple[int, ...] = (),
    shared: str = "",
    exam: Exam | None = None,
) -> Paper:
    """An analysed paper; item j ties to point j modulo 6. `exam` is one that has other papers already."""
    home_class = district.classes[places[0]]
    school = home_class.organisation_id
    exam = exam or Exam.objects.create(
        organisation_id=school,
        name=exam_name,
        nature="midterm" if held_on.month == 11 else "final",
        term=district.term,
        grade=7 if home_class.stage == "junior" else 5,
        held_on=held_on,
    )
    paper = Paper.objects.create(
        organisation_id=school,
        exam=exam,
        subject=subject,
        stage=home_class.stage,
        entry_year=home_class.entry_year,
        full_score=sum(FULL),
        marks_at=clock.now(),
    )
    for j, full in enumerate(FULL):
        item = Item.objects.create(
            organisation_id=school,
            paper=paper,
            position=j,
            label=str(j + 1),
            type="single" if full == 3 else "blank" if full == 4 else "open",
            full_score=full,
            key=KEYS[j] if full == 3 else "",
            options="ABCD" if full == 3 else "",
            shared_item=f"{shared}{j}" if shared else "",
        )
        ItemPoint.objects.create(organisation_id=school, item=item, point=district.points[j % 6], weight=1)
    row = 0
    for place in places:
        for seat in district.seats[place]:
            away = row in absent
            Attempt.objects.create(
                organisation_id=school,
                paper=paper,
                enrolment_id=seat.enrolment_id,
                home_class_id=seat.home_class_id,
                class_number=seat.class_number,
                status=1 if away else 0,
                marks=[float("nan")] * len(FULL) if away else marks[row].tolist(),
                states=[3] * len(FULL) if away else [1 if np.isnan(m) else 0 for m in marks[row]],
                choices=[] if away or choices is None else choices[row],
                source="seed",
            )
            row += 1
    district.papers[name] = paper
    district.marks[name] = marks
    analyse_paper(actor=ACTOR, paper_id=paper.pk)
    return paper


def build() -> District:
    """Commit everything."""
    rng = np.random.default_rng(2027)
    with transaction.atomic():
        bureau, town, village = _organisations()
        term = _term()
        points = [
            KnowledgePoint.objects.create(
                subject=MATHS, stage="junior", code=f"Z{k:02d}", name=name, level=1, position=k, source="t"
            )
            for k, name in enumerate(POINTS)
        ]
        district = District(bureau, town, village, term, points)
        with scope_of([town.pk]):
            _class(district, town, "junior", 1, 32)
            _class(district, town, "junior", 2, 30)
        with scope_of([village.pk]):
            _class(district, village, "primary", 1, 8)
        people: dict[str, int] = {}
        one, _, small = district.classes
        with scope_of([town.pk]):
            people["t-maths"] = _staff(town, "许老师", {"teacher": None}, [(one, MATHS)], term)
            people["t-form"] = _staff(
                town, "罗班主任", {"form_teacher": one, "teacher": None}, [(one, CHINESE)], term
            )
            people["t-office"] = _staff(town, "杨教务", {"academic_admin": None}, [], term)
            people["t-head"] = _staff(town, "何校长", {"principal": None}, [], term)
            first, second = district.seats[0][0].enrolment, district.seats[0][1].enrolment
            people["p-first"] = first.person_id
            for login, child in (("g-first", first), ("g-second", second)):
                person = Person.objects.create()
                Guardianship.objects.create(
                    organisation=town,
                    person=person,
                    enrolment=child,
                    relation="51",
                    name="家长",
                    valid_from=START,
                )
                people[login] = person.pk
            early, early_choices = answers(rng, 62)
            add_paper(
                district,
                "midterm",
                [0, 1],
                early,
                early_choices,
                held_on=date(YEAR, 11, 12),
                exam_name=f"{YEAR} 秋期中",
            )
            marks, choices = answers(rng, 62, key_error=3)
            marks[5, 16] = np.nan
            add_paper(district, "final", [0, 1], marks, choices, absent=(30,), shared="bank-")
        with scope_of([village.pk]):
            people["v-maths"] = _staff(village, "沈老师", {"teacher": None}, [(small, MATHS)], term)
            grid, _ = answers(rng, 8)
            add_paper(district, "village", [2], grid, None, shared="bank-")
        for number in range(3):  # three more schools that took items from the same bank
            name = f"{'乙丙丁'[number]}中学"
            school = Organisation.objects.create(
                code=f"D-{number + 3}",
                name=name,
                short_name=name,
                kind="school",
                parent=bureau,
                plan_category="rural",
                valid_from=START,
            )
            with scope_of([school.pk]):
                _class(district, school, "junior", 1, 12)
                found, letters = answers(rng, 12)
                add_paper(district, f"rural{number}", [3 + number], found, letters, shared="bank-")
        with scope_of([bureau.pk]):
            people["d-research"] = _staff(bureau, "区教研员", {"district_researcher": None}, [], term)
        open_accounts(
            actor=ACTOR,
            accounts=[NewAccount(login, person, PASSWORD) for login, person in people.items()],
            must_change_password=False,
        )
    return district
