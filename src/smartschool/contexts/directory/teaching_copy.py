"""Reads of 沿用上学期: which lessons of the term before go on in a term, which do not and why."""

from collections.abc import Iterable
from dataclasses import dataclass

from smartschool.contexts.directory.curriculum_plan import in_order, required
from smartschool.contexts.directory.models import TeachingAssignment
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.contracts import ClassInfo, NewAssignment, TermInfo
from smartschool.contexts.directory.public.doors import classes_by_id, classes_of, terms
from smartschool.contexts.directory.teaching_pages import Teacher, teachers_of


@dataclass(slots=True)
class CopyLine:
    """One class with the lessons that go on: (subject, names of the teachers)."""

    one: ClassInfo
    lessons: list[tuple[str, str]]


@dataclass(slots=True)
class CopyPlan:
    """What copying would write. `concerns` are sentences on what does not go on; `kept` counts lessons of
    the term that have somebody already and stay as they are."""

    source: TermInfo
    target: TermInfo
    new: list[NewAssignment]
    lines: list[CopyLine]
    kept: int
    concerns: list[str]

    @property
    def nothing(self) -> str:
        """Why there is nothing to copy."""
        if self.kept:
            return f"{self.source.name}的课，这学期都已经有人教。"
        return f"{self.source.name}没有排过任课。" if not self.concerns else "原因在下面。"


def term_before(term: TermInfo) -> TermInfo | None:
    """The term that came before, None of the first."""
    return next((one for one in reversed(terms()) if one.starts_on < term.starts_on), None)


def copy_plan(organisation_id: int, target: TermInfo) -> CopyPlan | None:
    """The lessons of the term before, for the classes and the people that are still there; None where there
    is no term before. Six round trips.

    In autumn a class has moved up a grade: what its new grade is not taught any more stays behind.
    """
    source = term_before(target)
    if source is None:
        return None
    rows = list(
        TeachingAssignment.objects.filter(organisation_id=organisation_id, term_id__in=(source.id, target.id))
        .order_by("staff__name_key", "staff_id")
        .values_list("term_id", "home_class_id", "subject", "staff_id")
    )
    filled = {(home_class, subject) for term, home_class, subject, _ in rows if term == target.id}
    people = teachers_of(organisation_id)
    classes = {one.id: one for one in classes_of([organisation_id], on=target.starts_on) if one.grades}
    former = classes_by_id({home_class for _, home_class, *_ in rows}, on=source.starts_on)
    subjects = codes.table("subject")
    gone: dict[str, None] = {}
    left: dict[str, list[str]] = {}
    outgrown: dict[str, set[str]] = {}
    kept: set[tuple[int, str]] = set()
    new: list[NewAssignment] = []
    for term, home_class, subject, staff in rows:
        if term != source.id:
            continue
        one = classes.get(home_class)
        if one is None:
            gone.setdefault(former[home_class].name)
        elif (home_class, subject) in filled:
            kept.add((home_class, subject))
        elif subject in required(former[home_class].grades) - required(one.grades):
            outgrown.setdefault(one.name, set()).add(subject)
        elif not people[staff].here:
            left.setdefault(people[staff].name, []).append(f"{one.name}{subjects.name(subject)}")
        else:
            new.append(NewAssignment(staff, home_class, subject))
    concerns = [f"{_joined(gone)}已经毕业或撤班，不沿用。"] if gone else []
    for name, found in outgrown.items():
        dropped = _joined(subjects.name(subject) for subject in in_order(found))
        concerns.append(f"{name}按课程方案不再开{dropped}，不沿用。")
    concerns += [f"{name}已经离开，{_joined(lessons)}要另外排人。" for name, lessons in left.items()]
    return CopyPlan(source, target, new, _lines(new, classes, people), len(kept), concerns)


def _joined(words: Iterable[str]) -> str:
    return "、".join(words)


def _lines(
    new: list[NewAssignment], classes: dict[int, ClassInfo], people: dict[int, Teacher]
) -> list[CopyLine]:
    names: dict[int, dict[str, list[str]]] = {}
    for row in new:
        names.setdefault(row.home_class_id, {}).setdefault(row.subject, []).append(people[row.staff_id].name)
    subjects = codes.table("subject")
    return [
        CopyLine(
            one,
            [
                (subjects.name(subject), _joined(names[one.id][subject]))
                for subject in in_order(names[one.id])
            ],
        )
        for one in classes.values()
        if one.id in names
    ]
