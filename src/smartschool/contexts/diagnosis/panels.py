"""What 今日 shows of this room: new reports for teacher and family, what office and district still lack."""

from collections import Counter, defaultdict
from datetime import timedelta

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from smartschool.contexts.assessment.public import doors as assessment
from smartschool.contexts.diagnosis import district, family, queries, raw_exports, releases
from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis import sketch as sketches
from smartschool.contexts.diagnosis.compose.lede import headline
from smartschool.contexts.diagnosis.compose.small_class import small_headline
from smartschool.contexts.diagnosis.compose.words import SMALL_CLASS
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.models import AnalysisRun
from smartschool.contexts.diagnosis.sketch import PaperSketch
from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.registry import Block

MOST = 4
FRESH = timedelta(days=14)  # a family that has not looked by then knows where the reports are


def _filled(template: str, **context: object) -> SafeString:
    return mark_safe(render_to_string(f"diagnosis/panels/{template}.html", context))  # noqa: S308 -- a template


def _headline(paper: PaperSketch, figures: GroupFigures) -> str:
    return (small_headline if figures.n_present < SMALL_CLASS else headline)(paper, figures)


def new_reports(request: HttpRequest, actor: Actor) -> Block | None:
    """The newest class reports that the actor may open, and what was decided on the 成绩册 asked for."""
    if actor.workspace is None:
        return None
    raw = raw_exports.news(actor)
    rows = queries.reports_in_reach(actor, limit=MOST, with_figures=True)
    if not rows and not raw:
        return None
    told = [
        (row, _headline(sketches.load(row.run.sketch), stored.load(row.numbers, row.words))) for row in rows
    ]
    return Block(_filled("new_reports", rows=told, raw=raw, school_code=actor.workspace.code), todo=raw.todo)


def new_own_reports(request: HttpRequest, actor: Actor) -> Block | None:
    """The newest released reports of the own children, or of oneself."""
    rows = family.own_rows(actor, limit=MOST)
    if not rows:
        return None
    fresh = any(row.released_at > clock.now() - FRESH for row in rows)
    return Block(_filled("own_reports", rows=rows), todo="有新的学情报告可以看" if fresh else "")


def to_release(request: HttpRequest, actor: Actor) -> Block | None:
    """What waits for the office: exams whose results no family has seen yet, 成绩册 that were asked for."""
    if actor.workspace is None:
        return None
    raw = raw_exports.news(actor)
    waiting = [exam for exam in releases.exams(actor) if exam.open]
    if not waiting and not raw:
        return None
    unreleased = f"{len(waiting)} 场考试的结果还没有发布" if waiting else ""
    shown = [(exam, [one for one in exam.subjects if one.release is None]) for exam in waiting[:MOST]]
    return Block(
        _filled(
            "to_release",
            exams=shown,
            more=len(waiting) - MOST,
            raw=raw,
            school_code=actor.workspace.code,
        ),
        todo="，".join(filter(None, (raw.todo, unreleased))),
    )


def coverage(request: HttpRequest, actor: Actor) -> Block | None:
    """Which schools have analysed exams this term: counts of papers, no figure of any school."""
    schools = [school for school in directory.schools() if school.plan_category]
    try:
        term = directory.current_term(clock.today())
    except LookupError:
        return None
    if not schools:
        return None
    today = clock.today()
    analysed = Counter(
        AnalysisRun.rows()
        .filter(current=True, term_id=term.id, held_on__lte=today)
        .values_list("organisation_id", flat=True)
    )
    held = Counter(
        paper.exam.organisation_id
        for paper in assessment.papers(term_id=term.id, with_marks=False)
        if paper.exam.held_on is not None and paper.exam.held_on <= today
    )
    towns: dict[str, list[dict[str, object]]] = defaultdict(list)
    for school in schools:
        done, due = analysed[school.id], held[school.id]
        state = "none" if not due else "part" if done < due else "all"
        towns[school.town or "区直"].append({"school": school, "done": done, "due": due, "state": state})
    counts = Counter(one["state"] for found in towns.values() for one in found)
    return Block(
        _filled("coverage", towns=sorted(towns.items()), counts=counts, term=term),
        todo=f"{counts['part']} 所学校考过了还缺成绩" if counts["part"] else "",
    )


def quality(request: HttpRequest, actor: Actor) -> Block | None:
    """The newest subjects of which the district has a view over its schools' finals."""
    found = district.choices()
    return Block(_filled("quality", choices=found[:MOST])) if found else None
