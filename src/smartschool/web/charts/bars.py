"""Owns the small bars inside tables and cards: a share, its interval, a target, the parts of a whole."""

from collections.abc import Sequence

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from smartschool.web.charts import svg
from smartschool.web.figures import share


def _percent(value: float) -> str:
    return svg.n(min(max(value, 0.0), 1.0) * 100)


def bar(value: float, *, label: str = "", low: bool = False, tone: str = "") -> SafeString:
    """One share 0…1. Without a label it is decoration: the number must stand beside it."""
    css = " ".join(part for part in ("bar", "low" if low else "", tone) if part)
    named = (
        format_html(' role="img" aria-label="{} {}"', label, share(value)) if label else ' aria-hidden="true"'
    )
    return format_html(
        '<svg class="{}"{} viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false">'
        '<rect width="{}" height="10"/></svg>',
        css,
        mark_safe(named),  # noqa: S308 -- escaped just above, or a constant
        _percent(value),
    )


def progress(done: int, total: int, *, label: str) -> SafeString:
    """Progress of long work, also for screen readers."""
    return format_html(
        '<svg class="bar thick" role="progressbar" aria-label="{}" aria-valuemin="0" aria-valuemax="{}"'
        ' aria-valuenow="{}" viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false">'
        '<rect width="{}" height="10"/></svg>',
        label,
        total,
        done,
        _percent(done / total if total else 0),
    )


def interval_bar(value: float, low: float, high: float, *, label: str) -> SafeString:
    """A share 0…1 with its interval as a whisker: the bar is the estimate, the line what it may be."""
    said = f"{label} {share(value)}，可能在 {share(low)} 到 {share(high)} 之间"
    x, a, b = (min(max(part, 0.0), 1.0) * 200 for part in (value, low, high))
    body = (
        svg.rect(0, 5, 200, 10, "fn", 5)
        + svg.rect(0, 5, x, 10, "f4", 5)
        + svg.line(a, 10, b, 10, "ci")
        + svg.line(a, 5, a, 15, "ci")
        + svg.line(b, 5, b, 15, "ci")
    )
    return mark_safe(  # noqa: S308 -- numbers and an escaped label
        f'<svg class="ch iv" viewBox="0 0 200 20" role="img" aria-label="{escape(said)}"'
        f' focusable="false">{body}</svg>'
    )


def target_bar(actual: float, target: float, *, label: str) -> SafeString:
    """An actual share 0…1 against its target, both written: the gap is the message."""
    said = f"{label}：现在 {share(actual, floor=True)}，目标 {share(target)}"

    def draw(size: svg.Size) -> tuple[str, float]:
        width, top = float(size.width), size.text + 10.0
        x = min(max(target, 0.0), 1.0) * width
        done = min(max(actual, 0.0), 1.0) * width
        words = f"目标 {share(target)}"
        side = "end" if x > width - svg.text_width(words, size.small) / 2 else "middle"
        side = "start" if x < svg.text_width(words, size.small) / 2 else side
        body = [
            svg.rect(0, top, width, 18, "fn", 4),
            svg.rect(0, top, done, 18, "f5" if actual >= target else "f4", 4),
            svg.line(x, top - 5, x, top + 23, "tg"),
            svg.text(x, top - 9, words, size.small, css="t2", anchor=side),
        ]
        now = f"现在 {share(actual, floor=True)}"
        start = done > width - svg.text_width(now, size.text)
        body.append(svg.text(done, top + 38, now, size.text, anchor="end" if start else "start", bold=True))
        return "".join(body), top + 46

    return svg.in_both_sizes(draw, said)


def parts(pieces: Sequence[tuple[str, int, str]], *, what: str = "", unit: str = "人") -> SafeString:
    """Parts of a whole as one bar.

    Parameters
    ----------
    pieces
        (word, count, class): classes k3, k2, k1, k0 are mastery, s1…s5 the scale.
    """
    total = sum(count for _, count, _ in pieces)
    said = (what + "：" if what else "") + "，".join(f"{word} {count} {unit}" for word, count, _ in pieces)
    x, body = 0.0, []
    for _, count, css in pieces:
        if not count:
            continue
        width = count / total * 300
        body.append(
            f'<rect class="{escape(css)}" x="{svg.n(x)}" width="{svg.n(max(width - 1.5, 1))}" height="14"/>'
        )
        x += width
    return mark_safe(  # noqa: S308 -- numbers and escaped words
        f'<svg class="k8" viewBox="0 0 300 14" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(said)}" focusable="false">{"".join(body)}</svg>'
    )
