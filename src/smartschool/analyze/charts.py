"""Inline SVG of the report: distribution of totals, item and option curves."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

INK, MUTED, LINE = "#14212b", "#3a4a55", "#788a96"
MAIN, WEAK, TINT = "#2c76a1", "#c8590c", "#c5dcea"
SERIES = ("#0d5c88", "#c8590c", "#00735a", "#c56aa6", "#5a4100", "#3f4a52")


def distribution(labels: Sequence[str], counts: Sequence[int], weak: Sequence[bool], name: str) -> str:
    """Columns with their counts on top, a wide drawing and one for phones."""
    return _columns(labels, counts, weak, name, 560, 240, 13, "only-d") + _columns(
        labels, counts, weak, name, 330, 220, 10, "only-m"
    )


def _columns(
    labels: Sequence[str],
    counts: Sequence[int],
    weak: Sequence[bool],
    name: str,
    w: int,
    h: int,
    size: int,
    css: str,
) -> str:
    base, top = h - 30, 26
    step = (w - 16) / len(labels)
    most = max([1, *counts])
    parts = [f'<line x1="8" x2="{w - 8}" y1="{base}" y2="{base}" stroke="{LINE}"/>']
    for k, (label, count, low) in enumerate(zip(labels, counts, weak, strict=True)):
        x, tall = 8 + k * step, (base - top) * count / most
        fill = WEAK if low else MAIN
        parts.append(_rect(x + step * 0.12, base - tall, step * 0.76, tall, fill))
        middle = x + step / 2
        parts.append(_text(middle, base - tall - 6, str(count), size=size, weight=650))
        parts.append(_text(middle, h - 10, label, size=max(size - 1, 10), colour=MUTED))
    return _svg(w, h, name, parts, css)


def curve(values: Sequence[float], low: Sequence[float], high: Sequence[float], name: str) -> str:
    """Share of marks in five ability groups with its interval."""
    xs, y = _axis(len(values))
    band = [f"{x:.1f},{y(v):.1f}" for x, v in zip(xs, high, strict=True)]
    band += [f"{x:.1f},{y(v):.1f}" for x, v in reversed(list(zip(xs, low, strict=True)))]
    parts = [*_frame(xs, y), f'<polygon points="{" ".join(band)}" fill="{TINT}" opacity=".7"/>']
    parts += _line(xs, [y(v) for v in values], MAIN, 2.5)
    for x, v in zip(xs, values, strict=True):
        parts.append(_text(x, y(v) - 9, f"{v * 100:.0f}%", size=11, weight=650))
    return _svg(420, 210, name, parts, "ch")


def option_curves(
    labels: Sequence[str], in_key: Sequence[bool], values: Sequence[Sequence[float]], name: str
) -> str:
    """Share of each option in five ability groups; the key is thick, each line is named at its end."""
    xs, y = _axis(len(values[0]), right=70)
    parts = _frame(xs, y)
    ends = _spread([y(line[-1]) for line in values], 13)
    colour = 1
    for k, (label, key, line) in enumerate(zip(labels, in_key, values, strict=True)):
        stroke = SERIES[0] if key else SERIES[1 + (colour - 1) % (len(SERIES) - 1)]
        colour += 0 if key else 1
        parts += _line(xs, [y(v) for v in line], stroke, 3.0 if key else 1.8, dashed=not key)
        words = f"{'✓ ' if key else ''}{label} {line[-1] * 100:.0f}%"
        weight = 700 if key else 500
        parts.append(
            _text(xs[-1] + 10, ends[k] + 4, words, size=12, weight=weight, colour=stroke, anchor="start")
        )
    return _svg(420, 210, name, parts, "ch")


def interval_bar(value: float, low: float, high: float, *, weak: bool) -> str:
    """A bar of 0–100 % with its interval as a whisker, for a table cell."""
    left, right = f"{low * 200:.1f}", f"{high * 200:.1f}"
    parts = (
        _rect(0, 3, 200, 10, "#e9eef1"),
        _rect(0, 3, value * 200, 10, WEAK if weak else MAIN),
        f'<path d="M{left} 4V12M{left} 8H{right}M{right} 4V12" stroke="{INK}" fill="none"/>',
    )
    return (
        '<svg class="ib" viewBox="0 0 200 16" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


class _Scale:
    """Share 0–1 to a height in the drawing."""

    def __init__(self, top: float, bottom: float) -> None:
        self.top, self.bottom = top, bottom

    def __call__(self, share: float) -> float:
        return self.bottom - (self.bottom - self.top) * min(max(share, 0.0), 1.0)


def _axis(n: int, right: int = 20) -> tuple[list[float], _Scale]:
    left, width = 44, 420 - 44 - right
    return [left + width * (k + 0.5) / n for k in range(n)], _Scale(18, 172)


def _frame(xs: Sequence[float], y: _Scale) -> list[str]:
    parts = []
    for share in (0.0, 0.5, 1.0):
        height = y(share)
        parts.append(
            f'<line x1="40" x2="{xs[-1] + 8:.1f}" y1="{height:.1f}" y2="{height:.1f}" stroke="#d7dfe4"/>'
        )
        parts.append(_text(36, height + 4, f"{share * 100:.0f}%", size=11, colour=MUTED, anchor="end"))
    names = ["得分最低的 1/5", "", "中间", "", "最高的 1/5"] if len(xs) == 5 else [""] * len(xs)
    parts.extend(
        _text(x, 196, text, size=11, colour=MUTED) for x, text in zip(xs, names, strict=True) if text
    )
    return parts


def _line(
    xs: Sequence[float], ys: Sequence[float], colour: str, width: float, *, dashed: bool = False
) -> list[str]:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    dash = ' stroke-dasharray="5 3"' if dashed else ""
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in zip(xs, ys, strict=True)]
    return [
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>',
        *dots,
    ]


def _spread(ys: list[float], gap: float) -> list[float]:
    """Heights of labels moved apart so that none covers another."""
    order = sorted(range(len(ys)), key=lambda k: ys[k])
    out = list(ys)
    for before, after in pairwise(order):
        out[after] = max(out[after], out[before] + gap)
    return out


def _svg(w: int, h: int, name: str, parts: Sequence[str], css: str) -> str:
    return (
        f'<svg class="{css}" viewBox="0 0 {w} {h}" role="img" aria-label="{escape(name, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" rx="2"/>'


def _text(
    x: float, y: float, text: str, *, size: int, weight: int = 400, colour: str = INK, anchor: str = "middle"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
        f' style="fill:{colour}">{escape(text)}</text>'
    )
