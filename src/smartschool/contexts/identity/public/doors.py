"""Doors of identity: the places of an actor and the home of each."""

from django.http import HttpRequest
from django.urls import reverse

from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.identity.public.contracts import Place
from smartschool.kernel.actor import Actor
from smartschool.kernel.policy import actor_of

PLACE_KEY, LIMIT_KEY = "place", "limit"


def home_of(role: str, organisation_code: str) -> str:
    """Address of 今日 for a role; the URL says the workspace, nothing else does."""
    given_by = roles()[role].by
    if given_by in ("enrolment", "guardianship"):
        return "/me/today/"
    if "bureau" in roles()[role].at:
        return "/district/today/"
    return f"/schools/{organisation_code}/today/"


def places_of(actor: Actor) -> list[Place]:
    """Each role at each organisation once, in the order of roles.toml."""
    order = {name: index for index, name in enumerate(roles())}
    found: dict[str, Place] = {}
    for affiliation in sorted(actor.affiliations, key=lambda a: order[a.role]):
        organisation, role = affiliation.organisation, affiliation.role
        key = f"{role}@{organisation.code}"
        found.setdefault(
            key, Place(key, role, roles()[role].zh, organisation, home_of(role, organisation.code))
        )
    return list(found.values())


def current_place(request: HttpRequest) -> Place | None:
    """Where the page stands; on pages without a workspace, the place that was chosen last."""
    actor = actor_of(request)
    places = places_of(actor)
    for place in places:
        if actor.role == place.role and (
            actor.workspace is None or actor.workspace.id == place.organisation.id
        ):
            return place
    chosen = request.session.get(PLACE_KEY)
    return next((place for place in places if place.key == chosen), places[0] if places else None)


def idle_limit(request: HttpRequest) -> int | None:
    """Seconds of rest after which this session ends; None for strangers."""
    limit = request.session.get(LIMIT_KEY)
    return None if limit is None else int(limit)


def password_url() -> str:
    """Where the user menu leads to change the password."""
    return reverse("identity:password")


def switch_url() -> str:
    """Where the user menu posts the key of another place."""
    return reverse("identity:place")


def sign_out_url() -> str:
    """Where the user menu posts to leave."""
    return reverse("identity:sign_out")
