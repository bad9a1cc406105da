"""Story of an exam after marking: a teacher reads the report, casts it to the wall, looks into an item."""

from collections.abc import Callable

import numpy as np
import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from tests.journeys.steps import printed

from smartschool.contexts.diagnosis import calibrations
from smartschool.contexts.diagnosis.tests import school
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.journey


@pytest.fixture
def district(fresh_database: str) -> school.District:
    """The committed small district of the room's own page tests."""
    return school.build()


def sign_in(page: Page, site: str, login: str) -> None:
    page.goto(site + "/login/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", school.PASSWORD)
    page.click("main button[type=submit], main button:not([type])")
    page.wait_for_url(lambda url: "/login/" not in url)


def test_teacher_reads_the_report_and_casts_it(
    page: Page, site: str, district: school.District, check_page: Callable[..., None], console: list[str]
) -> None:
    sign_in(page, site, "t-maths")
    page.goto(f"{site}/schools/{district.town.code}/analysis/")
    check_page()
    page.get_by_role("link", name="七（1）班 数学").first.click()
    expect(page.locator(".lede")).to_contain_text("本班平均分")
    expect(page.get_by_role("heading", name="需要帮助的学生")).to_be_visible()
    check_page()
    for tab in ("试题", "知识点", "学生", "讲评单"):
        page.locator(".tabs a", has_text=tab).first.click()
        check_page()
    page.locator(".tabs a", has_text="试题").first.click()
    page.get_by_role("link", name="复核本题").first.click()
    expect(page.locator("h1")).to_contain_text("题")
    check_page()
    page.goto(site + district.url("final", 0))
    page.get_by_role("link", name="投屏讲评").click()
    expect(page.locator("body")).to_contain_text("正在投屏")
    check_page()
    page.get_by_role("link", name="结束投屏").click()
    expect(page.locator(".lede")).to_be_visible()
    assert not console


def test_an_item_says_whom_it_tells_apart_once_it_is_calibrated(
    page: Page,
    site: str,
    district: school.District,
    check_page: Callable[..., None],
    console: list[str],
) -> None:
    """212 pupils of one grade: the report is there, a little later the curves are."""
    rng = np.random.default_rng(5)
    chance = 1 / (1 + np.exp(-1.3 * (rng.normal(size=(212, 1)) - np.linspace(-1.5, 1.5, len(school.FULL)))))
    marks = np.where(rng.random(chance.shape) < chance, np.array(school.FULL), 0.0)
    with transaction.atomic(), scope_of([district.town.pk]):
        school._class(district, district.town, "junior", 3, 150)
        exam = district.papers["midterm"].exam
        school.add_paper(
            district, "big", [0, 1, len(district.classes) - 1], marks, None, subject=school.CHINESE, exam=exam
        )
    sign_in(page, site, "t-form")
    page.goto(site + district.url("big", 0, "items/18/"))
    expect(page.get_by_text("过一会儿刷新")).to_be_visible()
    check_page()
    calibrations.calibrate(
        district.papers["big"].pk, district.town.pk
    )  # what the job does, two minutes later
    page.reload()
    expect(page.get_by_text("最能把中等和偏高的学生分开")).to_be_visible()
    expect(page.locator("svg polyline").first).to_be_attached()
    check_page()
    assert not console


def test_the_printed_report_fits_the_sheet(page: Page, site: str, district: school.District) -> None:
    """A4 less its margins is 703 px: no table may be cut off, no column narrower than a few characters."""
    sign_in(page, site, "t-maths")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})
    for paper in ("final", "village"):
        if paper == "village":
            page.context.clear_cookies()
            page.emulate_media(media="screen")
            sign_in(page, site, "v-maths")
            page.emulate_media(media="print")
        page.goto(site + district.url(paper, 2 if paper == "village" else 0))
        cut = page.eval_on_selector_all(
            ".tw", "found => found.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)"
        )
        assert not cut, paper
        narrow = page.eval_on_selector_all(
            ".table .kp", "found => Math.min(...found.map(e => e.clientWidth))"
        )
        assert paper == "village" or narrow >= 90
        assert not page.locator("nav:visible").count()
    page.emulate_media(media="screen")


def test_village_teacher_gets_the_grid(
    page: Page, site: str, district: school.District, check_page: Callable[..., None], console: list[str]
) -> None:
    sign_in(page, site, "v-maths")
    page.goto(site + district.url("village", 2))
    expect(page.get_by_role("heading", name="每道题的丢分")).to_be_visible()
    check_page()
    assert len(printed(page)) == 1, "grid, comparison and points stand on one sheet"
    page.goto(site + district.url("village", 2, "cast/"))
    check_page()
    assert not console


def test_office_releases_and_a_parent_sees_only_the_own_child(
    page: Page, site: str, district: school.District, check_page: Callable[..., None], console: list[str]
) -> None:
    sign_in(page, site, "g-first")
    page.goto(site + "/me/analysis/")
    expect(page.locator("main")).to_contain_text("还没有发布的报告")
    page.context.clear_cookies()
    sign_in(page, site, "t-office")
    page.goto(f"{site}/schools/{district.town.code}/analysis/releases/")
    check_page()
    page.locator("input[name=papers]").first.check()
    page.get_by_role("button", name="看预览").first.click()
    expect(page.locator(".lede")).to_contain_text("不含得分")
    check_page()
    page.get_by_role("button", name="发布给学生和家长").click()
    expect(page.locator("main")).to_contain_text("已发布")
    page.context.clear_cookies()
    sign_in(page, site, "g-first")
    page.goto(site + "/me/analysis/")
    check_page()
    page.get_by_role("link", name="秋期末 · 数学").click()
    expect(page.locator("h1")).to_contain_text("秋期末 · 数学")
    expect(page.get_by_role("heading", name="给家长")).to_be_visible()
    text = page.locator("body").inner_text()
    for seat in district.seats[0][1:]:
        assert seat.enrolment.name not in text
    check_page()
    assert not console
    other = page.goto(site + district.own_url("final", 0, 1))
    assert other is not None
    assert other.status == 404
