"""Story of an import: a school admin brings in a messy workbook, mends it by the error workbook, applies,
undoes, applies; everything also without script."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook
from tests.journeys.steps import picture, sign_in

from smartschool.contexts.directory.public.identifiers import id_check_character
from smartschool.contexts.exchange.tests.workbooks import xlsx

pytestmark = pytest.mark.journey


HEAD = ["序号", "学生姓名", "性别", "出生日期", "证件号码", "年级", "班别", "学号", "家长电话", "备注"]


def number(serial: int) -> str:
    first = f"34040220180301{2 * serial + 1:03d}"
    return first + id_check_character(first)


def row(serial: int, **changes: object) -> list[object]:
    name = f"孟新{'甲乙丙丁戊己庚辛壬癸'[serial]}"
    cells = {"序号": serial + 1, "学生姓名": name, "性别": "男", "出生日期": "2018-03-01"}
    cells |= {"证件号码": number(serial), "年级": "二年级", "班别": "09", "学号": serial + 1}
    cells |= {"家长电话": f"1380000{serial:04d}", "备注": ""}
    return list((cells | changes).values())


def messy() -> bytes:
    rows = [row(serial) for serial in range(10)]
    rows[3] = row(3, 性别="女")
    rows[6] = row(6, 家长电话="12345")
    above = [["学生信息登记表"], ["填报单位：示例"], HEAD]
    return xlsx([*above, *rows], sheet="学生信息", before=[("说明", [["请勿改动"]])])


def put(page: Page, site: str, path: Path) -> None:
    page.goto(re.sub("/today/$", "/imports/roster/", page.url) if "/today/" in page.url else page.url)
    page.set_input_files("input[type=file]", str(path))
    page.click("main button.primary")
    page.wait_for_url(re.compile("/imports/run/"))


def test_messy_workbook_corrected_applied_undone_applied(
    page: Page,
    site: str,
    worker: None,
    logins: None,
    tmp_path: Path,
    check_page: Callable[..., None],
    console: list[str],
) -> None:
    sign_in(page, site, "教务管理员")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="导入").click()
    check_page()
    page.get_by_role("main").get_by_role("link", name="学生", exact=True).click()
    check_page()
    start = page.url
    book = tmp_path / "学生名单.xlsx"
    book.write_bytes(messy())
    put(page, site, book)
    expect(page.locator(".lede").first).to_contain_text("10 行里 8 行可以导入，2 行要改")
    expect(page.get_by_role("heading", name="2 行没法导入")).to_be_visible()
    expect(page.locator("main")).to_contain_text("身份证号显示是男")
    check_page()
    picture(page, "import-preview")

    with page.expect_download() as caught:
        page.get_by_role("link", name="下载错误表").click()
    wrong = CalamineWorkbook.from_path(str(caught.value.path())).get_sheet_by_index(0).to_python()
    assert [line[1] for line in wrong[3:]] == ["孟新丁", "孟新庚"]
    assert "身份证号显示是男" in str(wrong[3][-1])

    page.get_by_role("button", name="导入其余 8 行").click()
    expect(page.locator(".lede").first).to_contain_text("已导入 8 行", timeout=30_000)
    check_page()
    mended = [list(line) for line in wrong]
    mended[3][2], mended[4][8] = "男", "13800000006"
    fixed = tmp_path / "错误表改好.xlsx"
    fixed.write_bytes(xlsx(mended))
    page.goto(start)
    put(page, site, fixed)
    page.get_by_role("button", name="导入 2 行").click()
    expect(page.locator(".lede").first).to_contain_text("已导入 2 行", timeout=30_000)

    page.get_by_role("button", name="撤销这次导入").click()
    expect(page.locator(".lede").first).to_contain_text("撤销了 2 条，恢复成导入前的样子")
    check_page()
    page.goto(start)
    put(page, site, fixed)
    page.get_by_role("button", name="导入 2 行").click()
    expect(page.locator(".lede").first).to_contain_text("已导入 2 行", timeout=30_000)
    assert console == []


def test_without_script_and_with_columns_mapped_by_hand(
    browser: Browser,
    site: str,
    worker: None,
    logins: None,
    tmp_path: Path,
) -> None:
    phone = {"width": 390, "height": 800}
    context = browser.new_context(java_script_enabled=False, locale="zh-CN", viewport=phone)
    page = context.new_page()
    sign_in(page, site, "教务管理员")
    book = tmp_path / "名单.csv"
    head = ["孩子", "性别", "出生日期", "证件号码", "年级", "哪个班", "学号"]
    people = [f"孟新{name},男,20180301,{number(n)},二年级,08,{n}" for n, name in ((1, "一"), (2, "二"))]
    book.write_bytes("\n".join([",".join(head), *people]).encode("gb18030"))
    put(page, site, book)
    expect(page.locator("main")).to_contain_text("缺少必需的列")
    page.get_by_label("孩子", exact=True).select_option("name")
    page.get_by_label("哪个班", exact=True).select_option("class")
    page.get_by_role("button", name="记住这些对应").click()
    expect(page.locator(".lede").first).to_contain_text("2 行里 2 行可以导入")
    page.get_by_role("button", name="导入 2 行").click()
    for _ in range(30):
        if "已导入" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.locator(".lede").first).to_contain_text("已导入 2 行")
    context.close()


def test_a_workbook_of_three_subjects(
    page: Page, site: str, worker: None, logins: None, tmp_path: Path, check_page: Callable[..., None]
) -> None:
    sign_in(page, site, "教务管理员")
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="考试").click()
    check_page()
    page.get_by_role("link", name="几科一起导入").first.click()
    expect(page.locator("main")).to_contain_text("一个文件带几科：语文、数学、英语")
    check_page()
    sheets = [
        (name, [["班级", "学号", "总分"], ["七（1）班", 1, mark], ["七（1）班", 2, mark + 1]])
        for name, mark in (("语文", 71), ("数学", 172), ("英语", 73))
    ]
    book = tmp_path / "期末.xlsx"
    book.write_bytes(xlsx(sheets[0][1], sheet="语文", after=sheets[1:]))
    put(page, site, book)
    expect(page.locator(".lede").first).to_contain_text("6 行里 4 行可以导入，2 行要改")
    counts = page.get_by_role("region", name="每张工作表，可滚动")
    expect(counts.get_by_role("row", name="语文 2 2 0 0")).to_be_visible()
    expect(counts.get_by_role("row", name="数学 2 0 0 2")).to_be_visible()
    check_page()
    page.get_by_role("button", name="导入其余 4 行").click()
    expect(page.get_by_role("heading", name="和系统里比，变了什么")).to_be_visible(timeout=30_000)
