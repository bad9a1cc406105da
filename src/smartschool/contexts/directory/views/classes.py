"""Pages that keep the classes of a school: open, change, close, a new first grade, move pupils."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from smartschool.contexts.directory import class_pages, queries
from smartschool.contexts.directory.class_list import class_list
from smartschool.contexts.directory.commands import classes as commands
from smartschool.contexts.directory.commands.pupils import place_pupils
from smartschool.contexts.directory.forms.classes import ClassForm, NewClassForm, SeatsForm
from smartschool.contexts.directory.forms.organisations import CloseForm
from smartschool.contexts.directory.models import HomeClass
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.undo import offer_undo
from smartschool.contexts.directory.views.common import blame, carried_out, school_of
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError
from smartschool.kernel.policy import actor_of, place_of, policy, requires

AT = {"class_exists": "number", "still_in_use": "grades"}


def _class(request: HttpRequest, code: str) -> HomeClass:
    row: HomeClass = policy("directory.manage_classes").get(actor_of(request), code=code)
    return row


def _to(school_code: str, class_code: str | None = None) -> HttpResponseRedirect:
    if class_code is None:
        return HttpResponseRedirect(reverse("directory:classes", args=[school_code]))
    return HttpResponseRedirect(reverse("directory:class", args=[school_code, class_code]))


@requires("directory.manage_classes")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, school_code: str) -> HttpResponse:
    """A new class; the undo takes it back as long as nobody sits in it."""
    grade = request.GET.get("grade", "")
    initial = {"valid_from": clock.today(), "grades": [grade] if grade.isdigit() else []}
    form = NewClassForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            *further, entry_year = form.entry_years(clock.today())
            number = form.cleaned_data["number"] or class_pages.next_number(
                place_of(request), form.stage(), entry_year
            )
            try:
                made = commands.open_class(
                    actor=actor_of(request),
                    organisation=school_of(request),
                    stage=form.stage(),
                    entry_year=entry_year,
                    number=number,
                    class_type=form.cleaned_data["class_type"],
                    further_entry_years=tuple(further),
                    valid_from=form.cleaned_data["valid_from"],
                )
            except DomainError as refused:
                blame(form, refused, AT, "number")
            else:
                address = reverse("directory:classes_withdraw", args=[school_code])
                offer_undo(request, f"已建{class_info(made).name}。", address, {"class": made.code})
                return _to(school_code, made.code)
    context = {"school_code": school_code, "form": form}
    return render(request, "directory/class_add.html", context, status=status)


@requires("directory.manage_classes")
@require_http_methods(["GET", "POST"])
def first_grade(request: HttpRequest, school_code: str) -> HttpResponse:
    """The next first grade after the model of the one before: look, leave out, open."""
    plan = class_pages.next_first_grade(place_of(request))
    chosen = set(request.POST.getlist("class")) if request.method == "POST" else None
    wanted = [one for one in plan.proposals if not one.exists and (chosen is None or one.key in chosen)]
    if request.method == "POST":
        if not wanted:
            messages.warning(request, "没有选班，什么也没有建。")
            return HttpResponseRedirect(request.path)
        made = commands.open_classes(
            actor=actor_of(request),
            organisation=school_of(request),
            classes=[one.wanted for one in wanted],
            valid_from=plan.starts_on,
        )
        address = reverse("directory:classes_withdraw", args=[school_code])
        words = f"已建 {len(made)} 个班：{'、'.join(one.name for one in wanted)}。"
        offer_undo(request, words, address, {"class": [row.code for row in made]})
        return _to(school_code)
    context = {"school_code": school_code, "plan": plan, "wanted": wanted}
    return render(request, "directory/first_grade.html", context)


@requires("directory.manage_classes")
@require_POST
def withdraw(request: HttpRequest, school_code: str) -> HttpResponse:
    """The undo of opening: classes that nobody has used yet never were."""
    rows = policy("directory.manage_classes").queryset(actor_of(request))
    found = list(rows.filter(code__in=request.POST.getlist("class"), valid_to__isnull=True))
    commands.withdraw_classes(actor=actor_of(request), organisation=school_of(request), home_classes=found)
    messages.success(request, f"已撤销，{len(found)} 个班没有建。")
    return _to(school_code)


@requires("directory.manage_classes")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, school_code: str, class_code: str) -> HttpResponse:
    """Grades, number, type; the undo posts the former ones to this same address."""
    row = _class(request, class_code)
    day = max(clock.today(), row.valid_from)
    one = class_info(row, day)
    usual = {*class_pages.ORDINARY.values(), *class_pages.COMBINED.values()}
    before: dict[str, str | list[str]] = {
        "grades": [str(grade) for grade in one.grades],
        "number": str(row.number),
        "class_type": "" if row.class_type in usual else row.class_type,
    }
    form = ClassForm(request.POST or None, initial=before)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            if form.stage() != row.stage:
                form.add_error("grades", "不能把班改到另一个学段，另建一个班。")
            else:
                try:
                    commands.change_class(
                        actor=actor_of(request),
                        home_class=row,
                        number=form.cleaned_data["number"],
                        class_type=form.cleaned_data["class_type"],
                        entry_years=form.entry_years(day),
                    )
                except DomainError as refused:
                    blame(form, refused, AT, "number")
                else:
                    offer_undo(
                        request,
                        f"已保存，现在是{class_info(row, day).name}。",
                        request.path,
                        before,
                        "改回去",
                    )
                    return _to(school_code, row.code)
    context = {"school_code": school_code, "form": form, "one": one}
    return render(request, "directory/class_edit.html", context, status=status)


@requires("directory.manage_classes")
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, school_code: str, class_code: str) -> HttpResponse:
    """Say who still sits there, or ask for the day and the reason."""
    row = _class(request, class_code)
    page = queries.class_page(row.pk)
    form = CloseForm(
        request.POST or None,
        since=row.valid_from,
        example="如：并入三（1）班；毕业",
        title="没有撤班，先改这里",
    )
    if request.method == "POST" and carried_out(
        form,
        lambda: commands.close_class(actor=actor_of(request), home_class=row, **form.cleaned_data),
        {},
        "on",
    ):
        address = reverse("directory:class_reopen", args=[school_code, row.code])
        offer_undo(request, f"{class_info(row).name}已撤班。", address, {}, "恢复")
        return _to(school_code)
    context = {"school_code": school_code, "form": form, "one": class_info(row), "page": page}
    return render(request, "directory/class_close.html", context, status=422 if form.errors else 200)


@requires("directory.manage_classes")
@require_POST
def reopen(request: HttpRequest, school_code: str, class_code: str) -> HttpResponse:
    """Take a closing back."""
    row = _class(request, class_code)
    commands.reopen_class(actor=actor_of(request), home_class=row)
    messages.success(request, f"{class_info(row).name}恢复了。")
    return _to(school_code, row.code)


@requires("directory.transfer_pupil")
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, school_code: str, class_code: str) -> HttpResponse:
    """Chosen pupils to another class: first which, then their new numbers; the undo posts them back."""
    row = _class(request, class_code)
    asked = request.POST if request.method == "POST" else request.GET
    chosen = class_pages.movers(row.pk, asked.getlist("pupil"))
    if not chosen:
        messages.warning(request, "先勾选要转班的学生。")
        return _to(school_code, row.code)
    targets = class_pages.can_go_to(place_of(request), row.pk, chosen)
    found = [target for target in targets if target[0].code == asked.get("to")]
    target = found[0] if found else targets[0] if len(targets) == 1 else None
    form, status = None, 200
    if target is not None:
        chosen = class_pages.with_numbers(chosen, target[2].pk)
        form = SeatsForm(chosen, request.POST or None)
        if request.method == "POST":
            status = 422
            if form.is_valid() and _moved(request, row, target[2], form, school_code):
                return _to(school_code, target[2].code)
    context = {
        "school_code": school_code,
        "one": class_info(row),
        "chosen": chosen,
        "targets": targets,
        "target": target,
        "form": form,
        "fields": [(mover, form[f"number-{mover.enrolment.code}"]) for mover in chosen] if form else [],
    }
    return render(request, "directory/class_move.html", context, status=status)


def _moved(
    request: HttpRequest, row: HomeClass, target: HomeClass, form: SeatsForm, school_code: str
) -> bool:
    """Carry it out; what was refused stands at the day."""
    on = form.cleaned_data["on"]
    try:
        place_pupils(
            actor=actor_of(request),
            home_class=target,
            seats=[
                (mover.enrolment, number) for mover, number in zip(form.chosen, form.numbers(), strict=True)
            ],
            on=on,
        )
    except DomainError as refused:
        form.add_error("on", refused.message)
        return False
    codes = [mover.enrolment.code for mover in form.chosen]
    back = {f"number-{mover.enrolment.code}": str(mover.class_number) for mover in form.chosen}
    address = reverse("directory:class_move", args=[school_code, target.code])
    words = f"{len(codes)} 名学生已从{class_info(row).name}转来。"
    offer_undo(
        request, words, address, {"pupil": codes, "to": row.code, "on": on.isoformat(), **back}, "转回去"
    )
    return True


@requires("directory.view_classes")
@require_GET
def print_list(request: HttpRequest, school_code: str, class_code: str) -> HttpResponse:
    """The class on paper, with empty columns to write in."""
    row = policy("directory.view_classes").get(actor_of(request), code=class_code)
    actor = actor_of(request)
    school = actor.workspace.name if actor.workspace else ""
    data = class_list(class_info(row), queries.class_page(row.pk), school, actor.name)
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="class-{row.code}.pdf"'
    return response
