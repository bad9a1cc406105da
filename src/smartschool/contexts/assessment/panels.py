"""What 今日 shows of this room: marks that wait for a teacher, marks a school lacks, requests to answer."""

from collections import defaultdict

from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe

from smartschool.contexts.assessment import policies
from smartschool.contexts.assessment.models import (
    Attempt,
    EntryDraft,
    Exam,
    Item,
    Paper,
    RegulationApproval,
)
from smartschool.contexts.assessment.public.contracts import Nature
from smartschool.contexts.assessment.views.common import grade_name, paper_title, subject_name
from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.registry import Block

MOST = 6


def _block(template: str, todo: str, **context: object) -> Block:
    html = render_to_string(f"assessment/panels/{template}.html", context)
    return Block(mark_safe(html), todo=todo)  # noqa: S308 - a template


def _marked(papers: list[Paper]) -> set[tuple[int, int]]:
    """Pairs of paper and class for which marks are there."""
    found = Attempt.rows().filter(paper__in=papers).order_by()
    return set(found.values_list("paper_id", "home_class_id").distinct())


def waiting_marks(request: HttpRequest, actor: Actor) -> Block | None:
    """Held exams whose marks wait, a line a class; nothing where everything is entered."""
    if actor.role not in policies.TEACHERS or actor.workspace is None:
        return None
    papers = list(
        policies.enter_marks.queryset(actor)
        .filter(exam__held_on__lte=clock.today(), pk__in=Item.rows().values("paper_id"))
        .annotate(n_items=Count("items"))
        .order_by("-exam__held_on", "-pk")[:20]
    )
    if not papers:
        return None
    taught = policies.taught(actor)
    marked = _marked(papers)
    drafts = {
        (paper, home_class): len(lost)
        for paper, home_class, lost in EntryDraft.rows()
        .filter(paper__in=papers)
        .values_list("paper_id", "home_class_id", "lost")
    }
    rows = [
        {
            "title": f"{home_class.name} · {paper_title(paper)}",
            "held_on": paper.exam.held_on,
            "entered": drafts.get((paper.pk, home_class.id), 0),
            "n_items": paper.n_items,
            "url": reverse("assessment:entry", args=[actor.workspace.code, paper.code, home_class.code]),
        }
        for paper in papers
        for home_class in policies.classes_of_paper(taught, paper)
        if (paper.pk, home_class.id) not in marked
    ]
    if not rows:
        return None
    return _block("waiting_marks", f"{len(rows)} 份成绩等你录", rows=rows[:MOST], more=len(rows) - MOST)


def missing_marks(request: HttpRequest, actor: Actor) -> Block | None:
    """Exams of this term that were held and whose marks are not all there, by exam and subject."""
    if actor.role not in policies.OFFICE or actor.workspace is None:
        return None
    today = clock.today()
    try:
        term = directory.current_term(today)
    except LookupError:
        return None
    school = actor.workspace.id
    papers = list(
        Paper.rows()
        .filter(organisation_id=school, exam__held_on__range=(term.starts_on, today))
        .select_related("exam")
        .order_by("-exam__held_on", "-exam_id", "subject")
    )
    if not papers:
        return None
    classes = directory.classes_of([school])
    marked = _marked(papers)
    exams: dict[Exam, list[dict[str, object]]] = defaultdict(list)
    for paper in papers:
        sit = [
            one.id
            for one in classes
            if one.stage == paper.stage and (one.entry_year == paper.entry_year or one.is_combined)
        ]
        # A 复式班 sits a paper only where one of its years does: it counts once its marks are there.
        due = [one.id for one in classes if one.id in sit and not one.is_combined] or sit
        done = sum((paper.pk, one) in marked for one in due)
        if done < len(due):
            exams[paper.exam].append(
                {
                    "subject": subject_name(paper.subject),
                    "url": reverse("assessment:paper", args=[actor.workspace.code, paper.code]),
                    "done": done,
                    "due": len(due),
                }
            )
    rows = [
        {"name": exam.name, "grade": grade_name(exam.grade), "held_on": exam.held_on, "papers": found}
        for exam, found in exams.items()
    ]
    if not rows:
        return None
    lacking = sum(len(found) for found in exams.values())
    return _block("missing_marks", f"{lacking} 份试卷还缺成绩", rows=rows[:MOST], more=len(rows) - MOST)


def open_requests(request: HttpRequest, actor: Actor) -> Block | None:
    """Exams outside the regulation that schools ask for and nobody has answered."""
    answered = RegulationApproval.rows().filter(request_id=OuterRef("pk"))
    found = list(policies.answer_request.queryset(actor).filter(~Exists(answered)).order_by("asked_at"))
    if not found:
        return None
    places = directory.organisations_by_id(one.organisation_id for one in found)
    rows = [
        {
            "school": places[one.organisation_id].name,
            "exam": f"{grade_name(one.grade)}{Nature(one.nature).zh} · {one.name}",
            "days": (clock.now() - one.asked_at).days,
        }
        for one in found[:MOST]
    ]
    return _block("open_requests", f"{len(found)} 件考试申请等你答复", rows=rows, n=len(found))
