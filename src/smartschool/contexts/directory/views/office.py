"""The page on which the district appoints the 校长 and 教务管理员 of a school: the first of a new one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from smartschool.contexts.directory.commands import staff as commands
from smartschool.contexts.directory.forms.staff import OfficeForm
from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.directory.public.holders import office_of
from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.directory.views.common import blame
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError, NotYours
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
    """Who runs the office, and a form for one more. The scope of the school is open for this alone: the
    district sees the office and no other of its people."""
    unit: Organisation = policy("directory.appoint_office").get(actor_of(request), code=unit_code)
    closed = unit.valid_to is not None and unit.valid_to <= clock.today()
    if closed or unit.kind not in roles()["principal"].at:
        raise NotYours
    form = OfficeForm(request.POST or None)
    status = 200
    with scope_of([unit.pk]):
        if request.method == "POST":
            status = 422
            if form.is_valid() and _appointed(request, unit, form):
                return HttpResponseRedirect(request.path)
        held = office_of(unit.pk)
    context = {"unit": unit, "form": form, "held": held}
    return render(request, "directory/unit_office.html", context, status=status)


def _appointed(request: HttpRequest, unit: Organisation, form: OfficeForm) -> bool:
    role, person = form.cleaned_data["role"], form.new_staff()
    try:
        commands.appoint_office(
            actor=actor_of(request),
            organisation=unit,
            role=role,
            person=person,
            valid_from=form.cleaned_data["on"],
        )
    except DomainError as refused:
        blame(form, refused, AT, "name")
        return False
    messages.success(request, f"已任命{person.name}为{roles()[role].zh}。接着给他开通账号。")
    return True
