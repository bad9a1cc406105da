"""Takes the pictures of the user manual: the pages as each role meets them, on the small demo district.

Runs only where SMARTSCHOOL_PICTURES names a folder: `tools/take_pictures.sh` does. A page that is gone fails.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.steps import sign_in

from smartschool.contexts.identity import seeds

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not os.environ.get("SMARTSCHOOL_PICTURES"), reason="no folder for pictures named"),
]

WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


class Tour:
    """A page and the folder that its pictures go to."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.folder = Path(os.environ["SMARTSCHOOL_PICTURES"])

    def take(self, name: str, *, phone: bool = False) -> None:
        self.page.set_viewport_size(PHONE if phone else WIDE)
        self.page.evaluate("scrollTo(0, 0)")
        self.page.screenshot(path=str(self.folder / f"{name}.png"))

    def follow(self, words: str) -> None:
        """The first link of the side navigation with these words."""
        self.page.set_viewport_size(WIDE)
        self.page.locator(".nav a", has_text=words).first.click()

    def become(self, role: str) -> None:
        """Choose another place in the user menu."""
        self.page.set_viewport_size(WIDE)
        self.page.click("details.menu > summary")
        self.page.locator(".menu-pop button", has_text=role).first.click()


@pytest.fixture
def tour(page: Page, site: str, fresh_database: str) -> Tour:
    seeds.run("small")
    return Tour(page, site)


def test_the_office(tour: Tour) -> None:
    tour.page.goto(tour.site + "/login/")
    tour.take("sign-in")
    sign_in(tour.page, tour.site, "教务管理员")
    tour.take("office-today")
    tour.page.click("details.menu > summary")
    tour.take("switch")
    for words, name in (
        ("师生与班级", "classes"),
        ("任职与任课", "teaching"),
        ("账号", "accounts"),
        ("导入", "imports"),
        ("考试", "exams"),
    ):
        tour.follow(words)
        tour.take(f"office-{name}")


def test_the_teacher(tour: Tour) -> None:
    sign_in(tour.page, tour.site, "班主任")
    tour.take("form-teacher-today")
    tour.become("任课教师")
    tour.take("teacher-today")
    tour.follow("学情")
    tour.page.locator("main a[href*='/analysis/']").first.click()
    expect(tour.page.locator(".lede")).to_be_visible()
    tour.take("teacher-report")
    tour.take("teacher-report-phone", phone=True)


def test_quick_entry(tour: Tour) -> None:
    sign_in(tour.page, tour.site, "班主任")
    tour.become("任课教师")
    tour.follow("考试")
    tour.page.locator("main li", has_text="没有成绩").locator("a").first.click()
    tour.page.locator("main a[href*='/entry/']").first.click()
    expect(tour.page.locator("h1")).to_be_visible()
    tour.take("teacher-entry-phone", phone=True)


def test_from_release_to_the_family(tour: Tour) -> None:
    sign_in(tour.page, tour.site, "教务管理员")
    tour.follow("发布结果")
    tour.page.locator("main button", has_text="看预览").first.click()
    tour.take("office-release-preview")
    tour.page.locator("main button", has_text="发布给").click()
    sign_in(tour.page, tour.site, "家长")
    tour.take("parent-today-phone", phone=True)
    tour.follow("学情")
    tour.page.locator("main a", has_text="数学").first.click()
    expect(tour.page.locator("h1")).to_be_visible()
    tour.take("parent-report-phone", phone=True)


def test_the_district(tour: Tour) -> None:
    sign_in(tour.page, tour.site, "区级管理员")
    tour.take("district-today")
    for words, name in (("学校与人员", "schools"), ("质量监测", "quality")):
        tour.follow(words)
        tour.take(f"district-{name}")
