"""A tiny school for the tests of this room: classes, pupils, an exam, a paper with items."""

from dataclasses import dataclass, field
from datetime import date

from smartschool.contexts.assessment.models import Exam, Item, ItemPoint, Paper
from smartschool.contexts.curriculum.models import KnowledgePoint
from smartschool.contexts.directory.models import (
    Enrolment,
    HomeClass,
    Organisation,
    Person,
    Placement,
    SchoolYear,
    Term,
)
from smartschool.kernel.actor import Actor
from smartschool.kernel.scope import Scope, scope_of

START = date(2026, 9, 1)


@dataclass
class World:
    """One school (and, for strangers, another) with what a test needs of it."""

    bureau: Organisation
    school: Organisation
    other: Organisation
    term: Term
    classes: list[HomeClass] = field(default_factory=list)
    pupils: list[Placement] = field(default_factory=list)
    points: list[KnowledgePoint] = field(default_factory=list)
    actor: Actor = field(default_factory=lambda: Actor(account_id=7, role="academic_admin"))

    def scope(self) -> Scope:
        return scope_of([self.school.pk])

    def exam(self, *, grade: int = 7, nature: str = "final", name: str = "七年级期末") -> Exam:
        return Exam.objects.create(
            organisation=self.school,
            name=name,
            nature=nature,
            term=self.term,
            grade=grade,
            held_on=date(2027, 1, 20),
        )

    def paper(
        self,
        items: list[dict[str, object]],
        *,
        subject: str = "14",
        exam: Exam | None = None,
        full_score: float = 0,
    ) -> Paper:
        """A paper whose items tie in turn to the world's knowledge points."""
        paper = Paper.objects.create(
            organisation=self.school,
            exam=exam or self.exam(),
            subject=subject,
            stage="junior",
            entry_year=2026,
            full_score=full_score or sum(float(str(item["full_score"])) for item in items),
        )
        for position, item in enumerate(items):
            row = Item.objects.create(
                organisation=self.school,
                paper=paper,
                position=position,
                **{"label": str(position + 1), "type": "open", **item},
            )
            ItemPoint.objects.create(
                organisation=self.school, item=row, point=self.points[position % len(self.points)], weight=1
            )
        return paper


def build(*, classes: int = 2, pupils: int = 5) -> World:
    """Rows of the running test's transaction."""
    bureau = Organisation.objects.create(
        code="T-B", name="试区教育体育局", short_name="教体局", kind="bureau", valid_from=START
    )
    school, other = (
        Organisation.objects.create(
            code=code, name=name, short_name=name, kind="school", parent=bureau, valid_from=START
        )
        for code, name in (("2134009001", "甲学校"), ("2134009002", "乙学校"))
    )
    year, _ = SchoolYear.objects.get_or_create(
        code="2026-2027", defaults={"starts_on": START, "ends_on": date(2027, 7, 31)}
    )
    term, _ = Term.objects.get_or_create(
        school_year=year,
        number=1,
        defaults={"starts_on": START, "ends_on": date(2027, 1, 31), "weeks": 20},
    )
    world = World(bureau, school, other, term)
    world.points = [
        KnowledgePoint.objects.create(
            subject="14", stage="junior", code=f"T{n}", name=f"知识点{n}", level=1, position=n, source="t"
        )
        for n in range(3)
    ]
    with world.scope():
        for number in range(1, classes + 1):
            home_class = HomeClass.objects.create(
                organisation=school, stage="junior", entry_year=2026, number=number, valid_from=START
            )
            world.classes.append(home_class)
            for class_number in range(1, pupils + 1):
                enrolment = Enrolment.objects.create(
                    organisation=school,
                    person=Person.objects.create(),
                    name=f"学生{number}{class_number}",
                    name_key="xs",
                    stage="junior",
                    entry_year=2026,
                    valid_from=START,
                )
                world.pupils.append(
                    Placement.objects.create(
                        organisation=school,
                        enrolment=enrolment,
                        home_class=home_class,
                        class_number=class_number,
                        valid_from=START,
                    )
                )
    return world
