"""Each role signs in, sees the own home, nothing of others, switches place, leaves; at three widths."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.steps import picture, sign_in

from smartschool.kernel.registry import demo_logins

pytestmark = pytest.mark.journey

# role as printed by `up` → what its home must say, and the kind of page for its weight
HOMES = {
    "区级管理员": ("所学校", "ordinary"),
    "校长": ("名学生", "ordinary"),
    "班主任": ("你带", "ordinary"),
    "学生": ("学号", "phone"),
    "家长": ("陈小雨", "phone"),
}
SAME_AS_ANOTHER = ("教研员", "督学", "教务管理员", "任课教师（外校）")


def test_every_role_has_its_home(
    page: Page,
    site: str,
    logins: None,
    console: list[str],
    check_page: Callable[..., None],
    check_weight: Callable[..., None],
) -> None:
    for role, (words, kind) in HOMES.items():
        name = demo_logins.get(role).login.removeprefix("dt-")
        sign_in(page, site, role)
        expect(page.locator("main")).to_contain_text(words)
        expect(page.locator("details.menu")).to_contain_text(role)
        assert page.locator(".lede").count() >= 1, role
        picture(page, f"today-{name}-wide")
        check_page()
        check_weight(kind)
        page.set_viewport_size({"width": 390, "height": 844})
        expect(page.locator(".tabbar")).to_be_visible()
        expect(page.locator(".top .logo small")).to_be_visible()
        picture(page, f"today-{name}-phone")
        page.set_viewport_size({"width": 1440, "height": 900})
    assert not console


def test_every_entry_of_every_navigation_opens(page: Page, site: str, logins: None) -> None:
    for role in (*HOMES, *SAME_AS_ANOTHER):
        sign_in(page, site, role)
        hrefs = page.eval_on_selector_all(".nav a", "links => links.map(a => a.getAttribute('href'))")
        assert hrefs, role
        for href in hrefs:
            assert page.request.get(site + href).status == 200, f"{role}: {href}"


def test_who_teaches_and_leads_a_class_switches_between_the_two(page: Page, site: str, logins: None) -> None:
    sign_in(page, site, "任课教师（外校）")
    expect(page.locator("main")).to_contain_text("你带")
    page.click("details.menu > summary")
    page.locator(".menu-pop button", has_text="任课教师").first.click()
    expect(page.locator("main")).to_contain_text("你教")
    expect(page.locator("main")).not_to_contain_text("你带")


def test_a_parent_meets_only_the_own_child(page: Page, site: str, logins: None) -> None:
    sign_in(page, site, "家长")
    for path in ("/district/today/", "/schools/2134040201/today/"):
        assert page.request.get(site + path).status == 403
    assert page.request.get(site + "/schools/2134040210/today/").status == 404
    expect(page.locator("main")).not_to_contain_text("名学生")


def test_leaving_closes_the_pages(page: Page, site: str, logins: None) -> None:
    sign_in(page, site, "校长")
    home = page.url
    page.click("details.menu > summary")
    picture(page, "user-menu")
    page.click("text=退出登录")
    expect(page.locator("h2")).to_have_text("登录")
    page.goto(home)
    assert "/login/" in page.url
    page.go_back()
    assert "名学生" not in page.content()


def test_a_wrong_password_says_what_is_left(
    page: Page, site: str, logins: None, check_page: Callable[..., None]
) -> None:
    page.goto(site + "/login/")
    picture(page, "login")
    page.fill("#id_login", demo_logins.get("校长").login)
    page.fill("#id_password", "wrong-2026")
    page.click("main button.primary")
    expect(page.locator(".err-sum")).to_contain_text("还可以再试 4 次")
    assert page.evaluate("document.activeElement.classList.contains('err-sum')")
    check_page()
