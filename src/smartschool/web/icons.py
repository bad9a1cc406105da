"""Owns icons: Tabler outline icons from the kept package, as one SVG sprite per page of those used."""

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from zipfile import ZipFile

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

# A page names its icons by <use href="#i-…">; the middleware reads these names back from the finished
# HTML, so that icons in forms, panels and fragments are collected without a thread-wide register.
_USED = re.compile(rb'<use href="#i-([a-z0-9-]+)"')
_INNER = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class UnknownIcon(ValueError):
    """A template asked for an icon that the package does not have."""


@lru_cache(maxsize=1)
def _archive() -> ZipFile:
    return ZipFile(BytesIO((files("tablericons") / "tablericons.zip").read_bytes()))


@lru_cache(maxsize=256)
def symbol(name: str) -> str:
    """Return the `<symbol>` of an icon; UnknownIcon if there is none."""
    try:
        text = _archive().read(f"outline/{name}.svg").decode()
    except KeyError:
        raise UnknownIcon(name) from None
    match = _INNER.search(text)
    if match is None:
        raise UnknownIcon(name)
    inner = " ".join(match.group(1).split())
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{inner}</symbol>'


def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """Return one use of an icon: size "s", "l", "xl"; without a label it is decoration."""
    symbol(name)  # an unknown name fails where it is written, not as a hole in the page
    css = f"ic {size}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}" focusable="false"><use href="#i-{}"/></svg>',
            css,
            label,
            name,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>', css, name
    )


def used_in(html: bytes) -> list[str]:
    """Return the names of the icons that a finished page uses, sorted."""
    return sorted({name.decode() for name in _USED.findall(html)})


def sprite(names: Iterable[str], *, fragment: bool = False) -> SafeString:
    """Return the sprite. A fragment's sprite is appended to the page's own by htmx (out of band)."""
    where = ' hx-swap-oob="beforeend:#sprite"' if fragment else ' id="sprite"'
    symbols = "".join(symbol(name) for name in names)
    return mark_safe(  # noqa: S308 -- symbols come from the icon package, names are checked by symbol()
        f'<svg{where} width="0" height="0" class="sprite" aria-hidden="true" focusable="false">'
        f"{symbols}</svg>"
    )
