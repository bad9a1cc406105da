"""The office opens a class, moves pupils into it, changes its mind, prepares the next first grade."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.steps import pictures, sign_in

pytestmark = pytest.mark.journey

CLASSES = "/schools/2134040201/classes/"


def test_the_office_keeps_its_classes(
    page: Page,
    site: str,
    logins: None,
    console: list[str],
    check_page: Callable[..., None],
    check_weight: Callable[..., None],
) -> None:
    sign_in(page, site, "教务管理员")
    page.click(".nav >> text=本校")
    pictures(page, "profile")
    check_page()
    check_weight()
    page.click(".nav >> text=师生与班级")
    pictures(page, "classes")
    check_page()
    page.get_by_role("link", name="建班", exact=True).click()
    page.get_by_role("button", name="建这个班").click()
    expect(page.locator(".err-sum")).to_contain_text("选年级")
    pictures(page, "class-add")
    check_page()
    page.get_by_label("七年级", exact=True).check()
    page.get_by_role("button", name="建这个班").click()
    expect(page.locator("h1")).to_have_text("七（3）班")
    pictures(page, "class-empty")
    check_page()
    page.goto(site + CLASSES)
    page.get_by_role("link", name="七（2）班").click()
    for place in (2, 3, 5):
        page.locator("tbody input[type=checkbox]").nth(place).check()
    pictures(page, "class")
    check_page()
    check_weight("table")
    for place in (2, 3, 5):
        page.locator("tbody input[type=checkbox]").nth(place).check()
    page.get_by_role("button", name="选中的转到别的班").click()
    pictures(page, "class-move-where")
    check_page()
    page.get_by_role("button", name="转到七（3）班").click()
    pictures(page, "class-move-numbers")
    check_page()
    page.get_by_role("button", name="转到七（3）班").click()
    expect(page.locator("#hx-note")).to_contain_text("3 名学生已从七（2）班转来")
    pictures(page, "class-moved")
    check_page()
    page.get_by_role("button", name="转回去").click()
    expect(page.locator("h1")).to_have_text("七（2）班")
    page.get_by_role("link", name="撤班").click()
    expect(page.locator(".lede")).to_contain_text("班里还有 30 名学生")
    check_page()
    page.goto(site + CLASSES)
    page.get_by_role("link", name="七（3）班").click()
    page.get_by_role("link", name="撤班").click()
    page.fill("#id_reason", "没有招满")
    pictures(page, "class-close")
    check_page()
    page.get_by_role("button", name="撤掉七（3）班").click()
    expect(page.locator("#hx-note")).to_contain_text("七（3）班已撤班")
    page.get_by_role("link", name="编新一年级").click()
    pictures(page, "first-grade")
    check_page()
    page.get_by_role("button", name="建这些班").click()
    expect(page.locator("#hx-note")).to_contain_text("已建 3 个班")
    pictures(page, "first-grade-done")
    check_page()
    page.locator("#hx-note").get_by_role("button", name="撤销").click()
    expect(page.locator("#hx-note")).to_contain_text("3 个班没有建")
    assert not [line for line in console if "422" not in line]


def test_pupils_move_without_script_on_a_phone(browser: Browser, site: str, logins: None) -> None:
    size = {"width": 390, "height": 844}
    context = browser.new_context(java_script_enabled=False, locale="zh-CN", viewport=size)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, site, "教务管理员")
    page.goto(site + CLASSES)
    page.get_by_role("link", name="七（2）班").click()
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="选中的转到别的班").click()
    page.get_by_role("button", name="转到七（1）班").click()
    expect(page.locator("#hx-note")).to_contain_text("1 名学生已从七（2）班转来")
    context.close()
