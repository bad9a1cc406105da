"""Pages of the organisation tree: all units, one unit, add, change, move, close, open again."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from smartschool.contexts.directory import tree
from smartschool.contexts.directory.commands import organisations as commands
from smartschool.contexts.directory.forms.organisations import (
    CloseForm,
    NewUnitForm,
    ParticularsForm,
    PlaceForm,
)
from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.directory.public.roles import given_by_district
from smartschool.contexts.directory.undo import offer_undo
from smartschool.contexts.directory.views.common import blame, carried_out
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import actor_of, policy, requires

SHOWN = (("", "全部"), ("check", "要核对"), ("closed", "已停办"))
AT = {
    "code_taken": "code",
    "credit_code_taken": "credit_code",
    "wrong_parent": "parent",
    "under_itself": "parent",
    "parent_closed": "parent",
}


def _manages(request: HttpRequest) -> bool:
    return policy("directory.manage_organisations").allows(actor_of(request))


def _unit(request: HttpRequest, code: str) -> Organisation:
    return _below(policy("directory.manage_organisations").get(actor_of(request), code=code))


def _below(unit: Organisation) -> Organisation:
    """The pages of units are those of what stands below the bureau: it is no school, and is not closed."""
    if unit.parent_id is None:
        raise NotYours
    return unit


def _to(unit: Organisation) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("directory:unit", args=[unit.code]))


@requires("directory.view_schools")
def schools(request: HttpRequest) -> HttpResponse:
    """The tree of the district with classes and headcounts; no person on this page."""
    units = tree.open_units()
    words, show = request.GET.get("q", ""), request.GET.get("show", "")
    if show == "closed":
        rows = policy("directory.view_schools").queryset(actor_of(request))
        found = tree.matching(tree.closed_units(rows), words, faulty=False)
    else:
        found = tree.matching(units, words, faulty=show == "check")
    faulty = sum(bool(unit.faults) for unit in units)
    return render(
        request,
        "directory/schools.html",
        {
            "towns": [tree.Town("", found)] if show == "closed" else tree.by_town(found),
            "found": len(found),
            "schools": sum(unit.row.kind in tree.NATIONAL_CODE for unit in units),
            "rural": sum(unit.row.plan_category == "rural" for unit in units),
            "urban": sum(unit.row.plan_category == "urban" for unit in units),
            "classes": sum(unit.classes for unit in units),
            "pupils": sum(unit.pupils for unit in units),
            "staff": sum(unit.staff for unit in units),
            "faulty": faulty,
            "shown": [(key, label, faulty if key == "check" else None) for key, label in SHOWN],
            "show": show,
            "q": words,
            "manages": _manages(request),
            "bureau": actor_of(request).workspace,
        },
    )


@requires("directory.view_schools")
def unit(request: HttpRequest, unit_code: str) -> HttpResponse:
    """One unit: particulars, headcounts, classes, units below."""
    row = _below(policy("directory.view_schools").get(actor_of(request), code=unit_code))
    page = tree.unit_page(row)
    closed = row.valid_to is not None and row.valid_to <= clock.today()
    context = {
        "page": page,
        "one": page.unit,
        "row": row,
        "closed": closed,
        "ends": row.valid_to if row.valid_to and not closed else None,
        "manages": _manages(request),
        "adds": any(row.kind in above for above in commands.PARENTS.values()) and not closed,
        "has_office": bool(given_by_district(row.kind)),
        "last_day": row.valid_to - timedelta(days=1) if row.valid_to else None,
    }
    return render(request, "directory/unit.html", context)


@requires("directory.manage_organisations")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new unit; opened from a unit, it stands below it."""
    actor = actor_of(request)
    parents = [one for one in _open(request) if any(one.kind in above for above in commands.PARENTS.values())]
    above = next((one for one in parents if one.code == request.GET.get("under")), parents[0])
    initial = {
        "parent": above.code,
        "kind": "school" if above.kind == "bureau" else "teaching_point",
        "town": above.town,
        "division": above.division,
        "valid_from": clock.today(),
    }
    form = NewUnitForm(parents, request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            known = {one.code: one for one in parents}
            try:
                made = commands.create_organisation(
                    actor=actor,
                    parent=known[form.cleaned_data["parent"]],
                    code=form.cleaned_data["code"],
                    kind=form.cleaned_data["kind"],
                    valid_from=form.cleaned_data["valid_from"],
                    **form.particulars(),
                )
            except DomainError as refused:
                blame(form, refused, AT, "code")
            else:
                messages.success(request, f"已添加{made.short_name}。")
                return _to(made)
    return render(request, "directory/unit_add.html", {"form": form, "above": above}, status=status)


def _open(request: HttpRequest) -> list[Organisation]:
    rows = policy("directory.manage_organisations").queryset(actor_of(request))
    return list(rows.filter(valid_to__isnull=True).order_by("kind", "town", "code"))


@requires("directory.manage_organisations")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Change the particulars; the undo posts the former ones to this same address."""
    row = _unit(request, unit_code)
    before = {key: getattr(row, key) for key in commands.CHANGEABLE}
    form = ParticularsForm(request.POST or None, initial=before)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                former = commands.change_organisation(
                    actor=actor_of(request), organisation=row, fields=form.particulars()
                )
            except DomainError as refused:
                blame(form, refused, AT, "name")
            else:
                if former:
                    address = reverse("directory:unit_edit", args=[row.code])
                    offer_undo(request, f"已保存，改了 {len(former)} 项。", address, before, "改回去")
                else:
                    messages.info(request, "没有改动。")
                return _to(row)
    context = {"form": form, "row": row, "faults": tree.faults_of(row)}
    return render(request, "directory/unit_edit.html", context, status=status)


@requires("directory.manage_organisations")
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Hang the unit elsewhere; the undo moves it back."""
    row = _unit(request, unit_code)
    allowed = commands.PARENTS.get(row.kind, ())
    parents = [one for one in _open(request) if one.kind in allowed and one.pk not in (row.pk, row.parent_id)]
    back = request.POST.get("parent") if request.method == "POST" else None
    form = PlaceForm(parents, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            known = {one.code: one for one in parents}
            try:
                former = commands.move_organisation(
                    actor=actor_of(request), organisation=row, parent=known[str(back)]
                )
            except DomainError as refused:
                blame(form, refused, AT, "parent")
            else:
                words = f"已移到{known[str(back)].short_name}下面。"
                address = reverse("directory:unit_move", args=[row.code])
                offer_undo(request, words, address, {"parent": former.code}, "移回去")
                return _to(row)
    context = {"form": form, "row": row, "nowhere": not parents}
    return render(request, "directory/unit_move.html", context, status=status)


@requires("directory.manage_organisations")
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Say what stands in the way, or ask for the day and the reason."""
    row = _unit(request, unit_code)
    in_the_way = commands.standing_in_the_way(row, clock.today())
    example = "如：并入河湾小学（写文号更好查）"
    form = CloseForm(request.POST or None, since=row.valid_from, example=example)
    if request.method == "POST" and carried_out(
        form,
        lambda: commands.close_organisation(actor=actor_of(request), organisation=row, **form.cleaned_data),
        {},
        "on",
    ):
        address = reverse("directory:unit_reopen", args=[row.code])
        offer_undo(request, f"{row.short_name}已停办。", address, {}, "恢复")
        return _to(row)
    context = {
        "form": form,
        "row": row,
        "in_the_way": in_the_way,
        "page": tree.unit_page(row),
    }
    return render(request, "directory/unit_close.html", context, status=422 if form.errors else 200)


@requires("directory.manage_organisations")
@require_POST
def reopen(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Take a closing back."""
    row = _unit(request, unit_code)
    commands.reopen_organisation(actor=actor_of(request), organisation=row)
    messages.success(request, f"{row.short_name}恢复了。")
    return _to(row)
