"""What 今日 shows of this room: imports that somebody began and did not finish."""

from datetime import timedelta

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from smartschool.contexts.exchange import queries
from smartschool.contexts.exchange.models import ImportRun
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.registry import Block

MOST = 4
WAITING = (
    ImportRun.Status.CHECKED,
    ImportRun.Status.QUEUED,
    ImportRun.Status.RUNNING,
    ImportRun.Status.NOT_APPLIED,
)
RECENT = timedelta(days=14)  # who has not come back by then has begun anew


def unfinished_imports(request: HttpRequest, actor: Actor) -> Block | None:
    """Runs that wait for a decision or for the worker, newest first."""
    if actor.workspace is None:
        return None
    runs = (
        ImportRun.objects.filter(
            organisation_id=actor.workspace.id, status__in=WAITING, landed_at__gte=clock.now() - RECENT
        )
        .defer("report")
        .order_by("-landed_at")[:MOST]
    )
    rows = [(run, queries.importer_named(run.importer).zh) for run in runs]
    if not rows:
        return None
    html = render_to_string(
        "exchange/panels/unfinished.html", {"rows": rows, "school_code": actor.workspace.code}
    )
    return Block(mark_safe(html), todo=f"{len(rows)} 次导入没做完")  # noqa: S308 - a template
