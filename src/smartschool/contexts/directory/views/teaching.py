"""Pages of 任课: the grid class × subject of a term, one cell, one 班主任; htmx changes a cell in place."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from smartschool.contexts.directory import teaching_pages
from smartschool.contexts.directory.commands import teaching as commands
from smartschool.contexts.directory.commands.staff import set_form_teacher
from smartschool.contexts.directory.models import HomeClass, StaffRecord
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.contracts import TermInfo
from smartschool.contexts.directory.public.doors import current_term
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.teaching_copy import copy_plan
from smartschool.contexts.directory.undo import offer_undo
from smartschool.contexts.directory.views.common import school_of
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import actor_of, place_of, policy, requires

STAGES = (("", "全部"), ("primary", "小学"), ("junior", "初中"))
MOST_TEACHERS = 3


def _term(request: HttpRequest) -> TermInfo | None:
    """The term that the address names, else the running one; None before the first."""
    wanted = request.GET.get("term") or request.POST.get("term")
    for term in teaching_pages.terms_around(clock.today()) if wanted else []:
        if term.key == wanted:
            return term
    if wanted:
        raise NotYours
    try:
        return current_term()
    except LookupError:
        return None


def _class(request: HttpRequest, code: str) -> HomeClass:
    row: HomeClass = policy("directory.manage_teaching").get(actor_of(request), code=code)
    return row


def _chosen(request: HttpRequest) -> list[StaffRecord]:
    """The members of staff that a form names, each once, in its order; a stranger's code is 404."""
    wanted = list(dict.fromkeys(code for code in request.POST.getlist("staff") if code))
    rows = policy("directory.manage_staff").queryset(actor_of(request)).filter(valid_to__isnull=True)
    found = {row.code: row for row in rows.filter(code__in=wanted)}
    if len(found) != len(wanted):
        raise NotYours
    return [found[code] for code in wanted]


@requires("directory.manage_teaching")
@require_GET
def grid(request: HttpRequest, school_code: str) -> HttpResponse:
    """The grid of a term."""
    term, stage = _term(request), request.GET.get("stage", "")
    page = None
    if term is not None:
        page = teaching_pages.grid(place_of(request), term, stage=stage, add=request.GET.get("add", ""))
    both = bool(stage) or (page is not None and len({line.one.stage for line in page.lines}) > 1)
    context = {
        "school_code": school_code,
        "page": page,
        "stage": stage,
        "stages": STAGES if both else (),
        "tab": "teaching",
    }
    return render(request, "directory/teaching.html", context)


@requires("directory.manage_teaching")
@require_http_methods(["GET", "POST"])
def cell(request: HttpRequest, school_code: str, class_code: str, subject: str) -> HttpResponse:
    """Who teaches one subject in one class; the undo posts the former ones to this same address."""
    row, term = _class(request, class_code), _term(request)
    table = codes.table("subject")
    if term is None or subject not in table.names:
        raise NotYours
    address = reverse("directory:teaching_cell", args=[school_code, class_code, subject])
    former: list[StaffRecord] | None = None
    if request.method == "POST":
        former = commands.set_teachers(
            actor=actor_of(request), home_class=row, subject=subject, term=term, staff=_chosen(request)
        )
        if not _inline(request):
            words = f"{class_info(row).name}{table.name(subject)}已改。"
            codes_before = [one.code for one in former] or [""]
            offer_undo(request, words, address, {"staff": codes_before, "term": term.key}, "改回去")
            return _back(school_code, term)
    people = teaching_pages.teachers_of(place_of(request))
    taught = teaching_pages.taught_in(row.pk, subject, term, people)
    context = {
        "school_code": school_code,
        "one": class_info(row),
        "title": table.name(subject),
        "what": "教师",
        "address": address,
        "term": term,
        "people": [one for one in people.values() if one.here],
        "taught": taught,
        "slots": _slots(taught, 1 if _inline(request) and len(taught) < 2 else MOST_TEACHERS),
        "former": former,
    }
    return render(request, _template(request), context)


@requires("directory.manage_teaching")
@require_http_methods(["GET", "POST"])
def form_teacher(request: HttpRequest, school_code: str, class_code: str) -> HttpResponse:
    """Who is 班主任 of a class, from today; the undo posts the former one to this same address."""
    row, refused = _class(request, class_code), ""
    address = reverse("directory:form_teacher", args=[school_code, class_code])
    former: list[StaffRecord] | None = None
    if request.method == "POST":
        chosen = _chosen(request)
        try:
            before = set_form_teacher(
                actor=actor_of(request), home_class=row, staff=chosen[0] if chosen else None, on=clock.today()
            )
        except DomainError as problem:
            refused = problem.message
        else:
            former = [before] if before else []
            if not _inline(request):
                words = f"{class_info(row).name}的班主任已改，从今天起。"
                codes_before = [one.code for one in former] or [""]
                offer_undo(request, words, address, {"staff": codes_before}, "改回去")
                return _back(school_code, None)
    people = teaching_pages.teachers_of(place_of(request))
    head = teaching_pages.form_teachers_of(place_of(request), people).get(row.pk)
    taught = [head] if head else []
    context = {
        "school_code": school_code,
        "one": class_info(row),
        "title": "班主任",
        "what": "班主任",
        "address": address,
        "people": [one for one in people.values() if one.here],
        "taught": taught,
        "slots": _slots(taught, 1),
        "former": former,
        "refused": refused,
    }
    status = 422 if refused and not _inline(request) else 200  # htmx swaps no refusal in
    return render(request, _template(request), context, status=status)


@requires("directory.manage_teaching")
@require_http_methods(["GET", "POST"])
def copy(request: HttpRequest, school_code: str) -> HttpResponse:
    """What of the term before would go on, then the copying; the undo takes the whole batch back."""
    term = _term(request)
    if term is None:
        raise NotYours
    plan = copy_plan(place_of(request), term)
    if request.method == "POST" and plan is not None and plan.new:
        code = commands.copy_teaching(
            actor=actor_of(request),
            organisation=school_of(request),
            source=plan.source,
            target=term,
            assignments=plan.new,
        )
        address = reverse("directory:teaching_withdraw", args=[school_code])
        offer_undo(
            request, f"已沿用 {len(plan.new)} 项任课。", address, {"copy": code, "term": term.key}, "整批撤销"
        )
        return _back(school_code, term)
    context = {"school_code": school_code, "term": term, "plan": plan}
    return render(request, "directory/teaching_copy.html", context)


@requires("directory.manage_teaching")
@require_POST
def withdraw(request: HttpRequest, school_code: str) -> HttpResponse:
    """Take a copying back."""
    number = commands.withdraw_teaching(
        actor=actor_of(request), organisation=school_of(request), copy=request.POST.get("copy", "")
    )
    messages.success(request, f"已撤销沿用的 {number} 项任课，后来改过的不动。")
    return _back(school_code, _term(request))


def _inline(request: HttpRequest) -> bool:
    """A cell changes in place where htmx asks; without script the same address is a page of its own."""
    return "HX-Request" in request.headers


def _template(request: HttpRequest) -> str:
    if not _inline(request):
        return "directory/teaching_cell.html"
    shown = request.method == "POST" or "show" in request.GET
    return "directory/_cell.html" if shown else "directory/_cell_form.html"


def _slots(taught: list[teaching_pages.Teacher], number: int) -> list[str]:
    """The chosen code of each choice; "" where nobody is chosen."""
    return [one.code for one in taught] + [""] * max(0, number - len(taught))


def _back(school_code: str, term: TermInfo | None) -> HttpResponseRedirect:
    address = reverse("directory:teaching", args=[school_code])
    return HttpResponseRedirect(f"{address}?term={term.key}" if term else address)
