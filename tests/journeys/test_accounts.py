"""A new school from nothing: the district appoints its first 校长 and prints the slip; the 校长 signs in with
it, chooses an own password, and opens accounts for the school; a phone shows the same. The bureau takes
somebody on."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.steps import enter, pictures, sign_in

from smartschool.contexts.identity.models import Account

pytestmark = pytest.mark.journey

VILLAGE = "2134040210"


def told(page: Page) -> tuple[str, str]:
    login, once = page.locator(".slip dd b").all_inner_texts()[:2]
    return login, once


def choose_own(page: Page, once: str, new: str) -> None:
    page.fill("#id_old", once)
    page.fill("#id_new", new)
    page.fill("#id_again", new)
    page.get_by_role("button", name="改密码").click()


def test_a_school_comes_to_work(
    page: Page, site: str, logins: None, console: list[str], check_page: Callable[..., None]
) -> None:
    sign_in(page, site, "区级管理员")
    page.goto(f"{site}/district/schools/{VILLAGE}/")
    page.get_by_role("link", name="校长和教务").click()
    page.fill("#id_name", "钟离岸")
    page.get_by_role("button", name="任命", exact=True).click()
    expect(page.locator(".err-sum")).to_contain_text("填工号")
    pictures(page, "unit-office")
    check_page()
    page.fill("#id_staff_number", "G1")
    page.get_by_role("button", name="任命", exact=True).click()
    expect(page.locator("#hx-note")).to_contain_text("已任命钟离岸为校长")
    page.get_by_role("link", name="开通账号").click()
    expect(page.locator(".lede")).to_contain_text("1 人还没有账号")
    pictures(page, "office-accounts")
    check_page()
    page.get_by_role("button", name="给选中的人开通账号").click()
    expect(page.locator(".slip")).to_have_count(1)
    pictures(page, "slip")
    check_page()
    login, once = told(page)

    enter(page, site, login, once)
    expect(page.locator("h1")).to_have_text("改密码")
    pictures(page, "password-due")
    check_page()
    page.goto(f"{site}/schools/{VILLAGE}/accounts/")
    expect(page.locator("h1")).to_have_text("改密码")
    choose_own(page, once, "short")
    expect(page.locator(".err-sum")).to_contain_text("至少 8 位")
    check_page((1440, 390))
    choose_own(page, once, "Xin-jian 2026")
    expect(page.locator("#hx-note")).to_contain_text("密码已改")

    Account.objects.filter(login__startswith=f"s{VILLAGE[-2:]}").delete()
    page.click(".nav >> text=账号")
    expect(page.locator(".lede")).to_contain_text("人没有账号")
    pictures(page, "accounts")
    check_page()
    page.get_by_role("link", name=re.compile("，.*学生$")).first.click()
    expect(page.locator(".lede")).to_contain_text("人还没有账号")
    pictures(page, "group")
    check_page()
    page.locator("input[name=person]").first.uncheck()
    lacking = page.locator("input[name=person]").count()
    page.get_by_role("button", name="给选中的人开通账号").click()
    expect(page.locator(".slip")).to_have_count(lacking - 1)
    pictures(page, "slips")
    check_page()
    page.emulate_media(media="print")
    expect(page.locator(".lede")).to_be_hidden()
    expect(page.locator(".slip").first).to_be_visible()
    page.emulate_media(media="screen")
    login, once = told(page)
    page.locator(".btns").get_by_role("link", name="回到账号").click()
    expect(page.locator(".lede")).to_contain_text("1 人还没有账号")
    page.get_by_role("link", name=re.compile(f"^{login}")).click()
    pictures(page, "account")
    check_page()
    page.get_by_role("button", name="停用").click()
    expect(page.locator("#hx-note")).to_contain_text("已停用")
    check_page()
    page.get_by_role("button", name="启用").click()
    expect(page.locator("#hx-note")).to_contain_text("已启用")
    page.goto(f"{site}/schools/{VILLAGE}/accounts/?q=钟离")
    expect(page.locator("main table")).to_contain_text("钟离岸")
    check_page()

    enter(page, site, login, once)
    expect(page.locator("h1")).to_have_text("改密码")
    choose_own(page, once, "xiao-niao7")
    expect(page).to_have_url(re.compile("/me/today/$"))
    assert not [text for text in console if "422" not in text]


def test_the_bureau_takes_somebody_on(
    page: Page, site: str, logins: None, console: list[str], check_page: Callable[..., None]
) -> None:
    """From the tree to the slip; a post that was ended by mistake comes back."""
    sign_in(page, site, "区级管理员")
    page.click(".nav >> text=学校与人员")
    page.get_by_role("link", name="局里的岗位").click()
    page.get_by_role("button", name="任命", exact=True).click()
    expect(page.locator(".err-sum")).to_contain_text("填姓名")
    page.select_option("#id_role", label="督学")
    page.fill("#id_name", "钟离岸")
    page.fill("#id_staff_number", "G9")
    page.get_by_role("button", name="任命", exact=True).click()
    expect(page.locator("#hx-note")).to_contain_text("已任命钟离岸为督学")
    pictures(page, "bureau")
    check_page()
    page.get_by_role("button", name="结束钟离岸的督学岗位").click()
    expect(page.locator("#hx-note")).to_contain_text("已结束")
    page.locator("#hx-note").get_by_role("button", name="恢复").click()
    expect(page.locator("main")).to_contain_text("督学 · 工号 G9")
    expect(page.get_by_role("button", name="结束许衡的区级管理员岗位")).to_have_count(0)
    page.get_by_role("link", name="开通账号").click()
    page.get_by_role("button", name="给选中的人开通账号").click()
    login, once = told(page)
    enter(page, site, login, once)
    choose_own(page, once, "Xin-ren 2026")
    expect(page).to_have_url(re.compile("/district/today/$"))
    assert not [text for text in console if "422" not in text]
