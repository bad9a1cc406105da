"""What a teacher prints from the browser, on A4: filled pages, no more than needed, no name of a pupil."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from tests.journeys.steps import printed

pytestmark = pytest.mark.journey


@pytest.fixture
def report(page: Page, site: str, login_as: Callable[[str], None]) -> str:
    """The class report of a demo teacher, open; answers its address."""
    login_as("班主任")
    page.click("details.menu > summary")
    page.locator(".menu-pop button", has_text="任课教师").first.click()
    page.locator(".nav a", has_text="学情").first.click()
    page.locator("main a[href*='/analysis/']").first.click()
    page.wait_for_url(re.compile(r"/analysis/\w+/\w+/$"))
    return page.url


def test_a_report_begins_on_its_first_page(page: Page, report: str) -> None:
    page.goto(report)
    first, *rest = printed(page)
    assert "分数段" in first
    assert "试题分析" in first, "the item table starts below the chart, not on a page of its own"
    assert len(rest) <= 1
    assert "内部资料，不得张贴或转发" in (rest or [first])[-1]
    for tab, heading in (("items", "试题分析"), ("points", "知识点掌握")):
        page.goto(f"{report}?tab={tab}")
        first, *rest = printed(page)
        assert heading in first
        assert len(rest) <= 1


def test_the_head_of_a_table_stands_on_each_page(page: Page, report: str) -> None:
    page.goto(f"{report}?tab=items")
    body = page.locator("tbody")
    body.evaluate("body => body.append(...[...body.rows].map(row => row.cloneNode(true)))")
    pages = printed(page)
    assert len(pages) >= 2
    assert all("题号" in one for one in pages if "丢分" in one)


def test_names_stay_off_the_paper(page: Page, report: str) -> None:
    page.goto(f"{report}?tab=pupils")
    names = page.eval_on_selector_all("tbody th", "heads => heads.map(h => h.innerText.slice(3))")
    assert len(names) >= 8
    (only,) = printed(page)
    assert not any(name in only for name in names if len(name) > 1)
    assert "有学生姓名的内容不打印" in only
    assert page.get_by_role("button", name="打印").count() == 0


def test_a_class_by_subject_is_one_sheet(page: Page, site: str, login_as: Callable[[str], None]) -> None:
    login_as("班主任")
    page.locator(".nav a", has_text="本班学情").click()
    rows = page.locator("tbody tr").count()
    assert rows >= 30
    assert len(printed(page)) == 1
