"""The gallery in a real Chromium: accessibility, narrow screens, themes, print, htmx, no script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(
    "path",
    [
        "/gallery/",
        "/gallery/?theme=screen",
        "/gallery/?size=big",
        "/gallery/kiosk/",
        "/gallery/sheet/",
    ],
)
def test_every_state_is_accessible_and_fits(
    page: Page, gallery: str, check_page: Callable[..., None], console: list[str], path: str
) -> None:
    page.goto(gallery + path)
    assert not console  # the security policy refused nothing
    check_page()


def test_the_gallery_is_light(page: Page, gallery: str, check_weight: Callable[..., None]) -> None:
    page.goto(gallery + "/gallery/")
    check_weight()


def test_error_page_is_accessible(page: Page, gallery: str, check_page: Callable[..., None]) -> None:
    response = page.goto(gallery + "/nowhere/")
    assert response is not None
    assert response.status == 404
    expect(page.locator("h1")).to_have_text("没有找到这一页")
    check_page()


def test_every_icon_used_is_drawn(page: Page, gallery: str) -> None:
    page.goto(gallery + "/gallery/")
    hollow = page.evaluate(
        "[...document.querySelectorAll('svg.ic use')].filter(u => {"
        " const r = u.getBBox(); return r.width === 0 && r.height === 0 && u.closest('svg').clientWidth > 0;"
        "}).map(u => u.getAttribute('href'))"
    )
    assert hollow == []


def test_fragment_swaps_with_its_icon_and_a_failure_keeps_the_old(page: Page, gallery: str) -> None:
    page.goto(gallery + "/gallery/")
    page.click("#swap")
    expect(page.locator("#swapped")).to_contain_text("新内容")
    assert page.locator("#sprite #i-rocket").count() == 1
    assert page.locator("#swapped use").evaluate("u => u.getBBox().width") > 0
    page.click("#fail")
    expect(page.locator("#hx-note")).to_contain_text("没有更新")
    expect(page.locator("#swapped")).to_contain_text("新内容")


def test_dialog_opens_and_closes_by_keyboard(page: Page, gallery: str) -> None:
    page.goto(gallery + "/gallery/")
    page.click("[data-open=dlg]")
    expect(page.locator("#dlg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#dlg")).to_be_hidden()


def test_dialog_works_where_the_browser_has_none(page: Page, gallery: str) -> None:
    page.add_init_script(
        "delete HTMLDialogElement.prototype.showModal; delete HTMLDialogElement.prototype.close"
    )
    page.goto(gallery + "/gallery/")
    page.click("[data-open=dlg]")
    expect(page.locator("#dlg")).to_be_visible()
    page.click("#dlg [data-close]")
    expect(page.locator("#dlg")).to_be_hidden()


def test_choice_is_marked_as_it_changes(page: Page, gallery: str) -> None:
    page.goto(gallery + "/gallery/")
    page.check("input[value=chinese]")
    assert page.locator(".choice.on").count() == 1


def test_form_errors_take_the_focus(page: Page, gallery: str) -> None:
    page.goto(gallery + "/gallery/")
    assert page.evaluate("document.activeElement.className") == "err-sum"
    assert page.title().startswith("错误：")


def test_an_unattended_page_asks_again(page: Page, gallery: str) -> None:
    page.clock.install()
    page.goto(gallery + "/gallery/?idle=60")
    page.evaluate("window.mark = 1")
    page.clock.run_for(40_000)
    page.keyboard.press("Tab")
    page.clock.run_for(40_000)
    assert page.evaluate("window.mark") == 1  # somebody is there
    with page.expect_navigation():
        page.clock.run_for(40_000)
    assert page.evaluate("window.mark") is None


def test_a_password_can_be_shown_and_hidden(page: Page, gallery: str) -> None:
    page.goto(gallery + "/gallery/")
    button = page.locator("button[data-show=id_secret]")
    button.click()
    assert page.locator("#id_secret").get_attribute("type") == "text"
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    assert page.locator("#id_secret").get_attribute("type") == "password"


def test_small_pupils_get_large_words_and_a_voice(page: Page, gallery: str) -> None:
    page.add_init_script("window.said = []; speechSynthesis.speak = u => said.push([u.lang, u.text])")
    page.goto(gallery + "/gallery/?size=big")
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('#pupil-part *')].filter(e => e.childNodes[0] &&"
        " e.childNodes[0].nodeType === 3).map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 20
    page.click("[data-read=pupil-part]")
    ((language, words),) = page.evaluate("said")
    assert language == "zh-CN"
    assert "为什么是它？" in words
    page.goto(gallery + "/gallery/")
    assert page.locator("[data-read]").is_hidden()  # no script for it on other pages


def test_user_menu_opens_by_keyboard_and_names_the_other_role(page: Page, gallery: str) -> None:
    page.goto(gallery + "/gallery/")
    summary = page.locator("details.menu > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".menu-pop")).to_contain_text("班主任")
    page.keyboard.press("Escape")
    expect(page.locator(".menu-pop")).to_be_hidden()


def test_phone_shows_school_tabs_and_way_back(page: Page, gallery: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(gallery + "/gallery/")
    for selector in (".top .logo small", ".tabbar", ".back", "details.menu"):
        expect(page.locator(selector)).to_be_visible()
    expect(page.locator(".side")).to_be_hidden()


def test_touch_targets_are_large_enough(page: Page, gallery: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(gallery + "/gallery/")
    small = page.evaluate(
        "[...document.querySelectorAll('.btn,.tabbar a,summary,.choice,.check,.input,.select')]"
        ".filter(e => e.offsetParent).filter(e => e.getBoundingClientRect().height < 24)"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []


def test_paper_gets_the_wide_layout(page: Page, gallery: str) -> None:
    page.goto(gallery + "/gallery/")
    page.set_viewport_size({"width": 700, "height": 1000})
    page.emulate_media(media="print")
    assert page.locator(".ch.only-d").first.is_visible()
    assert not page.locator(".ch.only-m").first.is_visible()
    assert not page.locator(".side").is_visible()
    assert not page.locator(".tabbar").is_visible()


def test_works_without_script(browser: Browser, gallery: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(gallery + "/gallery/")
    page.click("details.menu > summary")
    assert page.locator(".menu-pop").is_visible()
    page.click("text=下一页")
    assert "page=3" in page.url
    context.close()
