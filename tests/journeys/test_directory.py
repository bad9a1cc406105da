"""The office finds a pupil, looks at the numbers, moves the pupil, resets a password; at three widths."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.steps import picture, sign_in

pytestmark = pytest.mark.journey

SCHOOL = "/schools/2134040201/"


def test_the_office_moves_a_pupil(
    page: Page,
    site: str,
    logins: None,
    console: list[str],
    check_page: Callable[..., None],
    check_weight: Callable[..., None],
) -> None:
    sign_in(page, site, "教务管理员")
    page.click(".nav >> text=师生与班级")
    picture(page, "classes")
    check_page()
    check_weight("table")
    page.click("text=七（2）班")
    picture(page, "class")
    check_page()
    check_weight("table")
    page.goto(site + SCHOOL + "classes/")
    page.fill("#q", "chen xiao")
    page.get_by_role("button", name="找学生").click()
    check_page()
    page.click("main >> text=陈小雨")
    check_page()
    expect(page.locator("main")).to_contain_text("***********")
    page.click("text=看全部号码")
    expect(page.locator("main")).not_to_contain_text("***********")
    picture(page, "pupil-in-full")
    check_page()
    page.click("main >> text=转班")
    page.click("main button.primary")
    expect(page.locator(".err-sum")).to_contain_text("填学号")
    check_page()
    page.select_option("#id_home_class", label="七（1）班")
    page.fill("#id_class_number", "77")
    page.click("main button.primary")
    expect(page.locator(".lede")).to_contain_text("七（1）班 77 号")
    expect(page.locator("#hx-note")).to_contain_text("已转班")
    page.goto(site + SCHOOL + "teaching/staff/")
    picture(page, "staff")
    check_page()
    page.click(".nav >> text=账号")
    page.fill("#q", "陈小雨")
    page.get_by_role("button", name="找人").click()
    check_page()
    page.get_by_role("link", name=re.compile("陈小雨的账号")).click()
    check_page()
    page.get_by_role("button", name="重置密码").click()
    expect(page.locator(".lede")).to_contain_text("只显示这一次")
    picture(page, "accounts")
    check_page()
    assert not [line for line in console if "422" not in line]


def test_the_district_sees_schools_without_people(
    page: Page, site: str, logins: None, check_page: Callable[..., None]
) -> None:
    sign_in(page, site, "督学")
    page.click(".nav >> text=学校与人员")
    expect(page.locator("main")).to_contain_text("学生名单只有本校能看")
    picture(page, "district-schools")
    check_page()
