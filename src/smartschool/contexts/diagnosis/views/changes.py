"""What a correction changed: items and points of the paper, and for the own teacher whose level moved."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from smartschool.contexts.diagnosis import queries
from smartschool.contexts.diagnosis import sketch as sketches
from smartschool.contexts.diagnosis.compose import differences
from smartschool.contexts.diagnosis.models import AnalysisRun, PupilReport
from smartschool.contexts.diagnosis.queries import ClassPage
from smartschool.kernel.policy import actor_of, requires


@dataclass(frozen=True, slots=True)
class Moved:
    """One pupil whose level or mastery moved; by 学号."""

    number: int
    name: str
    level: str
    points: str


@requires("diagnosis.view_report")
def changes(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """The last version that put something right against the one before it."""
    page = queries.class_page(actor_of(request), paper_code=paper_code, class_code=class_code)
    versions = AnalysisRun.rows().filter(
        paper_id=page.run.paper_id, number__in=[page.corrected - 1, page.corrected] if page.corrected else []
    )
    former, made = list(versions.order_by("number")) or (None, None)
    # Figures of the whole grade less those of the other classes would be those of the small one.
    hidden = page.run.n_classes > 1 and queries.grade_figures(page) is None
    stored = (made.changes if made is not None else None) or {"items": [], "points": []}
    keys = {"school_code": school_code, "paper_code": paper_code, "class_code": class_code}
    context = {
        "page": page,
        "former": former,
        "made": made,
        "hidden": hidden,
        "items": () if hidden else differences.load(stored["items"]),
        "points": () if hidden else differences.load(stored["points"]),
        "moved": _moved(page, former) if page.own and former else (),
        "own": page.own,
        "base": reverse("class-report", kwargs=keys),
        "title": f"{page.figure.class_name} · {page.paper.subject}学情",
        "list_url": reverse("analysis", kwargs={"school_code": school_code}),
    }
    return render(request, "diagnosis/changes.html", context)


def _moved(page: ClassPage, former: AnalysisRun) -> list[Moved]:
    old_paper = sketches.load(former.sketch)
    before = {
        row.enrolment_id: row
        for row in PupilReport.rows().filter(run=former, home_class_id=page.figure.home_class_id)
    }
    found = []
    for line in queries.pupil_lines(page):
        old = before.get(line.key)
        if old is None:
            continue
        a, b = _word(old_paper.level_labels, old.level), _word(page.paper.level_labels, line.level)
        states = dict(zip((point.code for point in old_paper.points), queries.states_of(old), strict=False))
        names = [
            point.name
            for point, state in zip(page.paper.points, line.states, strict=False)
            if states.get(point.code) != state
        ]
        if a != b or names:
            found.append(
                Moved(line.number, line.name, f"{a} → {b}" if a != b else "没有变", "、".join(names))
            )
    return found


def _word(labels: tuple[str, ...], level: int | None) -> str:
    return "没有等级" if level is None else labels[level]
