"""Steps that browser stories share: in through the sign-in page, what comes out on paper, pictures."""

import os
import re
from io import BytesIO
from pathlib import Path
from unicodedata import normalize

from playwright.sync_api import Page
from pypdf import PdfReader

from smartschool.kernel.registry import demo_logins

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def enter(page: Page, site: str, login: str, password: str) -> None:
    """Sign in with what a person was told, as a person does it."""
    page.context.clear_cookies()
    page.goto(f"{site}/login/")
    page.fill("#id_login", login)
    page.fill("#id_password", password)
    page.click("main button.primary")
    page.wait_for_url(lambda url: "/login/" not in url)


def sign_in(page: Page, site: str, role: str) -> None:
    """As the account that `up` prints for a role, to its home; needs the fixture `logins`."""
    login = demo_logins.get(role)
    enter(page, site, login.login, login.password)
    page.wait_for_url(re.compile("/today/$"))


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where the run asks for it."""
    folder = os.environ.get("SMARTSCHOOL_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def pictures(page: Page, name: str) -> None:
    """The whole page at both widths, where the run asks for it."""
    folder = os.environ.get("SMARTSCHOOL_PICTURES")
    if not folder:
        return
    for size, word in ((PHONE, "phone"), (DESK, "desk")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.screenshot(path=str(Path(folder) / f"{name}-{word}.png"), full_page=True)


def printed(page: Page) -> list[str]:
    """Words of each A4 page, without spaces; 生 comes back as 生 and not as the radical ⽣."""
    pages = PdfReader(BytesIO(page.pdf(format="A4"))).pages
    texts = [re.sub(r"\s", "", one.extract_text()) for one in pages]
    return [re.sub("[\u2e80-\u2fdf]", lambda hit: normalize("NFKC", hit[0]), text) for text in texts]
