"""Pages that keep the staff of a school: add somebody, let somebody go, take that back."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from smartschool.contexts.directory import errors, queries
from smartschool.contexts.directory.commands import staff as commands
from smartschool.contexts.directory.forms.posts import EndForm
from smartschool.contexts.directory.forms.staff import NewStaffForm
from smartschool.contexts.directory.models import Appointment, StaffRecord
from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.directory.undo import offer_undo
from smartschool.contexts.directory.views.common import blame, carried_out, gives, school_of
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError
from smartschool.kernel.policy import actor_of, place_of, policy, requires

AT = {"staff_number_taken": "staff_number", "already_staff": "id_number"}


def _member(request: HttpRequest, code: str) -> StaffRecord:
    """Somebody whose posts the actor may give and take: they end with the record and come back with it."""
    row: StaffRecord = policy("directory.manage_staff").get(actor_of(request), code=code)
    posts = Appointment.objects.filter(Q(valid_to=row.valid_to) | Q(valid_to__gt=clock.today()), staff=row)
    beyond = sorted(set(posts.values_list("role", flat=True)) - gives(request))
    if beyond:
        raise errors.post_not_yours(roles()[beyond[0]].zh)
    return row


def _back(school_code: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("directory:staff", args=[school_code]))


@requires("directory.manage_staff")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, school_code: str) -> HttpResponse:
    """A new member of staff; the next page appoints. The undo lets go on the first day: it never was."""
    form = NewStaffForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            new, on = form.new_staff(), form.cleaned_data["on"]
            try:
                (pk,) = commands.record_staff(
                    actor=actor_of(request), organisation=school_of(request), staff=[new], valid_from=on
                )
            except DomainError as refused:
                blame(form, refused, AT, "name")
            else:
                code = StaffRecord.objects.get(pk=pk).code
                address = reverse("directory:staff_leave", args=[school_code, code])
                offer_undo(request, f"已添加{new.name}，接着任命岗位。", address, {"on": on.isoformat()})
                appoint = reverse("directory:post_add", args=[school_code])
                return HttpResponseRedirect(f"{appoint}?staff={code}&role=teacher")
    return render(
        request, "directory/staff_add.html", {"school_code": school_code, "form": form}, status=status
    )


@requires("directory.manage_staff")
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, school_code: str, staff_code: str) -> HttpResponse:
    """Say what the person holds and teaches, ask for the day; the undo takes the leaving back."""
    row = _member(request, staff_code)
    form = EndForm(request.POST or None, since=row.valid_from)
    form.fields["on"].label = "从哪天起不在本校"
    if request.method == "POST" and carried_out(
        form,
        lambda: commands.release_staff(actor=actor_of(request), staff=row, on=form.cleaned_data["on"]),
        {},
        "on",
    ):
        address = reverse("directory:staff_readmit", args=[school_code, row.code])
        offer_undo(request, f"{row.name}已离开本校。", address, {}, "恢复")
        return _back(school_code)
    own = next((one for one in queries.staff_rows(place_of(request)) if one.code == row.code), None)
    context = {"school_code": school_code, "form": form, "row": row, "own": own}
    return render(request, "directory/staff_leave.html", context, status=422 if form.errors else 200)


@requires("directory.manage_staff")
@require_POST
def readmit(request: HttpRequest, school_code: str, staff_code: str) -> HttpResponse:
    """Take a leaving back."""
    row = _member(request, staff_code)
    commands.readmit_staff(actor=actor_of(request), staff=row)
    messages.success(request, f"{row.name}回来了，原来的岗位也恢复了。")
    return _back(school_code)
