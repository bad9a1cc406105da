"""Owns the few SVG primitives that charts share: escaped, classed by the kit, free of style attributes."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True)
class Size:
    """One of the two sizes in which each chart is drawn (design guide: never shrink text below 10 px)."""

    width: int
    text: int
    small: int
    show: str  # class that shows the drawing on desktops and print, or on phones


WIDE = Size(width=620, text=13, small=12, show="only-d")
NARROW = Size(width=330, text=11, small=10, show="only-m")


def n(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def rect(x: float, y: float, width: float, height: float, css: str, radius: float = 2) -> str:
    """A filled rectangle."""
    return (
        f'<rect class="{css}" x="{n(x)}" y="{n(y)}" width="{n(max(width, 0))}" height="{n(max(height, 0))}"'
        f' rx="{n(radius)}"/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A straight stroke."""
    return f'<line class="{css}" x1="{n(x1)}" y1="{n(y1)}" x2="{n(x2)}" y2="{n(y2)}"/>'


def text(
    x: float, y: float, words: str, size: int, *, css: str = "", anchor: str = "middle", bold: bool = False
) -> str:
    """Escaped words at a baseline."""
    attrs = f' class="{css}"' if css else ""
    weight = ' font-weight="650"' if bold else ""
    return (
        f'<text{attrs} x="{n(x)}" y="{n(y)}" font-size="{size}" text-anchor="{anchor}"{weight}>'
        f"{escape(words)}</text>"
    )


def text_width(words: str, size: int) -> float:
    """Estimate the width: a Chinese character is as wide as its size, a Latin one about 0.58 of it."""
    return sum(size if ord(c) > 0x2E7F else size * 0.58 for c in words)


def shorten(words: str, size: int, room: float) -> str:
    """Cut words to the room there is; the full words stand in the chart's label."""
    if text_width(words, size) <= room:
        return words
    while words and text_width(words + "…", size) > room:
        words = words[:-1]
    return words + "…"


def drawing(body: str, size: Size, height: float, label: str) -> str:
    """Wrap a body as one named picture."""
    return (
        f'<svg class="ch {size.show}" viewBox="0 0 {size.width} {n(height)}" role="img"'
        f' aria-label="{escape(label)}" focusable="false">{body}</svg>'
    )


def in_both_sizes(draw: Callable[[Size], tuple[str, float]], label: str) -> SafeString:
    """Draw the wide and the narrow picture of one chart; `draw` returns (body, height)."""
    pictures = []
    for size in (WIDE, NARROW):
        body, height = draw(size)
        pictures.append(drawing(body, size, height, label))
    return mark_safe("".join(pictures))  # noqa: S308 -- every word passed escape() above
