"""Pages of 师生与班级: classes of a school, a class, a pupil, staff."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from smartschool.contexts.directory import class_pages, queries, teaching_pages, tree
from smartschool.contexts.directory.commands.pupils import transfer_pupil
from smartschool.contexts.directory.forms.pupils import MoveForm
from smartschool.contexts.directory.models import Enrolment, HomeClass
from smartschool.contexts.directory.public import doors
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.views.common import runs_office, school_of
from smartschool.kernel import audit, clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import DomainError
from smartschool.kernel.policy import actor_of, place_of, policy, requires


@requires("directory.view_school")
def profile(request: HttpRequest, school_code: str) -> HttpResponse:
    """The school at one look: particulars, terms, classes with their size, posts."""
    row = school_of(request)
    sizes = doors.class_sizes([row.pk])
    page = tree.unit_page(row)
    today = clock.today()
    terms = teaching_pages.terms_around(today)
    context = {
        "school_code": school_code,
        "row": row,
        "one": page.unit,
        "page": page,
        "grades": [
            (name, [(one, sizes.get(one.id, 0)) for one in classes], sum(sizes.get(c.id, 0) for c in classes))
            for name, classes in page.grades
        ],
        "terms": [(term, term.starts_on <= today <= term.ends_on) for term in terms],
        "posts": teaching_pages.posts_of(row.pk).by_role,
    }
    return render(request, "directory/profile.html", context)


@requires("directory.view_classes")
def classes(request: HttpRequest, school_code: str) -> HttpResponse:
    """Classes that the actor may open, by grade."""
    rows = policy("directory.view_classes").queryset(actor_of(request))
    found = doors.classes_in(rows)
    sizes = doors.class_sizes([place_of(request)])
    heads = doors.form_teachers(one.id for one in found)
    school = school_of(request)
    listed = [
        class_pages.ClassRow(
            one, sizes.get(one.id, 0), heads.get(one.id), class_pages.type_of(one, school.school_type)
        )
        for one in found
    ]
    office = runs_office(actor_of(request))
    words = request.GET.get("q", "")
    return render(
        request,
        "directory/classes.html",
        {
            "school_code": school_code,
            "rows": listed,
            "groups": class_pages.grouped(listed),
            "special": any(row.type_name for row in listed),
            "pupils": sum(row.size for row in listed),
            "headless": [row.one.name for row in listed if row.head is None],
            "office": office,
            "coming": class_pages.coming(rows) if office else [],
            "gone": class_pages.gone(rows) if office and request.GET.get("show") == "closed" else None,
            "pending": queries.pending_count(place_of(request)) if office else 0,
            "unplaced": queries.unplaced(place_of(request)) if office else [],
            "q": words,
            "found": queries.search_pupils(place_of(request), words) if office else [],
        },
    )


@requires("directory.view_classes")
def home_class(request: HttpRequest, school_code: str, class_code: str) -> HttpResponse:
    """One class: pupils by 学号, who teaches it."""
    actor = actor_of(request)
    row = policy("directory.view_classes").get(actor, code=class_code)
    page, office = queries.class_page(row.pk), runs_office(actor)
    return render(
        request,
        "directory/class.html",
        {
            "school_code": school_code,
            "one": class_info(row),
            "page": page,
            "office": office,
            "closed": row.valid_to is not None and row.valid_to <= clock.today(),
            "type_name": class_pages.type_of(class_info(row), school_of(request).school_type),
            "opens_pupils": office or (page.head is not None and page.head[1] == actor.person_id),
        },
    )


@requires("directory.view_pupils")
def pupil(request: HttpRequest, school_code: str, pupil_code: str) -> HttpResponse:
    """One pupil, numbers masked."""
    row = policy("directory.view_pupils").get(actor_of(request), code=pupil_code)
    return render(request, "directory/pupil.html", _pupil_context(request, school_code, row, in_full=False))


@requires("directory.reveal_pupil")
@require_POST
def reveal(request: HttpRequest, school_code: str, pupil_code: str) -> HttpResponse:
    """The same page with numbers in full; who looked is recorded before anything is shown."""
    actor = actor_of(request)
    row = policy("directory.reveal_pupil").get(actor, code=pupil_code)
    audit.record(
        actor=actor,
        verb="directory.reveal_pupil",
        subject=row,
        organisation_id=row.organisation_id,
        data={"fields": ["national_number", "id_number", "details", "guardian phones"]},
    )
    return render(request, "directory/pupil.html", _pupil_context(request, school_code, row, in_full=True))


def _pupil_context(
    request: HttpRequest, school_code: str, row: Enrolment, *, in_full: bool
) -> dict[str, Any]:
    return {
        "school_code": school_code,
        "page": queries.pupil_page(row, in_full=in_full),
        "may_move": runs_office(actor_of(request)) and row.valid_to is None,
    }


@requires("directory.transfer_pupil")
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, school_code: str, pupil_code: str) -> HttpResponse:
    """Move a pupil to another class of its grade."""
    actor = actor_of(request)
    row = policy("directory.transfer_pupil").get(actor, code=pupil_code)
    page = queries.pupil_page(row, in_full=False)
    here = page.home_class.id if page.home_class else None
    open_classes = [one for one in queries.open_classes_for(row) if one.pk != here]
    form = MoveForm(
        [class_info(one) for one in open_classes],
        request.POST or None,
        initial={"on": clock.today()},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _moved(actor, row, open_classes, form):
            messages.success(request, "已转班。")
            return HttpResponseRedirect(
                reverse("directory:pupil", kwargs={"school_code": school_code, "pupil_code": pupil_code})
            )
    context = {"school_code": school_code, "page": page, "form": form, "nowhere": not open_classes}
    return render(request, "directory/move.html", context, status=status)


def _moved(actor: Actor, row: Enrolment, open_classes: list[HomeClass], form: MoveForm) -> bool:
    """Carry it out; what was refused stands at the 学号."""
    target = next(one for one in open_classes if one.code == form.cleaned_data["home_class"])
    try:
        transfer_pupil(
            actor=actor,
            enrolment=row,
            home_class=target,
            class_number=form.cleaned_data["class_number"],
            on=form.cleaned_data["on"],
        )
    except DomainError as refused:
        form.add_error("class_number", refused.message)
        return False
    return True


@requires("directory.view_staff")
def staff(request: HttpRequest, school_code: str) -> HttpResponse:
    """Staff of a school with posts and teaching."""
    rows = queries.staff_rows(place_of(request))
    return render(request, "directory/staff.html", {"school_code": school_code, "rows": rows, "tab": "staff"})
