"""Exams of a school: list, new exam under the regulation, the page of a paper."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from smartschool.contexts.assessment import policies, queries
from smartschool.contexts.assessment.commands.entry import class_has_marks
from smartschool.contexts.assessment.commands.exams import ask_for_exam, create_exam
from smartschool.contexts.assessment.errors import ExamRefused
from smartschool.contexts.assessment.forms import ExamForm
from smartschool.contexts.assessment.models import EntryDraft, Exam, Paper, PaperRevision, RegulationApproval
from smartschool.contexts.assessment.public.contracts import Nature
from smartschool.contexts.assessment.two_way import two_way
from smartschool.contexts.assessment.views.common import grade_name, paper_title, subject_name
from smartschool.contexts.curriculum.public.doors import points_by_id
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import actor_of, place_of, requires

MOST_EXAMS = 100


@requires("assessment.view_exams")
@require_GET
def exams(request: HttpRequest, school_code: str) -> HttpResponse:
    """Exams of the school, the newest first, each with its papers."""
    actor = actor_of(request)
    found = list(
        policies.view_exams.queryset(actor)
        .prefetch_related("papers")
        .order_by("-held_on", "-id")[:MOST_EXAMS]
    )
    listed = [
        {
            "exam": exam,
            "grade": grade_name(exam.grade),
            "nature": Nature(exam.nature).zh,
            "papers": [
                {"code": paper.code, "subject": subject_name(paper.subject), "marked": paper.marks_at}
                for paper in sorted(exam.papers.all(), key=lambda one: one.subject)
            ],
        }
        for exam in found
    ]
    may_create = actor.role in policies.create_exam.roles
    return render(
        request,
        "assessment/exams.html",
        {
            "exams": listed,
            "lacking": _without_marks(found),
            "school_code": school_code,
            "may_create": may_create,
            "may_import": actor.role in policies.import_marks.roles,
        },
    )


def _without_marks(exams: list[Exam]) -> list[str]:
    """Papers that were sat and of which no class has marks, newest first."""
    sat = [exam for exam in exams if exam.held_on and exam.held_on <= clock.today()]
    return [paper_title(paper) for exam in sat for paper in exam.papers.all() if paper.marks_at is None]


@requires("assessment.create_exam")
@require_http_methods(["GET", "POST"])
def new_exam(request: HttpRequest, school_code: str) -> HttpResponse:
    """Create an exam; what the regulation refuses may be asked of the district with a reason."""
    form = ExamForm(request.POST or None)
    refused: ExamRefused | None = None
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("ask"):
                return _ask(request, school_code, form)
            exam = _create(request, form)
        except ExamRefused as problem:
            refused = problem
        except DomainError as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, f"已建考试“{exam.name}”，先编双向细目表。")
            return redirect("assessment:exams", school_code)
    context = {
        "form": form,
        "refused": refused,
        "school_code": school_code,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "assessment/new_exam.html", context)


def _create(request: HttpRequest, form: ExamForm) -> Exam:
    data = form.cleaned_data
    approval = next(
        (
            one
            for one in RegulationApproval.rows().filter(granted=True).order_by("-id")
            if not Exam.rows().filter(approval_id=one.pk).exists()
        ),
        None,
    )
    keywords: dict[str, Any] = {
        "actor": actor_of(request),
        "organisation_id": place_of(request),
        "term": form.term,
        "proposal": form.proposal(),
        "held_on": data["held_on"],
        "subjects": dict.fromkeys(data["subjects"], data["full_score"]),
    }
    try:
        return create_exam(**keywords)
    except ExamRefused:
        if approval is None:
            raise
        return create_exam(**keywords, approval=approval)


def _ask(request: HttpRequest, school_code: str, form: ExamForm) -> HttpResponse:
    ask_for_exam(
        actor=actor_of(request),
        organisation_id=place_of(request),
        term=form.term,
        proposal=form.proposal(),
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, "已向区里申请。批准后再来建这场考试。")
    return redirect("assessment:exams", school_code)


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class that the viewer may enter marks for."""

    home_class: ClassInfo
    state: str
    entry_url: str


@requires("assessment.view_exams")
@require_GET
def paper(request: HttpRequest, school_code: str, paper_code: str) -> HttpResponse:
    """One paper: its two-way table and what the viewer may do with it."""
    actor = actor_of(request)
    found = Paper.rows().select_related("exam").filter(code=paper_code).first()
    if found is None:
        raise NotYours
    items = queries.items_of(found.pk)
    points = points_by_id({point for item in items for point, _ in item.points})
    may_enter = actor.role in policies.enter_marks.roles
    lines = (
        [_class_line(found, one, school_code) for one in policies.classes_to_enter(actor, found)]
        if may_enter and items
        else []
    )
    title = paper_title(found)
    context = {
        "paper": found,
        "title": title,
        "exam_name": "" if found.exam.name == title else found.exam.name,
        "waiting": [line.home_class.name for line in lines if line.entry_url],
        "items": [(item, [points[point].name for point, _ in item.points]) for item in items],
        "table": two_way(items, points),
        "total": sum(item.full for item in items),
        "lines": lines,
        "revisions": PaperRevision.rows().filter(paper=found).order_by("-revision"),
        "school_code": school_code,
        "may_edit": policies.edit_blueprint.queryset(actor).filter(pk=found.pk).exists()
        if actor.role in policies.edit_blueprint.roles
        else False,
        "may_import": actor.role in policies.import_marks.roles,
        "may_correct": actor.role in policies.correct_marks.roles and found.marks_at is not None and items,
    }
    return render(request, "assessment/paper.html", context)


def _class_line(found: Paper, one: ClassInfo, school_code: str) -> ClassLine:
    url = reverse("assessment:entry", args=[school_code, found.code, one.code])
    if class_has_marks(found, one.id):
        return ClassLine(one, "已交", "")
    draft = EntryDraft.rows().filter(paper=found, home_class_id=one.id).first()
    return ClassLine(one, f"录了 {len(draft.lost)} 题" if draft else "没录", url)
