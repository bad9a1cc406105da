"""Owns 今日, the home of each role: where we stand and what waits, then the panels that rooms registered."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import actor_of, open_workspace, policy, requires
from smartschool.kernel.registry import Block, Panel, panels
from smartschool.web.places import acting_as, place_here, places_in_order

WEEKDAYS = "一二三四五六日"


@requires("web.open_school_today")
def school_today(request: HttpRequest, school_code: str) -> HttpResponse:
    """今日 of a role at a school."""
    return _today(request, school_code)


@requires("web.open_district_today")
def district_today(request: HttpRequest) -> HttpResponse:
    """今日 of the bureau's roles."""
    return _today(request, None)


@requires("web.open_own_today")
def own_today(request: HttpRequest) -> HttpResponse:
    """今日 of a pupil or a guardian."""
    return _today(request, None)


@requires("web.open_menu")
def menu(request: HttpRequest) -> HttpResponse:
    """All entries of the role, for phones whose tabs are full."""
    return render(request, "web/menu.html")


def _today(request: HttpRequest, school_code: str | None) -> HttpResponse:
    actor = actor_of(request)
    place = place_here(request, places_in_order(request))
    if place is None:
        raise NotYours
    # A 中心校 may stand in one of its schools, where it holds no place of its own.
    elsewhere = actor.workspace is not None and actor.workspace.id != place.organisation.id
    acting = actor if elsewhere else acting_as(actor, place)
    blocks = _blocks(request, acting, school_code)
    context = {
        "day": _day(clock.today()),
        "term": _term(clock.today()),
        "ledes": [block.lede for _, block in blocks if block.lede],
        "todos": [block.todo for _, block in blocks if block.todo],
        "main": [block.body for panel, block in blocks if block.body and not panel.side],
        "side": [block.body for panel, block in blocks if block.body and panel.side],
        "acting_for": elsewhere,
    }
    return render(request, "web/today.html", context)


def _blocks(request: HttpRequest, actor: Actor, school_code: str | None) -> list[tuple[Panel, Block]]:
    """Each panel in the scope of its own policy; one that has nothing to say leaves no trace."""
    here = policy(request.resolver_match.func.policy_name).workspace  # type: ignore[union-attr]
    shown: list[tuple[Panel, Block]] = []
    for panel in sorted(panels, key=lambda one: one.order):
        wanted = policy(panel.policy)
        if wanted.workspace is not here or not wanted.allows(actor):
            continue
        try:
            placed, scope = open_workspace(actor, wanted, school_code=school_code)
        except DomainError:
            continue  # this role does not reach what the panel shows
        with scope:
            block = panel.render(request, placed)
        if block:
            shown.append((panel, block))
    return shown


def _day(day: date) -> str:
    return f"{day.month} 月 {day.day} 日 周{WEEKDAYS[day.weekday()]}"


def _term(day: date) -> str:
    """Term and teaching week; in the holidays only the term that ended."""
    try:
        term = directory.current_term(day)
    except LookupError:
        return "区里还没有设学期"
    if day > term.ends_on:
        return f"{term.name}已经结束"
    return f"{term.name} 第 {(day - term.starts_on).days // 7 + 1} 周"
