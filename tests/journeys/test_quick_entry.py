"""A teacher enters a class's marks by taps: few taps, a lost line, a closed page, a phone and a keyboard."""

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from smartschool.contexts.identity.seeds import PASSWORD

pytestmark = pytest.mark.journey
SCRIPT = Path("src/smartschool/contexts/assessment/static/assessment/entry.js")
ITEMS = 25
MOST_TAPS = 300  # for 40 pupils × 25 items


def open_draft(page: Page, site: str) -> None:
    """李岚 signs in and goes from the list of exams to her class."""
    page.goto(site + "/login/")
    page.fill("#id_login", "dt-lilan")
    page.fill("#id_password", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url(re.compile("/today/$"))
    page.goto(site + "/schools/2134040201/exams/")
    section = page.locator("section", has_text="七年级数学质量监测")
    section.get_by_role("link", name="数学").click()
    page.get_by_role("link", name="七（2）班").click()
    expect(page.locator("#tiles button").first).to_be_visible()


def stored(page: Page) -> dict[str, dict[str, float]]:
    """What the server has, read from a fresh copy of the page."""
    state = re.findall(r'data-state="([^"]*)"', page.request.get(page.url).text())[0]
    lost: dict[str, dict[str, float]] = json.loads(unescape(state))["lost"]
    return lost


def saved(page: Page) -> None:
    expect(page.locator("#line")).to_have_text("都已存到服务器")


def tile(page: Page, number: int) -> object:
    return page.locator(f'#tiles [data-n="{number}"]')


def enter_all(page: Page, per_item: int = 8) -> int:
    """Tap `per_item` pupils on every item; answers the taps that it took."""
    taps = 0
    for item in range(ITEMS):
        for seat in range(per_item):
            page.locator("#tiles button").nth((item * 3 + seat) % 28).click()
            taps += 1
        page.locator("#next").click()
        taps += 1
    return taps


@pytest.mark.parametrize("width", [390, 1440])
def test_a_class_is_entered_by_taps_and_handed_in(
    page: Page,
    site: str,
    console: list[str],
    check_page: Callable[..., None],
    check_weight: Callable[..., None],
    width: int,
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    open_draft(page, site)
    check_page()
    check_weight("table")
    taps = enter_all(page)
    saved(page)
    pupils = page.locator("#tiles button").count()
    # The same share of lost marks in a class of forty.
    assert ITEMS + (taps - ITEMS) * 40 / pupils <= MOST_TAPS
    assert all(len(lost) == 8 for lost in stored(page).values())
    page.locator('[data-total="1"]').fill("50")
    page.locator('[data-total="1"]').blur()
    expect(page.locator('#check tr[data-n="1"]')).to_have_class("no")
    saved(page)
    page.locator("#done").click()
    expect(page.locator(".note.bad")).to_contain_text("1 号录的分和卷面总分不一样")
    page.locator('[data-total="1"]').fill("")
    page.locator('[data-total="1"]').blur()
    saved(page)
    page.locator("#done").click()
    expect(page.locator("#hx-note")).to_contain_text("的成绩已交")
    expect(page.locator("main")).to_contain_text("已交")
    assert not console


def test_a_lost_line_and_a_closed_page_lose_nothing(page: Page, site: str) -> None:
    open_draft(page, site)
    address = page.url
    saved(page)
    page.context.set_offline(True)
    for number in (3, 7):
        tile(page, number).click()  # type: ignore[attr-defined]
    page.locator("#next").click()
    tile(page, 5).click()  # type: ignore[attr-defined]
    page.locator("#next").click()
    expect(page.locator("#line")).to_contain_text("2 处待传")
    tile(page, 9).click()  # type: ignore[attr-defined]
    page.context.set_offline(False)
    page.close()
    again = page.context.new_page()
    again.goto(address)
    expect(again.locator("#line")).to_have_text("这题记在这台设备上，录完就传")
    again.wait_for_function("Object.values(localStorage).every(kept => !JSON.parse(kept).q.length)")
    lost = stored(again)
    assert lost == {"0": {"3": 4, "7": 4}, "1": {"5": 4}}
    # The item that was half done is still on the screen.
    expect(again.locator('#tiles [data-n="9"]')).to_have_class(re.compile("lost"))
    expect(again.locator("#item")).to_contain_text("第 3 题")


def test_the_keyboard_is_enough(page: Page, site: str) -> None:
    open_draft(page, site)
    for key in ("1", "2", "Enter", "-", "3", "Enter", "ArrowRight"):
        page.keyboard.press(key)
    saved(page)
    assert stored(page) == {"0": {"12": 4, "3": 3}}
    tile(page, 12).click()  # type: ignore[attr-defined]
    page.locator("#undo").click()
    page.locator("#all").click()
    tile(page, 1).click()  # type: ignore[attr-defined]
    page.locator("#away").click()
    tile(page, 2).click()  # type: ignore[attr-defined]
    page.locator("#next").click()
    saved(page)
    second = stored(page)["1"]
    assert "1" not in second
    assert second["12"] == 4


def test_without_script_the_form_saves(browser: object, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(site + "/login/")
    page.fill("#id_login", "dt-lilan")
    page.fill("#id_password", PASSWORD)
    page.click("main button.primary")
    page.goto(site + "/schools/2134040201/exams/")
    page.locator("section", has_text="七年级数学质量监测").get_by_role("link", name="数学").click()
    page.get_by_role("link", name="七（2）班").click()
    page.fill("[name=lost-4]", "2")
    page.get_by_role("button", name="录完这题，到下一题").click()
    expect(page.locator("form h2")).to_contain_text("第 2 题")
    assert stored(page) == {"0": {"4": 2}}
    context.close()


def test_the_page_s_own_script_is_small() -> None:
    import gzip

    assert len(gzip.compress(SCRIPT.read_bytes())) <= 6_000
