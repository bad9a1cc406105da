"""What 今日 shows of this room: new class reports to a teacher, newly released reports to a family."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from smartschool.contexts.diagnosis import family, queries
from smartschool.contexts.diagnosis.policies import TEACHERS
from smartschool.kernel.actor import Actor

MOST = 4


def new_reports(request: HttpRequest, actor: Actor) -> SafeString | None:
    """The newest class reports that the actor may open."""
    if actor.role not in TEACHERS or actor.workspace is None:
        return None
    rows = queries.reports_in_reach(actor, limit=MOST)
    if not rows:
        return None
    context = {"rows": rows, "school_code": actor.workspace.code}
    return mark_safe(render_to_string("diagnosis/panels/new_reports.html", context))  # noqa: S308 -- a template


def new_own_reports(request: HttpRequest, actor: Actor) -> SafeString | None:
    """The newest released reports of the own children, or of oneself."""
    rows = family.own_rows(actor, limit=MOST)
    if not rows:
        return None
    return mark_safe(render_to_string("diagnosis/panels/own_reports.html", {"rows": rows}))  # noqa: S308 -- a template
