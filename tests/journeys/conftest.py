"""Owns what browser stories share: Debian's Chromium, a live site on its own clone, the checks of a page."""

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import ConsoleMessage, Page
from tests.harness import cluster
from tests.harness import site as processes
from tests.journeys.steps import sign_in

# Playwright keeps an event loop in the test's thread; the ORM calls of a story are synchronous all the same.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (1440, 390, 320)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium; a story without a browser is skipped with the remedy."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium fonts-noto-cjk")
    return {"executable_path": path, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """A Chinese desktop."""
    return {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


@contextmanager
def serving() -> Iterator[str]:
    """Serve the project in a thread of this process; yields its address."""
    thread = LiveServerThread("127.0.0.1", StaticFilesHandler, connections_override={})
    thread.daemon = True
    thread.start()
    thread.is_ready.wait(30)
    if thread.error:
        raise thread.error
    try:
        yield f"http://127.0.0.1:{thread.port}"
    finally:
        thread.terminate()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The whole project under its real server; its database is there only while a story runs."""
    with processes.web(cluster.FRESH) as address:
        yield address


@pytest.fixture
def site(server: str, fresh_database: str) -> str:
    """The address of the server, which now finds a fresh clone of the seeded database."""
    return server


@pytest.fixture
def worker(fresh_database: str) -> Iterator[None]:
    """The job worker of the same database, for stories that wait for a job."""
    with processes.worker(fresh_database):
        yield


@pytest.fixture
def logins(fresh_database: str) -> None:
    """Names the accounts that `up` prints in this process; the seeded database has them already."""
    from smartschool.contexts.identity import seeds

    seeds.run("small")


@pytest.fixture
def login_as(page: Page, site: str, logins: None) -> Callable[[str], None]:
    """Sign in through the page as the account that `up` prints for a role (班主任, 校长, 家长 …)."""
    return lambda role: sign_in(page, site, role)


@pytest.fixture
def gallery() -> Iterator[str]:
    """The component gallery; needs no database."""
    templates = [{**settings.TEMPLATES[0], "DIRS": [settings.PACKAGE_DIR / "web" / "tests" / "templates"]}]
    with (
        override_settings(ROOT_URLCONF="smartschool.web.tests.gallery", TEMPLATES=templates),
        serving() as address,
    ):
        yield address


@pytest.fixture
def console(page: Page) -> list[str]:
    """Errors and warnings that the page wrote: a refused style, a script that failed, a missing file."""
    lines: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            lines.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: lines.append(str(error)))
    return lines


def _violations(page: Page) -> list[str]:
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = {"runOnly": rules, "resultTypes": ["violations"]}  # to list what holds costs as much again
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']}: {[node['target'] for node in v['nodes']][:4]}" for v in found]


# Design guide §7: 44 px for fingers. A link inside a sentence is exempt (WCAG 2.2, 2.5.8, inline), a label
# counts with its control, and the skip link is for keyboards.
NARROW, FINGER = 390, 44
CONTROLS = "a[href], button, select, textarea, summary, input"
TOO_SMALL = """([controls, least]) => [...document.querySelectorAll(controls)].filter(e => {
  const box = (e.closest('label') || e).getBoundingClientRect();
  if (e.type === 'hidden' || e.matches('.skip') || !e.checkVisibility() || box.width < 2) return false;
  const beside = [...e.parentElement.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  return !(beside && e.tagName === 'A') && box.height < least - 0.5;
}).map(e => `${e.tagName} ${(e.innerText || e.name || '').trim().slice(0, 20)}`)"""

# A card of a narrow table: what may not break ("93%（82–100%）") stands beside its label, not under it.
BELOW_LABEL = """() => [...document.querySelectorAll('.table.stackm td[data-l]')].filter(cell => {
  const first = cell.querySelector(':scope > .nw, :scope > .tag, :scope > b');
  return first && first.checkVisibility() &&
    first.getBoundingClientRect().top - cell.getBoundingClientRect().top > 16;
}).map(cell => `${cell.dataset.l} ${cell.innerText.trim()}`)"""

# Where a line ends between a figure and its unit, or between 第 and its number.
TORN = """() => {
  const found = [], range = document.createRange();
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    if (!node.parentElement.checkVisibility()) continue;
    for (const hit of node.data.matchAll(/[\\d%]\\s[\\u4e00-\\u9fff]|第\\s\\d/g)) {
      const [a, b] = [hit.index, hit.index + 2].map(at => {
        range.setStart(node, at); range.setEnd(node, at + 1);
        return range.getBoundingClientRect();
      });
      if (a.height && b.height && Math.abs(a.bottom - b.bottom) > 8) found.push(hit[0]);
    }
  }
  return found;
}"""

# Design guide §15, gzip: an ordinary page; big tables and the district page; a phone page of pupil or parent.
HTML_BUDGET = {"ordinary": 12_000, "table": 20_000, "phone": 8_000}
MOST_REQUESTS = 6
MOST_ELEMENTS = 1_500


@pytest.fixture
def check_weight(page: Page) -> Callable[..., None]:
    """Weigh the page that is open: bytes of HTML, number of requests, own host alone, size of the tree."""

    def check(kind: str = "ordinary") -> None:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.reload(wait_until="networkidle")
        own = urlsplit(page.url).netloc
        assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {own}
        assert len(set(asked)) <= MOST_REQUESTS, asked
        html = page.request.get(page.url).body()
        assert len(gzip.compress(html)) <= HTML_BUDGET[kind], f"{page.url}: {len(gzip.compress(html))} bytes"
        elements = page.evaluate("document.getElementsByTagName('*').length")
        assert elements <= MOST_ELEMENTS, f"{page.url}: {elements} elements"

    return check


@pytest.fixture
def check_page(page: Page) -> Callable[..., None]:
    """Look at the page that is open: axe finds nothing, nothing scrolls sideways, one h1, at each width.

    On a phone every control is also large enough for a finger, and a figure stands beside its label.
    """

    def check(widths: tuple[int, ...] = WIDTHS) -> None:
        before = page.viewport_size
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            assert not _violations(page), f"{page.url} at {width}"
            over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert over <= 0, f"{page.url} scrolls {over} px sideways at {width}"
            assert page.locator("h1").count() == 1, f"{page.url} needs exactly one h1"
            if width <= NARROW:
                small = page.evaluate(TOO_SMALL, [CONTROLS, FINGER])
                assert not small, f"{page.url} at {width}: too small for a finger: {small[:6]}"
                below = page.evaluate(BELOW_LABEL)
                assert not below, f"{page.url} at {width}: under its label: {below[:6]}"
            torn = page.evaluate(TORN)
            assert not torn, f"{page.url} at {width}: figure and unit on two lines: {torn[:6]}"
        if before:
            page.set_viewport_size(before)

    return check
