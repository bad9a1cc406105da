"""Quick entry: the page of one class and one paper, its saves, its hand-in."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from smartschool.contexts.assessment import entry_page, policies
from smartschool.contexts.assessment.commands.entry import (
    FEWEST_KEY_ITEMS,
    class_has_marks,
    hand_in_entry,
    save_entry,
)
from smartschool.contexts.assessment.views.common import paper_title
from smartschool.kernel.command import AlreadyDone
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import actor_of, requires


def _page(request: HttpRequest, paper_code: str, class_code: str) -> entry_page.EntryPage:
    """Ring 2: the paper through the policy, the class among those whose subject the actor teaches."""
    actor = actor_of(request)
    paper = policies.enter_marks.get(actor, code=paper_code)
    for home_class in policies.classes_to_enter(actor, paper):
        if home_class.code == class_code:
            return entry_page.load(paper, home_class)
    raise NotYours


@requires("assessment.enter_marks")
@require_http_methods(["GET", "POST"])
def entry(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """The page; POST is the plain form of one item, for browsers without script."""
    page = _page(request, paper_code, class_code)
    back = reverse("assessment:paper", args=[school_code, paper_code])
    if not page.items or not page.pupils or class_has_marks(page.paper, page.home_class.id):
        return redirect(back)
    position = _position(request, len(page.items))
    problem = ""
    if request.method == "POST":
        try:
            save_entry(
                actor=actor_of(request),
                paper=page.paper,
                home_class_id=page.home_class.id,
                pupils=page.pupils,
                items=page.items,
                part=entry_page.part_from_form(request.POST, page),
            )
        except DomainError as refused:
            problem = refused.message
        else:
            following = min(int(request.POST["position"]) + 2, len(page.items))
            return redirect(f"{request.path}?item={following}")
    return render(request, "assessment/entry.html", _context(page, school_code, position, back, problem))


def _position(request: HttpRequest, items: int) -> int:
    text = request.GET.get("item", "1")
    return min(max(int(text), 1), items) - 1 if text.isdigit() else 0


def _context(
    page: entry_page.EntryPage, school_code: str, position: int, back: str, problem: str
) -> dict[str, Any]:
    draft = page.draft
    done = {int(place) for place in draft.lost} if draft else set()
    needed = FEWEST_KEY_ITEMS if draft and draft.key_items_only else len(page.items)
    keys = [school_code, page.paper.code, page.home_class.code]
    return {
        "page": page,
        "title": f"{page.home_class.name} · {paper_title(page.paper)}",
        "position": position,
        "item": page.items[position],
        "rows": entry_page.form_rows(page, position),
        "done": done,
        "entered": len(done),
        "complete": len(done) >= needed,
        "problem": problem,
        "state": json.dumps(page.data(), ensure_ascii=False, separators=(",", ":")),
        "back_url": back,
        "save_url": reverse("assessment:entry_save", args=keys),
        "hand_in_url": reverse("assessment:entry_hand_in", args=keys),
    }


@requires("assessment.enter_marks")
@require_POST
def entry_save(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """One queued save; a resend is answered like the first."""
    page = _page(request, paper_code, class_code)
    command_id, part = entry_page.part_from_json(request.body)
    try:
        save_entry(  # type: ignore[call-arg] # command_id is taken by @command
            actor=actor_of(request),
            paper=page.paper,
            home_class_id=page.home_class.id,
            pupils=page.pupils,
            items=page.items,
            part=part,
            command_id=command_id,
        )
    except AlreadyDone:
        return JsonResponse({"saved": True, "again": True})
    return JsonResponse({"saved": True})


@requires("assessment.enter_marks")
@require_POST
def entry_hand_in(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """Hand the class's marks in."""
    page = _page(request, paper_code, class_code)
    keys = [school_code, paper_code]
    try:
        written = hand_in_entry(
            actor=actor_of(request),
            paper=page.paper,
            home_class_id=page.home_class.id,
            pupils=page.pupils,
        )
    except DomainError as refused:
        messages.error(request, refused.message, extra_tags="bad")
        return redirect("assessment:entry", *keys, class_code)
    messages.success(request, f"{page.home_class.name} {written.added} 人的成绩已交，分析一会儿就好。")
    return redirect("assessment:paper", *keys)
