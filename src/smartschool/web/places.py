"""Owns where a page stands: which of a person's places (role at an organisation) it belongs to."""

from dataclasses import replace

from django.http import HttpRequest

from smartschool.contexts.identity.public.contracts import Place
from smartschool.contexts.identity.public.doors import PLACE_KEY, places_of
from smartschool.kernel.actor import Actor
from smartschool.kernel.policy import actor_of


def place_here(request: HttpRequest, places: list[Place]) -> Place | None:
    """The place this page belongs to.

    The address says the workspace, its policy the role that acts: a 校长 who chose 任课教师 and follows a
    link to a page of the office stands there as 校长. Where neither decides, the place chosen in the menu
    comes first, so that a 任课教师 who is also 班主任 of the same school sees the role that was chosen.
    """
    if not places:
        return None
    fitting = [place for place in places if _fits(place, request)]
    acting = [place for place in fitting if place.role == actor_of(request).role]
    chosen = request.session.get(PLACE_KEY)
    for candidates in (acting, fitting, places):
        for place in candidates:
            if place.key == chosen:
                return place
        if candidates:
            return candidates[0]
    return None


def _fits(place: Place, request: HttpRequest) -> bool:
    workspace = actor_of(request).workspace
    if request.path.startswith("/schools/") and workspace is not None:
        return place.organisation.id == workspace.id
    for root in ("/district/", "/me/"):
        if request.path.startswith(root):
            return place.home.startswith(root)
    return not request.path.startswith("/schools/")


def acting_as(actor: Actor, place: Place) -> Actor:
    """The same person with only the affiliations of one role: 今日 shows one role at a time."""
    kept = tuple(a for a in actor.affiliations if a.role == place.role)
    return replace(actor, affiliations=kept)


def places_in_order(request: HttpRequest) -> list[Place]:
    """All places of the signed-in person; none for strangers."""
    actor = actor_of(request)
    return places_of(actor) if actor.is_authenticated else []
