"""Pages of 任职: who holds which post, appoint, end, take an end back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from smartschool.contexts.directory import errors, teaching_pages
from smartschool.contexts.directory.commands import staff as commands
from smartschool.contexts.directory.forms.posts import EndForm, PostForm
from smartschool.contexts.directory.models import Appointment, HomeClass, StaffRecord
from smartschool.contexts.directory.public.doors import classes_of
from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.undo import offer_undo
from smartschool.contexts.directory.views.common import blame, carried_out, gives
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import actor_of, place_of, policy, requires

AT = {"class_has_head": "home_class"}


def _post(request: HttpRequest, pk: int) -> Appointment:
    rows = policy("directory.manage_posts").queryset(actor_of(request)).select_related("staff", "home_class")
    row: Appointment | None = rows.filter(pk=pk).first()
    if row is None:
        raise NotYours
    if row.role not in gives(request):
        raise errors.post_not_yours(roles()[row.role].zh)
    return row


def _back(school_code: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("directory:posts", args=[school_code]))


@requires("directory.manage_posts")
@require_GET
def posts(request: HttpRequest, school_code: str) -> HttpResponse:
    """Posts by role with their holders, and the last that ended."""
    page = teaching_pages.posts_of(place_of(request))
    context = {"school_code": school_code, "page": page, "gives": gives(request), "tab": "posts"}
    return render(request, "directory/posts.html", context)


@requires("directory.manage_posts")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, school_code: str) -> HttpResponse:
    """Appoint somebody; the undo ends the post on the day on which it began."""
    people = [one for one in teaching_pages.teachers_of(place_of(request)).values() if one.here]
    classes = classes_of([place_of(request)])
    given = [role for role in teaching_pages.held_at_schools() if role.name in gives(request)]
    asked = {key: request.GET.get(key, "") for key in ("staff", "role", "home_class")}
    form = PostForm(people, given, classes, request.POST or None, initial=asked | {"on": clock.today()})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            made = _appointed(request, form)
            if made is not None:
                words = f"已任命{made.staff.name}为{roles()[made.role].zh}。"
                address = reverse("directory:post_end", args=[school_code, made.pk])
                offer_undo(request, words, address, {"on": made.valid_from.isoformat()})
                return _back(school_code)
    context = {"school_code": school_code, "form": form, "nobody": not people}
    return render(request, "directory/post_add.html", context, status=status)


def _appointed(request: HttpRequest, form: PostForm) -> Appointment | None:
    actor, cleaned = actor_of(request), form.cleaned_data
    staff = StaffRecord.objects.get(organisation_id=place_of(request), code=cleaned["staff"])
    home_class = None
    if cleaned["role"] == "form_teacher":
        home_class = HomeClass.objects.get(organisation_id=place_of(request), code=cleaned["home_class"])
    try:
        return commands.appoint(
            actor=actor, staff=staff, role=cleaned["role"], valid_from=cleaned["on"], home_class=home_class
        )
    except DomainError as refused:
        blame(form, refused, AT, "role")
        return None


@requires("directory.manage_posts")
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, school_code: str, post: int) -> HttpResponse:
    """Ask for the day, end the post; the undo takes the end back."""
    row = _post(request, post)
    form = EndForm(request.POST or None, since=row.valid_from)
    if request.method == "POST" and carried_out(
        form,
        lambda: commands.end_appointment(
            actor=actor_of(request), appointment=row, on=form.cleaned_data["on"]
        ),
        {},
        "on",
    ):
        words = f"{row.staff.name}的{roles()[row.role].zh}岗位已结束。"
        offer_undo(request, words, reverse("directory:post_restore", args=[school_code, row.pk]), {}, "恢复")
        return _back(school_code)
    context = {
        "school_code": school_code,
        "form": form,
        "row": row,
        "zh": roles()[row.role].zh,
        "place": class_info(row.home_class).name if row.home_class else "",
    }
    return render(request, "directory/post_end.html", context, status=422 if form.errors else 200)


@requires("directory.manage_posts")
@require_POST
def restore(request: HttpRequest, school_code: str, post: int) -> HttpResponse:
    """Take the end of a post back."""
    row = _post(request, post)
    commands.restore_appointment(actor=actor_of(request), appointment=row)
    messages.success(request, f"{row.staff.name}的{roles()[row.role].zh}岗位恢复了。")
    return _back(school_code)
