"""The office fills the teaching grid in place, takes a change back, appoints and ends a post; on a phone and
without script by pages of their own."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect
from tests.journeys.steps import pictures, sign_in

from smartschool.contexts.directory.models import TeachingAssignment
from smartschool.contexts.directory.public import doors
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.journey


def test_the_office_fills_the_grid_and_appoints(
    page: Page,
    site: str,
    logins: None,
    console: list[str],
    check_page: Callable[..., None],
    check_weight: Callable[..., None],
) -> None:
    sign_in(page, site, "校长")
    page.click(".nav >> text=任职与任课")
    expect(page.locator(".lede")).to_contain_text("个班的课都有教师")
    pictures(page, "teaching")
    check_page()
    check_weight("table")
    line = page.get_by_role("row", name=re.compile("^七（2）班"))
    line.get_by_role("link", name="李岚，七（2）班数学").click()
    expect(line.locator("select")).to_be_focused()
    pictures(page, "teaching-cell")
    check_page((1440, 390))
    line.locator("select").select_option("")
    line.get_by_role("button", name="存").click()
    expect(line).to_contain_text("已存")
    check_page((1440, 390))
    line.get_by_role("button", name="改回去").click()
    expect(line.get_by_role("link", name="李岚，七（2）班数学")).to_be_visible()
    line.get_by_role("link", name="李岚，七（2）班数学").click()
    line.get_by_role("link", name="不改").click()
    expect(line.locator("select")).to_have_count(0)
    line.get_by_role("link", name="李岚，七（2）班数学").click()
    line.locator("select").select_option("")
    line.get_by_role("button", name="存").click()
    expect(line).to_contain_text("已存")
    page.reload()
    expect(page.locator(".lede")).to_contain_text("还有 1 门课没有教师")
    expect(page.locator("main .note.warn")).to_contain_text("却不教这个班")
    pictures(page, "teaching-gap")
    check_page()
    page.get_by_role("link", name="任职", exact=True).click()
    pictures(page, "posts")
    check_page()
    check_weight("table")
    page.get_by_role("link", name="任命", exact=True).click()
    page.get_by_role("button", name="任命").click()
    expect(page.locator(".err-sum")).to_contain_text("选一个人")
    pictures(page, "post-add")
    check_page()
    page.select_option("#id_staff", label="李岚")
    page.select_option("#id_role", label="教务管理员")
    page.get_by_role("button", name="任命").click()
    expect(page.locator("#hx-note")).to_contain_text("已任命李岚为教务管理员")
    page.get_by_role("link", name="结束李岚的教务管理员岗位").click()
    pictures(page, "post-end")
    check_page()
    page.get_by_role("button", name="结束这个岗位").click()
    expect(page.locator("#hx-note")).to_contain_text("李岚的教务管理员岗位已结束")
    check_page()
    page.locator("#hx-note").get_by_role("button", name="恢复").click()
    expect(page.locator("#hx-note")).to_contain_text("岗位恢复了")
    page.get_by_role("link", name="教职工", exact=True).click()
    pictures(page, "staff")
    check_page()
    page.get_by_role("link", name="添加教职工").click()
    page.fill("#id_name", "钟离岸")
    page.fill("#id_staff_number", "0001")
    page.get_by_role("button", name="添加，再任命岗位").click()
    expect(page.locator(".err-sum")).to_contain_text("工号 0001 已有人用")
    pictures(page, "staff-add")
    check_page()
    page.fill("#id_staff_number", "G1")
    page.get_by_role("button", name="添加，再任命岗位").click()
    expect(page.locator("#hx-note")).to_contain_text("已添加钟离岸")
    expect(page.locator("#id_role")).to_have_value("teacher")
    page.get_by_role("button", name="任命").click()
    page.get_by_role("link", name="教职工", exact=True).click()
    page.get_by_role("link", name="李岚离开").click()
    pictures(page, "staff-leave")
    check_page()
    assert not [text for text in console if "422" not in text]


def test_a_cell_without_script_on_a_phone(
    browser: Browser, site: str, logins: None, check_page: Callable[..., None]
) -> None:
    size = {"width": 390, "height": 844}
    context = browser.new_context(java_script_enabled=False, locale="zh-CN", viewport=size)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, site, "教务管理员")
    page.goto(re.sub("/today/$", "/teaching/", page.url))
    page.get_by_role("link", name="李岚，七（2）班数学").click()
    pictures(page, "teaching-page")
    page.select_option("#staff-1", label="何静")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#hx-note")).to_contain_text("七（2）班数学已改")
    page.get_by_role("button", name="改回去").click()
    expect(page.get_by_role("link", name="李岚，七（2）班数学")).to_be_visible()
    context.close()


def test_a_term_goes_on_as_the_one_before(
    page: Page, site: str, logins: None, console: list[str], check_page: Callable[..., None]
) -> None:
    school = doors.organisation("2134040201")
    assert school is not None
    spring = doors.terms()[-1]
    with transaction.atomic(), scope_of([school.id]):
        TeachingAssignment.objects.filter(organisation_id=school.id, term_id=spring.id).delete()
    sign_in(page, site, "教务管理员")
    page.click(".nav >> text=任职与任课")
    page.locator(".chip", has_text=spring.name).click()
    page.get_by_role("link", name="沿用上学期").click()
    expect(page.locator(".lede")).to_contain_text("先看清单")
    pictures(page, "teaching-copy")
    check_page()
    page.get_by_role("button", name="沿用这").click()
    expect(page.locator("#hx-note")).to_contain_text("已沿用")
    expect(page.locator(".lede")).to_contain_text("个班的课都有教师")
    check_page((1440, 390))
    page.locator("#hx-note").get_by_role("button", name="整批撤销").click()
    expect(page.locator("#hx-note")).to_contain_text("已撤销")
    expect(page.locator(".lede")).to_contain_text("门课没有教师")
    assert not console
