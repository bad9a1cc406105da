"""Every page that a role can reach by links: it opens, is well made, and shows a family no stranger.

A crawl from each demo login's home through real views, on the seeded small district. What axe checks in a
browser for chosen pages is checked here in its simplest form for all of them.
"""

import gzip
import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve

from smartschool.contexts.directory.public import doors as directory
from smartschool.contexts.identity import seeds
from smartschool.kernel.registry import DemoLogin, demo_logins
from smartschool.kernel.scope import scope_of

# Of one route with the same question keys: a school has two hundred pupil pages that are made alike.
OF_A_KIND = 4

# Design guide §15, big tables: bytes of gzip; size of the tree (45 pupils × 20 points, one glyph a cell).
MOST_BYTES = 20_000
MOST_ELEMENTS = 2_000

# Reached from the corner, the last tab or the foot of a page: no entry of the navigation leads there.
OF_NO_ENTRY = ("/account/", "/menu/", "/licences/")

# Design guide §12: words of an order among people, anywhere on a screen.
ORDER = re.compile(r"排名|名次|倒数|第\s*\d+\s*名|超过[^。]{0,12}%|百分位")


class Anatomy(HTMLParser):
    """What the checks need to know of one page."""

    VOID = frozenset({"script", "style", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.refers: list[str] = []
        self.faults: list[str] = []
        self.text: list[str] = []
        self.title = ""
        self.lang = ""
        self.weight = 0
        self.entries = self.current = 0  # links of the side navigation, and how many say "you are here"
        self._in_nav = False
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        if tag == "html":
            self.lang = found.get("lang", "")
        if tag == "nav":
            self._in_nav = found.get("class") == "nav"
        if tag == "a" and self._in_nav:
            self.entries += 1
            self.current += found.get("aria-current") == "page"
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if "id" in found:
            self.ids[found["id"]] += 1
        for name in ("aria-labelledby", "aria-describedby", "for", "aria-controls"):
            self.refers += found.get(name, "").split()
        if "style" in found or tag == "style" or any(name.startswith("on") for name in found):
            self.faults.append(f"inline style or script on <{tag}>")
        if tag == "script" and "src" not in found:
            self.faults.append("inline script")
        if tag == "img" and "alt" not in found:
            self.faults.append("img without alt")
        if tag == "svg" and found.get("role") == "img" and not found.get("aria-label"):
            self.faults.append("picture without a name")
        if tag == "a" and found.get("href", "#") in ("", "#"):
            self.faults.append("a link to nowhere")
        if tag in ("title", *self.VOID):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "nav":
            self._in_nav = False
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside[-1:] == ["title"]:
            self.title += data
        elif not self._inside:
            self.text.append(data)


def faults_of(page: Anatomy) -> list[str]:
    """Everything that is wrong with the making of a page."""
    faults = list(dict.fromkeys(page.faults))
    if page.tags["h1"] != 1:
        faults.append(f"{page.tags['h1']} h1")
    if page.lang != "zh-CN":
        faults.append("no lang")
    if not page.title.removesuffix(" - 大通智慧学校").strip():
        faults.append("no title")
    if page.tags["main"] != 1:
        faults.append(f"{page.tags['main']} main")
    faults += [f"id {name} twice" for name, count in page.ids.items() if count > 1]
    faults += [f"refers to missing #{name}" for name in page.refers if name not in page.ids]
    if page.weight > MOST_BYTES:
        faults.append(f"{page.weight} bytes of HTML")
    if page.tags.total() > MOST_ELEMENTS:
        faults.append(f"{page.tags.total()} elements")
    words = "".join(page.text)
    faults += [f"speaks of an order: {found}" for found in ORDER.findall(words)]
    return faults


def kind_of(address: str) -> tuple[str, tuple[str, ...]]:
    """Route and question keys of an address; an address that no route knows is its own kind."""
    parts = urlsplit(address)
    try:
        route = resolve(parts.path).route
    except Resolver404:
        route = parts.path
    return route, tuple(sorted(parse_qs(parts.query)))


def places(client: Client) -> list[str]:
    """Keys of the places in the user menu that are not the current one."""
    return re.findall(r'name="place" value="([^"]+)"', client.get("/", follow=True).content.decode())


def crawl(login: DemoLogin) -> dict[str, Anatomy]:
    """Address → page, for the HTML pages that a person reaches in each of the own roles.

    A link that does not open fails the test.
    """
    client = Client()
    assert client.post("/login/", {"login": login.login, "password": login.password}).status_code == 302
    pages = _reachable(client, login.role)
    for place in places(client):
        assert client.post("/account/place/", {"place": place}).status_code == 302
        pages |= _reachable(client, f"{login.role} as {place}")
    return pages


def _reachable(client: Client, who: str) -> dict[str, Anatomy]:
    pages: dict[str, Anatomy] = {}
    queue, seen = ["/"], {"/"}
    kinds: Counter[tuple[str, tuple[str, ...]]] = Counter()
    while queue:
        address = queue.pop(0)
        response = client.get(address, follow=True)
        assert response.status_code == 200, f"{who}: {address} answers {response.status_code}"
        if not response.headers["Content-Type"].startswith("text/html"):
            continue
        page = Anatomy()
        page.feed(response.content.decode())
        page.weight = len(gzip.compress(response.content))
        pages[address] = page
        base = response.redirect_chain[-1][0] if response.redirect_chain else address
        for href in page.links:
            target = urldefrag(urljoin(base, href)).url
            assert not urlsplit(target).netloc, f"{who}: {address} links to {target}"
            if target in seen or kinds[kind_of(target)] >= OF_A_KIND:
                continue
            seen.add(target)
            kinds[kind_of(target)] += 1
            queue.append(target)
    return pages


@pytest.fixture
def logins(fresh_database: str) -> list[DemoLogin]:
    """The accounts that `up` prints."""
    seeds.run("small")
    return demo_logins.all()


def all_pupil_names() -> set[str]:
    names: set[str] = set()
    for school in directory.schools():
        with transaction.atomic(), scope_of([school.id], write=False):
            classes = [found.id for found in directory.classes_of([school.id])]
            for pupils in directory.pupils_of_classes(classes).values():
                names |= {pupil.name for pupil in pupils}
    return names


@pytest.mark.slow
def test_every_page_of_every_role_opens_and_is_well_made(logins: list[DemoLogin]) -> None:
    faults: list[str] = []
    strangers = {name for name in all_pupil_names() if name != "陈小雨" and len(name) > 2}
    assert len(strangers) > 100
    for login in logins:
        pages = crawl(login)
        assert len(pages) >= 3, login.role
        for address, page in pages.items():
            faults += [f"{login.role} {address}: {fault}" for fault in faults_of(page)]
            if page.entries and page.current != 1 and not address.startswith(OF_NO_ENTRY):
                faults.append(f"{login.role} {address}: {page.current} of {page.entries} entries are current")
            if login.role in ("学生", "家长"):
                words = "".join(page.text)
                faults += [f"{login.role} {address} shows {name}" for name in strangers if name in words]
    assert not faults, "\n".join(faults)


def test_the_checks_see_what_is_wrong() -> None:
    page = Anatomy()
    page.feed(
        '<html><title></title><main><p style="x" id="a">你超过了 80% 的同学，第 3 名</p><p id="a">'
        '<label for="no"></label><img><svg role="img"></svg><a href="#"></a><script>1</script></main></html>'
    )
    found = "\n".join(faults_of(page))
    for word in (
        "inline style",
        "inline script",
        "0 h1",
        "no lang",
        "no title",
        "id a twice",
        "#no",
        "order",
        "alt",
        "name",
        "nowhere",
    ):
        assert word in found, word
