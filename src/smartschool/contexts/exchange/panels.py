"""What 今日 shows of this room: imports that somebody began and did not finish."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe

from smartschool.contexts.exchange import queries
from smartschool.kernel.actor import Actor
from smartschool.kernel.registry import Block


def unfinished_imports(request: HttpRequest, actor: Actor) -> Block | None:
    """Runs that wait for a decision or for the worker, newest first."""
    if actor.workspace is None:
        return None
    runs = queries.unfinished_runs(actor.workspace.id)
    rows = [(run, queries.importer_named(run.importer).zh) for run in runs]
    if not rows:
        return None
    html = render_to_string(
        "exchange/panels/unfinished.html",
        {"rows": rows, "imports": reverse("exchange:index", args=[actor.workspace.code]), "link": True},
    )
    return Block(mark_safe(html), todo=f"{len(rows)} 次导入没做完")  # noqa: S308 - a template
