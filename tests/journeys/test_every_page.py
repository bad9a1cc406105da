"""One page of every kind that a role can reach, in Chromium: axe, three widths, nothing refused."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Page
from tests.journeys.steps import sign_in

from smartschool.contexts.identity import seeds

pytestmark = [pytest.mark.journey, pytest.mark.slow]


def route_of(address: str) -> str:
    try:
        return str(resolve(urlsplit(address).path).route)
    except Resolver404:
        return ""


def new_kinds(page: Page, seen: set[str]) -> list[str]:
    """Links of the open page that lead to a kind of page not yet seen; downloads are left out."""
    hrefs = page.eval_on_selector_all("a[href]", "links => links.map(a => a.href)")
    own = urlsplit(page.url).netloc
    found = []
    for href in hrefs:
        parts = urlsplit(href)
        route = route_of(href)
        key = (
            f"{route}?{parts.query.split('=')[0]}"
            if "tab=" not in href
            else f"{route}?{parts.query.split('&')[0]}"
        )
        if parts.netloc != own or not route or "." in parts.path.rsplit("/", 1)[-1] or key in seen:
            continue
        seen.add(key)
        found.append(href)
    return found


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("SMARTSCHOOL_ALL_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.mark.parametrize("role", ["教务管理员", "班主任", "区级管理员", "家长"])
def test_every_kind_of_page(
    page: Page,
    site: str,
    fresh_database: str,
    console: list[str],
    check_page: Callable[..., None],
    role: str,
) -> None:
    seeds.run("small")
    sign_in(page, site, role)
    places = [
        button.inner_text().split("\n")[0]
        for button in page.locator(".menu-pop form[action*=place] button").all()
    ]
    seen: set[str] = set()
    faults: list[str] = []
    for place in ["", *dict.fromkeys(places)]:
        if place:
            page.goto(site + "/")
            page.click("details.menu > summary")
            page.locator(".menu-pop form[action*=place] button", has_text=place).first.click()
        queue = [page.url]
        while queue:
            page.goto(queue.pop(0))
            try:
                check_page((1440, 320))
            except AssertionError as fault:  # all faults of a role at once, not one a run
                faults.append(str(fault))
            number = len(seen)
            picture(page, f"{role}-{number:02d}-wide")
            page.set_viewport_size({"width": 390, "height": 844})
            picture(page, f"{role}-{number:02d}-phone")
            page.set_viewport_size({"width": 1440, "height": 900})
            queue += new_kinds(page, seen)
    assert len(seen) >= 2
    assert not faults, "\n".join(faults)
    assert not console
