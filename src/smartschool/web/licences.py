"""Owns the page of other people's works that our pages and prints carry, with their licence texts."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import distribution

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from smartschool.kernel.pdf import font
from smartschool.kernel.policy import public


@dataclass(frozen=True)
class Work:
    """A work, where we use it, and its notice."""

    name: str
    use: str
    text: str


def _notice(package: str) -> str:
    """The licence file that a package ships."""
    found = distribution(package)
    for path in found.files or []:
        if path.name.upper().startswith("LICEN"):
            return path.read_text()
    raise LookupError(f"{package} ships no licence file")


@lru_cache(maxsize=1)
def works() -> list[Work]:
    """What a browser or a print receives from others. Licences of the server's parts come with the parts."""
    return [
        Work("Tabler Icons", "页面上的图标", _notice("tablericons2")),
        Work("htmx", "页面局部更新", "Zero-Clause BSD (0BSD)\nhttps://github.com/bigskysoftware/htmx"),
        Work("Noto Sans CJK SC", "打印件的字体（裁剪后）", (font.PATH.parent / "OFL.txt").read_text("utf-8")),
    ]


@public("许可文本人人可看")
def licences(request: HttpRequest) -> HttpResponse:
    """The notices."""
    return render(request, "web/licences.html", {"works": works()})
