"""Reads for the district's quality view: sums of shared items over schools. No pupil, no class."""

from dataclasses import dataclass

from django.db.models import Count

from smartschool.contexts.curriculum.public import doors as curriculum
from smartschool.contexts.curriculum.public.contracts import PointInfo
from smartschool.contexts.diagnosis.compose.district import PointLine, SharedSums, point_lines, shared_rows
from smartschool.contexts.diagnosis.models import AnalysisRun, ItemFigure
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public import doors as directory

GROUPS = (("urban", "城镇"), ("rural", "乡村"))


@dataclass(frozen=True, slots=True)
class Choice:
    """A subject of a grade in a term for which finals were analysed."""

    key: str
    label: str
    subject: str
    grade: int
    term: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What the page shows for one choice: schools that share items, and the items that they share."""

    choice: Choice
    n_schools: int
    n_items: int
    lines: tuple[tuple[PointInfo, PointLine], ...]


def choices() -> list[Choice]:
    """Subjects and grades with items shared by two schools or more, by term, grade, subject code."""
    rows = (
        AnalysisRun.rows()
        .filter(current=True, nature="final", items__shared_item__gt="")
        .values_list("term_id", "grade", "subject")
        .annotate(schools=Count("organisation_id", distinct=True))
        .filter(schools__gte=2)
        .order_by("-term_id", "grade", "subject")
    )
    terms = {term.id: term for term in directory.terms()}
    names = codes.table("subject")
    return [
        Choice(
            f"{term}-{grade}-{subject}",
            f"{'一二三四五六七八九'[grade - 1]}年级{names.name(subject)} · {terms[term].name}",
            subject,
            grade,
            term,
        )
        for term, grade, subject, _ in rows
    ]


def quality(choice: Choice) -> Quality:
    """Knowledge points over the finals of all schools, through the items that they share."""
    rows = (
        ItemFigure.rows()
        .filter(
            run__current=True,
            run__nature="final",
            run__term_id=choice.term,
            run__grade=choice.grade,
            run__subject=choice.subject,
            shared_item__gt="",
        )
        .values_list("organisation_id", "shared_item", "points", "weights", "full_score", "n", "share_sum")
    )
    found = list(rows)
    places = directory.organisations_by_id({row[0] for row in found})
    sums = [
        SharedSums(
            school,
            places[school].plan_category,
            item,
            tuple(zip(points, weights, strict=True)),
            full,
            n,
            total,
        )
        for school, item, points, weights, full, n, total in found
    ]
    points = curriculum.points_by_id({key for row in sums for key, _ in row.points})
    order = [point.id for point in sorted(points.values(), key=lambda point: point.code)]
    lines = point_lines(sums, order, [key for key, _ in GROUPS])
    shared = shared_rows(sums)
    return Quality(
        choice=choice,
        n_schools=len({row.school for row in shared}),
        n_items=len({row.item for row in shared}),
        lines=tuple((points[line.point], line) for line in lines),
    )
