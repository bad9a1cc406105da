"""The fixtures themselves: the real server answers a browser and serves what its pages name."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.journey


def test_server_serves_pages_with_their_style(page: Page, site: str, console: list[str]) -> None:
    response = page.goto(site + "/nowhere/")
    assert response is not None
    assert response.status == 404
    style = page.locator("link[rel=stylesheet]").first.get_attribute("href")
    assert page.request.get(f"{site}{style}").status == 200
    assert not [line for line in console if "404" not in line]


def test_a_printed_account_signs_in(page: Page, login_as: Callable[[str], None]) -> None:
    login_as("班主任")
    assert page.locator("form[action='/logout/']").count() == 1
