"""Pages of the import wizard: put a file, look at the columns, see what changes, import, undo.

The same pages stand in a school (`school_code`) and in the district (None); `urls` guards each with the
policy of its place.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from smartschool.contexts.exchange import error_workbook, pages, queries
from smartschool.contexts.exchange.commands import applying, landing
from smartschool.contexts.exchange.forms import FileForm
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.policies import import_district_files, import_files
from smartschool.contexts.exchange.reading.header_words import comparable
from smartschool.contexts.exchange.tasks import queue_import
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import NotAllowed
from smartschool.kernel.importing import ADD, Importer, Target
from smartschool.kernel.policy import Workspace, actor_of, place_of, policy
from smartschool.kernel.registry import importers
from smartschool.kernel.tabular import Fault

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _allowed(actor: Actor, importer: Importer, school_code: str | None) -> bool:
    """Whether the role may use this importer at this place."""
    wanted = policy(importer.policy)
    place = Workspace.DISTRICT if school_code is None else Workspace.SCHOOL
    return wanted.workspace is place and actor.role in wanted.roles


def _recent(request: HttpRequest, school_code: str | None) -> list[dict[str, Any]]:
    """The last imports of this place; not what only the command line brings to the bureau."""
    actor, runs = actor_of(request), queries.recent_runs(place_of(request))
    return pages.recent(
        [run for run in runs if _allowed(actor, queries.importer_named(run.importer), school_code)]
    )


def _run(request: HttpRequest, code: str, school_code: str | None) -> ImportRun:
    """A run of this place, or 404."""
    actor = actor_of(request)
    run: ImportRun = (import_district_files if school_code is None else import_files).get(actor, code=code)
    if not _allowed(actor, queries.importer_named(run.importer), school_code):
        raise NotAllowed
    return run


def _root(school_code: str | None) -> str:
    """Address of the list of imports of this place; the others hang below it."""
    if school_code is None:
        return reverse("exchange:district_index")
    return reverse("exchange:index", args=[school_code])


def _back(run: ImportRun, school_code: str | None) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{_root(school_code)}run/{run.code}/")


@require_GET
def index(request: HttpRequest, school_code: str | None = None) -> HttpResponse:
    """What can be imported, what was begun, and the last imports."""
    actor = actor_of(request)
    kinds = [one for one in importers if one.listed and _allowed(actor, one, school_code)]
    recent = _recent(request, school_code)
    begun = [
        (run, importer.zh)
        for run in queries.unfinished_runs(place_of(request))
        if _allowed(actor, importer := queries.importer_named(run.importer), school_code)
    ]
    context = {"kinds": kinds, "unfinished": begun, "recent": recent, "imports": _root(school_code)}
    return render(request, "exchange/index.html", context)


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, kind: str, school_code: str | None = None) -> HttpResponse:
    """Step 1: put a file. It is checked at once; nothing changes yet."""
    actor, importer = actor_of(request), queries.importer_named(kind)
    if not (importer.listed and _allowed(actor, importer, school_code)):
        raise NotAllowed
    form = FileForm(importer, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        run = landing.land_file(
            actor=actor,
            organisation_id=place_of(request),
            importer=importer.name,
            content=file.read(),
            file_name=file.name,
            mode=form.cleaned_data["mode"],
            fixed=school_code is not None,
        )
        landing.check_run(actor=actor, run=run)
        return _back(run, school_code)
    recent = _recent(request, school_code)
    columns = importer.columns(Target(place_of(request), school_code is not None, ADD, clock.today(), actor))
    context = {
        "form": form,
        "importer": importer,
        "recent": recent,
        "imports": _root(school_code),
        "needed": [column.name for column in columns if column.needed],
        "further": [column.name for column in columns if not (column.needed or column.ordinal)],
    }
    return render(request, "exchange/start.html", context, status=422 if form.errors else 200)


@require_GET
def show(request: HttpRequest, run_code: str, school_code: str | None = None) -> HttpResponse:
    """The run as it stands: preview, progress or result."""
    return _render(request, _run(request, run_code, school_code), school_code)


def _render(request: HttpRequest, run: ImportRun, school_code: str | None) -> HttpResponse:
    root = _root(school_code)
    context = pages.run_page(run, request.GET.get("show", ""), actor_of(request))
    context |= {"imports": root, "start_url": f"{root}{run.importer}/"}
    return render(request, "exchange/run.html", context)


@require_GET
def progress(request: HttpRequest, run_code: str, school_code: str | None = None) -> HttpResponse:
    """The progress fragment that htmx asks for; a finished run reloads the page."""
    run = _run(request, run_code, school_code)
    if not pages.is_moving(run):
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    return render(request, "exchange/progress.html", {"run": run, "imports": _root(school_code)})


@require_POST
def columns(request: HttpRequest, run_code: str, school_code: str | None = None) -> HttpResponse:
    """Step 2: what the headers mean is remembered for the school, then the file is looked at again."""
    run = _run(request, run_code, school_code)
    headings = queries.report_of(run).get("headings", [])
    words = {}
    for place, heading in enumerate(headings):
        chosen = request.POST.get(f"column-{place}")
        if chosen is not None and (chosen != (heading["key"] or "") or heading["how"] == "guessed"):
            words[comparable(heading["text"])] = chosen
    landing.save_mapping(actor=actor_of(request), run=run, words=words)
    landing.check_run(actor=actor_of(request), run=run)
    return _back(run, school_code)


@require_POST
def apply(request: HttpRequest, run_code: str, school_code: str | None = None) -> HttpResponse:
    """Step 4: hand it to the worker."""
    run = _run(request, run_code, school_code)
    partial, confirmed = "partial" in request.POST, "confirm" in request.POST
    if run.refused and not partial:
        messages.warning(request, "还有没通过检查的行。改好再来，或者只导入其余的行。")
        return _back(run, school_code)
    if queries.report_of(run).get("brake") and not confirmed:
        messages.warning(request, "刹车线还没有确认。看过名单、确实如此，再勾选确认。")
        return _back(run, school_code)
    applying.queue_run(actor=actor_of(request), run=run, accept_partial=partial, confirmed=confirmed)
    queue_import(run.organisation_id)
    return _back(run, school_code)


@require_POST
def discard(request: HttpRequest, run_code: str, school_code: str | None = None) -> HttpResponse:
    """都不导入."""
    run = _run(request, run_code, school_code)
    landing.discard_run(actor=actor_of(request), run=run)
    messages.info(request, "没有导入，数据保持原样。")
    return HttpResponseRedirect(f"{_root(school_code)}{run.importer}/")


@require_POST
def undo(request: HttpRequest, run_code: str, school_code: str | None = None) -> HttpResponse:
    """Take the batch back; what was changed since is listed and stays."""
    run = _run(request, run_code, school_code)
    report = applying.undo_run(actor=actor_of(request), run=run)
    kept = [{"label": label, "why": why} for label, why in report.blocked]
    context: dict[str, Any] = {"run": run, "done": report.done, "kept": kept, "imports": _root(school_code)}
    context["importer"] = queries.importer_named(run.importer)
    return render(request, "exchange/undone.html", context)


@require_GET
def errors_file(request: HttpRequest, run_code: str, school_code: str | None = None) -> HttpResponse:
    """The refused rows in the school's own layout."""
    run = _run(request, run_code, school_code)
    importer, target = queries.importer_named(run.importer), queries.target_of(run, actor_of(request))
    faults = [Fault(*fault) for fault in queries.report_of(run).get("faults", []) if fault[1] > 0]
    saved = dict(queries.saved_mapping(run.organisation_id, run.importer))
    content = error_workbook.make(queries.content_of(run), importer, target, saved, faults)
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="errors-{run.code}.xlsx"'
    return response
