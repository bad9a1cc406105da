"""Writing HTML without a template engine: `el` escapes texts, `Raw` is markup already."""

from __future__ import annotations

from html import escape


class Raw(str):
    """Text that is markup already."""

    __slots__ = ()


def el(name: str, *children: str | Raw, **attributes: str | bool | None) -> Raw:
    """An element. In names of attributes "_" stands for "-", at the end for nothing; None leaves it out.

    Examples
    --------
    >>> el("td", "a < b", class_="num", data_l="满分")
    '<td class="num" data-l="满分">a &lt; b</td>'
    """
    inside = "".join(child if isinstance(child, Raw) else escape(child, quote=False) for child in children)
    return Raw(f"<{name}{_attributes(attributes)}>{inside}</{name}>")


def join(*parts: Raw) -> Raw:
    """Pieces of markup side by side."""
    return Raw("".join(parts))


def strong(text: str) -> Raw:
    """Text with **strong** pieces."""
    pieces = text.split("**")
    return join(
        *(
            el("b", piece) if k % 2 else Raw(escape(piece, quote=False))
            for k, piece in enumerate(pieces)
            if piece
        )
    )


def table(head: list[Raw], rows: list[Raw], *, css: str, name: str) -> Raw:
    """A table in a region that scrolls by keyboard too."""
    inner = el("table", el("thead", el("tr", *head)), el("tbody", *rows), class_=css)
    return el("div", inner, class_="tw free", tabindex="0", role="region", aria_label=name)


def th(text: str, css: str | None = None, style: str | None = None) -> Raw:
    """Head of a column."""
    return el("th", text, scope="col", class_=css, style=style)


def panel(title: str, *children: Raw, css: str = "panel c12", beside: Raw | None = None) -> Raw:
    """A section with a heading and something beside it."""
    head = el("div", el("h2", title), beside or Raw(""), class_="panel-h")
    return el("section", head, *children, class_=css)


def legend(*entries: tuple[str, str]) -> Raw:
    """Coloured squares (class of the colour, word)."""
    marks = [el("span", el("i", class_=css), word) for css, word in entries]
    return el("div", *marks, class_="legend")


def remark(text: str) -> Raw:
    """A small line below a table."""
    return el("p", text, class_="sm muted foot")


def _attributes(attributes: dict[str, str | bool | None]) -> str:
    out = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        name = key.rstrip("_").replace("_", "-")
        out.append(f" {name}" if value is True else f' {name}="{escape(str(value), quote=True)}"')
    return "".join(out)
