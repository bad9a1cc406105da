"""The district officer looks at the tree, adds a 教学点, moves it, closes it and takes that back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.steps import pictures, sign_in

pytestmark = pytest.mark.journey


def test_the_district_keeps_its_tree(
    page: Page,
    site: str,
    logins: None,
    console: list[str],
    check_page: Callable[..., None],
    check_weight: Callable[..., None],
) -> None:
    sign_in(page, site, "区级管理员")
    page.click(".nav >> text=学校与人员")
    expect(page.locator(".lede")).to_contain_text("300 名学生")
    pictures(page, "units")
    check_page()
    check_weight("table")
    page.fill("#q", "河湾")
    page.get_by_role("button", name="找单位").click()
    expect(page.locator("main table")).not_to_contain_text("洛水学校")
    page.get_by_role("link", name="河湾小学").click()
    pictures(page, "unit")
    check_page()
    check_weight()
    page.get_by_role("link", name="下面添加").click()
    page.fill("#id_name", "大通区河东教学点")
    page.fill("#id_short_name", "河东教学点")
    page.fill("#id_code", "213404029")
    page.get_by_role("button", name="添加这个单位").click()
    expect(page.locator(".err-sum")).to_contain_text("学校标识码应为 10 位数字，这里有 9 位")
    pictures(page, "unit-refused")
    check_page()
    page.fill("#id_code", "2134040299")
    page.select_option("#id_school_type", label="小学教学点")
    page.get_by_role("button", name="添加这个单位").click()
    expect(page.locator("#hx-note")).to_contain_text("已添加河东教学点")
    expect(page.locator("main .note.warn")).to_contain_text("没有填算乡村还是城镇")
    page.get_by_role("link", name="改信息").click()
    page.select_option("#id_plan_category", label="乡村")
    check_page()
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#hx-note")).to_contain_text("已保存，改了 1 项")
    pictures(page, "unit-saved")
    check_page()
    page.get_by_role("link", name="移动").click()
    page.select_option("#id_parent", label="孔店中心校（中心校）")
    check_page()
    page.get_by_role("button", name="移到这里").click()
    expect(page.locator("dl.facts")).to_contain_text("孔店乡中心学校")
    page.get_by_role("link", name="停办").click()
    page.fill("#id_reason", "并入河湾小学")
    pictures(page, "unit-close")
    check_page()
    page.get_by_role("button", name="停办河东教学点").click()
    expect(page.locator(".lede")).to_contain_text("已停办")
    page.locator("#hx-note").get_by_role("button", name="恢复").click()
    expect(page.locator("#hx-note")).to_contain_text("河东教学点恢复了")
    page.goto(site + "/district/schools/2134040201/close/")
    expect(page.locator(".lede")).to_contain_text("现在还不能停办")
    pictures(page, "unit-in-use")
    check_page()
    page.click(".nav >> text=校历")
    pictures(page, "school-years")
    check_page()
    page.get_by_role("link", name="定 2027 学年").click()
    pictures(page, "school-year")
    check_page()
    page.get_by_role("button", name="保存校历").click()
    expect(page.locator("#hx-note")).to_contain_text("2027–2028 学年的校历已保存")
    assert not [line for line in console if "422" not in line]
