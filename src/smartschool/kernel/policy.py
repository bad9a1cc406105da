"""Ring 1 and 2: who may do what. Policies are registered by rooms; every route names one or says why not."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.checks import CheckMessage, Error, register
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from smartschool.kernel.actor import ANONYMOUS, Actor, Affiliation, OrganisationRef, reach
from smartschool.kernel.errors import NotAllowed, NotYours, SignInRequired
from smartschool.kernel.scope import Scope

M = TypeVar("M", bound=Model)
View = TypeVar("View", bound=Callable[..., HttpResponse])


class Workspace(StrEnum):
    """Where a page stands (ARCHITECTURE §3): the URL says it, never a preference of the user."""

    SCHOOL = "school"  # /schools/<school_code>/…
    DISTRICT = "district"  # /district/…
    ME = "me"  # /me/…: own and own children's records
    ACCOUNT = "account"  # any signed-in person, no organisation's rows


@dataclass(frozen=True)
class Policy:
    """Who may use a verb, where, and on which rows.

    Parameters
    ----------
    name
        ``room.verb_noun``.
    zh
        What it allows, in words that a principal reads.
    roles
        Names from directory/roles.toml; any of them is enough.
    workspace
        Where the verb is used.
    rows
        Actor → queryset of the rows on which the actor may use it. The fetched object is the proof.
    write
        Opens the scope for writing too.
    """

    name: str
    zh: str
    roles: frozenset[str]
    workspace: Workspace
    rows: Callable[[Actor], QuerySet[Any]] | None = None
    write: bool = False

    def allows(self, actor: Actor) -> bool:
        """Whether any affiliation of the actor carries a fitting role (for menus)."""
        return self.workspace is Workspace.ACCOUNT or bool(actor.with_roles(self.roles))

    def queryset(self, actor: Actor) -> QuerySet[Any]:
        """The rows on which `actor` may use this verb."""
        if self.rows is None:
            raise LookupError(f"policy {self.name} has no rows")
        return self.rows(actor)

    def get(self, actor: Actor, **lookup: Any) -> Any:
        """Fetch one row through the policy, or 404: not found and not yours look the same."""
        queryset = self.queryset(actor)
        try:
            return queryset.get(**lookup)
        except (queryset.model.DoesNotExist, ValueError):
            raise NotYours from None


_policies: dict[str, Policy] = {}


def register_policy(policy: Policy) -> Policy:
    """Called by a room's policies.py."""
    if _policies.get(policy.name, policy) != policy:
        raise ValueError(f"policy {policy.name} is registered twice")
    _policies[policy.name] = policy
    return policy


def policy(name: str) -> Policy:
    """The registered policy, or KeyError at start-up."""
    return _policies[name]


def policies() -> dict[str, Policy]:
    """All of them, for the matrix test and menus."""
    return dict(_policies)


def _school_place(
    actor: Actor, wanted: Policy, school_code: str
) -> tuple[Affiliation | None, OrganisationRef | None]:
    """The affiliation that lets `actor` work in the school, and the school; a 中心校 acts for its schools."""
    seen: OrganisationRef | None = None
    for affiliation in actor.affiliations:
        places = [affiliation.organisation]
        if affiliation.organisation.kind == "central_school":
            places += affiliation.descendants
        for place in places:
            if place.code == school_code:
                seen = place
                if affiliation.role in wanted.roles:
                    return affiliation, place
    return None, seen


def open_workspace(actor: Actor, wanted: Policy, *, school_code: str | None = None) -> tuple[Actor, Scope]:
    """Ring 1: the actor in its workspace and the scope to open.

    Raises
    ------
    SignInRequired, NotYours, NotAllowed
        No account; a place that is not the actor's; the actor's place but not its verb.
    """
    if not actor.is_authenticated:
        raise SignInRequired
    if wanted.workspace is Workspace.ACCOUNT:
        return actor, Scope(read=frozenset())
    if wanted.workspace is Workspace.SCHOOL:
        if school_code is None:
            raise TypeError(f"the route of {wanted.name} has no school_code")
        affiliation, place = _school_place(actor, wanted, school_code)
        if place is None:
            raise NotYours
        if affiliation is None:
            raise NotAllowed
        ids = frozenset({place.id})
        ancestors = frozenset(o.id for o in (*affiliation.ancestors, affiliation.organisation)) - ids
        scope = Scope(read=ids, write=ids if wanted.write else frozenset(), shared=ancestors)
        return actor.at(place, affiliation.role), scope
    affiliations = actor.with_roles(wanted.roles)
    if not affiliations:
        raise NotAllowed
    scope = reach(affiliations)
    if not wanted.write:
        scope.write = frozenset()
    first = affiliations[0]
    place = first.organisation if wanted.workspace is Workspace.DISTRICT else None
    return actor.at(place, first.role), scope


def requires(name: str) -> Callable[[View], View]:
    """Declare the policy of a route; opens its scope inside the view's transaction.

    The view finds the actor by `actor_of`, with `workspace` and `role` set.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            placed, scope = open_workspace(
                actor_of(request), policy(name), school_code=kwargs.get("school_code")
            )
            request.actor = placed  # type: ignore[attr-defined]
            with scope:
                response = view(request, *args, **kwargs)
                render = getattr(response, "render", None)
                if render is not None and not getattr(response, "is_rendered", True):
                    render()  # a lazy template would query after the scope has closed
            response.setdefault("Cache-Control", "no-store")
            return response

        guarded.policy_name = name  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def actor_of(request: HttpRequest) -> Actor:
    """Who asks; in a view with `@requires` it stands in the workspace. ANONYMOUS where no middleware said."""
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    return actor


def place_of(request: HttpRequest) -> int:
    """Id of the organisation in which the page stands.

    Raises
    ------
    LookupError
        The page's policy stands in none: neither in a school nor at the bureau.
    """
    place = actor_of(request).workspace
    if place is None:
        raise LookupError("the policy of this page stands in no organisation")
    return place.id


def public(reason: str) -> Callable[[View], View]:
    """A route that anybody may open, and why."""

    def decorate(view: View) -> View:
        view.public_reason = reason  # type: ignore[attr-defined]
        return view

    return decorate


def routes(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, URLPattern]]:
    """Every route of the site with its full pattern."""
    found: list[tuple[str, URLPattern]] = []
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += routes(entry, path)
        else:
            found.append((path, entry))
    return found


@register("policy")
def every_route_declares_its_policy(**_: Any) -> list[CheckMessage]:
    """The server does not start with an open door."""
    problems: list[CheckMessage] = []
    for path, entry in routes():
        name = getattr(entry.callback, "policy_name", None)
        if name is None and not getattr(entry.callback, "public_reason", None):
            problems.append(Error(f"route /{path} declares no policy", id="kernel.E001"))
        elif name is not None and name not in _policies:
            problems.append(Error(f"route /{path} names the unknown policy {name}", id="kernel.E002"))
    return problems
