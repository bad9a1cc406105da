"""Owns the frame around each page: navigation of the role, tabs of the phone, person, school, role switch."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from django.http import HttpRequest

from smartschool.contexts.identity.public.contracts import Place
from smartschool.contexts.identity.public.doors import idle_limit, password_url, sign_out_url, switch_url
from smartschool.kernel.actor import Actor
from smartschool.kernel.policy import Workspace, actor_of, policy
from smartschool.kernel.registry import NavItem, nav_items
from smartschool.web.places import place_here, places_in_order

TABS = 5
MENU_URL = "/menu/"


@dataclass(frozen=True)
class NavLink:
    """One entry as the templates show it."""

    label: str
    icon: str
    href: str
    current: bool = False


@dataclass
class NavGroup:
    """Entries under one small heading; the first group has none."""

    title: str
    items: list[NavLink] = field(default_factory=list)


def _may(item: NavItem, role: str) -> bool:
    wanted = policy(item.policy)
    return wanted.workspace is Workspace.ACCOUNT or role in wanted.roles


def links_for(actor: Actor, place: Place, path: str) -> list[tuple[str, NavLink]]:
    """(group, link) of each entry the role may open, in order; the longest fitting address is current."""
    standing = actor.at(place.organisation, place.role)
    found: list[tuple[str, str, str, str]] = []
    belongs: dict[str, str] = {}  # address → the entry to which what stands below it belongs
    for item in sorted(nav_items, key=lambda one: one.order):
        if not _may(item, place.role):
            continue
        href = item.url(standing)
        if href is not None:
            found.append((item.group, item.label, item.icon, href))
            belongs |= {urljoin(href, f"../{tail}"): href for tail in item.also} | {href: href}
    nearest = max((root for root in belongs if path.startswith(root)), key=len, default="")
    here = belongs.get(nearest)
    return [(group, NavLink(label, icon, href, href == here)) for group, label, icon, href in found]


def _grouped(links: list[tuple[str, NavLink]]) -> list[NavGroup]:
    groups: dict[str, NavGroup] = {}
    for title, link in links:
        groups.setdefault(title, NavGroup(title)).items.append(link)
    return sorted(groups.values(), key=lambda group: bool(group.title))


def _tabs(links: list[NavLink], path: str) -> list[NavLink]:
    """At most five; the fifth opens the rest."""
    if len(links) <= TABS:
        return links
    shown = links[: TABS - 1]
    rest_is_current = path.startswith(MENU_URL) or any(link.current for link in links[TABS - 1 :])
    return [*shown, NavLink("更多", "menu-2", MENU_URL, rest_is_current)]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. A stranger gets no navigation, only the page."""
    places = places_in_order(request)
    place = place_here(request, places)
    if place is None:
        return {}
    actor = actor_of(request)
    links = links_for(actor, place, request.path)
    return {
        "nav": _grouped(links),
        "tabs": _tabs([link for _, link in links], request.path),
        "person": {"name": actor.name, "initial": actor.name[:1], "role": place.zh},
        "school": actor.workspace or place.organisation,
        "places": [
            {
                "key": one.key,
                "role": one.zh,
                "school": one.organisation.name,
                "current": one.key == place.key,
            }
            for one in places
        ],
        "idle_seconds": idle_limit(request),
        "password_url": password_url(),
        "switch_url": switch_url(),
        "sign_out_url": sign_out_url(),
    }
