"""The district officer brings in the workbook of schools: looks, applies the good row, undoes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.steps import pictures, sign_in

from smartschool.contexts.exchange.tests.test_district_pages import HEAD, NEW, POINT
from smartschool.contexts.exchange.tests.workbooks import xlsx

pytestmark = pytest.mark.journey


def test_the_district_imports_its_schools(
    page: Page,
    site: str,
    worker: None,
    logins: None,
    tmp_path: Path,
    check_page: Callable[..., None],
    console: list[str],
) -> None:
    sign_in(page, site, "区级管理员")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="导入").click()
    check_page()
    page.get_by_role("main").get_by_role("link", name="学校", exact=True).click()
    pictures(page, "district-import-start")
    check_page()
    book = tmp_path / "学校.xlsx"
    book.write_bytes(xlsx([["全区学校一览表"], HEAD, NEW, ["213404025", *POINT[1:]]]))
    page.set_input_files("input[type=file]", str(book))
    page.get_by_role("button", name="放进来检查").click()
    expect(page.locator(".lede").first).to_contain_text("2 行里 1 行可以导入，1 行要改")
    expect(page.locator("main")).to_contain_text("这里有 9 位")
    pictures(page, "district-import-preview")
    check_page()
    page.get_by_role("button", name="导入其余 1 行").click()
    expect(page.locator(".lede").first).to_contain_text("已导入 1 行", timeout=30_000)
    check_page()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="学校与人员").click()
    expect(page.locator("main")).to_contain_text("新庄小学")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="导入").click()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".lede").first).to_contain_text("撤销了 1 条，恢复成导入前的样子")
    check_page()
    assert console == []
