"""The page on which the district gives posts: of the bureau, and the first 校长 or 教务管理员 of a school."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from smartschool.contexts.directory.commands import staff as commands
from smartschool.contexts.directory.forms.staff import OfficeForm
from smartschool.contexts.directory.models import Appointment, Organisation
from smartschool.contexts.directory.public.holders import office_of
from smartschool.contexts.directory.public.roles import given_by_district, roles
from smartschool.contexts.directory.undo import offer_undo
from smartschool.contexts.directory.views.common import carried_out
from smartschool.kernel import clock
from smartschool.kernel.errors import NotYours
from smartschool.kernel.policy import actor_of, policy, requires
from smartschool.kernel.scope import scope_of

AT = {
    "staff_number_taken": "staff_number",
    "already_staff": "id_number",
    "not_oneself": "name",
    "no_such_post": "role",
    "appointment_exists": "role",
}


@requires("directory.appoint_office")
@require_http_methods(["GET", "POST"])
def office(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Who holds the posts, and a form for one more; at the bureau a post is ended here as well. The scope of
    a school is open for this alone: the district sees the office and no other of its people."""
    unit: Organisation = policy("directory.appoint_office").get(actor_of(request), code=unit_code)
    closed = unit.valid_to is not None and unit.valid_to <= clock.today()
    if closed or not given_by_district(unit.kind):
        raise NotYours
    form = OfficeForm(unit.kind, request.POST or None)
    with scope_of([unit.pk]):
        if unit.kind == "bureau" and ("end" in request.POST or "restore" in request.POST):
            return _ended(request, unit)
        if request.method == "POST" and carried_out(form, lambda: _appoint(request, unit, form), AT, "name"):
            return HttpResponseRedirect(request.path)
        held = office_of(unit.pk)
    context = {
        "unit": unit,
        "form": form,
        "held": held,
        "bureau": unit.kind == "bureau",
        "own": actor_of(request).person_id,
    }
    return render(request, "directory/unit_office.html", context, status=422 if form.errors else 200)


def _appoint(request: HttpRequest, unit: Organisation, form: OfficeForm) -> None:
    role, person = form.cleaned_data["role"], form.new_staff()
    commands.appoint_office(
        actor=actor_of(request),
        organisation=unit,
        role=role,
        person=person,
        valid_from=form.cleaned_data["on"],
    )
    messages.success(request, f"已任命{person.name}为{roles()[role].zh}。接着给他开通账号。")


def _ended(request: HttpRequest, unit: Organisation) -> HttpResponse:
    """End a post of somebody else today, or take that back."""
    wanted = request.POST.get("end") or request.POST.get("restore", "")
    rows = Appointment.objects.select_related("staff", "home_class").filter(organisation=unit)
    row = rows.filter(pk=int(wanted) if wanted.isdecimal() else 0).first()
    if row is None or row.staff.person_id == actor_of(request).person_id:
        raise NotYours
    words = f"{row.staff.name}的{roles()[row.role].zh}岗位"
    if "restore" in request.POST:
        commands.restore_appointment(actor=actor_of(request), appointment=row)
        messages.success(request, f"{words}恢复了。")
    else:
        commands.end_appointment(actor=actor_of(request), appointment=row, on=clock.today())
        offer_undo(request, f"{words}已结束。", request.path, {"restore": str(row.pk)}, "恢复")
    return HttpResponseRedirect(request.path)
