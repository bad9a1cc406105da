"""What 今日 shows of this room: papers of a teacher's classes whose marks are not entered yet."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from smartschool.contexts.assessment import policies
from smartschool.contexts.assessment.models import Attempt, EntryDraft, Item
from smartschool.contexts.assessment.views.common import paper_title
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor

MOST = 6


def waiting_marks(request: HttpRequest, actor: Actor) -> SafeString | None:
    """Held exams whose marks wait, a line a class; nothing where everything is entered."""
    if actor.role not in policies.TEACHERS or actor.workspace is None:
        return None
    papers = list(
        policies.enter_marks.queryset(actor)
        .filter(exam__held_on__lte=clock.today(), pk__in=Item.rows().values("paper_id"))
        .order_by("-exam__held_on", "-pk")[:20]
    )
    if not papers:
        return None
    taught = policies.taught(actor)
    marked = set(
        Attempt.rows().filter(paper__in=papers).values_list("paper_id", "home_class_id").distinct().order_by()
    )
    drafts = {
        (paper, home_class): len(lost)
        for paper, home_class, lost in EntryDraft.rows()
        .filter(paper__in=papers)
        .values_list("paper_id", "home_class_id", "lost")
    }
    rows = [
        {
            "title": paper_title(paper),
            "home_class": home_class.name,
            "entered": drafts.get((paper.pk, home_class.id), 0),
            "url": reverse("assessment:entry", args=[actor.workspace.code, paper.code, home_class.code]),
        }
        for paper in papers
        for home_class in policies.classes_of_paper(taught, paper)
        if (paper.pk, home_class.id) not in marked
    ]
    if not rows:
        return None
    html = render_to_string("assessment/panels/waiting_marks.html", {"rows": rows[:MOST]})
    return mark_safe(html)  # noqa: S308 - a template
